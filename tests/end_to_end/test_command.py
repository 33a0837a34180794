"""The command that a user types, watched and driven from outside: nothing of it is imported here."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest

from tests.end_to_end.display import ON_A_SCREEN, PATIENCE, ROOT, Display, display, until

pytestmark = ON_A_SCREEN

CANVAS = (slice(150, 800), slice(300, 1080))
OUTPUT = (slice(70, 440), slice(1110, 1430))
"""Rows and columns of the screen that lie inside the canvas and the Output panel of a window as delivered."""


class Program:
    """`python -m playground` on a screen of its own."""

    def __init__(self, screen: Display, process: subprocess.Popen[str]) -> None:
        self.screen, self.process = screen, process
        until(lambda: bool(self._windows()), "the window appears")
        self.window = self._windows()[0]

    def _windows(self) -> list[str]:
        assert self.process.poll() is None, f"it ended by itself: {self.process.communicate()[1]}"
        words = self.screen.xdotool("search", "--onlyvisible", "--pid", str(self.process.pid), "--name", "Playground")
        return words.split()

    def press(self, keys: str) -> None:
        self.screen.xdotool("windowfocus", "--sync", self.window, "key", "--clearmodifiers", keys)

    def stands_still(self) -> bool:
        """Whether the canvas and the Output look the same half a second later."""
        before = self.screen.picture()
        with contextlib.suppress(TimeoutError):
            until(lambda: self.changed(before) > 0, "it moves", 0.5)
        return self.changed(before) == 0

    def changed(self, before: np.ndarray) -> int:
        """Pixels of canvas and Output that look different from a picture taken before."""
        now = self.screen.picture()
        return sum(int((now[area] != before[area]).any(axis=2).sum()) for area in (CANVAS, OUTPUT))

    def colourfulness(self) -> float:
        """How far the Output is, on average, from grey: a boundary that has been learnt is no longer pale."""
        area = self.screen.picture()[OUTPUT].astype(float)
        return float((area.max(axis=2) - area.min(axis=2)).mean())


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    screen_folder, home = tmp_path / "screen", tmp_path / "home"
    screen_folder.mkdir()
    with display(screen_folder) as screen:
        environment = screen.environment(home)
        process = subprocess.Popen(
            [sys.executable, "-m", "playground"],
            cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        try:
            yield Program(screen, process)
        finally:
            if process.poll() is None:
                process.kill()
            process.communicate()


def test_one_command_a_space_bar_and_the_boundary_bends(program: Program) -> None:
    until(lambda: program.changed(np.zeros_like(program.screen.picture())) > 100_000, "the first picture")
    # The points alone, which are painted before the training process is up, give less than 15.
    until(lambda: program.colourfulness() > 20, "the boundary of the untrained network")
    until(program.stands_still, "an untrained network stands still")
    pale, before = program.colourfulness(), program.screen.picture()

    program.press("space")
    until(lambda: program.changed(before) > 20_000, "the picture changes while it trains")
    until(lambda: program.colourfulness() > 2 * pale, "the answer becomes clear")
    assert not program.stands_still()

    program.press("space")
    until(program.stands_still, "it pauses")
    learnt = program.screen.picture()
    program.press("r")
    until(lambda: program.changed(learnt) > 20_000 and program.stands_still(), "reset brings another picture")
    assert program.colourfulness() == pytest.approx(pale, rel=0.02)

    children = psutil.Process(program.process.pid).children(recursive=True)
    assert children
    program.press("ctrl+q")
    output, errors = program.process.communicate(timeout=PATIENCE)
    assert (program.process.returncode, output, errors) == (0, "", "")
    _, alive = psutil.wait_procs(children, timeout=5)
    assert not alive
