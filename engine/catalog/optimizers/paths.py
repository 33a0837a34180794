"""The way of an optimizer over a loss of two weights, for pictures."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from engine.catalog.optimizers.optimizer import Array, Optimizer, State

_FAR = 1e6
"""Beyond, a path has left every picture."""


class Ground(Protocol):
    """A loss of two weights; points are (…, 2), losses (…)."""

    def value(self, points: Array) -> Array:
        """The loss at points."""

    def gradient(self, points: Array) -> Array:
        """Its gradient there, (…, 2)."""


def path(
    optimizer: Optimizer, ground: Ground, start: tuple[float, float], steps: int, rate: float | None = None
) -> NDArray[np.float64]:
    """Where an optimizer stands before the first and after each of its steps, (steps + 1, 2).

    The learning rate stays at `rate`, or the optimizer's own. What is random is the same at every call. A path that
    leaves all bounds, or is no longer a number, ends where it last was.
    """
    weight = np.array(start, np.float64)
    found = np.empty((steps + 1, 2))
    found[0] = weight
    state: State = {}
    rate = optimizer.learning_rate if rate is None else rate
    take = _search_step if optimizer.closure_based else _update_step
    with np.errstate(all="ignore"):
        for step in range(1, steps + 1):
            take(optimizer, ground, weight, state, rate, step)
            if not (np.abs(weight) <= _FAR).all():
                found[step:] = found[step - 1]
                break
            found[step] = weight
    return found


def _update_step(optimizer: Optimizer, ground: Ground, weight: Array, state: State, rate: float, step: int) -> None:
    optimizer.update(weight, ground.gradient(weight), state, rate, step)


def _search_step(optimizer: Optimizer, ground: Ground, weight: Array, state: State, rate: float, step: int) -> None:
    optimizer.search(weight, _Slope(ground), state, rate, np.random.default_rng(step))


class _Slope:
    """A ground as an objective."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    def value(self, weight: Array) -> float:
        """The loss there."""
        return float(self._ground.value(weight))

    def slope(self, weight: Array) -> tuple[float, Array]:
        """The loss and its gradient there."""
        return self.value(weight), self._ground.gradient(weight)
