"""Bringing weights in: which array of a file goes to which array of the network, to be seen and corrected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QSignalBlocker, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from widgets import theme
from widgets.choices import QuietCombo
from widgets.controls import ElidedLabel
from widgets.row_table import RowTable

SIZE = QSize(960, 560)
_ARRAY, _SHAPE, _PLACE, _NOTE = range(4)
_ROW = 32
_NAMED = 3
"""Arrays of the network that the summary names before it counts."""


@dataclass(frozen=True)
class ArrayRow:
    """An array of the file as the table shows it; `place` is empty where it is left out, `note` then says why."""

    array: str
    shape: tuple[int, ...]
    place: str
    choices: tuple[str, ...]
    """The arrays of the network that it fits."""
    note: str
    turned: bool = False
    two_ways: bool = False
    """Whether it fits as it is and with its axes turned."""
    doubtful: bool = False
    """Whether nothing in the file tells which of the two it is."""


class WeightsImport(QDialog):
    """Shows what goes where; what the user corrects, and that it shall be used, comes out as a signal."""

    place_chosen = Signal(int, str)
    """The row of an array and the array of the network that it shall go to; empty: it is left out."""
    way_chosen = Signal(int, bool)
    """The row of an array, and whether its axes are turned."""
    used = Signal(bool)
    """The weights shall be used; whether the layers that get all of theirs shall be frozen."""

    def __init__(self, file: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("weights")
        self.setWindowTitle(self.tr("Import weights"))
        self.setAccessibleName(self.windowTitle())
        self._file = file
        self._build()
        self._lay_out()
        self.resize(SIZE)

    # --- parts -----------------------------------------------------------------------------------------------------

    def _build(self) -> None:
        self.title = ElidedLabel()
        self.title.setObjectName("weights.title")
        self.table = PlaceTable("weights.table")
        self.table.place_chosen.connect(self.place_chosen)
        self.table.way_chosen.connect(self.way_chosen)
        self.summary = _paragraph("weights.summary")
        self.hint = _paragraph("weights.hint")
        self.hint.setProperty("class", "muted")
        self.hint.hide()
        self.freeze = QCheckBox(self.tr("Freeze the layers that are loaded whole: training leaves them as they are"))
        self.freeze.setObjectName("weights.freeze")
        self.freeze.setAccessibleName(self.freeze.text())
        self.cancel = QPushButton(self.tr("Cancel"))
        self.cancel.setObjectName("weights.cancel")
        self.cancel.setAutoDefault(False)
        self.cancel.clicked.connect(self.reject)
        self.use = QPushButton(self.tr("Use these weights"))
        self.use.setObjectName("weights.use")
        self.use.setProperty("class", "primary")
        self.use.setDefault(True)
        self.use.clicked.connect(self._use)
        for button in (self.cancel, self.use):
            button.setAccessibleName(button.text())

    def _lay_out(self) -> None:
        foot = QHBoxLayout()
        foot.setSpacing(theme.SPACING)
        foot.addWidget(self.summary, 1)
        foot.addWidget(self.cancel)
        foot.addWidget(self.use)
        page = QVBoxLayout(self)
        page.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, theme.MARGIN)
        page.setSpacing(theme.SPACING)
        page.addWidget(self.title)
        page.addWidget(self.table, 1)
        page.addWidget(self.freeze)
        page.addWidget(self.hint)
        page.addLayout(foot)

    # --- values in -------------------------------------------------------------------------------------------------

    def set_rows(self, rows: Sequence[ArrayRow], missing: Sequence[str]) -> None:
        """Show where the arrays go; `missing` are those of the network that get none. Emits nothing."""
        placed = sum(bool(row.place) for row in rows)
        doubtful = sum(bool(row.place) and row.doubtful for row in rows)
        self.title.setText(self._file)
        self.table.set_rows(rows)
        words = [self.tr("{placed} of {count} arrays find a place").format(placed=placed, count=len(rows))]
        if not placed:
            words = [self.tr("None of these arrays goes to this network")]
        elif missing:
            named = ", ".join(missing[:_NAMED])
            if len(missing) > _NAMED:
                named = self.tr("{names} and {count} more").format(names=named, count=len(missing) - _NAMED)
            words.append(self.tr("{names} begin as the network says").format(names=named))
        if doubtful:
            text = self.tr("Look which is right: {count} fit both ways, turned or not")
            words.append(text.format(count=doubtful))
        self.summary.setText(". ".join(words))
        self.summary.setProperty("class", "muted" if placed and not doubtful else "warning" if placed else "error")
        self.summary.style().polish(self.summary)
        self.use.setEnabled(placed > 0)
        self.use.setToolTip("" if placed else words[0])
        self.freeze.setEnabled(placed > 0)

    def set_hint(self, words: str) -> None:
        """Say what else there is to know; nothing for an empty text."""
        self.hint.setText(words)
        self.hint.setVisible(bool(words))

    # --- what the user does ----------------------------------------------------------------------------------------

    def _use(self) -> None:
        self.used.emit(self.freeze.isChecked())
        self.accept()


class PlaceTable(RowTable):
    """A row for each array of the file; its choices are made when it is first seen."""

    place_chosen = Signal(int, str)
    way_chosen = Signal(int, bool)

    def __init__(self, object_name: str, parent: QWidget | None = None) -> None:
        headings = [self.tr("array in the file"), self.tr("shape"), self.tr("goes to"), self.tr("how")]
        super().__init__(object_name, self.tr("What goes where"), headings, _ROW, parent)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        header = self.horizontalHeader()
        for column in (_ARRAY, _NOTE):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Stretch)
        for column, width in ((_SHAPE, 128), (_PLACE, 208)):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Fixed)
            self.setColumnWidth(column, width)
        self._rows: tuple[ArrayRow, ...] = ()
        self._later = QTimer(self, singleShot=True, interval=0)
        self._later.timeout.connect(self._fill)
        self.verticalScrollBar().valueChanged.connect(lambda _: self._later.start())

    # --- values in and out -----------------------------------------------------------------------------------------

    def set_rows(self, rows: Sequence[ArrayRow]) -> None:
        """Show these rows; the choices of those that were there stay, so that the keyboard stays where it is."""
        before, self._rows = self._rows, tuple(rows)
        if [row.array for row in before] != [row.array for row in rows]:
            self.setRowCount(0)
            self.setRowCount(len(rows))
            for place, row in enumerate(rows):
                shape = " × ".join(map(str, row.shape)) or self.tr("a number")
                for column, text in ((_ARRAY, row.array), (_SHAPE, shape), (_NOTE, "")):
                    item = QTableWidgetItem(text)
                    item.setToolTip(text)
                    self.setItem(place, column, item)
        for place in range(len(rows)):
            self._show_row(place)
        self._later.start()

    def place_combo(self, row: int) -> QuietCombo:
        """The choice of where an array goes; scrolls to it."""
        return self._combo(row, _PLACE)

    def way_combo(self, row: int) -> QuietCombo:
        """The choice whether its axes are turned; scrolls to it. Only a row that fits both ways has one."""
        return self._combo(row, _NOTE)

    def _combo(self, row: int, column: int) -> QuietCombo:
        self.scrollTo(self.model().index(row, _ARRAY))
        self._fill_row(row)
        combo = self.cellWidget(row, column)
        assert isinstance(combo, QuietCombo)
        return combo

    # --- rows that are seen ----------------------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        """Make the rows that are seen."""
        super().showEvent(event)
        self._later.start()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Make the rows that have come into sight."""
        super().resizeEvent(event)
        self._later.start()

    def _fill(self) -> None:
        if not self._rows or not self.isVisible():
            return
        first = max(0, self.rowAt(0))
        for row in range(first, min(len(self._rows), first + 2 + self.viewport().height() // _ROW)):
            self._fill_row(row)
        before: QWidget = self
        for row in range(len(self._rows)):
            for column in (_PLACE, _NOTE):
                combo = self.cellWidget(row, column)
                if combo is not None:
                    QWidget.setTabOrder(before, combo)
                    before = combo

    def _fill_row(self, row: int) -> None:
        shown = self._rows[row]
        if self.cellWidget(row, _PLACE) is None:
            combo = QuietCombo(f"{self.objectName()}.place.{row}")
            combo.setAccessibleName(self.tr("{array}: goes to").format(array=shown.array))
            combo.addItem("—", "")
            for choice in shown.choices:
                combo.addItem(choice, choice)
            combo.setEnabled(bool(shown.choices))
            combo.activated.connect(lambda index: self.place_chosen.emit(row, combo.itemData(index)))
            self.setCellWidget(row, _PLACE, combo)
        self._show_row(row)

    def _show_row(self, row: int) -> None:
        shown = self._rows[row]
        item = self.item(row, _NOTE)
        assert item is not None
        item.setText("" if shown.two_ways else shown.note)
        item.setToolTip(shown.note)
        current = theme.current()
        item.setForeground(QColor(current.muted if shown.place else current.warning))
        place = self.cellWidget(row, _PLACE)
        if not isinstance(place, QuietCombo):
            return
        with QSignalBlocker(place):
            place.setCurrentIndex(max(0, place.findData(shown.place)))
        place.setToolTip(shown.place)
        self._show_way(row, shown)

    def _show_way(self, row: int, shown: ArrayRow) -> None:
        """Offer both ways where both fit."""
        way = self.cellWidget(row, _NOTE)
        if not shown.two_ways:
            if way is not None:
                self.removeCellWidget(row, _NOTE)
            return
        if not isinstance(way, QuietCombo):
            way = QuietCombo(f"{self.objectName()}.way.{row}")
            way.setAccessibleName(self.tr("{array}: as it is, or turned").format(array=shown.array))
            way.addItem(self.tr("as it is"), False)
            way.addItem(self.tr("Keras kernel, axes turned"), True)
            way.activated.connect(partial(self._choose_way, row))
            self.setCellWidget(row, _NOTE, way)
        with QSignalBlocker(way):
            way.setCurrentIndex(int(shown.turned))
        way.setToolTip(self.tr("Both ways fit, and they give other answers"))

    def _choose_way(self, row: int, index: int) -> None:
        self.way_chosen.emit(row, bool(index))


def _paragraph(name: str) -> QLabel:
    label = QLabel()
    label.setObjectName(name)
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    return label


def _sample() -> QWidget:
    dialog = WeightsImport("spiral.safetensors")
    places = ("dense_1.weight", "dense_2.weight", "dense_3.weight")
    square = ("dense_2.weight", "dense_3.weight")
    dialog.set_rows(
        [
            ArrayRow("sequential/hidden/kernel", (2, 8), places[0], places[:1], "Keras kernel, axes turned", True),
            ArrayRow("sequential/hidden/bias", (8,), "dense_1.bias", ("dense_1.bias", "dense_2.bias"), "as it is"),
            ArrayRow("middle/kernel", (8, 8), places[1], square, "as it is", False, True, True),
            ArrayRow("model.encoder.layers.11.attention.output.dense.projection.bias" * 2, (), "", (), "no place"),
            ArrayRow("middle/embeddings", (1000, 64, 3, 3), "", (), "nothing in this network has shape (1000, 64)"),
        ],
        ["dense_2.bias", "dense_3.weight", "dense_3.bias", "dense_4.weight"],
    )
    dialog.set_hint("These weights go into the run alone, for a document holds at most 1,000,000 values.")
    return dialog


if __name__ == "__main__":
    theme.demo(_sample)
