"""Opening a table of one's own: what its columns are for, how gaps are filled, numbers scaled and samples split."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QLocale, QModelIndex, QPersistentModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QHBoxLayout,
    QTableView,
    QWidget,
)

from engine.catalog.datasets.table import Table, opened
from engine.catalog.registry import Hidden, form
from engine.document.errors import PlaygroundError
from engine.document.graph import Data
from engine.tables.content import Column, Content, Roles
from widgets import theme
from widgets.controls import ElidedLabel
from widgets.form_texts import say
from widgets.import_dialog import ImportDialog
from widgets.table_columns import ColumnList

SIZE = QSize(1040, 620)
_OWN = tuple(field for field in form(Table) if not isinstance(field.constraint, Hidden))
_FORM_WIDTH = 300
_CLASSES_NAMED = 4


class TableImport(ImportDialog):
    """Shows a table and lets the user say what its columns are for; what is made of it comes out as a signal."""

    used = Signal(object, float, int)
    """The data set, the share to train on, the seed of the split."""
    header_changed = Signal(bool)
    """Whether the first line shall be read as the names of the columns: the table has to be read again."""

    def __init__(self, content: Content, data: Data, roles: Roles | None = None, parent: QWidget | None = None) -> None:
        """`data` gives the settings to begin with; `roles` what the columns were for before."""
        super().__init__(
            "table", self.tr("Open data"), self.tr("Use this data"), data, Table, _OWN, _FORM_WIDTH, parent
        )
        self._content = content
        self._table: Table | None = None
        self._build()
        head = QHBoxLayout()
        head.setSpacing(theme.SPACING)
        head.addWidget(self.title, 1)
        head.addWidget(self.header)
        self.lay_out(head, self.columns, self.preview, (3, 2))
        self.set_content(content, roles)
        self.resize(SIZE)

    # --- parts -----------------------------------------------------------------------------------------------------

    def _build(self) -> None:
        self.title = ElidedLabel()
        self.title.setObjectName("table.title")
        self.header = QCheckBox(self.tr("The first line holds names"))
        self.header.setObjectName("table.header")
        self.header.setAccessibleName(self.header.text())
        self.header.clicked.connect(self.header_changed)
        self.columns = ColumnList("table.columns")
        self.columns.roles_changed.connect(self._check)
        self.columns.currentCellChanged.connect(lambda row, *_: self._show_column(row))
        self._model = _Preview(self)
        self.preview = QTableView()
        self.preview.setObjectName("table.preview")
        self.preview.setAccessibleName(self.tr("The first rows"))
        self.preview.setModel(self._model)
        self.preview.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.preview.setTabKeyNavigation(False)
        self.preview.setWordWrap(False)
        self.preview.verticalHeader().hide()
        self.preview.verticalHeader().setDefaultSectionSize(22)
        self.preview.horizontalHeader().setDefaultSectionSize(84)
        self.preview.horizontalHeader().setHighlightSections(False)
        self.preview.horizontalHeader().setSectionsClickable(False)

    # --- values in -------------------------------------------------------------------------------------------------

    def set_content(self, content: Content, roles: Roles | None = None) -> None:
        """Show a table, as it was read anew; emits nothing."""
        self._content = content
        locale = QLocale()
        text = self.tr("{file} — {rows} rows, {columns} columns")
        self.title.setText(
            text.format(
                file=content.path,
                rows=locale.toString(content.rows),
                columns=locale.toString(len(content.columns)),
            )
        )
        self.header.setChecked(content.header)
        self.header.setVisible(not content.path.lower().endswith(".npz"))
        self.columns.set_content(content, roles)
        self._model.set_content(content)
        self._check()
        settings = [part for control in self.form.chain() for part in _reached(control)]
        for before, after in pairwise((self.header, self.columns, *settings, self.preview, self.use, self.cancel)):
            QWidget.setTabOrder(before, after)
        self.columns.order_tabs()

    def table(self) -> Table | None:
        """The data set as it is set now, or None while something is wrong."""
        return self._table

    # --- what the user does ----------------------------------------------------------------------------------------

    def setting_changed(self, name: str, finished: bool) -> None:
        """See what would be learnt from now."""
        self._check()

    def _check(self) -> None:
        """Say what would be learnt from, or what is wrong."""
        roles = self.columns.roles()
        self._model.set_roles(roles)
        chosen = {field.name: self.values[field.name] for field in _OWN}
        try:
            self._table = opened(self._content, roles, **chosen)
            if not self._table.sample_count:
                raise PlaygroundError("every row lacks a value; fill in missing values, or ignore columns with gaps")
            verdict = self._summary(self._table)
        except PlaygroundError as error:
            self._table = None
            verdict = say(error.sentence)
        numbers = self._table is not None and self._table.task == "regression"
        self.show_fields(("stratified",) if numbers else ())
        wrong = self._table is None
        self.show_verdict(verdict[:1].upper() + verdict[1:], "error" if wrong else "muted", not wrong)

    def _summary(self, table: Table) -> str:
        locale = QLocale()
        width, count = table.input_shape(())[0], table.sample_count
        left = self._content.rows - count
        if table.task == "classification":
            names = ", ".join(table.class_names[:_CLASSES_NAMED])
            more = ", …" if table.class_count > _CLASSES_NAMED else ""
            text = self.tr("{samples} samples: {inputs} inputs, {classes} classes ({names})")
            said = text.format(
                samples=locale.toString(count),
                inputs=locale.toString(width),
                classes=locale.toString(table.class_count),
                names=names + more,
            )
        else:
            text = self.tr("{samples} samples: {inputs} inputs, a number to learn ({target})")
            said = text.format(samples=locale.toString(count), inputs=locale.toString(width), target=table.target)
        if left:
            said += self.tr("; {left} rows are left out for a missing value").format(left=locale.toString(left))
        return said

    def _show_column(self, row: int) -> None:
        if row >= 0:
            self.preview.scrollTo(self._model.index(0, row))

    def accept_data(self) -> None:
        """Say what shall be learnt from."""
        if self._table is not None:
            self.used.emit(self._table, *self.split_settings())
            self.accept()


class _Preview(QAbstractTableModel):
    """The first rows as they are written in the file; what is ignored is faint, the target stands out."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._content: Content | None = None
        self._roles = Roles((), "", ())

    def set_content(self, content: Content) -> None:
        """Show another table."""
        self.beginResetModel()
        self._content = content
        self.endResetModel()

    def set_roles(self, roles: Roles) -> None:
        """Show what the columns are for."""
        self._roles = roles
        if self.rowCount():
            last = self.index(self.rowCount() - 1, self.columnCount() - 1)
            self.dataChanged.emit(self.index(0, 0), last, [Qt.ItemDataRole.ForegroundRole])

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = QModelIndex()) -> int:  # noqa: B008
        """The rows that are shown."""
        return 0 if self._content is None else len(self._content.preview)

    def columnCount(self, parent: QModelIndex | QPersistentModelIndex = QModelIndex()) -> int:  # noqa: B008
        """The columns of the table."""
        return 0 if self._content is None else len(self._content.columns)

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """A cell's text, and its colour by what its column is for."""
        assert self._content is not None
        if role == Qt.ItemDataRole.DisplayRole:
            return self._content.preview[index.row()][index.column()]
        if role == Qt.ItemDataRole.ForegroundRole:
            name, current = self._content.columns[index.column()].name, theme.current()
            if name == self._roles.target:
                return QColor(current.accent)
            return QColor(current.text if name in self._roles.inputs else current.muted)
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """The names of the columns."""
        if self._content is not None and orientation == Qt.Orientation.Horizontal:
            if role == Qt.ItemDataRole.DisplayRole:
                return self._content.columns[section].name
            if role == Qt.ItemDataRole.TextAlignmentRole:
                return int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        return None


def _reached(control: QWidget) -> list[QWidget]:
    """What the key Tab stops at in a control: itself, or the parts it is made of."""
    parts = [control, *control.findChildren(QWidget)]
    found = [part for part in parts if part.focusPolicy() & Qt.FocusPolicy.TabFocus and part.focusProxy() is None]
    return found[:1]


def sample_content() -> Content:
    """A small table of every kind of column, for showing the widgets alone."""
    import numpy as np

    rng = np.random.default_rng(1)
    age, height = rng.normal(40, 12, 200).round(), rng.normal(1.72, 0.1, 200).round(2)
    age[::17] = np.nan
    colour, answer = rng.integers(0, 3, 200), rng.integers(0, 2, 200)
    columns = (
        Column("id", np.arange(200.0)),
        Column("age", age, missing=int(np.isnan(age).sum())),
        Column("height", height),
        Column("colour", None, colour.astype(np.int32), ("red", "green", "blue"), first_text=(2, "red")),
        Column("smokes", None, answer.astype(np.int32), ("no", "yes"), first_text=(2, "no")),
    )
    preview = tuple(
        (
            str(row),
            "" if np.isnan(age[row]) else f"{age[row]:.0f}",
            str(height[row]),
            columns[3].texts[colour[row]],
            columns[4].texts[answer[row]],
        )
        for row in range(100)
    )
    return Content("people.csv", columns, 200, preview, (1, 1, "0" * 64))


def _sample() -> QWidget:
    from engine.catalog.registry import entries

    return TableImport(sample_content(), Data(entries("datasets")["circle"]()))


if __name__ == "__main__":
    theme.demo(_sample)
