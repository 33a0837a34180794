"""Points of the plane that belong to classes: TensorFlow Playground's four sets by its formulas, and six more.

Class 1 is what TensorFlow Playground labels +1. A half (or k-th) of the samples belongs to each class unless a set says
otherwise; what does not divide goes to the first classes.
"""

from __future__ import annotations

import math
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from engine.catalog.datasets.dataset import Array, PlaneDataset, Samples
from engine.catalog.registry import Range, register

SAMPLES = Range(10, 5000, 10)
NOISE = Range(0.0, 50.0, 5.0, unit="%")
CLASSES = Range(2, 8, 1)

_TF_PLAYGROUND = "TensorFlow Playground, dataset.ts"


def class_numbers(samples: int, classes: int) -> NDArray[np.int64]:
    """Class numbers 0, 0, …, 1, 1, … with sizes that differ by one at most, the first ones larger."""
    sizes = [samples // classes + (number < samples % classes) for number in range(classes)]
    return np.repeat(np.arange(classes, dtype=np.int64), sizes)


def within_view(points: Array) -> Array:
    """Points beyond the drawn square are laid on its edge: every point that is learnt can be seen."""
    return np.clip(points, *PlaneDataset.view)


def _polar(radius: Array, angle: Array) -> Array:
    """Points at a radius and an angle measured clockwise from the x₂ axis, as TensorFlow Playground measures it."""
    return np.stack((radius * np.sin(angle), radius * np.cos(angle)), axis=1)


@register
class Circle(PlaneDataset):
    """A disc inside a ring. Noise moves no point: it makes labels near the edge wrong."""

    samples: Annotated[int, SAMPLES] = 500
    noise: Annotated[float, NOISE] = 0.0

    formula = "r ~ U(0, 2.5) or U(3.5, 5); class 1 where |x + U(−5, 5)² · noise| < 2.5"
    reference = f"{_TF_PLAYGROUND}, classifyCircleData"
    order = 1

    def draw(self, rng: np.random.Generator) -> Samples:
        outer = class_numbers(self.samples, 2) == 1
        radius = np.where(outer, rng.uniform(3.5, 5.0, self.samples), rng.uniform(0.0, 2.5, self.samples))
        points = _polar(radius, rng.uniform(0.0, 2 * math.pi, self.samples))
        seen = points + rng.uniform(-5.0, 5.0, points.shape) * (self.noise / 100)
        return Samples(points, (np.hypot(seen[:, 0], seen[:, 1]) < 2.5).astype(np.int64))


@register
class Xor(PlaneDataset):
    """Opposite quarters share a class: neither coordinate tells anything by itself. Classes are drawn by chance."""

    samples: Annotated[int, SAMPLES] = 500
    noise: Annotated[float, NOISE] = 0.0

    label = "xor"
    formula = "x ~ U(−5, 5)², pushed 0.3 away from the axes; class 1 where x₁ and x₂, moved by U(−5, 5) · noise, agree"
    reference = f"{_TF_PLAYGROUND}, classifyXORData; Minsky & Papert, Perceptrons, 1969"
    order = 2

    def draw(self, rng: np.random.Generator) -> Samples:
        points = rng.uniform(-5.0, 5.0, (self.samples, 2))
        points += np.where(points > 0, 0.3, -0.3)
        seen = points + rng.uniform(-5.0, 5.0, points.shape) * (self.noise / 100)
        return Samples(points, (seen[:, 0] * seen[:, 1] >= 0).astype(np.int64))


@register
class Gauss(PlaneDataset):
    """Two clouds: a straight line separates them until noise makes them overlap.

    With much noise a few points lie beyond the view, as in TensorFlow Playground.
    """

    samples: Annotated[int, SAMPLES] = 500
    noise: Annotated[float, NOISE] = 0.0

    label = "two clouds"
    formula = "x ~ N(±(2, 2), v), v = 0.5 + 7 · noise; class 1 around (2, 2)"
    reference = f"{_TF_PLAYGROUND}, classifyTwoGaussData"
    order = 3

    def draw(self, rng: np.random.Generator) -> Samples:
        targets = class_numbers(self.samples, 2)
        variance = 0.5 + 7 * self.noise / 100
        centres = np.where(targets == 1, 2.0, -2.0)[:, None]
        return Samples(centres + math.sqrt(variance) * rng.standard_normal((self.samples, 2)), targets)


def _arms(samples: int, arms: int, turns: float, noise: float, rng: np.random.Generator) -> Samples:
    """Arms of a spiral that start in the middle; class 0 opposite to class 1 when there are two."""
    targets = class_numbers(samples, arms)
    sizes = np.bincount(targets, minlength=arms)
    share = np.concatenate([np.arange(size) / size for size in sizes])
    angle = 2 * math.pi * (turns * share + (targets - 1) / arms)
    points = _polar(5.0 * share, angle) + rng.uniform(-1.0, 1.0, (samples, 2)) * (noise / 100)
    return Samples(points, targets)


@register
class Spiral(PlaneDataset):
    """Two arms wound around each other: the hardest of the classical sets for a network that sees x₁ and x₂ alone."""

    samples: Annotated[int, SAMPLES] = 500
    noise: Annotated[float, NOISE] = 0.0

    formula = "r = 5 i / n, x = r (sin t, cos t) + U(−1, 1)² · noise, t = 3.5 π i / n (+ π for class 0)"
    reference = f"{_TF_PLAYGROUND}, classifySpiralData; Lang & Witbrock, 1988"
    order = 4

    def draw(self, rng: np.random.Generator) -> Samples:
        return _arms(self.samples, 2, 1.75, self.noise, rng)


@register
class Moons(PlaneDataset):
    """Two half moons that reach into each other."""

    samples: Annotated[int, SAMPLES] = 500
    noise: Annotated[float, NOISE] = 10.0

    formula = "3 · (m − (½, ¼)), m = (cos t, sin t) or (1 − cos t, ½ − sin t), t ∈ [0, π], m + N(0, noise²)"
    reference = "scikit-learn, make_moons, made three times as large and centred"
    order = 10

    def draw(self, rng: np.random.Generator) -> Samples:
        targets = class_numbers(self.samples, 2)
        outer = int((targets == 0).sum())
        upper, lower = np.linspace(0, math.pi, outer), np.linspace(0, math.pi, len(targets) - outer)
        x1 = np.concatenate((np.cos(upper), 1 - np.cos(lower)))
        x2 = np.concatenate((np.sin(upper), 0.5 - np.sin(lower)))
        points = np.stack((x1, x2), axis=1) + rng.standard_normal((len(targets), 2)) * (self.noise / 100)
        return Samples(within_view(3 * (points - (0.5, 0.25))), targets)


@register
class Rings(PlaneDataset):
    """Rings around a disc, one class each: no straight line separates any two."""

    samples: Annotated[int, SAMPLES] = 500
    noise: Annotated[float, NOISE] = 0.0
    classes: Annotated[int, CLASSES] = 3

    formula = "r ~ d (class + U(0, 0.6)), d = 5.5 / (classes − 0.4); x + N(0, (d · noise)²)"
    reference = "The circle of TensorFlow Playground, with more rings"
    order = 11

    @property
    def class_count(self) -> int:
        return self.classes

    def draw(self, rng: np.random.Generator) -> Samples:
        targets = class_numbers(self.samples, self.classes)
        distance = 5.5 / (self.classes - 0.4)
        radius = distance * (targets + rng.uniform(0.0, 0.6, self.samples))
        points = _polar(radius, rng.uniform(0.0, 2 * math.pi, self.samples))
        points += rng.standard_normal(points.shape) * (distance * self.noise / 100)
        return Samples(within_view(points), targets)


@register
class Blobs(PlaneDataset):
    """Clouds around a circle, one class each; noise makes them wide."""

    samples: Annotated[int, SAMPLES] = 500
    noise: Annotated[float, NOISE] = 10.0
    classes: Annotated[int, CLASSES] = 5

    formula = "x ~ N(3.5 (sin a, cos a), s²), a = 2π class / classes, s = 0.4 + 2 · noise"
    reference = "scikit-learn, make_blobs, with the centres on a circle"
    order = 12

    @property
    def class_count(self) -> int:
        return self.classes

    def draw(self, rng: np.random.Generator) -> Samples:
        targets = class_numbers(self.samples, self.classes)
        points = _polar(np.full(self.samples, 3.5), 2 * math.pi * targets / self.classes)
        points += rng.standard_normal(points.shape) * (0.4 + 2 * self.noise / 100)
        return Samples(within_view(points), targets)


@register
class Spirals(PlaneDataset):
    """Several arms wound around the middle, one class each; more arms make fewer turns."""

    samples: Annotated[int, SAMPLES] = 500
    noise: Annotated[float, NOISE] = 0.0
    classes: Annotated[int, CLASSES] = 3

    label = "spiral arms"
    formula = "x = r (sin t, cos t) + U(−1, 1)² · noise, r = 5 i / n, t = 2π (3.5 i / n + class − 1) / classes"
    reference = "The spiral of TensorFlow Playground, with more arms; CS231n, case study"
    order = 13

    @property
    def class_count(self) -> int:
        return self.classes

    def draw(self, rng: np.random.Generator) -> Samples:
        return _arms(self.samples, self.classes, 3.5 / self.classes, self.noise, rng)


@register
class Checkerboard(PlaneDataset):
    """Squares that take turns. Noise moves no point: it makes labels near the edges wrong."""

    samples: Annotated[int, SAMPLES] = 1000
    noise: Annotated[float, NOISE] = 0.0
    squares: Annotated[int, Range(2, 8, 1)] = 4

    formula = "class 1 where ⌊(x₁ + 6) / s⌋ + ⌊(x₂ + 6) / s⌋ is even, at x + U(−s, s)² · noise, s = 12 / squares"
    reference = "Ho & Kleinberg, Building projectable classifiers of arbitrary complexity, ICPR 1996"
    order = 14

    def draw(self, rng: np.random.Generator) -> Samples:
        side = 12.0 / self.squares
        points = rng.uniform(-6.0, 6.0, (self.samples, 2))
        seen = points + rng.uniform(-side, side, points.shape) * (self.noise / 100)
        squares = np.floor((seen + 6.0) / side).astype(np.int64)
        return Samples(points, 1 - squares.sum(axis=1) % 2)
