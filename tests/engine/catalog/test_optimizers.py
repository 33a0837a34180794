"""Every optimizer: fifty steps against torch.optim, steps worked out by hand, and what is declared."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pytest
import torch

from engine.catalog.optimizers import (
    SGD,
    Adadelta,
    Adagrad,
    Adam,
    Adamax,
    AdamW,
    NAdam,
    Optimizer,
    RAdam,
    RMSprop,
    Rprop,
)
from engine.catalog.registry import defaults, entries, from_json, to_json
from engine.document.errors import InvalidValueError

OPTIMIZERS: list[Optimizer] = [
    *(optimizer for optimizer in defaults("optimizers") if not optimizer.closure_based),
    SGD(momentum=0.9),
    SGD(momentum=0.9, dampening=0.4),
    SGD(learning_rate=0.01, momentum=0.9, nesterov=True),
    Adagrad(learning_rate=0.5, initial_sum=0.1, epsilon=1e-3),
    RMSprop(decay=0.9, epsilon=1e-4, momentum=0.8),
    RMSprop(centered=True),
    RMSprop(decay=0.5, momentum=0.5, centered=True, epsilon=1e-3),
    Adadelta(learning_rate=0.3, decay=0.5, epsilon=1e-3),
    Adam(learning_rate=0.1, beta_1=0.5, beta_2=0.9, epsilon=1e-4),
    Adam(beta_1=0.0, beta_2=0.0),
    Adam(learning_rate=0.1, beta_2=0.5, amsgrad=True),
    AdamW(learning_rate=0.1, weight_decay=0.3),
    AdamW(learning_rate=0.1, beta_2=0.5, amsgrad=True),
    NAdam(learning_rate=0.1, beta_1=0.5, beta_2=0.9, momentum_decay=0.5),
    NAdam(beta_1=0.0),
    Adamax(learning_rate=0.1, beta_1=0.5, beta_2=0.5, epsilon=1e-2),
    RAdam(learning_rate=0.1, beta_2=0.9),
    RAdam(beta_2=0.6),
    RAdam(beta_2=0.0),
    Rprop(learning_rate=0.3, shrink=0.3, grow=2.0, smallest_step=0.1, largest_step=1.0),
]


# --- fifty steps against PyTorch --------------------------------------------------------------------------------------


@pytest.fixture
def double() -> Iterator[None]:
    """Lets PyTorch keep single numbers of its state (NAdam's product) in float64 too."""
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


@pytest.mark.usefixtures("double")
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


# --- numbers by hand --------------------------------------------------------------------------------------------------


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
    # v = 1, ½ + ½ · 2, ¾ − ½
    dampened = SGD(learning_rate=0.1, momentum=0.5, dampening=0.5)
    assert steps(dampened, [1.0, 2.0, -1.0]) == pytest.approx([0.9, 0.75, 0.725])


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


def test_steps_of_adagrad_and_rprop_by_hand() -> None:
    # Adagrad: s = 9, 25, 169
    assert steps(Adagrad(learning_rate=1.3), [3.0, 4.0, 12.0], 5.0) == pytest.approx([3.7, 2.66, 1.46])
    # Rprop: 0.1, then 0.12, rest with 0.06, 0.06 the other way, 0.072
    assert steps(Rprop(learning_rate=0.1), [5.0, 1.0, -3.0, -0.1, -9.0]) == pytest.approx(
        [0.9, 0.78, 0.78, 0.84, 0.912]
    )


def test_a_velocity_grows_to_ten_times_a_steady_gradient() -> None:
    reached = steps(SGD(learning_rate=0.1, momentum=0.9), [1.0] * 200)
    assert reached[-2] - reached[-1] == pytest.approx(1.0, rel=1e-6)


def test_a_centered_root_of_a_steady_gradient_stays_a_number() -> None:
    weight, state = np.ones(1000, np.float32), {}
    gradient = np.random.default_rng(0).uniform(0.1, 10, 1000).astype(np.float32)
    for step in range(1, 3001):
        RMSprop(decay=0.9, centered=True).update(weight, gradient, state, 1e-9, step)
    assert np.isfinite(weight).all()


# --- what is declared -------------------------------------------------------------------------------------------------


def test_nesterov_without_momentum_is_refused_with_the_remedy() -> None:
    with pytest.raises(InvalidValueError, match="raise momentum first"):
        SGD(nesterov=True)
    with pytest.raises(InvalidValueError):
        from_json("optimizers", {**to_json(SGD()), "nesterov": True})
    with pytest.raises(InvalidValueError, match="lower dampening first"):
        SGD(momentum=0.9, nesterov=True, dampening=0.1)


def test_files_of_earlier_versions_still_load() -> None:
    sgd = from_json("optimizers", {"type": "SGD", "learning_rate": 0.1, "momentum": 0.9, "nesterov": True})
    assert sgd == SGD(learning_rate=0.1, momentum=0.9, nesterov=True) and sgd.dampening == 0
    fields = {"learning_rate": 0.02, "beta_1": 0.8, "beta_2": 0.9, "epsilon": 1e-6}
    assert from_json("optimizers", {"type": "Adam", **fields}) == Adam(0.02, 0.8, 0.9, 1e-6, False)
    fields = {"learning_rate": 0.02, "decay": 0.9, "epsilon": 1e-6, "momentum": 0.5}
    assert from_json("optimizers", {"type": "RMSprop", **fields}) == RMSprop(0.02, 0.9, 1e-6, 0.5, False)


def test_the_order_is_that_of_a_course() -> None:
    assert [optimizer.name for optimizer in entries("optimizers").values()] == [
        *("random_search", "gradient_descent", "SGD", "Adagrad", "RMSprop", "Adadelta"),
        *("Adam", "AdamW", "NAdam", "Adamax", "RAdam", "Rprop", "LBFGS"),
    ]


@pytest.mark.parametrize("optimizer", list(defaults("optimizers")), ids=lambda optimizer: optimizer.name)
def test_the_momentum_is_a_field(optimizer: Optimizer) -> None:
    if optimizer.momentum_name:
        assert 0 <= getattr(optimizer, optimizer.momentum_name) < 1
    else:
        assert not {"momentum", "beta_1"} & set(to_json(optimizer))


def test_full_batches_are_those_of_methods_without_noise() -> None:
    assert {name for name, cls in entries("optimizers").items() if cls.full_batch} == {
        *("random_search", "gradient_descent", "LBFGS")
    }
