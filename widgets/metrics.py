"""How good the answers are: every metric for train and test, each class by itself, and which is taken for which."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication, QEvent, QLocale, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QBoxLayout,
    QHeaderView,
    QSizePolicy,
    QStackedWidget,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from engine.catalog.metrics import Metric, metrics_for
from engine.catalog.registry import entries, form
from widgets import colors, theme
from widgets.controls import ElidedLabel, EmptyState, Segmented, format_number
from widgets.metrics_confusion import ConfusionMap

_ROW = 20
_SWATCH = 9
_NARROWEST, _SHORTEST, _PADDING = 40, 64, 20
"""Widths of a column of numbers, of a name that is cut, and of what is free beside a text."""
_WIDE, _WIDEST = 600, 720
"""Widths from which the metrics stand beside the classes, and the table of classes beside the confusion."""


class MetricsPanel(QWidget):
    """Shows what the probe Metrics measured. Values in by `set_values`, which emits nothing."""

    cell_chosen = Signal(str, object)
    """"train" or "test", and the cell of its confusion, (row, column), that the user chose; None: no more."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("metrics")
        self.setAccessibleName(self.tr("Metrics"))
        self._values: Mapping[str, NDArray[Any]] = {}
        self._names: tuple[str, ...] = ()
        self.overall = NumberTable("metrics.overall", self.tr("Metrics on the training and the test samples"))
        self.classes = NumberTable("metrics.classes", self.tr("Metrics of each class"))
        self.part = Segmented([("train", self.tr("Train")), ("test", self.tr("Test"))], "metrics.part")
        self.part.setAccessibleName(self.tr("Samples that are counted"))
        self.part.set_choice("test")
        self.part.chosen.connect(self._on_part)
        self.caption = ElidedLabel()
        self.caption.setObjectName("metrics.caption")
        self.caption.setProperty("class", "muted")
        self.source = ElidedLabel()
        self.source.setObjectName("metrics.source")
        self.source.setProperty("class", "muted")
        self.confusion = ConfusionMap("metrics.confusion")
        self.confusion.pointed.connect(self._show_caption)
        self.confusion.chosen_changed.connect(lambda cell: self.cell_chosen.emit(self.part.choice(), cell))
        self.empty = EmptyState(self.tr("How good the network's answers are is told here once it can train."))
        self._stack = QStackedWidget()
        self._stack.addWidget(self.empty)
        self._stack.addWidget(self._make_page())
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSizeConstraint(QVBoxLayout.SizeConstraint.SetNoConstraint)  # or it never got narrow enough to turn
        column.addWidget(self._stack)
        self._show_caption()

    def _make_page(self) -> QWidget:
        page = QWidget()
        self._by_class = QWidget()
        column = QVBoxLayout(self._by_class)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.UNIT)
        column.addWidget(self.part)
        column.addWidget(self.classes, 1)
        column.addWidget(self.caption)
        self._details = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._details.setSpacing(theme.MARGIN)
        self._details.addWidget(self._by_class)
        self._details.addWidget(self.confusion, 1)
        self._parts = QBoxLayout(QBoxLayout.Direction.LeftToRight, page)
        self._parts.setContentsMargins(0, 0, 0, 0)
        self._parts.setSpacing(theme.MARGIN)
        overall = QVBoxLayout()
        overall.setSpacing(theme.UNIT)
        overall.addWidget(self.overall, 1)
        overall.addWidget(self.source)
        self._parts.addLayout(overall)
        self._parts.addLayout(self._details, 1)
        return page

    # --- values in -------------------------------------------------------------------------------------------------

    def set_values(self, values: Mapping[str, NDArray[Any]]) -> None:
        """Show what the probe Metrics answered, such as "test.accuracy" and "test.confusion"; nothing if empty."""
        self._values = values
        self.source.setText(self._source_text())
        self._stack.setCurrentIndex(1 if values else 0)
        found = [cls for cls in entries("metrics").values() if f"train.{cls.name}" in values]
        self.overall.set_rows(
            (self.tr("metric"), self.tr("train"), self.tr("test")),
            [(_title(cls), *(self._text(cls, f"{part}.{cls.name}") for part in ("train", "test"))) for cls in found],
            [f"{_title(cls)}: {theme.translate_catalog(cls.description)}" for cls in found],
        )
        for shown in (self._by_class, self.confusion):
            shown.setVisible("train.confusion" in values)
        self._show_part()

    def set_class_names(self, names: Sequence[str]) -> None:
        """What the classes are called, in their order; emits nothing."""
        if tuple(names) != self._names:
            self._names = tuple(names)
            self.confusion.set_class_names(names)
            self._show_part()

    def set_cells_choosable(self, choosable: bool) -> None:
        """Whether the samples of a cell of the confusion can be shown; emits nothing."""
        self.confusion.set_choosable(choosable)
        if not choosable:
            self.confusion.set_chosen(None)

    # --- what it shows ---------------------------------------------------------------------------------------------

    def _text(self, cls: type[Metric], name: str, place: int = 0) -> str:
        return _number(cls, float(self._values[name][place]))

    def _show_part(self) -> None:
        part = self.part.choice()
        table = self._values.get(f"{part}.confusion")
        if table is None:
            table = np.zeros((0, 0), np.int64)
        found = [cls for cls in entries("metrics").values() if f"{part}.{cls.name}.classes" in self._values]
        locale = QLocale()
        rows = []
        for number, row in enumerate(table):
            known = row.any() or table[:, number].any()
            shares = (self._text(cls, f"{part}.{cls.name}.classes", number) if known else "—" for cls in found)
            name = self._names[number] if number < len(self._names) else str(number)
            rows.append((name, *shares, locale.toString(int(row.sum()))))
        heads = (self.tr("class"), *(theme.translate_catalog(cls.label) for cls in found), self.tr("samples"))
        self.classes.set_rows(heads, rows, [], colored=True)
        self.confusion.set_counts(table)

    def _on_part(self) -> None:
        self.confusion.set_chosen(None)
        self._show_part()

    def _show_caption(self) -> None:
        text = self.confusion.cell_text()
        self.caption.setText(text or self.tr("Counts, and shares of each true class"))

    def _source_text(self) -> str:
        """Which samples were judged and when, where it is not all of them and now."""
        if "moment" not in self._values:
            return ""
        moment, (learnt, size), locale = float(self._values["moment"][0]), self._values["learnt"].tolist(), QLocale()
        epoch = locale.toString(moment, "f", 0 if moment.is_integer() else 1)
        said = [] if self._values["now"][0] else [self.tr("as of epoch {epoch}").format(epoch=epoch)]
        if learnt < size:
            text = self.tr("train: the first {count} of {size}")
            said.append(text.format(count=locale.toString(learnt), size=locale.toString(size)))
        return " · ".join(said)

    # --- events ----------------------------------------------------------------------------------------------------

    def minimumSizeHint(self) -> QSize:
        """As narrow as the table of classes, with everything else above or below it."""
        return QSize(self.classes.minimumSizeHint().width(), super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put things beside or under each other, as there is room."""
        super().resizeEvent(event)
        for layout, least in ((self._parts, _WIDE), (self._details, _WIDEST)):
            beside = self.width() >= least
            layout.setDirection(QBoxLayout.Direction.LeftToRight if beside else QBoxLayout.Direction.TopToBottom)

    def changeEvent(self, event: QEvent) -> None:
        """Show the classes in the colours of another theme."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self.classes.recolor()


class NumberTable(QTableWidget):
    """A read-only table: a name and then numbers in each row."""

    def __init__(self, object_name: str, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(object_name)
        self.setAccessibleName(name)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setTabKeyNavigation(False)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setIconSize(QSize(_SWATCH, _SWATCH))
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        rows, columns = self.verticalHeader(), self.horizontalHeader()
        rows.hide()
        rows.setMinimumSectionSize(_ROW)
        rows.setDefaultSectionSize(_ROW)
        columns.setHighlightSections(False)
        columns.setSectionsClickable(False)
        columns.setMinimumSectionSize(_NARROWEST)
        self._heads: tuple[str, ...] = ()
        self._widths: list[int] = []
        self._colored = False

    def set_rows(
        self, heads: Sequence[str], rows: Sequence[Sequence[str]], tips: Sequence[str], colored: bool = False
    ) -> None:
        """Show rows of texts under their heads; `tips` explain the rows, and `colored` rows stand for classes."""
        if self._heads != tuple(heads):
            self._set_heads(heads)
        self._colored = colored
        if self.rowCount() != len(rows):
            self.setRowCount(len(rows))
            self.updateGeometry()
        for number, row in enumerate(rows):
            for column, text in enumerate(row):
                item = self.item(number, column) or self._new_item(number, column)
                if item.text() != text:
                    item.setText(text)
                if tips and item.toolTip() != tips[number]:
                    item.setToolTip(tips[number])
        self.recolor()
        self._fit(rows)

    def _set_heads(self, heads: Sequence[str]) -> None:
        self._heads = tuple(heads)
        self.setColumnCount(0)
        self.setColumnCount(len(heads))
        for column, text in enumerate(heads):
            item = QTableWidgetItem(text)
            item.setTextAlignment(_side(column))
            self.setHorizontalHeaderItem(column, item)
            mode = QHeaderView.ResizeMode.Fixed if column else QHeaderView.ResizeMode.Stretch
            self.horizontalHeader().setSectionResizeMode(column, mode)

    def _new_item(self, row: int, column: int) -> QTableWidgetItem:
        item = QTableWidgetItem()
        item.setTextAlignment(_side(column))
        self.setItem(row, column, item)
        return item

    def _fit(self, rows: Sequence[Sequence[str]]) -> None:
        """Make each column as wide as its widest text; columns of numbers never get narrower again, so they rest."""
        head, cell = QFontMetrics(theme.font(theme.SMALL)), QFontMetrics(theme.font())
        wide = []
        for column, text in enumerate(self._heads):
            widths = [head.horizontalAdvance(text), *(cell.horizontalAdvance(row[column]) for row in rows)]
            wide.append(max(_NARROWEST, _PADDING + max(widths)))
        if self._colored:
            wide[0] += _SWATCH + theme.UNIT
        if len(self._widths) == len(wide):
            wide[1:] = [max(pair) for pair in zip(wide[1:], self._widths[1:], strict=True)]
        if wide != self._widths:
            self._widths = wide
            for column in range(1, len(wide)):
                self.setColumnWidth(column, wide[column])
            self.updateGeometry()

    def recolor(self) -> None:
        """Put the colours of the classes before their names."""
        for number in range(self.rowCount()):
            item = self.item(number, 0)
            color = colors.class_color(theme.current(), number) if self._colored else None
            if item is not None and item.data(Qt.ItemDataRole.DecorationRole) != color:
                item.setData(Qt.ItemDataRole.DecorationRole, color)

    def _height(self, rows: int) -> int:
        return self.horizontalHeader().sizeHint().height() + _ROW * max(1, rows) + 2

    def sizeHint(self) -> QSize:
        """Room for all rows and names."""
        return QSize(sum(self._widths) + 2, self._height(self.rowCount()))

    def minimumSizeHint(self) -> QSize:
        """All numbers of two rows; the others can be scrolled to, and names that are cut are told in their tool tip."""
        return QSize(sum(self._widths[1:]) + min([*self._widths[:1], _SHORTEST]) + 2, self._height(2))


def _side(column: int) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if column else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter


def _title(cls: type[Metric]) -> str:
    """What a metric is called, with its fields if it has any: top-k accuracy (k = 2)."""
    label = theme.translate_catalog(cls.label)
    fields = ", ".join(f"{field.label} = {field.default}" for field in form(cls))
    return f"{label} ({fields})" if fields else label


def _number(cls: type[Metric], value: float) -> str:
    """A metric as it is read: 98.4 % for a share, 0.934 for another; a dash where it is not defined."""
    if not np.isfinite(value):
        return "—"
    if cls.percent:
        return QCoreApplication.translate("MetricsPanel", "{share} %").format(
            share=QLocale().toString(100 * value, "f", 1)
        )
    return format_number(value)


def _sample() -> QWidget:
    values: dict[str, NDArray[Any]] = {}
    tables = {"train": [[80, 0, 1], [1, 86, 0], [0, 5, 77]], "test": [[77, 0, 3], [1, 84, 2], [0, 14, 69]]}
    for part, rows in tables.items():
        table = np.array(rows)
        truth, answer = (np.repeat(index.ravel(), table.ravel()) for index in np.indices(table.shape))
        for metric in metrics_for("classification", len(table)):
            scores = np.eye(len(table))[answer] + 0.3 * np.eye(len(table))[(answer + 1) % 3]
            values[f"{part}.{metric.name}"] = np.atleast_1d(metric.value(answer, truth, scores))
            if metric.by_class:
                values[f"{part}.{metric.name}.classes"] = metric.per_class(answer, truth, len(table))
        values[f"{part}.confusion"] = table
    view = MetricsPanel()
    view.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, theme.MARGIN)
    view.set_values(values)
    view.resize(800, 200)
    return view


if __name__ == "__main__":
    theme.demo(_sample)
