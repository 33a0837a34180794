"""The answer under the pointer, while the network trains as fast as it goes."""

from __future__ import annotations

from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from engine.probes.decision import Decision
from playground.window import MainWindow
from tests.windows import PATIENCE


def asks_for_numbers(window: MainWindow) -> list[bool]:
    return [probe.values for probe in window.views.live._probes() if isinstance(probe, Decision)]


def test_numbers_are_sent_at_rest_and_while_the_pointer_asks_for_one(window: MainWindow, qtbot: QtBot) -> None:
    answers_map = window.output.map
    QTest.mouseMove(window.output.legend)
    qtbot.waitUntil(lambda: answers_map.probe() is None)
    assert asks_for_numbers(window) == [True]
    window.session.play()
    qtbot.waitUntil(lambda: asks_for_numbers(window) == [False], timeout=PATIENCE)
    QTest.mouseMove(answers_map, answers_map.map_rect().center().toPoint())
    qtbot.waitUntil(lambda: "→" in window.output.read_out(), timeout=PATIENCE)
    qtbot.waitUntil(lambda: asks_for_numbers(window) == [True], timeout=PATIENCE)
    QTest.mouseMove(window.output.legend)
    qtbot.waitUntil(lambda: asks_for_numbers(window) == [False], timeout=PATIENCE)
    window.session.pause()
    QTest.mouseMove(answers_map, answers_map.map_rect().center().toPoint())
    qtbot.waitUntil(lambda: "→" in window.output.read_out(), timeout=PATIENCE)
