"""Every loss: the NumPy value and gradient against PyTorch and finite differences, hard points included."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
import torch

from engine.catalog.activations import Linear, Relu, Sigmoid, Softmax, Tanh
from engine.catalog.losses import (
    BinaryCrossEntropy,
    CategoricalCrossEntropy,
    Hinge,
    Huber,
    Loss,
    MeanAbsoluteError,
    MeanSquaredError,
)
from engine.catalog.registry import defaults, entries

LOSSES: list[Loss] = [*defaults("losses"), MeanSquaredError(halved=True), Huber(delta=0.3)]
EACH = pytest.mark.parametrize("loss", LOSSES, ids=repr)
UNITS = pytest.mark.parametrize("units", [1, 3])


def targets_for(loss: Loss, samples: int, units: int, rng: np.random.Generator) -> np.ndarray:
    """Targets as a Target writes them: one of `levels` for classes, any number for a regression."""
    if "regression" in loss.tasks:
        return rng.standard_normal((samples, units))
    activation = next(cls() for cls in entries("activations").values() if loss.accepts(cls()))
    off, on = loss.levels(activation)
    if units == 1:
        return rng.choice([off, on], (samples, 1))
    target = np.full((samples, units), off)
    target[np.arange(samples), rng.integers(0, units, samples)] = on
    return target


def by_hand(loss: Loss, prediction: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Each loss from torch.nn.functional, without the catalogue."""
    functional = torch.nn.functional
    match loss:
        case MeanSquaredError(halved=halved):
            return functional.mse_loss(prediction, target) * (0.5 if halved else 1.0)
        case MeanAbsoluteError():
            return functional.l1_loss(prediction, target)
        case Huber(delta=delta):
            return functional.huber_loss(prediction, target, delta=delta)
        case BinaryCrossEntropy():
            return functional.binary_cross_entropy_with_logits(prediction, target)
        case CategoricalCrossEntropy():
            return functional.cross_entropy(prediction, target)
        case Hinge():
            return torch.clamp(1 - target * prediction, min=0).mean()
    raise AssertionError(f"no independent formula for {loss}")


@EACH
@UNITS
def test_value_and_gradient_are_pytorchs(loss: Loss, units: int) -> None:
    rng = np.random.default_rng(4)
    prediction = rng.standard_normal((20, units)) * 2
    target = targets_for(loss, 20, units, rng)
    tensor = torch.from_numpy(prediction).requires_grad_()
    expected = by_hand(loss, tensor, torch.from_numpy(target))
    expected.backward()
    assert tensor.grad is not None
    value = loss.value(prediction, target)
    assert value.shape == (20,)
    assert value.mean() == pytest.approx(expected.item(), rel=1e-10)
    np.testing.assert_allclose(loss.gradient(prediction, target) / 20, tensor.grad.numpy(), rtol=1e-7, atol=1e-12)
    computed = loss.compute(torch.nn, torch.from_numpy(prediction), torch.from_numpy(target))
    assert computed.item() == pytest.approx(expected.item(), rel=1e-10)


@EACH
@UNITS
def test_gradient_is_the_slope_of_the_value(loss: Loss, units: int) -> None:
    rng = np.random.default_rng(5)
    prediction = rng.standard_normal((40, units)) * 2
    target = targets_for(loss, 40, units, rng)
    h = 1e-6
    slopes = np.zeros_like(prediction)
    for unit in range(units):
        moved = np.zeros_like(prediction)
        moved[:, unit] = h
        slopes[:, unit] = (loss.value(prediction + moved, target) - loss.value(prediction - moved, target)) / (2 * h)
    np.testing.assert_allclose(loss.gradient(prediction, target), slopes, rtol=1e-5, atol=1e-6)


@EACH
@pytest.mark.parametrize("kind", [np.float64, np.float32])
def test_answers_that_are_sure_and_wrong_cost_a_finite_amount(loss: Loss, kind: type) -> None:
    off, on = loss.levels(Tanh() if isinstance(loss, Hinge) else Sigmoid())
    for answer, wanted in product((-100.0, 0.0, 100.0), (off, on)):
        prediction = np.array([[answer, -answer]], kind)
        target = np.array([[wanted, on + off - wanted]], kind)
        tensor = torch.from_numpy(prediction).requires_grad_()
        expected = loss.compute(torch.nn, tensor, torch.from_numpy(target))
        expected.backward()
        assert tensor.grad is not None
        value, gradient = loss.value(prediction, target), loss.gradient(prediction, target)
        assert np.isfinite(value).all() and np.isfinite(gradient).all()
        np.testing.assert_allclose(value[0], expected.item(), rtol=1e-6, atol=1e-30)
        np.testing.assert_allclose(gradient, tensor.grad.numpy(), rtol=1e-6, atol=1e-7)


def test_known_values() -> None:
    logits, target = np.array([[1.0, 2.0, 3.0]]), np.array([[0.0, 0.0, 1.0]])
    assert CategoricalCrossEntropy().value(logits, target)[0] == pytest.approx(0.4076059644443803)
    assert BinaryCrossEntropy().value(np.array([[0.0]]), np.array([[1.0]]))[0] == pytest.approx(np.log(2))
    assert MeanSquaredError().value(np.array([[3.0]]), np.array([[1.0]]))[0] == 4.0
    assert MeanSquaredError(halved=True).value(np.array([[3.0]]), np.array([[1.0]]))[0] == 2.0
    assert MeanAbsoluteError().value(np.array([[3.0, 0.0]]), np.array([[1.0, 1.0]]))[0] == 1.5
    assert Huber().value(np.array([[3.0]]), np.array([[1.0]]))[0] == 1.5
    assert Huber().value(np.array([[1.5]]), np.array([[1.0]]))[0] == 0.125
    assert Hinge().value(np.array([[0.25]]), np.array([[-1.0]]))[0] == 1.25


def test_what_a_loss_goes_with() -> None:
    assert BinaryCrossEntropy().accepts(Sigmoid()) and not BinaryCrossEntropy().accepts(Tanh())
    assert CategoricalCrossEntropy().accepts(Softmax()) and not CategoricalCrossEntropy().accepts(Sigmoid())
    assert Hinge().accepts(Tanh()) and Hinge().accepts(Linear()) and not Hinge().accepts(Relu())
    assert MeanSquaredError().accepts(Softmax())
    assert MeanSquaredError().levels(Tanh()) == (-1.0, 1.0)
    assert MeanSquaredError().levels(Linear()) == (-1.0, 1.0)
    assert MeanSquaredError().levels(Sigmoid()) == (0.0, 1.0)
    assert BinaryCrossEntropy().levels(Sigmoid()) == (0.0, 1.0)
    assert CategoricalCrossEntropy().levels(Softmax()) == (0.0, 1.0)
