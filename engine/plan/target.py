"""What the output stands for: how targets are written for the loss, and how answers are read back."""

# NumPy types the arithmetic of NDArray[Any] as Any.
# mypy: disable-error-code="no-any-return"

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


@dataclass(frozen=True)
class Target:
    """How the network's output units relate to classes or numbers.

    For classes, `off` and `on` are the numbers for "not this class" and "this class"; a single unit stands for
    class 1 of two.
    """

    task: str
    class_count: int
    units: int
    off: float = 0.0
    on: float = 1.0
    weights: tuple[float, ...] = ()
    """What a sample of each class counts: what its target is multiplied by; none: 1."""

    def encode(self, targets: Array) -> NDArray[np.float32]:
        """Class numbers or numbers (samples,) as the loss wants them, (samples, units)."""
        if self.task == "regression":
            return np.repeat(np.asarray(targets, np.float32)[:, None], self.units, axis=1)
        if self.units == 1:
            return np.where(targets == 1, self.on, self.off).astype(np.float32)[:, None]
        encoded = np.full((len(targets), self.units), self.off, np.float32)
        encoded[np.arange(len(targets)), targets] = self.on
        return encoded * np.asarray(self.weights, np.float32)[targets, None] if self.weights else encoded

    def decide(self, output: Array) -> Array:
        """The answers (...) that outputs (..., units) stand for: class numbers, or numbers."""
        if self.task == "regression":
            return output[..., 0]
        if self.units == 1:
            return (output[..., 0] > (self.off + self.on) / 2).astype(np.int64)
        return output.argmax(axis=-1)

    def scores(self, output: Array) -> Array:
        """How strongly outputs (..., units) of a classification lean to each class: (..., classes).

        The largest score is that of the class that `decide` gives, the first of equal ones.
        """
        if self.units == 1:
            lean = output - (self.off + self.on) / 2
            return np.concatenate([-lean, lean], axis=-1)
        return output
