"""What every initializer declares: how it draws, and how its values are spread in theory."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.catalog.registry import Entry

Shape = tuple[int, ...]


class Spread(NamedTuple):
    """How the values of one parameter are spread in theory; `low` and `high` are infinite for an endless bell curve.

    Of values that are not drawn at random (an identity matrix), mean and standard deviation are those of the values.
    """

    mean: float
    standard_deviation: float
    low: float = -math.inf
    high: float = math.inf


class Initializer(Entry, kind="initializers"):
    """Draws the starting values of one parameter."""

    def draw(self, rng: np.random.Generator, shape: Shape, fan_in: int, fan_out: int) -> NDArray[np.float32]:
        """Values of the given shape; `fan_in` and `fan_out` are the inputs and outputs of one unit."""
        raise NotImplementedError

    def spread(self, shape: Shape, fan_in: int, fan_out: int) -> Spread:
        """How the values are spread in theory; where no theory is declared, as found in one draw."""
        values = self.draw(np.random.default_rng(0), shape, fan_in, fan_out).astype(np.float64)
        if not values.size:
            return Spread(0.0, 0.0, 0.0, 0.0)
        return Spread(float(values.mean()), float(values.std()), float(values.min()), float(values.max()))

    def filled(self, shape: Shape, fan_in: int, fan_out: int) -> str:
        """The formula with the numbers of one parameter in it."""
        return self.formula


def number(value: float) -> str:
    """A number as a formula shows it: four significant digits, a true minus sign.

    >>> number(-0.096076)
    '−0.09608'
    """
    return f"{value:.4g}".replace("-", "−")


def even(rng: np.random.Generator, low: float, high: float, shape: Shape) -> NDArray[np.float32]:
    """Values evenly spread between two bounds."""
    return rng.uniform(low, high, shape).astype(np.float32)


def bell(rng: np.random.Generator, standard_deviation: float, shape: Shape) -> NDArray[np.float32]:
    """Values of a bell curve around 0."""
    return (rng.standard_normal(shape) * standard_deviation).astype(np.float32)


def cut_bell(rng: np.random.Generator, cutoff: float, shape: Shape) -> NDArray[np.float64]:
    """Values of the standard bell curve; those beyond ±`cutoff` are drawn again until none is left."""
    values = rng.standard_normal(shape)
    flat = values.reshape(-1)
    beyond = np.flatnonzero(np.abs(flat) > cutoff)
    while beyond.size:
        flat[beyond] = rng.standard_normal(beyond.size)
        beyond = beyond[np.abs(flat[beyond]) > cutoff]
    return values


def cut_deviation(cutoff: float) -> float:
    """The standard deviation of a standard bell curve without what lies beyond ±`cutoff`; 0.8796 for 2.

    Var = 1 − 2 c φ(c) / (2 Φ(c) − 1), with the density φ and the distribution Φ of the standard bell curve.
    """
    density = math.exp(-cutoff * cutoff / 2) / math.sqrt(2 * math.pi)
    return math.sqrt(1 - 2 * cutoff * density / math.erf(cutoff / math.sqrt(2)))
