"""The learning-rate finder in the training process: in a thread of its own, beside the run."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from time import perf_counter

import numpy as np

from engine.plan.plan import Plan
from engine.training.finder import Finding, find_rate
from engine.training.trainer import Trainer
from engine.worker.background import PROGRESS_SECONDS, Background
from engine.worker.messages import FindRate, RateProgress


class RateFinder(Background):
    """Makes one search at a time; a new one takes the place of the one before."""

    asks = FindRate

    def prepare(self, message: FindRate, trainer: Trainer | None, stop: threading.Event) -> Callable[[], None]:
        return partial(self._search, message, self.plan_of(message.run, message.document), stop)

    def _search(self, message: FindRate, plan: Plan, stop: threading.Event) -> None:
        begun = told = perf_counter()

        def tell(found: Finding) -> None:
            nonlocal told
            now = perf_counter()
            if now - told >= PROGRESS_SECONDS:
                told = now
                self._send(_progress(message.run, found, now - begun, finished=False))

        found = find_rate(
            plan,
            low=message.low,
            high=message.high,
            steps=message.steps,
            snapshot=message.snapshot,
            stopped=stop.is_set,
            progress=tell,
        )
        self._send(_progress(message.run, found, perf_counter() - begun, finished=True))


def _progress(run: int, found: Finding, seconds: float, *, finished: bool) -> RateProgress:
    steepest, tenth_of_lowest = found.suggestions()
    return RateProgress(
        run,
        found.total,
        found.rates.astype(np.float32),
        found.losses.astype(np.float32),
        found.smoothed.astype(np.float32),
        steepest,
        tenth_of_lowest,
        found.diverged,
        seconds,
        finished,
    )
