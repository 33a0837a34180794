"""Several answers: which cards give them, what is said where one does not fit, and that the buttons mend it."""

from __future__ import annotations

from typing import Any

import pytest

from engine.catalog.activations import Linear, Sigmoid, Softmax
from engine.catalog.datasets.dataset import Dataset
from engine.catalog.datasets.drawn import Drawn
from engine.catalog.datasets.functions import Plane
from engine.catalog.datasets.plane import Circle, Rings
from engine.catalog.layers.block import Block, pack
from engine.catalog.layers.dense import Dense, Input
from engine.catalog.layers.embedding import Embedding
from engine.catalog.layers.output import Output
from engine.catalog.layers.reshaping import Flatten, Reshape
from engine.catalog.losses import BinaryCrossEntropy, CategoricalCrossEntropy, Huber, MeanSquaredError
from engine.document.errors import InvalidValueError
from engine.document.graph import Document
from engine.document.serialization import document_from_json, document_to_json
from engine.plan.fit import fit_output
from engine.plan.plan import Plan
from engine.plan.resolve import resolve
from tests.engine.training.networks import chain


def two_heads(*, branch: Dense | None = None, output: Output | None = None, **arguments: Any) -> Document:
    """input_1 → dense_1 → dense_2 → dense_3, and dense_1 → dense_4 → output_1."""
    document = chain(Dense(4), Dense(3), Dense(1), **arguments)
    document = document.add(branch or Dense(1), 300.0, 200.0).connect("dense_1", "dense_4")
    return document.add(output or Output(), 500.0, 200.0).connect("dense_4", "output_1")


def said(plan: Plan) -> list[tuple[str, str | None]]:
    return [(problem.kind, problem.node) for problem in plan.problems]


def test_an_output_card_makes_one_more_answer() -> None:
    huber = Huber()
    plan = resolve(two_heads(output=Output(0.5, True, huber)))
    assert plan.ready and plan.output == "dense_3"
    main, other = plan.outputs
    assert (main.node, main.loss, main.weight, main.target) == ("dense_3", MeanSquaredError(), 1.0, plan.target)
    assert (other.node, other.loss, other.weight) == ("dense_4", huber, 0.5)
    assert plan.parameters and plan.nodes["output_1"].parameter_count == 0
    assert plan.nodes["output_1"].output_shape == (1,)


def test_the_loss_chosen_on_the_card_counts_only_if_it_is_its_own() -> None:
    assert resolve(two_heads(output=Output(1.0, False, Huber()))).outputs[1].loss == MeanSquaredError()


def test_an_output_card_at_the_end_of_the_longest_chain_says_what_that_counts() -> None:
    plan = resolve(chain(Dense(4), Dense(1), Output(2.0, True, Huber())))
    assert plan.ready and plan.output == "dense_2"
    assert [(each.node, each.loss, each.weight) for each in plan.outputs] == [("dense_2", Huber(), 2.0)]


def test_output_cards_do_not_make_a_chain_longer() -> None:
    document = two_heads().connect("dense_2", "dense_4")  # both chains are as long now
    plan = resolve(document)
    assert plan.ready and [each.node for each in plan.outputs] == ["dense_3", "dense_4"]
    both = document.add(Output(2.0)).connect("dense_3", "output_2")
    assert [(each.node, each.weight) for each in resolve(both).outputs] == [("dense_3", 2.0), ("dense_4", 1.0)]
    twice = both.add(Output(3.0)).connect("output_2", "output_3")
    found = [(each.node, each.weight) for each in resolve(twice).outputs]
    assert found[0][0] == "dense_3" and sorted(found) == [("dense_3", 2.0), ("dense_3", 3.0), ("dense_4", 1.0)]


def test_an_output_card_in_the_middle_of_a_chain_is_an_answer_too() -> None:
    plan = resolve(chain(Dense(1), Output(0.3), Dense(4), Dense(1)))
    assert plan.ready
    assert [(each.node, each.weight) for each in plan.outputs] == [("dense_3", 1.0), ("dense_1", 0.3)]


def test_behind_an_input_an_output_card_answers_itself() -> None:
    plan = resolve(chain(Output()))
    assert plan.ready and plan.output == "output_1"
    document = chain(Output()).set_data(dataset=Rings())
    plan = resolve(document)
    assert said(plan) == [("output_size", "output_1")]
    mended = resolve(plan.problems[0].remedies[0].edit(document))
    assert mended.ready and mended.output == "dense_1"
    assert mended.nodes["output_1"].sources == ("dense_1",)


def test_each_answer_has_problems_of_its_own() -> None:
    document = two_heads(branch=Dense(3)).set_field("dense_3", "units", 5)
    plan = resolve(document)
    assert said(plan) == [("output_size", "dense_3"), ("output_size", "output_1")]
    assert plan.target is None and not plan.outputs
    document = document.set_field("dense_3", "units", 1)
    plan = resolve(document)
    assert said(plan) == [("output_size", "output_1")]
    assert plan.target is not None and [each.node for each in plan.outputs] == ["dense_3"]
    (remedy,) = plan.problems[0].remedies
    assert str(remedy.label) == "Set units of dense_4 to 1"
    assert resolve(remedy.edit(document)).ready


def test_a_loss_that_does_not_fit_is_mended_on_its_card() -> None:
    document = two_heads(output=Output(1.0, True, BinaryCrossEntropy()))
    plan = resolve(document)
    assert said(plan) == [("loss", "output_1")]
    activation, loss = plan.problems[0].remedies
    mended = activation.edit(document)
    assert resolve(mended).ready and mended.node("dense_4").layer.output_activation == Sigmoid()
    mended = loss.edit(document)
    assert resolve(mended).ready
    assert mended.training == document.training
    assert mended.node("output_1").layer == Output(1.0, True, MeanSquaredError())


def test_a_further_answer_that_the_common_loss_does_not_fit_gets_its_own() -> None:
    document = two_heads(branch=Dense(1, Linear())).set_field("dense_3", "activation", Sigmoid())
    document = document.set_training(loss=BinaryCrossEntropy())
    plan = resolve(document)
    assert said(plan) == [("loss", "output_1")]
    mended = plan.problems[0].remedies[1].edit(document)
    assert mended.training.loss == BinaryCrossEntropy() and resolve(mended).ready
    assert resolve(mended).outputs[1].loss != BinaryCrossEntropy()


def test_weights_of_classes_are_mended_where_they_are() -> None:
    loss = CategoricalCrossEntropy(class_weights="1, 2")
    document = two_heads(branch=Dense(3, Softmax()), output=Output(1.0, True, loss))
    document = document.set_data(dataset=Rings()).set_field("dense_3", "units", 3)
    plan = resolve(document)
    assert said(plan) == [("loss", "output_1")]
    mended = plan.problems[0].remedies[0].edit(document)
    assert resolve(mended).ready
    assert mended.node("output_1").layer == Output(1.0, True, CategoricalCrossEntropy())


def test_what_others_read_keeps_its_size() -> None:
    document = chain(Dense(4), Output(), Dense(1))
    plan = resolve(document)
    assert said(plan) == [("output_size", "output_1")]
    assert [str(remedy.label) for remedy in plan.problems[0].remedies] == [
        "Add a Dense layer with 1 units",
        "Set units of dense_1 to 1",
    ]
    mended = [resolve(remedy.edit(document)) for remedy in plan.problems[0].remedies]
    assert all(each.ready for each in mended)
    assert mended[0].nodes["dense_2"].sources == mended[0].nodes["dense_3"].sources == ("dense_1",)
    assert mended[0].outputs[1].node == "dense_3"


def test_an_answer_that_is_no_row_of_numbers_is_flattened_before_its_card() -> None:
    document = chain(Dense(4), Dense(4), Dense(4), Dense(1))
    document = document.add(Reshape("sequence", channels=2, width=2)).connect("dense_1", "reshape_1")
    document = document.add(Output()).connect("reshape_1", "output_1")
    plan = resolve(document)
    assert said(plan) == [("output_size", "output_1")]
    mended = resolve(plan.problems[0].remedies[0].edit(document))
    assert mended.ready
    assert [type(mended.nodes[each].layer) for each in ("flatten_1", "dense_5")] == [Flatten, Dense]
    assert mended.nodes["output_1"].sources == ("dense_5",)


def test_a_dead_end_is_made_an_output() -> None:
    document = chain(Dense(4), Dense(3), Dense(1)).add(Dense(1)).connect("dense_1", "dense_4")
    plan = resolve(document)
    assert said(plan) == [("dead_end", "dense_4")]
    assert [str(remedy.label) for remedy in plan.problems[0].remedies] == ["Make it an output", "Remove dense_4"]
    mended = resolve(plan.problems[0].remedies[0].edit(document))
    assert mended.ready and mended.output == "dense_3"
    assert [each.node for each in mended.outputs] == ["dense_3", "dense_4"]
    unused = resolve(document.add(Input()))
    assert [str(each.label) for each in unused.nodes["input_2"].problems[0].remedies] == ["Remove input_2"]


@pytest.mark.parametrize("dataset", [Rings(classes=4), Plane(), Circle()], ids=repr)
def test_all_answers_are_fitted_to_other_data(dataset: Dataset) -> None:
    document = two_heads(output=Output(0.5, True, BinaryCrossEntropy()), branch=Dense(1, Sigmoid()))
    assert resolve(document).ready
    fitted, _ = fit_output(document.set_data(dataset=dataset))
    plan = resolve(fitted)
    assert plan.ready, said(plan)
    assert len(plan.outputs) == 2 and plan.outputs[1].weight == 0.5


def test_it_is_written_and_read() -> None:
    document = two_heads(output=Output(0.25, True, Huber()))
    assert document_from_json(document_to_json(document)) == document


def test_a_block_holds_no_answer() -> None:
    with pytest.raises(InvalidValueError, match="output_1 is an answer; it must stay outside of the block"):
        Block(cards=pack([(Dense(2), (-1,)), (Output(), (0,))]))


# --- numbers that a layer takes --------------------------------------------------------------------------------------


def test_an_embedding_of_points_of_the_plane_is_marked() -> None:
    document = chain(Embedding(), Flatten(), Dense(1))
    plan = resolve(document)
    assert said(plan) == [("values", "embedding_1")]
    assert "takes whole numbers that stand for categories" in str(plan.problems[0].sentence)
    mended = resolve(plan.problems[0].remedies[0].edit(document))
    assert mended.ready and isinstance(mended.nodes["embedding_1"].layer, Dense)
    assert not resolve(document.set_data(dataset=Drawn())).nodes["embedding_1"].problems  # nothing arrives yet


def test_a_vocabulary_that_is_too_small_is_made_large_enough() -> None:
    squares = (("x1_squared", "x2_squared"),)
    document = chain(Embedding(), Flatten(), Dense(1)).set_field("input_1", "columns", *squares)
    document = document.set_data(dataset=Drawn().add([(1.0, 2.0), (3.0, -2.0)], 0))
    plan = resolve(document)
    assert said(plan) == [("values", "embedding_1")]
    assert "takes numbers from 0 to 9, but this data brings 36" in str(plan.problems[0].sentence)
    mended = plan.problems[0].remedies[0].edit(document)
    assert resolve(mended).ready and mended.node("embedding_1").layer == Embedding(37)
