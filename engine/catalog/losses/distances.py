"""Losses that measure how far numbers are apart."""

# NumPy types the arithmetic of NDArray[Any] as Any.
# mypy: disable-error-code="no-any-return"

from __future__ import annotations

from typing import Annotated, Any

import numpy as np

from engine.catalog.activations import Activation
from engine.catalog.losses.loss import Array, Loss
from engine.catalog.registry import Range, register

_SMALLEST_RATE = 1e-8
"""Added within the logarithm of a rate, as PyTorch does; Keras adds 1e-7."""
_SMALLEST_LENGTH = 1e-8
"""What shorter vectors count as, as in PyTorch."""


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
class LogCosh(Loss):
    """Like half the squared error near zero, like the absolute error far away, with no corner in between."""

    label = "log-cosh"
    formula = "L = mean ln cosh(y − t); computed as |e| + ln(½ + ½ e^−2|e|)"
    reference = "Green, IEEE Trans. Medical Imaging, 1990"
    order = 4

    def value(self, prediction: Array, target: Array) -> Array:
        e = np.abs(prediction - target)
        return (e + np.log1p(0.5 * np.expm1(-2 * e))).mean(axis=-1)

    def gradient(self, prediction: Array, target: Array) -> Array:
        return np.tanh(prediction - target) / prediction.shape[-1]

    def compute(self, nn: Any, prediction: Any, target: Any) -> Any:
        e = (prediction - target).abs()
        return (e + (0.5 * (-2 * e).expm1()).log1p()).mean()


class _OfAmounts(Loss):
    """A loss of amounts, which are never below zero."""

    def accepts(self, activation: Activation) -> bool:
        return activation.bounds[0] >= 0 and super().accepts(activation)

    def wanted(self, task: str) -> str:
        return "sigmoid" if task == "classification" else "softplus"


@register
class MeanSquaredLogarithmicError(_OfAmounts):
    """The squared distance between orders of magnitude: being twice too large costs the same for 10 and for 1,000.

    Numbers below zero count as zero.
    """

    name = "msle"
    label = "squared log error (MSLE)"
    formula = "L = mean (ln(1 + y) − ln(1 + t))²"
    reference = "Keras; Kaggle's usual score for prices and counts"
    order = 5

    def value(self, prediction: Array, target: Array) -> Array:
        return (self._difference(prediction, target) ** 2).mean(axis=-1)

    def gradient(self, prediction: Array, target: Array) -> Array:
        slope = 2 * self._difference(prediction, target) / (1 + np.maximum(prediction, 0))
        return np.where(prediction > 0, slope, 0.0) / prediction.shape[-1]

    @staticmethod
    def _difference(prediction: Array, target: Array) -> Array:
        return np.log1p(np.maximum(prediction, 0)) - np.log1p(np.maximum(target, 0))

    def compute(self, nn: Any, prediction: Any, target: Any) -> Any:
        relu = nn.functional.relu
        return nn.functional.mse_loss(relu(prediction).log1p(), relu(target).log1p())


@register
class Poisson(_OfAmounts):
    """The surprise at a count when the answer is how many are expected: large counts may vary more.

    The answer is the rate itself, never below zero: use it after softplus or the exponential. PyTorch's PoissonNLLLoss
    expects the rate's logarithm unless told otherwise.
    """

    label = "Poisson"
    formula = "L = mean (y − t ln y)"
    reference = "Poisson 1837; regression of counts: Nelder & Wedderburn, 1972"
    order = 6

    def value(self, prediction: Array, target: Array) -> Array:
        return (prediction - target * np.log(prediction + _SMALLEST_RATE)).mean(axis=-1)

    def gradient(self, prediction: Array, target: Array) -> Array:
        return (1 - target / (prediction + _SMALLEST_RATE)) / prediction.shape[-1]

    def compute(self, nn: Any, prediction: Any, target: Any) -> Any:
        return nn.functional.poisson_nll_loss(prediction, target, log_input=False, eps=_SMALLEST_RATE)


@register
class Cosine(Loss):
    """The angle between the answers of all units and the target: only their direction counts, not their length."""

    tasks = ("classification",)
    per_class = True
    label = "cosine"
    formula = "L = 1 − y · t / (‖y‖ ‖t‖)"
    reference = "Salton, Wong & Yang, 1975; as a loss: Barz & Denzler, WACV 2020"
    order = 23

    def value(self, prediction: Array, target: Array) -> Array:
        return 1 - (self._direction(prediction) * self._direction(target)).sum(axis=-1)

    def gradient(self, prediction: Array, target: Array) -> Array:
        here, there = self._direction(prediction), self._direction(target)
        return ((here * there).sum(axis=-1, keepdims=True) * here - there) / self._length(prediction)

    def _direction(self, x: Array) -> Array:
        return x / self._length(x)

    @staticmethod
    def _length(x: Array) -> Array:
        return np.maximum(np.sqrt(np.square(x).sum(axis=-1, keepdims=True)), _SMALLEST_LENGTH)

    def compute(self, nn: Any, prediction: Any, target: Any) -> Any:
        return (1 - nn.functional.cosine_similarity(prediction, target, dim=-1, eps=_SMALLEST_LENGTH)).mean()
