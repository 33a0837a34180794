"""The loss history of a run, as the Curves view draws it."""

from __future__ import annotations

from engine.catalog.registry import register
from engine.probes.probe import Arrays, Probe
from engine.training.trainer import Trainer


@register
class Curves(Probe):
    """Loss and metric of the training and the test samples over the epochs, with the learning rate.

    Answers "rows", (points, 6) float64: epoch, train loss, test loss, train metric, test metric, learning rate.
    """

    formula = "one row per recorded epoch"
    reference = "engine.training.trainer.Trainer.curves"

    def measure(self, trainer: Trainer) -> Arrays:
        return {"rows": trainer.curves()}
