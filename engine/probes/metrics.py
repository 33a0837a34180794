"""How good the answers are, by every metric that fits the task."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.catalog.metrics import confusion, metrics_for
from engine.catalog.registry import register
from engine.plan.data import split
from engine.plan.plan import Plan
from engine.plan.target import Target
from engine.probes.probe import Arrays, Probe
from engine.training.trainer import Judged, Trainer


@register
class Metrics(Probe):
    """Every metric of the task on the training and the test samples, for each class too, and which is taken for which.

    Of many images to learn from, the first ones are judged, and where that takes long, at the ends of epochs.

    Answers, for "train" and for "test": "train.accuracy" float64 (1,), and so for each metric by its name;
    "train.precision.classes" float64 (classes,) for each that has a value by class; for a classification also
    "train.confusion" int64 (classes, classes), how often the class of the row was answered as that of the column.
    "moment" float64 (1,): when the samples were answered so, in epochs; "now" bool (1,): whether they still are;
    "learnt" int64 (2,): how many of the samples to learn from were judged, and how many there are.
    """

    formula = "each metric's own"
    reference = "engine.catalog.metrics"

    def measure(self, trainer: Trainer) -> Arrays:
        plan = trainer.plan
        judged = trainer.judged()
        if self.name not in judged.notes:
            judged.notes[self.name] = _measured(plan, judged)
        return {
            **judged.notes[self.name],
            "moment": np.array([judged.moment], np.float64),
            "now": np.array([judged.now]),
            "learnt": np.array([judged.learnt, judged.size]),
        }


def _measured(plan: Plan, judged: Judged) -> dict[str, NDArray[Any]]:
    assert plan.target is not None
    parts, learnt = split(plan.document.data), judged.learnt
    answers: dict[str, NDArray[Any]] = {}
    for part, found, truth in (
        ("train", judged.outputs[:learnt], parts.train.targets[:learnt]),
        ("test", judged.outputs[learnt:], parts.test.targets),
    ):
        answers |= {f"{part}.{name}": array for name, array in judge(plan.target, found, truth).items()}
    return answers


def judge(target: Target, output: NDArray[Any], truth: NDArray[Any]) -> dict[str, NDArray[Any]]:
    """What the probe answers for one set of samples, from outputs (samples, units) and what they should be (samples,).

    By "accuracy", "precision.classes", "confusion" and so on.
    """
    answer = target.decide(output)
    classifies = target.task == "classification"
    scores = target.scores(output) if classifies else None
    answers: dict[str, NDArray[Any]] = {}
    for metric in metrics_for(target.task, target.class_count):
        answers[metric.name] = np.atleast_1d(np.asarray(metric.value(answer, truth, scores), np.float64))
        if metric.by_class:
            answers[f"{metric.name}.classes"] = metric.per_class(answer, truth, target.class_count).astype(np.float64)
    if classifies:
        answers["confusion"] = confusion(answer, truth, target.class_count)
    return answers
