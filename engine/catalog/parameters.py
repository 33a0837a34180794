"""What a card declares about an array that training changes."""

from __future__ import annotations

import math
from dataclasses import dataclass

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

    @property
    def size(self) -> int:
        """Number of values."""
        return math.prod(self.shape)
