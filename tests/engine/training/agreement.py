"""The compiled backend beside PyTorch, from the same weights over the same batches."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engine.catalog.activations import Activation, Linear, Sigmoid, Softmax, Tanh
from engine.catalog.initializers import Uniform
from engine.catalog.layers.dense import Dense
from engine.catalog.losses import Loss
from engine.catalog.registry import entries
from engine.document.graph import Document
from engine.plan.resolve import resolve
from engine.training.numba_plans import refuses
from engine.training.numba_trainer import NumbaTrainer
from engine.training.torch_trainer import TorchTrainer
from tests.engine.training.networks import equal

COMPILED = [name for name, cls in entries("activations").items() if not cls.stochastic]
"""The activations that the kernels take."""
STEPS = 100
BOUND = 1e-5
"""Of the largest weight of each parameter, after 100 steps."""


def numba(document: Document) -> NumbaTrainer:
    plan = resolve(document)
    assert plan.ready, [str(problem.sentence) for problem in plan.problems]
    assert refuses(plan) is None
    return NumbaTrainer(plan)


def both(document: Document) -> tuple[NumbaTrainer, TorchTrainer]:
    return numba(document), TorchTrainer(resolve(document))


def distance(one: Any, other: Any) -> float:
    """The largest difference between two runs' weights, as a share of the largest weight of the parameter."""
    found = [0.0]
    for name, wanted in other.snapshot().weights.items():
        scale = float(np.abs(wanted).max()) or 1.0
        found.append(float(np.abs(one.parameter(name) - wanted).max()) / scale)
    return max(found)


def check_agreement(document: Document, bound: float = BOUND, steps: int = STEPS, moves: bool = True) -> None:
    compiled, torch = both(document)
    assert equal(compiled.snapshot().weights, torch.snapshot().weights)
    start = torch.snapshot().weights
    for _ in range(steps):
        compiled.step("batch")
        torch.step("batch")
    assert (compiled.epoch, compiled.position, compiled.step_count) == (torch.epoch, torch.position, torch.step_count)
    assert compiled.rate() == torch.rate()
    assert any(not np.array_equal(start[name], compiled.parameter(name)) for name in start) is moves
    assert distance(compiled, torch) <= bound
    one, other = compiled.evaluate(), torch.evaluate()
    assert one.train_loss == pytest.approx(other.train_loss, rel=20 * bound, abs=1e-7)
    assert one.test_loss == pytest.approx(other.test_loss, rel=20 * bound, abs=1e-7)
    np.testing.assert_allclose(compiled.curves()[:, :3], torch.curves()[:, :3], rtol=20 * bound, atol=1e-7)


def last_layer(loss: Loss) -> tuple[Dense, int]:
    """An output that the loss accepts, and how many classes it tells apart."""
    accepted = next(a for a in (Tanh(), Sigmoid(), Linear(), Softmax()) if loss.accepts(a))
    return (Dense(3, accepted), 3) if loss.per_class else (Dense(1, accepted), 2)


PAIRS = [
    pytest.param(
        activation,
        loss,
        marks=()
        if activation in ("tanh", "relu") or loss in ("mse", "categorical_cross_entropy")
        else pytest.mark.long,
    )
    for activation in COMPILED
    for loss in entries("losses")
]
"""Every activation with every loss; in each run of the tests, each with two of the others."""


def hidden_cards(hidden: Activation) -> tuple[Dense, Dense]:
    """Two cards with an activation that a rounding error does not grow in."""
    if hidden.name in ("exponential", "log_softmax"):  # unbounded downwards or upwards, so large weights let it grow
        calm = Uniform(-0.1, 0.1)
        return Dense(5, hidden, weight_initializer=calm), Dense(4, hidden, weight_initializer=calm)
    return Dense(5, hidden), Dense(4, hidden)
