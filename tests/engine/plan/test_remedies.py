"""A wrong graph is explained on its card, and the edit that is offered there mends it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.catalog.activations import Linear, Relu, Sigmoid, Softmax, Tanh
from engine.catalog.datasets.functions import Plane
from engine.catalog.datasets.plane import Blobs, Circle
from engine.catalog.layers.dense import Activation, Dense, Input
from engine.catalog.layers.merging import Add, Concatenate
from engine.catalog.losses import BinaryCrossEntropy, CategoricalCrossEntropy, Hinge, MeanAbsoluteError
from engine.document.examples import load_example
from engine.document.graph import Data, Document, Edge, Network
from engine.plan.plan import Plan, Problem
from engine.plan.resolve import resolve

CIRCLE = load_example("circle").document
EMPTY = Document((Network(),), Data(Circle()))


def dense(units: int, activation: object = Tanh()) -> Dense:
    return Dense(units=units, activation=activation)  # type: ignore[call-arg]


def chain(*layers: Dense | Activation, dataset: object = None, **training: object) -> Document:
    """Input and these layers in a row."""
    document = EMPTY.set_data(dataset=dataset or Circle()).set_training(**training).append(Input())
    for layer in layers:
        document = document.append(layer)
    return document


def problem_on(plan: Plan, kind: str, node_id: str) -> Problem:
    found = [problem for problem in plan.nodes[node_id].problems if problem.kind == kind]
    assert len(found) == 1, f"{node_id} says {[str(problem.sentence) for problem in plan.nodes[node_id].problems]}"
    assert found[0].node == node_id
    assert not plan.ready
    return found[0]


def assert_every_remedy_mends(document: Document, kind: str, node_id: str) -> Problem:
    """Each remedy takes the problem off its card; whatever it uncovers is mended in a step or two."""
    problem = problem_on(resolve(document), kind, node_id)
    assert problem.remedies
    for remedy in problem.remedies:
        mended = resolve(remedy.edit(document))
        left = mended.nodes[node_id].problems if node_id in mended.nodes else ()
        assert kind not in [other.kind for other in left], str(remedy.label)
        for _ in range(3):
            if not mended.ready:
                mended = resolve(mended.problems[0].remedies[0].edit(mended.document))
        assert mended.ready, f"{remedy.label}: {[str(other.sentence) for other in mended.problems]}"
    return problem


# --- the five wrong graphs -------------------------------------------------------------------------------------------


def test_unconnected() -> None:
    document = CIRCLE.disconnect(Edge("dense_1", "dense_2"))
    problem = assert_every_remedy_mends(document, "unconnected", "dense_2")
    assert str(problem.sentence) == "Nothing is connected to this card's input"
    assert [str(remedy.label) for remedy in problem.remedies] == ["Connect dense_1 to dense_2", "Remove dense_2"]
    assert resolve(problem.remedies[0].edit(document)).ready


def test_unconnected_without_any_card_to_connect_to() -> None:
    document = EMPTY.append(dense(1))
    problem = assert_every_remedy_mends(document, "unconnected", "dense_1")
    assert str(problem.remedies[0].label) == "Add an input before it"


def test_a_merging_card_with_a_single_input() -> None:
    document = chain(dense(4), dense(4)).add(Add(), 600, 0).connect("dense_2", "add_1").append(dense(1))
    problem = assert_every_remedy_mends(document, "unconnected", "add_1")
    assert str(problem.sentence) == "Add joins at least 2 inputs and has 1; connect another card to it"


def test_no_card_is_told_to_be_wider_than_it_can_be() -> None:
    document = chain(dense(65_536), dense(65_536), dense(4)).add(Concatenate(), 300, 100).add(Add(), 600, 100)
    document = document.connect("dense_1", "concatenate_1", 0).connect("dense_2", "concatenate_1", 1)
    document = document.connect("concatenate_1", "add_1", 0).connect("dense_3", "add_1", 1)
    for remedy in problem_on(resolve(document), "shape", "add_1").remedies:
        remedy.edit(document)


def test_cycle() -> None:
    document = chain(dense(4), dense(4), dense(1)).add(Add(), 300, 100)
    document = document.connect("dense_1", "add_1", 0).connect("add_1", "dense_2").connect("dense_2", "add_1", 1)
    for node_id in ("add_1", "dense_2"):
        problem = problem_on(resolve(document), "cycle", node_id)
        assert [str(remedy.label) for remedy in problem.remedies] == ["Cut the link dense_2 → add_1"]
        mended = resolve(problem.remedies[0].edit(document))
        assert not [other for other in mended.nodes[node_id].problems if other.kind == "cycle"]
    assert not resolve(document).nodes["dense_3"].problems, "it is fed by the circle, not on it"
    assert "dense_2 → add_1 → dense_2" in str(problem.sentence)
    assert resolve(document).order == ("input_1", "dense_1")


def test_cycle_of_a_card_with_itself() -> None:
    document = CIRCLE.disconnect(Edge("dense_1", "dense_2")).connect("dense_2", "dense_2")
    problem = problem_on(resolve(document), "cycle", "dense_2")
    assert "dense_2 → dense_2" in str(problem.sentence)
    mended = problem.remedies[0].edit(document)
    problem = problem_on(resolve(mended), "unconnected", "dense_2")
    assert resolve(problem.remedies[0].edit(mended)).ready


def test_a_cycle_over_several_ports_is_cut_at_all_of_them() -> None:
    document = chain(dense(4), dense(1)).add(Add(), 300, 100).connect("dense_1", "add_1", 0)
    for port in (1, 2, 3):
        document = document.connect("add_1", "add_1", port)
    remedy = problem_on(resolve(document), "cycle", "add_1").remedies[0]
    assert str(remedy.label) == "Cut the links add_1 → add_1"
    mended = remedy.edit(document)
    assert mended.networks[0].inputs_of("add_1") == document.networks[0].inputs_of("add_1")[:1]
    assert [problem.kind for problem in resolve(mended).nodes["add_1"].problems] == ["unconnected"]


def test_two_cycles_and_the_cards_between_them() -> None:
    """a ⇄ b → between → c ⇄ d: four cards are on a circle, the one between is not."""
    document = EMPTY
    for layer in (Add(), dense(4), dense(4), Add(), dense(4)):
        document = document.add(layer)
    for source, target in (
        ("add_1", "dense_1"), ("dense_1", "add_1"), ("dense_1", "dense_2"),
        ("dense_2", "add_2"), ("add_2", "dense_3"), ("dense_3", "add_2"),
    ):  # fmt: skip
        document = document.connect(source, target)
    plan = resolve(document)
    on_cycle = {problem.node for problem in plan.problems if problem.kind == "cycle"}
    assert on_cycle == {"add_1", "dense_1", "add_2", "dense_3"}
    assert plan.order == ()


def test_a_long_cycle_is_named_shortly() -> None:
    document = chain(*[dense(2)] * 20)
    document = document.disconnect(Edge("input_1", "dense_1")).connect("dense_20", "dense_1")
    problem = problem_on(resolve(document), "cycle", "dense_7")
    assert "dense_7 → dense_8 → dense_9 → dense_10 → … → dense_7;" in str(problem.sentence)
    assert str(problem.remedies[0].label) == "Cut the link dense_20 → dense_1"


def test_shape_clash() -> None:
    document = chain(dense(4), dense(3)).add(Add(), 600, 0)
    document = document.connect("dense_1", "add_1").connect("dense_2", "add_1").append(dense(1))
    problem = assert_every_remedy_mends(document, "shape", "add_1")
    assert "(4,) and (3,)" in str(problem.sentence)
    mended = resolve(problem.remedies[0].edit(document))
    assert mended.ready
    assert mended.nodes["add_1"].layer == Concatenate()
    assert mended.nodes["add_1"].output_shape == (7,)


@pytest.mark.parametrize(
    ("document", "node_id", "sentence", "label"),
    [
        (chain(dense(3)), "dense_1", "2 classes, so the last layer needs units = 1, not 3", "to 1"),
        (chain(dense(1), dataset=Blobs()), "dense_1", "5 classes, so the last layer needs units = 5, not 1", "to 5"),
        (chain(dense(3), dataset=Plane()), "dense_1", "asks for one number, so", "to 1"),
        (chain(dense(1, Softmax())), "dense_1", "units = 2", "to 2"),
        (
            chain(dense(3), Activation(), dataset=Blobs()),
            "activation_1",
            "needs units = 5, not 3",
            "Set units of dense_1 to 5",
        ),
    ],
)
def test_output_size_against_the_data(document: Document, node_id: str, sentence: str, label: str) -> None:
    problem = assert_every_remedy_mends(document, "output_size", node_id)
    assert sentence in str(problem.sentence)
    assert label in str(problem.remedies[0].label)


def test_output_size_where_no_card_has_units_to_set() -> None:
    document = chain(dense(3), dense(3)).add(Add(), 600, 0).connect("dense_1", "add_1").connect("dense_2", "add_1")
    problem = problem_on(resolve(document), "output_size", "add_1")
    assert str(problem.remedies[0].label) == "Add a Dense layer with 1 units"
    assert resolve(problem.remedies[0].edit(document)).ready


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        (chain(dense(1), loss=BinaryCrossEntropy()), "does not fit an output with tanh; it needs sigmoid"),
        (chain(dense(2), loss=CategoricalCrossEntropy()), "it needs softmax"),
        (chain(dense(1), loss=CategoricalCrossEntropy()), "one unit per class, but the network has a single one"),
        (chain(dense(1, Relu()), loss=Hinge()), "does not fit an output with ReLU; it needs tanh"),
        (chain(dense(2, Softmax()), loss=MeanAbsoluteError()), "does not fit an output with softmax"),
        (chain(dense(1, Linear()), dataset=Plane(), loss=Hinge()), "is for classes, but this data asks for numbers"),
        (chain(dense(1, Softmax()), dataset=Plane()), "softmax over a single unit is always 1"),
        (
            chain(dense(1, Softmax()), dataset=Plane(), loss=CategoricalCrossEntropy()),
            "is for classes, but this data asks for numbers",
        ),
        (chain(dense(5, Sigmoid()), dataset=Blobs(), loss=CategoricalCrossEntropy()), "it needs softmax"),
    ],
)
def test_loss_against_activation(document: Document, sentence: str) -> None:
    problem = assert_every_remedy_mends(document, "loss", "dense_1")
    assert sentence in str(problem.sentence)
    for remedy in problem.remedies:
        assert resolve(remedy.edit(document)).ready, str(remedy.label)


def test_an_activation_is_put_behind_a_card_that_has_none() -> None:
    document = chain(dense(3), dense(3)).add(Add(), 600, 0).connect("dense_1", "add_1").connect("dense_2", "add_1")
    document = document.set_data(dataset=Blobs(classes=3)).set_training(loss=CategoricalCrossEntropy())  # type: ignore[call-arg]
    problem = problem_on(resolve(document), "loss", "add_1")
    mended = resolve(problem.remedies[0].edit(document))
    assert mended.ready and mended.output == "activation_1"


Change = Callable[[Document], Document]


@pytest.mark.parametrize(
    "change",
    [
        lambda document: document.remove(["dense_2"]),
        lambda document: document.replace_layer("dense_2", "Add"),
        lambda document: document.set_data(dataset=Blobs()),
        lambda document: document.set_data(dataset=Plane()),
        lambda document: document.replace_layer("dense_3", "Flatten"),
        lambda document: document.set_training(loss=CategoricalCrossEntropy()),
        lambda document: document.connect("dense_3", "dense_1"),
    ],
)
def test_first_remedies_alone_lead_back_to_a_network_that_trains(change: Change) -> None:
    document = change(CIRCLE)
    for _ in range(6):
        plan = resolve(document)
        if plan.ready:
            break
        document = plan.problems[0].remedies[0].edit(document)
    assert resolve(document).ready
