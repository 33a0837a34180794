"""Layers searched for where they are to go, second links joined, and links that are refused."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu

from engine.document.graph import Edge
from tests.widgets.canvas.driving import (
    LEFT,
    Show,
    branched,
    click,
    drag,
    empty_spot,
    heard,
    hover,
    in_port,
    out_port,
    pixel,
)
from widgets.canvas import Canvas
from widgets.canvas.sample import chain
from widgets.canvas.search import LayerSearch, Spot


def search_of(canvas: Canvas) -> LayerSearch:
    popup = QApplication.activePopupWidget()
    assert isinstance(popup, LayerSearch)
    return popup


def merging_of(canvas: Canvas) -> QMenu:
    menu = canvas.findChild(QMenu, "canvas.merging")
    assert isinstance(menu, QMenu) and menu.isVisible()
    return menu


def chosen(said: list[tuple[Any, ...]]) -> list[tuple[str, Spot]]:
    return [(name, spot) for signal, name, spot in (each for each in said if each[0] == "layer_chosen")]


def test_slash_searches_behind_the_selected_card_and_enter_takes(show: Show) -> None:
    canvas = show(chain([4, 1]))
    said = heard(canvas)
    click(canvas, pixel(canvas, "dense_2"))
    QTest.keyClick(canvas, "/")
    popup = search_of(canvas)
    QTest.keyClicks(popup.search, "dropo")
    QTest.keyClick(popup.search, Qt.Key.Key_Return)
    ((name, spot),) = chosen(said)
    assert (name, spot.node, spot.forward) == ("Dropout", "dense_2", True)
    assert spot.x > canvas.board.cards["dense_2"].position.x()
    assert not any(card.scene_frame.contains(spot.x, spot.y) for card in canvas.board.cards.values())


def test_slash_over_an_input_port_searches_before_it(show: Show) -> None:
    canvas = show(chain([4, 1]))
    said = heard(canvas)
    click(canvas, pixel(canvas, "dense_1"))
    hover(canvas, in_port(canvas, "dense_1"))
    QTest.keyClick(canvas, "/")
    QTest.keyClick(search_of(canvas).search, Qt.Key.Key_Return)
    ((name, spot),) = chosen(said)
    assert (name, spot.node, spot.forward, spot.port) == ("Input", "dense_1", False, 0)


def test_slash_with_a_link_searches_for_what_goes_between(show: Show) -> None:
    canvas = show(chain([4, 1]))
    said = heard(canvas)
    canvas.set_selection(frozenset(), Edge("dense_1", "dense_2"))
    QTest.keyClick(canvas, "/")
    popup = search_of(canvas)
    assert "Input" not in popup.list.names() and "dense_1" in popup.search.placeholderText()
    QTest.keyClick(popup.search, Qt.Key.Key_Down)
    QTest.keyClick(popup.search, Qt.Key.Key_Return)
    ((_, spot),) = chosen(said)
    assert spot.edge == Edge("dense_1", "dense_2")


def test_slash_with_nothing_selected_asks_for_the_library(show: Show) -> None:
    canvas = show(chain([4, 1]))
    said = heard(canvas)
    QTest.keyClick(canvas, "/")
    assert said == [("open_library_requested",)]


def test_a_link_dropped_on_empty_space_offers_layers_there(show: Show) -> None:
    canvas = show(chain([4, 1]))
    said = heard(canvas)
    hover(canvas, pixel(canvas, "dense_2"))
    drag(canvas, out_port(canvas, "dense_2"), empty_spot(canvas))
    place = canvas.mapToScene(empty_spot(canvas))
    popup = search_of(canvas)
    QTest.keyClicks(popup.search, "batch")
    QTest.keyClick(popup.search, Qt.Key.Key_Return)
    ((name, spot),) = chosen(said)
    assert (name, spot.node) == ("BatchNorm", "dense_2")
    assert abs(spot.x - place.x()) < 1 and abs(spot.y - place.y()) < 1


def test_escape_leaves_the_search_without_a_layer(show: Show) -> None:
    canvas = show(chain([4, 1]))
    said = heard(canvas)
    click(canvas, pixel(canvas, "dense_2"))
    QTest.keyClick(canvas, "/")
    QTest.keyClick(search_of(canvas), Qt.Key.Key_Escape)
    assert QApplication.activePopupWidget() is None and chosen(said) == []


@pytest.mark.parametrize(
    ("downs", "expected"),
    [
        (0, ("merge_requested", "input_1", "dense_2", 0, "Concatenate")),
        (1, ("merge_requested", "input_1", "dense_2", 0, "Add")),
        (2, ("connect_requested", "input_1", "dense_2", 0)),
    ],
)
def test_a_second_link_on_a_taken_port_offers_to_join_both(show: Show, downs: int, expected: tuple[Any, ...]) -> None:
    canvas = show(chain([4, 1]))
    said = heard(canvas)
    hover(canvas, pixel(canvas, "input_1"))
    drag(canvas, out_port(canvas, "input_1"), pixel(canvas, "dense_2"))
    menu = merging_of(canvas)
    assert not [each for each in said if each[0] == "connect_requested"]
    for _ in range(downs):
        QTest.keyClick(menu, Qt.Key.Key_Down)
    QTest.keyClick(menu, Qt.Key.Key_Return)
    assert expected in said


def test_a_merging_card_takes_another_link_without_asking(show: Show) -> None:
    canvas = show(branched())
    said = heard(canvas)
    hover(canvas, pixel(canvas, "input_1"))
    drag(canvas, out_port(canvas, "input_1"), pixel(canvas, "concatenate_1"))
    assert ("connect_requested", "input_1", "concatenate_1", -1) in said
    assert canvas.findChild(QMenu, "canvas.merging") is None


def test_a_circle_is_refused_with_its_path_and_lit(show: Show) -> None:
    canvas = show(chain([4, 3, 1]))
    said = heard(canvas)
    hover(canvas, pixel(canvas, "dense_3"))
    drag(canvas, out_port(canvas, "dense_3"), pixel(canvas, "dense_1"), release=False)
    assert canvas.value_label.isVisible()
    assert "dense_1 → dense_2 → dense_3 → dense_1" in canvas.value_label.text()
    lit = {edge for edge, link in canvas.board.links.items() if link.hovered}
    assert lit == {Edge("dense_1", "dense_2"), Edge("dense_2", "dense_3")}
    QTest.mouseRelease(canvas.viewport(), LEFT, pos=pixel(canvas, "dense_1"))
    assert not canvas.value_label.isVisible()
    assert not any(link.hovered for link in canvas.board.links.values())
    assert not [each for each in said if each[0] in ("connect_requested", "layer_chosen")]


def test_an_input_card_says_why_no_link_ends_there(show: Show) -> None:
    canvas = show(chain([4, 1]))
    hover(canvas, pixel(canvas, "dense_2"))
    drag(canvas, out_port(canvas, "dense_2"), pixel(canvas, "input_1"), release=False)
    assert "samples enter the network there" in canvas.value_label.text()
    QTest.mouseRelease(canvas.viewport(), LEFT, pos=pixel(canvas, "input_1"))


def test_the_overview_comes_with_a_large_network_and_a_click_goes_there(show: Show) -> None:
    canvas = show(chain([4, 4, 1]))
    assert not canvas.minimap.isVisible()
    canvas.camera.zoom_by(3.0, QPoint(500, 300))
    assert canvas.minimap.isVisible()
    target = canvas.board.cards["dense_3"].position
    QTest.mouseClick(canvas.minimap, LEFT, pos=canvas.minimap.place(target).toPoint())
    assert (canvas.camera.center() - target).manhattanLength() < 40
    canvas.fit()
    assert not canvas.minimap.isVisible()
