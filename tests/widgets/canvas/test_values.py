"""What the canvas shows of a plan and of live values."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import QPoint, QPointF
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from engine.catalog.registry import entry
from engine.document.graph import Edge
from engine.plan.resolve import resolve, resolve_after
from tests.widgets.canvas.driving import (
    LEFT,
    Show,
    branched,
    click,
    close_to,
    drag,
    give_values,
    heard,
    layout_of,
    on_weight,
    out_port,
    picture,
    pixel,
    tile,
)
from widgets import theme as themes
from widgets.canvas.link import Kind
from widgets.canvas.sample import chain


def test_a_plan_of_moves_takes_cards_links_and_problems_along(show: Show) -> None:
    document = chain([4, 8])  # eight units for two classes: a problem below the last card
    canvas = show(document)
    plan = resolve(document)
    canvas.set_plan(None, plan)
    edge = Edge("dense_1", "dense_2")
    box, right = canvas.board.boxes["dense_2"].pos(), canvas.board.links[edge].right
    moved = resolve_after(plan, document.move([("dense_2", 900.0, 300.0)]))
    canvas.set_plan(plan, moved)
    card = canvas.board.cards["dense_2"]
    assert card.position == QPointF(900.0, 300.0) and card.node is moved.nodes["dense_2"]
    assert canvas.board.links[edge].right == right + 900.0 - plan.document.node("dense_2").x
    assert canvas.board.boxes["dense_2"].pos() - box == card.position - QPointF(
        plan.document.node("dense_2").x, plan.document.node("dense_2").y
    )


def test_the_picture_of_a_new_run_waits_for_its_weights(show: Show, qtbot: Any) -> None:
    canvas = show(chain([2, 4, 1]))
    canvas.hold()
    plan = resolve(chain([2, 3, 1]))
    canvas.set_plan(canvas.board.plan, plan)
    assert not canvas.viewport().updatesEnabled()
    give_values(canvas, plan)
    assert canvas.viewport().updatesEnabled()
    canvas.hold()  # and when none come it does not wait for long
    assert not canvas.viewport().updatesEnabled()
    qtbot.waitUntil(lambda: canvas.viewport().updatesEnabled())


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


def test_a_norm_hands_each_value_on_and_a_block_mixes_them(show: Show) -> None:
    document = chain([4, 4]).insert_before("dense_2", "BatchNorm").fold(["dense_2"])
    document = document.set_field("block_1", "weights", "shared")
    document = document.append(document.node("block_1").layer).append(entry("layers", "Dense")(units=1))
    canvas = show(document)
    assert canvas.board.links[Edge("block_1", "block_2")].kind is Kind.WIRE
    assert canvas.board.links[Edge("dense_1", "batchnorm_1")].kind is Kind.THREADS
    assert canvas.board.links[Edge("batchnorm_1", "block_1")].kind is Kind.WIRE


def test_concatenate_hands_each_value_to_its_own_neuron(show: Show) -> None:
    canvas = show(branched())
    first, second = Edge("dense_1", "concatenate_1", 0), Edge("dense_2", "concatenate_1", 1)
    assert canvas.board.links[first].kind is Kind.THREADS
    assert canvas.board.links[second].kind is Kind.THREADS
    assert (canvas.board.links[first].offset, canvas.board.links[second].offset) == (0, 3)


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
    canvas = show(chain([4, 64, 1]))
    assert canvas.visible_dense_nodes() == ("input_1", "dense_1", "dense_2", "dense_3")
    assert layout_of(canvas, "dense_2").more == "+56"
    canvas.camera.pan(QPoint(-10_000, 0))
    assert canvas.visible_dense_nodes() == ()


def test_an_answer_of_classes_goes_when_the_network_answers_otherwise(show: Show) -> None:
    document = chain([1])
    canvas = show(document, values=False)
    maps_ = {"dense_1": np.zeros((1, 8, 8), np.uint8)}
    canvas.set_maps(maps_)
    canvas.set_class_thumbnail("dense_1", np.full((8, 8), 32 + 31, np.uint8), True)
    assert close_to(picture(canvas).pixelColor(tile(canvas, "dense_1", 0)), themes.current().positive)
    regression = document.set_data(dataset=entry("datasets", "plane")()).set_training(loss=entry("losses", "mse")())
    canvas.set_plan(canvas.board.plan, resolve(regression))
    canvas.set_maps(maps_)
    assert close_to(picture(canvas).pixelColor(tile(canvas, "dense_1", 0)), themes.current().negative)
