"""The keyboard, and the view: fit, zoom, pan."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import (
    QWheelEvent,
)
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from tests.widgets.canvas.driving import (
    Show,
    branched,
    drag,
    heard,
    hover,
    tile,
    wrong,
)
from widgets.canvas import Canvas
from widgets.canvas.sample import chain


def test_tab_goes_through_cards_and_remedies_and_leaves(show: Show) -> None:
    canvas = show(wrong())
    canvas.setFocus()
    said = heard(canvas)
    visited = []
    while canvas.focusNextPrevChild(True) and len(visited) < 20:
        visited.append((canvas.keyboard.node, canvas.keyboard.remedy))
        if canvas.keyboard.node is None:
            break
    visited = [stop for stop in visited if stop[0] is not None]
    assert [node for node, remedy in visited if remedy is None] == ["input_1", "dense_1", "dense_2", "dense_3"]
    assert ("dense_3", 0) in visited and ("dense_2", 0) in visited
    assert said[0] == ("selection_changed", frozenset({"input_1"}), None)


def test_the_keyboard_presses_a_remedy(show: Show) -> None:
    canvas = show(wrong())
    canvas.setFocus()
    said = heard(canvas)
    for _ in range(4):
        QTest.keyClick(canvas, Qt.Key.Key_Tab)
    assert (canvas.keyboard.node, canvas.keyboard.remedy) == ("dense_2", 0)
    assert canvas.board.boxes["dense_2"].focused == 0
    QTest.keyClick(canvas, Qt.Key.Key_Return)
    assert said[-1][0] == "remedy_chosen" and said[-1][1].node == "dense_2"


def test_arrows_go_to_the_nearest_card_in_their_direction(show: Show) -> None:
    canvas = show(branched())
    canvas.setFocus()
    said = heard(canvas)
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Left, Qt.Key.Key_Left):
        QTest.keyClick(canvas, key)
    went = [next(iter(ids)) for name, ids, _ in said if name == "selection_changed"]
    assert went == ["input_1", "concatenate_1", "dense_3", "concatenate_1", "input_1"]
    QTest.keyClick(canvas, Qt.Key.Key_Up)
    assert canvas.selected == {"dense_1"}
    QTest.keyClick(canvas, Qt.Key.Key_Down)
    assert canvas.selected != {"dense_1"}
    QTest.keyClick(canvas, Qt.Key.Key_Return)
    assert said[-1] == ("card_activated", next(iter(canvas.selected)))


def test_control_and_arrows_move_the_selection(show: Show) -> None:
    canvas = show(chain([4, 1]))
    canvas.set_selection(frozenset({"dense_1"}), None)
    said = heard(canvas)
    QTest.keyClick(canvas, Qt.Key.Key_Down, Qt.KeyboardModifier.ControlModifier)
    assert said == [("moved", [("dense_1", 176.0, 8.0)], True)]


def test_a_screen_reader_hears_the_card(show: Show) -> None:
    canvas = show(wrong())
    canvas.setFocus()
    for _ in range(3):
        QTest.keyClick(canvas, Qt.Key.Key_Tab)
    assert canvas.accessibleName()
    assert "Dense 3" in canvas.accessibleDescription()
    assert "tanh" in canvas.accessibleDescription()
    assert "Nothing is connected" in canvas.accessibleDescription()


def wheel(canvas: Canvas, at: QPoint, notches: int, modifiers: Qt.KeyboardModifier) -> None:
    event = QWheelEvent(
        QPointF(at), QPointF(canvas.viewport().mapToGlobal(at)), QPoint(), QPoint(0, 120 * notches),
        Qt.MouseButton.NoButton, modifiers, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(canvas.viewport(), event)


def test_fit_shows_everything_and_holds_until_the_user_zooms(show: Show) -> None:
    canvas = show(chain([8, 8, 1]))
    assert canvas.camera.visible().contains(canvas.board.content())
    assert canvas.camera.zoom <= 1.25
    canvas.resize(500, 400)
    QApplication.processEvents()
    assert canvas.camera.visible().contains(canvas.board.content())
    QTest.keyClick(canvas, Qt.Key.Key_Plus)
    zoom = canvas.camera.zoom
    canvas.resize(900, 700)
    QApplication.processEvents()
    assert canvas.camera.zoom == zoom
    canvas.fit()
    assert canvas.camera.is_fitted


def test_control_wheel_zooms_to_the_pointer(show: Show) -> None:
    canvas = show(chain([8, 1]))
    at = tile(canvas, "dense_1", 0)
    under, zoom = canvas.mapToScene(at), canvas.camera.zoom
    wheel(canvas, at, 2, Qt.KeyboardModifier.ControlModifier)
    assert canvas.camera.zoom == pytest.approx(zoom * 1.25**2)
    away = canvas.mapToScene(at) - under
    assert abs(away.x()) < 2 and abs(away.y()) < 2
    wheel(canvas, at, 100, Qt.KeyboardModifier.ControlModifier)
    assert canvas.camera.zoom == 4.0


def test_wheel_and_middle_button_pan(show: Show) -> None:
    canvas = show(chain([8, 1]))
    said = heard(canvas)
    before = canvas.camera.center()
    wheel(canvas, QPoint(100, 100), -1, Qt.KeyboardModifier.NoModifier)
    lower = canvas.camera.center()
    assert lower.y() > before.y() and lower.x() == pytest.approx(before.x(), abs=1)
    drag(canvas, QPoint(300, 200), QPoint(200, 200), Qt.MouseButton.MiddleButton)
    assert canvas.camera.center().x() == pytest.approx(lower.x() + 100 / canvas.camera.zoom, abs=1)
    assert not [name for name, *_ in said if name in ("moved", "selection_changed")]


def test_leaving_the_canvas_forgets_the_pointer(show: Show) -> None:
    canvas = show(chain([4, 1]))
    said = heard(canvas)
    hover(canvas, tile(canvas, "dense_1", 0))
    QApplication.sendEvent(canvas, QEvent(QEvent.Type.Leave))
    assert said[-1] == ("neuron_left",)
    assert not canvas.board.cards["dense_1"].hovered
