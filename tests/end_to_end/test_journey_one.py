"""Journey one in a real window: launch, watch, stop, step, reset, change. `tests.end_to_end.child` has the steps."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.end_to_end.display import ON_A_SCREEN, ROOT, display

pytestmark = ON_A_SCREEN


@pytest.fixture(scope="module")
def journey(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the child found, by step; with "error" if it did not get to the end."""
    folder = tmp_path_factory.mktemp("journey")
    with display(folder) as screen:
        done = subprocess.run(
            [sys.executable, "-W", "error", "-m", "tests.end_to_end.child"],
            cwd=ROOT, env=screen.environment(folder / "home"), capture_output=True, text=True, timeout=240, check=False,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    found["stderr"] = done.stderr
    return found


@pytest.fixture
def step(journey: dict[str, Any], request: pytest.FixtureRequest) -> dict[str, Any]:
    """What was found in the step that the test is named after."""
    name = request.function.__name__.removeprefix("test_")
    if name not in journey:
        pytest.fail(f"the journey did not get here; it ended {journey.get('error', 'early')}", pytrace=False)
    found: dict[str, Any] = journey[name]
    return found


Step = dict[str, Any]


def test_first_picture(step: Step) -> None:
    assert step["cards"] == ["dense_1", "dense_2", "dense_3", "input_1"]
    assert step["orange"] > 1000 and step["blue"] > 1000  # samples and both sides of a boundary
    assert step["canvas_colours"] > 200  # maps of neurons, not an empty sheet


def test_space_plays(step: Step) -> None:
    assert step["button"] == "Pause"
    assert step["epoch"] >= 5
    before, after = step["loss"]
    assert after < before / 2
    assert step["changed"] > 0.3  # of the pixels of the map


def test_edits_while_it_trains(step: Step) -> None:
    assert step["edits"] == [["dense_3.bias", [0], 2.5]]
    assert step["running"]


def test_space_pauses(step: Step) -> None:
    assert step["later"] == step["step"] > 0
    assert step["button"] == "Play"


def test_single_steps(step: Step) -> None:
    assert step["batch"] == 1
    assert step["epochs"] == 1
    assert step["rests"]


def test_reset_and_reroll(step: Step) -> None:
    assert step["reset"] == step["start"]
    assert step["reroll"] != step["start"]
    assert step["same_data"]
    assert step["seed_shown"] == 2
    assert step["undone"] == step["start"]


def test_weight_by_hand(step: Step) -> None:
    assert step["said"].startswith("weight ")
    assert step["parameter"] == ["dense_1.weight", [0, 0]]
    assert step["changed"] == {"dense_1.weight": 1}
    assert not step["open"]
    assert step["step"] == 0  # no training was needed


def test_neuron_shown_large(step: Step) -> None:
    assert step["title"] == "dense_1 · unit 2"
    assert step["changed"] > 0.3


def test_library_appends(step: Step) -> None:
    assert step["linked"]
    assert step["selected"] == ["dense_4"]
    assert step["as_before"]


def test_dragged_and_connected(step: Step) -> None:
    assert not step["alone_ready"]
    assert step["replaced"]  # a Dense card has one input: the new link takes the place of the old one
    assert step["edges"] == [["dense_1", "dense_4"], ["dense_4", "dense_3"], ["input_1", "dense_1"]]


def test_points_drawn(step: Step) -> None:
    assert step["empty"] == "No points are drawn yet; click or drag in Output to draw some"
    by_class = {number: [(x, y) for x, y, of in step["points"] if of == number] for number in (0, 1)}
    for number, x in ((0, -3.0), (1, 3.0)):
        assert len(by_class[number]) > 8
        assert all(abs(place - x) < 0.2 for place, _ in by_class[number])
        assert min(y for _, y in by_class[number]) < -3 and max(y for _, y in by_class[number]) > 3
    assert len(step["points"]) == sum(map(len, by_class.values()))


def test_theme_switched(step: Step) -> None:
    assert step["dark"] < 100
    assert step["menu_bar"] > 150


def test_closed(step: Step) -> None:
    assert step["asked"] == ["Save the changes to “circle”?"]
    assert (step["trainers"], step["alive"]) == (1, 0)


def test_the_way_was_quiet_and_went_to_the_end(journey: dict[str, Any]) -> None:
    assert journey.get("error") is None, journey["error"]
    assert journey["messages"] == []
    assert journey["stderr"] == ""
