"""What a network's answers are worth: loss and metric of the training and the test samples, as at test time."""

from __future__ import annotations

import math

import numpy as np

from engine.catalog.datasets.dataset import Samples
from engine.catalog.metrics import metric_for
from engine.plan.plan import Plan
from engine.training.trainer import Array


class Judge:
    """Judges raw answers: what each output's loss is computed from, side by side, the main output's units first.

    That are the values of the card that answers, before its activation if the loss is computed together with it.
    """

    def __init__(self, plan: Plan, train: Samples, test: Samples, judged: int) -> None:
        """For the samples of a ready plan, those to train on first; so many of these, the first ones, are judged."""
        assert plan.output is not None and plan.target is not None
        self._outputs = plan.outputs
        self._activation = plan.nodes[plan.output].layer.output_activation
        self._target = plan.target
        self._metric = metric_for(plan.target.task)
        self._train, self._test = train.take(slice(judged)), test
        wanted = np.concatenate([train.targets, test.targets])
        encoded = [output.target.encode(wanted) for output in plan.outputs]
        self.targets: Array = encoded[0] if len(encoded) == 1 else np.concatenate(encoded, axis=1)
        """What the outputs should be for all samples, (samples, units of all outputs)."""
        self._judged_targets = np.concatenate([self.targets[:judged], self.targets[len(train) :]])

    def look(self, raw: Array) -> tuple[Array, Array, Array]:
        """Of several states, (states, samples, units): what `evaluations` gives, outputs and losses.

        The outputs are those of the main output, (states, samples, its units); the losses (states, samples).
        """
        size, main = len(self._train), raw[..., : self._target.units]
        found = np.full((len(raw), 4), math.nan)
        with np.errstate(all="ignore"):
            outputs = np.asarray(self._activation.value(main) if self._outputs[0].loss.fuses else main)
            answers = self._target.decide(outputs)
            losses = self._losses(raw, self._judged_targets)
            found[:, 0] = losses[:, :size].mean(axis=1)
            found[:, 2] = self._metric.value(answers[:, :size], self._train.targets)
            if len(self._test):
                found[:, 1] = losses[:, size:].mean(axis=1)
                found[:, 3] = self._metric.value(answers[:, size:], self._test.targets)
        return found, outputs, losses

    def evaluations(self, raw: Array) -> Array:
        """Of several states, (states, samples, units): train loss, test loss, train metric, test metric, float64.

        The metric is the main output's. NaN where there are no test samples.
        """
        return self.look(raw)[0]

    def loss_of_first(self, raw: Array) -> float:
        """The mean loss of the first samples, (some of the samples, units)."""
        with np.errstate(all="ignore"):
            return float(self._losses(raw, self.targets[: len(raw)]).mean())

    def _losses(self, raw: Array, targets: Array) -> Array:
        """The loss of each sample, (...), from (..., units): the sum over the outputs, each times its weight."""
        total: Array | float = 0.0
        first = 0
        for output in self._outputs:
            part = slice(first, first := first + output.target.units)
            total = total + output.weight * output.loss.value(raw[..., part], targets[..., part])
        return np.asarray(total)
