"""Surfaces to show optimizers on: losses of two weights, each with one difficulty. Points are (…, 2), losses (…).

The classic ones are divided so that the rates which suit small networks suit them too.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from engine.document.frozen import frozen

Array = NDArray[Any]


class Surface(ABC):
    """A loss of two weights, with what a picture of it needs."""

    name: ClassVar[str]
    label: ClassVar[str]
    description: ClassVar[str]
    """What is hard about it, in a sentence."""
    formula: ClassVar[str]
    reference: ClassVar[str]
    horizontal: ClassVar[tuple[float, float]]
    """From where to where a picture shows the first weight."""
    vertical: ClassVar[tuple[float, float]]
    """From where to where it shows the second."""
    start: ClassVar[tuple[float, float]]
    """Where paths begin."""
    minimum: ClassVar[tuple[float, float] | None]
    """Where the loss is lowest; None if it has no lowest value."""

    @abstractmethod
    def value(self, points: Array) -> Array:
        """The loss at points."""

    @abstractmethod
    def gradient(self, points: Array) -> Array:
        """Its gradient there, (…, 2)."""

    def heights(self, columns: int, rows: int) -> NDArray[np.float64]:
        """The loss over the picture, (rows, columns); the first row is the lowest second weight."""
        x = np.linspace(*self.horizontal, columns)
        y = np.linspace(*self.vertical, rows)
        found: NDArray[np.float64] = self.value(np.stack(np.meshgrid(x, y), axis=-1))
        return found

    def levels(self, count: int) -> NDArray[np.float64]:
        """Losses for so many contour lines, rising, crowded near the bottom, where paths end."""
        heights = self.heights(81, 81)
        low, high = float(heights.min()), float(heights.max())
        # squares would space the lines evenly on a round bowl; valleys lie far below the walls, so lower still
        return low + (high - low) * np.linspace(0, 1, count + 2)[1:-1] ** 3


@frozen
class Bowl(Surface):
    """A quadratic bowl, `elongation` times as steep along the second weight as along the first."""

    elongation: float = 15.0

    name = "bowl"
    label = "Elongated bowl"
    description = "Steep one way and flat the other: a rate small enough for the one is slow along the other."
    formula = "L = ½ (a² + elongation · b²)"
    reference = "Polyak 1964"
    horizontal = (-2.2, 1.2)
    vertical = (-1.2, 1.2)
    start = (-2.0, 0.7)
    minimum = (0.0, 0.0)

    def value(self, points: Array) -> Array:
        a, b = points[..., 0], points[..., 1]
        found: Array = 0.5 * (a**2 + self.elongation * b**2)
        return found

    def gradient(self, points: Array) -> Array:
        return points * np.array([1.0, self.elongation])


@frozen
class Rosenbrock(Surface):
    """The curved valley that every optimizer is tried on; Rosenbrock's own is 100 times as steep as it is flat."""

    steepness: float = 20.0

    name = "rosenbrock"
    label = "Banana valley"
    description = "A flat valley that bends: finding it is easy, following it is not."
    formula = "L = ((1 − a)² + steepness · (b − a²)²) / 40"
    reference = "Rosenbrock, The Computer Journal 3, 1960"
    horizontal = (-2.0, 2.0)
    vertical = (-0.8, 2.8)
    start = (-0.6, 2.3)
    minimum = (1.0, 1.0)

    def value(self, points: Array) -> Array:
        a, b = points[..., 0], points[..., 1]
        found: Array = ((1 - a) ** 2 + self.steepness * (b - a**2) ** 2) / 40
        return found

    def gradient(self, points: Array) -> Array:
        a, b = points[..., 0], points[..., 1]
        off = self.steepness * (b - a**2)
        return np.stack([a - 1 - 2 * a * off, off], axis=-1) / 20


@frozen
class Saddle(Surface):
    """A ridge one way, a valley the other, with a minimum on either side: bounded, so that paths end."""

    name = "saddle"
    label = "Saddle"
    description = "Nearly flat where two slopes cancel: what has no momentum and no scaling waits there."
    formula = "L = a² + ¼ b⁴ − ½ b²"
    reference = "Dauphin et al., NeurIPS 2014, on saddle points"
    horizontal = (-1.6, 1.6)
    vertical = (-1.6, 1.6)
    start = (-1.4, 0.01)
    minimum = (0.0, 1.0)

    def value(self, points: Array) -> Array:
        a, b = points[..., 0], points[..., 1]
        found: Array = a**2 + b**4 / 4 - b**2 / 2
        return found

    def gradient(self, points: Array) -> Array:
        a, b = points[..., 0], points[..., 1]
        return np.stack([2 * a, b**3 - b], axis=-1)


@frozen
class Beale(Surface):
    """A wide plain with steep corners and one minimum in a narrow valley."""

    name = "beale"
    label = "Plain with corners"
    description = "Steep walls at the corners and a plain between them: one rate is too large here, too small there."
    formula = "L = ((1.5 − a + ab)² + (2.25 − a + ab²)² + (2.625 − a + ab³)²) / 20"
    reference = "Beale 1958"
    horizontal = (-0.5, 4.0)
    vertical = (-1.5, 1.5)
    start = (1.0, 1.3)
    minimum = (3.0, 0.5)

    def value(self, points: Array) -> Array:
        a, b = points[..., 0], points[..., 1]
        found: Array = sum((goal - a + a * b**power) ** 2 for goal, power in _BEALE) / 20
        return found

    def gradient(self, points: Array) -> Array:
        a, b = points[..., 0], points[..., 1]
        by_a = sum(2 * (goal - a + a * b**power) * (b**power - 1) for goal, power in _BEALE)
        by_b = sum(2 * (goal - a + a * b**power) * a * power * b ** (power - 1) for goal, power in _BEALE)
        return np.stack([by_a, by_b], axis=-1) / 20


_BEALE = ((1.5, 1), (2.25, 2), (2.625, 3))

SURFACES: tuple[Surface, ...] = (Bowl(), Rosenbrock(), Saddle(), Beale())
"""Easiest first."""
