"""Rows about the window, each run in a process of its own on a real display (Xvfb where there is none)."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator

from benchmarks.table import RUNS, Row

_SECONDS = 4.0


@contextlib.contextmanager
def display() -> Iterator[dict[str, str]]:
    """The environment of a process with a screen: the one there is, or Xvfb's, or Qt's offscreen pictures."""
    environment = dict(os.environ)
    environment.pop("QT_QPA_PLATFORM", None)
    if environment.get("DISPLAY") or not shutil.which("Xvfb"):
        if not environment.get("DISPLAY"):
            environment["QT_QPA_PLATFORM"] = "offscreen"
        yield environment
        return
    read, write = os.pipe()
    command = ["Xvfb", "-displayfd", str(write), "-screen", "0", "1600x1000x24", "-nolisten", "tcp"]
    server = subprocess.Popen(command, pass_fds=[write], stderr=subprocess.DEVNULL)
    os.close(write)
    with os.fdopen(read) as stream:
        environment["DISPLAY"] = f":{stream.readline().strip()}"
    try:
        yield environment
    finally:
        server.terminate()
        server.wait()


def child(environment: dict[str, str], what: str, argument: float = 0.0) -> dict[str, float]:
    """Run one measurement of `benchmarks.window_child`."""
    if what == "start":
        argument = time.time()
    module = "benchmarks.start_child" if what == "start" else "benchmarks.window_child"
    command = [sys.executable, "-m", module, what, repr(argument)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    if done.returncode:
        raise RuntimeError(f"{what} failed:\n{done.stderr}")
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def without_window(seconds: float) -> float:
    """Optimizer steps per second of the spiral in a process without a window."""
    code = (
        "import sys; from time import perf_counter\n"
        "from engine.document.examples import load_example; from engine.plan.resolve import resolve\n"
        "from engine.training.backends import choose\n"
        "plan = resolve(load_example('spiral').document)\n"
        "trainer = choose(plan)[0].make(plan); trainer.advance(0.5)\n"
        "before, start = trainer.step_count, perf_counter()\n"
        f"while perf_counter() - start < {seconds}: trainer.advance(0.005)\n"
        "print((trainer.step_count - before) / (perf_counter() - start))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    return float(done.stdout)


@contextlib.contextmanager
def neighbour() -> Iterator[None]:
    """A process that keeps half of another core busy with filling pictures, as a window does."""
    code = (
        "import numpy as np; from time import perf_counter, sleep\n"
        "picture = np.zeros((900, 1440, 4), np.uint8)\n"
        "while True:\n"
        "    end = perf_counter() + 0.008\n"
        "    while perf_counter() < end: picture += 1\n"
        "    sleep(0.008)"
    )
    process = subprocess.Popen([sys.executable, "-c", code])
    try:
        yield
    finally:
        process.kill()
        process.wait()


def start_rows() -> list[Row]:
    """From the command to the first paint, and to the first trained frame."""
    with display() as environment:
        child(environment, "start")  # the disk is warm from here on
        runs = [child(environment, "start") for _ in range(RUNS)]
    return [
        Row("command to first paint", tuple(run["paint"] for run in runs), "s", 1.5),
        Row("command to first trained frame", tuple(run["frame"] for run in runs), "s", 3),
    ]


def training_rows() -> list[Row]:
    """A window that trains the spiral at full speed, in turns with the same training without a window."""
    runs, ratios, limits = [], [], []
    with display() as environment:
        for _ in range(RUNS):
            before = without_window(_SECONDS)
            runs.append(child(environment, "train", _SECONDS))
            alone = (before + without_window(_SECONDS)) / 2
            ratios.append(runs[-1]["steps_per_second"] / alone)
            with neighbour():
                limits.append(without_window(_SECONDS) / alone)
    return [
        Row("gap between two turns of the event loop, 99th percentile", tuple(r["gap_p99"] for r in runs), "ms", 25),
        Row("the same, worst", tuple(r["gap_max"] for r in runs), "ms", None),
        Row("frames drawn while training", tuple(r["frames_per_second"] for r in runs), "1/s", 57, at_least=True),
        Row("training with the window / without", tuple(ratios), "×", 0.9, at_least=True),
        Row("training beside a process that draws / alone: what sharing the processor costs", tuple(limits), "×", None),
        Row("memory of the window's process", tuple(r["memory"] for r in runs), "MB", 250),
    ]


def action_rows() -> list[Row]:
    """From an action to its effect on screen."""
    with display() as environment:
        runs = [child(environment, "act") for _ in range(RUNS)]
    return [Row(f"action to effect: {name}", tuple(run[name] for run in runs), "ms", 50) for name in runs[0]]


def painting_rows() -> list[Row]:
    """A long curve, and a large network under the mouse."""
    with display() as environment:
        drags = [child(environment, "drag") for _ in range(RUNS)]
        curves = [child(environment, "curves") for _ in range(RUNS)]
    return [
        Row("canvas of 200 cards, one step of a drag", tuple(run["median"] for run in drags), "ms", 16.7),
        Row("history of 10⁶ epochs, shown and painted", tuple(run["median"] for run in curves), "ms", 16.7),
    ]


MEASURES = (start_rows, training_rows, action_rows, painting_rows)
