"""Points that the user drew."""

from __future__ import annotations

import reprlib
from collections.abc import Iterable
from typing import Annotated, Any

import numpy as np

from engine.catalog.datasets.dataset import PlaneDataset, Samples
from engine.catalog.datasets.plane import CLASSES
from engine.catalog.registry import Hidden, register
from engine.document.errors import InvalidValueError

MOST_POINTS = 10_000


@register
class Drawn(PlaneDataset):
    """Your own points: choose a class, then click or drag in Output."""

    points: Annotated[tuple[Any, ...], Hidden()] = ()
    classes: Annotated[int, CLASSES] = 2

    label = "drawn by hand"
    formula = "points (x₁, x₂, class) as they were drawn"
    reference = "ConvNetJS, classify2d demo"
    order = 90

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "points", _checked(self.points, self.classes))

    @property
    def class_count(self) -> int:
        return self.classes

    @property
    def sample_count(self) -> int:
        return len(self.points)

    def add(self, points: Iterable[tuple[float, float]], class_number: int) -> Drawn:
        """With more points (x₁, x₂) of a class, moved to the edge if beyond it. Raises InvalidValueError."""
        low, high = self.view
        more = tuple((min(max(x1, low), high), min(max(x2, low), high), class_number) for x1, x2 in points)
        return self._with((*self.points, *more))

    def erase(self, x1: float, x2: float, radius: float) -> Drawn:
        """Without the points closer to (x₁, x₂) than the radius."""
        kept = tuple(point for point in self.points if (point[0] - x1) ** 2 + (point[1] - x2) ** 2 >= radius**2)
        return self if len(kept) == len(self.points) else self._with(kept)

    def clear(self) -> Drawn:
        """Without any point."""
        return self._with(())

    def _with(self, points: tuple[Any, ...]) -> Drawn:
        changed: Drawn = self.replace(points=points)
        return changed

    def draw(self, rng: np.random.Generator) -> Samples:
        table = np.array(self.points, np.float64).reshape(-1, 3)
        return Samples(np.ascontiguousarray(table[:, :2]), table[:, 2].astype(np.int64))


def _checked(points: tuple[Any, ...], classes: int) -> tuple[tuple[float, float, int], ...]:
    """The points as (float, float, int). Raises InvalidValueError for what is no point of the view or no class."""
    if len(points) > MOST_POINTS:
        raise InvalidValueError(
            "points (={count}) must be at most {most}; erase some first", count=len(points), most=MOST_POINTS
        )
    low, high = PlaneDataset.view
    checked = []
    for point in points:
        numbers = isinstance(point, tuple) and len(point) == 3 and all(type(value) in (int, float) for value in point)
        if not (numbers and low <= point[0] <= high and low <= point[1] <= high and point[2] in range(8)):
            raise InvalidValueError(
                "every point must be (x₁, x₂, class) within {low} and {high}, but one is {point}",
                low=low,
                high=high,
                point=reprlib.repr(point),
            )
        if point[2] >= classes:
            raise InvalidValueError(
                "classes (={classes}) must be at least {needed}: points of class {highest} are drawn; erase them first",
                classes=classes,
                needed=int(point[2]) + 1,
                highest=int(point[2]),
            )
        checked.append((float(point[0]), float(point[1]), int(point[2])))
    return tuple(checked)
