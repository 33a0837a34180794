"""The whole window while its training process is killed and frozen: the run goes on, and the window answers."""

from __future__ import annotations

import math
import os
import signal
from collections.abc import Callable, Iterator
from time import perf_counter

import psutil
import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.worker.messages import Frame
from playground.app import create_window
from playground.window import MainWindow
from playground.worker_client import WorkerClient
from tests.windows import PATIENCE, step

KILLS = 20
OLDEST_SECONDS = 2.0
"""How much training a lost process may take with it."""
LARGEST_GAP_SECONDS = 1.0
"""How long the window may not answer; generous, because the machine of a test is shared."""
LEARNT, TOLERANCE = 0.05, 0.02
"""Training loss that the example "circle" starts far above and soon reaches, and how far it may go up again."""


class Watcher:
    """A window in front of its training process, and a record of what reached it and when."""

    def __init__(self, window: MainWindow, qtbot: QtBot) -> None:
        self.window, self._qtbot = window, qtbot
        client = window.findChild(WorkerClient)
        assert client is not None
        self.client: WorkerClient = client
        self.shown: list[tuple[float, int, float]] = []
        """Time, step and training loss of every frame."""
        self.losses: dict[int, float] = {}
        """Training loss by step."""
        self.restarts: list[tuple[float, int, float]] = []
        """Time, step that the run goes on from, age that is told to the user."""
        self.lost: list[tuple[float, str]] = []
        self.processes = {client.process_id}
        self._turns: list[float] = []
        window.session.framed.connect(self._note_frame)
        client.restarted.connect(self._note_restart)
        client.lost.connect(lambda reason: self.lost.append((perf_counter(), reason)))
        self._clock = QTimer(window)
        self._clock.setTimerType(Qt.TimerType.PreciseTimer)
        self._clock.setInterval(5)
        self._clock.timeout.connect(lambda: self._turns.append(perf_counter()))
        self._clock.start()

    def _note_frame(self, frame: Frame) -> None:
        status = frame.status
        self.shown.append((perf_counter(), status.step, status.evaluation.train_loss))
        self.losses[status.step] = status.evaluation.train_loss

    def _note_restart(self, from_step: int, age: float) -> None:
        self.restarts.append((perf_counter(), from_step, age))
        self.processes.add(self.client.process_id)

    def until(self, condition: Callable[[], bool]) -> None:
        self._qtbot.waitUntil(condition, timeout=PATIENCE)

    @property
    def largest_gap(self) -> float:
        """The longest time in seconds that the event loop did not turn."""
        return max(late - early for early, late in zip(self._turns, self._turns[1:], strict=False))

    @property
    def rate(self) -> float:
        """The learning rate that the process uses."""
        status = self.window.session.status
        return math.nan if status is None else status.learning_rate

    def learn(self) -> None:
        """Train until the network knows something that would be missed."""
        self.window.session.play()
        self.until(
            lambda: (newest := self.client.snapshot) is not None and self.losses.get(newest.step, math.inf) < LEARNT
        )

    def set_rate(self, rate: float) -> None:
        """Change the learning rate as its field would."""
        self.window.controller.set_training_field("optimizer", ("learning_rate",), rate, True)

    def send(self, number: signal.Signals) -> float:
        """Signal the process; returns when."""
        os.kill(self.client.process_id, number)
        return perf_counter()

    def goes_on(self, before: int) -> None:
        """Wait until the run is further than it had been seen."""
        self.until(lambda: step(self.window) > before)

    def lost_seconds(self, at: float) -> float:
        """How long before a moment the state that the newest restart goes on from had been shown.

        Found from what was shown, and not from what the program says about itself.
        """
        _, resumed, _ = self.restarts[-1]
        since = self.restarts[-2][0] if len(self.restarts) > 1 else 0.0  # one process went through these steps once
        later = [time for time, shown, _ in self.shown if since < time <= at and shown > resumed]
        return at - later[0] if later else 0.0


@pytest.fixture
def watcher(qapp: QApplication, qtbot: QtBot) -> Iterator[Watcher]:
    """The example "circle" in a window of its own, its process on the way."""
    window = create_window("circle", theme="dark")
    window.show()
    window.curves.show()
    yield Watcher(window, qtbot)
    window.close_without_asking()
    window.deleteLater()


@pytest.mark.long
def test_twenty_kills_are_twenty_restarts(watcher: Watcher, capsys: pytest.CaptureFixture[str]) -> None:
    window = watcher.window
    watcher.learn()
    ages, losts = [], []
    for kill in range(1, KILLS + 1):
        rate = 0.03 + kill / 1000
        if kill % 2:  # one edit on its way to a process that dies, the next while there is none
            watcher.set_rate(rate)
        killed = watcher.client.process_id
        at = watcher.send(signal.SIGKILL)
        watcher.until(lambda: len(watcher.restarts) == kill)  # noqa: B023
        if not kill % 2:
            watcher.set_rate(rate)
        assert watcher.client.process_id != killed
        reached = step(window)  # only now: a frame may have been on its way when the process died
        _, resumed, age = watcher.restarts[-1]
        ages.append(age)
        losts.append(watcher.lost_seconds(at))
        assert 0 < resumed <= reached
        assert ages[-1] < OLDEST_SECONDS
        assert losts[-1] < OLDEST_SECONDS

        count = len(watcher.shown)
        watcher.until(lambda: len(watcher.shown) > count)  # noqa: B023
        _, first, loss = watcher.shown[count]
        assert first >= resumed
        # It goes on with what it had learnt, not only with the number of the step.
        assert loss < watcher.losses[resumed] + TOLERANCE < LEARNT + 2 * TOLERANCE
        watcher.until(lambda: watcher.rate == pytest.approx(rate))  # noqa: B023
        watcher.goes_on(reached)
        assert window.session.running
        # From nothing to more than a second, so that snapshots of every age are met.
        rest = perf_counter() + (kill % 5) * 0.35
        watcher.until(lambda: perf_counter() > rest)  # noqa: B023

    assert len(watcher.restarts) == len(watcher.lost) == KILLS
    assert len(watcher.processes) == KILLS + 1
    assert window.isVisible() and window.status.isVisible()
    gap = watcher.largest_gap
    with capsys.disabled():
        print(
            f"\n{KILLS} kills: oldest snapshot {max(ages):.2f} s, most training lost {max(losts):.2f} s, "
            f"largest gap of the event loop {1000 * gap:.0f} ms"
        )
    assert gap < LARGEST_GAP_SECONDS
    told = [message.text for message in window.messages.messages()]
    assert sum("signal 9" in text for text in told) == sum("started again" in text for text in told) == KILLS

    window.close_without_asking()
    assert not any(psutil.pid_exists(process) for process in watcher.processes)


@pytest.mark.long
def test_a_process_that_hangs_is_replaced(watcher: Watcher, capsys: pytest.CaptureFixture[str]) -> None:
    window = watcher.window
    watcher.learn()
    frozen = watcher.client.process_id
    at = watcher.send(signal.SIGSTOP)
    watcher.until(lambda: bool(watcher.lost))
    assert watcher.lost[0][1] == "the engine is not responding"
    assert window.session.engine == "lost"
    watcher.set_rate(0.04)
    watcher.until(lambda: bool(watcher.restarts))
    reached = step(window)  # only now: a frame may have been on its way when the process was stopped
    noticed, replaced = watcher.lost[0][0] - at, watcher.restarts[0][0] - at
    assert not psutil.pid_exists(frozen)
    assert 0 < watcher.restarts[0][1] <= reached
    assert watcher.lost_seconds(at) < OLDEST_SECONDS
    watcher.goes_on(reached)
    assert window.session.running and window.session.engine == "ready"
    assert watcher.rate == pytest.approx(0.04)
    gap = watcher.largest_gap
    with capsys.disabled():
        print(
            f"\na hang: noticed after {noticed:.1f} s, replaced after {replaced:.1f} s, "
            f"largest gap of the event loop {1000 * gap:.0f} ms"
        )
    assert gap < LARGEST_GAP_SECONDS


def test_what_is_changed_while_there_is_no_process_is_kept(watcher: Watcher) -> None:
    window, client = watcher.window, watcher.client
    watcher.until(lambda: client.snapshot is not None)
    watcher.send(signal.SIGKILL)
    watcher.set_rate(0.04)
    window.session.set_parameter("dense_3.bias", (0,), 0.25)
    watcher.until(lambda: len(watcher.restarts) == 1)
    window.session.set_parameter("dense_2.bias", (1,), -0.5)
    watcher.until(
        lambda: (
            (newest := client.snapshot) is not None
            and (newest.weights["dense_3.bias"][0], newest.weights["dense_2.bias"][1]) == (0.25, -0.5)
        )
    )
    assert watcher.rate == pytest.approx(0.04)
    assert step(window) == 0 and not window.session.running

    window.session.step("batch")
    watcher.until(lambda: client.snapshot is not None and client.snapshot.step == 1)
    trained = client.snapshot
    assert trained is not None and trained.weights["dense_3.bias"][0] != 0.25
    watcher.send(signal.SIGKILL)
    watcher.until(lambda: len(watcher.restarts) == 2)
    count = len(watcher.shown)
    watcher.until(lambda: len(watcher.shown) > count and client.snapshot is not trained)
    # What a snapshot holds already is not set a second time.
    assert client.snapshot.weights["dense_3.bias"][0] == trained.weights["dense_3.bias"][0]


def test_a_process_that_responds_again_is_not_shown_as_lost(watcher: Watcher) -> None:
    window = watcher.window
    watcher.until(lambda: watcher.client.snapshot is not None)
    watcher.send(signal.SIGSTOP)
    watcher.until(lambda: window.session.engine == "lost")
    watcher.send(signal.SIGCONT)
    watcher.until(lambda: window.session.engine == "ready")
    assert not watcher.restarts
