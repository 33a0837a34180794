"""What trains, though not as well as it could, is said; what is offered there ends it; good networks hear nothing."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.catalog.activations import (
    Activation,
    Linear,
    LogSoftmax,
    Relu,
    Relu6,
    Sigmoid,
    Sine,
    Softmax,
    Tanh,
)
from engine.catalog.initializers import Constant, FromRun, HeNormal, Normal, Ones, Zeros
from engine.catalog.layers.convolution import Conv2d
from engine.catalog.layers.dense import Activation as ActivationCard
from engine.catalog.layers.dense import Input
from engine.catalog.layers.layer import Layer
from engine.catalog.layers.merging import Add
from engine.catalog.layers.normalization import BatchNorm, LayerNorm
from engine.catalog.layers.pooling import MaxPool2d
from engine.catalog.layers.regularizing import Dropout
from engine.catalog.layers.reshaping import Flatten, Reshape
from engine.catalog.registry import entries
from engine.document.examples import examples, load_example
from engine.document.graph import Document
from engine.plan.resolve import resolve, resolve_after
from engine.plan.warnings import saturates
from tests.engine.plan import edits
from tests.engine.plan.warned import CIRCLE, assert_remedies_end_it, chain, check, dense, warned

# --- none where all is well ------------------------------------------------------------------------------------------


AT_HAND = [name for name, example in examples().items() if example.document.data.dataset.trouble() is None]


@pytest.mark.parametrize("name", AT_HAND)
def test_no_example_is_warned_of_anything(name: str) -> None:
    assert warned(load_example(name).document) == []


def test_problems_come_first() -> None:
    document = chain(dense(4, Linear()), dense(3))
    plan = resolve(document)
    assert plan.problems and not plan.warnings


def test_a_move_keeps_what_was_found() -> None:
    before = resolve(chain(dense(4, Linear()), dense(1)))
    found = before.warnings
    assert resolve_after(before, before.document.move([("dense_1", 5.0, 5.0)])).warnings is found
    fresh = resolve(before.document)
    after = resolve_after(fresh, before.document.move([("dense_1", 5.0, 5.0)]))
    assert [str(warning.sentence) for warning in after.warnings] == [str(warning.sentence) for warning in found]


# --- linear layers in a row ------------------------------------------------------------------------------------------


def test_two_linear_layers_in_a_row() -> None:
    document = chain(dense(4, Linear()), dense(4, Relu()), dense(4, Relu()), dense(1))
    warning = assert_remedies_end_it(document)
    assert (warning.kind, warning.node) == ("linear", "dense_1")
    assert "dense_1 and dense_2 can compute no more than a single layer" in str(warning.sentence)
    assert str(warning.remedies[0].label) == "Set the activation of dense_1 to ReLU"
    assert warning.remedies[0].edit(document).node("dense_1").layer == dense(4, Relu())


def test_the_first_of_many_and_each_of_them_is_named() -> None:
    assert warned(chain(dense(4, Linear()), dense(4, Linear()), dense(1))) == [
        ("linear", "dense_1"),
        ("linear", "dense_2"),
    ]


def test_a_network_without_any_bend_gets_the_activation_that_its_layer_has_by_itself() -> None:
    document = chain(dense(4, Linear()), dense(1, Linear()))
    assert str(assert_remedies_end_it(document).remedies[0].label) == "Set the activation of dense_1 to tanh"


def test_cards_that_bend_nothing_stand_between() -> None:
    document = chain(dense(4, Linear()), Dropout(), ActivationCard(Linear()), dense(1))
    assert assert_remedies_end_it(document).node == "dense_1"


@pytest.mark.parametrize(
    "document",
    [
        chain(dense(4, Linear()), ActivationCard(Relu()), dense(1)),
        chain(dense(4, Linear()), BatchNorm(), ActivationCard(Relu()), dense(1)),
        chain(dense(1, Linear())),
        chain(dense(8), dense(2, Linear()), dense(8), dense(1)),  # a bottleneck: what passes is held to two numbers
    ],
)
def test_linear_layers_that_have_their_reasons(document: Document) -> None:
    assert warned(document) == []


def test_a_linear_layer_that_another_card_reads_too() -> None:
    document = chain(dense(4, Linear()), dense(4)).add(Add(), 600, 0)
    document = document.connect("dense_1", "add_1").connect("dense_2", "add_1").append(dense(1))
    assert warned(document) == []


def convolutions(*layers: Layer) -> Document:
    return chain(dense(36, Relu()), Reshape(), *layers, Flatten(), dense(1))


def test_convolutions_in_a_row() -> None:
    bare, bent = Conv2d(filters=3, activation=Linear()), Conv2d(filters=3)
    warning = assert_remedies_end_it(convolutions(bent, bare, bent))
    assert warning.node == "conv2d_2"
    assert str(warning.remedies[0].label) == "Set the activation of conv2d_2 to ReLU"
    assert warned(convolutions(bare, MaxPool2d(), bent)) == []
    assert warned(convolutions(bare)) == [], "a convolution before a dense layer shares its weights among places"
    grouped = Conv2d(filters=3, groups=3, activation=Linear())
    assert warned(convolutions(bent, grouped, Conv2d(filters=3, kernel_size=1))) == []


# --- gradients that fade ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("activation", [Sigmoid(), Tanh()])
def test_ten_saturating_layers_in_a_row(activation: Activation) -> None:
    document = chain(*[dense(4, activation)] * 10, dense(1))
    warning = assert_remedies_end_it(document)
    assert (warning.kind, warning.node) == ("fading", "dense_1")
    assert f"10 layers in a row have {activation.label}" in str(warning.sentence)
    mended = warning.remedies[0].edit(document)
    assert mended.node("dense_10").layer == dense(4, Relu(), weight_initializer=HeNormal())
    assert mended.node("dense_11").layer == dense(1)
    assert warned(chain(*[dense(4, activation)] * 9, dense(1))) == []


def test_what_interrupts_the_row() -> None:
    rows = [dense(4, Sigmoid())] * 6
    for between in (BatchNorm(), LayerNorm(), dense(4, Relu())):
        assert warned(chain(*rows, between, *rows, dense(1))) == []
    assert warned(chain(*rows, dense(4, Linear()), *rows, dense(1)))[-1][0] == "fading"
    assert warned(chain(*[dense(4, Relu6())] * 12, dense(1))) == []


def test_a_skip_link_lets_the_gradient_through() -> None:
    document = chain(*[dense(4)] * 12).add(Add(), 4000, 0)
    document = document.connect("dense_6", "add_1").connect("dense_12", "add_1").append(dense(4)).append(dense(1))
    assert [node for kind, node in warned(document) if kind == "fading"] == []


def test_a_row_behind_two_inputs_is_named_once() -> None:
    document = chain(Dropout(), *[dense(4)] * 10, dense(1)).add(Input(), 0, 200).add(Add(), 80, 0)
    document = document.connect("input_1", "add_1").connect("input_2", "add_1").connect("add_1", "dropout_1")
    assert assert_remedies_end_it(document).node == "dense_1"


def test_activations_on_cards_of_their_own_count_too() -> None:
    document = chain(*[dense(4, Linear()), ActivationCard(Sigmoid())] * 10, dense(1))
    warning = assert_remedies_end_it(document)
    assert warning.node == "activation_1"
    mended = warning.remedies[0].edit(document)
    assert mended.node("dense_3").layer == dense(4, Linear(), weight_initializer=HeNormal())


def test_values_of_another_run_stay() -> None:
    copied = FromRun.of(HeNormal().draw(np.random.default_rng(0), (4, 4), 4, 4), "a run")
    document = chain(*[dense(4)] * 10, dense(1)).set_field("dense_2", "weight_initializer", copied)
    (warning,) = resolve(document).warnings
    mended = warning.remedies[0].edit(document)
    assert mended.node("dense_2").layer.weight_initializer == copied  # type: ignore[attr-defined]


@pytest.mark.parametrize("activation", [cls() for cls in entries("activations").values()])
def test_which_activations_saturate(activation: Activation) -> None:
    flat = {"tanh", "sigmoid", "softsign", "hard_tanh", "hard_sigmoid", "gaussian", "step", "sign"}
    assert saturates(activation) == (activation.name in flat)
    assert not saturates(Sine())


# --- weights that start alike ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("start", [Zeros(), Ones(), Constant(0.5), Normal(standard_deviation=0.0)])
def test_weights_that_start_alike(start: object) -> None:
    document = chain(dense(4, weight_initializer=start), dense(1))
    warning = assert_remedies_end_it(document)
    assert (warning.kind, warning.node) == ("copies", "dense_1")
    assert "its 4 units learn the same" in str(warning.sentence)
    assert str(warning.remedies[0].label) == "Start them with Glorot uniform"


def test_weights_that_may_start_alike() -> None:
    zeros = Zeros()
    assert warned(chain(dense(4), dense(1, weight_initializer=zeros))) == [], "what comes in differs"
    assert warned(chain(dense(1, weight_initializer=zeros), dense(1))) == [], "one unit has no copy"
    assert warned(chain(dense(4), dense(2, Linear(), weight_initializer=zeros), ActivationCard(Tanh()))) == []


# --- single units ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("activation", "value"), [(Softmax(), "1"), (LogSoftmax(), "0")])
def test_an_activation_over_a_single_unit(activation: Activation, value: str) -> None:
    warning = assert_remedies_end_it(chain(dense(4), dense(1, activation), dense(1)))
    assert (warning.kind, warning.node) == ("lone_unit", "dense_2")
    assert f"over a single unit is always {value}," in str(warning.sentence)
    assert warned(chain(dense(4), dense(2, activation), dense(1))) == []


# --- whatever the user does ------------------------------------------------------------------------------------------


@settings(max_examples=60)
@given(seed=st.integers(0, 2**32), count=st.integers(1, 40))
def test_warnings_of_random_networks_can_be_asked_for_and_followed(seed: int, count: int) -> None:
    rng = random.Random(seed)
    document = CIRCLE
    for _ in range(count):
        document = edits.some_edit(rng, document)
        plan = resolve(document)
        check(plan)
        for warning in plan.warnings:
            for remedy in warning.remedies:
                mended = remedy.edit(document)
                assert mended != document
                check(resolve(mended))
