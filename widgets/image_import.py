"""Opening a folder of pictures: its classes, the size that pictures are made, some of them, and how they are split."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from numpy.typing import NDArray
from PySide6.QtCore import QLocale, QSize, Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from engine.catalog.datasets.folder import ImageFolder
from engine.catalog.registry import form
from engine.document.graph import Data
from widgets import theme
from widgets.controls import ElidedLabel
from widgets.image_strip import ImageStrip
from widgets.import_dialog import ImportDialog

SIZE = QSize(720, 480)
_OWN = tuple(field for field in form(ImageFolder) if field.name in ("side", "colour", "stratified"))
_FORM_WIDTH = 280
_ROW = 22
_NAMED = 4
FEW = 10
"""Pictures from which on a class is more than an attempt."""


class ImageImport(ImportDialog):
    """Shows what is in a folder and asks how its pictures are used; what was decided comes out as a signal."""

    used = Signal(dict, float, int)
    """Fields of the data set (side, colour, stratified), the share to train on, the seed of the split."""
    look_wanted = Signal(int, bool)
    """Pictures of another side, in colour or grey, shall be shown."""

    def __init__(self, path: str, data: Data, parent: QWidget | None = None) -> None:
        """`data` gives the settings to begin with."""
        super().__init__(
            "folder",
            self.tr("Open image folder"),
            self.tr("Use these pictures"),
            data,
            ImageFolder,
            _OWN,
            _FORM_WIDTH,
            parent,
        )
        self._classes: tuple[str, ...] = ()
        self._counts: tuple[int, ...] = ()
        self._problem = ""
        self._note = ""
        self._build(path)
        head = QHBoxLayout()
        head.addWidget(self.title)
        self.lay_out(head, self.classes, self.preview, (1, 0))
        self.resize(SIZE)
        self._show()

    # --- parts -----------------------------------------------------------------------------------------------------

    def _build(self, path: str) -> None:
        self.title = ElidedLabel(path)
        self.title.setObjectName("folder.title")
        self.classes = QTableWidget(0, 2)
        self.classes.setObjectName("folder.classes")
        self.classes.setAccessibleName(self.tr("Classes and how many pictures they have"))
        for column, (text, side) in enumerate(
            ((self.tr("class"), Qt.AlignmentFlag.AlignLeft), (self.tr("pictures"), Qt.AlignmentFlag.AlignRight))
        ):
            title = QTableWidgetItem(text)
            title.setTextAlignment(side | Qt.AlignmentFlag.AlignVCenter)
            self.classes.setHorizontalHeaderItem(column, title)
        self.classes.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.classes.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.classes.setTabKeyNavigation(False)
        self.classes.setShowGrid(False)
        header = self.classes.horizontalHeader()
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setHighlightSections(False)
        header.setSectionsClickable(False)
        self.classes.verticalHeader().hide()
        self.classes.verticalHeader().setDefaultSectionSize(_ROW)
        self.preview = ImageStrip("folder.preview")
        self.preview.setAccessibleName(self.tr("Some of the pictures"))

    # --- values in -------------------------------------------------------------------------------------------------

    def set_found(self, classes: Sequence[str], counts: Sequence[int]) -> None:
        """Show the classes of the folder and how many pictures each has; emits nothing."""
        self._classes, self._counts, self._problem = tuple(classes), tuple(counts), ""
        self.classes.setRowCount(len(classes))
        locale = QLocale()
        for row, (name, count) in enumerate(zip(classes, counts, strict=True)):
            number = QTableWidgetItem(locale.toString(count))
            number.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            self.classes.setItem(row, 0, QTableWidgetItem(name))
            self.classes.setItem(row, 1, number)
        self._show()

    def set_preview(self, images: Sequence[NDArray[Any]], captions: Sequence[str], note: str = "") -> None:
        """Show pictures (channels, side, side) with their classes, and what there is to say of those that are none."""
        self.preview.set_images(images, captions)
        self._note = note
        self._show()

    def set_problem(self, problem: str) -> None:
        """Say why the folder cannot be used."""
        self._problem = problem
        self._show()

    def value(self, name: str) -> Any:
        """A setting as it is now: "side", "colour", "stratified", "train_share" or "data_seed". Raises KeyError."""
        return self.values[name]

    # --- what the user does ----------------------------------------------------------------------------------------

    def setting_changed(self, name: str, finished: bool) -> None:
        """Show it, and ask for other pictures where that changes them."""
        self._show()
        if name in ("side", "colour") and finished:
            self.look_wanted.emit(self.values["side"], self.values["colour"])

    def _show(self) -> None:
        self.show_fields()
        for before, after in pairwise((self.classes, *self.form.chain(), self.use, self.cancel)):
            QWidget.setTabOrder(before, after)
        ready = bool(self._classes) and not self._problem
        text = self._problem or (self._summary() if ready else self.tr("Looking at the folder…"))
        self.show_verdict(text, "error" if self._problem else "muted", ready)

    def _summary(self) -> str:
        locale, side = QLocale(), self.values["side"]
        text = (
            self.tr("{count} pictures of {classes} classes, made {side} × {side} pixels in colour")
            if self.values["colour"]
            else self.tr("{count} pictures of {classes} classes, made {side} × {side} pixels in grey")
        )
        said = text.format(
            count=locale.toString(sum(self._counts)), classes=locale.toString(len(self._classes)), side=side
        )
        few = [name for name, count in zip(self._classes, self._counts, strict=True) if count < FEW]
        if few:
            said += ". " + self.tr("Few pictures: {names}").format(
                names=", ".join(few[:4]) + (", …" if few[4:] else "")
            )
        return f"{said}. {self._note}" if self._note else said

    def accept_data(self) -> None:
        """Say how the pictures shall be used."""
        if self.use.isEnabled():
            self.used.emit({field.name: self.values[field.name] for field in _OWN}, *self.split_settings())
            self.accept()


def _sample() -> QWidget:
    from engine.catalog.datasets.digits import Digits
    from engine.catalog.registry import entries

    few = Digits().few(10)
    dialog = ImageImport("/home/ada/leaves", Data(entries("datasets")["circle"]()))
    dialog.set_found(("birch", "maple", "oak"), (120, 96, 8))
    names = [("birch", "maple", "oak")[label % 3] for label in few.labels.tolist()]
    dialog.set_preview(list(few.values), names, "2 of 224 files could not be read: oak/notes.png, …")
    return dialog


if __name__ == "__main__":
    theme.demo(_sample)
