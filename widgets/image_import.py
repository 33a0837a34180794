"""Opening a folder of pictures: its classes, the size that pictures are made, some of them, and how they are split."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from types import MappingProxyType
from typing import Any

from numpy.typing import NDArray
from PySide6.QtCore import QLocale, QSize, Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from engine.catalog.datasets.folder import ImageFolder
from engine.catalog.registry import Field, form
from engine.document.graph import SEEDS, Data
from widgets import theme
from widgets.controls import ElidedLabel
from widgets.form import FieldForm, Path
from widgets.image_strip import ImageStrip

SIZE = QSize(720, 480)
_OWN = tuple(field for field in form(ImageFolder) if field.name in ("side", "colour", "stratified"))
_SHARE = next(field for field in form(Data) if field.name == "train_share")
_SEED = Field("data_seed", int, SEEDS, 1)
_FORM_WIDTH = 280
_ROW = 22
_NAMED = 4
FEW = 10
"""Pictures from which on a class is more than an attempt."""


class ImageImport(QDialog):
    """Shows what is in a folder and asks how its pictures are used; what was decided comes out as a signal."""

    used = Signal(dict, float, int)
    """Fields of the data set (side, colour, stratified), the share to train on, the seed of the split."""
    look_wanted = Signal(int, bool)
    """Pictures of another side, in colour or grey, shall be shown."""

    def __init__(self, path: str, data: Data, parent: QWidget | None = None) -> None:
        """`data` gives the settings to begin with."""
        super().__init__(parent)
        self.setObjectName("folder")
        self.setWindowTitle(self.tr("Open image folder"))
        self.setAccessibleName(self.windowTitle())
        held = data.dataset
        self._values: dict[str, Any] = {
            field.name: getattr(held, field.name) if isinstance(held, ImageFolder) else field.default for field in _OWN
        }
        self._values |= {_SHARE.name: data.train_share, _SEED.name: data.seed}
        self._classes: tuple[str, ...] = ()
        self._counts: tuple[int, ...] = ()
        self._problem = ""
        self._note = ""
        self._build(path)
        self._lay_out()
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
        self.form = FieldForm("folder.form", lambda _path, _value: None, _FORMATS)
        self.form.setFixedWidth(_FORM_WIDTH)
        self.form.changed.connect(self._take)
        self.preview = ImageStrip("folder.preview")
        self.preview.setAccessibleName(self.tr("Some of the pictures"))
        self.verdict = QLabel()
        self.verdict.setObjectName("folder.verdict")
        self.verdict.setWordWrap(True)
        self.verdict.setTextFormat(Qt.TextFormat.PlainText)
        self.buttons = QDialogButtonBox()
        self.cancel = self.buttons.addButton(QDialogButtonBox.StandardButton.Cancel)
        self.cancel.setObjectName("folder.cancel")
        self.use = QPushButton(self.tr("Use these pictures"))
        self.use.setObjectName("folder.use")
        self.use.setAccessibleName(self.use.text())
        self.use.setProperty("class", "primary")
        self.use.setDefault(True)
        self.buttons.addButton(self.use, QDialogButtonBox.ButtonRole.AcceptRole)
        self.buttons.accepted.connect(self._accept)
        self.buttons.rejected.connect(self.reject)

    def _lay_out(self) -> None:
        settings = QVBoxLayout()
        settings.setContentsMargins(0, 0, 0, 0)
        settings.addWidget(self.form)
        settings.addStretch(1)
        middle = QHBoxLayout()
        middle.setSpacing(theme.MARGIN)
        middle.addWidget(self.classes, 1)
        middle.addLayout(settings)
        foot = QHBoxLayout()
        foot.setSpacing(theme.MARGIN)
        foot.addWidget(self.verdict, 1)
        foot.addWidget(self.buttons)
        page = QVBoxLayout(self)
        page.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, theme.MARGIN)
        page.setSpacing(theme.SPACING)
        page.addWidget(self.title)
        page.addLayout(middle, 1)
        page.addWidget(self.preview)
        page.addLayout(foot)

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
        return self._values[name]

    # --- what the user does ----------------------------------------------------------------------------------------

    def _take(self, path: Path, value: Any, finished: bool) -> None:
        self._values[path[0]] = value
        self._show()
        if path[0] in ("side", "colour") and finished:
            self.look_wanted.emit(self._values["side"], self._values["colour"])

    def _show(self) -> None:
        self.form.set_fields([(field, self._values[field.name]) for field in (*_OWN, _SHARE, _SEED)])
        for before, after in pairwise((self.classes, *self.form.chain(), self.use, self.cancel)):
            QWidget.setTabOrder(before, after)
        ready = bool(self._classes) and not self._problem
        self.verdict.setText(self._problem or (self._summary() if ready else self.tr("Looking at the folder…")))
        self.verdict.setProperty("class", "error" if self._problem else "muted")
        self.verdict.style().polish(self.verdict)
        self.use.setEnabled(ready)
        self.use.setToolTip("" if ready else self.verdict.text())
        self.use.setAccessibleDescription(self.use.toolTip())

    def _summary(self) -> str:
        locale, side = QLocale(), self._values["side"]
        text = (
            self.tr("{count} pictures of {classes} classes, made {side} × {side} pixels in colour")
            if self._values["colour"]
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

    def _accept(self) -> None:
        if self.use.isEnabled():
            own = {field.name: self._values[field.name] for field in _OWN}
            self.used.emit(own, self._values[_SHARE.name], self._values[_SEED.name])
            self.accept()


def _percent(value: float) -> str:
    return f"{100 * value:.0f} %"


_FORMATS = MappingProxyType({_SHARE.name: _percent})


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
