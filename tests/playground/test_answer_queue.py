"""Answers on their way to the views: a turn for each view, what is newer in place of what waits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QObject, QTimer
from pytestqt.qtbot import QtBot

from engine.probes.curves import Curves
from engine.probes.metrics import Metrics
from engine.probes.probe import Arrays, Probe
from playground.answer_queue import AnswerQueue
from playground.view import View


class Screen(View):
    """Writes down what it is shown, and what that cost."""

    def __init__(self, name: str, log: list[Any]) -> None:
        QObject.__init__(self)
        self._name, self._log = name, log

    def take(self, probe: Probe, answer: Arrays) -> None:
        self._log.append((self._name, type(probe).__name__, int(answer["value"][0])))

    def answered(self, cost: float, seen: int) -> None:
        self._log.append((self._name, cost, seen))
        QTimer.singleShot(0, lambda: self._log.append("something else"))


def value(number: int) -> Arrays:
    return {"value": np.array([number])}


@pytest.fixture
def log() -> list[Any]:
    return []


def test_each_view_is_shown_its_answers_in_a_turn_of_its_own(qtbot: QtBot, log: list[Any]) -> None:
    queue, one, other = AnswerQueue(), Screen("one", log), Screen("other", log)
    queue.put(one, {Curves(): value(1), Metrics(): value(2)}, 0.5, 2)
    queue.put(other, {Curves(): value(3)}, 0.25, 2)
    assert not log and queue.holds(one) and queue.holds(other)
    with qtbot.waitSignal(queue.emptied):
        pass
    assert log[:4] == [("one", "Curves", 1), ("one", "Metrics", 2), ("one", 0.5, 2), "something else"]
    assert log[4:6] == [("other", "Curves", 3), ("other", 0.25, 2)]
    assert not queue.holds(one) and not queue.holds(other)


def test_what_is_newer_takes_the_place_of_what_waits(qtbot: QtBot, log: list[Any]) -> None:
    queue, one = AnswerQueue(), Screen("one", log)
    queue.put(one, {Curves(): value(1), Metrics(): value(2)}, 0.5, 1)
    with qtbot.waitSignal(queue.emptied):
        queue.put(one, {Metrics(): value(4)}, 0.25, 3)
    assert log[:3] == [("one", "Curves", 1), ("one", "Metrics", 4), ("one", 0.75, 3)]


def test_what_is_cleared_is_never_shown(qtbot: QtBot, log: list[Any]) -> None:
    queue, one, other = AnswerQueue(), Screen("one", log), Screen("other", log)
    queue.put(one, {Curves(): value(1)}, 0.5, 1)
    queue.clear()
    assert not queue.holds(one)
    with qtbot.waitSignal(queue.emptied):
        queue.put(other, {Curves(): value(2)}, 0.5, 1)
    assert [entry[0] for entry in log[:2]] == ["other", "other"]
