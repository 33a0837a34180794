"""The user's own blocks: cards kept under a name in a folder, one file each."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

from PySide6.QtCore import QStandardPaths

from engine.document.errors import FileError, InvalidValueError
from engine.document.pasting import LONGEST

MOST_CHARACTERS = 60
"""Of a name."""
_SUFFIX = ".block.json"


def blocks_folder() -> Path:
    """Where the user's blocks are kept."""
    data = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.GenericDataLocation)
    return Path(data) / "neural-playground" / "blocks"


class UserBlocks:
    """Reads and writes the folder; what is no block of ours in it is passed over."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder if folder is not None else blocks_folder()

    def names(self) -> list[str]:
        """The names of all blocks, in alphabetical order."""
        return sorted(self._files(), key=str.casefold)

    def free_name(self) -> str:
        """A name that no block has."""
        taken, number = self._files(), 1
        while f"block {number}" in taken:
            number += 1
        return f"block {number}"

    def text(self, name: str) -> str:
        """The cards of a block, as `engine.document.pasting` reads them. Raises FileError."""
        path = self._files().get(name)
        if path is None:
            raise FileError("there is no block {name} any more", name=repr(name))
        return str(_read(path)["cards"])

    def save(self, name: str, cards: str) -> None:
        """Keep cards under a name; one of the same name gives way. Raises InvalidValueError or FileError."""
        name = _checked(name)
        content = json.dumps({"name": name, "cards": cards}, ensure_ascii=False)
        path = self._folder / (hashlib.sha256(name.encode()).hexdigest()[:24] + _SUFFIX)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            unfinished = path.with_suffix(".tmp")
            unfinished.write_text(content, encoding="utf-8")
            os.replace(unfinished, path)
        except OSError as error:
            reason = error.strerror or str(error)
            raise FileError("the block {name} could not be kept: {reason}", name=repr(name), reason=reason) from error

    def rename(self, name: str, new_name: str) -> None:
        """Give a block another name. Raises InvalidValueError for a name that is taken, or FileError."""
        new_name = _checked(new_name)
        if new_name == name:
            return
        if new_name in self._files():
            raise InvalidValueError("there is a block {name} already; choose another name", name=repr(new_name))
        self.save(new_name, self.text(name))
        self.delete(name)

    def delete(self, name: str) -> None:
        """Forget a block. Raises FileError."""
        path = self._files().get(name)
        try:
            if path is not None:
                path.unlink()
        except OSError as error:
            reason = error.strerror or str(error)
            raise FileError(
                "the block {name} could not be deleted: {reason}", name=repr(name), reason=reason
            ) from error

    def _files(self) -> dict[str, Path]:
        found: dict[str, Path] = {}
        try:
            paths = sorted(self._folder.glob(f"*{_SUFFIX}"))
        except OSError:
            return found
        for path in paths:
            try:
                found[str(_read(path)["name"])] = path
            except FileError:
                continue
        return found


def _read(path: Path) -> dict[str, str]:
    try:
        if path.stat().st_size > LONGEST:
            raise FileError("{file} is too large for a block", file=path.name)
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise FileError("{file} cannot be read", file=path.name) from error
    if not isinstance(found, dict) or not all(isinstance(found.get(key), str) for key in ("name", "cards")):
        raise FileError("{file} holds no block", file=path.name)
    return found


def _checked(name: str) -> str:
    name = " ".join(name.split())
    if not 1 <= len(name) <= MOST_CHARACTERS or not name.isprintable():
        raise InvalidValueError(
            "the name (={name}) of a block must be 1 to {most} characters", name=repr(name), most=MOST_CHARACTERS
        )
    return name
