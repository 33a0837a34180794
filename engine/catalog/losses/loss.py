"""What every loss declares: what it goes with, its value, its gradient, and how PyTorch computes it."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from engine.catalog.activations import Activation
from engine.catalog.registry import Entry

Array = NDArray[Any]


class Loss(Entry, kind="losses"):
    """The number that training makes smaller."""

    tasks: ClassVar[tuple[str, ...]] = ("classification", "regression")
    fuses: ClassVar[str] = ""
    """Name of the output activation that it is computed together with, for accuracy; `prediction` then is the
    pre-activation (the logits), and the loss can be used after no other activation."""
    per_class: ClassVar[bool] = False
    """Whether it needs one unit per class, for two classes as well."""

    @property
    def weights(self) -> tuple[float, ...]:
        """What a sample of each class counts; nothing: they count alike, however many classes there are."""
        return ()

    @property
    def takes_classes(self) -> bool:
        """Whether `compute` also takes the numbers of the true classes, int64 (n,), for targets that are 1 and 0."""
        return False

    def accepts(self, activation: Activation) -> bool:
        """Whether the loss makes sense after this output activation."""
        return activation.name == self.fuses if self.fuses else activation.elementwise

    def wanted(self, task: str) -> str:
        """The name of the output activation to offer where the present one is not accepted."""
        return self.fuses or ("tanh" if task == "classification" else "linear")

    def levels(self, activation: Activation) -> tuple[float, float]:
        """The target numbers (off, on) that stand for "not this class" and "this class"."""
        return (-1.0, 1.0) if activation.bounds[0] < 0 and not self.fuses and not self.per_class else (0.0, 1.0)

    def value(self, prediction: Array, target: Array) -> Array:
        """The loss of each sample, (...), from (..., units): the mean over its units, or their sum if they are classes.

        Targets of classes that are weighed are `on` times their weight, and so is the loss.
        """
        raise NotImplementedError

    def gradient(self, prediction: Array, target: Array) -> Array:
        """d value / d prediction, (samples, units)."""
        raise NotImplementedError

    def compute(self, nn: Any, prediction: Any, target: Any) -> Any:
        """The mean loss of a batch, with the functions of `nn.functional`."""
        raise NotImplementedError


def softplus(x: Array) -> Array:
    """ln(1 + eˣ), without overflow."""
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def sigmoid(x: Array) -> Array:
    """1 / (1 + e⁻ˣ), without overflow."""
    return 0.5 * (1 + np.tanh(0.5 * x))


def log_softmax(x: Array) -> Array:
    """xⱼ − ln Σ eˣ, without overflow."""
    shifted = x - x.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def softmax(x: Array) -> Array:
    """eˣ / Σ eˣ, without overflow."""
    powers = np.exp(x - x.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)
