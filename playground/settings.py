"""What the program remembers between two starts: theme, layout, recent files, speed. A bad value is as good as none."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path

from PySide6.QtCore import QByteArray, QSettings, QSize

VERSION = 3
"""Written beside the layout; a layout of another version is not restored."""
THEMES = ("dark", "light", "system")
RECENT = 8
"""How many files are remembered."""
TABLES = 4
"""How many tables are remembered, and how many folders of pictures."""
_ORGANIZATION, _APPLICATION = "neural-playground", "playground"


def stored() -> Settings:
    """The user's own settings."""
    return Settings(_store())


def location() -> Path:
    """The file that holds the user's own settings."""
    return Path(_store().fileName())


def _store() -> QSettings:
    return QSettings(QSettings.Format.IniFormat, QSettings.Scope.UserScope, _ORGANIZATION, _APPLICATION)


def reset() -> Path:
    """Forget everything; returns the file that held it."""
    settings = _store()
    settings.clear()
    settings.sync()
    return Path(settings.fileName())


class Settings:
    """Typed access to a settings file. Without one (safe mode) it answers the defaults and keeps nothing."""

    def __init__(self, store: QSettings | None = None) -> None:
        self._store = store

    def theme(self) -> str:
        """One of `THEMES`; "system" by default."""
        found = self._read("theme")
        return found if isinstance(found, str) and found in THEMES else "system"

    def set_theme(self, choice: str) -> None:
        """Remember the theme."""
        self._write("theme", choice)

    def speed(self) -> float:
        """Training speed in steps per second; infinite by default."""
        try:
            found = float(str(self._read("speed")))
        except ValueError:
            return math.inf
        return found if found > 0 else math.inf

    def set_speed(self, steps_per_second: float) -> None:
        """Remember the speed."""
        self._write("speed", str(steps_per_second))

    def layout(self) -> tuple[QByteArray, QByteArray] | None:
        """Geometry and state of the window as last left by this version of the layout, or None."""
        if str(self._read("layout/version")) != str(VERSION):
            return None
        geometry, state = self._read("layout/geometry"), self._read("layout/state")
        if isinstance(geometry, QByteArray) and isinstance(state, QByteArray) and state.size():
            return geometry, state
        return None

    def set_layout(self, geometry: QByteArray, state: QByteArray) -> None:
        """Remember where window and panels are."""
        self._write("layout/version", VERSION)
        self._write("layout/geometry", geometry)
        self._write("layout/state", state)

    def unfolded(self) -> frozenset[str] | None:
        """The groups of fields and pictures that were open in the inspector, or None if nobody ever decided."""
        found = self._read("inspector/unfolded")
        return frozenset(found.split("\n")) - {""} if isinstance(found, str) else None

    def set_unfolded(self, names: Iterable[str]) -> None:
        """Remember what is open in the inspector."""
        self._write("inspector/unfolded", "\n".join(sorted(names)))

    def compare_size(self) -> QSize | None:
        """The size of the comparison as it was left, or None."""
        found = self._read("compare/size")
        return found if isinstance(found, QSize) and found.isValid() else None

    def set_compare_size(self, size: QSize) -> None:
        """Remember the size of the comparison."""
        self._write("compare/size", size)

    def export_folder(self) -> str:
        """Where something was exported last, or nothing."""
        found = self._read("export/folder")
        return found if isinstance(found, str) else ""

    def export_form(self) -> str:
        """The name of the form in which something was exported last, or nothing."""
        found = self._read("export/form")
        return found if isinstance(found, str) else ""

    def set_export(self, folder: str, form: str) -> None:
        """Remember where and how something was exported."""
        self._write("export/folder", folder)
        self._write("export/form", form)

    def forget_layout(self) -> None:
        """Start the next time with the layout as delivered."""
        if self._store is not None:
            self._store.remove("layout")

    def forget(self) -> None:
        """Forget everything and remember nothing more until the next start."""
        if self._store is not None:
            self._store.clear()
            self._store.sync()
            self._store = None

    def recent_files(self) -> list[Path]:
        """The project files last used, newest first; those that are gone are left out."""
        found = self._read("recent")
        names = [found] if isinstance(found, str) else found if isinstance(found, list) else []
        paths = [Path(name) for name in names if isinstance(name, str) and name]
        return [path for path in paths[:RECENT] if _exists(path)]

    def add_recent_file(self, path: Path) -> None:
        """Put a file on top of the recent ones."""
        path = path.absolute()
        kept = [other for other in self.recent_files() if other != path]
        self._write("recent", [str(item) for item in (path, *kept)][:RECENT])

    def tables(self) -> list[str]:
        """The tables last learnt from, newest first, as they were written by `set_tables`."""
        return self._texts("tables")

    def set_tables(self, texts: list[str]) -> None:
        """Remember tables, newest first."""
        self._write("tables", texts[:TABLES])

    def folders(self) -> list[str]:
        """The folders of pictures last learnt from, newest first, as they were written by `set_folders`."""
        return self._texts("folders")

    def set_folders(self, texts: list[str]) -> None:
        """Remember folders of pictures, newest first."""
        self._write("folders", texts[:TABLES])

    def _texts(self, key: str) -> list[str]:
        found = self._read(key)
        texts = [found] if isinstance(found, str) else found if isinstance(found, list) else []
        return [text for text in texts[:TABLES] if isinstance(text, str)]

    def _read(self, key: str) -> object:
        return None if self._store is None else self._store.value(key)

    def _write(self, key: str, value: object) -> None:
        if self._store is not None:
            self._store.setValue(key, value)


def _exists(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a name that the system cannot even look up
        return False
