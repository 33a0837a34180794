"""Every activation: NumPy formula, formulas written by hand, PyTorch, central differences and autograd must agree."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from engine.catalog.activations import (
    Activation,
    Celu,
    Elu,
    Exponential,
    Gelu,
    HardSigmoid,
    LeakyRelu,
    LogSoftmax,
    PRelu,
    Relu,
    RRelu,
    Selu,
    Sigmoid,
    Sign,
    Silu,
    Softmax,
    Softplus,
    Step,
    Tanh,
)
from engine.catalog.functions import erf
from engine.catalog.registry import defaults, entries
from engine.document.errors import InvalidValueError

ACTIVATIONS: list[Activation] = [
    *defaults("activations"),
    LeakyRelu(0.3),
    Elu(2.0),
    Celu(2.0),
    Celu(0.05),
    Gelu("tanh"),
    HardSigmoid(0.2),
    PRelu(-0.5),
    RRelu(0.1, 0.9),
]
EACH = pytest.mark.parametrize("activation", ACTIVATIONS, ids=repr)
ELEMENTWISE = pytest.mark.parametrize("activation", [a for a in ACTIVATIONS if a.elementwise], ids=repr)
TOGETHER = pytest.mark.parametrize("activation", [a for a in ACTIVATIONS if not a.elementwise], ids=repr)

POINTS = np.union1d(np.linspace(-8, 8, 995), [-100.0, -30.0, 30.0, 100.0, -3.0, 3.0, 6.0, 1.0, -1.0, 2.5, -2.5, 0.0])
"""At least 1,001 of them, 0 and all kinks among them."""
HARD = np.array([-1000.0, -100.0, -30.0, -1e-8, 0.0, 1e-8, 30.0, 100.0, 1000.0])
KINKS = {
    "hard_tanh": (-1.0, 1.0),
    "hard_sigmoid": (-3.0, 3.0, -2.5, 2.5),
    "hard_swish": (-3.0, 3.0),
    "relu6": (0.0, 6.0),
}


def as_rows(x: Any) -> Any:
    return x.reshape(-1, 1) if len(x) % 2 else x.reshape(-1, 2)


def built(activation: Activation) -> Any:
    """PyTorch's module, as at test time."""
    return activation.build(torch.nn).double().eval()


# --- against PyTorch --------------------------------------------------------------------------------------------------


@EACH
@pytest.mark.parametrize("points", [POINTS, HARD], ids=["points", "hard"])
def test_value_is_pytorchs(activation: Activation, points: Any) -> None:
    x = as_rows(points)
    expected = built(activation)(torch.from_numpy(x)).detach().numpy()
    with np.errstate(over="ignore"):
        value = activation.value(x)
    assert np.isfinite(value[np.isfinite(expected)]).all()
    np.testing.assert_allclose(value, expected, rtol=1e-9, atol=3e-9)


@EACH
@pytest.mark.parametrize("points", [POINTS, HARD], ids=["points", "hard"])
def test_pullback_is_pytorchs_gradient(activation: Activation, points: Any) -> None:
    x = as_rows(points)
    gradient = np.random.default_rng(1).standard_normal(x.shape)
    tensor = torch.from_numpy(x).requires_grad_()
    built(activation)(tensor).backward(torch.from_numpy(gradient))
    assert tensor.grad is not None
    with np.errstate(over="ignore"):
        found = activation.pullback(x, gradient)
    np.testing.assert_allclose(found, tensor.grad.numpy(), rtol=1e-6, atol=3e-9)


@EACH
def test_single_precision_is_pytorchs_too(activation: Activation) -> None:
    x = as_rows(np.concatenate((POINTS[np.abs(POINTS) <= 80], [-100.0, -90.0]))).astype(np.float32)
    expected = activation.build(torch.nn).eval()(torch.from_numpy(x)).detach().numpy()
    value = activation.value(x)
    assert value.dtype == np.float32
    np.testing.assert_allclose(value, expected, rtol=3e-6, atol=1e-6)
    if activation.elementwise:
        assert activation.derivative(x).dtype == np.float32


# --- against formulas and differences ---------------------------------------------------------------------------------

_SQUASH: dict[str, Callable[[float], float]] = {
    "linear": lambda x: x,
    "tanh": math.tanh,
    "sigmoid": lambda x: 1 / (1 + math.exp(-x)),
    "softsign": lambda x: x / (1 + abs(x)),
    "hard_tanh": lambda x: min(max(-1.0, x), 1.0),
    "hard_sigmoid": lambda x: min(max(0.0, x / 6 + 0.5), 1.0),
    "sine": math.sin,
    "gaussian": lambda x: math.exp(-x * x),
    "step": lambda x: 1.0 if x >= 0 else 0.0,
    "sign": lambda x: float((x > 0) - (x < 0)),
    "exponential": math.exp,
}
_RECTIFY: dict[str, Callable[[float], float]] = {
    "relu": lambda x: max(0.0, x),
    "relu6": lambda x: min(max(0.0, x), 6.0),
    "leaky_relu": lambda x: x if x > 0 else 0.01 * x,
    "prelu": lambda x: x if x > 0 else 0.25 * x,
    "rrelu": lambda x: x if x > 0 else (1 / 8 + 1 / 3) / 2 * x,
    "elu": lambda x: x if x > 0 else math.exp(x) - 1,
    "celu": lambda x: max(0.0, x) + min(0.0, math.exp(x) - 1),
    "selu": lambda x: 1.0507009873554804934193349852946 * (
        x if x > 0 else 1.6732632423543772848170429916717 * (math.exp(x) - 1)
    ),
    "gelu": lambda x: x * 0.5 * math.erfc(-x / math.sqrt(2)),
    "silu": lambda x: x / (1 + math.exp(-x)),
    "mish": lambda x: x * math.tanh(math.log1p(math.exp(x))),
    "softplus": lambda x: math.log1p(math.exp(x)),
    "hard_swish": lambda x: x * min(max(0.0, x + 3), 6) / 6,
}  # fmt: skip
BY_HAND = {**_SQUASH, **_RECTIFY}


def test_every_elementwise_activation_is_written_by_hand_once_more() -> None:
    typed = {name for name, cls in entries("activations").items() if cls.elementwise and form_is_typed(cls)}
    assert set(BY_HAND) == {name for name, cls in entries("activations").items() if cls.elementwise} - typed


def form_is_typed(cls: type[Activation]) -> bool:
    """Whether what it computes is typed by the user, and tested in a place of its own."""
    return cls.name == "formula"


@pytest.mark.parametrize("name", BY_HAND)
def test_value_is_the_formula_by_hand(name: str) -> None:
    activation = entries("activations")[name]()
    assert len(POINTS) >= 1001
    expected = [BY_HAND[name](float(x)) for x in POINTS]
    np.testing.assert_allclose(activation.value(POINTS), expected, rtol=1e-9, atol=1e-12)


@ELEMENTWISE
def test_derivative_is_the_slope_of_the_value(activation: Activation) -> None:
    h = 1e-5
    x = POINTS[np.abs(POINTS) < 20]
    for kink in (0.0, *KINKS.get(activation.name, ())):
        x = x[np.abs(x - kink) > 1e-3]
    slope = (activation.value(x + h) - activation.value(x - h)) / (2 * h)
    np.testing.assert_allclose(activation.derivative(x), slope, rtol=1e-6, atol=1e-8)


@TOGETHER
def test_derivatives_over_all_units_are_the_slopes_of_the_value(activation: Activation) -> None:
    x, h = np.random.default_rng(2).standard_normal((5, 4)), 1e-6
    gradient = np.random.default_rng(3).standard_normal((5, 4))
    slopes = np.zeros_like(x)
    diagonal = np.zeros_like(x)
    for unit in range(4):
        moved = np.zeros_like(x)
        moved[:, unit] = h
        change = (activation.value(x + moved) - activation.value(x - moved)) / (2 * h)
        slopes[:, unit] = (change * gradient).sum(axis=1)
        diagonal[:, unit] = change[:, unit]
    np.testing.assert_allclose(activation.pullback(x, gradient), slopes, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(activation.derivative(x), diagonal, rtol=1e-6, atol=1e-9)


@EACH
def test_values_stay_within_the_declared_bounds_and_reach_for_them(activation: Activation) -> None:
    low, high = activation.bounds
    x = as_rows(np.concatenate((POINTS, HARD, np.linspace(-2, 0, 20_001), [-1e9, 1e9])))
    with np.errstate(over="ignore"):
        value = activation.value(x)
    assert (value >= low - 1e-12).all() and (value <= high + 1e-12).all()
    if np.isfinite(high) and activation.elementwise:
        assert value.max() == pytest.approx(high)
    if np.isfinite(low) and activation.elementwise:
        assert value.min() == pytest.approx(low)


@EACH
def test_what_is_not_a_number_stays_visible(activation: Activation) -> None:
    with np.errstate(invalid="ignore"):
        assert np.isnan(activation.value(np.full((2, 3), np.nan))).all()


# --- what they learn --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("per_unit", [False, True])
def test_a_learned_slope_is_pytorchs(per_unit: bool) -> None:
    prelu = PRelu(slope_per_unit=per_unit)
    (parameter,) = prelu.parameters((3,)).values()
    slope = np.array([0.1, -0.3, 0.7] if per_unit else [0.4])
    assert parameter.shape == slope.shape and parameter.initializer.draw(np.random.default_rng(), (1,), 1, 1) == 0.25
    x, gradient = np.random.default_rng(4).standard_normal((2, 40, 3))
    module = torch.nn.PReLU(len(slope)).double()
    module.weight.data = torch.from_numpy(slope)
    tensor = torch.from_numpy(x).requires_grad_()
    module(tensor).backward(torch.from_numpy(gradient))
    back, changes = prelu.learned_pullback({"slope": slope}, x, gradient)
    np.testing.assert_allclose(prelu.learned_value({"slope": slope}, x), module(tensor).detach().numpy())
    assert tensor.grad is not None and module.weight.grad is not None
    np.testing.assert_allclose(back, tensor.grad.numpy())
    np.testing.assert_allclose(changes["slope"].sum(axis=0), module.weight.grad.numpy())


def test_only_prelu_learns_and_only_rrelu_draws() -> None:
    assert [a.name for a in defaults("activations") if a.parameters((3,))] == ["prelu"]
    assert [a.name for a in defaults("activations") if a.stochastic] == ["rrelu"]


def test_a_slope_starts_as_its_picture_says() -> None:
    prelu, x = PRelu(0.1), np.linspace(-2, 2, 9)
    assert np.array_equal(prelu.value(x), prelu.learned_value({"slope": np.array([0.1])}, x))


def test_random_slopes_lie_between_their_ends_in_training() -> None:
    module = RRelu(0.2, 0.4).build(torch.nn).train()
    slopes = -module(torch.full((1000,), -1.0)).numpy()
    assert slopes.min() >= 0.2 and slopes.max() <= 0.4 and slopes.std() == pytest.approx(0.2 / math.sqrt(12), rel=0.1)
    assert slopes.mean() == pytest.approx(0.3, abs=0.01)


def test_random_slopes_have_a_lowest_below_the_highest() -> None:
    with pytest.raises(InvalidValueError, match=r"lowest_slope \(=0.5\) must not exceed highest_slope \(=0.2\)"):
        RRelu(0.5, 0.2)


# --- known numbers ----------------------------------------------------------------------------------------------------


def test_known_values() -> None:
    one = np.array([1.0])
    assert Tanh().value(one)[0] == pytest.approx(0.7615941559557649)
    assert Sigmoid().value(one)[0] == pytest.approx(0.7310585786300049)
    assert Silu().value(one)[0] == pytest.approx(0.7310585786300049)
    assert Softplus().value(one)[0] == pytest.approx(1.3132616875182228)
    assert Gelu().value(one)[0] == pytest.approx(0.8413447460685429)  # the normal distribution at one deviation
    assert Relu().derivative(np.array([0.0]))[0] == 0.0
    assert Step().value(np.array([0.0]))[0] == 1.0 and Sign().value(np.array([0.0]))[0] == 0.0
    scores = np.array([[1.0, 2.0, 3.0]])
    np.testing.assert_allclose(Softmax().value(scores).sum(), 1.0)
    np.testing.assert_allclose(Softmax().value(scores)[0], [0.09003057, 0.24472847, 0.66524096], rtol=1e-7)
    np.testing.assert_allclose(LogSoftmax().value(scores)[0], [-2.40760596, -1.40760596, -0.40760596], rtol=1e-7)


def test_the_constants_of_selu_keep_mean_and_variance() -> None:
    grid = np.linspace(-12, 12, 400_001)
    density = np.exp(-(grid**2) / 2) / math.sqrt(2 * math.pi) * (grid[1] - grid[0])
    value = Selu().value(grid)
    assert (value * density).sum() == pytest.approx(0.0, abs=1e-9)
    assert (value**2 * density).sum() == pytest.approx(1.0, abs=1e-9)
    assert Selu().bounds[0] == pytest.approx(-1.7581, abs=1e-4)


def test_celu_of_alpha_1_is_elu_and_tanh_gelu_is_near_gelu() -> None:
    np.testing.assert_allclose(Celu().value(POINTS), Elu().value(POINTS), rtol=1e-15)
    assert 1e-5 < np.abs(Gelu("tanh").value(POINTS) - Gelu().value(POINTS)).max() < 5e-4


def test_log_softmax_is_exact_where_softmax_is_0() -> None:
    scores = np.array([[0.0, -2000.0]])
    assert Softmax().value(scores)[0, 1] == 0.0
    assert LogSoftmax().value(scores)[0, 1] == -2000.0


def test_an_exponential_overflows_as_pytorchs_does() -> None:
    with np.errstate(over="ignore"):
        assert np.isinf(Exponential().value(np.array([89.0], np.float32)))[0]
    assert torch.isinf(torch.tensor([89.0]).exp())


def test_the_error_function_is_pythons() -> None:
    x = np.linspace(-6, 6, 201)
    assert erf(x).dtype == np.float64 and erf(x.astype(np.float32)).dtype == np.float32
    assert np.array_equal(erf(x), [math.erf(number) for number in x])
