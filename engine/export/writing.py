"""Exported files on disk: all of them, whole, or none; what was there before stays until then."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from engine.document.errors import FileError


def write(files: Mapping[str, bytes], folder: str | os.PathLike[str]) -> tuple[Path, ...]:
    """Write files into a folder that exists; returns where they lie, in the order given.

    All are written under other names first and renamed together at the end. Raises FileError in one sentence when
    that cannot be (a full disk, a folder that cannot be written to); the folder is then as it was before.
    """
    place = Path(folder)
    for name in files:
        if not name or Path(name).name != name or name in (".", ".."):
            raise FileError("{file} is not the name of a file", file=name[:80])
        if (place / name).is_dir():
            raise FileError("{file} is a folder; choose another name", file=str(place / name))
    written: dict[Path, str] = {}
    current = ""
    try:
        for current, content in files.items():
            written[place / current] = _written(place, current, content)
        _renamed(written)
    except OSError as error:
        reason = error.strerror or str(error)
        raise FileError("{file} cannot be written: {reason}", file=str(place / current), reason=reason) from error
    finally:
        for temporary in written.values():
            with contextlib.suppress(OSError):
                os.unlink(temporary)
    return tuple(written)


def _written(folder: Path, name: str, content: bytes) -> str:
    """The name under which the content lies beside its place, safely on the disk."""
    handle, temporary = tempfile.mkstemp(suffix=".tmp", prefix=f".{name[:40]}.", dir=folder)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(temporary, _mode(folder / name))
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    return temporary


def _renamed(written: Mapping[Path, str]) -> None:
    """Put every file in its place; should that end half way, put back what was there."""
    kept: dict[Path, str | None] = {}
    try:
        if len(written) > 1:  # one name changes at once: there is no half way
            for target in written:
                kept[target] = _copied(target) if target.exists() else None
        for target, temporary in written.items():
            os.replace(temporary, target)
    except OSError:
        for target, old in kept.items():
            with contextlib.suppress(OSError):
                if old is not None:
                    os.replace(old, target)
                elif not os.path.exists(written[target]):
                    os.unlink(target)
        raise
    finally:
        for old in kept.values():
            with contextlib.suppress(OSError):
                if old is not None:
                    os.unlink(old)


def _copied(target: Path) -> str:
    """Another name of what a file holds now: a link where the disk knows links, else a copy."""
    handle, other = tempfile.mkstemp(suffix=".tmp", prefix=f".{target.name[:40]}.", dir=target.parent)
    os.close(handle)
    try:
        os.unlink(other)
        os.link(target, other)
    except OSError:
        shutil.copy2(target, other)
    return other


def _mode(target: Path) -> int:
    """The permissions of the file that is replaced, else those of any new file: mkstemp's are for the owner alone."""
    with contextlib.suppress(FileNotFoundError):
        return target.stat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
