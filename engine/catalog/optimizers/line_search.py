"""How far to go along a direction: until the loss has fallen enough and its slope has flattened (strong Wolfe)."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from engine.catalog.optimizers.optimizer import Array, Objective

_FALL = 1e-4
"""Share of the fall that the slope at the start promises."""
_FLATTEN = 0.9
"""Share of the slope at the start that may be left."""
_NARROW = 1e-9
"""Largest change of a weight within a bracket that is not looked into further."""


class Trial(NamedTuple):
    """What was found so far along the direction; `slope` is that of the loss there, along the direction."""

    length: float
    loss: float
    gradient: Array
    slope: float


def strong_wolfe(
    objective: Objective, weight: Array, direction: Array, start: Trial, length: float, most: int
) -> tuple[Trial, int]:
    """The trial to go to, and the evaluations spent on it (one at least, about `most` at most).

    First a bracket around a minimum is sought from `length` on, then it is narrowed by cubic interpolation: the rules
    are Nocedal & Wright's algorithms 3.5 and 3.6, the safeguards those of PyTorch. A loss that is not a number counts
    as too high.
    """

    def at(where: float) -> Trial:
        loss, gradient = objective.slope(weight + where * direction)
        return Trial(where, loss, gradient, float(gradient @ direction))

    def too_high(trial: Trial) -> bool:
        return not trial.loss <= start.loss + _FALL * trial.length * start.slope

    def flat(trial: Trial) -> bool:
        return abs(trial.slope) <= -_FLATTEN * start.slope

    before, here, spent = start, at(length), 1
    low, high = start, here
    while spent <= most:
        low, high = before, here
        if too_high(here) or (spent > 2 and here.loss >= before.loss):
            break
        if flat(here):
            return here, spent
        if here.slope >= 0:
            break
        bounds = here.length + 0.01 * (here.length - before.length), 10 * here.length
        before, here = here, at(_cubic(before, here, bounds))
        spent += 1
    else:
        low, high = start, here
    if high.loss < low.loss:
        low, high = high, low
    stuck, size = False, float(np.abs(direction).max())
    while spent <= most and abs(high.length - low.length) * size >= _NARROW:
        left, right = sorted((low.length, high.length))
        wanted = _cubic(low, high, (left, right))
        margin = 0.1 * (right - left)
        if min(right - wanted, wanted - left) < margin:
            # twice in a row close to an end, or at it: step away from it
            if stuck or wanted >= right or wanted <= left:
                wanted = right - margin if abs(wanted - right) < abs(wanted - left) else left + margin
                stuck = False
            else:
                stuck = True
        else:
            stuck = False
        here = at(wanted)
        spent += 1
        if too_high(here) or here.loss >= low.loss:
            high = here
            if high.loss < low.loss:
                low, high = high, low
            continue
        if flat(here):
            return here, spent
        if here.slope * (high.length - low.length) >= 0:
            high = low
        low = here
    return low, spent


def _cubic(one: Trial, other: Trial, bounds: tuple[float, float]) -> float:
    """The minimum of the cubic through losses and slopes of two trials, within bounds; without one, their middle."""
    if one.length > other.length:
        one, other = other, one
    apart = np.float64(one.length - other.length)
    first = one.slope + other.slope - 3 * (one.loss - other.loss) / apart
    square = first**2 - one.slope * other.slope
    if square >= 0:
        root = math.sqrt(square)
        place = other.length + apart * ((other.slope + root - first) / (other.slope - one.slope + 2 * root))
        if not math.isnan(place):
            return float(min(max(place, bounds[0]), bounds[1]))
    return (bounds[0] + bounds[1]) / 2
