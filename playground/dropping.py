"""What may be dropped on the window: a project, a model, weights, or data to learn from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtGui import QDropEvent

from engine.document.project import SUFFIX
from playground.files import MODEL
from playground.import_actions import DROPPED
from playground.own_data import OwnData

if TYPE_CHECKING:
    from playground.files import Files
    from playground.image_folder import ImageFolders
    from playground.importing import Importing
    from playground.window import MainWindow


def file_in(event: QDropEvent) -> Path | None:
    """The project, model, weights, table or folder that is dragged, if it is one."""
    urls = event.mimeData().urls()
    path = Path(urls[0].toLocalFile()) if len(urls) == 1 and urls[0].isLocalFile() else None
    if path is None:
        return None
    known = path.suffix.lower() in (SUFFIX, MODEL, *DROPPED)
    return path if known or OwnData.takes(path) or path.is_dir() else None


def opener_of(window: MainWindow, path: Path) -> Files | OwnData | ImageFolders | Importing:
    """Who opens what was dropped."""
    if path.suffix.lower() in DROPPED:
        return window.files.importing
    if OwnData.takes(path):
        return window.own_data
    return window.image_folders if path.is_dir() else window.files
