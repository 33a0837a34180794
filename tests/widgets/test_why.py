"""Why this answer: what the tiles show of an answer, where the pointer reads, what the user chooses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

from tests.widgets.conftest import Show
from widgets import theme as themes
from widgets.why import WhyPanel


def values(**changes: Any) -> dict[str, Any]:
    image = np.zeros((1, 8, 8), np.uint8)
    image[0, 2, 5] = 200
    maps = {name: np.zeros((8, 8), np.float32) for name in ("saliency", "times_input", "integrated", "occlusion")}
    maps["times_input"][2, 5], maps["times_input"][0, 0] = 2.0, -2.0
    found = {
        **maps,
        "grad_cam": np.ones((4, 4), np.float32),
        "sums": np.array([5.0, 4.0, -1.0], np.float32),
        "image": image,
        "scores": np.array([0.1, 0.7, 0.2], np.float32),
        "shares": np.array([True]),
        "class": np.array([1]),
        "answer": np.array([1]),
        "truth": np.array([1]),
    }
    return {**found, **changes}


@pytest.fixture
def panel(show: Show) -> WhyPanel:
    made = WhyPanel()
    made.set_class_names(["cat", "dog", "cow"])
    made.set_layers(["conv2d_1", "conv2d_2"], "conv2d_2")
    made.set_sample("test sample 4")
    show(made, 900, 190)
    made.set_values(values())
    return made


def point(panel: WhyPanel, number: int, row: int, column: int) -> QPoint:
    place = panel.tiles.place(number)
    return QPoint(
        round(place.left() + (column + 0.5) * place.width() / 8), round(place.top() + (row + 0.5) * place.height() / 8)
    )


def pixel(panel: WhyPanel, number: int, row: int, column: int) -> QColor:
    return panel.tiles.grab().toImage().pixelColor(point(panel, number, row, column))


def test_the_answer_the_truth_and_the_gap_are_told(panel: WhyPanel) -> None:
    titles = [tile.title for tile in panel.tiles.tiles()]
    assert titles == ["test sample 4", "saliency", "grad × input", "integrated grad", "Grad-CAM", "occlusion"]
    assert panel.tiles.tiles()[0].foot == "answer dog" and panel.tiles.tiles()[0].role == "muted"
    assert panel.tiles.tiles()[3].foot == "gap 0.0 %"
    assert "Sum 5.00; the score rises from -1.00 to 4.00" in panel.tiles.tiles()[3].tip
    assert panel.tiles.tiles()[4].foot == "maps of conv2d_2"
    assert panel.classes.currentText() == "answer: dog · 70.0 %"
    panel.set_values(values(truth=np.array([0]), sums=np.array([4.5, 4.0, -1.0])))
    assert panel.tiles.tiles()[0].foot == "dog, not cat" and panel.tiles.tiles()[0].role == "error"
    assert panel.tiles.tiles()[3].foot == "gap 10.0 %"


def test_blue_speaks_for_and_orange_against(panel: WhyPanel, qtbot: QtBot) -> None:
    theme = themes.current()
    qtbot.mouseClick(panel.ground.button("alone"), Qt.MouseButton.LeftButton)
    assert pixel(panel, 2, 2, 5) == QColor(theme.positive)
    assert pixel(panel, 2, 0, 0) == QColor(theme.negative)
    neutral = pixel(panel, 2, 6, 6)
    assert max(abs(a - b) for a, b in zip(neutral.getRgb(), QColor(theme.neutral).getRgb(), strict=True)) <= 3
    qtbot.mouseClick(panel.ground.button("over"), Qt.MouseButton.LeftButton)
    assert pixel(panel, 2, 6, 6) == QColor("black")
    orange = pixel(panel, 2, 0, 0)
    assert orange.red() > orange.green() > orange.blue()
    assert panel.key.texts() == ("against dog", "for dog")


def test_the_pointer_reads_the_number_of_a_pixel(panel: WhyPanel, qtbot: QtBot) -> None:
    notes: list[str] = []
    panel.noted.connect(notes.append)
    qtbot.mouseMove(panel.tiles, point(panel, 2, 2, 5))
    qtbot.waitUntil(lambda: bool(notes))
    assert notes[-1] == "grad × input · row 3, column 6: 2.00"
    panel.set_values(values(times_input=np.full((8, 8), 0.5, np.float32)))
    assert notes[-1] == "grad × input · row 3, column 6: 0.500"
    qtbot.mouseMove(panel.tiles, point(panel, 0, 2, 5))
    qtbot.waitUntil(lambda: notes[-1] == "pixel · row 3, column 6: 200")


def test_the_user_chooses_class_and_layer_and_values_say_nothing(panel: WhyPanel, qtbot: QtBot) -> None:
    classes: list[int] = []
    layers: list[str] = []
    panel.class_chosen.connect(classes.append)
    panel.layer_chosen.connect(layers.append)
    panel.set_class(2)
    panel.set_layers(["conv2d_1", "conv2d_2"], "conv2d_1")
    assert not classes and not layers
    assert panel.classes.currentIndex() == 3
    panel.classes.setFocus()
    qtbot.keyClick(panel.classes, Qt.Key.Key_Home)
    qtbot.keyClick(panel.layers, Qt.Key.Key_Down)
    assert classes == [-1] and layers == ["conv2d_2"]


def test_the_keyboard_goes_from_map_to_map(panel: WhyPanel, qtbot: QtBot) -> None:
    panel.tiles.setFocus()
    qtbot.keyClick(panel.tiles, Qt.Key.Key_End)
    assert panel.tiles.current() == 5 and panel.tiles.accessibleDescription() == "occlusion: score lost"
    qtbot.keyClick(panel.tiles, Qt.Key.Key_Left)
    assert panel.tiles.current() == 4
    qtbot.keyClick(panel.tiles, Qt.Key.Key_Right)
    qtbot.keyClick(panel.tiles, Qt.Key.Key_Right)
    assert panel.tiles.current() == 5


def test_what_is_missing_is_said(panel: WhyPanel) -> None:
    without = values(**{"class": np.array([2])})
    del without["grad_cam"]
    without["saliency"] = np.full((8, 8), np.nan, np.float32)
    panel.set_values(without)
    assert [bool(tile.missing) for tile in panel.tiles.tiles()] == [False, True, False, False, True, False]
    panel.set_values({})
    assert panel.empty.isVisible() and "sample" in panel.empty.text()
    panel.set_values(values())
    assert panel.tiles.isVisible()


@pytest.mark.parametrize(("width", "height"), [(640, 150), (900, 190), (320, 700), (1200, 600)])
def test_all_maps_are_seen_in_any_panel(panel: WhyPanel, width: int, height: int) -> None:
    panel.resize(width, height)
    places = [panel.tiles.place(number) for number in range(6)]
    area = panel.tiles.rect()
    assert all(area.contains(place.toRect()) for place in places)
    assert not any(one.intersects(other) for one in places for other in places if one is not other)
    assert places[0].width() >= 50


def test_a_part_of_an_answer_leaves_the_rest_unless_it_is_about_something_else(panel: WhyPanel) -> None:
    part = {name: array for name, array in values().items() if name not in ("saliency", "integrated", "sums")}
    panel.set_values(part)
    assert all(tile.picture is not None for tile in panel.tiles.tiles())
    panel.set_values({**part, "class": np.array([0])})
    assert [tile.picture is None for tile in panel.tiles.tiles()] == [False, True, False, True, False, False]
