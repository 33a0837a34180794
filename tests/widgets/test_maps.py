"""Layers see: maps in their scale, opened by mouse and keyboard, and one value whose numbers are the layer's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QHelpEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QToolTip
from pytestqt.qtbot import QtBot

from engine.probes.tiles import quantized
from tests.widgets.conftest import Show
from widgets import theme
from widgets.heatmap_colors import table
from widgets.maps import LayersSee
from widgets.maps_layout import SeenLayer
from widgets.maps_pixels import crisp, nice_ceiling
from widgets.maps_terms import LARGEST, PRODUCTS, Written, cell_text, decimals, folded
from widgets.maps_values import CHANGE, KERNELS

LAYERS = [
    SeenLayer("in", "Input", (1, 8, 8), is_input=True),
    SeenLayer("conv", "Conv2d 6", (6, 8, 8), weighs=True, activation="ReLU", source="in"),
    SeenLayer("pool", "MaxPool2d", (6, 4, 4), source="conv"),
    SeenLayer("dense", "Dense 40", (40,), weighs=True, activation="ReLU", source="pool"),
    SeenLayer("out", "Dense 3", (3,), names=("cat", "dog", "owl"), weighs=True, activation="softmax", source="dense"),
]
CONV = np.zeros((6, 8, 8), np.float32)
CONV[1] = 2.0
CONV[4, 0, 0] = 1.0


def answer(truth: int = 1, step: int = 5) -> dict[str, NDArray[Any]]:
    """What the probe FeatureMaps says of these layers."""
    found: dict[str, NDArray[Any]] = {
        "step": np.array([step]),
        "truth": np.array([truth]),
        "image": np.full((1, 8, 8), 200, np.uint8),
        "dense.values": np.linspace(0, 1, 40, dtype=np.float32),
        "dense.signed": np.array([False]),
        "out.values": np.array([0.1, 0.7, 0.2], np.float32),
        "out.signed": np.array([False]),
        "pool.winners": np.zeros((6, 8, 8), np.bool_),
    }
    for node, maps in (("in", np.full((1, 8, 8), 0.8, np.float32)), ("conv", CONV), ("pool", CONV[:, ::2, ::2])):
        tiles, scale = quantized(maps, False)
        flat = maps.reshape(len(maps), -1)
        found |= {node: tiles, f"{node}.scale": scale, f"{node}.signed": np.array([False])}
        found |= {f"{node}.low": flat.min(1), f"{node}.high": flat.max(1), f"{node}.mean": flat.mean(1)}
        found[f"{node}.activity"] = np.abs(flat).mean(1)
    return found


def kernels() -> dict[str, NDArray[Any]]:
    weights = np.random.default_rng(1).normal(size=(6, 1, 3, 3)).astype(np.float32)
    tiles, scale = quantized(weights, True)
    return {"conv": tiles, "conv.scale": scale, "conv.norm": np.ones(6, np.float32), "step": np.array([5])}


@pytest.fixture
def panel(show: Show) -> LayersSee:
    panel = LayersSee()
    panel.set_layers(LAYERS)
    panel.set_maps(answer())
    show(panel, 900, 200)
    return panel


def color_at(panel: LayersSee, place: QPointF) -> QColor:
    return panel.strip.viewport().grab().toImage().pixelColor(place.toPoint())


def middle(panel: LayersSee, node: str, unit: int) -> QPoint:
    return panel.strip.point_of(node, unit)


def test_a_layer_has_one_scale_and_a_map_its_own_if_that_is_wanted(panel: LayersSee, qtbot: QtBot) -> None:
    colours = table(theme.current(), "magnitude", False)
    full = panel.strip.values.full("conv")
    assert full == 1.0 or full == 2.0
    place = panel.strip.place_of("conv", 4)
    assert place is not None
    corner = place.topLeft() + QPointF(2, 2)  # the pixel of value 1 in a layer whose largest is 2
    shared = color_at(panel, corner)
    assert shared == QColor.fromRgb(int(colours[min(255, round(255 / full))]))
    qtbot.mouseClick(panel.own_scale, Qt.MouseButton.LeftButton)
    assert color_at(panel, corner) == QColor.fromRgb(int(colours[255]))


def test_pixels_stay_squares(panel: LayersSee) -> None:
    place = panel.strip.place_of("conv", 4)
    assert place is not None and place.width() % 8 == 0
    side = place.width() / 8
    inside, outside = color_at(panel, place.topLeft() + QPointF(side - 1, 1)), place.topLeft() + QPointF(side + 1, 1)
    assert inside == color_at(panel, place.topLeft() + QPointF(1, 1)) != color_at(panel, outside)


def test_a_click_opens_a_map_and_escape_goes_back(panel: LayersSee, qtbot: QtBot) -> None:
    opened: list[tuple[str, int]] = []
    panel.opened.connect(lambda *found: opened.append(found))
    qtbot.mouseClick(panel.strip.viewport(), Qt.MouseButton.LeftButton, pos=middle(panel, "conv", 4))
    assert opened == [("conv", 4)] and panel.is_open()
    assert panel.detail.pixel() == ("conv", 4, 0, 0)  # its largest value
    QTest.keyClick(panel.detail.board, Qt.Key.Key_Escape)
    assert not panel.is_open() and panel.strip.hasFocus()


def test_keys_go_from_map_to_map_and_open_one(panel: LayersSee, qtbot: QtBot) -> None:
    panel.strip.setFocus(Qt.FocusReason.TabFocusReason)
    assert panel.strip.hovered() == ("in", 0) and "Input" in panel.strip.accessibleDescription()
    QTest.keyClick(panel.strip, Qt.Key.Key_Right)
    assert panel.strip.hovered() is not None and panel.strip.hovered()[0] == "conv"  # type: ignore[index]
    QTest.keyClick(panel.strip, Qt.Key.Key_End)
    assert panel.strip.hovered() == ("out", 0)
    where = panel.strip.place_of("out", 0)
    assert where is not None and panel.strip.viewport().rect().contains(where.toRect())  # it came into sight
    QTest.keyClick(panel.strip, Qt.Key.Key_Down)
    QTest.keyClick(panel.strip, Qt.Key.Key_Return)
    assert panel.is_open() and panel.detail.pixel()[:2] == ("out", 1)
    QTest.keyClick(panel.detail.board, Qt.Key.Key_PageDown)
    assert panel.detail.pixel()[:2] == ("out", 2)


def test_the_most_active_come_first_and_stay_where_they_are_while_it_trains(panel: LayersSee, qtbot: QtBot) -> None:
    own = panel.strip.place_of("conv", 0)
    qtbot.mouseClick(panel.sorted, Qt.MouseButton.LeftButton)
    assert panel.strip.place_of("conv", 1) == own
    later = answer(step=6)
    later["conv.activity"] = np.arange(6, dtype=np.float32)
    panel.set_maps(later)
    assert panel.strip.place_of("conv", 1) == own
    panel.set_sample("test 2")  # another sample: sorted again
    panel.set_maps(later)
    assert panel.strip.place_of("conv", 5) == own
    qtbot.mouseClick(panel.sorted, Qt.MouseButton.LeftButton)
    assert panel.strip.place_of("conv", 0) == own


def test_kernels_stand_beside_their_maps_and_nothing_moves_when_they_come(panel: LayersSee, qtbot: QtBot) -> None:
    wanted: list[bool] = []
    panel.wants_changed.connect(lambda: wanted.append(True))
    qtbot.mouseClick(panel.beside.button(KERNELS), Qt.MouseButton.LeftButton)
    assert wanted and panel.beside.choice() == KERNELS
    panel.set_kernels(kernels())
    before = [panel.strip.place_of("conv", unit) for unit in range(6)]
    qtbot.mouseClick(panel.beside.button(CHANGE), Qt.MouseButton.LeftButton)
    assert [panel.strip.place_of("conv", unit) for unit in range(6)] == before
    assert not panel.strip.values.kernels  # what was shown before is no change
    panel.set_kernels(kernels())
    assert [panel.strip.place_of("conv", unit) for unit in range(6)] == before
    assert "length" in panel.strip.text_of("conv", 2)


def test_the_scale_only_grows_until_all_got_much_smaller_or_the_run_goes_back(panel: LayersSee) -> None:
    values = panel.strip.values

    def shown(factor: float, step: int) -> float:
        found = answer(step=step)
        found["dense.values"] = found["dense.values"] * np.float32(factor)
        panel.set_maps(found)
        return values.full("dense")

    first = values.full("dense")
    assert shown(0.5, 6) == first and shown(4, 7) > first
    assert shown(0.05, 8) < first
    grown = shown(4, 9)
    assert grown > first and shown(1, 2) == first  # an earlier step: the run was reset


def test_tips_tell_the_numbers(panel: LayersSee) -> None:
    assert "from 0.00 to 1.00" in panel.strip.text_of("conv", 4)
    assert "silent" in panel.strip.text_of("conv", 0)
    assert "dog" in panel.strip.text_of("out", 1) and "0.7" in panel.strip.text_of("out", 1)
    place = middle(panel, "conv", 4)
    viewport = panel.strip.viewport()
    event = QHelpEvent(QHelpEvent.Type.ToolTip, place, viewport.mapToGlobal(place))
    QApplication.sendEvent(viewport, event)
    assert "map 5" in QToolTip.text()
    QToolTip.hideText()


def test_low_panels_show_layers_beside_each_other_and_tall_ones_below(panel: LayersSee) -> None:
    def rows() -> list[float]:
        places = [panel.strip.place_of(layer.node, 0) for layer in LAYERS]
        return [place.top() for place in places if place is not None]

    assert len(set(rows())) == 1
    panel.resize(600, 800)
    QApplication.processEvents()
    assert rows() == sorted(set(rows())) and len(rows()) == 5
    for layer in LAYERS:
        for unit in range(layer.tiles):
            place = panel.strip.place_of(layer.node, unit)
            assert place is not None and place.right() <= panel.strip.viewport().width()


def test_setters_emit_nothing(show: Show) -> None:
    panel = LayersSee()
    show(panel, 900, 200)
    told: list[str] = []
    for name in ("opened", "closed", "pixel_asked", "sample_stepped"):
        getattr(panel, name).connect(lambda *_, name=name: told.append(name))
    panel.set_layers(LAYERS)
    panel.set_maps(answer())
    panel.set_kernels(kernels())
    panel.set_chosen("conv", 2)
    panel.set_sample("test 1")
    panel.set_terms("conv", 2, 0, 0, {})
    panel.set_reason("nothing")
    assert not told and panel.empty.text() == "nothing" and not panel.shows_content()


# --- one value -------------------------------------------------------------------------------------------------------


def terms(channels: int = 2, side: int = 3) -> dict[str, NDArray[Any]]:
    random = np.random.default_rng(3)
    patch, kernel = (random.normal(size=(channels, side, side)).astype(np.float32) for _ in range(2))
    before = float(np.sum(patch.astype(np.float64) * kernel)) + 0.25
    return {
        "kind": np.array([PRODUCTS]),
        "patch": patch,
        "kernel": kernel,
        "inside": np.ones((side, side), np.bool_),
        "rows": np.arange(side),
        "columns": np.arange(side),
        "channels": np.arange(channels),
        "bias": np.array([0.25]),
        "before": np.array([before]),
        "value": np.array([max(before, 0.0)], np.float32),
    }


def test_the_written_numbers_add_up_to_the_value(panel: LayersSee) -> None:
    panel.open_map("conv", 4)
    panel.set_terms("conv", 4, 0, 0, terms())
    written = panel.detail.written()
    assert written is not None
    lines = panel.detail.board.view.sum_lines()
    assert [words for words, _, _ in lines] == ["products", "+ other channels", "+ bias", "=", "→ ReLU"]
    numbers = [value for _, value, _ in lines]
    assert sum(numbers[:3]) == pytest.approx(numbers[3], abs=1e-9) and numbers[4] == pytest.approx(max(0, numbers[3]))
    assert written.products.sum() == pytest.approx(numbers[0])
    # and so do the texts in the cells, as far as they are rounded
    places = decimals(written.products)
    shown = [float(cell_text(float(value), places).replace("−", "-")) for value in written.products.ravel()]
    assert sum(shown) == pytest.approx(numbers[0], abs=9 * 0.5 * 10**-places + 1e-9)
    assert "bias" in panel.detail.board.accessibleDescription()


def test_the_pointer_and_the_arrow_keys_choose_the_value(panel: LayersSee, qtbot: QtBot) -> None:
    panel.open_map("conv", 4)
    panel.set_terms("conv", 4, 0, 0, terms(1))
    asked: list[tuple[str, int, int, int]] = []
    panel.pixel_asked.connect(lambda: asked.append(panel.detail.pixel()))
    board = panel.detail.board
    QApplication.processEvents()  # it gets its room
    area = board.board_layout().output
    assert area is not None
    qtbot.mouseMove(board, QPoint(round(area.left() + 2.5 * area.width() / 8), round(area.top() + 1)))
    assert asked == [("conv", 4, 0, 2)]
    QTest.keyClick(board, Qt.Key.Key_Down)
    QTest.keyClick(board, Qt.Key.Key_Left)
    assert asked[1:] == [("conv", 4, 1, 2), ("conv", 4, 1, 1)]
    for _ in range(3):
        QTest.keyClick(board, Qt.Key.Key_Up)
    assert asked[-1] == ("conv", 4, 0, 1) and len(asked) == 4  # beyond the border there is nothing


def test_another_channel_is_chosen_by_its_bar_or_by_keys(panel: LayersSee, qtbot: QtBot) -> None:
    panel.open_map("conv", 4)
    panel.set_terms("conv", 4, 0, 0, terms(5))
    board = panel.detail.board
    before = board.view.sum_lines()
    qtbot.mouseClick(board, Qt.MouseButton.LeftButton, pos=board.board_layout().bars[3].center().toPoint())
    assert board.view.channel == 3
    after = board.view.sum_lines()
    assert after[0] != before[0] and after[3:] == before[3:]
    QTest.keyClick(board, Qt.Key.Key_Right, Qt.KeyboardModifier.ControlModifier)
    assert board.view.channel == 4
    panel.set_terms("conv", 4, 1, 1, terms(5))
    assert board.view.channel == 4  # it stays, from value to value


def test_a_largest_value_is_ringed(panel: LayersSee) -> None:
    found = terms(1, 2)
    found |= {"kind": np.array([LARGEST]), "patch": np.array([[[0.5, np.nan], [2.0, np.nan]]], np.float32)}
    found["inside"] = np.array([[True, False], [True, False]])
    found["columns"] = np.array([0, -1])
    written = Written(found, 0)
    assert written.winner() == (1, 0)
    panel.open_map("pool", 1)
    panel.set_terms("pool", 1, 0, 0, found)
    panel.detail.board.grab()
    assert panel.detail.board.view.sum_lines()[0][0] == "largest"


@pytest.mark.parametrize("size", [(616, 170), (430, 150), (820, 210), (560, 720)])
@pytest.mark.parametrize("case", [(1, 3), (8, 3), (16, 5), (64, 3), (3, 11)])
def test_no_part_of_the_picture_lies_on_another(show: Show, size: tuple[int, int], case: tuple[int, int]) -> None:
    panel = LayersSee()
    panel.set_layers(LAYERS)
    panel.set_maps(answer())
    panel.set_terms("conv", 1, 0, 0, {})
    show(panel, *size)
    panel.open_map("conv", 1)
    panel.set_terms("conv", 1, 0, 0, terms(*case))
    layout = panel.detail.board.board_layout()
    parts = [layout.input, layout.output, *layout.grids.values(), *layout.lines, *layout.bars]
    known = [part for part in parts if part is not None]
    assert len(layout.grids) == 3 and layout.output is not None
    for number, one in enumerate(known):
        assert one.left() >= 0 and one.top() >= 0
        assert one.right() <= layout.size.width() and one.bottom() <= layout.size.height()
        for other in known[number + 1 :]:
            shared = one.intersected(other)
            assert shared.width() < 0.5 or shared.height() < 0.5, (one, other)


# --- helpers ---------------------------------------------------------------------------------------------------------


def test_sizes_are_whole_pixels_of_the_screen_and_scales_are_round() -> None:
    assert crisp(8, 8, 50, 50, 1.0) == (48, 48) and crisp(8, 8, 50, 50, 2.0) == (48, 48)
    assert crisp(28, 28, 50, 50, 2.0) == (42, 42) and crisp(100, 50, 50, 50, 1.0) == (50, 25)
    assert [nice_ceiling(value) for value in (0.0, 0.011, 1.0, 1.2, 4.9, 7.0)] == [0, 0.02, 1, 2, 5, 10]
    assert folded(np.arange(10)[None]).shape == (2, 8) and np.isnan(folded(np.arange(10)[None])).sum() == 6
    assert cell_text(-0.001, 2) == "0.00" and cell_text(-0.5, 1) == "−0.5"


@pytest.mark.parametrize(
    "name", ["layers_see.earlier", "layers_see.later", "layers_see.sorted", "layers_see.own_scale"]
)
def test_every_control_can_be_reached_and_has_a_name(panel: LayersSee, name: str) -> None:
    button = panel.findChild(QAbstractButton, name)
    assert button is not None and button.accessibleName() and button.toolTip()
    assert button.focusPolicy() & Qt.FocusPolicy.TabFocus


def test_the_sample_is_stepped(panel: LayersSee, qtbot: QtBot) -> None:
    steps: list[int] = []
    panel.sample_stepped.connect(steps.append)
    qtbot.mouseClick(panel.stepper.later, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(panel.stepper.earlier, Qt.MouseButton.LeftButton)
    assert steps == [1, -1]
