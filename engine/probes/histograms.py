"""How the weights of some cards are spread."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from engine.catalog.registry import Hidden, Range, register
from engine.probes.probe import Arrays, Probe
from engine.training.trainer import Trainer


@register
class WeightHistograms(Probe):
    """How many weights of a card have which value."""

    nodes: Annotated[tuple[str, ...], Hidden()] = ()
    bins: Annotated[int, Range(2, 200)] = 32

    formula = "counts of w between equally spaced edges"
    reference = "Common practice"

    def measure(self, trainer: Trainer) -> Arrays:
        """Per card "node.counts" int64 (bins,) and "node.edges" float32 (bins + 1,), over all its parameters."""
        answers = {}
        for node in self.nodes:
            if node not in trainer.plan.nodes:
                continue
            parts = [trainer.parameter(f"{node}.{name}").ravel() for name in trainer.plan.nodes[node].parameters]
            if parts:
                counts, edges = np.histogram(np.concatenate(parts), self.bins)
                answers[f"{node}.counts"] = counts.astype(np.int64)
                answers[f"{node}.edges"] = edges.astype(np.float32)
        return answers
