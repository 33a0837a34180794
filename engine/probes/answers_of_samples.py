"""What the network answers to all samples that are judged, and the pictures of some of them."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from engine.catalog.registry import Hidden, register
from engine.plan.data import split
from engine.plan.plan import Plan
from engine.probes.probe import Arrays, Probe
from engine.training.trainer import Trainer

MOST = 512
"""Most pictures that are sent at once."""
_BYTES = 4_000_000
"""Most bytes of them."""


@register
class AnswersOfSamples(Probe):
    """Answer, confidence, truth and loss of every sample that is judged.

    Those are the samples to test on, and the first ones to learn from.
    """

    formula = "answer = argmax f(x), confidence = max f(x), loss = what x adds to the mean"
    reference = "engine.plan.target"

    def fits(self, plan: Plan) -> bool:
        dataset = plan.document.data.dataset
        return super().fits(plan) and dataset.pictures and dataset.task == "classification"

    def measure(self, trainer: Trainer) -> Arrays:
        """The answer, a number for each sample, those to learn from first.

        "answer" and "truth" int16, "confidence" and "loss" float32; "shares" bool (1,): confidence is a probability;
        "learnt" int64 (2,): how many of them are there to learn from, and how many there are of these altogether;
        "moment" float64 (1,): when they were answered so, in epochs; "now" bool (1,): whether they still are.
        """
        plan = trainer.plan
        assert plan.output is not None and plan.target is not None
        judged = trainer.judged()
        parts = split(plan.document.data)
        truth = np.concatenate([parts.train.targets[: judged.learnt], parts.test.targets])
        shares, confidence = confidences(plan, judged.outputs)
        return {
            "answer": plan.target.decide(judged.outputs).astype(np.int16),
            "truth": truth.astype(np.int16),
            "confidence": confidence.astype(np.float32),
            "loss": judged.losses.astype(np.float32),
            "shares": np.array([shares]),
            "learnt": np.array([judged.learnt, judged.size]),
            "moment": np.array([judged.moment], np.float64),
            "now": np.array([judged.now]),
        }


@register
class Thumbnails(Probe):
    """The pictures of some samples, as the data hold them.

    `samples` are places among all samples, those to learn from first; at most `MOST` are answered.
    """

    samples: Annotated[tuple[int, ...], Hidden()] = ()

    changes = False
    formula = "x as it is stored"
    reference = "engine.catalog.datasets.images"

    def fits(self, plan: Plan) -> bool:
        return super().fits(plan) and plan.document.data.dataset.pictures

    def measure(self, trainer: Trainer) -> Arrays:
        """The answer: "samples" int64 (pictures,), the places that there are; "images" uint8 (pictures, *shape).

        Of large pictures there are fewer at once, those that come first.
        """
        values = split(trainer.plan.document.data).values
        most = min(MOST, max(1, _BYTES // max(1, values[:1].nbytes)))
        places = np.array([place for place in self.samples[:most] if 0 <= place < len(values)], np.int64)
        return {"samples": places, "images": values[places]}


@register
class LossOfSample(Probe):
    """How the loss of one sample went over the run."""

    sample: Annotated[int, Hidden()] = 0

    formula = "loss(f(x), y) at the ends of epochs"
    reference = "engine.training.judging"

    def fits(self, plan: Plan) -> bool:
        return super().fits(plan) and plan.document.data.dataset.pictures

    def measure(self, trainer: Trainer) -> Arrays:
        """The answer: "history" float64 (points, 2), epoch and loss; empty for a sample that is not judged."""
        return {"history": trainer.loss_history(self.sample)}


def confidences(plan: Plan, outputs: NDArray[Any]) -> tuple[bool, NDArray[np.float64]]:
    """How sure the network is of its answers, from outputs (samples, units): (samples,).

    The first says whether these are probabilities: of softmax, or of a single sigmoid between 0 and 1. Otherwise they
    are the scores of the classes that are answered.
    """
    assert plan.output is not None and plan.target is not None
    target, activation = plan.target, plan.nodes[plan.output].layer.output_activation
    if target.units > 1:
        return activation.name == "softmax", outputs.max(axis=-1)
    if activation.name == "sigmoid" and (target.off, target.on) == (0.0, 1.0):
        return True, np.maximum(outputs[:, 0], 1 - outputs[:, 0])
    return False, target.scores(outputs).max(axis=-1)
