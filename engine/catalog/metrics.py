"""Metrics: what people read beside the loss; computed on the network's answers, never trained on."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from engine.catalog.registry import Entry, register

Array = NDArray[Any]


class Metric(Entry, kind="metrics"):
    """A number that says how good the answers are; larger is better."""

    tasks: ClassVar[tuple[str, ...]] = ()

    def value(self, answer: Array, truth: Array) -> float:
        """From the decided classes or predicted numbers and the true ones, both (samples,)."""
        raise NotImplementedError


@register
class Accuracy(Metric):
    """The share of samples whose class is decided right."""

    tasks = ("classification",)
    formula = "right answers / all answers"
    reference = "Common practice"
    order = 1

    def value(self, answer: Array, truth: Array) -> float:
        return float(np.mean(answer == truth)) if len(truth) else float("nan")


@register
class RSquared(Metric):
    """The share of the targets' variance that the answers explain: 1 is perfect, 0 no better than their mean."""

    tasks = ("regression",)
    name = "r2"
    label = "R²"
    formula = "R² = 1 − Σ (t − y)² / Σ (t − mean t)²"
    reference = "Wright, Correlation and Causation, 1921"
    order = 2

    def value(self, answer: Array, truth: Array) -> float:
        total = float(np.sum((truth - truth.mean()) ** 2)) if len(truth) else 0.0
        return 1 - float(np.sum((truth - answer) ** 2)) / total if total else float("nan")


def metric_for(task: str) -> Metric:
    """The metric shown for a task: the first that fits it."""
    from engine.catalog.registry import entries

    found: Metric = next(cls() for cls in entries("metrics").values() if task in cls.tasks)
    return found
