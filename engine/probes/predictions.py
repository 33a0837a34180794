"""What a network that answers with numbers predicts, beside what is true."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from engine.catalog.registry import Hidden, register
from engine.plan.data import in_units, split
from engine.plan.plan import Plan
from engine.probes.probe import Arrays, Probe
from engine.training.trainer import Trainer


@register
class Predictions(Probe):
    """The numbers a regression predicts for samples it did not learn from; for those it did, where none were held back.

    Answers "predicted" and "true", float64 (samples,), in the units of the data's file, of at most `most` samples,
    evenly spread over all of them, and "tested" bool (1,): they are samples to test on.
    """

    most: Annotated[int, Hidden()] = 500

    formula = "ŷ_k = f(x_k) beside y_k"
    reference = "engine.plan.target"

    def fits(self, plan: Plan) -> bool:
        return super().fits(plan) and plan.document.data.dataset.task == "regression"

    def measure(self, trainer: Trainer) -> Arrays:
        data = trainer.plan.document.data
        judged, parts = trainer.judged(), split(data)
        assert trainer.plan.target is not None
        learnt, tested = judged.learnt, len(parts.test) > 0
        outputs, truths = (
            (judged.outputs[learnt:], parts.test.targets)
            if tested
            else (judged.outputs[:learnt], parts.train.targets[:learnt])
        )
        chosen = np.unique(np.linspace(0, len(truths) - 1, min(self.most, len(truths))).astype(np.int64))
        predicted = np.asarray(trainer.plan.target.decide(outputs[chosen]), np.float64)
        predicted, true = in_units(data, np.stack([predicted, truths[chosen]]))
        return {
            "predicted": predicted,
            "true": true,
            "tested": np.array([tested]),
        }
