"""Forms of export that the window makes itself, beside those of the training process: pictures and reports."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from PySide6.QtGui import QPixmap

    from playground.window import MainWindow

SUFFIXES: Mapping[str, str] = MappingProxyType(
    {
        "diagram_svg": ".svg",
        "report_pdf": ".pdf",
        "report_html": ".html",
        "diagram_png": ".png",
        "diagram_pdf": ".pdf",
        "loss_svg": ".svg",
        "loss_png": ".png",
    }
)
"""How the names of their files end, by the forms' names, known without a window. The first of several is meant."""


class WindowForm(Protocol):
    """A form of export that is painted: its texts are translated when they are asked for."""

    @property
    def name(self) -> str:
        """What settings and command line call it."""
        ...

    @property
    def label(self) -> str:
        """What the user calls it."""
        ...

    @property
    def group(self) -> str:
        """Its heading in the dialog."""
        ...

    @property
    def suffix(self) -> str:
        """How its file's name ends."""
        ...

    @property
    def description(self) -> str:
        """What it is, in a sentence or two."""
        ...

    def refusal(self, window: MainWindow) -> str:
        """Why there is nothing to export so now; nothing if there is."""
        ...

    def files(self, window: MainWindow, name: str) -> Mapping[str, bytes]:
        """The content of every file by its name, the main one, `name`, first. Raises PlaygroundError."""
        ...

    def preview(self, files: Mapping[str, bytes]) -> str | QPixmap:
        """What the dialog shows of the files that `files` made last."""
        ...


def window_forms() -> tuple[WindowForm, ...]:
    """All of them, in the order in which they are offered."""
    from playground.picture_forms import painted_forms  # whoever exports nothing starts sooner without it

    return painted_forms()
