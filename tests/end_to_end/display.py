"""A virtual screen: Xvfb, its pixels read from outside every program on it, and xdotool as the hand of the user."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

WIDTH, HEIGHT = 1600, 1000
ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60.0
"""Seconds until what must happen counts as not happening."""

ON_A_SCREEN = [
    pytest.mark.xvfb,
    pytest.mark.skipif(not shutil.which("xdotool"), reason="xdotool is not installed"),
]
"""What marks a test that needs the screen and the hand."""


@dataclass(frozen=True)
class Display:
    """A running X server."""

    name: str
    folder: Path
    width: int
    height: int

    def environment(self, home: Path) -> dict[str, str]:
        """For a program that opens its windows here and keeps its settings in a folder of its own."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("QT_", "XDG_", "WAYLAND"))}
        for variable in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR"):
            kept[variable] = str(home / variable.lower())
        (home / "xdg_runtime_dir").mkdir(parents=True, mode=0o700)
        # The window runs from the source tree, wherever the test was started.
        return kept | {
            "DISPLAY": self.name,
            "HOME": str(home),
            "QT_QPA_PLATFORM": "xcb",
            "PYTHONPATH": str(ROOT),
        }

    def picture(self) -> NDArray[np.uint8]:
        """What is on the screen now: (height, width, 3), red green blue."""
        content = (self.folder / "Xvfb_screen0").read_bytes()
        header = np.frombuffer(content, ">u4", 25)
        # An X window dump: header, colour table of 12 bytes an entry, rows of 32-bit pixels.
        header_size, line_bytes, colors = int(header[0]), int(header[12]), int(header[19])
        assert (header[4], header[5], header[11]) == (self.width, self.height, 32)
        rows = np.frombuffer(content, np.uint8, self.height * line_bytes, header_size + 12 * colors)
        return rows.reshape(self.height, line_bytes // 4, 4)[:, : self.width, 2::-1]

    def xdotool(self, *words: str) -> str:
        """Do something as the user would; returns what xdotool prints."""
        done = subprocess.run(
            ["xdotool", *words], env={**os.environ, "DISPLAY": self.name}, capture_output=True, text=True, check=False
        )
        return done.stdout.strip()


@contextlib.contextmanager
def display(folder: Path, width: int = WIDTH, height: int = HEIGHT) -> Iterator[Display]:
    """An X server that ends with the block. Its screen lies in a file of the folder."""
    read, write = os.pipe()
    screen = ["-screen", "0", f"{width}x{height}x24", "-fbdir", str(folder)]
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), *screen, "-nolisten", "tcp"], pass_fds=[write], stderr=subprocess.DEVNULL
    )
    os.close(write)
    try:
        with os.fdopen(read) as stream:
            name = f":{stream.readline().strip()}"
        yield Display(name, folder, width, height)
    finally:
        server.terminate()
        server.wait()


def until(condition: Callable[[], bool], what: str, seconds: float = PATIENCE, pause: float = 0.05) -> None:
    """Look again and again until a condition holds. Raises TimeoutError."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"waited {seconds:.0f} s in vain: {what}")
        time.sleep(pause)
