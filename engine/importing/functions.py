"""Functions of a single number: written as formulas, and recognized as activations of the catalogue by what they give.

So a file may compose SiLU, GELU or any other of them of whatever operators it likes. What is none of them becomes an
activation of the user's own, as if it had been typed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.catalog.activations import Activation, Linear
from engine.catalog.activations.typed import Formula
from engine.catalog.layers.dense import Activation as ActivationLayer
from engine.catalog.layers.layer import Layer
from engine.catalog.layers.scaling import Scale
from engine.catalog.registry import Choice, entries, form
from engine.document.errors import InvalidValueError

Array = NDArray[Any]
_FAR = (15.0, 20.0, 50.0, 1e3, 1e5)
_CLOSE = 2e-6
"""Relative difference up to which two functions are the same: the file's constants are float32."""
_MOST_FACTOR = 10.0
_NEAR = 411
_PLACES = np.concatenate([np.linspace(-8.3, 8.1, _NEAR), [0.0], _FAR, np.negative(_FAR)])
"""Where functions are compared; at such numbers and no others, kinks apart, do those of the catalogue bend."""


def number(value: float) -> str:
    """A float32 number as a formula has it, with as few digits as tell it from others.

    >>> number(0.5), number(-2), number(0.1)
    ('0.5', '(-2.0)', '0.1')
    """
    text = str(np.float32(value))
    return f"({text})" if text.startswith("-") else text


def put_in(formula: str, **parts: str) -> str | None:
    """A formula with others in the places of its names; None if no formula may be that long.

    >>> put_in("{a}*sigmoid({a})", a="x+1"), put_in("relu({a})", a="x")
    ('(x+1)*sigmoid((x+1))', 'relu(x)')
    """
    found = formula.format(
        **{name: part if part.replace(".", "").isalnum() else f"({part})" for name, part in parts.items()}
    )
    try:
        Formula(found)
    except InvalidValueError:
        return None
    return found


def recognized(formula: str, activation: Activation | None) -> tuple[tuple[Layer, Mapping[str, Array]], ...]:
    """The cards that apply a function, with their arrays; none for the function that changes nothing.

    `activation` is what the function is known to be. What is a factor and a shift behind an activation of the
    catalogue becomes two cards.
    """
    if activation is None:
        activation = _activation(formula)
    if not isinstance(activation, Formula):
        return () if isinstance(activation, Linear) else ((ActivationLayer(activation), {}),)
    values = _values(activation)
    for known, inner in _known():
        straight = _straight_line(inner, values)
        if straight is not None:
            behind = _straight(*straight)
            return (behind,) if isinstance(known, Linear) else ((ActivationLayer(known), {}), behind)
    return ((ActivationLayer(activation), {}),)


def _straight_line(inner: Array, values: Array) -> tuple[float, float] | None:
    """The factor and the shift that make one function's values another's, if any do."""
    first, last = int(inner[:_NEAR].argmin()), int(inner[:_NEAR].argmax())
    if not np.isfinite([inner[first], inner[last], values[first], values[last]]).all() or inner[first] == inner[last]:
        return None
    with np.errstate(all="ignore"):
        factor = (values[last] - values[first]) / (inner[last] - inner[first])
        shift = values[first] - factor * inner[first]
        factor, shift = float(np.float32(factor)), float(np.float32(shift))
        shift = 0.0 if abs(shift) < _CLOSE * max(1.0, abs(factor)) else shift
        return (factor, shift) if factor and _same(values, factor * inner + shift) else None


def _straight(factor: float, shift: float) -> tuple[Layer, Mapping[str, Array]]:
    """The card that computes factor · x + shift."""
    if shift == 0.0 and abs(factor) <= _MOST_FACTOR:
        return Scale(factor, fixed=True), {}
    arrays = {"weight": np.array([factor], np.float32), "bias": np.array([shift], np.float32)}
    return Scale(per_channel=False, use_bias=True), arrays


def _activation(formula: str) -> Activation:
    """The activation of the catalogue that gives what a formula gives, or the formula itself."""
    own = Formula(formula)
    values = _values(own)
    for known, expected in _known():
        if _same(values, expected):
            return known
    return own


def _same(values: Array, expected: Array) -> bool:
    with np.errstate(all="ignore"):
        return np.allclose(values, expected, rtol=_CLOSE, atol=_CLOSE, equal_nan=True)


def _values(activation: Activation) -> Array:
    with np.errstate(all="ignore"):
        return activation.value(_PLACES)


@lru_cache(maxsize=1)
def _known() -> tuple[tuple[Activation, Array], ...]:
    return tuple((each, _values(each)) for each in _instances())


def _instances() -> Iterator[Activation]:
    """Every activation that works number by number and learns nothing, with each of its choices, the plainest first."""
    for cls in sorted(entries("activations").values(), key=lambda each: each.order):
        if issubclass(cls, Formula) or not cls.elementwise or cls.stochastic or cls().parameters((1,)):
            continue
        yield cls()
        for field in form(cls):
            if isinstance(field.constraint, Choice):
                yield from (cls(**{field.name: value}) for value in field.constraint.options[1:])
