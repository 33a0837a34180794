"""Folders of pictures of the user's own: opened, shown before they are used, remembered, found when they moved."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QFileDialog

from engine.catalog.datasets.folder import ImageFolder, opened
from engine.catalog.datasets.images import ImageDataset, Images
from engine.catalog.registry import from_json, to_json
from engine.document.errors import PlaygroundError, Sentence
from engine.document.graph import Document
from engine.images import folders
from engine.images.files import ImageDataError
from engine.plan.looks import Look, look
from playground.errand import Errand
from playground.image_samples import spread
from playground.menus import QT_TRANSLATE_NOOP, Action
from playground.words import sentence

if TYPE_CHECKING:
    from playground.window import MainWindow
    from widgets.image_import import ImageImport

PATIENCE = 0.05
"""Seconds that the window waits for a disk; what takes longer is done beside it."""
_PROGRESS_MS = 100
_PREVIEWED, _TRIED = 10, 40
"""Pictures that are shown before a folder is used, and files that are tried for them."""
_NAMED = 3
"""Files that are named of those that are no pictures."""


def folder_actions() -> Iterator[Action]:
    """The rows of the table of actions that are about folders of pictures."""
    yield Action(
        "data.open_folder",
        QT_TRANSLATE_NOOP("actions", "Open image folder…"),
        QT_TRANSLATE_NOOP("actions", "Opens a folder of your own that holds a folder of pictures for each class"),
        "File",
        "image_folders.open",
        ("Ctrl+Shift+I",),
        "image",
        2,
    )


class ImageFolders(QObject):
    """Opens folders of pictures for one window."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._controller = window.controller
        self._errand = Errand("folder", self)
        self._looking = Errand("pictures", self)
        self._decoding: Decoding | None = None
        self.dialog: ImageImport | None = None
        box = window.data.table_box
        box.folder_requested.connect(self.open)
        box.folder_chosen.connect(self.use_again)
        box.folder_settings_requested.connect(self.change)
        box.folder_located.connect(self.locate)
        box.folder_renewed.connect(self.renew)
        box.set_recent_folders(list(self.remembered()))
        window.files.left.connect(self.stop)
        window.status.cancelled.connect(self._cancel)
        self._progress = QTimer(self, interval=_PROGRESS_MS)
        self._progress.timeout.connect(self._show_progress)

    # --- handlers of actions -------------------------------------------------------------------------------------

    def open(self) -> None:
        """Ask for a folder, and show what is in it."""
        path = self._ask(self.tr("Open image folder"))
        if path:
            self.open_path(path)

    def open_path(self, path: str | Path) -> None:
        """Show what is in a folder, and use it if the user says so."""
        self._show(str(Path(path).absolute()))

    def change(self) -> None:
        """Show the present folder again, to make its pictures another size."""
        folder = self._folder()
        if folder is not None:
            self._show(folder.path)

    def locate(self) -> None:
        """Ask where the present folder is now, and learn from it as before."""
        folder = self._folder()
        path = self._ask(self.tr("Where is {folder}?").format(folder=folder.title)) if folder is not None else ""
        if folder is not None and path:
            self._decode(partial(folder.located, str(Path(path).absolute())), self.tr("Locate the data"))

    def renew(self) -> None:
        """Learn from what the present folder holds now."""
        folder = self._folder()
        if folder is not None:
            self._decode(partial(folder.located, folder.path), self.tr("Read the folder again"))

    def use_again(self, path: str) -> None:
        """Learn from a folder that was used before, as it was; show it first if it has changed."""
        folder = self.remembered().get(path)
        if folder is None:
            self.open_path(path)
        else:
            self._begin(path, partial(look, folder), lambda seen: self._use_as_seen(folder, seen))

    def stop(self) -> None:
        """The window closes: wait for nothing."""
        self._cancel()
        self._looking.drop()

    def _use_as_seen(self, folder: ImageFolder, seen: Look) -> None:
        if seen.changed:
            self.open_path(folder.path)
        elif seen.trouble is not None:
            self._window.message("warning", sentence(seen.trouble))
        else:
            self._use(folder, self.tr("Choose data"))

    # --- what is in a folder ---------------------------------------------------------------------------------------

    def _folder(self) -> ImageFolder | None:
        """The present folder, if the data are one."""
        dataset = self._controller.document.data.dataset
        return dataset if isinstance(dataset, ImageFolder) and dataset.path else None

    def _ask(self, title: str) -> str:
        remembered = list(self.remembered())
        start = str(Path(remembered[0]).parent) if remembered else str(Path.home())
        return QFileDialog.getExistingDirectory(self._window, title, start)

    def _show(self, path: str) -> None:
        """Let the user say how the pictures of a folder are used."""
        from widgets.image_import import ImageImport  # takes longer to import than the window may wait for its start

        if self.dialog is not None:
            self.dialog.reject()
        self.dialog = dialog = ImageImport(path, self._controller.document.data, self._window)
        dialog.resize(dialog.size().boundedTo(self._window.size()))
        dialog.look_wanted.connect(partial(self._look, path))
        dialog.used.connect(partial(self._take, path))
        dialog.finished.connect(self._forget)
        dialog.open()
        self._look(path, dialog.value("side"), dialog.value("colour"))

    def _look(self, path: str, side: int, colour: bool) -> None:
        self._looking.begin(partial(_looked, path, side, colour), self._on_looked, PATIENCE)

    def _on_looked(self, found: _Seen | PlaygroundError) -> None:
        dialog = self.dialog
        if dialog is None:
            return
        if isinstance(found, PlaygroundError):
            dialog.set_problem(_ended(sentence(found.sentence)))
            return
        names = found.listing.classes
        counts = np.bincount(found.listing.labels, minlength=len(names)).tolist()
        dialog.set_found(names, counts)
        note = ""
        if found.bad:
            note = self.tr("No pictures: {names}").format(names=", ".join(found.bad[:_NAMED]))
        values, labels = spread(found.images, range(len(names)), _PREVIEWED)
        captions = [names[label] for label in labels.tolist()]
        dialog.set_preview(list(values), captions, note)
        if not captions:
            dialog.set_problem(self.tr("None of the first files is a picture that can be read."))

    def _forget(self) -> None:
        self._looking.drop()
        if self.dialog is not None:
            self.dialog.deleteLater()
            self.dialog = None

    # --- to learn from it ------------------------------------------------------------------------------------------

    def _take(self, path: str, fields: dict[str, Any], train_share: float, seed: int) -> None:
        label, present = self.tr("Open image folder"), self._folder()
        kept = {}
        if present is not None and present.path == path:
            names = {field.name for field in dataclasses.fields(ImageDataset)} - {"added", "only_classes"}
            kept = {name: getattr(present, name) for name in names}

        def make(told: folders.Told) -> tuple[ImageFolder, Sentence | None]:
            return opened(path, told, **(kept | fields))

        self._decode(make, label, train_share=train_share, seed=seed, of=path)

    def _decode(self, make: Callable[[folders.Told], Any], label: str, *, of: str = "", **split: float) -> None:
        """Make the pictures small beside the window, then learn from them."""
        present = self._folder()
        path = of or (present.path if present is not None else "")
        decoding = Decoding(make)
        self._begin(path, decoding.run, lambda made: self._use_made(made, label, split), decoding)

    def _use_made(self, made: Any, label: str, split: dict[str, float]) -> None:
        folder, note = made if isinstance(made, tuple) else (made, None)
        self._use(folder, label, **split)
        if note is not None:
            self._window.message("warning", sentence(note))

    def _begin(
        self, path: str, work: Callable[[], Any], then: Callable[[Any], None], decoding: Decoding | None = None
    ) -> None:
        if self._is_busy():
            self._window.message("info", self.tr("Another folder is being read; wait until it is there"))
            return
        self._decoding = decoding
        self._errand.begin(work, partial(self._finish, then), PATIENCE)
        if self._is_busy():
            self._window.status.show_work(self.tr("Reading {folder}…").format(folder=Path(path).name))
            self._progress.start()

    def _is_busy(self) -> bool:
        return self._errand.busy

    def _show_progress(self) -> None:
        if self._decoding is not None:
            self._window.status.set_share(self._decoding.share)

    def _end(self) -> None:
        if self._progress.isActive():
            self._progress.stop()
            self._window.status.hide_work()
        if self._decoding is not None:
            self._decoding.cancel()
            self._decoding = None

    def _cancel(self) -> None:
        """The user does not want to wait."""
        self._errand.drop()
        self._end()

    def _finish(self, then: Callable[[Any], None], answer: Any) -> None:
        """Take what was read, in the thread of the window."""
        self._end()
        if isinstance(answer, PlaygroundError):
            self._window.message("error", sentence(answer.sentence))
        else:
            then(answer)

    def _use(self, folder: ImageFolder, label: str, **split: float) -> None:
        """Learn from a folder: one edit, which fits a network that could be trained to it."""

        def edit(document: Document) -> Document:
            return document.set_data(dataset=folder, **split)

        if self._controller.take_data(label, edit):
            self._remember(folder)

    # --- what was used before ------------------------------------------------------------------------------------

    def _remember(self, folder: ImageFolder) -> None:
        others = [other for path, other in self.remembered().items() if path != folder.path]
        self._window.settings.set_folders([json.dumps(to_json(item)) for item in (folder, *others)])
        self._window.data.table_box.set_recent_folders(list(self.remembered()))

    def remembered(self) -> dict[str, ImageFolder]:
        """The folders that were used before, newest first, by path; what cannot be read of them is left out."""
        found: dict[str, ImageFolder] = {}
        for text in self._window.settings.folders():
            try:
                folder = from_json("datasets", json.loads(text))
            except (ValueError, TypeError, RecursionError):
                continue
            if isinstance(folder, ImageFolder) and folder.path:
                found[folder.path] = folder
        return found


class Decoding:
    """Makes the pictures of a folder small, in whatever thread it is told to."""

    def __init__(self, make: Callable[[folders.Told], Any]) -> None:
        self._make = make
        self._cancelled = False
        self.share = 0.0
        """How much of it is done."""

    def cancel(self) -> None:
        """Nobody wants it any more."""
        self._cancelled = True

    def run(self) -> Any:
        """Do it. Raises ImageDataError, for what is wrong with the folder or because it was cancelled."""
        return self._make(self._hear)

    def _hear(self, share: float) -> None:
        self.share = share
        if self._cancelled:
            raise ImageDataError("Reading the folder was cancelled")


@dataclass(frozen=True, eq=False)
class _Seen:
    """What a look at a folder brought: all its files, a few of their images, and which of those are none."""

    listing: folders.Listing
    images: Images
    bad: tuple[str, ...]


def _looked(path: str, side: int, colour: bool) -> _Seen:
    """A folder's classes and some of its pictures. Raises ImageDataError."""
    listing = folders.listing(path)
    some = folders.some(path, _TRIED, side, colour)
    return _Seen(listing, Images(some.values, some.labels), some.notes)


def _ended(text: str) -> str:
    return text[:1].upper() + text[1:]
