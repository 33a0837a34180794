"""Values and derivatives of typed formulas: against Python's own arithmetic, central differences and autograd."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st

from engine.catalog.activations import Formula, Gelu, Mish, Relu, Silu, Softplus, Tanh
from engine.catalog.datasets.typed import Formula as FormulaData
from engine.catalog.expressions import derivative, read, value
from engine.catalog.expressions.functions import NAMED
from engine.document.errors import InvalidValueError
from engine.training.formulas import activation_programs
from engine.training.programs import Op

# --- random formulas --------------------------------------------------------------------------------------------------

Expression = tuple[Any, ...]

_PYTHON: dict[str, Callable[..., float]] = {
    "exp": math.exp,
    "expm1": math.expm1,
    "log": math.log,
    "log1p": math.log1p,
    "sqrt": math.sqrt,
    "abs": abs,
    "sign": lambda a: float((a > 0) - (a < 0)),
    "sin": math.sin,
    "cos": math.cos,
    "tan": math.tan,
    "sinh": math.sinh,
    "cosh": math.cosh,
    "tanh": math.tanh,
    "sigmoid": lambda a: 1 / (1 + math.exp(-a)),
    "softplus": lambda a: max(a, 0.0) + math.log1p(math.exp(-abs(a))),
    "relu": lambda a: max(a, 0.0),
    "erf": math.erf,
    "max": max,
    "min": min,
    "where": lambda c, a, b: a if c else b,
}
_JUMPS = ("sign", "abs", "relu", "max", "min", "<", ">", "<=", ">=")


class TooHard(Exception):
    """Outside what can be compared: no value, too large, or next to a jump."""


def written(expression: Expression) -> str:
    """The formula as it is typed."""
    name, *parts = expression
    if name == "number":
        return repr(parts[0])
    if name == "x":
        return "x"
    texts = [written(part) for part in parts]
    if name == "negative":
        return f"(-{texts[0]})"
    return f"{name}({', '.join(texts)})" if name.isalnum() else f"({texts[0]} {name} {texts[1]})"


def by_python(expression: Expression, x: float) -> float:
    """The value by Python's own arithmetic. Raises TooHard.

    So does a root of zero: its slope is infinite, and what is inside may be constant (0 · ∞, NaN for autograd, too).
    """
    name, *parts = expression
    if name in ("number", "x"):
        return float(parts[0]) if parts else x
    values = [by_python(part, x) for part in parts]
    if name in _JUMPS and abs(values[0] - (values[1] if len(values) > 1 else 0.0)) < 1e-6:
        raise TooHard
    if (name == "sqrt" or (name == "**" and values[1] < 1)) and abs(values[0]) < 1e-6:
        raise TooHard
    try:
        match name:
            case "+":
                found = values[0] + values[1]
            case "-":
                found = values[0] - values[1]
            case "*":
                found = values[0] * values[1]
            case "/":
                found = values[0] / values[1]
            case "**":
                found = values[0] ** values[1]
            case "negative":
                found = -values[0]
            case "<" | ">" | "<=" | ">=":
                found = float(values[0] < values[1] if "<" in name else values[0] > values[1])
            case _:
                found = _PYTHON[name](*values)
    except (ArithmeticError, ValueError):
        raise TooHard from None
    if isinstance(found, complex) or not abs(found) < 1e4 or (name in ("/", "log") and abs(values[-1]) < 1e-3):
        raise TooHard
    return found


def _grown(children: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    one = [name for name, function in NAMED.items() if function.operands == 1]
    comparison = st.tuples(st.sampled_from(["<", ">", "<=", ">="]), children, children)
    return st.one_of(
        st.tuples(st.sampled_from(one), children),
        st.tuples(st.just("negative"), children),
        st.tuples(st.sampled_from(["+", "-", "*", "/", "max", "min"]), children, children),
        st.tuples(st.just("**"), children, st.tuples(st.just("number"), st.sampled_from([2, 3, -1, 0.5, 1.5]))),
        st.tuples(st.just("where"), comparison, children, children),
        comparison,
    )


_LEAVES = st.one_of(
    st.just(("x",)),
    st.tuples(st.just("number"), st.floats(0.125, 4.0, width=16).map(lambda number: round(number, 2))),
)
EXPRESSIONS = st.recursive(_LEAVES, _grown, max_leaves=6)
PLACES = st.floats(-3.0, 3.0).map(lambda x: round(x, 4))


def formula_of(expression: Expression) -> Formula:
    try:
        return Formula(written(expression))
    except InvalidValueError as error:  # a constant part without a value, or a long text
        assume("finite value" not in str(error) and "characters" not in str(error))
        raise


def test_all_functions_are_tried() -> None:
    assert set(_PYTHON) == set(NAMED)


@given(EXPRESSIONS, PLACES)
def test_a_value_is_pythons(expression: Expression, place: float) -> None:
    formula = formula_of(expression)
    try:
        wanted = by_python(expression, place)
    except TooHard:
        return
    assert formula.value(np.array([place]))[0] == pytest.approx(wanted, rel=1e-7, abs=1e-7)


@given(EXPRESSIONS, PLACES)
def test_a_derivative_is_the_slope_of_the_value(expression: Expression, place: float) -> None:
    formula = formula_of(expression)
    h = 5e-5
    try:
        values = [by_python(expression, place + step * h) for step in (-2, -1, 0, 1, 2)]
    except TooHard:
        return
    slope, wider = (values[3] - values[1]) / (2 * h), (values[4] - values[0]) / (4 * h)
    assume(abs(slope - wider) < 1e-5 * (1 + abs(slope)))  # smooth here, and not too steep to be measured
    assume(abs(values[4] - 2 * values[2] + values[0]) < 0.01 * h * (1 + abs(slope)))  # no kink
    assert formula.derivative(np.array([place]))[0] == pytest.approx(slope, rel=1e-4, abs=1e-4)


@given(EXPRESSIONS, PLACES)
def test_pytorch_computes_the_same_and_autograd_the_same_derivative(expression: Expression, place: float) -> None:
    formula = formula_of(expression)
    try:
        by_python(expression, place)
    except TooHard:
        return
    x = torch.tensor([place], dtype=torch.float64, requires_grad=True)
    found = formula.build(torch.nn)(x)
    found.sum().backward()
    assert x.grad is not None
    np.testing.assert_allclose(formula.value(np.array([place])), found.detach().numpy(), rtol=1e-9, atol=1e-9)
    slope = x.grad.numpy()
    if np.isfinite(slope).all() and np.abs(slope).max() < 1e6:
        np.testing.assert_allclose(formula.derivative(np.array([place])), slope, rtol=1e-6, atol=1e-6)


@given(EXPRESSIONS)
def test_the_kernels_get_the_same_formula(expression: Expression) -> None:
    formula = formula_of(expression)
    x = np.linspace(-3.0, 3.0, 40).reshape(4, 10) + 0.0123
    programs = activation_programs(formula, 4)
    with np.errstate(all="ignore"):
        value_there, slope = formula.value(x.T).T, formula.derivative(x.T).T
    found = programs.inference.run({"x": x})["value"]
    usual = np.abs(value_there) < 1e6
    np.testing.assert_allclose(found[usual], value_there[usual], rtol=1e-7, atol=1e-7)
    known = {**programs.forward.run({"x": x}), "x": x, "gradient": np.ones_like(x)}
    back = programs.backward.run({name: known[name] for name in programs.backward.inputs})["gradient_in"]
    usual &= np.abs(slope) < 1e6
    np.testing.assert_allclose(back[usual], slope[usual], rtol=1e-6, atol=1e-6)


# --- chosen formulas --------------------------------------------------------------------------------------------------

X = np.linspace(-100, 100, 801)
KNOWN = {
    "x*sigmoid(x)": Silu(),
    "max(0, x) + 0*x": None,
    "relu(x)": Relu(),
    "x/2*(1 + erf(x/sqrt(2)))": Gelu(),
    "x*tanh(softplus(x))": Mish(),
    "x*tanh(log(1 + exp(x)))": Mish(),
    "log(1 + exp(x))": Softplus(),
    "log(exp(x) + 1)": Softplus(),
    "2/(1 + exp(-2*x)) - 1": Tanh(),
}


@pytest.mark.parametrize("text", [text for text, same in KNOWN.items() if same])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_known_activations_typed(text: str, dtype: Any) -> None:
    formula, same, x = Formula(text), KNOWN[text], X.astype(dtype)
    assert same is not None
    close = {"rtol": 1e-9, "atol": 1e-12} if dtype == np.float64 else {"rtol": 1e-4, "atol": 3e-6}
    assert formula.value(x).dtype == formula.derivative(x).dtype == dtype
    np.testing.assert_allclose(formula.value(x), same.value(x), **close)
    np.testing.assert_allclose(formula.derivative(x), same.derivative(x), **close)


def test_kinks_are_taken_as_autograd_takes_them() -> None:
    for text in ("abs(x)", "relu(x)", "max(x, 0)", "min(x, 0)", "max(2*x, x)", "sign(x)", "x > 0", "abs(x)*x", "3"):
        x = torch.zeros(1, dtype=torch.float64, requires_grad=True)
        Formula(text).build(torch.nn)(x).sum().backward()
        assert x.grad is not None
        assert Formula(text).derivative(np.zeros(1))[0] == x.grad.item(), text


def test_a_choice_hides_what_the_other_side_cannot_compute() -> None:
    formula = Formula("where(x > 0, log(x), 0)")
    assert np.array_equal(formula.value(np.array([-1.0, 0.0, 1.0])), [0.0, 0.0, 0.0])
    assert np.array_equal(formula.derivative(np.array([-1.0, 0.0, 2.0])), [0.0, 0.0, 0.5])


def test_a_choice_costs_the_kernels_one_comparison() -> None:
    program = activation_programs(Formula("where(x > 1, x, exp(x))"), 4).inference
    assert [instruction.op for instruction in program.instructions] == [Op.GREATER, Op.EXP, Op.WHERE]


def test_a_constant_has_a_value_for_every_unit() -> None:
    assert np.array_equal(Formula("pi").value(np.zeros((2, 3))), np.full((2, 3), np.pi))
    assert np.array_equal(Formula("pi").derivative(np.ones((2, 3))), np.zeros((2, 3)))


def test_two_names_have_a_derivative_each() -> None:
    tree = read("x1**2*x2 + x2**x1", ("x1", "x2"))
    at = {"x1": 1.5, "x2": 0.8}
    assert value(derivative(tree, "x1"), at) == pytest.approx(2 * 1.5 * 0.8 + 0.8**1.5 * math.log(0.8))
    assert value(derivative(tree, "x2"), at) == pytest.approx(1.5**2 + 1.5 * 0.8**0.5)


# --- a target of one's own --------------------------------------------------------------------------------------------


def test_a_typed_target_gives_its_numbers_or_the_side_of_zero() -> None:
    numbers = FormulaData("x1*x2/6 + 1", samples=200).draw(np.random.default_rng(1))
    classes = FormulaData("x1*x2/6 + 1", target="classes", samples=200).draw(np.random.default_rng(1))
    wanted = numbers.values[:, 0] * numbers.values[:, 1] / 6 + 1
    np.testing.assert_allclose(numbers.targets, wanted)
    assert np.array_equal(classes.targets, (wanted > 0).astype(np.int64)) and classes.targets.dtype == np.int64
    assert FormulaData("x1").task == "regression" and FormulaData("x1", target="classes").class_count == 2


def test_noise_stays_within_the_view() -> None:
    noisy = FormulaData("x1", samples=400, noise=50.0).draw(np.random.default_rng(2))
    assert np.abs(noisy.targets).max() <= 6.0 and not np.allclose(noisy.targets, noisy.values[:, 0])


def test_a_target_without_a_value_is_refused_with_the_place() -> None:
    with pytest.raises(InvalidValueError, match=r"has no finite value at x1 = -6.0, x2 = -6.0"):
        FormulaData("sqrt(x1)")
    with pytest.raises(InvalidValueError, match=r"has no finite value at x1 = 0.0"):
        FormulaData("1/x1")
    with pytest.raises(InvalidValueError, match="there is no x at 1; use x1, x2, pi, e"):
        FormulaData("x + 1")


def test_a_constant_target_is_drawn() -> None:
    assert (FormulaData("2", samples=100).draw(np.random.default_rng(1)).targets == 2.0).all()
