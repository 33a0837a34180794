"""Kernels of PyTorch as Keras has them, and back: an order of axes. Plain NumPy."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

PYTORCH, KERAS = "pytorch", "keras"
LAYOUTS = (PYTORCH, KERAS)


@dataclass(frozen=True)
class Turn:
    """How a kernel of PyTorch becomes one of Keras: taken apart into axes of the lengths `split`, put in `axes` order.

    >>> Turn((2, 3), (1, 0)).shape
    (3, 2)
    """

    split: tuple[int, ...]
    axes: tuple[int, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape in Keras."""
        return tuple(self.split[axis] for axis in self.axes)

    @property
    def back(self) -> tuple[int, ...]:
        """The order of axes that undoes it."""
        return tuple(int(axis) for axis in np.argsort(self.axes))

    def turned(self, kernel: NDArray[Any]) -> NDArray[Any]:
        """A kernel of PyTorch as Keras has it."""
        return np.ascontiguousarray(kernel.reshape(self.split).transpose(self.axes))

    def returned(self, kernel: NDArray[Any], shape: tuple[int, ...]) -> NDArray[Any]:
        """A kernel of Keras as PyTorch has it, in that shape."""
        return np.ascontiguousarray(kernel.transpose(self.back)).reshape(shape)


def ambiguous(turn: Turn, shape: tuple[int, ...]) -> bool:
    """Whether a kernel's shape does not tell which layout it is in, though its numbers would be others.

    >>> ambiguous(Turn((3, 3), (1, 0)), (3, 3)), ambiguous(Turn((1, 1), (1, 0)), (1, 1))
    (True, False)
    """
    moved = [axis for axis in turn.axes if turn.split[axis] > 1]
    return turn.shape == shape and math.prod(shape) > 1 and moved != sorted(moved)
