"""Keeps moments of a run for views that are opened later, at a cost that nobody notices."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter, process_time

from engine.plan.plan import Plan
from engine.probes.layer_histograms import WEIGHTS
from engine.probes.past import to_keep
from engine.probes.probe import Arrays, Probe
from engine.training.trainer import Trainer

SECONDS = 0.5
"""Least time between two moments of one thing."""
SHARE = 0.006
"""Part of the time that looking may take, all things together."""


class Keeper:
    """Asks a run now and then what views will want to know of it, one thing at a time."""

    def __init__(self, measure: Callable[[Trainer, Probe], Arrays | None]) -> None:
        self._measure = measure
        self._plan: Plan | None = None
        self._probes: dict[str, Probe] = {}
        self._due: dict[str, float] = {}
        self._next = 0.0
        self._armed = False

    def keep(self, trainer: Trainer) -> None:
        """Look at the run if it is time to."""
        now = perf_counter()
        if trainer.plan is not self._plan:
            self._plan, self._armed = trainer.plan, False
            self._probes = to_keep(trainer.plan)
            self._due = dict.fromkeys(self._probes, now)
            self._next = now
        if now < self._next:
            return
        step = trainer.step_count
        for what in sorted(self._probes, key=self._due.__getitem__):  # that which waits longest comes first
            if now >= self._due[what] and trainer.moments.due(what, step):
                self._look(trainer, what, now)
                return
        self._next = now + SECONDS / 10

    def _look(self, trainer: Trainer, what: str, now: float) -> None:
        worked = process_time()  # of all threads: PyTorch answers with several
        if what == WEIGHTS and not self._armed:
            trainer.updates()  # the next step is measured, so that its length belongs to this moment
            self._armed = True
            return
        answer = self._measure(trainer, self._probes[what])
        cost = process_time() - worked
        self._due[what] = now + SECONDS
        self._next = now + cost / SHARE
        self._armed = self._armed and what != WEIGHTS
        if answer is None:
            del self._probes[what]  # it does not fit, or has failed
        else:
            trainer.moments.add(what, trainer.step_count, answer)
