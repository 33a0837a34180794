"""The gallery: complete, in order, ready to train, and as the issue describes it."""

from __future__ import annotations

import json
from importlib.resources import files

import pytest

from engine.catalog.activations import Linear, Softmax, Tanh
from engine.catalog.layers.dense import Dense
from engine.catalog.optimizers import SGD
from engine.catalog.registry import to_json
from engine.document.errors import InvalidValueError
from engine.document.examples import examples, load_example
from engine.document.graph import CARD_GAP, Document
from engine.document.serialization import document_to_json
from engine.plan.looks import Look
from engine.plan.resolve import resolve


def dense(document: Document) -> list[Dense]:
    return [node.layer for node in document.nodes if isinstance(node.layer, Dense)]


def test_the_gallery_is_complete_and_in_order() -> None:
    assert list(examples()) == [
        *("circle", "xor", "gauss", "spiral", "plane", "gauss-regression", "moons", "rings", "blobs", "checkerboard"),
        "skip",
        *("digits", "glyphs", "mnist-lenet5", "mnist-cnn-32-16", "mnist-cnn-16-16-pool"),
        *("mnist-dense-8", "mnist-dense-10", "mnist-dense-20", "mnist-dense-50", "fashion", "cifar10"),
    ]


@pytest.mark.parametrize("example_id", examples())
def test_every_example_can_be_trained_and_checked(example_id: str) -> None:
    example = load_example(example_id)
    assert example.id == example_id
    assert example.title and len(example.description) > 20
    # Images that have to be downloaded first are not here; all else must be right without them.
    plan = resolve(example.document, Look())
    assert plan.ready, plan.problems
    assert example.check["epochs"] == example.document.training.epochs
    goals = set(example.check) - {"epochs"}
    assert len(goals) == 1
    assert goals <= {"test_loss_at_most", "test_accuracy_at_least"}
    assert ("test_accuracy_at_least" in goals) <= (example.document.data.dataset.task == "classification")
    if not example.document.data.dataset.pictures and example_id != "skip":
        assert example.document.data.dataset.name == example_id


@pytest.mark.parametrize("example_id", examples())
def test_every_example_is_written_out_in_full(example_id: str) -> None:
    """A default that changes later must not change an example; scripts/write_examples_in_full.py adds new fields."""
    text = (files("assets") / "examples" / f"{example_id}.json").read_text(encoding="utf-8")
    assert json.loads(text)["document"] == document_to_json(load_example(example_id).document)


def test_cards_lie_beside_each_other() -> None:
    for example in examples().values():
        places = [(node.x, node.y) for node in example.document.nodes]
        assert len(set(places)) == len(places)
        assert {x % CARD_GAP for x, _ in places} == {0}


def test_circle_is_tensorflow_playgrounds() -> None:
    document = load_example("circle").document
    assert to_json(document.data.dataset) == {"type": "circle", "samples": 500, "noise": 0.0}
    assert document.data.train_share == 0.5
    assert [layer.units for layer in dense(document)] == [4, 2, 1]
    for layer in dense(document):
        assert to_json(layer.activation) == {"type": "tanh"}
        assert to_json(layer.weight_initializer) == {"type": "uniform", "low": -0.5, "high": 0.5}
        assert to_json(layer.bias_initializer) == {"type": "constant", "value": 0.1}
        assert to_json(layer.weight_regularizer) == {"type": "none"}
    assert document.node("input_1").layer.columns == ("x1", "x2")  # type: ignore[attr-defined]
    training = document.training
    assert to_json(training.loss) == {"type": "mse", "halved": True}
    assert training.optimizer == SGD(learning_rate=0.03, momentum=0.0, nesterov=False, dampening=0.0)
    assert (training.batch_size, training.epochs, document.seed, document.data.seed) == (10, 300, 1, 1)
    assert resolve(document).cost.parameters == 25


def test_spiral_sees_x1_and_x2_alone() -> None:
    document = load_example("spiral").document
    assert document.node("input_1").layer.columns == ("x1", "x2")  # type: ignore[attr-defined]
    assert [layer.units for layer in dense(document)] == [8, 8, 8, 1]
    assert all(layer.activation == Tanh() for layer in dense(document))
    assert all(layer.weight_initializer.name == "glorot_uniform" for layer in dense(document))
    assert document.training.optimizer.name == "Adam"
    assert document.data.dataset.sample_count * document.data.train_share == 250
    assert document.training.epochs <= 1500


def test_outputs_fit_their_task() -> None:
    for example_id, activation in (("plane", Linear()), ("gauss-regression", Linear()), ("rings", Softmax())):
        assert dense(load_example(example_id).document)[-1].activation == activation
    assert resolve(load_example("rings").document).nodes["dense_3"].output_shape == (3,)
    skip = resolve(load_example("skip").document)
    assert len([plan for plan in skip.nodes.values() if len(plan.sources) == 2]) == 2


def test_an_unknown_example_names_the_closest_one() -> None:
    with pytest.raises(InvalidValueError, match="did you mean spiral"):
        load_example("spirral")
    with pytest.raises(InvalidValueError, match="known are circle, xor"):
        load_example("")
