"""Histograms of layers: what is kept of a run, where ridges stand, what is said when something is wrong."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QRectF, Qt
from pytestqt.qtbot import QtBot

from tests.widgets.conftest import Show
from widgets.layer_histograms import LayerHistograms
from widgets.layer_histograms_chart import ridge
from widgets.layer_histograms_history import MOST, LayerHistory, Row, rows_of
from widgets.layer_histograms_words import trouble


def row(step: int, **fields: Any) -> Row:
    return Row(step, np.array([1, 4, 0, 1]), **{"low": -1.0, "high": 1.0, **fields})


def values(step: int, *nodes: str, **fields: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"step": np.array([step])}
    for node in nodes:
        found[f"{node}.counts"], found[f"{node}.range"] = np.array([1, 4, 2]), np.array([-1.0, 2.0])
        found |= {f"{node}.{name}": np.array(value) for name, value in fields.items()}
    return found


def test_history_is_spaced_and_bounded_and_ends_with_the_newest() -> None:
    history = LayerHistory()
    for step in range(0, 50_000, 10):
        history.add(row(step))
    steps = [kept.step for kept in history.rows]
    assert len(steps) <= MOST and steps[0] == 0 and steps[-1] == 49_990 and steps == sorted(set(steps))
    gaps = np.diff(steps[:-1])
    assert gaps.max() <= 4 * gaps.min()
    assert len(history.spread(12)) == 12 and history.spread(12)[-1] is history.rows[-1]
    assert history.spread(500) == history.rows


def test_the_same_step_replaces_and_an_older_one_begins_anew() -> None:
    history = LayerHistory()
    for step in (0, 5, 5, 9):
        history.add(row(step, norm=float(len(history.rows))))
    assert [kept.step for kept in history.rows] == [0, 5, 9]
    history.add(row(3))
    assert [kept.step for kept in history.rows] == [3]


def test_the_range_rests_while_numbers_move_a_little() -> None:
    history = LayerHistory([row(0, low=-0.981, high=1.02)])
    before = history.range()
    assert before[0] <= -0.981 and before[1] >= 1.02
    history.add(row(1, low=-0.985, high=1.03))
    assert history.range() == before
    history.add(row(2, low=-0.5, high=5.0))
    assert history.range()[1] >= 5.0


def test_a_ridge_is_as_high_as_the_root_of_its_counts() -> None:
    outline = ridge(row(0), QRectF(0, 0, 100, 50), 50.0, 40.0, -2.0, 2.0)
    points = [(point.x(), point.y()) for point in outline.toList()]
    assert points[0] == (25.0, 50.0) and points[-1] == (75.0, 50.0)
    assert points[2] == (pytest.approx(43.75), 10.0) and points[1][1] == 30.0


@pytest.mark.parametrize(
    ("quantity", "fields", "node", "words"),
    [
        ("activations", [{"units": (16, 0, 32)}, {"units": (1, 0, 8)}], "a", "Half of the units of a never answer"),
        ("activations", [{"units": (0, 0, 8)}, {"units": (8, 0, 8)}], "b", "All of the units of b never answer"),
        ("activations", [{"units": (0, 6, 8)}, {"units": (0, 0, 8)}], "a", "75 % of the units of a are saturated"),
        ("activations", [{"units": (3, 3, 8)}, {"units": (0, 0, 8)}], "", ""),
        ("weights", [{"update": 0.3}, {"update": 1e-3}], "a", "changes the weights of a by 30 %"),
        ("weights", [{"update": 1e-8}, {"update": 1e-9}], "a", "raise the rate"),
        ("weights", [{"update": 2e-3}, {"norm": 1e-9}], "", ""),
        ("gradients", [{"norm": 1e-7}, {"norm": 0.5}], "a", "of a is 5,000,000 times smaller than that of b"),
        ("gradients", [{"norm": 2e4}, {"norm": 0.5}], "a", "lower the rate"),
        ("gradients", [{"norm": 1.0}, {"norm": 0.0}], "b", "b gets no gradient"),
        ("gradients", [{"norm": 1.0}, {"norm": 0.01}], "", ""),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(
    quantity: str, fields: list[dict[str, Any]], node: str, words: str, theme: object
) -> None:
    found, text = trouble(quantity, {name: row(1, **given) for name, given in zip("ab", fields, strict=True)})
    assert found == node and words in text and bool(text) == bool(words)


def test_the_panel_shows_a_tile_for_each_card_and_what_is_wrong(show: Show) -> None:
    panel = LayerHistograms("activations")
    show(panel, 800, 200)
    panel.set_nodes(["dense_1", "dense_2"])
    panel.set_values(values(0, "dense_1", "dense_2", units=[0, 0, 4]))
    assert panel.chart.names() == ("dense_1", "dense_2") and panel.steps.text() == "step 0"
    assert panel.sentence.property("class") == "muted"
    panel.set_values(values(2000, "dense_1", "dense_2", units=[4, 0, 4]))
    assert panel.steps.text() == "steps 0 to 2,000" and "never answer" in panel.sentence.text()
    assert panel.chart.tip("dense_2") == "dense_2\nfrom −1.00 to 2.00\nsilent 4 / 4\nsaturated 0 / 4".replace("−", "-")
    assert len(panel.history("dense_1").rows) == 2
    panel.set_nodes(["dense_2"])
    panel.set_values(values(2001, "dense_1", "dense_2", units=[0, 0, 4]))
    assert panel.chart.names() == ("dense_2",) and len(panel.history("dense_2").rows) == 3


def test_a_network_without_gradients_yet_says_so(show: Show) -> None:
    panel = LayerHistograms("gradients")
    show(panel, 800, 200)
    panel.set_nodes(["dense_1"])
    panel.set_values({"step": np.array([0])})
    assert panel.empty.isVisible() and "step" in panel.empty.text()


def test_the_keyboard_and_the_pointer_choose_cards(show: Show, qtbot: QtBot) -> None:
    panel = LayerHistograms("weights")
    show(panel, 500, 200)
    nodes = [f"dense_{number}" for number in range(1, 9)]
    panel.set_nodes(nodes)
    chosen: list[str] = []
    panel.card_chosen.connect(chosen.append)
    panel.set_values(values(0, *nodes, norm=[1.0]))
    panel.set_chosen("dense_2")
    assert not chosen
    chart = panel.chart
    chart.setFocus()
    for _ in range(7):
        qtbot.keyClick(chart, Qt.Key.Key_Right)
    assert chart.current() == 7 and chart.visibleRegion().boundingRect().contains(chart.tile_rect(7).center())
    qtbot.keyClick(chart, Qt.Key.Key_Return)
    qtbot.mouseClick(chart, Qt.MouseButton.LeftButton, pos=chart.tile_rect(6).center())
    assert chosen == ["dense_8", "dense_7"]


@pytest.mark.parametrize(("width", "height"), [(400, 150), (1000, 190), (400, 700)])
def test_tiles_fill_the_panel_without_overlap(show: Show, width: int, height: int) -> None:
    panel = LayerHistograms("weights")
    show(panel, width, height)
    nodes = [f"dense_{number}" for number in range(1, 6)]
    panel.set_nodes(nodes)
    panel.set_values(values(0, *nodes, norm=[1.0], update=[0.001]))
    tiles = [panel.chart.tile(number) for number in range(5)]
    assert not any(one.intersects(other) for one in tiles for other in tiles if one is not other)
    assert all(panel.chart.area(number).height() >= 20 for number in range(5))
    assert panel.chart.height() <= max(height, 104)


def test_rows_are_read_from_an_answer() -> None:
    found = rows_of(values(7, "block.dense_1", norm=[2.0], units=[1, 2, 3]))["block.dense_1"]
    assert (found.step, found.norm, found.update, found.units) == (7, 2.0, None, (1, 2, 3))
    assert found.share(0) == pytest.approx(1 / 3)
