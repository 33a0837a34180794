"""Digits drawn with the mouse in a real window are read as those of MNIST are."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.end_to_end.display import ON_A_SCREEN, ROOT, display

pytestmark = [
    *ON_A_SCREEN,
    pytest.mark.long,
    pytest.mark.skipif("PLAYGROUND_DATA" not in os.environ, reason="PLAYGROUND_DATA names no folder with MNIST"),
]
WANTED = 17
"""Of twenty."""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """LeNet-5, trained until it is right in 98.5 % of the test."""
    path = tmp_path_factory.mktemp("mnist") / "lenet.nnp"
    words = ["train", "mnist-lenet5", "--epochs", "5", "--out", str(path), "--json"]
    done = subprocess.run(
        [sys.executable, "-m", "playground", *words], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout.splitlines()[-1])["test"]["accuracy"] >= 0.985
    return path


def test_twenty_drawn_digits_are_read(project: Path, tmp_path: Path) -> None:
    screen_folder = tmp_path / "screen"
    screen_folder.mkdir()
    with display(screen_folder) as screen:
        done = subprocess.run(
            [sys.executable, "-W", "error", "-m", "tests.end_to_end.child_draw", str(project)],
            cwd=ROOT, env=screen.environment(tmp_path / "home"), capture_output=True, text=True, timeout=240,
            check=False,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["error"] is None, found["error"]
    assert found["messages"] == []
    assert found["accuracy"] >= 0.985
    right = sum(answer == digit for name in ("round", "slanted") for digit, answer in enumerate(found[name]))
    assert right >= WANTED, found
