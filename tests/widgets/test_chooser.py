"""The list that a choice among entries opens: mouse, keys, search, preview."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QHelpEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolTip, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from engine.catalog.registry import entries
from widgets.choices import EntryCombo
from widgets.chooser import Chooser
from widgets.pictures import Context, draw
from widgets.theme import Theme

ACTIVATIONS = entries("activations")


class Desk:
    """A combo of activations on a page, with what it emitted."""

    def __init__(self, qtbot: QtBot, kind: str = "activations", name: str = "tanh") -> None:
        self.qtbot = qtbot
        self.page = QWidget()
        qtbot.addWidget(self.page)
        self.combo = EntryCombo(kind, "choice")
        self.combo.set_entry(entries(kind)[name]())
        self.heard: list[str] = []
        self.combo.chosen.connect(self.heard.append)
        column = QVBoxLayout(self.page)
        column.addWidget(self.combo)
        column.addStretch()
        self.page.resize(300, 200)
        with qtbot.waitExposed(self.page):
            self.page.show()
        self.page.activateWindow()
        qtbot.waitUntil(self.page.isActiveWindow)
        self.combo.setFocus()

    def open(self) -> Any:
        QTest.keyClick(self.combo, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
        self.qtbot.waitUntil(lambda: self.combo.chooser() is not None)
        chooser = self.combo.chooser()
        assert chooser is not None
        self.qtbot.waitUntil(chooser.isVisible)
        return chooser

    def closed(self) -> None:
        self.qtbot.waitUntil(lambda: self.combo.chooser() is None)


@pytest.fixture
def desk(qtbot: QtBot, theme: Theme) -> Any:
    made = Desk(qtbot)
    yield made
    if (chooser := made.combo.chooser()) is not None:
        chooser.close()


def test_it_opens_on_what_holds_with_every_entry(desk: Any) -> None:
    chooser = desk.open()
    assert chooser.list.names() == list(ACTIVATIONS)
    assert chooser.list.currentItem().text() == "tanh"
    assert chooser.preview.title.text() == "tanh"
    assert ACTIVATIONS["tanh"].description in chooser.preview.words.text()
    assert chooser.preview.pane.entry() == ACTIVATIONS["tanh"]()
    assert QApplication.focusWidget() is chooser.search


def test_a_click_opens_it_and_a_click_takes(desk: Any, qtbot: QtBot) -> None:
    qtbot.mouseClick(desk.combo, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: desk.combo.chooser() is not None)
    chooser = desk.combo.chooser()
    row = list(ACTIVATIONS).index("relu")
    place = chooser.list.visualItemRect(chooser.list.item(row)).center()
    qtbot.mouseClick(chooser.list.viewport(), Qt.MouseButton.LeftButton, pos=place)
    desk.closed()
    assert desk.heard == ["relu"]


def test_typing_searches_and_enter_takes_the_best(desk: Any) -> None:
    chooser = desk.open()
    QTest.keyClicks(chooser.search, "soft")
    assert set(chooser.list.names()) >= {"softmax", "softplus", "softsign"}
    assert "soft" in chooser.list.currentItem().text()
    QTest.keyClicks(chooser.search, "sign")
    assert chooser.list.names() == ["softsign"] and chooser.preview.title.text() == "softsign"
    QTest.keyClick(chooser.search, Qt.Key.Key_Return)
    desk.closed()
    assert desk.heard == ["softsign"]


def test_a_word_of_the_description_finds_too_but_names_come_first(desk: Any) -> None:
    chooser = desk.open()
    QTest.keyClicks(chooser.search, "relu")
    assert "relu" in chooser.list.currentItem().text().casefold()
    assert len(chooser.list.names()) > 5
    QTest.keyClicks(chooser.search, " xyzzy")
    assert chooser.list.names() == [] and not chooser.list.isVisible()
    QTest.keyClick(chooser.search, Qt.Key.Key_Return)
    assert desk.heard == [] and chooser.isVisible()


def test_arrows_walk_from_the_search_field_and_the_preview_follows(desk: Any) -> None:
    chooser = desk.open()
    names = list(ACTIVATIONS)
    here = names.index("tanh")
    QTest.keyClick(chooser.search, Qt.Key.Key_Down)
    QTest.keyClick(chooser.search, Qt.Key.Key_Down)
    assert chooser.preview.pane.entry().name == names[here + 2]
    assert desk.heard == []  # seen, not taken
    QTest.keyClick(chooser.search, Qt.Key.Key_Up)
    QTest.keyClick(chooser.search, Qt.Key.Key_Return)
    desk.closed()
    assert desk.heard == [names[here + 1]]


def test_hovering_shows_an_entry_large(desk: Any, qtbot: QtBot) -> None:
    chooser = desk.open()
    place = chooser.list.visualItemRect(chooser.list.item(3)).center()
    qtbot.mouseMove(chooser.list.viewport(), place + QPoint(1, 0))
    qtbot.mouseMove(chooser.list.viewport(), place)
    qtbot.waitUntil(lambda: chooser.preview.pane.entry().name == list(ACTIVATIONS)[3])


def test_escape_closes_and_takes_nothing(desk: Any) -> None:
    chooser = desk.open()
    QTest.keyClick(chooser.search, Qt.Key.Key_Down)
    QTest.keyClick(chooser.search, Qt.Key.Key_Escape)
    desk.closed()
    assert desk.heard == [] and desk.combo.currentData() == "tanh"


def test_letters_typed_in_the_list_search(desk: Any) -> None:
    chooser = desk.open()
    chooser.list.setFocus()
    QTest.keyClick(chooser.list, Qt.Key.Key_M)
    assert chooser.search.text() == "m" and QApplication.focusWidget() is chooser.search


def test_a_short_list_has_no_search_field(qtbot: QtBot, theme: Theme) -> None:
    desk = Desk(qtbot, "constraints", "none")
    chooser = desk.open()
    assert chooser.search.isHidden() and QApplication.focusWidget() is chooser.list
    QTest.keyClick(chooser.list, Qt.Key.Key_Down)
    QTest.keyClick(chooser.list, Qt.Key.Key_Return)
    desk.closed()
    assert desk.heard == [list(entries("constraints"))[1]]


def test_the_preview_is_for_this_card(qtbot: QtBot, theme: Theme) -> None:
    desk = Desk(qtbot, "initializers", "glorot_uniform")
    context = Context(fan_in=50, fan_out=50)
    desk.combo.set_context(lambda: context)
    chooser = desk.open()
    shown = chooser.preview.pane.picture.drawing()
    assert shown is draw(entries("initializers")["glorot_uniform"](), context)
    chooser.close()
    desk.closed()


def test_it_stays_on_the_screen(qtbot: QtBot, theme: Theme) -> None:
    desk = Desk(qtbot)
    screen = desk.page.screen().availableGeometry()
    for x, y in ((screen.right() - 300, 40), (10, screen.bottom() - 60)):
        desk.page.move(x, y)
        chooser = desk.open()
        assert screen.contains(chooser.geometry().adjusted(1, 1, -1, -1))
        chooser.close()
        desk.closed()


def test_the_same_settings_are_shown_for_what_holds(qtbot: QtBot, theme: Theme) -> None:
    leaky = ACTIVATIONS["leaky_relu"](negative_slope=0.4)
    chooser = Chooser(leaky, Context(), "list")
    qtbot.addWidget(chooser)
    assert chooser.preview.pane.entry() == leaky


def test_the_tip_of_the_field_is_the_picture_of_its_choice(desk: Any, qtbot: QtBot) -> None:
    place = desk.combo.rect().center()
    QApplication.sendEvent(desk.combo, QHelpEvent(QEvent.Type.ToolTip, place, desk.combo.mapToGlobal(place)))
    qtbot.waitUntil(lambda: "data:image/png" in QToolTip.text())
    assert ACTIVATIONS["tanh"].reference in QToolTip.text()
    QToolTip.hideText()


def test_words_that_do_not_fit_beside_their_picture_stand_alone(qtbot: QtBot, theme: Theme) -> None:
    desk = Desk(qtbot, "initializers", "tensorflow_playground")
    combo = desk.combo
    wide, words = combo.shown()
    assert wide is not None and words == "TensorFlow Playground"
    needed = combo.fontMetrics().horizontalAdvance(words)
    desk.page.resize(needed + 90, 200)
    qtbot.waitUntil(lambda: combo.width() < needed + 90)
    assert combo.shown() == (None, "TensorFlow Playground")
    desk.page.resize(needed, 200)
    qtbot.waitUntil(lambda: combo.width() < needed)
    alone, cut = combo.shown()
    assert alone is None and cut.endswith("…") and words.startswith(cut[:-1])
