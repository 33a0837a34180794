"""Activations: the non-linear functions between layers, with their derivatives.

The NumPy formulas are the oracle of every backend; `build` names the PyTorch module that must agree with them.
"""

from engine.catalog.activations.activation import Activation
from engine.catalog.activations.probabilities import LogSoftmax, Softmax
from engine.catalog.activations.rectifiers import LeakyRelu, PRelu, Relu, Relu6, RRelu
from engine.catalog.activations.smooth import Celu, Elu, Exponential, Gelu, HardSwish, Mish, Selu, Silu, Softplus
from engine.catalog.activations.squashing import (
    Gaussian,
    HardSigmoid,
    HardTanh,
    Linear,
    Sigmoid,
    Sign,
    Sine,
    Softsign,
    Step,
    Tanh,
)
from engine.catalog.activations.typed import Formula

__all__ = [
    "Activation",
    "Celu",
    "Elu",
    "Exponential",
    "Formula",
    "Gaussian",
    "Gelu",
    "HardSigmoid",
    "HardSwish",
    "HardTanh",
    "LeakyRelu",
    "Linear",
    "LogSoftmax",
    "Mish",
    "PRelu",
    "RRelu",
    "Relu",
    "Relu6",
    "Selu",
    "Sigmoid",
    "Sign",
    "Silu",
    "Sine",
    "Softmax",
    "Softplus",
    "Softsign",
    "Step",
    "Tanh",
]
