"""Losses of probabilities, computed from the logits: the surprise at what is true."""

# NumPy types the arithmetic of NDArray[Any] as Any.
# mypy: disable-error-code="no-any-return"

from __future__ import annotations

from functools import lru_cache
from typing import Annotated, Any

import numpy as np

from engine.catalog.losses.loss import Array, Loss, log_softmax, sigmoid, softmax, softplus
from engine.catalog.registry import Range, Text, register, shared
from engine.document.errors import InvalidValueError

_SMOOTHING = Range(0.0, 0.99, 0.05)
_HEAVIEST = 1000.0


class Weights(Text):
    """What each class counts: numbers with commas between them, "1, 1, 5"; nothing: all count alike."""

    def check(self, argument: str, value: Any) -> None:
        """Raise InvalidValueError unless there are two numbers or more, from 0 to 1000, and not all are 0."""
        _numbers(argument, value)


@lru_cache(maxsize=64)
def _numbers(argument: str, text: str) -> tuple[float, ...]:
    """The numbers of a text. Raises InvalidValueError."""
    if not text.strip():
        return ()
    try:
        found = tuple(float(part) for part in text.split(","))
    except ValueError:
        found = ()
    if len(found) < 2 or not all(0 <= number <= _HEAVIEST for number in found) or not any(found):
        raise InvalidValueError(
            "{argument} (={value}) must be one number for each class, from 0 to {most}, such as 1, 1, 5; "
            "leave it empty and all classes count alike",
            argument=argument,
            value=repr(text[:40]),
            most=_HEAVIEST,
        )
    return found


@register
class BinaryCrossEntropy(Loss):
    """The surprise at the true class when a sigmoid says how likely it is; confident mistakes cost most.

    `positive_weight` is how many times a sample of class 1 counts (PyTorch's `pos_weight`). Label smoothing moves the
    targets 0 and 1 towards ½, so that no answer has to be certain.
    """

    label_smoothing: Annotated[float, _SMOOTHING] = 0.0
    positive_weight: Annotated[float, Range(0.01, 100.0, logarithmic=True)] = 1.0

    tasks = ("classification",)
    fuses = "sigmoid"
    label = "binary cross-entropy"
    formula = "L = −t ln p − (1 − t) ln (1 − p), p = sigmoid(z); computed from z as max(z, 0) − z t + ln(1 + e^−|z|)"
    reference = "Good, Rational Decisions, 1952; label smoothing: Szegedy et al., CVPR 2016"
    order = 10

    def _softened(self, target: Any) -> Any:
        return target * (1 - self.label_smoothing) + 0.5 * self.label_smoothing if self.label_smoothing else target

    def value(self, prediction: Array, target: Array) -> Array:
        z, t = prediction, self._softened(target)
        found = np.maximum(z, 0) - z * t + np.log1p(np.exp(-np.abs(z)))
        if self.positive_weight != 1:
            found = found + (self.positive_weight - 1) * t * softplus(-z)
        return found.mean(axis=-1)

    def gradient(self, prediction: Array, target: Array) -> Array:
        t, p = self._softened(target), sigmoid(prediction)
        if self.positive_weight == 1:
            return (p - t) / prediction.shape[-1]
        return (p * (1 + (self.positive_weight - 1) * t) - self.positive_weight * t) / prediction.shape[-1]

    def compute(self, nn: Any, prediction: Any, target: Any) -> Any:
        heavier = prediction.new_tensor(self.positive_weight) if self.positive_weight != 1 else None
        return nn.functional.binary_cross_entropy_with_logits(prediction, self._softened(target), pos_weight=heavier)


@register
class BinaryFocal(Loss):
    """Binary cross-entropy that turns away from what is already right, so that rare and hard samples are heard.

    With gamma 0 it is the cross-entropy, weighed. `positive_share` is what class 1 counts, the rest is what class 0
    counts: the paper's alpha.
    """

    gamma: Annotated[float, Range(0.0, 10.0, 0.5)] = 2.0
    positive_share: Annotated[float, Range(0.0, 1.0, 0.05)] = 0.25

    tasks = ("classification",)
    fuses = "sigmoid"
    label = "binary focal"
    formula = "L = −α (1 − q)^γ ln q, q: the probability of what is true, α: positive_share of 1, the rest of 0"
    reference = "Lin et al., ICCV 2017"
    order = 12

    def value(self, prediction: Array, target: Array) -> Array:
        u = prediction * (2 * target - 1)
        return (self._share(target) * np.exp(-self.gamma * softplus(u)) * softplus(-u)).mean(axis=-1)

    def gradient(self, prediction: Array, target: Array) -> Array:
        side = 2 * target - 1
        u = prediction * side
        slope = np.exp(-self.gamma * softplus(u)) * (self.gamma * sigmoid(u) * softplus(-u) + sigmoid(-u))
        return -self._share(target) * side * slope / prediction.shape[-1]

    def _share(self, target: Any) -> Any:
        return 1 - self.positive_share + (2 * self.positive_share - 1) * target

    def compute(self, nn: Any, prediction: Any, target: Any) -> Any:
        u, surprise = prediction * (2 * target - 1), nn.functional.logsigmoid
        return -(self._share(target) * (self.gamma * surprise(-u)).exp() * surprise(u)).mean()


@shared
class _OfClasses(Loss):
    """A loss of the probabilities that a softmax shares out, in which classes can count differently.

    A sample's loss is multiplied by the weight of its class, and the batch's mean is over its samples (Keras's
    `class_weight`; PyTorch's `weight` divides by the sum of the weights instead).
    """

    class_weights: Annotated[str, Weights("1, 1, 5")] = ""

    tasks = ("classification",)
    fuses = "softmax"
    per_class = True

    @property
    def weights(self) -> tuple[float, ...]:
        return _numbers("class_weights", self.class_weights)


def _smoothed(target: Any, share: float) -> Any:
    """Targets of classes, a share of each handed out to all classes alike."""
    if not share:
        return target
    return (1 - share) * target + share / target.shape[-1] * _total(target)


def _total(target: Any) -> Any:
    """What each sample counts, (samples, 1)."""
    return target.sum(axis=-1, keepdims=True)


@register
class CategoricalCrossEntropy(_OfClasses):
    """The surprise at the true class when a softmax shares out the probability among all classes.

    `class_weights` are what the classes count, as "1, 1, 5"; empty: alike. They multiply a sample's loss, as in Keras
    (PyTorch divides by their sum). Label smoothing hands a share of every target out to all classes, so that no answer
    has to be certain.
    """

    label_smoothing: Annotated[float, _SMOOTHING] = 0.0

    label = "categorical cross-entropy"
    formula = "L = −Σ t ln p, p = softmax(z); computed from z as −Σ t (z − ln Σ eᶻ)"
    reference = "Bridle, 1990; label smoothing: Szegedy et al., CVPR 2016"
    order = 11

    def value(self, prediction: Array, target: Array) -> Array:
        return -(_smoothed(target, self.label_smoothing) * log_softmax(prediction)).sum(axis=-1)

    def gradient(self, prediction: Array, target: Array) -> Array:
        return softmax(prediction) * _total(target) - _smoothed(target, self.label_smoothing)

    @property
    def takes_classes(self) -> bool:
        return not self.label_smoothing and not self.weights

    def compute(self, nn: Any, prediction: Any, target: Any) -> Any:
        return nn.functional.cross_entropy(prediction, _smoothed(target, self.label_smoothing))


@register
class CategoricalFocal(_OfClasses):
    """Categorical cross-entropy that turns away from what is already right, so that rare and hard samples are heard.

    With gamma 0 it is the cross-entropy. `class_weights` are the paper's alpha: what the classes count, as "1, 1, 5";
    empty: alike.
    """

    gamma: Annotated[float, Range(0.0, 10.0, 0.5)] = 2.0

    label = "categorical focal"
    formula = "L = −α (1 − q)^γ ln q, q: the probability of the true class, α: its weight"
    reference = "Lin et al., ICCV 2017"
    order = 13

    def value(self, prediction: Array, target: Array) -> Array:
        logarithm = log_softmax(prediction)
        return -(target * (-np.expm1(logarithm)) ** self.gamma * logarithm).sum(axis=-1)

    def gradient(self, prediction: Array, target: Array) -> Array:
        logarithm = log_softmax(prediction)
        p, rest = np.exp(logarithm), -np.expm1(logarithm)
        # ln p / (1 − p) tends to −1 as p tends to 1.
        ratio = np.where(rest > 0, logarithm / np.where(rest > 0, rest, 1.0), -1.0)
        slope = target * rest**self.gamma * (self.gamma * p * ratio - 1)
        return slope - p * slope.sum(axis=-1, keepdims=True)

    def compute(self, nn: Any, prediction: Any, target: Any) -> Any:
        logarithm = nn.functional.log_softmax(prediction, dim=-1)
        rest = (-logarithm.expm1()).clamp(min=1e-30)  # of 0, a root would have no slope
        return -(target * rest**self.gamma * logarithm).sum(dim=-1).mean()


@register
class KullbackLeibler(Loss):
    """What is lost by taking the answer's probabilities for the true ones: the surprise beyond the unavoidable.

    For targets that are certain it is the categorical cross-entropy; with label smoothing it is smaller by a constant,
    so that 0 is the best.
    """

    label_smoothing: Annotated[float, _SMOOTHING] = 0.0

    tasks = ("classification",)
    fuses = "softmax"
    per_class = True
    label = "Kullback–Leibler"
    formula = "L = Σ t (ln t − ln p), p = softmax(z)"
    reference = "Kullback & Leibler, 1951"
    order = 14

    def value(self, prediction: Array, target: Array) -> Array:
        t = _smoothed(target, self.label_smoothing)
        known = np.log(np.where(t > 0, t, 1.0))
        return (t * (known - log_softmax(prediction))).sum(axis=-1)

    def gradient(self, prediction: Array, target: Array) -> Array:
        return softmax(prediction) - _smoothed(target, self.label_smoothing)

    def compute(self, nn: Any, prediction: Any, target: Any) -> Any:
        log_p = nn.functional.log_softmax(prediction, dim=-1)
        return nn.functional.kl_div(log_p, _smoothed(target, self.label_smoothing), reduction="batchmean")
