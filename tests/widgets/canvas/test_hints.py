"""What is listed is what the keys do."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent
from PySide6.QtGui import QKeyEvent, QKeySequence

from tests.widgets.canvas.driving import Show
from widgets.canvas.hints import ALL, KEYS
from widgets.canvas.sample import chain


@pytest.mark.parametrize("key", [key for hint in KEYS for key in hint.keys])
def test_each_key_that_is_listed_does_something(show: Show, key: str) -> None:
    canvas = show(chain([4, 1]))
    canvas.select(frozenset({"dense_1"}), None)
    canvas.keyboard.set_node("dense_1")
    pressed = QKeySequence(key)[0]
    event = QKeyEvent(QEvent.Type.KeyPress, pressed.key(), pressed.keyboardModifiers(), key if len(key) == 1 else "")
    assert canvas.keyboard.press(event)


def test_every_hint_says_how() -> None:
    assert all(hint.words and (hint.keys or hint.said) for hint in ALL)
    assert len({hint.words for hint in ALL}) == len(ALL)
