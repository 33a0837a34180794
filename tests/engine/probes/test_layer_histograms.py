"""Histograms of layers: what is counted, what is left out, which units do nothing."""

from __future__ import annotations

import numpy as np
import pytest

from engine.catalog.activations import Relu, Sigmoid, Tanh
from engine.catalog.datasets.plane import Circle
from engine.catalog.layers.dense import Dense
from engine.catalog.layers.reshaping import Flatten
from engine.document.graph import Data
from engine.plan.resolve import resolve
from engine.probes.layer_histograms import ACTIVATIONS, GRADIENTS, WEIGHTS, LayerHistograms, shown_nodes
from engine.training.numba_trainer import NumbaTrainer
from engine.training.torch_trainer import TorchTrainer
from tests.engine.training.networks import chain

Kind = type[TorchTrainer] | type[NumbaTrainer]
BACKENDS = pytest.mark.parametrize("kind", [TorchTrainer, NumbaTrainer])
DATA = Data(Circle(samples=80))


def run_of(kind: Kind) -> TorchTrainer | NumbaTrainer:
    return kind(resolve(chain(Dense(8, Relu()), Dense(6, Sigmoid()), Dense(1, Tanh()), data=DATA)))


@BACKENDS
def test_every_weight_is_counted_and_the_norm_is_that_of_all(kind: Kind) -> None:
    run = run_of(kind)
    found = LayerHistograms(WEIGHTS, ("dense_1", "dense_2", "gone", "input_1")).measure(run)
    weights = run.parameter("dense_2.weight")
    assert found["dense_2.counts"].sum() == weights.size == 48
    assert found["dense_2.range"].tolist() == [weights.min(), weights.max()]
    assert found["dense_2.norm"][0] == pytest.approx(np.linalg.norm(weights), rel=1e-5)
    assert {name.split(".")[0] for name in found} == {"step", "dense_1", "dense_2"}
    assert "dense_1.update" not in found


@BACKENDS
def test_updates_are_known_after_the_next_step(kind: Kind) -> None:
    run = run_of(kind)
    probe = LayerHistograms(WEIGHTS, ("dense_1",))
    probe.measure(run)
    before = run.parameter("dense_1.weight").astype(float)
    run.step("batch")
    moved = np.linalg.norm(run.parameter("dense_1.weight") - before) / np.linalg.norm(before)
    found = probe.measure(run)
    assert found["dense_1.update"][0] == pytest.approx(moved, rel=1e-4) and found["step"].tolist() == [1]


def test_long_arrays_are_counted_in_part_and_their_norm_is_close() -> None:
    run = TorchTrainer(resolve(chain(Dense(900, Tanh()), Dense(900, Tanh()), Dense(1), data=DATA)))
    found = LayerHistograms(WEIGHTS, ("dense_2",)).measure(run)
    assert 50_000 < found["dense_2.counts"].sum() <= 80_000 < 900 * 900
    norm = np.linalg.norm(run.parameter("dense_2.weight"))
    assert found["dense_2.norm"][0] == pytest.approx(norm, rel=0.02)


@BACKENDS
def test_gradients_are_those_of_the_last_step(kind: Kind) -> None:
    run = run_of(kind)
    assert set(LayerHistograms(GRADIENTS, ("dense_1",)).measure(run)) == {"step"}
    run.step("batch")
    found = LayerHistograms(GRADIENTS, ("dense_1",)).measure(run)
    gradient = run.gradient("dense_1.weight")
    assert gradient is not None
    assert found["dense_1.norm"][0] == pytest.approx(np.linalg.norm(gradient), rel=1e-5)


@BACKENDS
def test_units_that_never_answer_and_units_at_a_bound_are_told_apart(kind: Kind) -> None:
    run = run_of(kind)
    for unit in range(3):
        run.set_parameter("dense_1.bias", (unit,), -1000.0)
    for unit in range(2):
        run.set_parameter("dense_2.bias", (unit,), 50.0)
    run.set_parameter("dense_3.bias", (0,), 50.0)
    found = LayerHistograms(ACTIVATIONS, ("dense_1", "dense_2", "dense_3")).measure(run)
    assert found["dense_1.units"].tolist() == [3, 0, 8]
    assert found["dense_2.units"].tolist() == [0, 2, 6]
    assert found["dense_3.units"].tolist() == [0, 0, 1]  # an answer is asked to reach its bound
    assert found["dense_1.counts"].sum() == 40 * 8


def test_a_layer_of_one_value_has_a_histogram_too() -> None:
    run = run_of(TorchTrainer)
    for index in np.ndindex(1, 6):
        run.set_parameter("dense_3.weight", index, 0.25)
    found = LayerHistograms(WEIGHTS, ("dense_3",)).measure(run)
    low, high = found["dense_3.range"]
    assert low < 0.25 < high and found["dense_3.counts"].sum() == 6


def test_cards_that_only_hand_on_are_left_out() -> None:
    plan = resolve(chain(Flatten(), Dense(4, Relu(), trainable=False), Dense(1), data=DATA))
    assert shown_nodes(plan, WEIGHTS) == shown_nodes(plan, ACTIVATIONS) == ("dense_1", "dense_2")
    assert shown_nodes(plan, GRADIENTS) == ("dense_2",)
