"""A target of the user's own over the plane, typed as a formula."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from engine.catalog.datasets.dataset import Array, PlaneDataset, Samples
from engine.catalog.datasets.plane import NOISE, SAMPLES
from engine.catalog.expressions import read, value
from engine.catalog.expressions.field import FormulaText
from engine.catalog.registry import Choice, register
from engine.document.errors import InvalidValueError

_NAMES = ("x1", "x2")
_NUMBERS, _CLASSES = "numbers", "classes"


@register
class Formula(PlaneDataset):
    """Your own: a formula in x1 and x2 that says what to learn, as numbers or as two classes.

    Classes are the sides of zero: 1 where the formula is positive, 0 elsewhere. Noise moves the place that is measured,
    within the view. Write + - * / and ** (or ^), comparisons, pi, e and functions such as sin, exp, sqrt, abs, tanh,
    max(a, b), where(condition, a, b).
    """

    expression: Annotated[str, FormulaText("sin(x1) * x2 / 6", _NAMES)] = "sin(x1) * x2 / 6"
    target: Annotated[str, Choice((_NUMBERS, _CLASSES))] = _NUMBERS
    samples: Annotated[int, SAMPLES] = 1200
    noise: Annotated[float, NOISE] = 0.0

    label = "your own formula"
    formula = "t = what you type, at x + U(−6, 6)² · noise, each coordinate held within ±6"
    reference = "You"
    order = 90

    def __post_init__(self) -> None:
        super().__post_init__()
        ticks = np.linspace(-6.0, 6.0, 49)
        x1, x2 = (axis.ravel() for axis in np.meshgrid(ticks, ticks))
        wrong = np.flatnonzero(~np.isfinite(self.value(x1, x2)))
        if len(wrong):
            raise InvalidValueError(
                "expression (={value}) has no finite value at x1 = {x1}, x2 = {x2}; choose one that has everywhere "
                "between -6 and 6",
                value=self.expression,
                x1=float(x1[wrong[0]]),
                x2=float(x2[wrong[0]]),
            )

    @property
    def task(self) -> str:
        return "regression" if self.target == _NUMBERS else "classification"

    @property
    def class_count(self) -> int:
        return 0 if self.target == _NUMBERS else 2

    def value(self, x1: Array, x2: Array) -> Array:
        """The formula's value at the points (x₁, x₂)."""
        with np.errstate(all="ignore"):
            return np.broadcast_to(value(read(self.expression, _NAMES), {"x1": x1, "x2": x2}), x1.shape)

    def draw(self, rng: np.random.Generator) -> Samples:
        points = rng.uniform(-6.0, 6.0, (self.samples, 2))
        seen = np.clip(points + rng.uniform(-6.0, 6.0, points.shape) * (self.noise / 100), -6.0, 6.0)
        numbers = self.value(seen[:, 0], seen[:, 1])
        if self.target == _CLASSES:
            return Samples(points, (numbers > 0).astype(np.int64))
        # Between the places that were looked at there may be one without a value.
        return Samples(points, np.nan_to_num(numbers, nan=0.0, posinf=0.0, neginf=0.0))
