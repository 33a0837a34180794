"""What follows the loss of a run: a schedule that adapts to it, and the rule that says when the run ends."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from time import perf_counter

import numpy as np

from engine.catalog.optimizers import Optimizer
from engine.catalog.stopping import Look, State
from engine.document.errors import Sentence
from engine.document.graph import Training
from engine.training.trainer import Array

_SCHEDULE, _STOPPING, _BEST, _SECONDS = "schedule.", "stopping.", "best.", "seconds"


def begins_with(training: Training) -> Optimizer:
    """The optimizer that a run is built with: if its schedule moves the momentum, with that of the start."""
    optimizer = training.optimizer
    if not moves_momentum(training):
        return optimizer
    momentum = training.schedule.momentum(0.0, training.epochs)
    assert momentum is not None
    found: Optimizer = optimizer.replace(**{optimizer.momentum_name: float(momentum)})
    return found


def moves_momentum(training: Training) -> bool:
    """Whether the schedule moves the momentum of the optimizer, which then has one."""
    return bool(training.optimizer.momentum_name) and training.schedule.momentum(0.0, training.epochs) is not None


class Watch:
    """Looks at the ends of epochs for the schedule and the stopping rule of a run, and remembers for them."""

    def __init__(self, training: Training) -> None:
        self._schedule, self._rule = training.schedule, training.stopping
        self._seen: State = {}
        """What the schedule remembers."""
        self._kept: State = {}
        """What the rule remembers."""
        self._best: dict[str, Array] = {}
        self._seconds = 0.0
        self._since: float | None = None

    # --- time --------------------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Training goes on now."""
        self._since = perf_counter()

    def pause(self) -> None:
        """Training stands still now."""
        self._seconds, self._since = self.seconds, None

    @property
    def seconds(self) -> float:
        """Time spent on training."""
        return self._seconds + (0.0 if self._since is None else perf_counter() - self._since)

    # --- looking -----------------------------------------------------------------------------------------------------

    @property
    def adapted(self) -> float:
        """The factor on the learning rate that follows from what was seen."""
        return self._schedule.adapted(self._seen)

    def next_look(self, epoch: int) -> int:
        """The first epoch after this one whose end is looked at."""
        return epoch + 1 if self._schedule.adaptive else self._rule.next_look(epoch)

    def look(self, epoch: int, loss: float, weights: Callable[[], dict[str, Array]]) -> Sentence | None:
        """See the loss at the end of an epoch; why the run ends here, or None.

        `weights` gives a copy of the weights.
        """
        if self._schedule.adaptive:
            self._schedule.look(epoch, loss, self._seen)
        if self._rule.next_look(epoch - 1) != epoch:
            return None
        reason = self._rule.look(Look(epoch, loss, self.seconds), self._kept)
        if self._rule.keeps_best and self._kept.get("best_epoch") == epoch:
            self._best = weights()
        return reason

    def take_best(self) -> dict[str, Array]:
        """The weights to return to now that the rule has ended the run; empty where it keeps none."""
        best, self._best = self._best, {}
        return best

    # --- state -------------------------------------------------------------------------------------------------------

    def arrays(self) -> dict[str, Array]:
        """All of it, for a snapshot."""
        found = {_SCHEDULE + name: np.array(value, np.float64) for name, value in self._seen.items()}
        found.update((_STOPPING + name, np.array(value, np.float64)) for name, value in self._kept.items())
        found.update((_BEST + name, values) for name, values in self._best.items())
        found[_SECONDS] = np.array(self.seconds, np.float64)
        return found

    def put_arrays(self, arrays: Mapping[str, Array]) -> None:
        """Take up what `arrays` gave."""
        seen, kept, best = (
            {name.removeprefix(part): values for name, values in arrays.items() if name.startswith(part)}
            for part in (_SCHEDULE, _STOPPING, _BEST)
        )
        self._seen = {name: float(value) for name, value in seen.items()}
        self._kept = {name: float(value) for name, value in kept.items()}
        self._best = best
        self._seconds = float(arrays.get(_SECONDS, 0.0))

    def kept_by(self, other: Training) -> dict[str, Array]:
        """The parts of `arrays` that still hold under changed settings: what a changed part remembered does not."""
        gone = [] if other.schedule == self._schedule else [_SCHEDULE]
        gone += [] if other.stopping == self._rule else [_STOPPING, _BEST]
        return {name: values for name, values in self.arrays().items() if not name.startswith(tuple(gone))}
