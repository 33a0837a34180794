"""Shows every picture there is: `python -m widgets.pictures`."""

from __future__ import annotations

from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from engine.catalog.registry import defaults
from widgets import theme
from widgets.pictures import KINDS, Context
from widgets.pictures.view import PicturePane

_COLUMNS = 5


def _gallery() -> QWidget:
    page = QWidget()
    column = QVBoxLayout(page)
    column.setSpacing(theme.SPACING)
    for kind in KINDS:
        column.addWidget(QLabel(theme.translate_catalog(kind)))
        grid = QGridLayout()
        grid.setSpacing(theme.MARGIN)
        column.addLayout(grid)
        for number, entry in enumerate(defaults(kind)):
            cell = QVBoxLayout()
            cell.setSpacing(theme.UNIT)
            name = QLabel(theme.translate_catalog(entry.label))
            name.setProperty("class", "title")
            pane = PicturePane(f"gallery.{kind}.{entry.name}")
            pane.set_entry(entry, Context(epoch=37.0))
            cell.addWidget(name)
            cell.addWidget(pane)
            cell.addStretch(1)
            grid.addLayout(cell, number // _COLUMNS, number % _COLUMNS)
    scroll = QScrollArea()
    scroll.setWidgetResizable(True)
    scroll.setFrameShape(QFrame.Shape.NoFrame)
    scroll.setWidget(page)
    scroll.resize(1300, 900)
    return scroll


if __name__ == "__main__":
    theme.demo(_gallery)
