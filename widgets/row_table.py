"""A table whose rows are read and set one by one: no grid, nothing to type into, a head that only names."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractItemView, QTableWidget, QWidget


class RowTable(QTableWidget):
    """Rows of one height under headings; controls in cells are reached with Tab."""

    def __init__(
        self, object_name: str, name: str, headings: Sequence[str], row_height: int, parent: QWidget | None = None
    ) -> None:
        """`name` is what screen readers call it."""
        super().__init__(0, len(headings), parent)
        self.setObjectName(object_name)
        self.setAccessibleName(name)
        self.setHorizontalHeaderLabels(list(headings))
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setTabKeyNavigation(False)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(row_height)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionsClickable(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)


def _sample() -> QWidget:
    from PySide6.QtWidgets import QTableWidgetItem

    table = RowTable("sample.rows", "Sample", ["column", "kind"], 28)
    table.insertRow(0)
    for place, text in enumerate(("petal length", "number")):
        table.setItem(0, place, QTableWidgetItem(text))
    table.resize(320, 160)
    return table


if __name__ == "__main__":
    from widgets import theme

    theme.demo(_sample)
