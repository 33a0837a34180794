"""What a picture of an entry shows, as numbers in data coordinates: made by the kinds, painted by `paint`."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Bounds = tuple[float, float]
Role = Literal["main", "second", "other", "faint"]
"""What is asked about, what belongs to it (a derivative), what it is compared with, what only helps the eye."""


@dataclass(frozen=True)
class Histogram:
    """Counts (bins,) between edges (bins + 1,): tuples, so that equal histograms give one picture."""

    edges: tuple[float, ...]
    counts: tuple[float, ...]


@dataclass(frozen=True)
class Context:
    """What a picture may depend on besides the entry: the card that it is chosen for, and the run."""

    fan_in: int = 8
    fan_out: int = 8
    shape: tuple[int, ...] = ()
    """Of the parameter that an initializer draws; (fan_out, fan_in) where none is known."""
    seed: int = 1
    epochs: int = 100
    """As planned."""
    epoch: float | None = None
    """Where the run stands; None: nobody knows."""
    rate: float = 0.03
    """Learning rate of the optimizer."""
    now: float | None = None
    """Learning rate of the next step, as the run says."""
    surface: str = ""
    """Name of the surface that optimizers are shown on; the easiest by default."""
    pre_activations: Histogram | None = None
    """Of the card whose activation is shown."""


@dataclass(frozen=True, eq=False)
class Curve:
    """A line through points (n,); gaps where a value is not finite. Names are listed in a legend."""

    x: Array
    y: Array
    role: Role = "main"
    name: str = ""
    number: int = 0
    """Which of the colours a curve of the role "other" has."""
    ends: bool = False
    """Whether start and end are marked: a path."""


@dataclass(frozen=True, eq=False)
class Bars:
    """Filled columns between edges (n + 1,); heights (n,) in data coordinates."""

    edges: Array
    heights: Array
    faint: bool = False


@dataclass(frozen=True, eq=False)
class Contours:
    """Lines of equal value over a grid: values (rows, columns) at y (rows,) and x (columns,)."""

    x: Array
    y: Array
    values: Array
    levels: tuple[float, ...]


@dataclass(frozen=True, eq=False)
class Arrows:
    """From places (n, 2) to others (n, 2)."""

    start: Array
    end: Array


@dataclass(frozen=True)
class Mark:
    """A place with words: a vertical line at x, with a dot where y is known."""

    x: float
    text: str
    y: float | None = None


@dataclass(frozen=True, eq=False)
class Drawing:
    """Everything in one picture. Without curves, bars or contours there is nothing to see, but the notes say why."""

    x_range: Bounds = (0.0, 1.0)
    y_range: Bounds = (0.0, 1.0)
    x_label: str = ""
    y_label: str = ""
    bars: Bars | None = None
    contours: Contours | None = None
    curves: tuple[Curve, ...] = ()
    arrows: Arrows | None = None
    marks: tuple[Mark, ...] = ()
    filled: str = ""
    """The entry's formula with numbers in it, in plain mathematical text."""
    notes: tuple[str, ...] = ()
    """Sentences below the picture."""
    square: bool = False
    """Whether both axes have the same scale."""

    @property
    def empty(self) -> bool:
        """Whether there is nothing to see."""
        return not (self.curves or self.bars or self.contours or self.arrows)

    def with_ranges(self, x_range: Bounds, y_range: Bounds) -> Drawing:
        """The same with other ends of the axes, to be compared with its neighbours."""
        return replace(self, x_range=x_range, y_range=y_range)


def spread_of(curves: tuple[Curve, ...], *also: float, share: float = 0.06) -> Bounds:
    """Ends of a y axis that shows all finite values and `also`, with a little room at both."""
    values = np.concatenate([*(np.ravel(curve.y).astype(float) for curve in curves), np.array(also, float)])
    values = values[np.isfinite(values)]
    if not values.size:
        return 0.0, 1.0
    low, high = float(values.min()), float(values.max())
    room = (high - low or max(abs(high), 1.0)) * share
    return low - room, high + room


def ticks(bounds: Bounds, most: int) -> list[float]:
    """At most so many round numbers within the bounds, evenly spaced by 1, 2 or 5 times a power of ten."""
    low, high = bounds
    span = high - low
    if not (span > 0 and math.isfinite(span)) or most < 2:
        return []
    power = 10.0 ** math.floor(math.log10(span / most))
    step = next((power * factor for factor in (1, 2, 5, 10, 20) if span / (power * factor) <= most - 1), span)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(number * step, 12) for number in range(first, last + 1)]


def segments(contours: Contours, level: float) -> Array:
    """The line of one level as pieces (n, 2, 2): marching squares with linear interpolation; ends are (x, y)."""
    grid = np.asarray(contours.values, float) - level
    grid = np.where(grid == 0, 1e-12, grid)
    corners = np.stack([grid[:-1, :-1], grid[:-1, 1:], grid[1:, 1:], grid[1:, :-1]])
    left, right = contours.x[:-1], contours.x[1:]
    top, bottom = contours.y[:-1], contours.y[1:]
    shape = corners.shape[1:]
    xs = [np.broadcast_to(part, shape) for part in (left, right, right, left)]
    ys = [np.broadcast_to(part[:, None], shape) for part in (top, top, bottom, bottom)]
    crossed, points = [], []
    for edge in range(4):
        a, b = corners[edge], corners[(edge + 1) % 4]
        crosses = (a > 0) != (b > 0)
        share = np.divide(a, a - b, out=np.zeros(shape), where=crosses)
        x = xs[edge] + share * (xs[(edge + 1) % 4] - xs[edge])
        y = ys[edge] + share * (ys[(edge + 1) % 4] - ys[edge])
        crossed.append(crosses)
        points.append(np.stack([x, y], axis=-1))
    hit, place = np.stack(crossed), np.stack(points)
    count = hit.sum(axis=0)
    found = []
    for first in range(4):
        for second in range(first + 1, 4):
            cells = hit[first] & hit[second] & (count == 2)
            found.append(np.stack([place[first][cells], place[second][cells]], axis=1))
    for first, second in ((0, 1), (2, 3)):  # a saddle: two pieces
        cells = count == 4
        found.append(np.stack([place[first][cells], place[second][cells]], axis=1))
    return np.concatenate(found)
