"""Tracing of formulas that the catalogue does not have yet, and what it refuses."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from engine.catalog.activations import Activation
from engine.catalog.functions import erf
from engine.catalog.losses import Loss
from engine.catalog.optimizers import Optimizer
from engine.catalog.regularizers import Regularizer
from engine.training.assembly import assemble
from engine.training.expressions import Graph
from engine.training.formulas import activation_programs, loss_program, optimizer_program, regularizer_program
from engine.training.programs import Kind, Op
from engine.training.tracing import NotTraceable, Tracer
from tests.engine.training.formula_checks import (
    backward,
    check_agreement,
    every_program,
    keeps_its_promises,
    ops,
    samples,
)

# --- formulas that the catalogue does not have yet --------------------------------------------------------------------


def _doubled_in_place(x: Any) -> Any:
    other = x
    x += 1
    np.multiply(x, 2, out=other)
    return x - other.copy() / 4


FORMULAS: dict[str, Callable[[Any], Any]] = {
    "softsign": lambda x: x / (1 + np.abs(x)),
    "mish": lambda x: x * np.tanh(np.logaddexp(x, 0)),
    "gelu_tanh": lambda x: 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))),
    "hard_swish": lambda x: x * np.clip(x + 3, 0, 6) / 6,
    "hard_shrink": lambda x: np.where((x > 0.5) | (x < -0.5), x, 0),
    "inside": lambda x: np.where(np.logical_and(x >= -1, x <= 1), x, 2),
    "outside": lambda x: np.where(~((x >= -1) & (x != 0.5)), x, -x),
    "nonzero": lambda x: np.logical_not(x) * 3.0 + np.logical_or(x > 1, x),
    "gaussian": lambda x: np.exp(-(x**2)),
    "snake": lambda x: x + np.sin(3 * x) ** 2 / 3 + np.cos(-x) + np.sin(-x),
    "powers": lambda x: np.abs(x) ** 1.5 + 2.0 ** (x / 8) + np.abs(x) ** 0.5 + (1 + x**2) ** -1 + x**5 + x**0,
    "negatives": lambda x: -(1 - -x) - (-np.tanh(-x)) - -(2 - x) + abs(-x) - (0 - x) * -1.0 + np.sign(-3 * x),
    "logarithms": lambda x: np.log1p(x * x) + np.log(1 + x * x) + np.log2(2 + x * x) + np.log10(3 + x * x),
    "exponentials": lambda x: np.expm1(-np.abs(x)) + np.exp2(-np.abs(x)) + np.floor(x) + np.reciprocal(2 + np.abs(x)),
    "in_place": lambda x: _doubled_in_place(x.copy()),
    "normalized": lambda x: (x - x.mean(axis=-1, keepdims=True)) / (1 + x.sum(axis=1, keepdims=True) ** 2),
    "extremes": lambda x: np.max(x, axis=-1, keepdims=True) - np.min(x, axis=-1, keepdims=True) + 0 * x,
    "log_cosh": lambda x: np.log(np.cosh(x)) + np.cosh(x / 4),
    "probit": lambda x: 0.5 * (1 + erf(x * math.sqrt(0.5))) + erf(-x),
    "rounded_up": lambda x: np.ceil(x) + np.ceil(-x),
    "finite": lambda x: np.where(np.isfinite(x), x, 0.0) + np.where(np.isnan(x), 1.0, 2.0) + np.isfinite(1 / (0 * x)),
    "log_softmax": lambda x: x - np.log(np.sum(np.exp(x), axis=-1, keepdims=True)),
    "counting": lambda x: x * np.ones_like(x).sum(axis=-1, keepdims=True) + np.full_like(x, 2).mean(-1, keepdims=True),
    "rows": lambda x: x.max(-1, keepdims=True) * np.ones_like(x) + x.max(-1, keepdims=True).max(-1, keepdims=True),
    "only_rows": lambda x: x.sum(-1, keepdims=True) + np.zeros_like(x),
    "constant": lambda x: np.full_like(x, 3.0),
    "divided": lambda x: x / 3 + 1 / (1 + x * x) - (-x) / (2 + x * x) + x / x.shape[-1] + x.astype(x.dtype),
    "scaled": lambda x: ((x + 3) * 0.25 - (3 - x) * 2.0) * x.max(-1, keepdims=True) * 5,
    "doubled": lambda x: x * (x + 1) + x * (x + 1),
    "signed_zeros": lambda x: np.sign(x / 0.0) + 3 * np.sign(x / -0.0),
    "same_choice": lambda x: np.where(x > 0, 2.0, 2.0),
    "squares": lambda x: (x - 1) * (x - 1) - x * x + (1 - x * x) + (x * x - 1),
}


@pytest.mark.parametrize("name", FORMULAS)
def test_formulas_to_come_are_traced(name: str) -> None:
    class Drawn(Activation):
        label = "drawn"

        def value(self, x: Any) -> Any:
            return FORMULAS[name](x)

        def derivative(self, x: Any) -> Any:
            return FORMULAS[name](x) + 1

    programs = activation_programs(Drawn(), 3)
    x, gradient = samples(3, edges=False), samples(3, seed=1)
    x[:, :4] = [0.0, 0.5, -1.0, 1.0]
    with np.errstate(all="ignore"):
        value, back = Drawn().value(x.T).T, Drawn().pullback(x.T, gradient.T).T
    check_agreement(programs.forward.run({"x": x})["value"], value)
    check_agreement(backward(programs, {"x": x}, gradient), back)
    for program in programs:
        keeps_its_promises(program)


BLIND: dict[str, Callable[[Any], Any]] = {
    "zero": np.zeros_like,
    "row": lambda x: x.max(axis=-1, keepdims=True) + np.zeros_like(x),
    "full": lambda x: np.tanh(x),
    "value": lambda x: x * x,
    "input": lambda x: x,
}


@pytest.mark.parametrize("name", BLIND)
def test_a_gradient_need_not_depend_on_the_one_that_comes(name: str) -> None:
    class Blind(Activation):
        def value(self, x: Any) -> Any:
            return x * x

        def pullback(self, x: Any, gradient: Any) -> Any:
            return BLIND[name](x)

    programs = activation_programs(Blind(), 3)
    x = samples(3, edges=False)
    check_agreement(backward(programs, {"x": x}, np.ones_like(x)), BLIND[name](x.T).T)
    for program in programs:
        keeps_its_promises(program)


def test_what_the_units_share_is_computed_once_for_all() -> None:
    class Shared(Activation):
        def value(self, x: Any) -> Any:
            largest = x.max(axis=-1, keepdims=True)
            return x + largest * np.tanh(largest)

        def derivative(self, x: Any) -> Any:
            return np.ones_like(x)

    program = activation_programs(Shared(), 3).inference
    assert [op for op, target, _ in program.instructions if program.kinds[target] is Kind.FULL] == [Op.ADD]


def _random_formula(seed: int) -> Callable[[Any], Any]:
    """Thirty operations on values drawn from those before; a new call computes the same."""

    def formula(x: Any) -> Any:
        draw = np.random.default_rng(seed)
        values: list[Any] = [x, 0.5, -1.0, 2.0, x.max(axis=-1, keepdims=True), 0.0, 1.0]
        one_value = (np.tanh, np.negative, np.abs, np.sin, np.cos, np.sign, np.square)
        two_values = (np.add, np.subtract, np.multiply, np.maximum, np.minimum, np.add, np.subtract, np.multiply)
        for _ in range(30):
            a, b, c = (values[draw.integers(len(values))] for _ in range(3))
            match draw.integers(6):
                case 0:
                    found = one_value[draw.integers(len(one_value))](a)
                case 1:
                    found = np.where(np.greater(a, b), b, c)
                case 2:
                    found = a / (b * b + 1)
                case 3:
                    found = (x * a - b).sum(axis=-1, keepdims=True) / 3
                case _:
                    found = two_values[draw.integers(len(two_values))](a, b)
            values.append(found if draw.random() < 0.3 else np.clip(found, -4, 4))
        return np.tanh(values[-1]) + np.tanh(values[-2]) * np.tanh(values[-3] * 0.1) + 0 * x

    return formula


@pytest.mark.parametrize("seed", range(60))
def test_random_formulas_are_traced(seed: int) -> None:
    formula = _random_formula(seed)

    class Drawn(Activation):
        def value(self, x: Any) -> Any:
            return formula(x)

        def pullback(self, x: Any, gradient: Any) -> Any:
            return gradient * formula(x) + np.tanh(formula(x + gradient)) - formula(gradient * 2) * gradient

    programs = activation_programs(Drawn(), 3)
    x, gradient = samples(3, edges=False), samples(3, seed=1, edges=False)
    expected = Drawn().pullback(x.T, gradient.T).T
    np.testing.assert_allclose(programs.inference.run({"x": x})["value"], formula(x.T).T, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(backward(programs, {"x": x}, gradient), expected, rtol=1e-9, atol=1e-9)
    for program in programs:
        keeps_its_promises(program)


class Lion(Optimizer):
    """A sign, a state that is bound anew, a gradient that is changed in place, a rate that is changed."""

    label = "lion"

    def update(self, weight: Any, gradient: Any, state: Any, rate: Any, step: Any) -> None:
        gradient += 0.01 * weight
        if "mean" not in state:
            state["mean"] = np.full_like(weight, 0.5)
        count = state.get("count", 2) + 1
        before = rate
        rate *= 0.5
        weight -= rate * np.sign(0.9 * state["mean"] + 0.1 * gradient) + before / count
        state["mean"] = 0.99 * state["mean"] + (1 - 0.99**step) * gradient
        state["count"] = count


class Exchange(Optimizer):
    """States that take over each other's and the weight's old values."""

    label = "exchange"

    def update(self, weight: Any, gradient: Any, state: Any, rate: Any, step: Any) -> None:
        one = state.setdefault("one", np.zeros_like(weight))
        other = state.setdefault("other", np.ones_like(weight))
        past = state.setdefault("past", np.zeros_like(weight))
        state["seen"] = state.get("seen", 0.0) * 0 + 1
        state["one"], state["other"], state["past"] = other.copy(), one.copy(), weight.copy()
        weight -= rate * (gradient + past * other)
        state["twin"] = state.get("twin", 0.0) * 0 + weight


@pytest.mark.parametrize("optimizer", [Lion(), Exchange()], ids=lambda optimizer: optimizer.label)
def test_optimizers_to_come_are_traced(optimizer: Optimizer) -> None:
    program = optimizer_program(optimizer)
    keeps_its_promises(program)
    weight, state = samples(1, edges=False)[0], {}
    inputs = {"weight": weight.copy(), **{name: np.full_like(weight, first) for name, first in program.initial.items()}}
    for step in range(1, 6):
        gradient = samples(1, seed=step, edges=False)[0]
        inputs = program.run({**inputs, "gradient": gradient}, {"rate": 0.1, "step": step})
        optimizer.update(weight, gradient.copy(), state, 0.1, step)
        assert inputs.keys() == {"weight", *state}
        for name, expected in {"weight": weight, **state}.items():
            check_agreement(inputs[name], expected)


# --- what is refused --------------------------------------------------------------------------------------------------

REFUSED: dict[str, tuple[Callable[[Any], Any], str]] = {
    "if": (lambda x: x if x > 0 else -x, "choice"),
    "float": (lambda x: math.exp(x), "single numbers"),
    "index": (lambda x: x[0], "parts of an array"),
    "length": (lambda x: x * len(x), "number of samples"),
    "samples": (lambda x: x * x.shape[0], "number of samples"),
    "unpacked": (lambda x: x * x.shape.index(3), "index"),
    "iteration": (lambda x: sum(x), "single numbers"),
    "ufunc": (np.arctan, "numpy.arctan"),
    "accumulate": (lambda x: np.add.accumulate(x), "add.accumulate"),
    "function": (lambda x: np.sort(x), "numpy.sort"),
    "product": (lambda x: x @ x, "numpy.matmul"),
    "method": (lambda x: x.reshape(-1), ".reshape"),
    "everything": (lambda x: x / x.sum(), "keepdims=True"),
    "samples_axis": (lambda x: x - x.mean(axis=0, keepdims=True), "axis=-1"),
    "array": (lambda x: x * np.arange(3.0), "ndarray of values"),
    "asarray": (lambda x: np.asarray(x), "plain array"),
    "whole": (lambda x: x.astype(int), "astype(int64)"),
    "truth": (lambda x: (x > 0) + (x < 1), "truth values"),
    "bits": (lambda x: x & x, "of numbers"),
    "masked": (lambda x: np.add(x, 1, where=x > 0), "numpy.add"),
    "shape_change": (lambda x: np.add(x.max(-1, keepdims=True), x, out=x.max(-1, keepdims=True)), "does not fit"),
    "nothing": (lambda x: None, "NoneType"),
    "own_error": (lambda x: {}["missing"], "KeyError"),
    "one_argument": (lambda x: np.where(x > 0), "one argument"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_traced_is_refused_with_the_reason(name: str) -> None:
    formula, reason = REFUSED[name]

    class Odd(Activation):
        label = "odd one"

        def value(self, x: Any) -> Any:
            return formula(x)

        def derivative(self, x: Any) -> Any:
            return x

    with pytest.raises(NotTraceable) as caught:
        activation_programs(Odd(), 3)
    assert str(caught.value).startswith("odd one has no compiled form: ")
    assert reason in str(caught.value)


def stepping(function: Callable[[Any, Any, dict[str, Any], Any, Any], None]) -> Optimizer:
    class Odd(Optimizer):
        label = "odd one"

        def update(self, weight: Any, gradient: Any, state: Any, rate: Any, step: Any) -> None:
            function(weight, gradient, state, rate, step)

    return Odd()


def _first_is_different(weight: Any, gradient: Any, state: dict[str, Any], rate: Any, step: Any) -> None:
    if "count" in state:
        state["count"] += 1
    else:
        state["count"] = 1
    weight -= rate * gradient / state["count"]


def _begins_with_the_gradient(weight: Any, gradient: Any, state: dict[str, Any], rate: Any, step: Any) -> None:
    weight -= rate * state.setdefault("velocity", gradient)


def _asks_for_the_step(weight: Any, gradient: Any, state: dict[str, Any], rate: Any, step: Any) -> None:
    if step > 10:
        weight -= rate * gradient


def _needs_all_weights(weight: Any, gradient: Any, state: dict[str, Any], rate: Any, step: Any) -> None:
    weight -= rate * gradient / np.sqrt((gradient**2).sum())


def _takes_a_name(weight: Any, gradient: Any, state: dict[str, Any], rate: Any, step: Any) -> None:
    weight -= rate * state.setdefault("gradient", 1.0)


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (_first_is_different, "first step"),
        (_begins_with_the_gradient, "'velocity' starts"),
        (_asks_for_the_step, "choice"),
        (_needs_all_weights, "sum over all parameters"),
        (_takes_a_name, "'gradient'"),
    ],
)
def test_an_optimizer_that_cannot_be_traced_is_refused(function: Any, reason: str) -> None:
    with pytest.raises(NotTraceable, match=reason):
        optimizer_program(stepping(function))


def test_a_loss_and_a_regularizer_that_cannot_be_traced_are_refused() -> None:
    class OddLoss(Loss):
        label = "odd loss"

        def gradient(self, prediction: Any, target: Any) -> Any:
            return np.sort(prediction)

    class OddRegularizer(Regularizer):
        label = "odd penalty"

        def gradient(self, namespace: Any, weight: Any) -> Any:
            return weight / namespace.sqrt((weight**2).sum())

    with pytest.raises(NotTraceable, match="odd loss"):
        loss_program(OddLoss(), 3)
    with pytest.raises(NotTraceable, match="odd penalty"):
        regularizer_program(OddRegularizer())


# --- operations -------------------------------------------------------------------------------------------------------


def test_every_operation_is_made_by_some_formula() -> None:
    """None that an engine must have for nothing."""
    made = {op for program in every_program() for op in ops(program)}
    for formula in FORMULAS.values():
        graph = Graph()
        x = graph.input("x", Kind.FULL)
        result: Any = formula(Tracer(graph, x, Kind.FULL, 3))
        made.update(ops(assemble({"x": x}, {"value": result.node} if result.node.kind is not Kind.UNIFORM else {})))
    assert set(Op) - made <= {Op.COPY}
    assert Op.COPY in ops(optimizer_program(Exchange()))
