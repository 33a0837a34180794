"""A regression over the plane: what the network answers on a coarse grid, and what it should."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from engine.catalog.registry import Range, register
from engine.plan.plan import Plan
from engine.probes.neuron_maps import grid
from engine.probes.probe import Arrays, Probe
from engine.training.trainer import Trainer


@register
class Surface(Probe):
    """The network's answer and the target at the points of a coarse grid."""

    resolution: Annotated[int, Range(5, 100)] = 25

    formula = "y(x₁, x₂), and t(x₁, x₂) of the data set"
    reference = "MATLAB, fitrnet and surf"

    def fits(self, plan: Plan) -> bool:
        data = plan.document.data.dataset
        return super().fits(plan) and data.plane and data.task == "regression"

    def measure(self, trainer: Trainer) -> Arrays:
        """The numbers.

        "network" float32 (resolution, resolution), the first row with the largest x₂, the first column with the least
        x₁; "target" likewise, left out where the data set has no formula.
        """
        plan, n = trainer.plan, self.resolution
        assert plan.output is not None
        points = grid(n)
        answer = trainer.outputs(points, (plan.output,))[plan.output][:, 0]
        found = {"network": np.array(answer, np.float32).reshape(n, n)}
        value = getattr(plan.document.data.dataset, "value", None)
        if value is not None:
            found["target"] = np.asarray(value(points[:, 0], points[:, 1]), np.float32).reshape(n, n)
        return found
