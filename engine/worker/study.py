"""Many seeds at once in the training process: a study in a thread of its own, beside the run."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from engine.document.errors import InvalidValueError
from engine.plan.plan import Plan
from engine.probes.decision import CLASSES, Decision
from engine.training.seeds import MOST, SOLVED, Study, run_seeds, seeds_from
from engine.training.trainer import Trainer
from engine.worker.background import PROGRESS_SECONDS, Background
from engine.worker.messages import SeedsProgress, StudySeeds

RESOLUTION = 64
"""Points along each side of the two maps."""
_AGREEMENT = 0.01
"""Share of the scale of the answers under which a disagreement is not drawn in the brightest colour."""


class Studies(Background):
    """Runs one study at a time; a new one takes the place of the one before."""

    asks = StudySeeds

    def prepare(self, message: StudySeeds, trainer: Trainer | None, stop: threading.Event) -> Callable[[], None]:
        if not 1 <= message.count <= MOST:
            raise InvalidValueError("seeds (={count}) must lie between 1 and {most}", count=message.count, most=MOST)
        plan = self.plan_of(message.run, message.document)
        report = _Report(message, plan)
        self._send(report.progress(finished=False))
        return partial(self._study, message, plan, report, stop)

    def _study(self, message: StudySeeds, plan: Plan, report: _Report, stop: threading.Event) -> None:
        told = perf_counter()

        def tell(reached: float) -> None:
            nonlocal told
            report.reached = reached
            now = perf_counter()
            if now - told >= PROGRESS_SECONDS:
                told = now
                self._send(report.progress(finished=False))

        seeds = seeds_from(message.document.seed, message.count)
        for outcome in run_seeds(
            plan, seeds, message.epochs, resolution=RESOLUTION, stopped=stop.is_set, progress=tell
        ):
            report.study.add(outcome)
        self._send(report.progress(finished=True))


class _Report:
    """What a study has found, as the messages say it."""

    def __init__(self, message: StudySeeds, plan: Plan) -> None:
        self.study = Study()
        self.reached = 0.0
        self._run, self._total, self._plan = message.run, message.count, plan
        self._since = perf_counter()

    def progress(self, *, finished: bool) -> SeedsProgress:
        """How far it is now."""
        study = self.study
        mean, by_class, low, high = self._mean()
        disagreement, spread = self._disagreement((high - low) / 2)
        return SeedsProgress(
            self._run,
            len(study.outcomes),
            self._total,
            self.reached,
            study.losses,
            study.metrics,
            study.solved,
            SOLVED,
            mean,
            by_class,
            low,
            high,
            disagreement,
            spread,
            perf_counter() - self._since,
            finished,
        )

    def _mean(self) -> tuple[NDArray[np.uint8] | None, bool, float, float]:
        """Picture of the mean answer, whether it is one of classes, and what its first and last colour stand for."""
        values = self.study.mean
        if values is None:
            return None, False, -1.0, 1.0
        answers = np.ascontiguousarray(values.reshape(len(values), -1).T)
        found = Decision(RESOLUTION).picture(self._plan, answers)
        centre, scale = float(found["centre"][0]), float(found["scale"][0])
        return found["image"], int(found["kind"][0]) == CLASSES, centre - scale, centre + scale

    def _disagreement(self, scale: float) -> tuple[NDArray[np.uint8] | None, float]:
        """Picture of the disagreement and what its brightest colour stands for."""
        values = self.study.disagreement
        if values is None:
            return None, 0.0
        spread = max(float(values.max()), _AGREEMENT * scale)
        return np.rint(255 * (values / spread)).astype(np.uint8), spread
