"""The answer under the pointer, while the network trains as fast as it goes."""

from __future__ import annotations

from time import perf_counter

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


def test_slow_frames_leave_neither_output_nor_canvas_out(window: MainWindow, qtbot: QtBot) -> None:
    """At ten frames a second the canvas is due in each of them, and Output as well."""
    window.session.play()
    qtbot.waitUntil(lambda: window.session.flat_out, timeout=PATIENCE)
    live = window.views.live
    for _ in range(4):
        asked = {type(probe).__name__ for probe in live._probes()}
        live._output_at = live._canvas_at = perf_counter() - 0.1
    assert {"Decision", "NeuronMaps"} <= asked


def test_fast_frames_take_turns(window: MainWindow, qtbot: QtBot) -> None:
    window.session.play()
    qtbot.waitUntil(lambda: window.session.flat_out, timeout=PATIENCE)
    live = window.views.live
    live._canvas_at, live._output_at = perf_counter() - 0.04, perf_counter() - 0.016
    assert not any(isinstance(probe, Decision) for probe in live._probes())
    live._canvas_at = perf_counter()
    assert any(isinstance(probe, Decision) for probe in live._probes())
