"""Blocks: folding and taking apart, own and shared weights, the same numbers as the cards inside."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

from engine.catalog.activations import Elu, Linear, Relu
from engine.catalog.layers.block import DEEPEST, MOST_CARDS, Block, pack
from engine.catalog.layers.convolution import Conv2d
from engine.catalog.layers.dense import Activation, Dense
from engine.catalog.layers.merging import Add
from engine.catalog.layers.normalization import BatchNorm
from engine.catalog.layers.regularizing import Dropout
from engine.catalog.layers.reshaping import Flatten, Reshape
from engine.catalog.losses import BinaryCrossEntropy
from engine.catalog.optimizers import Adam
from engine.catalog.registry import entry
from engine.catalog.regularizers import L2
from engine.document.errors import GraphError, InvalidValueError
from engine.document.graph import Document, Edge, Training
from engine.document.naming import rename
from engine.document.serialization import document_from_json, document_to_json
from engine.export.weights import decode, encode
from engine.plan.copying import start_from
from engine.plan.resolve import resolve
from engine.training.backends import choose
from tests.engine.training.networks import chain, equal, same, trainer

RESIDUAL = pack([(Dense(30, Elu()), (-1,)), (Dense(30, Elu()), (0,)), (Add(), (-1, 1))])


def residual() -> Document:
    """Input, Dense 6, a residual unit of three cards, and the answer."""
    document = chain(Dense(6), Dense(6, Relu()), BatchNorm(), Add(), Dense(1), training=Training(optimizer=Adam()))
    return document.connect("dense_1", "add_1")


INSIDE = ("dense_2", "batchnorm_1", "add_1")


def problems(document: Document) -> list[str]:
    return [str(problem.sentence) for problem in resolve(document).problems]


# --- folding ---------------------------------------------------------------------------------------------------------


def test_folding_keeps_what_is_computed_and_what_is_learned() -> None:
    document = residual()
    folded = document.fold(INSIDE)
    before, after = resolve(document), resolve(folded)
    assert after.ready
    assert [node.id for node in folded.nodes] == ["input_1", "dense_1", "dense_3", "block_1"]
    assert (after.cost.parameters, after.cost.multiply_adds) == (before.cost.parameters, before.cost.multiply_adds)
    assert after.cost.memory_bytes == before.cost.memory_bytes
    assert list(after.nodes["block_1"].parameters) == [
        "dense_1.weight", "dense_1.bias", "batchnorm_1.weight", "batchnorm_1.bias",
    ]  # fmt: skip
    assert list(after.nodes["block_1"].buffers) == ["batchnorm_1.running_mean", "batchnorm_1.running_var"]

    open_run, folded_run = trainer(document), trainer(folded)
    names = {"dense_2": "dense_1", "batchnorm_1": "batchnorm_1"}
    for name, values in open_run.snapshot().weights.items():
        node, _, parameter = name.rpartition(".")
        inner = f"block_1.{names[node]}.{parameter}" if node in names else name
        folded_run._put_parameter(inner, values)
    for run in (open_run, folded_run):
        run.train_epochs(3)
    np.testing.assert_allclose(folded_run.evaluate().train_loss, open_run.evaluate().train_loss, rtol=1e-5)
    np.testing.assert_allclose(
        folded_run.parameter("block_1.batchnorm_1.running_mean"),
        open_run.parameter("batchnorm_1.running_mean"),
        rtol=1e-4,
        atol=1e-6,
    )


def test_taking_apart_is_the_way_back() -> None:
    document = residual()
    again = document.fold(INSIDE).unfold("block_1")
    assert sorted(node.layer.name for node in again.nodes) == sorted(node.layer.name for node in document.nodes)
    links = {(document.node(e.source).layer, document.node(e.target).layer, e.port) for e in document.networks[0].edges}
    assert {(again.node(e.source).layer, again.node(e.target).layer, e.port) for e in again.networks[0].edges} == links
    assert resolve(again).cost == resolve(document).cost


def test_an_empty_block_passes_on_what_arrives() -> None:
    document = chain(Dense(4), Block(), Dense(1))
    plan = resolve(document)
    assert plan.ready and plan.nodes["block_1"].output_shape == (4,)
    run = trainer(document)
    outputs = run.outputs(np.zeros((3, 2)), ("dense_1", "block_1"))
    assert np.array_equal(outputs["dense_1"], outputs["block_1"])
    assert document.unfold("block_1").networks[0].edges == (Edge("input_1", "dense_1"), Edge("dense_1", "dense_2"))


@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        ((), "choose the cards"),
        (("input_1", "dense_1"), "input_1 is where samples enter"),
        (("add_1",), "a block has one input, but the chosen cards read batchnorm_1 and dense_1"),
        (("dense_1", "dense_2"), "gives one answer, but the chosen cards give those of dense_1 and dense_2"),
        (("nobody",), "there is no card 'nobody'"),
    ],
)
def test_what_makes_no_block_is_refused(chosen: tuple[str, ...], words: str) -> None:
    with pytest.raises(GraphError, match=words):
        residual().fold(chosen)


def test_a_circle_and_a_card_without_input_make_no_block() -> None:
    circle = residual().connect("add_1", "dense_2")
    with pytest.raises(GraphError, match="circle"):
        circle.fold(INSIDE)
    with pytest.raises(GraphError, match="read none"):
        chain(Dense(2)).disconnect(Edge("input_1", "dense_1")).fold(["dense_1"])
    looped = chain(Dense(4), Block(cards=pack([(Add(), (-1, -1))])), Dense(1)).connect("block_1", "block_1")
    assert resolve(looped.unfold("block_1")).nodes["add_1"].sources == ()
    with pytest.raises(GraphError, match="dense_1 is no block"):
        residual().unfold("dense_1")


# --- weights ---------------------------------------------------------------------------------------------------------


def stacked(*weights: str) -> Document:
    blocks = [Block(each, RESIDUAL) for each in weights]
    return chain(Dense(8), Dense(30, Elu()), *blocks, Dense(1), training=Training(optimizer=Adam(learning_rate=0.01)))


def test_a_residual_network_that_uses_one_block_four_times() -> None:
    """A textbook's ResidualRegressor: 270 + 1860 + 1860 + 31 parameters on 8 inputs, which a Dense 8 makes here."""
    plan = resolve(stacked("shared", "shared", "shared", "shared", "own"))
    assert plan.ready
    assert plan.cost.parameters - 24 == 4021
    assert [plan.nodes[f"block_{number}"].parameter_count for number in range(1, 6)] == [1860, 0, 0, 0, 1860]
    assert [plan.nodes[f"block_{number}"].weights_of for number in range(1, 6)] == [None, *["block_1"] * 3, None]
    assert plan.cost.multiply_adds == 16 + 240 + 5 * (2 * 900 + 30) + 30


def test_shared_weights_are_one_and_own_ones_are_not() -> None:
    shared, own = trainer(stacked("shared", "shared")), trainer(stacked("own", "own"))
    for run in (shared, own):
        run.train_epochs(2)
    assert "block_2.dense_1.weight" not in shared.snapshot().weights
    assert not np.array_equal(own.parameter("block_1.dense_1.weight"), own.parameter("block_2.dense_1.weight"))
    x = np.random.default_rng(1).normal(size=(5, 2))
    out = shared.outputs(x, ("dense_2", "block_1", "block_2"))

    def unit(values: Any) -> Any:
        for name in ("dense_1", "dense_2"):
            raw = values @ shared.parameter(f"block_1.{name}.weight").T + shared.parameter(f"block_1.{name}.bias")
            values = np.where(raw > 0, raw, np.expm1(raw))
        return values

    once = out["dense_2"] + unit(out["dense_2"])
    np.testing.assert_allclose(out["block_1"], once, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(out["block_2"], once + unit(once), rtol=1e-4, atol=1e-5)


def test_runs_with_shared_blocks_go_on_bit_for_bit() -> None:
    content = pack([(Dense(30), (-1,)), (BatchNorm(), (0,)), (Dropout(0.3), (1,)), (Add(), (-1, 2))])
    blocks = [Block("shared", content)] * 2
    document = chain(Dense(30), *blocks, Dense(1), training=Training(optimizer=Adam()))
    one, other = trainer(document), trainer(document)
    for run in (one, other):
        run.step("epoch")
    assert same(one, other)
    resumed = trainer(document)
    resumed.restore(one.snapshot())
    for run in (one, resumed):
        run.step("epoch")
    assert same(one, resumed)
    weights = one.snapshot().weights
    assert equal(decode(encode(weights), one.plan.saved_shapes), weights)
    assert one.plan.nodes["block_1"].layer.draws


def test_shared_weights_that_do_not_fit_are_a_problem_with_a_remedy() -> None:
    block = Block("shared", pack([(Dense(5), (-1,))]))
    document = chain(Dense(4), block, block, Dense(1))
    assert problems(document) == [
        "Its weights are those of block_1, which do not fit what arrives: (4,) there, (5,) here"
    ]
    mended = resolve(document).problems[0].remedies[0].edit(document)
    assert resolve(mended).ready


def test_convolutions_share_weights_across_sizes() -> None:
    block = Block("shared", pack([(Conv2d(3, 3, 2), (-1,))]))
    document = chain(Dense(48), Reshape(channels=3), block, block, Flatten(), Dense(1))
    plan = resolve(document)
    assert plan.ready and plan.nodes["block_2"].weights_of == "block_1"
    assert (plan.nodes["block_1"].output_shape, plan.nodes["block_2"].output_shape) == ((3, 2, 2), (3, 1, 1))
    trainer(document).step("epoch")


def test_removing_the_owner_hands_the_weights_on() -> None:
    document = stacked("shared", "shared")
    run = trainer(document)
    removed = document.remove(["block_1"]).connect("dense_2", "block_2")
    plan = resolve(removed)
    assert plan.nodes["block_2"].weights_of is None
    assert not run.edit(plan)


def test_weights_inside_a_block_are_copied_from_no_other_run() -> None:
    document = stacked("own")
    weights = trainer(document).snapshot().weights
    changed, without = start_from(document, {name: weights[name] for name in weights}, "another run")
    assert set(without) == {name for name in weights if name.startswith("block_1.")}
    assert np.array_equal(trainer(changed).parameter("dense_1.weight"), weights["dense_1.weight"])


# --- inside ----------------------------------------------------------------------------------------------------------


def test_a_shape_that_does_not_fit_inside_is_said_with_the_way_out() -> None:
    document = chain(Dense(4), Block(cards=pack([(Dense(5), (-1,)), (Add(), (-1, 0))])), Dense(1))
    assert problems(document) == [
        "Inside the block, at add_1: Add needs inputs of one shape, but got (4,) and (5,); use Concatenate, or give "
        "them equal units"
    ]
    apart = resolve(document).problems[0].remedies[0].edit(document)
    assert [problem.node for problem in resolve(apart).problems] == ["add_1"]


def test_the_last_activation_inside_is_the_blocks_and_fits_the_loss() -> None:
    sigmoid = entry("activations", "sigmoid")()
    document = chain(
        Dense(4), Block(cards=pack([(Dense(3), (-1,)), (Dense(1, sigmoid), (0,))])),
        training=Training(BinaryCrossEntropy()),
    )  # fmt: skip
    assert resolve(document).ready
    run = trainer(document)
    run.train_epochs(2)
    answers = run.outputs(np.zeros((3, 2)), ("block_1",))["block_1"]
    assert np.all((answers > 0) & (answers < 1))


@pytest.mark.parametrize("last", [False, True])
def test_activations_that_learn_do_so_inside_a_block(last: bool) -> None:
    prelu = Activation(entry("activations", "prelu")())
    cards = [(Dense(3, Linear()), (-1,)), (prelu, (0,)), *([] if last else [(Dense(2), (1,))])]
    document = chain(Dense(4), Block(cards=pack(cards)), Dense(1), training=Training(optimizer=Adam()))
    flat = chain(Dense(4), *(layer for layer, _ in cards), Dense(1))
    assert resolve(document).cost.parameters == resolve(flat).cost.parameters
    run = trainer(document)
    name = next(name for name in run.snapshot().weights if name.startswith("block_1.") and "dense" not in name)
    before = run.parameter(name)
    run.train_epochs(3)
    assert not np.array_equal(run.parameter(name), before)


def test_blocks_hold_blocks() -> None:
    inner = Block(cards=pack([(Dense(4), (-1,)), (Dropout(), (0,))]))
    document = chain(Dense(4), Block(cards=pack([(inner, (-1,)), (inner, (0,)), (Add(), (-1, 1))])), Dense(1))
    plan = resolve(document)
    assert plan.ready and plan.nodes["block_1"].parameter_count == 40
    assert plan.nodes["block_1"].layer.draws
    assert "block_2.dense_1.weight" in plan.nodes["block_1"].parameters
    assert document_from_json(document_to_json(document)) == document
    trainer(document).step("epoch")


def test_blocks_are_given_to_pytorch_and_travel_between_processes() -> None:
    plan = resolve(stacked("own"))
    assert choose(plan)[0].name == "torch"
    assert str(choose(plan)[1]) == "Block has no compiled form"
    layer = plan.nodes["block_1"].layer
    assert pickle.loads(pickle.dumps(layer)) == layer


def test_a_block_that_happens_to_keep_the_size_is_no_pass_through() -> None:
    """The remedy for a wrong number of units must not change a card before the block that decides it."""
    document = chain(Dense(4), Block(cards=pack([(Dense(4), (-1,))])))
    problem = resolve(document).problems[0]
    assert problem.kind == "output_size"
    assert resolve(problem.remedies[0].edit(document)).ready


@pytest.mark.parametrize(
    ("cards", "words"),
    [
        ("nonsense", "cannot be read"),
        ("[" * 100_000, "cannot be read"),
        ("{}", "must be a list"),
        ("[1]", "must have a layer and its sources"),
        ('[{"layer": {"type": "Dense"}, "sources": [0]}]', "must read cards before it"),
        ('[{"layer": {"type": "Dense"}, "sources": [true]}]', "must read cards before it"),
        ('[{"layer": {"type": "Dense"}, "sources": 3}]', "must read cards before it"),
        ('[{"layer": {"type": "Dense"}, "sources": []}]', "dense_1 cannot read 0 cards"),
        ('[{"layer": {"type": "Add"}, "sources": [-1]}]', "add_1 cannot read 1 cards"),
        ('[{"layer": {"type": "Input"}, "sources": []}]', "input_1 cannot read 0 cards"),
        ('[{"layer": {"type": "Danse"}, "sources": [-1]}]', "did you mean Dense"),
        (pack([(Dense(), (-1,)), (Dense(), (-1,))]), "dense_1 leads nowhere inside the block"),
        (pack([(Dense(activity_regularizer=L2()), (-1,)), (Dense(), (0,))]), "set the activity_regularizer of dense_1"),
        (pack([(Dense(), (-1,))] * (MOST_CARDS + 1)), f"at most {MOST_CARDS}"),
    ],
)
def test_a_text_that_is_no_block_is_refused_in_words(cards: str, words: str) -> None:
    with pytest.raises(InvalidValueError, match=words):
        Block(cards=cards)


def test_a_card_cannot_be_folded_for_ever() -> None:
    """Each fold doubles the text that the block holds: twenty of the same selection would fill a gigabyte."""
    document, folded = chain(Dense(4), Dense(1)), "dense_1"
    for _ in range(DEEPEST):
        document = document.fold([folded])
        folded = next(node.id for node in document.nodes if isinstance(node.layer, Block))
    assert resolve(document).ready
    with pytest.raises(InvalidValueError, match="at most 8 deep"):
        document.fold([folded])


def test_what_is_unfolded_stands_and_is_called_as_before() -> None:
    document = residual().move([("add_1", 700.0, 90.0), ("batchnorm_1", 400.0, -8.0)])
    chosen = ["dense_2", "batchnorm_1", "add_1"]
    document = rename(document, "dense_2", "inner")
    folded = document.fold(["inner", *chosen[1:]])
    opened = folded.unfold("block_1")
    assert {(each.id, each.x, each.y) for each in opened.nodes} == {
        (each.id, each.x, each.y) for each in document.nodes
    }
    assert set(opened.networks[0].edges) == set(document.networks[0].edges)
    away = folded.move([("block_1", folded.node("block_1").x + 50, 0.0)]).unfold("block_1")
    assert away.node("inner").x == document.node("inner").x + 50
    taken = rename(folded, "dense_1", "inner").unfold("block_1")
    assert {"inner", "dense_1", "add_1"} <= {each.id for each in taken.nodes}, "a name that is taken gives way"
    assert document_from_json(document_to_json(folded)) == folded


def test_blocks_share_weights_wherever_their_cards_stood() -> None:
    document = chain(Dense(6), Dense(6, Relu()), Dense(6, Relu()), Dense(1)).fold(["dense_2"]).fold(["dense_3"])
    names = [each.id for each in document.nodes if isinstance(each.layer, Block)]
    for name in names:
        document = document.set_field(name, "weights", "shared")
    first, second = (document.node(name).layer for name in names)
    assert first != second
    assert resolve(document).nodes[names[1]].weights_of == names[0]


@pytest.mark.parametrize("places", ["nonsense", "[1]", '[["a b", 0, 0]]', '[["a", 1e9, 0]]', '[["a", NaN, 0]]', "[]"])
def test_places_that_are_none_are_refused(places: str) -> None:
    with pytest.raises(InvalidValueError, match="the places of a block"):
        Block(cards=pack([(Dense(), (-1,))]), places=places)
