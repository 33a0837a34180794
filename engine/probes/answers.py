"""What the network answers to one sample, and where it is wrong next."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from engine.catalog.registry import Hidden, register
from engine.plan.data import split
from engine.plan.plan import Plan
from engine.probes.probe import Arrays, Probe
from engine.probes.sample import SampleProbe
from engine.training.trainer import Trainer

LOOKED = 1000
"""Samples that are looked at in one go when a wrong answer is searched for."""
_PART = 250


@register
class Answers(SampleProbe):
    """How strongly the network leans to each class for one sample, or for a picture that was drawn."""

    formula = "the outputs of the last card; of a single sigmoid p: 1 − p and p"
    reference = "engine.plan.target"

    def fits(self, plan: Plan) -> bool:
        return plan.document.data.dataset.task == "classification" and super().fits(plan)

    def measure(self, trainer: Trainer) -> Arrays:
        """The answer; nothing where there is no such sample.

        "scores" float32 (classes,), in bars from "range" float32 (2,); "shares" bool (1,): they are probabilities;
        "answer" int64 (1,); "truth" int64 (1,), or (0,) for a picture that was drawn; "image" uint8 (channels, height,
        width) where samples are pictures.
        """
        plan = trainer.plan
        assert plan.output is not None and plan.target is not None
        values = self.values(trainer)
        if not len(values):
            return {}
        output = trainer.outputs(values, (plan.output,))[plan.output]
        answers: dict[str, NDArray[Any]] = {
            **_scores(plan, output[0]),
            "answer": np.asarray(plan.target.decide(output), np.int64),
            "truth": np.asarray(self.truth(trainer), np.int64),
        }
        return answers | ({"image": values[0]} if plan.document.data.dataset.pictures else {})


@register
class NextWrong(Probe):
    """The next sample that the network answers wrongly, forwards or backwards from one sample.

    The samples from `first` to before `end` are a ring. It looks at `LOOKED` of them and says how far it came, so that
    the search can go on from there.
    """

    sample: Annotated[int, Hidden()] = 0
    first: Annotated[int, Hidden()] = 0
    end: Annotated[int, Hidden()] = 0
    backwards: Annotated[bool, Hidden()] = False

    formula = "the nearest k behind the sample with argmax f(x_k) ≠ y_k"
    reference = "engine.plan.target"

    def fits(self, plan: Plan) -> bool:
        return super().fits(plan) and plan.document.data.dataset.task == "classification"

    def measure(self, trainer: Trainer) -> Arrays:
        """The answer: "found" int64 (1,), −1 for none; "reached" int64 (1,), the last one that was looked at."""
        plan = trainer.plan
        assert plan.output is not None and plan.target is not None
        samples = split(plan.document.data)
        truths = np.concatenate([samples.train.targets, samples.test.targets])
        first, end = max(0, self.first), min(self.end, len(truths))
        count = min(LOOKED, max(0, end - first))
        step = -1 if self.backwards else 1
        places = first + (self.sample - first + step * np.arange(1, count + 1)) % max(1, end - first)
        for start in range(0, count, _PART):
            looked = places[start : start + _PART]
            output = trainer.outputs(samples.values[looked], (plan.output,))[plan.output]
            wrong = looked[plan.target.decide(output) != truths[looked]]
            if len(wrong):
                return {"found": wrong[:1], "reached": wrong[:1]}
        return {"found": np.array([-1]), "reached": places[-1:] if count else np.array([self.sample])}


def _scores(plan: Plan, output: NDArray[np.float32]) -> dict[str, NDArray[Any]]:
    """The scores of one answer, whether they are probabilities, and the range that they are shown in."""
    assert plan.output is not None and plan.target is not None
    target, activation = plan.target, plan.nodes[plan.output].layer.output_activation
    low, high = target.off, target.on
    if target.units > 1:
        shares, found = activation.name == "softmax", target.scores(output)
    elif activation.name == "sigmoid" and (low, high) == (0.0, 1.0):
        shares, found = True, np.concatenate([1 - output, output])
    else:
        shares, found = False, target.scores(output)
        low, high = -(high - low) / 2, (high - low) / 2
    finite = found[np.isfinite(found)].tolist()
    return {
        "scores": found.astype(np.float32),
        "shares": np.array([shares]),
        "range": np.array([min([low, *finite]), max([high, *finite])], np.float32),
    }
