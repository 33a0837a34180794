"""What may be dropped on the window: a project, or data to learn from."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtGui import QDropEvent

from playground.own_data import OwnData


def file_in(event: QDropEvent) -> Path | None:
    """The project or table that is dragged, if it is one."""
    urls = event.mimeData().urls()
    path = Path(urls[0].toLocalFile()) if len(urls) == 1 and urls[0].isLocalFile() else None
    return path if path is not None and (path.suffix == ".nnp" or OwnData.takes(path)) else None
