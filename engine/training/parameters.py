"""What may be put into a run's parameters from outside."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from engine.document.errors import InvalidValueError
from engine.training.trainer import Array

Shapes = Mapping[str, tuple[int, ...]]
"""The shape of each "node.parameter"."""


def check_known(name: str, shapes: Shapes) -> None:
    """Raise InvalidValueError for a name that is none of the parameters'."""
    if name not in shapes:
        raise InvalidValueError(
            "this network has no parameter {name}; it has {known}",
            name=repr(name),
            known=", ".join(shapes) or "none",
        )


def check_fits(weights: Mapping[str, Array], shapes: Shapes) -> None:
    """Raise InvalidValueError unless weights have the names and shapes of the parameters."""
    given = {name: np.shape(values) for name, values in weights.items()}
    for name in sorted(set(given) | set(shapes)):
        if given.get(name) != shapes.get(name):
            raise InvalidValueError(
                "{name} is {found} in the saved weights but {wanted} in this network; start a new run",
                name=name,
                found=given.get(name, "missing"),
                wanted=shapes.get(name, "missing"),
            )


def put_value(name: str, values: Array, index: tuple[int, ...], value: float) -> None:
    """Set one of a parameter's values. Raises InvalidValueError for a place or value that it cannot take."""
    inside = len(index) == values.ndim and all(0 <= i < n for i, n in zip(index, values.shape, strict=True))
    if not inside:
        raise InvalidValueError(
            "{name} has the shape {shape}, so there is no value at {index}",
            name=name,
            shape=values.shape,
            index=index,
        )
    if not abs(value) <= float(np.finfo(np.float32).max):
        raise InvalidValueError("{name} (={value}) must be a finite number", name=name, value=value)
    values[index] = value
