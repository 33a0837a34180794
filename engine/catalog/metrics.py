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

    def value(self, answer: Array, truth: Array) -> Array:
        """From the decided classes or predicted numbers, (..., samples), and the true ones, (samples,): (...)."""
        raise NotImplementedError


@register
class Accuracy(Metric):
    """The share of samples whose class is decided right."""

    tasks = ("classification",)
    formula = "right answers / all answers"
    reference = "Common practice"
    order = 1

    def value(self, answer: Array, truth: Array) -> Array:
        return np.mean(answer == truth, axis=-1) if len(truth) else _unknown(answer)


@register
class RSquared(Metric):
    """The share of the targets' variance that the answers explain: 1 is perfect, 0 no better than their mean."""

    tasks = ("regression",)
    name = "r2"
    label = "R²"
    formula = "R² = 1 − Σ (t − y)² / Σ (t − mean t)²"
    reference = "Wright, Correlation and Causation, 1921"
    order = 2

    def value(self, answer: Array, truth: Array) -> Array:
        total = np.sum((truth - truth.mean()) ** 2) if len(truth) else 0.0
        return 1 - np.sum((truth - answer) ** 2, axis=-1) / total if total else _unknown(answer)


def _unknown(answer: Array) -> Array:
    """NaN for each set of answers."""
    return np.full(answer.shape[:-1], np.nan)


def metric_for(task: str) -> Metric:
    """The metric shown for a task: the first that fits it."""
    from engine.catalog.registry import entries

    found: Metric = next(cls() for cls in entries("metrics").values() if task in cls.tasks)
    return found
