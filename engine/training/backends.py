"""Which backend trains a plan. A backend is one row of the table; its module is imported when it is first used."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from engine.document.errors import InvalidValueError, Sentence
from engine.plan.plan import Plan
from engine.training import numba_plans
from engine.training.run import Run


def _runs_everything(plan: Plan) -> Sentence | None:
    """Refuses no plan."""
    return None


@dataclass(frozen=True)
class Backend:
    """A row: where the trainer's class is, and why it cannot run a plan (None: it can)."""

    name: str
    module: str
    trainer: str
    reason: Sentence
    """Said when it is chosen by itself."""
    refuses: Callable[[Plan], Sentence | None] = _runs_everything

    def load(self) -> type[Run]:
        """The trainer's class; the first call imports what it needs, which may take seconds."""
        return cast(type[Run], getattr(importlib.import_module(self.module), self.trainer))

    @property
    def is_loaded(self) -> bool:
        """Whether its module is there, so that making a trainer takes no seconds."""
        return self.module in sys.modules

    def prepare(self) -> Sentence | None:
        """Load all that the first run would wait for; returns what there is to say about it, if anything."""
        found: Sentence | None = importlib.import_module(self.module).prepare()
        return found

    def make(self, plan: Plan, *, recorded: bool = True, device: str = "auto") -> Run:
        """A trainer of the plan, with or without a history. Raises PlaygroundError for a plan that is not ready."""
        return self.load()(plan, recorded=recorded, device=device)


BACKENDS = (
    Backend(
        "numba",
        "engine.training.numba_trainer",
        "NumbaTrainer",
        Sentence("Compiled kernels are fastest for small dense networks"),
        numba_plans.refuses,
    ),
    Backend("torch", "engine.training.torch_trainer", "TorchTrainer", Sentence("PyTorch runs every network")),
)
"""Fastest first: the first that does not refuse a plan is chosen, and why the fastest did is the reason."""


def choose(plan: Plan, engine: str = "auto", device: str = "auto") -> tuple[Backend, Sentence]:
    """The backend for a plan and why.

    Only the last one runs on a graphics card. Raises InvalidValueError for a backend that is absent or refuses it.
    """
    if device not in ("auto", "cpu"):
        if engine not in ("auto", BACKENDS[-1].name):
            raise InvalidValueError(
                "engine (={engine}) runs on the processor alone, not on {device}; use auto",
                engine=engine,
                device=device,
            )
        return BACKENDS[-1], Sentence("You asked for it")
    if engine == "auto":
        refusals = [backend.refuses(plan) for backend in BACKENDS]
        number = refusals.index(None)
        return BACKENDS[number], refusals[0] or BACKENDS[number].reason
    named = next((backend for backend in BACKENDS if backend.name == engine), None)
    if named is None:
        raise InvalidValueError(
            "engine (={engine}) is not part of this version; use {known}",
            engine=engine,
            known=" or ".join(["auto", *(backend.name for backend in BACKENDS)]),
        )
    refusal = named.refuses(plan)
    if refusal is not None:
        raise InvalidValueError(
            "engine (={engine}) cannot train this network: {reason}; use auto", engine=engine, reason=refusal
        )
    return named, Sentence("You asked for it")
