"""What arrives at an activation: the weighted sums of the training samples, counted."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.catalog.activations import Relu, Tanh
from engine.catalog.datasets.plane import Circle
from engine.catalog.layers.dense import Activation, Dense, Input
from engine.catalog.registry import entries
from engine.document.graph import Data, Document, Network
from engine.plan.data import split
from engine.plan.resolve import resolve
from engine.probes.pre_activations import PreActivations
from engine.training.torch_trainer import TorchTrainer


def trainer(*layers: Any) -> TorchTrainer:
    document = Document((Network(),), Data(Circle(samples=80)))
    for layer in (Input(columns=("x1", "x2")), *layers):
        document = document.append(layer)
    return TorchTrainer(resolve(document))


def test_the_sums_of_every_unit_and_sample_are_counted() -> None:
    run = trainer(Dense(3, Tanh()), Dense(1))
    found = PreActivations(("dense_1",), 20).measure(run)
    values = split(run.plan.document.data).train.values
    sums = values @ run.parameter("dense_1.weight").T + run.parameter("dense_1.bias")
    counts, edges = found["dense_1.counts"], found["dense_1.edges"]
    assert counts.shape == (20,) and edges.shape == (21,)
    low, high = np.quantile(sums, (0.005, 0.995))
    np.testing.assert_allclose(edges[[0, -1]], [low, high], rtol=1e-4)
    np.testing.assert_array_equal(counts, np.histogram(sums, 20, (low, high))[0])
    assert counts.sum() >= 0.98 * sums.size


def test_behind_a_card_they_are_of_what_it_answers() -> None:
    run = trainer(Dense(2, Tanh()), Dense(2, Relu()), Dense(1))
    edges = PreActivations(("dense_2",)).measure(run)["dense_2.edges"]
    arriving = run.outputs(split(run.plan.document.data).train.values, ("dense_1",))["dense_1"]
    sums = arriving @ run.parameter("dense_2.weight").T + run.parameter("dense_2.bias")
    np.testing.assert_allclose(edges[[0, -1]], np.quantile(sums, (0.005, 0.995)), rtol=1e-4)
    assert edges[0] < 0  # before ReLU has cut it off


def test_an_activation_card_sees_what_arrives() -> None:
    run = trainer(Dense(2, entries("activations")["linear"]()), Activation(Relu()), Dense(1))
    found = PreActivations(("activation_1",)).measure(run)
    arriving = run.outputs(split(run.plan.document.data).train.values, ("dense_1",))["dense_1"]
    np.testing.assert_allclose(
        found["activation_1.edges"][[0, -1]], np.quantile(arriving, (0.005, 0.995)), rtol=1e-4, atol=1e-6
    )


def test_it_fits_cards_that_weigh_one_input_and_leaves_others_out() -> None:
    run = trainer(Dense(2), Dense(1))
    assert PreActivations(("dense_1",)).fits(run.plan)
    for nodes in (("gone",), ("input_1",)):
        assert not PreActivations(nodes).fits(run.plan)
        assert PreActivations(nodes).measure(run) == {}
    assert set(PreActivations(("dense_1", "input_1")).measure(run)) == {"dense_1.counts", "dense_1.edges"}


def test_sums_that_are_all_alike_have_a_histogram_too() -> None:
    run = trainer(Dense(1), Dense(1))
    for index in ((0, 0), (0, 1)):
        run.set_parameter("dense_1.weight", index, 0.0)
    run.set_parameter("dense_1.bias", (0,), 2.0)
    found = PreActivations(("dense_1",)).measure(run)
    assert found["dense_1.edges"][0] < 2 < found["dense_1.edges"][-1] and found["dense_1.counts"].sum() == 40
