"""Activations that learn, that draw random numbers, or that have no value somewhere, in training."""

from __future__ import annotations

from typing import Any

import pytest

from engine.catalog.activations import Formula, LeakyRelu, PRelu, RRelu
from engine.catalog.layers.dense import Activation as ActivationCard
from engine.catalog.layers.dense import Dense
from engine.catalog.optimizers import SGD
from engine.document.graph import Training
from engine.export.weights import decode, encode
from engine.plan.resolve import resolve
from engine.training.numba_plans import refuses
from engine.training.numba_trainer import NumbaTrainer
from engine.training.torch_trainer import TorchTrainer
from engine.training.trainer import Diverged
from tests.engine.training.agreement import check_agreement, numba
from tests.engine.training.networks import chain, equal


@pytest.mark.parametrize("per_unit", [False, True])
def test_learned_slopes(per_unit: bool) -> None:
    prelu = PRelu(slope_per_unit=per_unit)
    document = chain(
        Dense(5, prelu), ActivationCard(prelu), Dense(4, prelu, trainable=False), Dense(1),
        training=Training(optimizer=SGD(learning_rate=0.1)),
    )  # fmt: skip
    plan = resolve(document)
    assert plan.nodes["dense_1"].parameter_count == 15 + (5 if per_unit else 1)
    check_agreement(document)
    run = numba(document)
    run.step("epoch")
    moved = {name for name in plan.parameters if not (run.parameter(name) == 0.25).all() and name.endswith("slope")}
    assert moved == {"dense_1.slope", "activation_1.slope"}


def test_random_slopes_are_left_to_pytorch() -> None:
    document = chain(Dense(5, RRelu()), Dense(1))
    assert "RReLU (random slope) draws random numbers" in str(refuses(resolve(document)))
    run = TorchTrainer(resolve(document))
    for _ in range(3):
        run.step("epoch")
    again = TorchTrainer(resolve(document))
    for _ in range(3):
        again.step("epoch")
    assert equal(run.snapshot().weights, again.snapshot().weights)
    steady = TorchTrainer(resolve(chain(Dense(5, LeakyRelu((1 / 8 + 1 / 3) / 2)), Dense(1))))
    for _ in range(3):
        steady.step("epoch")
    assert not equal(run.snapshot().weights, steady.snapshot().weights)


@pytest.mark.parametrize("backend", [NumbaTrainer, TorchTrainer])
def test_a_network_whose_first_answers_are_not_finite_is_said_to_diverge_at_once(backend: Any) -> None:
    with pytest.raises(Diverged) as caught:
        backend(resolve(chain(Dense(4, Formula("log(x)")), Dense(1))))
    assert (caught.value.step, caught.value.node) == (0, "dense_1")


@pytest.mark.parametrize("backend", [NumbaTrainer, TorchTrainer])
def test_a_learned_slope_is_saved_and_taken_up_again(backend: Any) -> None:
    plan = resolve(chain(Dense(5, PRelu(slope_per_unit=True)), Dense(1), training=Training(optimizer=SGD(0.1))))
    run = backend(plan)
    run.step("epoch")
    snapshot = run.snapshot()
    assert plan.saved_shapes["dense_1.slope"] == (5,)
    assert equal(decode(encode(snapshot.weights), plan.saved_shapes), snapshot.weights)
    again = backend(plan)
    again.restore(snapshot)
    run.step("epoch")
    again.step("epoch")
    assert equal(again.snapshot().weights, run.snapshot().weights)
