"""The chosen sample and how strongly each class is answered."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.widgets.conftest import Show
from widgets.image_answer import ImageAnswer
from widgets.image_bars import ClassBars
from widgets.theme import Theme


def answer(scores: list[float], truth: int | None, shares: bool = True, image: Any = None) -> dict[str, Any]:
    values = np.array(scores, np.float32)
    pixels = np.array([[[0, 255], [128, 7]]], np.uint8) if image is None else image
    return {
        "image": pixels,
        "scores": values,
        "range": np.array([0, 1] if shares else [-1, 1], np.float32),
        "shares": np.array([shares]),
        "answer": np.array([values.argmax()]),
        "truth": np.array([] if truth is None else [truth], np.int64),
    }


@pytest.fixture
def view(show: Show) -> ImageAnswer:
    made = ImageAnswer()
    made.set_class_names(("cat", "dog", "ship"))
    made.set_samples(100, 150)
    made.set_sample(120)
    show(made, 304, 300)
    return made


def record(view: ImageAnswer) -> list[int]:
    heard: list[int] = []
    view.sample_chosen.connect(heard.append)
    return heard


def turn(view: ImageAnswer, angle: int) -> None:
    place = QPointF(view.picture.rect().center())
    event = QWheelEvent(
        place,
        view.picture.mapToGlobal(place),
        QPoint(),
        QPoint(0, angle),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(view.picture, event)


def test_right_wrong_and_drawn_are_said_in_words_and_signs(view: ImageAnswer) -> None:
    assert view.empty.isVisible()
    view.set_answer(answer([0.1, 0.7, 0.2], 1))
    assert view.verdict.text() == "dog: answered right (70.0 %)" and view.bars.sign(1) == "check"
    view.set_answer(answer([0.1, 0.7, 0.2], 2))
    assert view.verdict.text() == "ship: answered as dog (70.0 %)"
    assert [view.bars.sign(number) for number in range(3)] == ["", "close", "check"]
    view.set_answer(answer([0.1, 0.7, 0.2], None))
    assert view.verdict.text() == "drawn: answered as dog (70.0 %)"
    assert [view.bars.sign(number) for number in range(3)] == ["", "", ""]
    view.set_answer(answer([-0.4, -0.1, -0.9], 1, shares=False))
    assert view.verdict.text() == "dog: answered right (−0.10)"
    view.set_answer({})
    assert view.empty.isVisible()
    view.set_answer(answer([0.5, 0.5], 1))
    assert view.empty.isVisible(), "an answer about other classes is on its way out"


def test_pixels_are_squares_of_one_size(view: ImageAnswer) -> None:
    view.set_answer(answer([0.1, 0.7, 0.2], 1))
    place, shown = view.picture.place(), view.picture.grab().toImage()
    ratio = shown.devicePixelRatio()
    assert place.width() == place.height() and place.width() * ratio % 2 == 0
    half = int(place.width() * ratio / 2)
    left, top = int(place.left() * ratio), int(place.top() * ratio)
    for (row, column), value in (((0, 0), 0), ((0, 1), 255), ((1, 0), 128), ((1, 1), 7)):
        for offset in (2, half // 2, half - 3):
            pixel = shown.pixelColor(left + column * half + offset, top + row * half + offset)
            assert pixel == QColor(value, value, value)


def test_bars_are_as_long_as_the_scores(view: ImageAnswer, theme: Theme) -> None:
    view.set_answer(answer([0.0, 1.0, 0.5], 2))
    shown = view.bars.grab().toImage()
    ratio = shown.devicePixelRatio()

    def at(number: int, share: float) -> str:
        bar = view.bars.bar(number)
        return shown.pixelColor(int((bar.left() + share * bar.width()) * ratio), int(bar.center().y() * ratio)).name()

    assert at(1, 0.1) == at(1, 0.9) == theme.accent
    assert at(0, 0.5) == at(2, 0.6) == theme.raised and at(2, 0.4) == theme.muted


def test_where_rows_are_short_the_strongest_and_the_true_class_stay(show: Show) -> None:
    bars = ClassBars("bars")
    bars.set_class_names([f"class {number}" for number in range(100)])
    show(bars, 200, 64)
    scores = np.linspace(0, 1, 100).astype(np.float32)
    bars.set_scores(scores, (0.0, 1.0), True, 99, 3)
    assert bars.rows() == [99, 98, 97, 96, 3]
    bars.set_scores(scores, (0.0, 1.0), True, 99, 98)
    assert bars.rows() == [99, 98, 97, 96, 95]


def test_keys_and_wheel_step_within_the_part(view: ImageAnswer) -> None:
    view.set_answer(answer([0.1, 0.7, 0.2], 1))
    heard = record(view)
    view.picture.setFocus()
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Left, Qt.Key.Key_Left, Qt.Key.Key_PageDown):
        QTest.keyClick(view.picture, key)
    assert heard == [121, 120, 119, 129]
    turn(view, -120)
    turn(view, 60)
    turn(view, 60)
    assert heard[4:] == [130, 129]
    view.set_sample(149)
    QTest.keyClick(view.picture, Qt.Key.Key_Right)
    view.set_sample(100)
    QTest.keyClick(view.picture, Qt.Key.Key_Left)
    assert len(heard) == 6, "the ends are ends"


def test_the_number_counts_within_the_part(view: ImageAnswer, qtbot: QtBot) -> None:
    heard = record(view)
    assert view.number.number() == 21 and view.number_of() == (21, 50)
    view.number.setFocus()
    view.number.selectAll()
    QTest.keyClicks(view.number, "50")
    QTest.keyClick(view.number, Qt.Key.Key_Return)
    qtbot.mouseClick(view.part.button("train"), Qt.MouseButton.LeftButton)
    assert heard == [149, 0]
    assert view.number_of() == (1, 100) and view.ends() == (0, 100)
    view.set_samples(30, 30)
    assert not view.part.button("test").isEnabled()


def test_the_next_wrong_answer_is_asked_for(view: ImageAnswer, qtbot: QtBot) -> None:
    asked: list[bool] = []
    view.wrong_wanted.connect(asked.append)
    qtbot.mouseClick(view.wrong, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(view.wrong, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ShiftModifier)
    assert asked == [False, True]
    view.set_searching(True)
    assert view.wrong.text() == "Searching…" and not view.wrong.isEnabled()
    view.set_searching(False)
    assert view.wrong.isEnabled()
