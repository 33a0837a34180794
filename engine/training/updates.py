"""How far the weights go in one step, measured in a step now and then."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np

from engine.catalog.functions import length
from engine.plan.plan import Plan
from engine.training.trainer import Array

_MOST = 32_768
"""Values of an array that are compared; of longer ones some of them, evenly spread."""


def stride(size: int, most: int) -> int:
    """Take every so manieth of `size` values to get at most so many, from all rows and columns alike.

    >>> stride(100, 100), stride(1024, 100)
    (1, 11)
    """
    found = -(-size // most)
    while found > 1 and math.gcd(found, size) > 1:
        found += 1
    return found


class Updates:
    """The lengths of one step of a run, relative to the weights; measuring costs a copy of them."""

    def __init__(self, plan: Plan, array: Callable[[str], Array]) -> None:
        """`array` gives the values of "node.parameter" as they are."""
        self.wanted = False
        self._strides = {name: stride(parameter.size, _MOST) for name, parameter in plan.parameters.items()}
        self._array = array
        self._before: dict[str, Array] = {}
        self._found: dict[str, float] = {}

    def take(self) -> Mapping[str, float]:
        """What was found last, by name; the next step is measured again."""
        self.wanted = True
        return self._found

    def begin(self) -> None:
        """A step is about to be taken."""
        if self.wanted:
            self._before = self._values()

    def end(self) -> None:
        """The step was taken."""
        if not self.wanted:
            return
        self.wanted = False
        found = {}
        for name, after in self._values().items():
            before = self._before[name]
            norm = length(before)
            found[name] = length(after - before) / norm if norm else math.nan
        self._found, self._before = found, {}

    def _values(self) -> dict[str, Array]:
        return {name: self._array(name).ravel()[::stride].astype(np.float64) for name, stride in self._strides.items()}
