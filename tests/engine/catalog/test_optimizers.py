"""Every optimizer: fifty steps of the NumPy formula against torch.optim, and the first steps worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from engine.catalog.optimizers import SGD, Adam, Optimizer, RMSprop
from engine.catalog.registry import defaults, from_json, to_json
from engine.document.errors import InvalidValueError

OPTIMIZERS: list[Optimizer] = [
    *defaults("optimizers"),
    SGD(momentum=0.9),
    SGD(learning_rate=0.01, momentum=0.9, nesterov=True),
    Adam(learning_rate=0.1, beta_1=0.5, beta_2=0.9, epsilon=1e-4),
    Adam(beta_1=0.0, beta_2=0.0),
    RMSprop(decay=0.9, epsilon=1e-4, momentum=0.8),
]


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=repr)
def test_fifty_steps_are_pytorchs(optimizer: Optimizer) -> None:
    rng = np.random.default_rng(6)
    weight = rng.standard_normal((3, 4))
    tensor = torch.from_numpy(weight.copy()).requires_grad_()
    peer = optimizer.build(torch.optim, [tensor])
    state: dict[str, np.ndarray] = {}
    for step in range(1, 51):
        gradient = rng.standard_normal((3, 4)) * 10 ** rng.uniform(-3, 1)
        rate = optimizer.learning_rate * (1 - step / 100)
        for group in peer.param_groups:
            group["lr"] = rate
        tensor.grad = torch.from_numpy(gradient.copy())
        peer.step()
        given = gradient.copy()
        optimizer.update(weight, given, state, rate, step)
        np.testing.assert_array_equal(given, gradient, "an update must leave the gradient alone")
        np.testing.assert_allclose(weight, tensor.detach().numpy(), rtol=1e-9, atol=1e-11)


def steps(optimizer: Optimizer, gradients: list[float], start: float = 1.0) -> list[float]:
    weight, state = np.array([start]), {}
    reached = []
    for step, gradient in enumerate(gradients, 1):
        optimizer.update(weight, np.array([gradient]), state, optimizer.learning_rate, step)
        reached.append(float(weight[0]))
    return reached


def test_three_steps_of_sgd_by_hand() -> None:
    assert steps(SGD(learning_rate=0.1), [1.0, 2.0, -1.0]) == pytest.approx([0.9, 0.7, 0.8])


def test_three_steps_of_momentum_by_hand() -> None:
    # v = 1, 2.5, 0.25: the half of the last velocity and the new gradient
    assert steps(SGD(learning_rate=0.1, momentum=0.5), [1.0, 2.0, -1.0]) == pytest.approx([0.9, 0.65, 0.625])


def test_three_steps_of_nesterov_by_hand() -> None:
    # g + ½ v = 1.5, 3.25, −0.875
    expected = [0.85, 0.525, 0.6125]
    assert steps(SGD(learning_rate=0.1, momentum=0.5, nesterov=True), [1.0, 2.0, -1.0]) == pytest.approx(expected)


def test_three_steps_of_adam_by_hand() -> None:
    # with gradients of one size the corrected means are exact: each step is the learning rate
    assert steps(Adam(learning_rate=0.1, epsilon=1e-12), [2.0, 2.0, 2.0]) == pytest.approx([0.9, 0.8, 0.7])
    # β = ½: m = 1, 1 and v = 2, 1 + 2 after correction by ½ and ¾: m̂ = 2, 4/3; v̂ = 4, 4
    first = 1 - 0.1
    second = first - 0.1 * ((0.5 * 1.0 + 0.5 * 1.0) / 0.75) / math.sqrt((0.5 * 2.0 + 0.5 * 1.0) / 0.75)
    optimizer = Adam(learning_rate=0.1, beta_1=0.5, beta_2=0.5, epsilon=1e-12)
    assert steps(optimizer, [2.0, 1.0]) == pytest.approx([first, second])


def test_three_steps_of_rmsprop_by_hand() -> None:
    # decay ½, gradients 2, 2, 2: s = 2, 3, 3.5
    expected = [1 - 0.2 / math.sqrt(2)]
    expected.append(expected[0] - 0.2 / math.sqrt(3))
    expected.append(expected[1] - 0.2 / math.sqrt(3.5))
    optimizer = RMSprop(learning_rate=0.1, decay=0.5, epsilon=1e-12)
    assert steps(optimizer, [2.0, 2.0, 2.0]) == pytest.approx(expected)


def test_nesterov_without_momentum_is_refused_with_the_remedy() -> None:
    with pytest.raises(InvalidValueError, match="raise momentum first"):
        SGD(nesterov=True)
    with pytest.raises(InvalidValueError):
        from_json("optimizers", {**to_json(SGD()), "nesterov": True})
