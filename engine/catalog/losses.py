"""Losses: how far an answer is from the target.

`value` and `gradient` are the NumPy oracle, per sample; `compute` is the mean over a batch in PyTorch's namespace.
Targets are arrays of the prediction's shape, (samples, units): numbers for a regression; for classes, `off` and `on`
(one column per class, or a single column for two classes).
"""

# NumPy types the arithmetic of NDArray[Any] as Any.
# mypy: disable-error-code="no-any-return"

from __future__ import annotations

from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from engine.catalog.activations import Activation
from engine.catalog.registry import Entry, Range, register

Array = NDArray[Any]


class Loss(Entry, kind="losses"):
    """The number that training makes smaller."""

    tasks: ClassVar[tuple[str, ...]] = ("classification", "regression")
    fuses: ClassVar[str] = ""
    """Name of the output activation that it is computed together with, for accuracy; `prediction` then is the
    pre-activation (the logits), and the loss can be used after no other activation."""

    def accepts(self, activation: Activation) -> bool:
        """Whether the loss makes sense after this output activation."""
        return activation.name == self.fuses if self.fuses else activation.name != "softmax"

    def levels(self, activation: Activation) -> tuple[float, float]:
        """The target numbers (off, on) that stand for "not this class" and "this class"."""
        return (-1.0, 1.0) if activation.bounds[0] < 0 and not self.fuses else (0.0, 1.0)

    def value(self, prediction: Array, target: Array) -> Array:
        """The loss of each sample, (...), from (..., units): the mean over its units."""
        raise NotImplementedError

    def gradient(self, prediction: Array, target: Array) -> Array:
        """d value / d prediction, (samples, units)."""
        raise NotImplementedError

    def compute(self, nn: Any, prediction: Any, target: Any) -> Any:
        """The mean loss of a batch, with the functions of `nn.functional`."""
        raise NotImplementedError


@register
class MeanSquaredError(Loss):
    """The squared distance between answer and target: large errors weigh most."""

    halved: bool = False

    name = "mse"
    label = "squared error (MSE)"
    formula = "L = mean (y − t)²;  halved: ½ (y − t)², as TensorFlow Playground and many textbooks write it"
    reference = "Gauss, least squares, 1809"
    order = 1

    def accepts(self, activation: Activation) -> bool:
        return True

    @property
    def _scale(self) -> float:
        return 0.5 if self.halved else 1.0

    def value(self, prediction: Array, target: Array) -> Array:
        return self._scale * ((prediction - target) ** 2).mean(axis=-1)

    def gradient(self, prediction: Array, target: Array) -> Array:
        return 2 * self._scale * (prediction - target) / prediction.shape[-1]

    def compute(self, nn: Any, prediction: Any, target: Any) -> Any:
        loss = nn.functional.mse_loss(prediction, target)
        return loss * 0.5 if self.halved else loss


@register
class MeanAbsoluteError(Loss):
    """The distance between answer and target: outliers count no more than their distance."""

    name = "mae"
    label = "absolute error (MAE)"
    formula = "L = mean |y − t|"
    reference = "Boscovich 1757, Laplace"
    order = 2

    def value(self, prediction: Array, target: Array) -> Array:
        return np.abs(prediction - target).mean(axis=-1)

    def gradient(self, prediction: Array, target: Array) -> Array:
        return np.sign(prediction - target) / prediction.shape[-1]

    def compute(self, nn: Any, prediction: Any, target: Any) -> Any:
        return nn.functional.l1_loss(prediction, target)


@register
class Huber(Loss):
    """Squared near zero, straight beyond delta: smooth, and not pulled away by outliers."""

    delta: Annotated[float, Range(0.01, 100.0, 0.1)] = 1.0

    label = "Huber"
    formula = "L = ½ e² for |e| ≤ delta, delta (|e| − ½ delta) beyond, e = y − t"
    reference = "Huber, Annals of Statistics, 1964"
    order = 3

    def value(self, prediction: Array, target: Array) -> Array:
        e = np.abs(prediction - target)
        return np.where(e <= self.delta, 0.5 * e**2, self.delta * (e - 0.5 * self.delta)).mean(axis=-1)

    def gradient(self, prediction: Array, target: Array) -> Array:
        return np.clip(prediction - target, -self.delta, self.delta) / prediction.shape[-1]

    def compute(self, nn: Any, prediction: Any, target: Any) -> Any:
        return nn.functional.huber_loss(prediction, target, delta=self.delta)


@register
class BinaryCrossEntropy(Loss):
    """The surprise at the true class when a sigmoid says how likely it is; confident mistakes cost most."""

    tasks = ("classification",)
    fuses = "sigmoid"
    label = "binary cross-entropy"
    formula = "L = −t ln p − (1 − t) ln (1 − p), p = sigmoid(z); computed from z as max(z, 0) − z t + ln(1 + e^−|z|)"
    reference = "Good, Rational Decisions, 1952"
    order = 4

    def value(self, prediction: Array, target: Array) -> Array:
        z = prediction
        return (np.maximum(z, 0) - z * target + np.log1p(np.exp(-np.abs(z)))).mean(axis=-1)

    def gradient(self, prediction: Array, target: Array) -> Array:
        return (0.5 * (1 + np.tanh(0.5 * prediction)) - target) / prediction.shape[-1]

    def compute(self, nn: Any, prediction: Any, target: Any) -> Any:
        return nn.functional.binary_cross_entropy_with_logits(prediction, target)


@register
class CategoricalCrossEntropy(Loss):
    """The surprise at the true class when a softmax shares out the probability among all classes."""

    tasks = ("classification",)
    fuses = "softmax"
    label = "categorical cross-entropy"
    formula = "L = −Σ t ln p, p = softmax(z); computed from z as −Σ t (z − ln Σ eᶻ)"
    reference = "Bridle, 1990"
    order = 5

    def value(self, prediction: Array, target: Array) -> Array:
        shifted = prediction - prediction.max(axis=-1, keepdims=True)
        return -(target * (shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True)))).sum(axis=-1)

    def gradient(self, prediction: Array, target: Array) -> Array:
        e = np.exp(prediction - prediction.max(axis=-1, keepdims=True))
        return e / e.sum(axis=-1, keepdims=True) * target.sum(axis=-1, keepdims=True) - target

    def compute(self, nn: Any, prediction: Any, target: Any) -> Any:
        return nn.functional.cross_entropy(prediction, target)


@register
class Hinge(Loss):
    """Nothing once an answer is on the right side by a margin of 1; a straight slope before: the loss of SVMs."""

    tasks = ("classification",)
    formula = "L = mean max(0, 1 − t y), t = ±1"
    reference = "Cortes & Vapnik, Support-Vector Networks, 1995"
    order = 6

    def accepts(self, activation: Activation) -> bool:
        return activation.bounds[0] < 0

    def value(self, prediction: Array, target: Array) -> Array:
        return np.maximum(0, 1 - target * prediction).mean(axis=-1)

    def gradient(self, prediction: Array, target: Array) -> Array:
        return np.where(target * prediction < 1, -target, 0.0) / prediction.shape[-1]

    def compute(self, nn: Any, prediction: Any, target: Any) -> Any:
        return nn.functional.relu(1 - target * prediction).mean()
