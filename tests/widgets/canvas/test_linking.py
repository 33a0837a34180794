"""Drawing links, dropping layers, choosing remedies."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QMimeData, QPoint
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton

from engine.catalog.registry import entry
from engine.document.graph import Data, Document, Edge, Network
from engine.plan.resolve import resolve
from tests.widgets.canvas.driving import (
    LEFT,
    Show,
    branched,
    click,
    drag,
    drop,
    empty_spot,
    heard,
    in_port,
    layer_data,
    layout_of,
    leave,
    out_port,
    pixel,
    wrong,
)
from widgets.canvas.sample import chain


def test_a_link_is_drawn_from_an_output_to_a_card(show: Show) -> None:
    document = chain([4, 1]).add(entry("layers", "Dense")(units=2), 352, 300)
    canvas = show(document)
    said = heard(canvas)
    drag(canvas, out_port(canvas, "dense_1"), pixel(canvas, "dense_3"), release=False)
    cards = canvas.board.cards
    assert cards["dense_3"].lit and not cards["dense_3"].faded
    assert cards["input_1"].faded and cards["input_1"].frame.opacity() < 1
    QTest.mouseRelease(canvas.viewport(), LEFT, pos=pixel(canvas, "dense_3"))
    assert said[-1] == ("connect_requested", "dense_1", "dense_3", -1)
    assert not any(card.faded or card.lit for card in cards.values())


def test_a_link_is_drawn_backwards_from_a_free_input(show: Show) -> None:
    document = chain([4, 1]).add(entry("layers", "Dense")(units=2), 352, 300)
    canvas = show(document)
    said = heard(canvas)
    drag(canvas, in_port(canvas, "dense_3"), pixel(canvas, "input_1"))
    assert said[-1] == ("connect_requested", "input_1", "dense_3", 0)


def test_a_port_of_a_merging_card_can_be_chosen(show: Show) -> None:
    document = branched()
    canvas = show(document)
    assert len(layout_of(canvas, "concatenate_1").in_ports) == 3
    said = heard(canvas)
    drag(canvas, out_port(canvas, "input_1"), in_port(canvas, "concatenate_1", 2))
    assert said[-1] == ("connect_requested", "input_1", "concatenate_1", 2)


def test_a_link_that_would_close_a_circle_is_not_offered(show: Show) -> None:
    canvas = show(chain([4, 4, 1]))
    said = heard(canvas)
    drag(canvas, out_port(canvas, "dense_2"), pixel(canvas, "dense_1"))
    drag(canvas, out_port(canvas, "dense_2"), pixel(canvas, "input_1"))
    drag(canvas, out_port(canvas, "dense_2"), empty_spot(canvas))
    assert not [name for name, *_ in said if name.endswith("requested")]
    assert not any(card.faded for card in canvas.board.cards.values())


def test_a_link_picked_up_at_its_end_can_be_dropped_or_moved(show: Show) -> None:
    document = chain([4, 1]).add(entry("layers", "Dense")(units=2), 352, 300)
    canvas = show(document)
    said = heard(canvas)
    edge = Edge("dense_1", "dense_2")
    drag(canvas, in_port(canvas, "dense_2"), in_port(canvas, "dense_2") + QPoint(-3, 120))
    assert said[-1] == ("disconnect_requested", edge)
    drag(canvas, in_port(canvas, "dense_2"), pixel(canvas, "dense_3"))
    assert said[-2:] == [("disconnect_requested", edge), ("connect_requested", "dense_1", "dense_3", -1)]
    said.clear()
    drag(canvas, in_port(canvas, "dense_2"), pixel(canvas, "dense_2"))
    assert said == []
    assert canvas.board.links[edge].isVisible()


def test_the_plus_behind_the_last_card_asks_for_one_more(show: Show) -> None:
    canvas = show(chain([4, 1]))
    said = heard(canvas)
    assert [card.id for card in canvas.board.cards.values() if card.can_append] == ["dense_2"]
    button = canvas.board.cards["dense_2"].append_button()
    assert button is not None
    click(canvas, pixel(canvas, "dense_2", button.center()))
    assert said == [("append_requested", "dense_2")]


def test_a_layer_dropped_on_empty_space_stays_there(show: Show) -> None:
    canvas = show(chain([4, 1]))
    said = heard(canvas)
    at = empty_spot(canvas)
    data = layer_data("Dropout")
    assert drop(canvas, at, data)
    name, layer, x, y = said[-1]
    place = canvas.mapToScene(at)
    assert (name, layer) == ("layer_dropped", "Dropout")
    assert abs(x - place.x()) <= 4 and abs(y - place.y()) <= 4 and x % 8 == 0


def test_a_layer_dropped_on_a_link_goes_between(show: Show) -> None:
    canvas = show(chain([4, 128, 1]))
    said = heard(canvas)
    edge = Edge("dense_1", "dense_2")
    at = canvas.mapFromScene(canvas.board.links[edge].middle())
    data = layer_data("Dropout")
    drop(canvas, at, data, release=False)
    assert canvas.board.links[edge].hovered
    leave(canvas)
    assert not canvas.board.links[edge].hovered
    drop(canvas, at, data)
    assert said == [("layer_dropped_on_link", "Dropout", edge)]
    assert not canvas.board.links[edge].hovered


def test_other_things_are_not_taken(show: Show) -> None:
    canvas = show(chain([4, 1]))
    said = heard(canvas)
    data = QMimeData()
    data.setText("Dropout")
    assert not drop(canvas, empty_spot(canvas), data)
    assert said == []


def test_a_wrong_card_says_why_and_its_button_mends_it(show: Show) -> None:
    canvas = show(wrong())
    assert set(canvas.board.boxes) == {"dense_2", "dense_3"}
    box = canvas.board.boxes["dense_3"]
    assert "Nothing is connected" in box.text()
    labels = [box.label(number) for number in range(len(box.buttons))]
    said = heard(canvas)
    rect = box.buttons[labels.index("Remove dense_3")][0]
    click(canvas, canvas.mapFromScene(box.mapToScene(rect.center())))
    name, problem, index = said[-1]
    assert name == "remedy_chosen" and problem.node == "dense_3"
    mended = problem.remedies[index].edit(wrong())
    canvas.set_plan(canvas.board.plan, resolve(mended))
    assert set(canvas.board.boxes) == {"dense_2"}


def test_what_is_wrong_is_readable_from_afar(show: Show) -> None:
    canvas = show(wrong())
    canvas.zoom_by(0.25)
    assert canvas.camera.zoom < 0.4
    areas = [canvas.mapFromScene(box.area()).boundingRect() for box in canvas.board.boxes.values()]
    widths = [box.frame.width() for box in canvas.board.boxes.values()]
    assert all(area.width() >= 0.8 * width for area, width in zip(areas, widths, strict=True))
    assert not areas[0].intersects(areas[1].adjusted(1, 1, -1, -1))
    box, said = canvas.board.boxes["dense_3"], heard(canvas)
    click(canvas, canvas.mapFromScene(box.mapToScene(box.buttons[0][0].center())))
    assert said[-1][0] == "remedy_chosen"


def test_a_fitted_view_shows_what_is_wrong_with_a_long_network(show: Show) -> None:
    document = chain([4] * 24).add(entry("layers", "Dense")(), 3000, 300)
    canvas = show(document)
    canvas.fit()
    assert canvas.camera.zoom < 0.5
    room = canvas.viewport().rect()
    for box in canvas.board.boxes.values():
        area = canvas.mapFromScene(box.area()).boundingRect()
        assert area.width() >= 0.8 * box.frame.width()
        assert room.contains(area)


def test_a_remedy_must_be_released_where_it_was_pressed(show: Show) -> None:
    canvas = show(wrong())
    box = canvas.board.boxes["dense_3"]
    said = heard(canvas)
    start = canvas.mapFromScene(box.mapToScene(box.buttons[0][0].center()))
    drag(canvas, start, empty_spot(canvas))
    assert said == []
    assert box.pressed is None


def test_boxes_do_not_cover_one_another(show: Show) -> None:
    document = chain([4, 1])
    for x in (300, 380, 460):
        document = document.add(entry("layers", "Dense")(), x, 300)
    canvas = show(document)
    frames = [box.area() for box in canvas.board.boxes.values()]
    assert len(frames) == 3
    assert not any(one.intersects(two) for k, one in enumerate(frames) for two in frames[:k])


def test_an_empty_network_offers_a_start(show: Show, qtbot: Any) -> None:
    document = Document((Network(),), Data(entry("datasets", "circle")()))
    canvas = show(document, values=False)
    button = canvas.findChild(QPushButton, "empty.button")
    assert button is not None and button.isVisible()
    said = heard(canvas)
    QTest.mouseClick(button, LEFT)
    name, problem, index = said[-1]
    assert (name, problem.kind) == ("remedy_chosen", "empty")
    canvas.set_plan(canvas.board.plan, resolve(problem.remedies[index].edit(document)))
    assert not button.isVisible()
    assert len(canvas.board.cards) == 2
