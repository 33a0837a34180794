"""Journey two in a real window, by mouse and by keyboard alone. `tests.end_to_end.child_two` has the steps."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.display import ON_A_SCREEN, ROOT, Display, display

pytestmark = ON_A_SCREEN

Facts = dict[str, Any]


def carried_out(screen: Display, way: str, folder: Path) -> Facts:
    """What the child found, by step; with "error" if it did not get to the end."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "tests.end_to_end.child_two", way, str(folder)],
        cwd=ROOT, env=screen.environment(folder / f"home_{way}"), capture_output=True, text=True, timeout=240,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found: Facts = json.loads(done.stdout.splitlines()[-1])
    assert found.get("error") is None, found["error"]
    assert found["messages"] == []
    assert done.stderr == ""
    return found


@pytest.mark.parametrize("way", ["mouse", "keyboard"])
def test_a_network_is_built_trained_saved_closed_opened_and_trained_on(way: str, tmp_path: Path) -> None:
    screen_folder = tmp_path / "screen"
    screen_folder.mkdir()
    with display(screen_folder) as screen:
        built = carried_out(screen, way, tmp_path)
        opened = carried_out(screen, "reopen", tmp_path)

    assert built["empty_canvas"].items() >= {"running": False, "play": False}.items()
    assert built["own_data"]["verdict"] == "120 samples: 3 inputs, 3 classes (iris, lily, rose)"
    assert built["own_data"]["note"] == "flowers.csv · 120 samples"

    # Two branches that meet in a Concatenate card, and a link from the input around both.
    edges = built["skip_link"]["edges"]
    meeting = {source for source, target, _ in edges if target == "concatenate_1"}
    assert len(meeting) == 3 and "input_1" in meeting
    assert [target for source, target, _ in edges if source == "concatenate_1"] == [LAST[way]]

    assert built["mistake"]["said"] == ["The data has 3 classes, so the last layer needs units = 3, not 4"]
    assert built["mistake"]["pressed"] == [f"Set units of {LAST[way]} to 3"]
    assert built["mistake"]["ready"]

    before, after = built["trained"]["loss"]
    assert after < 0.7 * before
    saved, found = built["saved"], opened["found_again"]
    assert saved["title"] == "flowers[*] — Neural Playground"
    assert (found["hash"], found["step"], found["edges"]) == (saved["hash"], saved["step"], edges)
    assert found["loss"] == pytest.approx(saved["loss"], rel=1e-6)
    assert opened["trained_on"]["step"] > saved["step"] + 200
    assert opened["trained_on"]["loss"] < before


LAST = {"mouse": "dense_2", "keyboard": "dense_3"}
"""The card that gives the answer."""
