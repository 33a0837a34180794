"""Text that is typed by rules: what is said while typing, what is kept, what is given on."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from engine.catalog.registry import entries
from widgets.form import EntryForm, with_field
from widgets.text_field import TextField
from widgets.theme import Theme


@pytest.fixture
def desk(qtbot: QtBot, theme: Theme) -> Any:
    page = QWidget()
    qtbot.addWidget(page)
    column = QVBoxLayout(page)
    field = TextField(lambda text: "" if text.isdigit() else "digits only", "123", "text")
    field.set_value("1")
    other = QLineEdit()
    column.addWidget(field)
    column.addWidget(other)
    with qtbot.waitExposed(page):
        page.show()
    page.activateWindow()
    qtbot.waitUntil(page.isActiveWindow)
    field.setFocus()
    field.heard = []
    field.value_committed.connect(field.heard.append)
    field.said = []
    field.typed.connect(lambda text, wrong: field.said.append((text, wrong)))
    field.other = other
    yield field


def test_every_key_is_checked_and_enter_gives_on_what_holds(desk: Any) -> None:
    QTest.keyClicks(desk, "2x")
    assert desk.said == [("12", ""), ("12x", "digits only")]
    assert desk.property("invalid") and desk.heard == []
    QTest.keyClick(desk, Qt.Key.Key_Return)
    assert desk.heard == [] and desk.text() == "12x"
    QTest.keyClick(desk, Qt.Key.Key_Backspace)
    assert not desk.property("invalid")
    QTest.keyClick(desk, Qt.Key.Key_Return)
    assert desk.heard == ["12"] and desk.value() == "12"


def test_what_was_typed_stays_when_the_focus_leaves(desk: Any) -> None:
    QTest.keyClicks(desk, "?")
    desk.other.setFocus()
    assert desk.text() == "1?" and desk.heard == [] and desk.value() == "1"
    desk.set_value("1")  # a refresh with the value that holds
    assert desk.text() == "1?"
    desk.set_value("7")  # another value, from elsewhere
    assert desk.text() == "7" and not desk.property("invalid")


def test_leaving_gives_on_what_holds_and_escape_brings_back(desk: Any) -> None:
    QTest.keyClicks(desk, "5")
    desk.other.setFocus()
    assert desk.heard == ["15"]
    desk.setFocus()
    QTest.keyClicks(desk, "!")
    QTest.keyClick(desk, Qt.Key.Key_Escape)
    assert desk.text() == "15" and not desk.property("invalid") and desk.heard == ["15"]


def test_a_form_says_the_sentence_under_the_field_and_shows_what_a_good_text_would_do(
    qtbot: QtBot, theme: Theme
) -> None:
    form = EntryForm("training")
    qtbot.addWidget(form)

    class Holder:
        entry: Any = entries("schedules")["piecewise"]()

    form.set_entry(Holder.entry)
    changes: list[Any] = []
    form.changed.connect(lambda path, value, _: changes.append((path, value)))
    with qtbot.waitExposed(form):
        form.show()
    form.activateWindow()
    qtbot.waitUntil(form.isActiveWindow)
    field: Any = form.control("pieces")
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, "5: 0.5, 15")
    assert form.error_text("pieces") and field.text() == "5: 0.5, 15" and changes == []
    form.set_entry(Holder.entry)
    assert field.text() == "5: 0.5, 15" and field.hasFocus()
    QTest.keyClicks(field, ": 0.1")
    assert form.error_text("pieces") == ""
    QTest.keyClick(field, Qt.Key.Key_Return)
    wanted = with_field(Holder.entry, ("pieces",), "5: 0.5, 15: 0.1")
    assert changes == ([] if wanted == Holder.entry else [(("pieces",), "5: 0.5, 15: 0.1")])
