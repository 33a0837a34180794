"""The part of the Data panel for tables of one's own: open one, take a recent one again, change or find the present."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

from PySide6.QtCore import QLocale, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from engine.catalog.datasets.dataset import Dataset
from engine.catalog.datasets.table import Table
from widgets import icons, theme
from widgets.controls import Chip, ElidedLabel, FlowLayout
from widgets.form_texts import say

_LONGEST = 150
"""Width of the longest name of a file on its chip, in pixels."""


class TableBox(QWidget):
    """Shows which table is learnt from and which were before; what the user wants comes out as signals."""

    open_requested = Signal()
    recent_chosen = Signal(str)
    """The path of a table that was used before."""
    columns_requested = Signal()
    """The roles of the columns shall be changed."""
    locate_requested = Signal()
    """The file of the table is to be shown to the program."""

    def __init__(self, object_name: str = "data.table", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(object_name)
        self.setAccessibleName(self.tr("Own data"))
        self.open = self._button(self.tr("Own data…"), f"{object_name}.open", self.tr("Open a CSV, TSV or NPZ file"))
        icons.assign(self.open, "open", "muted")
        self.open.clicked.connect(self.open_requested)
        self.columns = self._button(self.tr("Columns…"), f"{object_name}.columns", self.tr("What columns are used for"))
        self.columns.clicked.connect(self.columns_requested)
        self.locate = self._button(self.tr("Locate…"), f"{object_name}.locate", self.tr("Show where the file is"))
        self.locate.clicked.connect(self.locate_requested)
        self.name = ElidedLabel()
        self.name.setObjectName(f"{object_name}.name")
        self.facts = QLabel()
        self.facts.setObjectName(f"{object_name}.facts")
        self.facts.setWordWrap(True)
        self.facts.setTextFormat(Qt.TextFormat.PlainText)
        self._recent: tuple[str, ...] = ()
        self._path = ""
        self._chips: dict[str, Chip] = {}
        self._chip_box = QWidget()
        self._flow = FlowLayout(self._chip_box, spacing=theme.UNIT)
        buttons = QHBoxLayout()
        buttons.setContentsMargins(0, 0, 0, 0)
        buttons.setSpacing(theme.SPACING)
        for button in (self.open, self.columns, self.locate):
            buttons.addWidget(button)
        buttons.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.UNIT)
        column.addLayout(buttons)
        column.addWidget(self._chip_box)
        column.addWidget(self.name)
        column.addWidget(self.facts)
        self.set_recent(())
        self.set_dataset(None)

    def _button(self, text: str, object_name: str, tip: str) -> QPushButton:
        button = QPushButton(text)
        button.setObjectName(object_name)
        button.setAccessibleName(text)
        button.setToolTip(tip)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        return button

    def set_recent(self, paths: Sequence[str]) -> None:
        """Offer tables that were used before, newest first; emits nothing."""
        if tuple(paths) == self._recent and self._chips.keys() == set(paths):
            return
        self._recent = tuple(paths)
        self._flow.clear()
        self._chips = {}
        for number, path in enumerate(paths):
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
        self._chip_box.setVisible(bool(paths))

    def chip(self, path: str) -> Chip:
        """The button of a table that was used before. Raises KeyError."""
        return self._chips[path]

    def set_dataset(self, dataset: Dataset | None) -> None:
        """Show what is learnt from, if it is a table, and what is wrong with its file; emits nothing."""
        table = dataset if isinstance(dataset, Table) else None
        self._path = "" if table is None else table.file
        for path, chip in self._chips.items():
            chip.setChecked(path == self._path)
        trouble = None if table is None else table.trouble()
        for shown in (self.columns, self.name, self.facts):
            shown.setVisible(table is not None)
        self.columns.setVisible(table is not None and trouble is None)
        self.locate.setVisible(table is not None and trouble is not None)
        if table is None:
            return
        self.name.setText(table.title)
        self.name.setToolTip(table.file)
        self.facts.setText(say(trouble) if trouble is not None else self._facts(table))
        self.facts.setProperty("class", "error" if trouble is not None else "muted")
        self.facts.style().polish(self.facts)

    def _facts(self, table: Table) -> str:
        locale = QLocale()
        count, width = locale.toString(table.sample_count), locale.toString(table.input_shape(())[0])
        if table.task == "regression":
            text = self.tr("{samples} samples, {inputs} inputs → {target}")
            return text.format(samples=count, inputs=width, target=table.target)
        text = self.tr("{samples} samples, {inputs} inputs → {target} ({classes} classes)")
        classes = locale.toString(table.class_count)
        return text.format(samples=count, inputs=width, target=table.target, classes=classes)

    def _choose(self, path: str) -> None:
        self._chips[path].setChecked(path == self._path)  # what is marked is what was set, not what was clicked
        self.recent_chosen.emit(path)


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
