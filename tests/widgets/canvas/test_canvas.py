"""The canvas, driven with real mouse and key events."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QDragEnterEvent, QDragLeaveEvent, QDragMoveEvent, QDropEvent, QImage, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from engine.catalog.registry import entry
from engine.document.graph import Data, Document, Edge, Network
from engine.plan.plan import Plan
from engine.plan.resolve import resolve
from widgets import theme as themes
from widgets.canvas import Canvas
from widgets.canvas.layout import CardLayout
from widgets.canvas.link import Kind
from widgets.canvas.sample import chain, maps
from widgets.canvas.style import DROP_TYPE
from widgets.theme import Theme

LEFT = Qt.MouseButton.LeftButton
Show = Callable[..., Canvas]
SIGNALS = (
    "selection_changed", "moved", "connect_requested", "disconnect_requested", "layer_dropped",
    "layer_dropped_on_link", "delete_requested", "neuron_hovered", "neuron_left", "neuron_clicked",
    "parameter_edited", "remedy_chosen", "append_requested", "card_activated", "open_library_requested",
    "context_menu_requested",
)  # fmt: skip


@pytest.fixture
def show(qtbot: Any, theme: Theme) -> Iterator[Show]:
    """Show a document on a canvas of 1000×600."""

    def shown(document: Document, values: bool = True) -> Canvas:
        canvas = Canvas()
        qtbot.addWidget(canvas)
        canvas.resize(1000, 600)
        with qtbot.waitExposed(canvas):
            canvas.show()
        canvas.activateWindow()
        plan = resolve(document)
        canvas.set_plan(None, plan)
        if values:
            give_values(canvas, plan)
        return canvas

    yield shown


def give_values(canvas: Canvas, plan: Plan, seed: int = 0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    parameters = {name: rng.normal(size=parameter.shape) for name, parameter in plan.parameters.items()}
    canvas.set_parameters(parameters)
    canvas.set_maps(maps(plan, parameters))
    return parameters


def heard(canvas: Canvas) -> list[tuple[Any, ...]]:
    """Everything that the canvas says from now on: (signal, arguments …)."""
    said: list[tuple[Any, ...]] = []
    for name in SIGNALS:
        getattr(canvas, name).connect(lambda *arguments, name=name: said.append((name, *arguments)))
    return said


def layout_of(canvas: Canvas, node_id: str) -> CardLayout:
    return canvas.board.cards[node_id].layout


def pixel(canvas: Canvas, node_id: str, inner: QPointF | None = None) -> QPoint:
    """A point of a card, by default its title, in the viewport."""
    card = canvas.board.cards[node_id]
    inner = inner if inner is not None else card.layout.header.center()
    return canvas.mapFromScene(card.position + inner)


def tile(canvas: Canvas, node_id: str, unit: int) -> QPoint:
    return pixel(canvas, node_id, layout_of(canvas, node_id).tiles[unit].center())


def on_weight(canvas: Canvas, edge: Edge, unit: int, input_: int) -> QPoint:
    """A point on the curve of a weight, half-way."""
    link = canvas.board.links[edge]
    source, target = link.source.layout.tiles[input_], link.target.layout.tiles[unit]
    start = link.source.position + QPointF(source.right(), source.center().y())
    end = link.target.position + QPointF(target.left(), target.center().y())
    return canvas.mapFromScene((start + end) / 2)


def drag(canvas: Canvas, start: QPoint, end: QPoint, button: Qt.MouseButton = LEFT, release: bool = True) -> None:
    viewport = canvas.viewport()
    QTest.mouseMove(viewport, start)
    QTest.mousePress(viewport, button, pos=start)
    for step in range(1, 6):
        QTest.mouseMove(viewport, start + (end - start) * (step / 5))
        QApplication.processEvents()
    if release:
        QTest.mouseRelease(viewport, button, pos=end)


def click(canvas: Canvas, at: QPoint, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    QTest.mouseClick(canvas.viewport(), LEFT, modifiers, at)


def hover(canvas: Canvas, at: QPoint) -> None:
    QTest.mouseMove(canvas.viewport(), at)
    QApplication.processEvents()


def double_click(canvas: Canvas, at: QPoint) -> None:
    QTest.mouseDClick(canvas.viewport(), LEFT, pos=at)
    QTest.mouseRelease(canvas.viewport(), LEFT, pos=at)  # QTest leaves the button down


def empty_spot(canvas: Canvas) -> QPoint:
    return QPoint(8, canvas.viewport().height() - 8)


# --- values in -------------------------------------------------------------------------------------------------------


def test_setters_never_emit(show: Show) -> None:
    canvas = show(chain([4, 2, 1]))
    said = heard(canvas)
    plan = resolve(chain([4, 3, 1]))
    canvas.set_plan(canvas.board.plan, plan)
    give_values(canvas, plan)
    canvas.set_selection(frozenset({"dense_1"}), None)
    canvas.set_selection(frozenset(), Edge("dense_1", "dense_2"))
    canvas.set_class_thumbnail("dense_3", np.zeros((8, 8), np.uint8), True)
    canvas.set_busy(True)
    canvas.set_busy(False)
    canvas.clear_live()
    canvas.fit()
    assert said == []


def test_a_new_plan_keeps_the_items_of_what_stayed(show: Show) -> None:
    document = chain([4, 2, 1])
    canvas = show(document)
    cards, links = dict(canvas.board.cards), dict(canvas.board.links)
    changed = document.set_field("dense_2", "units", 3).add(entry("layers", "Dropout")(), 100, 400)
    canvas.set_plan(canvas.board.plan, resolve(changed))
    assert all(canvas.board.cards[node_id] is card for node_id, card in cards.items())
    assert all(canvas.board.links[edge] is link for edge, link in links.items())
    assert canvas.board.cards.keys() - cards.keys() == {"dropout_1"}
    assert len(layout_of(canvas, "dense_2").tiles) == 3
    canvas.set_plan(canvas.board.plan, resolve(changed.remove(["dense_2"])))
    assert "dense_2" not in canvas.board.cards
    assert set(canvas.board.links) == {Edge("input_1", "dense_1")}
    in_scene = set(canvas.board.items())
    assert cards["dense_2"].frame not in in_scene and cards["dense_2"].face not in in_scene


def test_cards_of_the_same_height_of_place_are_centred_on_one_line(show: Show) -> None:
    canvas = show(chain([8, 1]))
    centres = {round(card.scene_frame.center().y(), 3) for card in canvas.board.cards.values()}
    assert centres == {0.0}


def test_what_kind_of_link_joins_which_cards(show: Show) -> None:
    document = chain([4, 32, 1])
    document = document.add(entry("layers", "Add")(), 600, 200).connect("input_1", "add_1")
    canvas = show(document)
    kinds = {(edge.source, edge.target): link.kind for edge, link in canvas.board.links.items()}
    assert kinds == {
        ("input_1", "dense_1"): Kind.WEIGHTS,
        ("dense_1", "dense_2"): Kind.WIRE,
        ("dense_2", "dense_3"): Kind.WIRE,
        ("input_1", "add_1"): Kind.WIRE,
    }


def test_concatenate_hands_each_value_to_its_own_neuron(show: Show) -> None:
    canvas = show(branched())
    first, second = Edge("dense_1", "concatenate_1", 0), Edge("dense_2", "concatenate_1", 1)
    assert canvas.board.links[first].kind is Kind.THREADS
    assert canvas.board.links[second].kind is Kind.THREADS
    assert (canvas.board.links[first].offset, canvas.board.links[second].offset) == (0, 3)


def branched() -> Document:
    """Input → Dense 3 and Dense 2 → Concatenate → Dense 1."""
    layer = {name: entry("layers", name) for name in ("Input", "Dense", "Concatenate")}
    document = Document((Network(),), Data(entry("datasets", "circle")()))
    document = document.add(layer["Input"]()).add(layer["Dense"](units=3), 200, -120)
    document = document.add(layer["Dense"](units=2), 200, 120).add(layer["Concatenate"](), 400)
    document = document.add(layer["Dense"](units=1), 600)
    document = document.connect("input_1", "dense_1").connect("input_1", "dense_2")
    document = document.connect("dense_1", "concatenate_1").connect("dense_2", "concatenate_1")
    return document.connect("concatenate_1", "dense_3")


def picture(canvas: Canvas) -> QImage:
    QApplication.processEvents()
    return canvas.viewport().grab().toImage()


def close_to(color: QColor, other: str | QColor, within: int = 12) -> bool:
    other = QColor(other)
    pairs = zip(color.getRgb()[:3], other.getRgb()[:3], strict=True)
    return all(abs(one - two) <= within for one, two in pairs)


def test_a_neuron_shows_its_map_and_the_theme_recolours_it(show: Show, qapp: QApplication) -> None:
    canvas = show(chain([2, 1]), values=False)
    images = np.full((2, 16, 16), 255, np.uint8)
    images[1] = 0
    canvas.set_maps({"dense_1": images})
    now = themes.current()
    assert close_to(picture(canvas).pixelColor(tile(canvas, "dense_1", 0)), now.positive)
    assert close_to(picture(canvas).pixelColor(tile(canvas, "dense_1", 1)), now.negative)
    canvas.set_maps({"dense_1": np.full((2, 16, 16), 127, np.uint8)})
    assert close_to(picture(canvas).pixelColor(tile(canvas, "dense_1", 0)), themes.DARK.neutral)
    themes.apply(qapp, "light")
    assert close_to(picture(canvas).pixelColor(tile(canvas, "dense_1", 0)), themes.LIGHT.neutral)
    canvas.clear_live()
    assert close_to(picture(canvas).pixelColor(tile(canvas, "dense_1", 0)), themes.LIGHT.raised)


def test_the_answer_is_drawn_on_the_output_card(show: Show) -> None:
    document = chain([3]).set_field("dense_1", "activation", entry("activations", "softmax")())
    document = document.set_data(dataset=entry("datasets", "blobs")(classes=3))
    document = document.set_training(loss=entry("losses", "categorical_cross_entropy")())
    canvas = show(document)
    assert canvas.board.plan is not None and canvas.board.plan.ready
    place = layout_of(canvas, "dense_1").answer
    assert place is not None
    canvas.set_class_thumbnail("dense_1", np.full((8, 8), 32 + 31, np.uint8), True)
    color = picture(canvas).pixelColor(pixel(canvas, "dense_1", place.center()))
    assert close_to(color, themes.current().positive)


def test_weights_colour_their_curves_without_moving_them(show: Show) -> None:
    document = chain([1])
    canvas = show(document, values=False)
    edge = Edge("input_1", "dense_1")
    bounds = canvas.board.links[edge].boundingRect()
    for values, colors in (((2.0, -2.0), ("positive", "negative")), ((-2.0, 2.0), ("negative", "positive"))):
        canvas.set_parameters({"dense_1.weight": np.array([values]), "dense_1.bias": np.zeros(1)})
        image = picture(canvas)
        for input_, name in enumerate(colors):
            color = image.pixelColor(on_weight(canvas, edge, 0, input_))
            assert close_to(color, getattr(themes.current(), name), 30)
    assert canvas.board.links[edge].boundingRect() == bounds


def test_a_stronger_weight_is_drawn_wider(show: Show) -> None:
    canvas = show(chain([1]), values=False)
    canvas.set_parameters({"dense_1.weight": np.array([[4.0, 0.4]]), "dense_1.bias": np.zeros(1)})
    image, edge = picture(canvas), Edge("input_1", "dense_1")

    def thickness(input_: int) -> int:
        middle = on_weight(canvas, edge, 0, input_)
        column = [image.pixelColor(middle.x(), middle.y() + dy) for dy in range(-8, 9)]
        return sum(color.blue() > color.red() + 40 for color in column)

    assert thickness(0) >= 4 > thickness(1) >= 1


def test_weights_that_do_not_fit_the_plan_are_left_alone(show: Show) -> None:
    canvas = show(chain([2, 1]), values=False)
    canvas.set_parameters({"dense_1.weight": np.zeros((5, 7)), "dense_1.bias": np.zeros(5)})
    canvas.set_parameters({"dense_1.weight": np.full((2, 2), np.nan), "dense_1.bias": np.full(2, np.inf)})
    canvas.set_maps({"dense_1": np.zeros((5, 4, 4), np.uint8), "missing": np.zeros((1, 4, 4), np.uint8)})
    assert not picture(canvas).isNull()


def test_weights_of_another_shape_are_forgotten_with_the_plan(show: Show) -> None:
    document = chain([4, 2, 1])
    canvas = show(document)
    picture(canvas)
    link = canvas.board.links[Edge("dense_1", "dense_2")]
    assert link.weights is not None
    canvas.set_plan(canvas.board.plan, resolve(document.set_field("dense_2", "units", 3)))
    assert link.weights is None
    assert not picture(canvas).isNull()
    canvas.set_plan(canvas.board.plan, resolve(document.set_field("dense_2", "units", 30)))
    assert link.kind is Kind.WIRE
    assert not picture(canvas).isNull()


def test_a_plan_that_takes_a_card_away_ends_the_gesture_on_it_silently(show: Show) -> None:
    document = chain([4, 1])
    canvas = show(document)
    start = out_port(canvas, "dense_1")
    drag(canvas, start, start + QPoint(10, 150), release=False)
    assert canvas.board.cards["input_1"].faded
    said = heard(canvas)
    canvas.set_plan(canvas.board.plan, resolve(document.remove(["dense_1"])))
    QTest.mouseRelease(canvas.viewport(), LEFT, pos=start + QPoint(10, 150))
    assert said == []
    assert not canvas.board.cards["input_1"].faded


def test_the_editor_of_a_weight_that_is_gone_closes_silently(show: Show) -> None:
    document = chain([2, 1])
    canvas = show(document)
    click(canvas, on_weight(canvas, Edge("dense_1", "dense_2"), 0, 1))
    assert canvas.editor.isVisible()
    QTest.keyClicks(canvas.editor.field, "9")
    said = heard(canvas)
    canvas.set_plan(canvas.board.plan, resolve(document.set_field("dense_1", "units", 1)))
    assert not canvas.editor.isVisible()
    assert said == []


def test_every_link_is_redrawn_in_the_end(show: Show, qtbot: Any) -> None:
    canvas = show(chain([8] * 6 + [1]))
    picture(canvas)
    assert canvas.board.plan is not None
    give_values(canvas, canvas.board.plan, seed=1)
    qtbot.waitUntil(lambda: not list(canvas.board.stale_links()))


def test_only_open_or_striped_cards_in_sight_want_maps(show: Show) -> None:
    canvas = show(chain([4, 128, 1]))
    assert canvas.visible_dense_nodes() == ("input_1", "dense_1", "dense_2", "dense_3")
    assert layout_of(canvas, "dense_2").more == "+120"
    canvas.camera.pan(QPoint(-10_000, 0))
    assert canvas.visible_dense_nodes() == ()


# --- selecting and moving --------------------------------------------------------------------------------------------


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
    from PySide6.QtGui import QContextMenuEvent

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


# --- neurons, weights, biases ----------------------------------------------------------------------------------------


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


# --- linking ---------------------------------------------------------------------------------------------------------


def out_port(canvas: Canvas, node_id: str) -> QPoint:
    return pixel(canvas, node_id, layout_of(canvas, node_id).out_port)


def in_port(canvas: Canvas, node_id: str, port: int = 0) -> QPoint:
    return pixel(canvas, node_id, layout_of(canvas, node_id).in_ports[port])


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


# --- dropping --------------------------------------------------------------------------------------------------------


def drop(canvas: Canvas, at: QPoint, data: QMimeData, release: bool = True) -> bool:
    buttons, modifiers = LEFT, Qt.KeyboardModifier.NoModifier
    copy = Qt.DropAction.CopyAction
    QApplication.sendEvent(canvas.viewport(), QDragEnterEvent(at, copy, data, buttons, modifiers))
    QApplication.sendEvent(canvas.viewport(), QDragMoveEvent(at, copy, data, buttons, modifiers))
    event = QDropEvent(QPointF(at), copy, data, buttons, modifiers)
    event.ignore()
    if release:
        QApplication.sendEvent(canvas.viewport(), event)
    return event.isAccepted()


def leave(canvas: Canvas) -> None:
    QApplication.sendEvent(canvas.viewport(), QDragLeaveEvent())


def layer_data(name: str) -> QMimeData:
    data = QMimeData()
    data.setData(DROP_TYPE, name.encode())
    return data


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


# --- problems --------------------------------------------------------------------------------------------------------


def wrong() -> Document:
    return chain([4, 3]).add(entry("layers", "Dense")(units=2), 352, 300)


def test_a_wrong_card_says_why_and_its_button_mends_it(show: Show) -> None:
    canvas = show(wrong())
    assert set(canvas.board.boxes) == {"dense_2", "dense_3"}
    box = canvas.board.boxes["dense_3"]
    assert "Nothing is connected" in box.text()
    labels = [box.label(number) for number in range(len(box.buttons))]
    said = heard(canvas)
    rect = box.buttons[labels.index("Remove dense_3")][0]
    click(canvas, canvas.mapFromScene(box.pos() + rect.center()))
    name, problem, index = said[-1]
    assert name == "remedy_chosen" and problem.node == "dense_3"
    mended = problem.remedies[index].edit(wrong())
    canvas.set_plan(canvas.board.plan, resolve(mended))
    assert set(canvas.board.boxes) == {"dense_2"}


def test_a_remedy_must_be_released_where_it_was_pressed(show: Show) -> None:
    canvas = show(wrong())
    box = canvas.board.boxes["dense_3"]
    said = heard(canvas)
    start = canvas.mapFromScene(box.pos() + box.buttons[0][0].center())
    drag(canvas, start, empty_spot(canvas))
    assert said == []
    assert box.pressed is None


def test_boxes_do_not_cover_one_another(show: Show) -> None:
    document = chain([4, 1])
    for x in (300, 380, 460):
        document = document.add(entry("layers", "Dense")(), x, 300)
    canvas = show(document)
    frames = [box.frame.translated(box.pos()) for box in canvas.board.boxes.values()]
    assert len(frames) == 3
    assert not any(one.intersects(two) for k, one in enumerate(frames) for two in frames[:k])


def test_an_empty_network_offers_a_start(show: Show, qtbot: Any) -> None:
    document = Document((Network(),), Data(entry("datasets", "circle")()))
    canvas = show(document, values=False)
    button = canvas.findChild(themes.QWidget, "empty.button")
    assert button is not None and button.isVisible()
    said = heard(canvas)
    QTest.mouseClick(button, LEFT)
    name, problem, index = said[-1]
    assert (name, problem.kind) == ("remedy_chosen", "empty")
    canvas.set_plan(canvas.board.plan, resolve(problem.remedies[index].edit(document)))
    assert not button.isVisible()
    assert len(canvas.board.cards) == 2


# --- keyboard --------------------------------------------------------------------------------------------------------


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
    assert "classes" in canvas.accessibleDescription()


# --- the view --------------------------------------------------------------------------------------------------------


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


def wheel(canvas: Canvas, at: QPoint, notches: int, modifiers: Qt.KeyboardModifier) -> None:
    event = QWheelEvent(
        QPointF(at), QPointF(canvas.viewport().mapToGlobal(at)), QPoint(), QPoint(0, 120 * notches),
        Qt.MouseButton.NoButton, modifiers, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(canvas.viewport(), event)


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
