"""What a view can ask of a run: a probe names what it needs; its `measure` is called between two training steps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from numpy.typing import NDArray

from engine.catalog.registry import Entry
from engine.plan.plan import Plan
from engine.training.trainer import Trainer

Arrays = Mapping[str, NDArray[Any]]


class Probe(Entry, kind="probes"):
    """A question to a run. Its fields are the request, so equal probes have equal answers at one step."""

    changes: ClassVar[bool] = True
    """Whether the answer changes while the network trains."""
    inspects: ClassVar[bool] = False
    """Whether it asks for `Trainer.inspection`, whose first call may take seconds."""

    def fits(self, plan: Plan) -> bool:
        """Whether it has an answer for this plan; a view whose probe does not fit shows its empty state."""
        return plan.ready

    def measure(self, trainer: Trainer) -> Arrays:
        """The answer: arrays by name, ready to be shown (uint8 images, short float arrays)."""
        raise NotImplementedError
