"""The learning-rate finder: a copy of the run is trained while its rate rises, to see from where on the loss falls."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.catalog.schedules import Schedule
from engine.catalog.stopping import NeverStop
from engine.document.errors import InvalidValueError
from engine.document.frozen import frozen
from engine.plan.data import split
from engine.plan.plan import Plan
from engine.training.backends import choose
from engine.training.run import Run
from engine.training.trainer import Array, Diverged, Snapshot

LOW, HIGH, STEPS = 1e-5, 10.0, 500
LOWEST, HIGHEST = 1e-6, 10.0
"""Bounds of the rates: those of every optimizer."""
FEWEST_STEPS, MOST_STEPS = 20, 10_000
_SAMPLES = 2000
"""Most training samples on which the loss is measured after each step."""
_WIDTH = 0.02
"""Standard deviation of the smoothing, as a share of all steps."""
_DIVERGED = 2.0
"""Times the first loss that the mean of the last few losses must exceed for the search to end."""
_FEW = 5
_FALLEN = 0.99
"""Share of the first loss below which the smoothed loss must come for a rate to be suggested."""


class Suggestions(NamedTuple):
    """Rates to try, two significant digits each; None where the loss has not fallen.

    `steepest`: where the smoothed loss falls most per factor of the rate. `tenth_of_lowest`: a tenth of the rate at
    which the smoothed loss was lowest, the usual advice, a good way before it turns up.
    """

    steepest: float | None
    tenth_of_lowest: float | None


@frozen(eq=False)
class Finding:
    """What was found so far, (steps,) float64 each: the rates, and the training loss after the step with each."""

    rates: NDArray[np.float64]
    losses: NDArray[np.float64]
    total: int
    """Steps that were planned."""
    diverged: bool = False
    """Whether it ended because the loss rose far above its start, or was no number any more."""

    @property
    def smoothed(self) -> NDArray[np.float64]:
        """The losses without their wobbles: a mean weighted with a bell curve, which moves nothing to either side."""
        return smooth(self.losses, _WIDTH * self.total)

    def suggestions(self) -> Suggestions:
        """The rates to try that follow from the smoothed loss."""
        smoothed = self.smoothed
        lowest = int(smoothed.argmin()) if smoothed.size else 0
        if lowest < 2 or not smoothed[lowest] < _FALLEN * smoothed[0]:
            return Suggestions(None, None)
        slope = np.gradient(smoothed[: lowest + 1], np.log(self.rates[: lowest + 1]))
        return Suggestions(_rounded(self.rates[int(slope.argmin())]), _rounded(self.rates[lowest] / 10))


def _rounded(rate: float) -> float:
    return min(HIGHEST, max(LOWEST, float(f"{rate:.2g}")))


def smooth(values: NDArray[np.float64], width: float) -> NDArray[np.float64]:
    """A mean of neighbours, weighted with a bell curve of this standard deviation; at the ends of those there are."""
    if not values.size:
        return values
    reach = max(1, round(3 * width))
    bell = np.exp(-0.5 * (np.arange(-reach, reach + 1) / width) ** 2)
    total = np.convolve(values, bell)[reach:-reach]
    return np.asarray(total / np.convolve(np.ones(len(values)), bell)[reach:-reach])


def rates(low: float = LOW, high: float = HIGH, steps: int = STEPS) -> NDArray[np.float64]:
    """The rates of the steps: a geometric sequence from `low` to `high`.

    >>> rates(0.01, 1.0, 3).tolist()
    [0.01, 0.1, 1.0]
    """
    return np.geomspace(low, high, steps)


@frozen(kw_only=True)
class _Rising(Schedule):
    """From step to step the rate of the optimizer is multiplied by the same number."""

    per_step: float
    size: int
    batch: int

    def course(self, epoch: Array, epochs: float) -> Array:
        whole = np.floor(epoch)
        step = whole * -(-self.size // self.batch) + np.rint((epoch - whole) * self.size / self.batch)
        return np.asarray(self.per_step**step)


def find_rate(
    plan: Plan,
    *,
    low: float = LOW,
    high: float = HIGH,
    steps: int = STEPS,
    snapshot: Snapshot | None = None,
    engine: str = "auto",
    device: str = "auto",
    stopped: Callable[[], bool] = lambda: False,
    progress: Callable[[Finding], None] = lambda found: None,
) -> Finding:
    """Train a copy of a plan's run for so many steps while its rate rises from `low` to `high`.

    It starts from the weights and the optimizer's state of the snapshot, or afresh; the schedule and the stopping rule
    of the document do not count. The loss is that of (up to 2,000) training samples after each step. It ends early
    when that exceeds twice the first one or stops being a number, or when it is `stopped`. `progress` is called after
    every step. Raises PlaygroundError for a plan that cannot be trained or bounds that make no sense.
    """
    _check(low, high, steps)
    run = _prepared(plan, low, high, steps, snapshot, engine, device)
    planned = rates(low, high, steps)
    losses: list[float] = []
    first, diverged = run.training_loss(_SAMPLES), False

    def found() -> Finding:
        return Finding(planned[: len(losses)], np.array(losses), steps, diverged)

    while len(losses) < steps and not diverged and not stopped():
        try:
            run.step("batch")
            loss = run.training_loss(_SAMPLES)
        except Diverged:
            loss = math.nan
        if math.isfinite(loss):
            losses.append(loss)
        diverged = not math.isfinite(loss) or float(np.mean(losses[-_FEW:])) > _DIVERGED * first
        progress(found())
    return found()


def _check(low: float, high: float, steps: int) -> None:
    if not LOWEST <= low < high <= HIGHEST:
        raise InvalidValueError(
            "the rates (={low} to {high}) must rise, between {lowest} and {highest}",
            low=low,
            high=high,
            lowest=LOWEST,
            highest=HIGHEST,
        )
    if not FEWEST_STEPS <= steps <= MOST_STEPS:
        raise InvalidValueError(
            "steps (={steps}) must lie between {fewest} and {most}", steps=steps, fewest=FEWEST_STEPS, most=MOST_STEPS
        )


def _prepared(
    plan: Plan, low: float, high: float, steps: int, snapshot: Snapshot | None, engine: str, device: str
) -> Run:
    """A run that takes its first step with the lowest rate, and each that follows with the next one."""
    document = plan.document
    optimizer = document.training.optimizer.replace(learning_rate=low)
    rising = _Rising(
        per_step=(high / low) ** (1 / (steps - 1)),
        size=len(split(document.data).train),
        batch=document.batch_size,
    )
    document = document.set_training(optimizer=optimizer, schedule=rising, stopping=NeverStop())
    changed = dataclasses.replace(plan, document=document)
    backend, _ = choose(changed, engine, device)
    run = backend.make(changed, recorded=False, device=device)
    if snapshot is not None:
        run.restore(Snapshot(weights=snapshot.weights, optimizer=snapshot.optimizer))
    return run
