"""Numbers over the plane: regressions, TensorFlow Playground's two by its formulas and two more."""

# NumPy types the arithmetic of NDArray[Any] as Any.
# mypy: disable-error-code="no-any-return"

from __future__ import annotations

from typing import Annotated

import numpy as np

from engine.catalog.datasets.dataset import Array, PlaneDataset, Samples
from engine.catalog.datasets.plane import NOISE, SAMPLES
from engine.catalog.registry import register

_BUMPS = ((-4.0, 2.5, 1.0), (0.0, 2.5, -1.0), (4.0, 2.5, 1.0), (-4.0, -2.5, -1.0), (0.0, -2.5, 1.0), (4.0, -2.5, -1.0))
"""Centre (x₁, x₂) and sign of each bump of TensorFlow Playground's multi-gaussian regression."""


class PlaneFunction(PlaneDataset):
    """A number for every point of the view, between about -1 and 1; points are spread evenly."""

    samples: int
    noise: float

    @property
    def task(self) -> str:
        return "regression"

    @property
    def class_count(self) -> int:
        return 0

    def value(self, x1: Array, x2: Array) -> Array:
        """The number at the points (x₁, x₂)."""
        raise NotImplementedError

    def draw(self, rng: np.random.Generator) -> Samples:
        points = rng.uniform(-6.0, 6.0, (self.samples, 2))
        seen = points + rng.uniform(-6.0, 6.0, points.shape) * (self.noise / 100)
        return Samples(points, self.value(seen[:, 0], seen[:, 1]))


@register
class Plane(PlaneFunction):
    """A slope: one linear unit learns it. Noise moves the place that is measured; the corners reach ±1.2."""

    samples: Annotated[int, SAMPLES] = 1200
    noise: Annotated[float, NOISE] = 0.0

    label = "slope"
    formula = "t = (x₁ + x₂) / 10, at x + U(−6, 6)² · noise"
    reference = "TensorFlow Playground, dataset.ts, regressPlane"
    order = 20

    def value(self, x1: Array, x2: Array) -> Array:
        return (x1 + x2) / 10


@register
class GaussRegression(PlaneFunction):
    """Six bumps, three up and three down. Noise moves the place that is measured."""

    samples: Annotated[int, SAMPLES] = 1200
    noise: Annotated[float, NOISE] = 0.0

    label = "bumps"
    formula = "t = ± max(0, 1 − ½ distance to the nearest of six centres), at x + U(−6, 6)² · noise"
    reference = "TensorFlow Playground, dataset.ts, regressGaussian"
    order = 21

    def value(self, x1: Array, x2: Array) -> Array:
        bumps = np.stack([sign * np.clip(1 - np.hypot(x1 - a, x2 - b) / 2, 0.0, 1.0) for a, b, sign in _BUMPS])
        largest = np.abs(bumps).argmax(axis=0)
        return np.take_along_axis(bumps, largest[None], axis=0)[0]


@register
class Waves(PlaneFunction):
    """Hills and valleys like an egg box: sine features solve it at once. Noise moves the place that is measured."""

    samples: Annotated[int, SAMPLES] = 1200
    noise: Annotated[float, NOISE] = 0.0

    formula = "t = sin x₁ · cos x₂, at x + U(−6, 6)² · noise"
    reference = "The Fourier product basis on the plane"
    order = 22

    def value(self, x1: Array, x2: Array) -> Array:
        return np.sin(x1) * np.cos(x2)


@register
class Saddle(PlaneFunction):
    """Rises to the left and right, falls above and below. Noise moves the place that is measured, within the view."""

    samples: Annotated[int, SAMPLES] = 1200
    noise: Annotated[float, NOISE] = 0.0

    formula = "t = (x₁² − x₂²) / 36, at x + U(−6, 6)² · noise, each coordinate held within ±6"
    reference = "The hyperbolic paraboloid"
    order = 23

    def value(self, x1: Array, x2: Array) -> Array:
        return (np.clip(x1, -6.0, 6.0) ** 2 - np.clip(x2, -6.0, 6.0) ** 2) / 36
