"""The functions that a typed formula may use: their values in NumPy and PyTorch, and their derivatives."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from engine.catalog.expressions.tree import (
    ONE,
    ZERO,
    Tree,
    add,
    choose,
    constant,
    divide,
    logarithm,
    multiply,
    negative,
    power,
    subtract,
)
from engine.catalog.functions import erf

Trees = tuple[Tree, ...]

_MINUS_ONE, _HALF, _TWO = constant(-1.0), constant(0.5), constant(2.0)


@dataclass(frozen=True)
class Function:
    """What a function computes, and how its derivative follows from those of its operands."""

    value: Callable[..., Any]
    """In NumPy."""
    tensor: Callable[..., Any]
    """Of PyTorch's tensors, by their methods alone."""
    derivative: Callable[[Tree, Trees, Trees], Tree]
    """From the function's tree, its operands and their derivatives; at a kink, what PyTorch's autograd takes."""
    operands: int = 1


def call(name: str, *parts: Tree) -> Tree:
    """A function of trees, in its simplest form. Raises InvalidValueError for one of numbers that has no value."""
    if name in _MADE_BY:
        return _MADE_BY[name](*parts)
    if all(part.is_number for part in parts):
        with np.errstate(all="ignore"):
            value = FUNCTIONS[name].value(*(np.array([part.number]) for part in parts))
        return constant(float(value[0]))
    return Tree(name, parts)


# --- derivatives ------------------------------------------------------------------------------------------------------


def _chain(*slopes: Callable[..., Tree]) -> Callable[[Tree, Trees, Trees], Tree]:
    """The chain rule, from the derivative with respect to each operand as a function of (tree, *operands)."""

    def derivative(f: Tree, parts: Trees, inner: Trees) -> Tree:
        total = ZERO
        for slope, change in zip(slopes, inner, strict=True):
            if not change.equals(0.0):
                total = add(total, multiply(slope(f, *parts), change))
        return total

    return derivative


def _flat(f: Tree, parts: Trees, inner: Trees) -> Tree:
    """The derivative of steps."""
    return ZERO


def _of_exponent(f: Tree, a: Tree, b: Tree) -> Tree:
    """a^b ln a; 0 for a = 0, where the logarithm has no value."""
    return choose(call("equal", a, ZERO), ZERO, multiply(f, call("log", a)))


def _wins(name: str, other: bool = False) -> Callable[..., Tree]:
    """1 where an operand is the larger or smaller of two, ½ where they are equal."""

    def slope(f: Tree, a: Tree, b: Tree) -> Tree:
        a, b = (b, a) if other else (a, b)
        return add(call(name, a, b), multiply(_HALF, call("equal", a, b)))

    return slope


# --- values -----------------------------------------------------------------------------------------------------------


def _compare(sign: Callable[[Any, Any], Any]) -> Function:
    def value(a: Any, b: Any) -> Any:
        return np.where(sign(a, b), 1.0, 0.0)

    return Function(value, lambda a, b: sign(a, b).to(a.dtype), _flat, 2)


def _sigmoid(a: Any) -> Any:
    return 0.5 * (1 + np.tanh(0.5 * a))


OPERATORS: Mapping[str, Function] = MappingProxyType(
    {
        "add": Function(np.add, lambda a, b: a + b, _chain(lambda f, a, b: ONE, lambda f, a, b: ONE), 2),
        "subtract": Function(
            np.subtract, lambda a, b: a - b, _chain(lambda f, a, b: ONE, lambda f, a, b: _MINUS_ONE), 2
        ),
        "multiply": Function(np.multiply, lambda a, b: a * b, _chain(lambda f, a, b: b, lambda f, a, b: a), 2),
        "divide": Function(
            np.divide,
            lambda a, b: a / b,
            _chain(lambda f, a, b: divide(ONE, b), lambda f, a, b: negative(divide(f, b))),
            2,
        ),
        "power": Function(
            np.power,
            lambda a, b: a**b,
            _chain(lambda f, a, b: multiply(b, power(a, subtract(b, ONE))), _of_exponent),
            2,
        ),
        "negative": Function(np.negative, lambda a: -a, _chain(lambda f, a: _MINUS_ONE)),
        "less": _compare(lambda a, b: a < b),
        "less_equal": _compare(lambda a, b: a <= b),
        "greater": _compare(lambda a, b: a > b),
        "greater_equal": _compare(lambda a, b: a >= b),
        "equal": _compare(lambda a, b: a == b),
        "different": _compare(lambda a, b: a != b),
    }
)
"""What signs stand for."""

NAMED: Mapping[str, Function] = MappingProxyType(
    {
        "exp": Function(np.exp, lambda a: a.exp(), _chain(lambda f, a: f)),
        "expm1": Function(np.expm1, lambda a: a.expm1(), _chain(lambda f, a: call("exp", a))),
        "log": Function(np.log, lambda a: a.log(), _chain(lambda f, a: divide(ONE, a))),
        "log1p": Function(np.log1p, lambda a: a.log1p(), _chain(lambda f, a: divide(ONE, add(ONE, a)))),
        "sqrt": Function(np.sqrt, lambda a: a.sqrt(), _chain(lambda f, a: divide(_HALF, f))),
        "abs": Function(np.abs, lambda a: a.abs(), _chain(lambda f, a: call("sign", a))),
        "sign": Function(np.sign, lambda a: a.sign(), _flat),
        "sin": Function(np.sin, lambda a: a.sin(), _chain(lambda f, a: call("cos", a))),
        "cos": Function(np.cos, lambda a: a.cos(), _chain(lambda f, a: negative(call("sin", a)))),
        "tan": Function(np.tan, lambda a: a.tan(), _chain(lambda f, a: add(ONE, power(f, _TWO)))),
        "sinh": Function(np.sinh, lambda a: a.sinh(), _chain(lambda f, a: call("cosh", a))),
        "cosh": Function(np.cosh, lambda a: a.cosh(), _chain(lambda f, a: call("sinh", a))),
        "tanh": Function(np.tanh, lambda a: a.tanh(), _chain(lambda f, a: subtract(ONE, power(f, _TWO)))),
        "sigmoid": Function(
            _sigmoid, lambda a: a.sigmoid(), _chain(lambda f, a: multiply(f, call("sigmoid", negative(a))))
        ),
        "softplus": Function(
            lambda a: np.logaddexp(a, 0.0),
            lambda a: a.logaddexp(a.new_zeros(())),
            _chain(lambda f, a: call("sigmoid", a)),
        ),
        "relu": Function(
            lambda a: np.maximum(a, 0.0), lambda a: a.relu(), _chain(lambda f, a: call("greater", a, ZERO))
        ),
        "erf": Function(
            erf,
            lambda a: a.erf(),
            _chain(lambda f, a: multiply(constant(2 / math.sqrt(math.pi)), call("exp", negative(power(a, _TWO))))),
        ),
        "max": Function(
            np.maximum, lambda a, b: a.maximum(b), _chain(_wins("greater"), _wins("greater", other=True)), 2
        ),
        "min": Function(np.minimum, lambda a, b: a.minimum(b), _chain(_wins("less"), _wins("less", other=True)), 2),
        "where": Function(
            lambda c, a, b: np.where(c != 0, a, b),
            lambda c, a, b: a.where(c != 0, b),
            lambda f, parts, inner: choose(parts[0], inner[1], inner[2]),
            3,
        ),
    }
)
"""What is called by its name."""

FUNCTIONS: Mapping[str, Function] = MappingProxyType({**OPERATORS, **NAMED})

_MADE_BY: Mapping[str, Callable[..., Tree]] = MappingProxyType(
    {
        "add": add,
        "subtract": subtract,
        "multiply": multiply,
        "divide": divide,
        "negative": negative,
        "power": power,
        "where": choose,
        "log": logarithm,
    }
)
