"""Forms of export that the window makes itself, beside those of the training process: pictures and reports."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from PySide6.QtGui import QPixmap

    from playground.window import MainWindow


class WindowForm(Protocol):
    """A form of export that is painted: its texts are translated when they are asked for."""

    name: str
    label: str
    group: str
    suffix: str
    description: str

    def refusal(self, window: MainWindow) -> str:
        """Why there is nothing to export so now; nothing if there is."""
        ...

    def files(self, window: MainWindow, name: str) -> Mapping[str, bytes]:
        """The content of every file by its name, the main one, `name`, first. Raises PlaygroundError."""
        ...

    def preview(self, files: Mapping[str, bytes]) -> str | QPixmap:
        """What the dialog shows of the files."""
        ...


def window_forms() -> tuple[WindowForm, ...]:
    """All of them, in the order in which they are offered."""
    return ()
