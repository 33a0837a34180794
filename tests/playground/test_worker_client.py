"""The window's side of a real training process: pulled frames, and a new process for one that is lost."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import psutil
import pytest
from PySide6.QtCore import QTimer
from pytestqt.qtbot import QtBot

from engine.catalog.optimizers import SGD
from engine.document.errors import Sentence
from engine.document.examples import load_example
from engine.probes.curves import Curves
from engine.probes.decision import Decision
from engine.worker.messages import Failure, Frame, FrameRequest, Quit, Ready, Step
from engine.worker.serve import _beat
from playground.worker_client import EAGER_RESTARTS, WorkerClient
from playground.worker_process import WorkerProcess

CIRCLE = load_example("circle").document
SECONDS = 30_000
"""Milliseconds to wait at most: a new process imports PyTorch first."""


class Listener:
    """A client with what it said."""

    def __init__(self, client: WorkerClient) -> None:
        self.client = client
        self.frames: list[Frame] = []
        self.failures: list[Any] = []
        self.lost: list[str] = []
        self.restarted: list[tuple[int, float]] = []
        client.frame.connect(self.frames.append)
        client.failure.connect(self.failures.append)
        client.lost.connect(self.lost.append)
        client.restarted.connect(lambda step, age: self.restarted.append((step, age)))

    @property
    def step(self) -> int:
        return self.frames[-1].status.step if self.frames else -1

    @property
    def stands(self) -> bool:
        return bool(self.frames) and not self.frames[-1].status.running


@pytest.fixture
def listener(qtbot: QtBot) -> Iterator[Listener]:
    client = WorkerClient()
    yield Listener(client)
    client.stop()


def test_a_process_that_is_up_before_anyone_listens_still_tells_who_it_is(qtbot: QtBot) -> None:
    process, came = WorkerProcess(), threading.Event()
    process.listen(came.set)
    assert came.wait(SECONDS / 1000)
    client = WorkerClient(process)
    ready: list[Ready] = []
    client.ready.connect(ready.append)
    qtbot.waitUntil(lambda: client.is_ready, timeout=SECONDS)
    assert [one.process_id for one in ready] == [process.process_id]
    client.stop()


def test_a_run_is_loaded_played_paused_stepped_and_changed(qtbot: QtBot, listener: Listener) -> None:
    client = listener.client
    with qtbot.waitSignal(client.ready, timeout=SECONDS) as ready:
        client.set_probes((Decision(20), Curves()))
        run = client.load(CIRCLE)  # asked for before it is up: done as soon as it is
    assert ready.args is not None and ready.args[0].process_id == client.process_id != os.getpid()
    assert ready.args[0].versions["torch"] and client.is_ready
    qtbot.waitUntil(lambda: listener.step == 0, timeout=SECONDS)
    first = listener.frames[-1].answers[0]
    assert first is not None

    client.play()
    qtbot.waitUntil(lambda: listener.step > 1000, timeout=SECONDS)
    assert listener.frames[-1].status.running and client.running
    boundary = listener.frames[-1].answers[0]
    assert boundary is not None and not np.array_equal(first["image"], boundary["image"])
    numbers = [frame.number for frame in listener.frames]
    assert numbers == sorted(set(numbers)) and {frame.run for frame in listener.frames} == {run}

    client.pause()
    qtbot.waitUntil(lambda: listener.stands, timeout=SECONDS)
    step = listener.step
    assert client.snapshot is not None and not client.running

    for unit, taken in (("sample", 1), ("batch", 1)):
        client.step(unit)  # type: ignore[arg-type]
        step += taken
        qtbot.waitUntil(lambda: listener.step == step, timeout=SECONDS)  # noqa: B023
    epoch = listener.frames[-1].status.epoch
    client.step("epoch")
    qtbot.waitUntil(lambda: listener.frames[-1].status.epoch == epoch + 1, timeout=SECONDS)

    client.set_parameter("dense_3.bias", (0,), 1.5)
    qtbot.waitUntil(lambda: _bias(client) == 1.5, timeout=SECONDS)

    client.edit(CIRCLE.set_training(optimizer=SGD(learning_rate=0.5)))
    qtbot.waitUntil(lambda: listener.frames[-1].status.learning_rate == 0.5, timeout=SECONDS)
    client.edit(CIRCLE.set_field("dense_1", "units", 3))
    qtbot.waitUntil(lambda: bool(listener.failures), timeout=SECONDS)
    assert listener.failures[0].kind == "edit"

    client.play(5.0)
    start = listener.step
    qtbot.waitUntil(lambda: listener.step >= start + 2, timeout=SECONDS)
    again = client.load(CIRCLE)
    listener.frames.clear()
    qtbot.waitUntil(lambda: bool(listener.frames), timeout=SECONDS)
    assert again == run + 1 and {(frame.run, frame.status.step) for frame in listener.frames} == {(again, 0)}
    assert not listener.lost and not listener.restarted


def _bias(client: WorkerClient) -> float:
    return math.nan if client.snapshot is None else float(client.snapshot.weights["dense_3.bias"][0])


def test_without_automatic_the_window_asks_for_each_frame(qtbot: QtBot, listener: Listener) -> None:
    client = listener.client
    client.automatic = False
    client.load(CIRCLE)
    client.play()
    qtbot.waitUntil(lambda: listener.step > 0, timeout=SECONDS)
    count, step = len(listener.frames), listener.step
    client.frame_drawn()
    qtbot.waitUntil(lambda: len(listener.frames) > count, timeout=SECONDS)
    assert listener.step > step and len(listener.frames) == count + 1


def _kill_while_training(qtbot: QtBot, listener: Listener, kills: int) -> None:
    client = listener.client
    client.set_probes((Decision(50), Curves()))
    turns: list[float] = []
    timer = QTimer()
    timer.setInterval(10)
    timer.timeout.connect(lambda: turns.append(time.perf_counter()))
    timer.start()
    client.load(CIRCLE)
    client.play()
    qtbot.waitUntil(lambda: listener.step > 1000, timeout=SECONDS)
    for kill in range(1, kills + 1):
        killed = client.process_id
        os.kill(killed, signal.SIGKILL)
        at = time.perf_counter()
        qtbot.waitUntil(lambda: len(listener.restarted) == kill, timeout=SECONDS)  # noqa: B023
        assert time.perf_counter() - at < 1.0 and client.process_id != killed
        reached = listener.step  # only now: a frame may have been on its way when the process died
        step, age = listener.restarted[-1]
        assert 0 < step <= reached and age < 2.0
        qtbot.waitUntil(lambda: listener.step > reached, timeout=SECONDS)  # noqa: B023
        assert listener.frames[-1].status.running
    timer.stop()
    assert len(listener.lost) == kills and "signal 9" in listener.lost[0]
    assert max(np.diff(turns)) < 1.0  # the window answered throughout
    assert not listener.failures


def test_a_frame_from_before_a_step_does_not_stand_for_it(qtbot: QtBot, listener: Listener) -> None:
    """Its snapshot was on its way when the step was asked for: the one that holds the step is still waited for."""
    client = listener.client
    frames: list[Frame] = []
    client.frame.connect(lambda frame: frames.append(frame))
    client.load(CIRCLE)
    qtbot.waitUntil(lambda: client.snapshot is not None, timeout=SECONDS)
    late = next(frame for frame in reversed(frames) if frame.snapshot is not None)
    client.step("batch")
    client._take(late)
    client.set_probes((Curves(),))  # another request, which replaces the one before
    qtbot.waitUntil(lambda: (held := client.snapshot) is not None and held.step == 1, timeout=SECONDS)


def test_a_killed_process_is_replaced_and_the_run_goes_on(qtbot: QtBot, listener: Listener) -> None:
    _kill_while_training(qtbot, listener, 2)


@pytest.mark.long
def test_twenty_kills_are_twenty_restarts(qtbot: QtBot, listener: Listener) -> None:
    _kill_while_training(qtbot, listener, 20)


def test_a_process_that_stands_still_is_noticed_and_replaced(qtbot: QtBot, listener: Listener) -> None:
    client = listener.client
    client.load(CIRCLE)
    client.play()
    qtbot.waitUntil(lambda: listener.step > 100, timeout=SECONDS)
    with qtbot.waitSignal(client.lost, timeout=3000) as lost:
        os.kill(client.process_id, signal.SIGSTOP)
    assert lost.args == ["the engine is not responding"]
    stopped = client.process_id
    for _ in range(2000):  # more than a pipe holds: the window must not wait for the other end
        client.set_parameter("dense_3.bias", (0,), 0.0)
    with qtbot.waitSignal(client.restarted, timeout=10_000):
        pass
    assert client.process_id != stopped and not psutil.pid_exists(stopped)
    before = listener.step
    qtbot.waitUntil(lambda: listener.step > before, timeout=SECONDS)


def test_a_paused_run_is_paused_after_a_restart(qtbot: QtBot, listener: Listener) -> None:
    client = listener.client
    client.load(CIRCLE)
    client.step("epoch")
    qtbot.waitUntil(lambda: client.snapshot is not None and client.snapshot.step == 25, timeout=SECONDS)
    os.kill(client.process_id, signal.SIGKILL)
    with qtbot.waitSignal(client.restarted, timeout=SECONDS):
        listener.frames.clear()
    qtbot.waitUntil(lambda: listener.step == 25 and listener.stands, timeout=SECONDS)
    assert listener.restarted[0][0] == 25


def test_steps_asked_of_a_process_that_stands_still_are_taken_by_the_next(qtbot: QtBot, listener: Listener) -> None:
    client = listener.client
    client.load(CIRCLE)
    client.step("epoch")
    qtbot.waitUntil(lambda: client.snapshot is not None and client.snapshot.step == 25, timeout=SECONDS)
    os.kill(client.process_id, signal.SIGSTOP)
    client.step("batch")
    client.set_parameter("dense_3.bias", (0,), 1.5)
    client.step("batch")  # after the weight, so that this has changed it
    with qtbot.waitSignal(client.restarted, timeout=SECONDS):
        listener.frames.clear()
    assert listener.restarted[0][0] == 25
    client.step("batch")
    qtbot.waitUntil(lambda: client.snapshot is not None and client.snapshot.step == 28, timeout=SECONDS)
    assert _bias(client) == pytest.approx(1.5, abs=0.5) and _bias(client) != 1.5
    assert listener.stands

    os.kill(client.process_id, signal.SIGKILL)
    with qtbot.waitSignal(client.restarted, timeout=SECONDS):
        listener.frames.clear()
    qtbot.waitUntil(lambda: bool(listener.frames), timeout=SECONDS)
    assert listener.step == 28  # what a snapshot holds is not taken a second time


def test_a_step_that_hangs_is_not_asked_for_again(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("playground.worker_client.STUCK_TICKS", 3)
    monkeypatch.setattr("playground.worker_process.main", _hangs_at_a_step)
    client = WorkerClient()
    listener = Listener(client)
    client.load(CIRCLE)
    client.set_parameter("dense_3.bias", (0,), 1.5)
    client.step("epoch")
    with qtbot.waitSignal(client.restarted, timeout=SECONDS):
        pass
    listener.failures.clear()
    qtbot.waitUntil(lambda: bool(listener.failures), timeout=SECONDS)
    assert str(listener.failures[0].sentence) == "Load SetParameter"
    client.stop()


def _hangs_at_a_step(connection: Any, beats: Any) -> None:
    """Answers a request with the names of what came before it."""
    threading.Thread(target=_beat, args=(beats,), daemon=True).start()
    connection.send(Ready(os.getpid(), (), {}))
    names: list[str] = []
    while not isinstance(message := connection.recv(), Quit):
        if isinstance(message, Step):
            beats[1] = 1
            threading.Event().wait()
        elif isinstance(message, FrameRequest):
            connection.send(Failure(message.run, "error", Sentence(" ".join(names))))
        else:
            names.append(type(message).__name__)


def test_a_process_that_never_comes_up_is_not_tried_without_pause(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("playground.worker_process.main", _ends_at_once)
    client = WorkerClient()
    listener = Listener(client)
    qtbot.waitUntil(lambda: len(listener.lost) == EAGER_RESTARTS + 1, timeout=SECONDS)
    assert len(listener.restarted) == 0  # nothing was loaded, so nothing is resumed
    pause = client.findChildren(QTimer)
    assert any(timer.isSingleShot() and timer.isActive() for timer in pause)
    client.stop()
    assert not any(timer.isActive() for timer in pause)


def _ends_at_once(connection: Any, beats: Any) -> None:
    connection.close()


def test_stopping_ends_a_process_that_is_busy_or_stopped(qtbot: QtBot) -> None:
    for freeze in (False, True):
        process = WorkerProcess()
        client = WorkerClient(process)
        listener = Listener(client)
        client.load(CIRCLE)
        client.play()
        qtbot.waitUntil(lambda: listener.step > 0, timeout=SECONDS)  # noqa: B023
        if freeze:
            os.kill(process.process_id, signal.SIGSTOP)
        client.stop()
        assert not psutil.pid_exists(process.process_id)
        assert process.exit_code == (-signal.SIGKILL if freeze else 0)


def test_a_process_ends_by_itself_when_the_window_is_killed() -> None:
    program = (
        "import sys, time\n"
        "from playground.worker_process import WorkerProcess\n"
        "if __name__ == '__main__':\n"
        "    process = WorkerProcess()\n"
        "    while not process.receive():\n"
        "        time.sleep(0.02)\n"
        "    print(process.process_id, flush=True)\n"
        "    time.sleep(60)\n"
    )
    window = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert window.stdout is not None
    with window, window.stdout:
        child = psutil.Process(int(window.stdout.readline()))
        window.kill()
    _, alive = psutil.wait_procs([child], timeout=10)
    assert not alive


def test_starting_a_process_imports_no_qt_and_no_torch_here() -> None:
    program = "import sys, playground.worker_process; print('torch' in sys.modules, 'PySide6' in sys.modules)"
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert answer.stdout.split() == ["False", "False"]


def test_a_network_for_pytorch_says_that_it_is_loaded_and_trains(listener: Listener, qtbot: QtBot) -> None:
    said: list[str] = []
    listener.client.starting.connect(lambda: said.append("starting"))
    listener.client.frame.connect(lambda frame: said.append(frame.status.backend))
    wide = CIRCLE.set_field("dense_1", "units", 700).set_field("dense_2", "units", 700)
    listener.client.load(wide)
    qtbot.waitUntil(lambda: "torch" in said, timeout=SECONDS)
    assert said.index("starting") < said.index("torch") and listener.lost == []
    assert listener.client.is_ready
    assert "PyTorch is faster" in str(listener.frames[-1].status.backend_reason)
    listener.client.play(math.inf)
    qtbot.waitUntil(lambda: listener.step > 2, timeout=SECONDS)
    listener.client.load(CIRCLE)
    qtbot.waitUntil(lambda: said[-1] == "numba", timeout=SECONDS)
    assert said.count("starting") == 1
