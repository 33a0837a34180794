"""The Inspector: what it shows of a card, a link, several cards and the training, and what it emits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from engine.catalog.registry import entries, form
from engine.document.graph import Data, Document, Edge, Network, Training
from engine.plan.resolve import resolve
from widgets.controls import NumberField
from widgets.inspector import Inspector
from widgets.theme import Theme

LAYERS, SETS = entries("layers"), entries("datasets")
NOTHING: frozenset[str] = frozenset()


def make_document(units: int = 1) -> Document:
    document = Document((Network(),), Data(SETS["spiral"]()))
    document = document.add(LAYERS["Input"]()).append(LAYERS["Dense"](units=8))
    return document.append(LAYERS["Dense"](units=units))


def show(inspector: Inspector, document: Document, *selection: str, edge: Edge | None = None) -> None:
    inspector.set_state(document, resolve(document), frozenset(selection), edge)


@pytest.fixture
def inspector(qtbot: QtBot, theme: Theme) -> Inspector:
    widget = Inspector()
    qtbot.addWidget(widget)
    widget.resize(304, 360)
    show(widget, make_document())
    with qtbot.waitExposed(widget):
        widget.show()
    widget.activateWindow()
    qtbot.waitUntil(widget.isActiveWindow)
    return widget


def record(signal: Any) -> list[Any]:
    heard: list[Any] = []
    signal.connect(lambda *values: heard.append(values))
    return heard


def type_number(field: Any, text: str) -> None:
    assert isinstance(field, NumberField)
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, text)
    QTest.keyClick(field, Qt.Key.Key_Return)


def test_a_card_shows_its_kind_form_and_facts(inspector: Inspector) -> None:
    show(inspector, make_document(), "dense_1")
    assert inspector.note() == "dense_1"
    assert inspector._title.text() == "Dense"
    assert inspector._description.text() == LAYERS["Dense"].description
    assert "Rosenblatt" in inspector._title.toolTip()
    assert inspector.layer_form.isVisible() and inspector.training_form.isHidden()
    assert inspector.facts.facts() == [
        ("shape", "(2,) → (8,)"),
        ("parameters", "24"),
        ("multiply-adds", "16"),
        ("memory", "1.0 kB"),  # 24 values four times, and 10 samples of 8 outputs twice, four bytes each
        ("outputs", "—"),
        ("silent units", "—"),
        ("gradient", "—"),
    ]
    values = {"outputs": np.array([0.25, 0.5, -1, 1]), "silent": np.array([2, 8]), "gradient": np.array([0.003])}
    inspector.set_statistics("dense_1", values)
    assert inspector.facts.facts()[4:] == [
        ("outputs", "0.250 ± 0.500"),
        ("silent units", "2 of 8"),
        ("gradient", "0.00300"),
    ]
    inspector.set_statistics("dense_2", {})
    assert inspector.facts.facts()[5] == ("silent units", "2 of 8")
    assert inspector.delete_button.isHidden()


@pytest.mark.parametrize("width", [280, 304, 420])
def test_what_a_layer_does_is_said_whole(inspector: Inspector, width: int, qtbot: QtBot) -> None:
    inspector.resize(width, 360)
    longest = max(LAYERS.values(), key=lambda layer: len(layer.description))
    show(inspector, Document((Network(),), Data(SETS["spiral"]())).add(longest()), f"{longest.name.lower()}_1")
    label = inspector._description
    assert label.text() == longest.description

    def whole() -> bool:
        return 0 < label.width() < width and label.height() >= label.heightForWidth(label.width()) > 20

    qtbot.waitUntil(whole)


def test_many_cards_are_not_all_named(inspector: Inspector) -> None:
    document = make_document()
    for _ in range(18):
        document = document.append(LAYERS["Dense"](units=8))
    show(inspector, document, *(node.id for node in document.nodes[1:]))
    said, tip = inspector._description.text(), inspector._description.toolTip()
    assert "and 12 more" in said and said.startswith("dense_1, dense_10, ") and tip.count(",") == 19


def test_what_is_kept_without_being_learned_is_counted_apart(inspector: Inspector) -> None:
    document = make_document()
    document = document.insert_between(document.networks[0].edges[-1], LAYERS["BatchNorm"]())
    show(inspector, document, "batchnorm_1")
    facts = dict(inspector.facts.facts())
    assert (facts["parameters"], facts["not trainable"]) == ("16", "16")
    shared = document.fold(["batchnorm_1"]).set_field("block_1", "weights", "shared")
    shared = shared.insert_between(shared.networks[0].edges[-1], shared.node("block_1").layer)
    show(inspector, shared, "block_2")
    assert dict(inspector.facts.facts())["weights of"] == "block_1"
    assert "parameters" not in dict(inspector.facts.facts())


def test_a_merging_card_shows_every_shape_that_arrives(inspector: Inspector) -> None:
    document = make_document().add(LAYERS["Concatenate"]())
    document = document.connect("dense_1", "concatenate_1").connect("dense_2", "concatenate_1")
    show(inspector, document, "concatenate_1")
    assert inspector.facts.facts()[0] == ("shape", "(8,) + (1,) → (9,)")
    assert inspector.layer_form.isHidden()


def test_a_field_of_a_card_is_emitted_with_the_card(inspector: Inspector) -> None:
    show(inspector, make_document(), "dense_2")
    changed = record(inspector.layer_field_changed)
    type_number(inspector.layer_form.control("units"), "3")
    assert changed == [("dense_2", ("units",), 3, True)]


def test_problems_are_said_with_a_button_that_names_problem_and_remedy(inspector: Inspector, qtbot: QtBot) -> None:
    document = make_document(units=3)
    show(inspector, document, "dense_2")
    sentence = "The data has 2 classes, so the last layer needs units = 1, not 3."
    assert inspector.problems.sentences() == [sentence]
    chosen = record(inspector.remedy_chosen)
    button = inspector.problems.button(0, 0)
    assert button.text() == "Set units of dense_2 to 1"
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    [(problem, index)] = chosen
    mended = resolve(problem.remedies[index].edit(document))
    assert mended.ready
    show(inspector, mended.document, "dense_2")
    assert inspector.problems.isHidden() and inspector.problems.sentences() == []


def test_problems_of_the_whole_network_show_while_nothing_is_selected(inspector: Inspector) -> None:
    show(inspector, make_document(units=3))
    assert len(inspector.problems.sentences()) == 1
    show(inspector, make_document(units=3), "dense_1")
    assert inspector.problems.sentences() == []


def test_remedy_button_keeps_its_focus_while_the_problem_stays(inspector: Inspector) -> None:
    document = make_document(units=3)
    show(inspector, document, "dense_2")
    inspector.problems.button(0, 0).setFocus()
    show(inspector, document.move([("dense_1", 40.0, 0.0)]), "dense_2")
    assert inspector.problems.button(0, 0).hasFocus()


def test_nothing_selected_shows_the_training_and_what_it_costs(inspector: Inspector) -> None:
    show(inspector, make_document())
    assert inspector.note() == "training"
    assert inspector.training_form.isVisible() and inspector.layer_form.isHidden()
    names = [path[0] for path in inspector.training_form.paths() if len(path) == 1]
    assert names == [*(field.name for field in form(Training)), "seed"]
    facts = dict(inspector.facts.facts())
    assert facts["parameters"] == "33" and facts["multiply-adds"] == "24" and "B" in facts["memory"]


def test_training_fields_are_emitted_with_their_path(inspector: Inspector) -> None:
    changed = record(inspector.training_field_changed)
    form = inspector.training_form
    type_number(form.control("optimizer", "learning_rate"), "0.1")
    type_number(form.control("batch_size"), "32")
    type_number(form.control("seed"), "5")
    combo: Any = form.control("optimizer")
    combo.setFocus()
    below = combo.itemData(combo.findData("SGD") + 1)
    QTest.keyClick(combo, Qt.Key.Key_Down)
    assert changed == [
        ("optimizer", ("learning_rate",), 0.1, True),
        ("batch_size", (), 32, True),
        ("seed", (), 5, True),
        ("optimizer", (), entries("optimizers")[below](), True),
    ]


def test_training_refuses_what_the_optimizer_refuses(inspector: Inspector) -> None:
    changed = record(inspector.training_field_changed)
    box = inspector.training_form.control("optimizer", "nesterov")
    box.setFocus()
    QTest.keyClick(box, Qt.Key.Key_Space)
    assert changed == []
    assert "raise momentum first" in inspector.training_form.error_text("optimizer", "nesterov")


def test_a_link_sums_up_its_weights_and_can_be_deleted(inspector: Inspector, qtbot: QtBot) -> None:
    show(inspector, make_document(), edge=Edge("dense_1", "dense_2"))
    assert inspector.note() == "dense_1 → dense_2"
    assert inspector.facts.facts() == [("shape", "(8,)"), ("weights", "1 × 8 = 8")]
    inspector.set_parameters({"dense_2.weight": np.array([[1, -2, 1, -2, 1, -2, 1, -2]], np.float32)})
    assert inspector.facts.facts()[2:] == [("mean", "-0.500"), ("spread", "1.50"), ("largest", "2.00")]
    deleted = record(inspector.delete_requested)
    assert inspector.delete_button.text() == "Delete link"
    qtbot.mouseClick(inspector.delete_button, Qt.MouseButton.LeftButton)
    assert len(deleted) == 1


def test_several_cards_are_summed_up_and_can_be_deleted(inspector: Inspector, qtbot: QtBot) -> None:
    show(inspector, make_document(), "dense_1", "dense_2")
    assert inspector.note() == "2 cards"
    assert inspector.facts.facts() == [("parameters", "33"), ("multiply-adds", "24"), ("memory", "1.2 kB")]
    deleted = record(inspector.delete_requested)
    inspector.delete_button.setFocus()
    QTest.keyClick(inspector.delete_button, Qt.Key.Key_Space)
    assert len(deleted) == 1


def test_a_card_that_is_gone_gives_way_to_the_training(inspector: Inspector) -> None:
    show(inspector, make_document(), "dense_7")
    assert inspector.training_form.isVisible()


def test_a_refresh_keeps_the_place_and_another_selection_begins_at_the_top(inspector: Inspector, qtbot: QtBot) -> None:
    inspector.resize(304, 200)
    bar = inspector.verticalScrollBar()
    qtbot.waitUntil(lambda: bar.maximum() > 50)
    bar.setValue(50)
    show(inspector, make_document().set_training(batch_size=7))
    assert bar.value() == 50
    show(inspector, make_document(), "dense_1")
    assert bar.value() == 0


def test_focus_goes_to_the_first_field(inspector: Inspector) -> None:
    inspector.setFocus()
    assert inspector.training_form.control("loss").hasFocus()
    show(inspector, make_document(), "dense_1")
    inspector.setFocus()
    assert inspector.layer_form.control("units").hasFocus()


def test_setters_emit_nothing(inspector: Inspector) -> None:
    for signal in (
        inspector.layer_field_changed,
        inspector.training_field_changed,
        inspector.remedy_chosen,
        inspector.delete_requested,
    ):
        signal.connect(lambda *_: pytest.fail("a setter emitted"))
    document = make_document(units=3)
    for selection in (("dense_1",), ("input_1",), ("dense_1", "dense_2"), ()):
        show(inspector, document, *selection)
    show(inspector, document, edge=Edge("dense_1", "dense_2"))
    cosine = entries("schedules")["cosine"](final_share=0.1)
    show(inspector, document.set_training(optimizer=entries("optimizers")["Adam"](), schedule=cosine, epochs=9))
