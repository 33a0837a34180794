"""Space: where marks are, what stays in view, which sample is chosen, what stands for a class."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

from tests.widgets.conftest import Show
from widgets import colors
from widgets import theme as themes
from widgets.space import ISOMAP, PCA, TSNE, SpacePanel, marks_of


def values(points: Any = ((0, 0), (1, 0), (0, 1), (1, 1)), **changes: Any) -> dict[str, Any]:
    found: dict[str, Any] = {
        "points": np.array(points, np.float32),
        "places": np.arange(len(points)) + 10,
        "targets": np.array([0, 1, 2, 0]),
        "answers": np.array([0, 1, 2, 1]),
        "explained": np.array([0.6, 0.3]),
    }
    return {**found, **changes}


@pytest.fixture
def panel(show: Show) -> SpacePanel:
    made = SpacePanel()
    made.set_layers(["dense_1", "dense_2"], "dense_2")
    made.set_class_names(["cat", "dog", "cow"])
    show(made, 800, 240)
    made.set_values(values())
    return made


def at(panel: SpacePanel, number: int) -> QPoint:
    return panel.map.place(number).toPoint()


def test_classes_have_their_colours_and_up_is_up(panel: SpacePanel) -> None:
    image = panel.map.grab().toImage()
    for number, target in enumerate((0, 1, 2)):
        assert image.pixelColor(at(panel, number)) == colors.class_color(themes.current(), target)
    assert panel.map.place(0).y() > panel.map.place(2).y() and panel.map.place(0).x() < panel.map.place(1).x()
    crossed = image.pixelColor(at(panel, 3))
    assert crossed == QColor(themes.current().error)  # answered wrongly
    assert panel.status.text() == "60 % → and 30 % ↑ of the spread"


def test_more_classes_than_colours_are_letters(panel: SpacePanel) -> None:
    assert marks_of([str(number) for number in range(10)]) == tuple("0123456789")
    assert marks_of(["cat", "dog"]) == () == marks_of(["0", "1"])
    assert marks_of([f"kind {number}" for number in range(9)]) == tuple("ABCDEFGHI")
    assert marks_of(["ant", "bee", "cow", "dog", "elk", "fox", "gnu", "hen", "ibex"]) == tuple("ABCDEFGHI")
    panel.set_class_names([str(number) for number in range(10)])
    assert panel.legend.isHidden()
    panel.set_class_names(["cat", "dog", "cow"])
    assert panel.legend.isVisible()


def test_the_view_rests_while_the_points_move_a_little(panel: SpacePanel) -> None:
    before = panel.map.place(3)
    panel.set_values(values(((0.05, 0), (0.95, 0), (0, 1), (1, 1))))
    assert panel.map.place(3) == before
    panel.set_values(values(((0, 0), (1, 0), (0, 1), (3, 1))))
    assert panel.map.rect().contains(at(panel, 3))
    panel.set_values(values(((0, 0), (0.1, 0), (0, 0.1), (0.1, 0.1))))
    assert panel.map.place(1).x() - panel.map.place(0).x() > 100


def test_a_click_chooses_the_sample_and_the_pointer_names_it(panel: SpacePanel, qtbot: QtBot) -> None:
    chosen: list[int] = []
    notes: list[str] = []
    panel.sample_chosen.connect(chosen.append)
    panel.noted.connect(notes.append)
    qtbot.mouseMove(panel.map, at(panel, 3))
    qtbot.waitUntil(lambda: notes == ["cat, answered dog"])
    qtbot.mouseClick(panel.map, Qt.MouseButton.LeftButton, pos=at(panel, 3))
    assert chosen == [13]
    qtbot.mouseClick(panel.map, Qt.MouseButton.LeftButton, pos=QPoint(1, 1))
    assert chosen == [13]


def test_the_keyboard_goes_to_the_nearest_mark(panel: SpacePanel, qtbot: QtBot) -> None:
    chosen: list[int] = []
    panel.sample_chosen.connect(chosen.append)
    panel.set_sample(10)
    panel.map.setFocus()
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Return):
        qtbot.keyClick(panel.map, key)
    assert chosen == [13]
    qtbot.keyClick(panel.map, Qt.Key.Key_Right)
    assert panel.map.current() == 3


def test_pictures_show_beside_the_mark_under_the_pointer(panel: SpacePanel, qtbot: QtBot) -> None:
    images = np.zeros((4, 1, 8, 8), np.uint8)
    images[1] = 255
    panel.set_images({"places": np.arange(4) + 10, "images": images})
    before = panel.map.grab().toImage()
    qtbot.mouseMove(panel.map, at(panel, 1))
    qtbot.waitUntil(lambda: panel.map.current() == 1)
    after = panel.map.grab().toImage()
    white = sum(after.pixelColor(x, y) == QColor("white") for x in range(0, after.width(), 4) for y in range(0, 200, 4))
    assert white > 100 and before != after


def test_a_bent_grid_lies_below_in_the_colours_of_the_answers(panel: SpacePanel) -> None:
    line = np.linspace(-1, 2, 9, dtype=np.float32)
    grid = np.stack(np.meshgrid(line, line[::-1]), -1)
    image = np.zeros((9, 9), np.uint8)
    image[:, 4:] = 255
    panel.set_values(values(grid=grid, image=image, kind=np.array([0])))
    shown = panel.map.grab().toImage()
    y = round(panel.map.height() * 0.42)
    area = panel.map.width() // 2
    left, right = shown.pixelColor(area - 120, y), shown.pixelColor(area + 120, y)
    assert left.red() > left.blue() and right.blue() > right.red()


def test_a_regression_has_shades(panel: SpacePanel) -> None:
    panel.set_class_names(())
    panel.set_values(values(targets=np.array([-2.0, 2.0, 0.0, 1.0]), answers=np.zeros(4)))
    image = panel.map.grab().toImage()
    assert image.pixelColor(at(panel, 0)) == colors.signed_color(themes.current(), -1)
    assert image.pixelColor(at(panel, 1)) == colors.signed_color(themes.current(), 1)


def test_maps_that_take_longer_say_how_far_they_are(panel: SpacePanel, qtbot: QtBot) -> None:
    methods: list[str] = []
    panel.method_chosen.connect(methods.append)
    assert panel.again.isHidden()
    qtbot.mouseClick(panel.method.button(TSNE), Qt.MouseButton.LeftButton)
    panel.set_computing("of epoch 3")
    panel.set_busy(False)
    qtbot.mouseClick(panel.again, Qt.MouseButton.LeftButton)
    assert methods == [TSNE, TSNE] and panel.status.text() == "of epoch 3"
    panel.set_busy(True)
    assert not panel.again.isEnabled()
    panel.set_method(ISOMAP)
    panel.set_method(PCA)
    assert methods == [TSNE, TSNE] and panel.again.isHidden()


def test_numbers_that_are_not_finite_are_not_drawn(panel: SpacePanel) -> None:
    panel.set_values(values(((0, 0), (np.nan, 0), (0, 1), (1, 1))))
    assert not panel.map.rect().contains(at(panel, 1)) and panel.map.rect().contains(at(panel, 3))
