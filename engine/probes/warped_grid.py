"""How a layer bends the plane: the lines of a grid where its outputs put them, with the samples among them."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from engine.catalog.registry import Range, register
from engine.plan.plan import Plan
from engine.probes.decision import Decision
from engine.probes.neuron_maps import grid
from engine.probes.probe import Arrays
from engine.probes.space import Axes, Space
from engine.training.trainer import Array, Trainer


@register
class WarpedGrid(Space):
    """The plane as a card sees it: a grid and the samples in its two units, or where they differ most."""

    resolution: Annotated[int, Range(8, 200)] = 33

    formula = "(f₁(x), f₂(x)) of the points x of a grid; of more units than two, their principal components"
    reference = "Karpathy, ConvNetJS: classify toy 2D data, 2014"

    def fits(self, plan: Plan) -> bool:
        return super().fits(plan) and plan.document.data.dataset.plane

    def measure(self, trainer: Trainer) -> Arrays:
        """The answer: what `Space` says, and of the grid

        "grid" float32 (resolution, resolution, 2), its first row with the largest x₂; "image" uint8 (resolution,
        resolution) and "kind" int64 (1,), what the network answers there, as `Decision` says it.
        """
        found, axes = self.seen(trainer)
        points = trainer.outputs(grid(self.resolution), (self.node,))[self.node]
        lines = axes.project(points.reshape(len(points), -1)).reshape(self.resolution, self.resolution, 2)
        answer = Decision(self.resolution, values=False).measure(trainer)
        return found | {"grid": lines.astype(np.float32), "image": answer["image"], "kind": answer["kind"]}

    def axes(self, values: Array) -> Axes:
        """The two units of a card of two, as they are; else the principal components."""
        if values.shape[1] != 2:
            return super().axes(values)
        shares = values.var(0, dtype=np.float64)
        return Axes(1, np.zeros(2), np.eye(2), shares / max(float(shares.sum()), 1e-300))
