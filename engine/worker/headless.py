"""Training in this process, without a window: what the command line runs."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.catalog.metrics import metric_for
from engine.document.errors import InvalidValueError, Sentence
from engine.document.graph import Document
from engine.export.weights import weights_sha256
from engine.plan.resolve import resolve
from engine.probes.metrics import Metrics
from engine.training.backends import BACKENDS, choose
from engine.training.finder import HIGH, LOW, STEPS, Finding, find_rate
from engine.training.seeds import MOST, SOLVED, Study, run_seeds, seeds_from
from engine.training.trainer import Evaluation, Snapshot

_PROGRESS_SECONDS = 0.1
Progress = Callable[[int, int, float], None]
"""Called about ten times a second, at the end of an epoch, with the epoch, how many there will be, and the newest
training loss on record."""


@dataclass(frozen=True, eq=False)
class Result:
    """A finished training. `seconds` counts training alone; `document` is what was trained, with seed and epochs.

    `stopped` is why the stopping rule ended it; None if all epochs were trained.
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


def train(
    document: Document,
    *,
    epochs: int | None = None,
    seed: int | None = None,
    engine: str = "auto",
    device: str = "auto",
    progress: Progress | None = None,
) -> Result:
    """Train a document from the start for `epochs` (default: its own), which its schedule then spans.

    Its stopping rule may end it before.

    `seed` replaces the seeds of weights and data. Raises PlaygroundError when the document cannot be trained so, and
    Diverged when its loss does not stay finite.
    """
    if epochs is not None:
        document = document.set_training(epochs=epochs)
    if seed is not None:
        document = _seeded(document, seed)
    plan = resolve(document)
    backend, _ = choose(plan, engine, device)
    trainer = backend.make(plan, device=device)
    planned = document.training.epochs
    start = perf_counter()
    count = 1
    while trainer.epoch < planned and trainer.stopped is None:
        before = perf_counter()
        trainer.train_epochs(min(count, planned - trainer.epoch))
        if progress is not None:
            progress(trainer.epoch, planned, float(trainer.curves()[-1, 1]))
        # As often as the eye can follow, however short an epoch is.
        count = 2 * count if perf_counter() - before < _PROGRESS_SECONDS / 2 else max(1, count // 2)
    seconds, stopped = perf_counter() - start, trainer.stopped
    snapshot = trainer.snapshot()
    return Result(
        document,
        backend.name,
        trainer.epoch,
        trainer.step_count,
        seconds,
        trainer.evaluate(),
        plan.cost.parameters,
        weights_sha256(snapshot.weights),
        snapshot,
        stopped,
        Metrics().measure(trainer),
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


def pytorch_code(document: Document, title: str) -> str:
    """The document as PyTorch source. Raises PlaygroundError where that cannot be."""
    from engine.export.pytorch_code import pytorch_source

    return pytorch_source(resolve(document), title)
