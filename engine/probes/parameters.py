"""The weights and biases of some cards: what links and bias marks are drawn from."""

from __future__ import annotations

from typing import Annotated

from engine.catalog.registry import Hidden, register
from engine.probes.probe import Arrays, Probe
from engine.training.trainer import Trainer

MOST_VALUES = 64
"""Parameters with a longer axis, or with more than two, are not drawn link by link."""


@register
class Parameters(Probe):
    """The weights and biases of some cards, as they are now."""

    nodes: Annotated[tuple[str, ...], Hidden()] = ()

    formula = "w, b"
    reference = "Common practice"

    def measure(self, trainer: Trainer) -> Arrays:
        """Arrays by "node.parameter"; parameters that are not drawn are left out."""
        return {
            name: trainer.parameter(name)
            for name, parameter in trainer.plan.parameters.items()
            if name.rpartition(".")[0] in self.nodes
            and len(parameter.shape) <= 2
            and max(parameter.shape) <= MOST_VALUES
        }
