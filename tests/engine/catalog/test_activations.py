"""Every activation: the NumPy formula, PyTorch's module, central differences and autograd must agree."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.catalog.activations import Activation, LeakyRelu, Relu, Sigmoid, Silu, Softmax, Softplus, Tanh
from engine.catalog.registry import defaults, entry

ACTIVATIONS = [*defaults("activations"), LeakyRelu(0.3), entry("activations", "elu")(alpha=2.0)]
EACH = pytest.mark.parametrize("activation", ACTIVATIONS, ids=repr)
ELEMENTWISE = pytest.mark.parametrize("activation", [a for a in ACTIVATIONS if a.elementwise], ids=repr)

KINK = np.array([0.0])
SMOOTH = np.concatenate((np.linspace(-6, -0.01, 101), np.linspace(0.01, 6, 101)))
HARD = np.array([-1000.0, -100.0, -30.0, -1e-8, 0.0, 1e-8, 30.0, 100.0, 1000.0])


def as_rows(x: np.ndarray) -> np.ndarray:
    return x.reshape(-1, 1) if len(x) % 2 else x.reshape(-1, 2)


@EACH
@pytest.mark.parametrize("points", [SMOOTH, HARD], ids=["smooth", "hard"])
def test_value_is_pytorchs(activation: Activation, points: np.ndarray) -> None:
    x = as_rows(points)
    expected = activation.build(torch.nn)(torch.from_numpy(x)).numpy()
    value = activation.value(x)
    assert np.isfinite(value).all()
    np.testing.assert_allclose(value, expected, rtol=1e-9, atol=3e-9)


@EACH
@pytest.mark.parametrize("points", [SMOOTH, HARD, KINK], ids=["smooth", "hard", "kink"])
def test_pullback_is_pytorchs_gradient(activation: Activation, points: np.ndarray) -> None:
    x = as_rows(points)
    gradient = np.random.default_rng(1).standard_normal(x.shape)
    tensor = torch.from_numpy(x).requires_grad_()
    activation.build(torch.nn)(tensor).backward(torch.from_numpy(gradient))
    assert tensor.grad is not None
    np.testing.assert_allclose(activation.pullback(x, gradient), tensor.grad.numpy(), rtol=1e-6, atol=3e-9)


@ELEMENTWISE
def test_derivative_is_the_slope_of_the_value(activation: Activation) -> None:
    h = 1e-5
    slope = (activation.value(SMOOTH + h) - activation.value(SMOOTH - h)) / (2 * h)
    np.testing.assert_allclose(activation.derivative(SMOOTH), slope, rtol=1e-6, atol=1e-8)


def test_softmax_derivatives_are_the_slopes_of_its_value() -> None:
    softmax, x, h = Softmax(), np.random.default_rng(2).standard_normal((5, 4)), 1e-6
    gradient = np.random.default_rng(3).standard_normal((5, 4))
    slopes = np.zeros_like(x)
    diagonal = np.zeros_like(x)
    for unit in range(4):
        moved = np.zeros_like(x)
        moved[:, unit] = h
        change = (softmax.value(x + moved) - softmax.value(x - moved)) / (2 * h)
        slopes[:, unit] = (change * gradient).sum(axis=1)
        diagonal[:, unit] = change[:, unit]
    np.testing.assert_allclose(softmax.pullback(x, gradient), slopes, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(softmax.derivative(x), diagonal, rtol=1e-6, atol=1e-9)


@EACH
def test_values_stay_within_the_declared_bounds_and_reach_for_them(activation: Activation) -> None:
    low, high = activation.bounds
    x = as_rows(np.concatenate((SMOOTH, HARD, [3.0])))
    value = activation.value(x)
    assert (value >= low).all() and (value <= high).all()
    if np.isfinite(high) and activation.elementwise:
        assert value.max() == pytest.approx(high)
    if np.isfinite(low) and activation.elementwise:
        assert value.min() == pytest.approx(low)


@EACH
def test_float32_stays_float32(activation: Activation) -> None:
    x = np.linspace(-2, 2, 8, dtype=np.float32).reshape(4, 2)
    assert activation.value(x).dtype == np.float32
    if activation.elementwise:
        assert activation.derivative(x).dtype == np.float32


def test_known_values() -> None:
    one = np.array([1.0])
    assert Tanh().value(one)[0] == pytest.approx(0.7615941559557649)
    assert Sigmoid().value(one)[0] == pytest.approx(0.7310585786300049)
    assert Silu().value(one)[0] == pytest.approx(0.7310585786300049)
    assert Softplus().value(one)[0] == pytest.approx(1.3132616875182228)
    assert Relu().derivative(np.array([0.0]))[0] == 0.0
    np.testing.assert_allclose(Softmax().value(np.array([[1.0, 2.0, 3.0]])).sum(), 1.0)
    np.testing.assert_allclose(
        Softmax().value(np.array([[1.0, 2.0, 3.0]]))[0], [0.09003057, 0.24472847, 0.66524096], rtol=1e-7
    )
