"""What a card declares about an array that training changes."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.catalog.constraints import Constraint, NoConstraint
from engine.catalog.initializers import Initializer
from engine.catalog.regularizers import NoRegularizer, Regularizer

Shape = tuple[int, ...]
"""Shape of one sample, channels first: (features,) or (channels, height, width)."""


@dataclass(frozen=True)
class Parameter:
    """One array that training changes: its shape, how it starts, what holds it small, and how fast it may go."""

    shape: Shape
    initializer: Initializer
    fan_in: int
    fan_out: int
    regularizer: Regularizer = NoRegularizer()
    constraint: Constraint = NoConstraint()
    rate_factor: float = 1.0
    """What its learning rate is multiplied by; 0: it is not trained."""
    transposed_groups: int = 0
    """0: its first axis counts the units. Else (inputs, units / groups, …), the inputs and units in so many groups."""

    def start(self, stream: np.random.Generator) -> NDArray[np.float32]:
        """What it starts from: what the initializer draws, brought to where the constraint allows it."""
        values = self.initializer.draw(stream, self.shape, self.fan_in, self.fan_out)
        if not self.rate_factor or isinstance(self.constraint, NoConstraint):
            return values
        if not self.transposed_groups:
            return self._allowed(values, self.shape[0])
        inputs, units, *window = self.shape
        groups = self.transposed_groups
        by_units = values.reshape(groups, inputs // groups, units, *window).swapaxes(1, 2)
        return self._allowed(by_units, groups * units).swapaxes(1, 2).reshape(self.shape)

    def _allowed(self, by_units: NDArray[np.float32], units: int) -> NDArray[np.float32]:
        """The nearest allowed values of those that lie unit by unit, in their shape."""
        allowed = self.constraint.project(np, by_units.reshape(units, -1))
        return np.asarray(allowed, np.float32).reshape(by_units.shape)

    @property
    def size(self) -> int:
        """Number of values."""
        return math.prod(self.shape)
