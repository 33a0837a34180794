"""Training in this process, without a window: what the command line runs."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.catalog.metrics import metric_for
from engine.document.errors import InvalidValueError, Sentence
from engine.document.graph import Document
from engine.export.weights import weights_sha256
from engine.plan.data import split
from engine.plan.plan import Plan
from engine.plan.resolve import resolve
from engine.probes.metrics import Metrics
from engine.training.backends import BACKENDS, choose
from engine.training.finder import HIGH, LOW, STEPS, Finding, find_rate
from engine.training.run import Run
from engine.training.seeds import MOST, SOLVED, Study, run_seeds, seeds_from
from engine.training.trainer import Evaluation, Snapshot
from engine.worker.checkpoints import Checkpoints
from engine.worker.distributed import Group, joined

_PROGRESS_SECONDS = 0.1
_LONG_EPOCH = 20_000_000_000
"""Multiply-adds of an epoch from which it takes seconds: it is then left after any step, and not at its end alone."""
_AGREEMENT_STEPS = 8
"""Steps after which several processes agree on whether to go on."""


class Standing(NamedTuple):
    """Where a run is: the epoch, running ones in parts; how many there will be; the newest training loss on record."""

    epoch: float
    epochs: int
    loss: float
    steps_per_second: float
    seconds_left: float


Progress = Callable[[Standing], None]
"""Called about ten times a second."""


@dataclass(frozen=True, eq=False)
class Result:
    """A training that ended. `seconds` counts training alone; `document` is what was trained, with seed and epochs.

    `stopped` is why the stopping rule ended it; None if all epochs were trained, or it was `interrupted`.
    """

    document: Document
    engine: str
    epochs: int
    steps: int
    seconds: float
    evaluation: Evaluation
    parameters: int
    weights_sha256: str
    snapshot: Snapshot
    stopped: Sentence | None = None
    metrics: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    """What the probe Metrics answers at the end, such as "test.accuracy"."""
    interrupted: bool = False
    leads: bool = True
    """Whether this process speaks and writes for all that trained together."""


def train(
    document: Document,
    *,
    epochs: int | None = None,
    seed: int | None = None,
    engine: str = "auto",
    device: str = "auto",
    resume: Snapshot | None = None,
    checkpoints: Checkpoints | None = None,
    interrupted: Callable[[], bool] = lambda: False,
    progress: Progress | None = None,
) -> Result:
    """Train a document to the end of `epochs` (default: its own), which its schedule then spans.

    It begins at the start, or where the snapshot `resume` stands. Its stopping rule may end it before, and so does
    `interrupted`, which is asked about ten times a second, in epochs that take long after any step, else at their ends.
    Meanwhile `checkpoints` are written. `seed` replaces the seeds of weights and data.

    Raises PlaygroundError when the document cannot be trained so, and Diverged when its loss does not stay finite.
    """
    if epochs is not None:
        document = document.set_training(epochs=epochs)
    if seed is not None:
        document = _seeded(document, seed)
    planned = document.training.epochs
    if resume is not None and resume.epoch >= planned:
        raise InvalidValueError(
            "epochs (={epochs}) must be more than the {done} that this run has; choose more, or leave --resume out",
            epochs=planned,
            done=resume.epoch,
        )
    plan = resolve(document)
    with joined(plan, engine, device) as group:
        if group is None:
            backend = choose(plan, engine, device)[0]
            name, trainer = backend.name, backend.make(plan, device=device)
        else:
            name, trainer = "torch", group.trainer(plan)
        if resume is not None:
            trainer.restore(resume)
        leads = group is None or group.leads
        clock = _Clock(trainer, planned, progress if leads else None)
        stopped = _trained(
            document,
            trainer,
            checkpoints if leads else None,
            _asked(interrupted, group, trainer),
            clock,
            by_steps=group is not None or _takes_long(plan),
        )
        seconds = clock.seconds
    snapshot = trainer.snapshot()
    return Result(
        document,
        name,
        trainer.epoch,
        trainer.step_count,
        seconds,
        trainer.evaluate(),
        plan.cost.parameters,
        weights_sha256(snapshot.weights),
        snapshot,
        trainer.stopped,
        Metrics().measure(trainer),
        stopped,
        leads,
    )


def _asked(interrupted: Callable[[], bool], group: Group | None, trainer: Run) -> Callable[[], bool]:
    """Whether to end here; of several processes, all end after the same step."""
    if group is None:
        return interrupted
    return lambda: trainer.step_count % _AGREEMENT_STEPS == 0 and group.agreed(interrupted())


def _takes_long(plan: Plan) -> bool:
    """Whether an epoch takes seconds."""
    return 3 * plan.cost.multiply_adds * len(split(plan.document.data).train) > _LONG_EPOCH


def _trained(
    document: Document,
    trainer: Run,
    checkpoints: Checkpoints | None,
    interrupted: Callable[[], bool],
    clock: _Clock,
    *,
    by_steps: bool,
) -> bool:
    """Train to the end of the planned epochs; True if it was interrupted before."""
    planned, count = document.training.epochs, 1
    if checkpoints is not None:
        checkpoints.begin(trainer.epoch)
    while trainer.epoch < planned and trainer.stopped is None:
        if interrupted():
            return True
        before = perf_counter()
        if by_steps:
            trainer.step("batch")
        else:
            end = min(planned, trainer.epoch + count)
            following = None if checkpoints is None else checkpoints.next_epoch(trainer.epoch)
            trainer.train_epochs((end if following is None else min(end, following)) - trainer.epoch)
        # As often as the eye can follow, however short an epoch is.
        count = 2 * count if perf_counter() - before < _PROGRESS_SECONDS / 2 else max(1, count // 2)
        if checkpoints is not None:
            checkpoints.look(document, trainer)
        clock.tell()
    return False


class _Clock:
    """Says how fast a run is, and how long it will take."""

    def __init__(self, trainer: Run, planned: int, progress: Progress | None) -> None:
        self._trainer, self._planned, self._progress = trainer, planned, progress
        self._start, self._next = perf_counter(), 0.0
        self._steps, self._moment = trainer.step_count, trainer.moment

    @property
    def seconds(self) -> float:
        """Time since the training began, or went on."""
        return perf_counter() - self._start

    def tell(self) -> None:
        """Tell where the run is, if it is time, or it is over."""
        trainer, seconds = self._trainer, self.seconds
        over = trainer.epoch >= self._planned or trainer.stopped is not None
        if self._progress is None or (seconds < self._next and not over):
            return
        self._next = seconds + _PROGRESS_SECONDS
        trained = trainer.moment - self._moment
        self._progress(
            Standing(
                trainer.moment,
                self._planned,
                float(trainer.curves()[-1, 1]),
                (trainer.step_count - self._steps) / seconds,
                (self._planned - trainer.moment) * seconds / trained if trained else math.inf,
            )
        )


def _seeded(document: Document, seed: int) -> Document:
    """With this seed for weights and data."""
    return document.replace(seed=seed, data=dataclasses.replace(document.data, seed=seed))


@dataclass(frozen=True, eq=False)
class StudyResult:
    """Many trainings that differ by their seed alone."""

    document: Document
    engine: str
    seconds: float
    study: Study

    def report(self) -> dict[str, Any]:
        """How the outcomes are spread, as plain numbers; None where there is none."""
        study, task = self.study, self.document.data.dataset.task
        losses = study.losses[np.isfinite(study.losses)]
        quantiles = np.quantile(losses, _QUANTILES) if losses.size else [None] * len(_QUANTILES)
        count = len(study.outcomes)
        return {
            "engine": self.engine,
            "seeds": count,
            "first_seed": self.document.seed,
            "epochs": self.document.training.epochs,
            "seconds": round(self.seconds, 4),
            "criterion": f"{metric_for(task).name} >= {SOLVED}",
            "solved": study.solved,
            "solved_share": study.solved / count,
            "diverged": count - int(losses.size),
            "loss": {
                name: None if value is None else float(value)
                for name, value in zip(_QUANTILE_NAMES, quantiles, strict=True)
            },
        }


_QUANTILES = (0.0, 0.25, 0.5, 0.75, 1.0)
_QUANTILE_NAMES = ("least", "lower_quartile", "median", "upper_quartile", "most")


def study(
    document: Document,
    seeds: int,
    *,
    epochs: int | None = None,
    seed: int | None = None,
    engine: str = "auto",
    device: str = "auto",
    progress: Callable[[int, int, float], None] = lambda done, total, reached: None,
) -> StudyResult:
    """Train a document from so many `seeds`, its own and those after it; the data stay as they are.

    `seed` replaces the document's own seeds of weights and data before. `progress` gets the number of runs that are
    over, how many there will be, and how many are over when the parts done of those under way count too.

    Raises PlaygroundError when the document cannot be trained so.
    """
    if not 1 <= seeds <= MOST:
        raise InvalidValueError("seeds (={seeds}) must lie between 1 and {most}", seeds=seeds, most=MOST)
    if epochs is not None:
        document = document.set_training(epochs=epochs)
    if seed is not None:
        document = _seeded(document, seed)
    plan = resolve(document)
    backend, _ = choose(plan, engine, device)
    backend.prepare()
    found = Study()
    start = perf_counter()
    for outcome in run_seeds(
        plan,
        seeds_from(document.seed, seeds),
        document.training.epochs,
        engine=engine,
        device=device,
        progress=lambda reached: progress(len(found.outcomes), seeds, reached),
    ):
        found.add(outcome)
    return StudyResult(document, backend.name, perf_counter() - start, found)


@dataclass(frozen=True, eq=False)
class RateResult:
    """A search for a learning rate. `document` is what was trained a copy of, with its seed."""

    document: Document
    engine: str
    seconds: float
    finding: Finding

    def report(self) -> dict[str, Any]:
        """What was found, as plain numbers: the suggestions, None where there is none, and the curve."""
        finding = self.finding
        return {
            "engine": self.engine,
            "seed": self.document.seed,
            "steps": len(finding.rates),
            "planned_steps": finding.total,
            "seconds": round(self.seconds, 4),
            "diverged": finding.diverged,
            "present_rate": self.document.training.optimizer.learning_rate,
            **finding.suggestions()._asdict(),
            "rates": finding.rates.tolist(),
            "losses": finding.losses.tolist(),
            "smoothed": finding.smoothed.tolist(),
        }


def search_rate(
    document: Document,
    *,
    low: float = LOW,
    high: float = HIGH,
    steps: int = STEPS,
    seed: int | None = None,
    engine: str = "auto",
    device: str = "auto",
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> RateResult:
    """Train a document from the start while its learning rate rises from `low` to `high` in so many steps.

    `seed` replaces the document's own seeds of weights and data before. `progress` gets the steps taken of how many.

    Raises PlaygroundError when the document cannot be trained so.
    """
    if seed is not None:
        document = _seeded(document, seed)
    plan = resolve(document)
    backend, _ = choose(plan, engine, device)
    backend.prepare()
    start = perf_counter()
    finding = find_rate(
        plan,
        low=low,
        high=high,
        steps=steps,
        engine=engine,
        device=device,
        progress=lambda found: progress(len(found.losses), found.total),
    )
    return RateResult(document, backend.name, perf_counter() - start, finding)


def backends() -> tuple[str, ...]:
    """The backends of this version, by name."""
    return tuple(backend.name for backend in BACKENDS)
