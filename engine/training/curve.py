"""The history of a run: rows recorded at epoch ends, thinned so that it never outgrows what a screen can show."""

from __future__ import annotations

import sys

import numpy as np

from engine.training.trainer import Array

COLUMNS = 6
"""Epoch, train loss, test loss, train metric, test metric, learning rate."""
LIMIT = 2000
"""Most rows kept of ends of epochs."""
PARTS_UNTIL = 50
"""Epochs of which rows between their ends are kept, too, if the run records any."""
_ROOM = 2 * LIMIT


def stride(epoch: int) -> int:
    """Distance in epochs between the rows that are kept once `epoch` epochs have passed: a power of two.

    >>> stride(1999), stride(2000), stride(4000)
    (1, 2, 4)
    """
    distance = 1
    while epoch // distance >= LIMIT:
        distance *= 2
    return distance


class Curve:
    """Rows by epoch. It depends on the epoch alone which rows are kept, so a resumed run keeps the same ones."""

    def __init__(self) -> None:
        self._rows = np.empty((_ROOM, COLUMNS), np.float64)
        self._count = 0
        self._stride = 1

    def due(self, epoch: int) -> bool:
        """Whether the end of this epoch is to be recorded."""
        return epoch % stride(epoch) == 0

    def next_due(self, epoch: int) -> int:
        """The first epoch after this one whose end is to be recorded."""
        epoch += 1
        while not self.due(epoch):
            epoch = -(-epoch // stride(epoch)) * stride(epoch)
        return epoch

    def takes_parts(self, epoch: int) -> bool:
        """Whether rows within this epoch may be recorded, at most `LIMIT / PARTS_UNTIL` of them."""
        return epoch < PARTS_UNTIL

    def record(self, epoch: float, values: tuple[float, ...]) -> None:
        """Add a row: the columns after the epoch, which may be running. Every second row is dropped to make room."""
        if stride(int(epoch)) != self._stride:
            self._stride = stride(int(epoch))
            kept = self._rows[: self._count]
            kept = kept[kept[:, 0] % self._stride == 0]
            self._count = len(kept)
            self._rows[: self._count] = kept
        self._rows[self._count] = (epoch, *values)
        self._count += 1

    @property
    def rows(self) -> Array:
        """A copy of the rows, (points, 6) float64; within an epoch only its loss and rate are numbers."""
        return self._rows[: self._count].copy()

    def replace(self, rows: Array) -> None:
        """Take up the rows of a snapshot."""
        self._count = len(rows)
        self._rows[: self._count] = rows
        self._stride = stride(int(rows[-1, 0])) if len(rows) else 1

    def truncate(self, epoch: float) -> None:
        """Forget the rows after an epoch, or after a moment within it."""
        self._count = int(np.searchsorted(self._rows[: self._count, 0], epoch, side="right"))


class NoCurve(Curve):
    """The history of a run of which none is kept."""

    def due(self, epoch: int) -> bool:
        """Never."""
        return False

    def takes_parts(self, epoch: int) -> bool:
        """Never."""
        return False

    def next_due(self, epoch: int) -> int:
        """Never."""
        return sys.maxsize
