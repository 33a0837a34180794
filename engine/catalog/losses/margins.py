"""Losses that ask for a margin: right by enough costs nothing."""

# NumPy types the arithmetic of NDArray[Any] as Any.
# mypy: disable-error-code="no-any-return"

from __future__ import annotations

from typing import Annotated, Any

import numpy as np

from engine.catalog.activations import Activation
from engine.catalog.losses.loss import Array, Loss
from engine.catalog.registry import Range, register


class _OfSigns(Loss):
    """A loss of answers whose sign tells the class."""

    tasks = ("classification",)

    def accepts(self, activation: Activation) -> bool:
        return activation.bounds[0] < 0 < activation.bounds[1]


@register
class Hinge(_OfSigns):
    """Nothing once an answer is on the right side by a margin of 1; a straight slope before: the loss of SVMs."""

    formula = "L = mean max(0, 1 − t y), t = ±1"
    reference = "Cortes & Vapnik, Support-Vector Networks, 1995"
    order = 20

    def value(self, prediction: Array, target: Array) -> Array:
        return np.maximum(0, 1 - target * prediction).mean(axis=-1)

    def gradient(self, prediction: Array, target: Array) -> Array:
        return np.where(target * prediction < 1, -target, 0.0) / prediction.shape[-1]

    def compute(self, nn: Any, prediction: Any, target: Any) -> Any:
        return nn.functional.relu(1 - target * prediction).mean()


@register
class SquaredHinge(_OfSigns):
    """Nothing once an answer is on the right side by a margin of 1; steeper and steeper the further it is off."""

    label = "squared hinge"
    formula = "L = mean max(0, 1 − t y)², t = ±1"
    reference = "Lee & Mangasarian, 2001; Tang, 2013"
    order = 21

    def value(self, prediction: Array, target: Array) -> Array:
        return np.square(np.maximum(0, 1 - target * prediction)).mean(axis=-1)

    def gradient(self, prediction: Array, target: Array) -> Array:
        return -2 * target * np.maximum(0, 1 - target * prediction) / prediction.shape[-1]

    def compute(self, nn: Any, prediction: Any, target: Any) -> Any:
        return nn.functional.relu(1 - target * prediction).square().mean()


@register
class MultiClassHinge(Loss):
    """Asks that the unit of the true class beats each other one by a margin; who wins by more has nothing to learn."""

    margin: Annotated[float, Range(0.01, 100.0, 0.1)] = 1.0
    squared: bool = False

    tasks = ("classification",)
    per_class = True
    label = "multi-class hinge"
    formula = "L = 1/K Σ over the other classes j of max(0, margin − y_true + yⱼ), squared or not"
    reference = "Weston & Watkins, 1999; PyTorch's MultiMarginLoss"
    order = 22

    def value(self, prediction: Array, target: Array) -> Array:
        missing = self._missing(prediction, target)
        return (np.square(missing) if self.squared else missing).mean(axis=-1)

    def gradient(self, prediction: Array, target: Array) -> Array:
        missing = self._missing(prediction, target)
        others = (2 * missing if self.squared else np.where(missing > 0, 1.0, 0.0)) / prediction.shape[-1]
        return others - target * others.sum(axis=-1, keepdims=True)

    def _missing(self, prediction: Array, target: Array) -> Array:
        """What each other class lacks of staying below the true one by the margin."""
        true = (prediction * target).sum(axis=-1, keepdims=True)
        return np.maximum(0, self.margin - true + prediction) * (1 - target)

    def compute(self, nn: Any, prediction: Any, target: Any) -> Any:
        power = 2 if self.squared else 1
        return nn.functional.multi_margin_loss(prediction, target.argmax(dim=-1), p=power, margin=self.margin)
