"""Many runs of one network that differ by their seed alone: how much of an outcome is luck."""

from __future__ import annotations

import math
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from engine.document.errors import InvalidValueError
from engine.plan.plan import Plan
from engine.probes.neuron_maps import grid
from engine.training.backends import choose
from engine.training.run import Run
from engine.training.trainer import Diverged, Evaluation

MOST = 1000
"""Seeds of one study."""
SOLVED = 0.9
"""Accuracy, or R², from which a run counts as one that succeeded."""
_AHEAD = 2
"""Runs per thread that are handed out before one of them is done."""
_SLICE_SECONDS = 0.1
"""About so long a run trains between two looks at whether to stop."""
_REPORT_SECONDS = 0.2
"""Longest time between two reports on how far the runs are."""
_SEEDS = 2**31
"""Seeds lie below."""
_DIVERGED = Evaluation(math.nan, math.nan, math.nan, math.nan)


@dataclass(frozen=True, eq=False)
class Outcome:
    """What became of one seed. A run that diverged has NaN for numbers and no answers."""

    seed: int
    evaluation: Evaluation
    answers: NDArray[np.float32] | None = None
    """The network's answers over the plane, (units, resolution, resolution); None where there is no plane."""

    @property
    def loss(self) -> float:
        """The test loss; that of training where nothing was kept back."""
        test = self.evaluation.test_loss
        return self.evaluation.train_loss if math.isnan(test) else test

    @property
    def metric(self) -> float:
        """The test metric; that of training where nothing was kept back."""
        test = self.evaluation.test_metric
        return self.evaluation.train_metric if math.isnan(test) else test

    @property
    def solved(self) -> bool:
        """Whether the metric reaches `SOLVED`."""
        return self.metric >= SOLVED


class Study:
    """What the outcomes say together."""

    def __init__(self) -> None:
        self.outcomes: list[Outcome] = []
        """Without their answers, in the order in which they came."""
        self._answered = 0
        self._mean: NDArray[np.float64] | None = None
        self._squares: NDArray[np.float64] | None = None

    def add(self, outcome: Outcome) -> None:
        """Take an outcome in."""
        self.outcomes.append(Outcome(outcome.seed, outcome.evaluation))
        if outcome.answers is None:
            return
        # Welford's way: the difference of two large sums would lose what little the runs disagree by.
        answers = outcome.answers.astype(np.float64)
        if self._mean is None or self._squares is None:
            self._mean, self._squares = np.zeros_like(answers), np.zeros_like(answers)
        self._answered += 1
        away = answers - self._mean
        self._mean += away / self._answered
        self._squares += away * (answers - self._mean)

    @property
    def losses(self) -> NDArray[np.float32]:
        """The final loss of each run; NaN where it diverged."""
        return np.array([outcome.loss for outcome in self.outcomes], np.float32)

    @property
    def metrics(self) -> NDArray[np.float32]:
        """The final metric of each run; NaN where it diverged."""
        return np.array([outcome.metric for outcome in self.outcomes], np.float32)

    @property
    def solved(self) -> int:
        """How many succeeded."""
        return sum(outcome.solved for outcome in self.outcomes)

    @property
    def mean(self) -> NDArray[np.float32] | None:
        """The mean answer, (units, resolution, resolution)."""
        return None if self._mean is None else self._mean.astype(np.float32)

    @property
    def disagreement(self) -> NDArray[np.float32] | None:
        """The standard deviation of the answers over the runs, the mean of the units: (resolution, resolution)."""
        if self._squares is None:
            return None
        found: NDArray[np.float32] = np.sqrt(self._squares / self._answered).mean(axis=0).astype(np.float32)
        return found


def seeds_from(first: int, count: int) -> list[int]:
    """So many seeds from the first upwards; the highest is followed by 0."""
    return [(first + number) % _SEEDS for number in range(count)]


class _Runner:
    """Trains one seed after the other, in one thread."""

    reached = 0.0
    """Runs that are over, and the part done of the one under way. It only grows."""

    def __init__(self, make: Callable[[], Run], plan: Plan, epochs: int, resolution: int) -> None:
        self._run, self._output, self._epochs = make(), plan.output, epochs
        self._grid = grid(resolution) if resolution and plan.document.data.dataset.plane else None
        self._shape = (-1, resolution, resolution)
        self._over, self._slice = 0, 1

    def outcome(self, seed: int, stopped: Callable[[], bool]) -> Outcome | None:
        """Train with this seed; None if it was stopped before its end."""
        found = self._outcome(seed, stopped)
        if found is not None:
            self._over += 1
            self.reached = float(self._over)
        return found

    def _outcome(self, seed: int, stopped: Callable[[], bool]) -> Outcome | None:
        run = self._run
        try:
            run.start_over(seed)
            while run.epoch < self._epochs and run.stopped is None:
                if stopped():
                    return None
                start = perf_counter()
                run.train_epochs(min(self._epochs - run.epoch, self._slice))
                self._adapt(perf_counter() - start)
                self.reached = self._over + run.epoch / self._epochs
            evaluation = run.evaluate()
        except Diverged:
            return Outcome(seed, _DIVERGED)
        if not math.isfinite(evaluation.train_loss):
            return Outcome(seed, _DIVERGED)
        return Outcome(seed, evaluation, self._answers())

    def _adapt(self, seconds: float) -> None:
        """Let the next slices last about as long as they should; they stay so for the seeds that follow."""
        if seconds < _SLICE_SECONDS / 2:
            self._slice = min(2 * self._slice, self._epochs)
        elif seconds > _SLICE_SECONDS:
            self._slice = max(1, self._slice // 2)

    def _answers(self) -> NDArray[np.float32] | None:
        if self._grid is None or self._output is None:
            return None
        values = self._run.outputs(self._grid, (self._output,))[self._output]
        return np.ascontiguousarray(values.T, np.float32).reshape(self._shape)


def run_seeds(
    plan: Plan,
    seeds: Iterable[int],
    epochs: int,
    *,
    resolution: int = 0,
    engine: str = "auto",
    device: str = "auto",
    stopped: Callable[[], bool] = lambda: False,
    progress: Callable[[float], None] = lambda reached: None,
) -> Iterator[Outcome]:
    """Train a network once for each seed, on every core, and hand each outcome out when it is there.

    Everything but the seed stays as in the plan's document, the data too: their seed is their own; a run that the
    stopping rule ends is over. With a `resolution`,
    answers over the plane are kept. `progress` is called, by the thread that asks for outcomes, before each outcome and
    a few times a second while none comes: with the number of runs that are over, and the parts done of those under way.
    Raises PlaygroundError for a plan that cannot be trained so.
    """
    if epochs < 1:
        raise InvalidValueError("epochs (={epochs}) must be at least 1", epochs=epochs)
    backend, _ = choose(plan, engine, device)
    threads = os.cpu_count() or 1
    own = threading.local()
    runners: list[_Runner] = []

    def outcome(seed: int) -> Outcome | None:
        if not hasattr(own, "runner"):
            own.runner = _Runner(lambda: backend.make(plan, recorded=False, device=device), plan, epochs, resolution)
            runners.append(own.runner)
        found: Outcome | None = own.runner.outcome(seed, stopped)
        return found

    waiting = iter(seeds)
    running: set[Future[Outcome | None]] = set()
    with ThreadPoolExecutor(threads, "seeds") as pool:
        while True:
            while len(running) < _AHEAD * threads and not stopped():
                seed = next(waiting, None)
                if seed is None:
                    break
                running.add(pool.submit(outcome, seed))
            if not running:
                return
            done, running = wait(running, _REPORT_SECONDS, FIRST_COMPLETED)
            progress(sum(runner.reached for runner in runners))
            for future in done:
                found = future.result()
                if found is not None:
                    yield found
