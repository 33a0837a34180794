"""Folders of pictures of the user's own: opened, shown before they are used, remembered, found when they moved."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog

from engine.catalog.datasets.folder import ImageFolder, opened
from engine.catalog.datasets.images import ImageDataset, Images
from engine.document.errors import PlaygroundError, Sentence
from engine.images import folders
from engine.plan.looks import Look, look
from playground.errand import Errand
from playground.file_work import PATIENCE, Remembered, ShownWork
from playground.image_samples import spread
from playground.menus import QT_TRANSLATE_NOOP, Action
from playground.words import sentence

if TYPE_CHECKING:
    from playground.window import MainWindow
    from widgets.image_import import ImageImport

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
        self._work = ShownWork("folder", window, self.tr("Another folder is being read; wait until it is there"))
        self._looking = Errand("pictures", self)
        settings = window.settings
        self._remembered = Remembered(
            ImageFolder,
            lambda folder: folder.path,
            lambda: settings.folders(),
            lambda texts: settings.set_folders(texts),
        )
        self.dialog: ImageImport | None = None
        box = window.data.table_box
        box.folder_requested.connect(self.open)
        box.folder_chosen.connect(self.use_again)
        box.folder_settings_requested.connect(self.change)
        box.folder_located.connect(self.locate)
        box.folder_renewed.connect(self.renew)
        box.set_recent_folders(list(self.remembered()))
        window.files.left.connect(self._looking.drop)

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
            self._work.begin(path, self._words(), lambda _: look(folder), lambda seen: self._use_as_seen(folder, seen))

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
        return QFileDialog.getExistingDirectory(self._window, title, self._remembered.folder())

    def _words(self) -> str:
        return self.tr("Reading {file}…")

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
        self._work.begin(path, self._words(), make, lambda made: self._use_made(made, label, split))

    def _use_made(self, made: Any, label: str, split: dict[str, float]) -> None:
        folder, note = made if isinstance(made, tuple) else (made, None)
        self._use(folder, label, **split)
        if note is not None:
            self._window.message("warning", sentence(note))

    def _use(self, folder: ImageFolder, label: str, **split: float) -> None:
        """Learn from a folder: one edit, which fits a network that could be trained to it."""
        if self._controller.take_data(label, lambda document: document.set_data(dataset=folder, **split)):
            self._remembered.add(folder)
            self._window.data.table_box.set_recent_folders(list(self.remembered()))

    def remembered(self) -> dict[str, ImageFolder]:
        """The folders that were used before, newest first, by path."""
        return self._remembered.by_path()


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
