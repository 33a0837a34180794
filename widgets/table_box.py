"""The part of the Data panel for data of one's own: open some, take recent ones again, change or find the present."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

from PySide6.QtCore import QLocale, Qt, Signal
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from engine.catalog.datasets.dataset import Dataset
from engine.catalog.datasets.folder import ImageFolder
from engine.catalog.datasets.table import Table
from engine.document.errors import Sentence
from widgets import icons, theme
from widgets.controls import Chip, ElidedLabel, FlowLayout
from widgets.form_texts import say

_LONGEST = 150
"""Width of the longest name of a file on its chip, in pixels."""


class TableBox(QWidget):
    """Shows which table or folder of images is learnt from, and which were before; wishes come out as signals."""

    open_requested = Signal()
    folder_requested = Signal()
    """A folder of images shall be opened."""
    recent_chosen = Signal(str)
    """The path of a table that was used before."""
    folder_chosen = Signal(str)
    """The path of a folder that was used before."""
    columns_requested = Signal()
    """The roles of the columns shall be changed."""
    locate_requested = Signal()
    """The file of the table is to be shown to the program."""
    folder_settings_requested = Signal()
    """What the pictures of the folder are made shall be changed."""
    folder_located = Signal()
    """The folder is to be shown to the program."""
    folder_renewed = Signal()
    """What the folder holds now shall be learnt from."""

    def __init__(self, object_name: str = "data.table", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(object_name)
        self.setAccessibleName(self.tr("Own data"))
        self.open = self._button(self.tr("Table…"), f"{object_name}.open", self.tr("Open a CSV, TSV or NPZ file"))
        icons.assign(self.open, "open", "muted")
        self.open.clicked.connect(self.open_requested)
        self.folder = self._button(
            self.tr("Image folder…"), f"{object_name}.folder", self.tr("Open a folder that holds a folder per class")
        )
        self.folder.clicked.connect(self.folder_requested)
        self.columns = self._button(self.tr("Columns…"), f"{object_name}.columns", self.tr("What columns are used for"))
        self.columns.clicked.connect(self.columns_requested)
        self.pictures = self._button(self.tr("Pictures…"), f"{object_name}.pictures", self.tr("What pictures are made"))
        self.pictures.clicked.connect(self.folder_settings_requested)
        self.renew = self._button(
            self.tr("Read again"), f"{object_name}.renew", self.tr("Learn from what the folder holds now")
        )
        self.renew.clicked.connect(self.folder_renewed)
        self.locate = self._button(self.tr("Locate…"), f"{object_name}.locate", self.tr("Show where the file is"))
        self.locate.clicked.connect(self._locate)
        self.name = ElidedLabel()
        self.name.setObjectName(f"{object_name}.name")
        self.facts = QLabel()
        self.facts.setObjectName(f"{object_name}.facts")
        self.facts.setWordWrap(True)
        self.facts.setTextFormat(Qt.TextFormat.PlainText)
        self._recent: dict[str, bool] = {}
        """Path, and whether it is a folder."""
        self._path = ""
        self._chips: dict[str, Chip] = {}
        self._chip_box = QWidget()
        self._flow = FlowLayout(self._chip_box, spacing=theme.UNIT)
        buttons = FlowLayout(spacing=theme.SPACING)
        for button in (self.open, self.folder, self.columns, self.pictures, self.renew, self.locate):
            buttons.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.UNIT)
        column.addLayout(buttons)
        column.addWidget(self._chip_box)
        column.addWidget(self.name)
        column.addWidget(self.facts)
        self._own: Table | ImageFolder | None = None
        self._trouble: Sentence | None = None
        self._chip_box.hide()
        self._show()

    def _button(self, text: str, object_name: str, tip: str) -> QPushButton:
        button = QPushButton(text)
        button.setObjectName(object_name)
        button.setAccessibleName(text)
        button.setToolTip(tip)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        return button

    def set_recent(self, paths: Sequence[str]) -> None:
        """Offer tables that were used before, newest first; emits nothing."""
        self._offer(paths, [path for path, is_folder in self._recent.items() if is_folder])

    def set_recent_folders(self, paths: Sequence[str]) -> None:
        """Offer folders that were used before, newest first; emits nothing."""
        self._offer([path for path, is_folder in self._recent.items() if not is_folder], paths)

    def _offer(self, tables: Sequence[str], folders: Sequence[str]) -> None:
        recent = dict.fromkeys(tables, False) | dict.fromkeys(folders, True)
        if list(recent.items()) == list(self._recent.items()):
            return
        self._recent = recent
        self._flow.clear()
        self._chips = {}
        for number, path in enumerate(recent):
            chip = Chip("", f"{self.objectName()}.recent.{number}", self._chip_box)
            name = PurePath(path).name
            chip.setText(chip.fontMetrics().elidedText(name, Qt.TextElideMode.ElideMiddle, _LONGEST))
            chip.setAccessibleName(name)
            chip.setToolTip(path)
            chip.setChecked(path == self._path)
            chip.clicked.connect(lambda _checked, path=path: self._choose(path))
            self._flow.addWidget(chip)
            self._chips[path] = chip
            chip.show()
        self._chip_box.setVisible(bool(recent))

    def chip(self, path: str) -> Chip:
        """The button of a table that was used before. Raises KeyError."""
        return self._chips[path]

    def set_dataset(self, dataset: Dataset | None) -> None:
        """Show what is learnt from, if it is the user's own; emits nothing."""
        self._own = dataset if isinstance(dataset, Table | ImageFolder) else None
        self._show()

    def set_trouble(self, trouble: Sentence | None) -> None:
        """Show what is wrong with the file or the folder; emits nothing."""
        if trouble != self._trouble:
            self._trouble = trouble
            self._show()

    def _show(self) -> None:
        own, trouble = self._own, self._trouble
        self._path = "" if own is None else _path_of(own)
        for path, chip in self._chips.items():
            chip.setChecked(path == self._path)
        is_folder = isinstance(own, ImageFolder)
        for button, shown in (
            (self.columns, isinstance(own, Table) and trouble is None),
            (self.pictures, is_folder and trouble is None),
            (self.renew, is_folder and trouble is not None and bool(self._path)),
            (self.locate, own is not None and trouble is not None and bool(self._path)),
            (self.name, own is not None),
            (self.facts, own is not None),
        ):
            button.setVisible(shown)
        if own is None:
            return
        self.name.setText(own.title)
        self.name.setToolTip(self._path)
        self.facts.setText(say(trouble) if trouble is not None else self._facts(own))
        self.facts.setProperty("class", "error" if trouble is not None else "muted")
        self.facts.style().polish(self.facts)

    def _facts(self, own: Table | ImageFolder) -> str:
        locale = QLocale()
        count, classes = locale.toString(own.sample_count), locale.toString(own.class_count)
        if isinstance(own, ImageFolder):
            text = (
                self.tr("{samples} pictures of {classes} classes, {side} × {side} in colour")
                if own.colour
                else self.tr("{samples} pictures of {classes} classes, {side} × {side} in grey")
            )
            return text.format(samples=count, classes=classes, side=own.side)
        width = locale.toString(own.input_shape(())[0])
        if own.task == "regression":
            text = self.tr("{samples} samples, {inputs} inputs → {target}")
            return text.format(samples=count, inputs=width, target=own.target)
        text = self.tr("{samples} samples, {inputs} inputs → {target} ({classes} classes)")
        return text.format(samples=count, inputs=width, target=own.target, classes=classes)

    def _locate(self) -> None:
        (self.folder_located if isinstance(self._own, ImageFolder) else self.locate_requested).emit()

    def _choose(self, path: str) -> None:
        self._chips[path].setChecked(path == self._path)  # what is marked is what was set, not what was clicked
        (self.folder_chosen if self._recent[path] else self.recent_chosen).emit(path)


def _path_of(own: Table | ImageFolder) -> str:
    return own.path if isinstance(own, ImageFolder) else own.file


def _sample() -> QWidget:
    box = TableBox()
    box.set_recent(["/home/ada/people.csv", "/home/ada/measurements of a long summer.csv"])
    table = Table(
        file="/home/ada/people.csv",
        names=("age", "height"),
        target="smokes",
        categorical=("smokes",),
        levels=(("no", "yes"),),
        rows=200,
        complete=188,
    )
    box.set_dataset(table)
    box.resize(240, 120)
    return box


if __name__ == "__main__":
    theme.demo(_sample)
