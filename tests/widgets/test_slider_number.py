"""A slider with a field beside it: both show one number."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from engine.catalog.registry import Range
from widgets.slider_number import SliderNumber
from widgets.theme import Theme

RANGES = [
    Range(1e-6, 10.0, logarithmic=True),
    Range(0.0, 1.0, 0.01),
    Range(-10.0, 10.0, 0.1),
    Range(0.0, 1e6, 1),
    Range(0.0, 5.0),
]


@pytest.fixture
def make(qtbot: QtBot, theme: Theme) -> Any:
    def build(limits: Range, value: float, integer: bool = False) -> Any:
        number: Any = SliderNumber("rate", limits, "rate", integer=integer)
        qtbot.addWidget(number)
        number.set_value(value)
        number.heard = []
        number.value_committed.connect(number.heard.append)
        with qtbot.waitExposed(number):
            number.show()
        return number

    return build


@pytest.mark.parametrize("limits", RANGES)
def test_both_ends_can_be_reached_and_every_position_is_allowed(limits: Range, make: Any) -> None:
    number = make(limits, limits.low)
    for key, end in ((Qt.Key.Key_End, limits.high), (Qt.Key.Key_Home, limits.low)):
        QTest.keyClick(number.slider, key)
        assert number.number() == pytest.approx(end)
    for position in range(0, number.slider.maximum() + 1, 7):
        number.slider.setValue(position)
        limits.check("rate", number.number())
        assert abs(number._position_of(number.number()) - position) <= 1 or limits.logarithmic


def test_a_value_between_the_positions_is_shown_as_it_is(make: Any) -> None:
    number = make(Range(1e-6, 10.0, logarithmic=True), 0.0314159)
    assert number.number() == 0.0314159 and number.heard == []
    number.set_value(1 / 3)
    assert number.number() == 1 / 3


def test_typing_moves_the_slider_and_is_given_on_once(make: Any) -> None:
    number = make(Range(0.0, 1.0, 0.01), 0.5)
    before = number.slider.value()
    number.field.selectAll()
    QTest.keyClicks(number.field, "0.75")
    QTest.keyClick(number.field, Qt.Key.Key_Return)
    assert number.heard == [0.75] and number.slider.value() > before


def test_whole_numbers_stay_whole(make: Any) -> None:
    number = make(Range(1, 1_000_000, 1), 5, integer=True)
    QTest.keyClick(number.slider, Qt.Key.Key_Right)
    assert type(number.number()) is int and number.heard == [number.number()]
