"""Losses: how far an answer is from the target.

`value` and `gradient` are the NumPy oracle, per sample; `compute` is the mean over a batch in PyTorch's namespace.
Targets are arrays of the prediction's shape, (samples, units): numbers for a regression; for classes, `off` and `on`
(one column per class, or a single column for two classes), times the weight of the true class if classes are weighed.
"""

from engine.catalog.losses.distances import (
    Cosine,
    Huber,
    LogCosh,
    MeanAbsoluteError,
    MeanSquaredError,
    MeanSquaredLogarithmicError,
    Poisson,
)
from engine.catalog.losses.loss import Loss
from engine.catalog.losses.margins import Hinge, MultiClassHinge, SquaredHinge
from engine.catalog.losses.probabilities import (
    BinaryCrossEntropy,
    BinaryFocal,
    CategoricalCrossEntropy,
    CategoricalFocal,
    KullbackLeibler,
    Weights,
)

__all__ = [
    "BinaryCrossEntropy",
    "BinaryFocal",
    "CategoricalCrossEntropy",
    "CategoricalFocal",
    "Cosine",
    "Hinge",
    "Huber",
    "KullbackLeibler",
    "LogCosh",
    "Loss",
    "MeanAbsoluteError",
    "MeanSquaredError",
    "MeanSquaredLogarithmicError",
    "MultiClassHinge",
    "Poisson",
    "SquaredHinge",
    "Weights",
]
