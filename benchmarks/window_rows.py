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

_SECONDS = 8.0
_TRAINING_SECONDS = 3 * _SECONDS
"""A ratio that is to be told from 0.9 needs more turns than gaps and frames do."""


@contextlib.contextmanager
def display() -> Iterator[dict[str, str]]:
    """The environment of a process with a screen: the one there is, or Xvfb's, or Qt's offscreen pictures."""
    environment = dict(os.environ)
    environment.pop("QT_QPA_PLATFORM", None)
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # a user's second start reads the modules that the first compiled
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


def start_rows() -> list[Row]:
    """From the command to the first paint, and to the first trained frame."""
    with display() as environment:
        child(environment, "start")  # the disk is warm from here on, and all modules are compiled
        runs = [child(environment, "start") for _ in range(RUNS)]
    return [
        Row("command to first paint", tuple(run["paint"] for run in runs), "s", 1.5),
        Row("command to first trained frame", tuple(run["frame"] for run in runs), "s", 3),
    ]


def training_rows() -> list[Row]:
    """A window that trains the spiral at full speed, in turns with the same training without a window."""
    with display() as environment:
        runs = [child(environment, "train", _TRAINING_SECONDS) for _ in range(RUNS)]
    return [
        Row("gap between two turns of the event loop, 99th percentile", tuple(r["gap_p99"] for r in runs), "ms", 25),
        Row("the same, worst", tuple(r["gap_max"] for r in runs), "ms", None),
        Row("frames drawn while training", tuple(r["frames_per_second"] for r in runs), "1/s", 57, at_least=True),
        Row("training with the window / without", tuple(r["ratio"] for r in runs), "×", 0.9, at_least=True),
        Row("memory of the window's process", tuple(r["memory"] for r in runs), "MB", 250),
    ]


def looking_rows() -> list[Row]:
    """A window that trains LeNet-5 with every view open at once, in turns with the same training without a window."""
    with display() as environment:
        runs = [child(environment, "look", 2 * _SECONDS) for _ in range(RUNS)]
    return [
        Row("every view open: training / without a window", tuple(r["ratio"] for r in runs), "×", 0.85, at_least=True),
        Row("every view open: gap of the event loop, 99th percentile", tuple(r["gap_p99"] for r in runs), "ms", 25),
        Row("the same, worst, every view open", tuple(r["gap_max"] for r in runs), "ms", None),
        Row("frames drawn, every view open", tuple(r["frames_per_second"] for r in runs), "1/s", None),
        Row("memory of the window's process, every view open", tuple(r["memory"] for r in runs), "MB", 250),
    ]


def action_rows() -> list[Row]:
    """From an action to its effect on screen."""
    with display() as environment:
        runs = [child(environment, "act") for _ in range(RUNS)]
    return [Row(f"action to effect: {name}", tuple(run[name] for run in runs), "ms", 50) for name in runs[0]]


def painting_rows() -> list[Row]:
    """A long curve, and a large network, opened and under the mouse."""
    with display() as environment:
        drags = [child(environment, "drag") for _ in range(RUNS)]
        curves = [child(environment, "curves") for _ in range(RUNS)]
        opened = [child(environment, "open") for _ in range(RUNS)]
    return [
        Row(
            "project file of 200 cards, opened and painted, first time",
            tuple(run["first"] for run in opened),
            "ms",
            1000,
        ),
        Row("the same, again", tuple(run["median"] for run in opened), "ms", 1000),
        Row("canvas of 200 cards, one step of a drag", tuple(run["median"] for run in drags), "ms", 16.7),
        Row("history of 10⁶ epochs, shown and painted", tuple(run["median"] for run in curves), "ms", 16.7),
    ]


MEASURES = (start_rows, training_rows, looking_rows, action_rows, painting_rows)
