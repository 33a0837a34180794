"""Target and network over the plane: lines where they should be, turned and cut by mouse and keys."""

from __future__ import annotations

import math

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

from widgets.surface import RegressionPanel
from widgets.surface_paint import Camera, contour
from widgets.theme import Theme

TICKS = (np.arange(25) + 0.5) / 25 * 12 - 6
X1, X2 = np.meshgrid(TICKS, TICKS[::-1])


@pytest.fixture
def panel(qtbot: QtBot, theme: Theme) -> RegressionPanel:
    shown = RegressionPanel()
    qtbot.addWidget(shown)
    shown.resize(500, 260)
    shown.set_values((X1 / 12).astype(np.float32), (X1 / 6).astype(np.float32))
    shown.show()
    return shown


def test_a_contour_is_where_the_level_is() -> None:
    pieces = list(contour(np.hypot(X1, X2).astype(np.float32), 3.0))
    step = 12 / 25
    for column, row, *_ in pieces:
        x1, x2 = TICKS[0] + step * column, TICKS[-1] - step * row
        assert math.hypot(x1, x2) == pytest.approx(3.0, abs=0.02)
    length = sum(step * math.hypot(a - c, b - d) for a, b, c, d in pieces)
    assert length == pytest.approx(2 * math.pi * 3.0, rel=0.01)


@pytest.mark.parametrize(("corner", "joined"), [(2.0, True), (0.25, False)])
def test_where_two_lines_could_cross_the_middle_decides(corner: float, joined: bool) -> None:
    """Two corners above the level: joined, each line cuts off a corner below it; else one above it."""
    pieces = list(contour(np.array([[corner, -1.0], [-1.0, corner]], np.float32), 0.0))
    top = next(piece for piece in pieces if 0.0 in (piece[1], piece[3]))
    assert len(pieces) == 2 and (1.0 in (top[0], top[2])) == joined
    assert not list(contour(np.zeros((4, 4), np.float32), 0.5))


def test_what_is_higher_is_seen_higher() -> None:
    low, high = Camera().project(np.zeros(2), np.zeros(2), np.array([-1.0, 1.0]))
    assert high[1] > low[1] and high[0] == low[0]
    near, far = Camera(turn=0).project(np.zeros(2), np.array([-1.0, 1.0]), np.zeros(2))
    assert near[2] < far[2] and near[1] < far[1]


def test_a_drag_and_keys_turn_it(panel: RegressionPanel, qtbot: QtBot) -> None:
    picture = panel.pictures["surface"]
    before = picture.camera
    qtbot.mousePress(picture, Qt.MouseButton.LeftButton, pos=QPoint(100, 100))
    qtbot.mouseMove(picture, QPoint(140, 100))
    qtbot.mouseRelease(picture, Qt.MouseButton.LeftButton, pos=QPoint(140, 100))
    assert picture.camera.turn == pytest.approx(before.turn + 20) and picture.camera.tilt == before.tilt
    for _ in range(40):
        qtbot.keyClick(picture, Qt.Key.Key_Up)
    assert picture.camera.tilt == 5.0  # never from below
    qtbot.mouseDClick(picture, Qt.MouseButton.LeftButton)
    assert picture.camera == Camera()


def test_the_cut_is_moved_and_named(panel: RegressionPanel, qtbot: QtBot) -> None:
    qtbot.mouseClick(panel.choice.button("cut"), Qt.MouseButton.LeftButton)
    assert panel.legend.text().endswith("cut at x₂ = 5.76")
    qtbot.keyClick(panel.pictures["cut"], Qt.Key.Key_Down)
    assert panel.legend.text().endswith("cut at x₂ = 5.28")
    for _ in range(30):
        qtbot.keyClick(panel.pictures["cut"], Qt.Key.Key_Down)
    assert panel.pictures["cut"].x2() == pytest.approx(-5.76)


def test_target_is_blue_and_network_red(panel: RegressionPanel, theme: Theme, qtbot: QtBot) -> None:
    qtbot.mouseClick(panel.choice.button("cut"), Qt.MouseButton.LeftButton)
    picture = panel.pictures["cut"].grab().toImage()
    seen = {QColor(picture.pixel(x, y)).name() for x in range(picture.width()) for y in range(picture.height())}
    assert {theme.accent.lower(), theme.error.lower()} <= seen


def test_without_a_formula_there_is_the_network_alone(panel: RegressionPanel) -> None:
    panel.set_values(np.ones((25, 25), np.float32), None)
    assert "target" not in panel.legend.text() and panel.pictures["surface"].bound() == 1.0
    panel.set_reason("Choose numbers over the plane.")
    assert panel.empty.isVisible() and not panel.pictures["surface"].isVisible()


def test_all_three_stand_side_by_side_where_there_is_room(panel: RegressionPanel, qtbot: QtBot) -> None:
    shown = [picture.isVisible() for picture in panel.pictures.values()]
    assert shown == [True, False, False] and panel.choice.isVisible()
    panel.resize(800, 260)
    qtbot.waitUntil(lambda: all(picture.isVisible() for picture in panel.pictures.values()))
    assert not panel.choice.isVisible()
