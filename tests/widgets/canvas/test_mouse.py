"""Selecting, moving, and reading and editing values with the mouse."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import (
    QContextMenuEvent,
)
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from engine.document.graph import Edge
from tests.widgets.canvas.driving import (
    LEFT,
    Show,
    click,
    close_to,
    double_click,
    drag,
    empty_spot,
    heard,
    hover,
    on_weight,
    picture,
    pixel,
    tile,
)
from widgets import theme as themes
from widgets.canvas.sample import chain


def test_click_selects_and_control_click_toggles(show: Show) -> None:
    canvas = show(chain([4, 1]))
    said = heard(canvas)
    click(canvas, pixel(canvas, "dense_1"))
    click(canvas, pixel(canvas, "dense_2"), Qt.KeyboardModifier.ControlModifier)
    click(canvas, pixel(canvas, "dense_1"), Qt.KeyboardModifier.ControlModifier)
    click(canvas, empty_spot(canvas))
    assert [arguments for name, *arguments in said if name == "selection_changed"] == [
        [frozenset({"dense_1"}), None],
        [frozenset({"dense_1", "dense_2"}), None],
        [frozenset({"dense_2"}), None],
        [frozenset(), None],
    ]


def test_a_frame_drawn_on_empty_space_selects_what_it_touches(show: Show) -> None:
    canvas = show(chain([4, 1]))
    said = heard(canvas)
    drag(canvas, QPoint(5, 5), tile(canvas, "dense_1", 3))
    assert said[-1] == ("selection_changed", frozenset({"input_1", "dense_1"}), None)


def test_dragging_moves_in_steps_of_eight_and_links_follow(show: Show) -> None:
    canvas = show(chain([4, 1]))
    said = heard(canvas)
    link = canvas.board.links[Edge("dense_1", "dense_2")]
    before = link.boundingRect()
    start = pixel(canvas, "dense_1")
    drag(canvas, start, start + QPoint(61, 37))
    moves = [arguments for name, *arguments in said if name == "moved"]
    assert [finished for _, finished in moves].count(True) == 1 and moves[-1][1]
    ((node_id, x, y),) = moves[-1][0]
    zoom = canvas.camera.zoom
    assert node_id == "dense_1" and x % 8 == 0 and y % 8 == 0
    assert abs(x - 176 - 61 / zoom) <= 4 and abs(y - 37 / zoom) <= 4
    assert canvas.board.cards["dense_1"].position == QPointF(x, y)
    assert link.boundingRect() != before
    assert not [name for name, *_ in said if name == "neuron_clicked"]


def test_a_selection_moves_together(show: Show) -> None:
    canvas = show(chain([4, 1]))
    canvas.set_selection(frozenset({"dense_1", "dense_2"}), None)
    said = heard(canvas)
    start = pixel(canvas, "dense_2")
    drag(canvas, start, start + QPoint(0, 60))
    places = {node_id: y for node_id, _, y in said[-1][1]}
    assert places.keys() == {"dense_1", "dense_2"} and places["dense_1"] == places["dense_2"] > 0


def test_escape_puts_a_dragged_card_back(show: Show) -> None:
    canvas = show(chain([4, 1]))
    said = heard(canvas)
    start = pixel(canvas, "dense_1")
    drag(canvas, start, start + QPoint(80, 40), release=False)
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    QTest.mouseRelease(canvas.viewport(), LEFT, pos=start + QPoint(80, 40))
    assert said[-1] == ("moved", [("dense_1", 176.0, 0.0)], True)


def test_delete_asks_only_when_something_is_selected(show: Show) -> None:
    canvas = show(chain([4, 1]))
    said = heard(canvas)
    QTest.keyClick(canvas, Qt.Key.Key_Delete)
    assert said == []
    canvas.set_selection(frozenset(), Edge("dense_1", "dense_2"))
    QTest.keyClick(canvas, Qt.Key.Key_Backspace)
    assert said == [("delete_requested",)]


def test_the_context_menu_is_about_the_card_under_the_pointer(show: Show) -> None:
    canvas = show(chain([4, 1]))
    said = heard(canvas)
    at = pixel(canvas, "dense_1")
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, at, canvas.viewport().mapToGlobal(at))
    QApplication.sendEvent(canvas.viewport(), event)
    assert said == [
        ("selection_changed", frozenset({"dense_1"}), None),
        ("context_menu_requested", canvas.viewport().mapToGlobal(at)),
    ]


def test_double_click_asks_for_the_library_or_opens_the_card(show: Show) -> None:
    canvas = show(chain([4, 1]))
    said = heard(canvas)
    double_click(canvas, empty_spot(canvas))
    assert said[-1] == ("open_library_requested",)
    double_click(canvas, pixel(canvas, "dense_1"))
    assert ("card_activated", "dense_1") in said


def test_hovering_and_clicking_a_neuron(show: Show) -> None:
    canvas = show(chain([4, 1]))
    said = heard(canvas)
    hover(canvas, tile(canvas, "dense_1", 2))
    hover(canvas, tile(canvas, "dense_1", 3))
    hover(canvas, empty_spot(canvas))
    assert said == [("neuron_hovered", "dense_1", 2), ("neuron_hovered", "dense_1", 3), ("neuron_left",)]
    click(canvas, tile(canvas, "dense_1", 1))
    assert said[-1] == ("neuron_clicked", "dense_1", 1)


def test_a_weight_is_read_and_edited_on_its_curve(show: Show, qtbot: Any) -> None:
    canvas = show(chain([1]), values=False)
    canvas.set_parameters({"dense_1.weight": np.array([[0.5, -0.25]]), "dense_1.bias": np.zeros(1)})
    said = heard(canvas)
    edge, at = Edge("input_1", "dense_1"), on_weight(canvas, Edge("input_1", "dense_1"), 0, 1)
    hover(canvas, at)
    assert canvas.value_label.isVisible() and "0.250" in canvas.value_label.text() and "−" in canvas.value_label.text()
    assert canvas.board.links[edge].hovered_weight == (0, 1)
    canvas.set_parameters({"dense_1.weight": np.array([[0.5, -0.75]])})
    assert "0.750" in canvas.value_label.text()
    canvas.set_parameters({"dense_1.weight": np.array([[0.5, -0.25]])})
    click(canvas, at)
    assert said[-1] == ("selection_changed", frozenset(), edge)
    assert canvas.editor.isVisible()
    field = canvas.editor.field
    assert field.value() == -0.25
    field.selectAll()
    QTest.keyClicks(field, "1.5")
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert said[-1] == ("parameter_edited", "dense_1.weight", (0, 1), 1.5)
    assert not canvas.editor.isVisible()


def test_escape_in_the_editor_changes_nothing(show: Show) -> None:
    canvas = show(chain([1]), values=False)
    canvas.set_parameters({"dense_1.weight": np.array([[0.5, -0.25]]), "dense_1.bias": np.zeros(1)})
    click(canvas, on_weight(canvas, Edge("input_1", "dense_1"), 0, 0))
    said = heard(canvas)
    canvas.editor.field.selectAll()
    QTest.keyClicks(canvas.editor.field, "7")
    QTest.keyClick(canvas.editor.field, Qt.Key.Key_Escape)
    assert not canvas.editor.isVisible()
    assert said == []


def test_a_bias_is_edited_at_its_dot(show: Show) -> None:
    canvas = show(chain([3, 1]), values=False)
    canvas.set_parameters({"dense_1.bias": np.array([0.1, -0.9, 0.4])})
    dot = canvas.board.cards["dense_1"].bias_dot(1)
    assert dot is not None
    at = pixel(canvas, "dense_1", dot.center())
    assert close_to(picture(canvas).pixelColor(at), themes.current().negative)
    said = heard(canvas)
    click(canvas, at)
    canvas.editor.field.selectAll()
    QTest.keyClicks(canvas.editor.field, "0.75")
    QTest.keyClick(canvas.editor.field, Qt.Key.Key_Return)
    assert ("parameter_edited", "dense_1.bias", (1,), 0.75) in said


def test_stepping_in_the_editor_edits_at_once(show: Show) -> None:
    canvas = show(chain([1]), values=False)
    canvas.set_parameters({"dense_1.weight": np.array([[0.5, -0.25]]), "dense_1.bias": np.zeros(1)})
    click(canvas, on_weight(canvas, Edge("input_1", "dense_1"), 0, 0))
    said = heard(canvas)
    QTest.keyClick(canvas.editor.field, Qt.Key.Key_Up)
    assert said[-1][:3] == ("parameter_edited", "dense_1.weight", (0, 0))
    assert said[-1][3] == pytest.approx(0.6)
    assert canvas.editor.isVisible()
