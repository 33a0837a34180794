"""The columns of a table that is about to be opened: what each is for, of which kind it is, and how its values lie."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import (
    QEvent,
    QItemSelectionModel,
    QLocale,
    QModelIndex,
    QPersistentModelIndex,
    QRectF,
    QSize,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QHeaderView, QTableWidgetItem, QWidget

from engine.tables.content import Column, Content, Roles, suggested
from widgets import theme
from widgets.choices import ChoiceCombo
from widgets.controls import format_number
from widgets.row_table import RowTable

INPUT, TARGET, IGNORE = "input", "target", "ignore"
NUMBER, CATEGORY = "number", "category"
_NAME, _ROLE, _KIND, _MISSING, _VALUES = range(5)
_ROW = 32
_BARS = 24
_AT_ONCE = 3
"""Rows whose choices are made in one go."""
_NAMED = 3
"""Levels of a category that its tool tip names."""


class ColumnList(RowTable):
    """A row for each column; its choices are made when it is first seen. What the user changes comes out as a signal.

    A choice that is made in one of several selected rows holds for all of them.
    """

    roles_changed = Signal()
    """The user gave a column another role or kind: see `roles`."""

    def __init__(self, object_name: str, parent: QWidget | None = None) -> None:
        headings = [self.tr("column"), self.tr("used as"), self.tr("kind"), self.tr("missing"), self.tr("values")]
        super().__init__(object_name, self.tr("Columns"), headings, _ROW, parent)
        header = self.horizontalHeader()
        header.setSectionResizeMode(_NAME, QHeaderView.ResizeMode.Stretch)
        for column, width in ((_ROLE, 96), (_KIND, 116), (_MISSING, 60), (_VALUES, 116)):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Fixed)
            self.setColumnWidth(column, width)
        self._content: Content | None = None
        self._roles: dict[str, str] = {}
        self._kinds: dict[str, str] = {}
        self._later = QTimer(self, singleShot=True, interval=0)
        self._later.timeout.connect(self._fill)
        self.verticalScrollBar().valueChanged.connect(lambda _: self._later.start())

    # --- values in and out -----------------------------------------------------------------------------------------

    def set_content(self, content: Content, roles: Roles | None = None) -> None:
        """List the columns of a table with these roles, or with those that suggest themselves; emits nothing."""
        self._content = content
        known = {column.name for column in content.columns}
        if roles is None or not {*roles.inputs, roles.target} <= known:
            roles = suggested(content)
        self._roles = {name: INPUT if name in roles.inputs else IGNORE for name in known} | {roles.target: TARGET}
        texts = {column.name for column in content.columns if not column.is_number}
        used = {*roles.inputs, roles.target}
        categories = set(roles.categorical) | (texts - used)
        self._kinds = {name: CATEGORY if name in categories else NUMBER for name in known}
        self.setRowCount(0)
        self.setRowCount(len(content.columns))
        for row, column in enumerate(content.columns):
            item = QTableWidgetItem(column.name)
            item.setToolTip(column.name)
            self.setItem(row, _NAME, item)
            missing = QTableWidgetItem(QLocale().toString(column.missing) if column.missing else "")
            missing.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            self.setItem(row, _MISSING, missing)
        self._later.start()

    def roles(self) -> Roles:
        """What the columns are for now, in the order of the file; no target is an empty name."""
        columns = () if self._content is None else self._content.columns
        names = [column.name for column in columns]
        return Roles(
            tuple(name for name in names if self._roles[name] == INPUT),
            next((name for name in names if self._roles[name] == TARGET), ""),
            tuple(name for name in names if self._kinds[name] == CATEGORY and self._roles[name] != IGNORE),
        )

    def role_combo(self, name: str) -> ChoiceCombo:
        """The choice of what a column is for; scrolls to it. Raises ValueError for an unknown name."""
        return self._combo(name, _ROLE)

    def kind_combo(self, name: str) -> ChoiceCombo:
        """The choice between number and category; scrolls to it. Raises ValueError for an unknown name."""
        return self._combo(name, _KIND)

    def _combo(self, name: str, place: int) -> ChoiceCombo:
        row = list(self._roles_in_order()).index(name)
        self.scrollTo(self.model().index(row, _NAME))
        self._fill_row(row)
        combo = self.cellWidget(row, place)
        assert isinstance(combo, ChoiceCombo)
        return combo

    def _roles_in_order(self) -> Mapping[str, str]:
        columns = () if self._content is None else self._content.columns
        return {column.name: self._roles[column.name] for column in columns}

    # --- rows that are seen ----------------------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        """Make the rows that are seen."""
        super().showEvent(event)
        self._later.start()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Make the rows that have come into sight."""
        super().resizeEvent(event)
        self._later.start()

    def selectionCommand(
        self, index: QModelIndex | QPersistentModelIndex, event: QEvent | None = None
    ) -> QItemSelectionModel.SelectionFlag:
        """Keep the selection when a choice in one of its rows gets the focus: it is made for all of them."""
        if event is None and self.selectionModel().isRowSelected(index.row()):
            return QItemSelectionModel.SelectionFlag.NoUpdate
        return super().selectionCommand(index, event)

    def _fill(self) -> None:
        """Make the choices of the rows that are seen, a few at a time: none is waited for."""
        if self._content is None or not self.rowCount() or not self.isVisible():
            return
        first = max(0, self.rowAt(0))
        seen = range(first, min(self.rowCount(), first + 2 + self.viewport().height() // _ROW))
        waiting = [row for row in seen if self.cellWidget(row, _ROLE) is None]
        for row in waiting[:_AT_ONCE]:
            self._fill_row(row)
        self.order_tabs()
        if len(waiting) > _AT_ONCE:
            self._later.start()

    def order_tabs(self) -> None:
        """Let Tab go through the choices after the list itself, row by row."""
        before: QWidget = self
        for row in range(self.rowCount()):
            for place in (_ROLE, _KIND):
                combo = self.cellWidget(row, place)
                if combo is not None:
                    QWidget.setTabOrder(before, combo)
                    before = combo

    def _fill_row(self, row: int) -> None:
        assert self._content is not None
        if self.cellWidget(row, _ROLE) is not None:
            return
        column = self._content.columns[row]
        words = ((_ROLE, (INPUT, IGNORE, TARGET), self.tr("{column}: used as")),)
        for place, options, text in (*words, (_KIND, (NUMBER, CATEGORY), self.tr("{column}: kind"))):
            combo = ChoiceCombo(options, f"{self.objectName()}.{'role' if place == _ROLE else 'kind'}.{row}")
            combo.setAccessibleName(text.format(column=column.name))
            combo.chosen.connect(partial(self._choose, row, place))
            self.setCellWidget(row, place, combo)
        self.setCellWidget(row, _VALUES, Distribution(column))
        self._show_row(row)

    def _show_row(self, row: int) -> None:
        assert self._content is not None
        name = self._content.columns[row].name
        role, kind, picture = (self.cellWidget(row, place) for place in (_ROLE, _KIND, _VALUES))
        if isinstance(role, ChoiceCombo) and isinstance(kind, ChoiceCombo) and isinstance(picture, Distribution):
            role.set_choice(self._roles[name])
            kind.set_choice(self._kinds[name])
            kind.setEnabled(self._roles[name] != IGNORE)
            picture.set_faint(self._roles[name] == IGNORE)

    def _choose(self, row: int, place: int, choice: str) -> None:
        assert self._content is not None
        rows = {index.row() for index in self.selectionModel().selectedRows()}
        rows = rows if row in rows and choice != TARGET else {row}
        names = [column.name for column in self._content.columns]
        if choice == TARGET:
            self._roles = {name: INPUT if role == TARGET else role for name, role in self._roles.items()}
        for changed in rows:
            (self._roles if place == _ROLE else self._kinds)[names[changed]] = choice
        for shown in range(self.rowCount()):
            self._show_row(shown)
        self.roles_changed.emit()


class Distribution(QWidget):
    """How often values occur: a histogram of numbers, bars of the levels of a category, the most frequent first."""

    def __init__(self, column: Column, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._heights, text = _described(column)
        self._faint = False
        self.setToolTip(text)
        self.setAccessibleName(self.tr("{column}: values").format(column=column.name))
        self.setAccessibleDescription(text)

    def set_faint(self, faint: bool) -> None:
        """Draw it as something that is not used."""
        self._faint = faint
        self.update()

    def sizeHint(self) -> QSize:
        """A small picture."""
        return QSize(108, _ROW)

    def paintEvent(self, event: QPaintEvent) -> None:
        if not len(self._heights):
            return
        painter = QPainter(self)
        current = theme.current()
        area = QRectF(self.rect()).adjusted(theme.UNIT, theme.UNIT + 1, -theme.UNIT, -theme.UNIT - 1)
        width = area.width() / max(len(self._heights), 6)
        color = QColor(current.muted if self._faint else current.accent)
        for place, height in enumerate(self._heights.tolist()):
            bar = max(1.0, height * area.height()) if height else 0.0
            left = area.left() + place * width
            painter.fillRect(QRectF(left, area.bottom() - bar, max(1.0, width - 1), bar), color)
        painter.fillRect(QRectF(area.left(), area.bottom(), area.width(), 1), QColor(current.line))


def _described(column: Column) -> tuple[NDArray[np.float64], str]:
    """The heights of the bars, the tallest 1, and the values in words."""
    if column.numbers is not None:
        lie = column.described
        if lie is None:
            return np.empty(0), ""
        counts = np.histogram(lie.some, _BARS, (lie.least, lie.largest))[0]
        words = f"{format_number(lie.least)} … {format_number(lie.largest)}, ⌀ {format_number(lie.mean)}"
    elif column.places is not None and column.texts:
        counts = np.bincount(column.places[column.places >= 0], minlength=len(column.texts))
        order = np.argsort(-counts, kind="stable")
        shown = [f"{column.texts[place]} ({QLocale().toString(int(counts[place]))})" for place in order[:_NAMED]]
        words = ", ".join(shown) + (f", … ({len(order)})" if len(order) > _NAMED else "")
        counts = counts[order][:_BARS]
    else:
        return np.empty(0), ""
    return counts / counts.max(), words


def _sample() -> QWidget:
    from widgets.table_import import sample_content

    view = ColumnList("columns")
    view.set_content(sample_content())
    view.resize(560, 240)
    return view


if __name__ == "__main__":
    theme.demo(_sample)
