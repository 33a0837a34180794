"""Initializers: how weights and biases are drawn before the first step, by NumPy, whatever the backend."""

from engine.catalog.initializers.copied import FromRun
from engine.catalog.initializers.fixed import Constant, Normal, Ones, PlaygroundDefault, TruncatedNormal, Uniform, Zeros
from engine.catalog.initializers.initializer import Initializer, Shape, Spread
from engine.catalog.initializers.scaled import (
    GlorotNormal,
    GlorotUniform,
    HeNormal,
    HeUniform,
    LecunNormal,
    LecunUniform,
    PytorchDefault,
    VarianceScaling,
)
from engine.catalog.initializers.structured import Identity, Orthogonal, Sparse

__all__ = [
    "Constant",
    "FromRun",
    "GlorotNormal",
    "GlorotUniform",
    "HeNormal",
    "HeUniform",
    "Identity",
    "Initializer",
    "LecunNormal",
    "LecunUniform",
    "Normal",
    "Ones",
    "Orthogonal",
    "PlaygroundDefault",
    "PytorchDefault",
    "Shape",
    "Sparse",
    "Spread",
    "TruncatedNormal",
    "Uniform",
    "VarianceScaling",
    "Zeros",
]
