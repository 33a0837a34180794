"""How the loss of each judged sample went over a run."""

from __future__ import annotations

import numpy as np

from engine.training.trainer import Array

POINTS = 128
"""Most points of the history of one sample's loss."""


class LossHistory:
    """Losses of all judged samples at ends of epochs; every second point is dropped to make room."""

    def __init__(self) -> None:
        self._epochs: list[int] = []
        self._losses: list[Array] = []
        self._stride = 1

    def record(self, epoch: int, losses: Array) -> None:
        """Add the losses (samples,) at the end of an epoch; what is not on the stride, or known, is left out."""
        if epoch % self._stride or (self._epochs and epoch <= self._epochs[-1]):
            return
        if len(self._epochs) == POINTS:
            self._stride *= 2
            kept = [number for number, known in enumerate(self._epochs) if known % self._stride == 0]
            self._epochs = [self._epochs[number] for number in kept]
            self._losses = [self._losses[number] for number in kept]
            if epoch % self._stride:
                return
        self._epochs.append(epoch)
        self._losses.append(np.asarray(losses, np.float32))

    def truncate(self, epoch: float) -> None:
        """Forget what came after an epoch."""
        while self._epochs and self._epochs[-1] > epoch:
            self._epochs.pop()
            self._losses.pop()

    def of(self, row: int) -> Array:
        """Epoch and loss of one of the judged samples, (points, 2) float64."""
        found = [losses[row] for losses in self._losses]
        return np.column_stack([np.array(self._epochs, np.float64), np.array(found, np.float64)])
