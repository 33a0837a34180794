"""What a network begins with when weights were brought in."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.catalog.initializers import FromRun, HeNormal
from engine.document.errors import InvalidValueError
from engine.document.examples import load_example
from engine.document.graph import Document
from engine.importing.begin import begun, given_whole, in_document, whole, with_trainable
from engine.plan.copying import MOST_COPIED, initial_weights
from engine.plan.resolve import resolve

CIRCLE = load_example("circle").document


def values(document: Document) -> dict[str, NDArray[np.float32]]:
    rng = np.random.default_rng(1)
    return {name: rng.normal(size=shape).astype("f4") for name, shape in resolve(document).saved_shapes.items()}


def test_what_has_an_initializer_travels_in_the_document() -> None:
    document = CIRCLE.set_field("dense_1", "weight_initializer", HeNormal())
    wanted = values(document)
    start = begun(resolve(document), wanted, "a file")
    assert start.snapshot is None
    found = initial_weights(resolve(start.document))
    assert all(np.array_equal(found[name], each) for name, each in wanted.items())
    held = start.document.node("dense_1").layer.weight_initializer  # type: ignore[attr-defined]
    assert (held.otherwise, held.source) == (HeNormal(), "a file")
    again = begun(resolve(start.document), wanted, "another").document.node("dense_1").layer
    assert again.weight_initializer.otherwise == HeNormal()  # type: ignore[attr-defined]


def test_what_has_none_is_put_into_the_run() -> None:
    document = CIRCLE.insert_before("dense_2", "BatchNorm")
    wanted = values(document)
    del wanted["dense_2.bias"], wanted["batchnorm_1.running_var"]
    start = begun(resolve(document), wanted, "a file")
    plan = resolve(start.document)
    assert start.snapshot is not None and start.snapshot.step == 0
    assert {name: each.shape for name, each in start.snapshot.weights.items()} == plan.saved_shapes
    assert all(np.array_equal(start.snapshot.weights[name], each) for name, each in wanted.items())
    np.testing.assert_array_equal(start.snapshot.weights["dense_2.bias"], initial_weights(plan)["dense_2.bias"])
    assert (start.snapshot.weights["batchnorm_1.running_var"] == 1).all()
    assert isinstance(start.document.node("dense_1").layer.weight_initializer, FromRun)  # type: ignore[attr-defined]


def test_too_many_values_are_all_put_into_the_run() -> None:
    document = CIRCLE.set_field("dense_1", "units", 1001).set_field("dense_2", "units", 1001)
    wanted = values(document)
    assert sum(each.size for each in wanted.values()) > MOST_COPIED and in_document(document, wanted) == ()
    start = begun(resolve(document), wanted, "a file")
    assert start.document == document and start.snapshot is not None
    assert all(np.array_equal(start.snapshot.weights[name], each) for name, each in wanted.items())


def test_what_has_another_shape_waits_in_the_document_or_is_left_out() -> None:
    document = CIRCLE.insert_before("dense_2", "BatchNorm")
    wide = {"dense_1.weight": np.ones((4, 9), np.float32), "batchnorm_1.running_mean": np.ones(9, np.float32)}
    start = begun(resolve(document), wide, "a file")
    assert start.snapshot is None
    held = start.document.node("dense_1").layer.weight_initializer  # type: ignore[attr-defined]
    assert held.holds((4, 9)) and not held.holds((4, 2))


def test_a_run_at_its_very_beginning_is_whole() -> None:
    plan = resolve(CIRCLE)
    found = whole(plan, {}).weights
    assert all(np.array_equal(found[name], each) for name, each in initial_weights(plan).items())


def test_only_layers_that_are_given_all_are_frozen() -> None:
    plan = resolve(CIRCLE)
    given = {name: each for name, each in values(CIRCLE).items() if name != "dense_2.weight"}
    assert given_whole(plan, given) == ("dense_1", "dense_3")
    frozen = begun(plan, given, "a file", freeze=True).document
    assert [getattr(node.layer, "trainable", None) for node in frozen.nodes] == [None, False, True, False]
    none = begun(plan, {"dense_1.bias": np.zeros(4, np.float32)}, "a file", freeze=True).document
    assert all(getattr(node.layer, "trainable", True) for node in none.nodes)


def folded(document: Document) -> tuple[Document, str]:
    folded = document.fold(["dense_1"])
    return folded, next(node.id for node in folded.nodes if node.layer.name == "Block")


@pytest.mark.parametrize("wrapped", [lambda document: (document, "dense_1"), folded])
def test_cards_and_blocks_are_frozen_and_learn_again(wrapped: Callable[[Document], tuple[Document, str]]) -> None:
    document, card = wrapped(CIRCLE)
    frozen = with_trainable(document, [card], trainable=False)
    factors = {name: each.rate_factor for name, each in resolve(frozen).parameters.items()}
    assert {factor for name, factor in factors.items() if name.startswith(card)} == {0.0}
    assert {factor for name, factor in factors.items() if not name.startswith(card)} == {1.0}
    assert resolve(with_trainable(frozen, [card], trainable=True)).parameters == resolve(document).parameters


def test_blocks_that_share_their_weights_go_together() -> None:
    document, block = folded(CIRCLE)
    document = document.set_field(block, "weights", "shared")
    twin = document.insert_before("dense_2", document.node(block).layer)
    other = next(node.id for node in twin.nodes if node.layer.name == "Block" and node.id != block)
    frozen = with_trainable(twin, [other], trainable=False)
    assert frozen.node(block).layer == frozen.node(other).layer != twin.node(block).layer


def test_what_learns_nothing_is_refused() -> None:
    with pytest.raises(InvalidValueError, match="learn nothing"):
        with_trainable(CIRCLE, ["input_1"], trainable=False)
