"""What a network's answers are worth: loss and metric of the training and the test samples, as at test time."""

from __future__ import annotations

import math

import numpy as np

from engine.catalog.datasets.dataset import Samples
from engine.catalog.metrics import metric_for
from engine.plan.plan import Plan
from engine.training.trainer import Array


class Judge:
    """Judges raw answers: the output card's values, before its activation if the loss is computed from there."""

    def __init__(self, plan: Plan, train: Samples, test: Samples) -> None:
        """For the samples of a ready plan, those to train on first."""
        assert plan.output is not None and plan.target is not None
        self._loss = plan.document.training.loss
        self._activation = plan.nodes[plan.output].layer.output_activation
        self._target = plan.target
        self._metric = metric_for(plan.target.task)
        self._train, self._test = train, test
        self.targets: Array = plan.target.encode(np.concatenate([train.targets, test.targets]))
        """What the output should be, (samples, units)."""

    def evaluations(self, raw: Array) -> Array:
        """Of several states, (states, samples, units): train loss, test loss, train metric, test metric, float64.

        NaN where there are no test samples.
        """
        size, loss = len(self._train), self._loss
        found = np.full((len(raw), 4), math.nan)
        with np.errstate(all="ignore"):
            answers = self._target.decide(self._activation.value(raw) if loss.fuses else raw)
            losses = loss.value(raw, self.targets)
            found[:, 0] = losses[:, :size].mean(axis=1)
            found[:, 2] = self._metric.value(answers[:, :size], self._train.targets)
            if len(self._test):
                found[:, 1] = losses[:, size:].mean(axis=1)
                found[:, 3] = self._metric.value(answers[:, size:], self._test.targets)
        return found

    def loss_of_first(self, raw: Array) -> float:
        """The mean loss of the first samples, (some of the samples, units)."""
        with np.errstate(all="ignore"):
            return float(self._loss.value(raw, self.targets[: len(raw)]).mean())
