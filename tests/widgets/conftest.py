"""What tests of widgets share."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QLocale, QPoint
from PySide6.QtGui import QCursor
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from widgets import theme as themes

Show = Callable[[QWidget, int, int], None]


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """Numbers are written as in the United States."""
    before = QLocale()
    QLocale.setDefault(QLocale(QLocale.Language.English, QLocale.Country.UnitedStates))
    yield
    QLocale.setDefault(before)


@pytest.fixture
def show(qtbot: QtBot, theme: themes.Theme) -> Show:
    """Shows a widget in a size, in both themes; it goes with the test."""

    def shown(widget: QWidget, width: int, height: int) -> None:
        qtbot.addWidget(widget)
        widget.resize(width, height)
        QCursor.setPos(widget.mapToGlobal(QPoint(2 * width, 2 * height)))  # where a test before left it, it would hover
        widget.show()

    return shown
