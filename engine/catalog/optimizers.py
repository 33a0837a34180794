"""Optimizers: how a gradient becomes a step.

`update` is the NumPy formula, the oracle of every backend; `build` names the PyTorch optimizer that must agree.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from engine.catalog.registry import Entry, Range, register
from engine.document.errors import InvalidValueError

Array = NDArray[Any]
State = dict[str, Array]

_RATE = Range(1e-6, 10.0, logarithmic=True)
_SHARE = Range(0.0, 0.99999, 0.01)


class Optimizer(Entry, kind="optimizers"):
    """Turns the gradient of the loss into a change of the weights. Every optimizer has a `learning_rate`."""

    learning_rate: float
    torch_names: ClassVar[Mapping[str, str]] = MappingProxyType({})
    """What PyTorch calls the parts of the state that `update` names otherwise: PyTorch's name to ours."""

    def update(self, weight: Array, gradient: Array, state: State, rate: float, step: int) -> None:
        """Change `weight` in place by one step (`step` counts from 1); `state` starts as an empty dict."""
        raise NotImplementedError

    def build(self, optim: Any, parameters: Any) -> Any:
        """The optimizer of the namespace `optim` (such as `torch.optim`) over the parameters."""
        raise NotImplementedError


@register
class SGD(Optimizer):
    """Steps straight down the gradient of each batch; momentum keeps it rolling through noise and valleys."""

    learning_rate: Annotated[float, _RATE] = 0.03
    momentum: Annotated[float, _SHARE] = 0.0
    nesterov: bool = False

    name = "SGD"
    torch_names = MappingProxyType({"momentum_buffer": "velocity"})
    label = "SGD"
    formula = "v ← momentum · v + g;  w ← w − learning_rate · v  (Nesterov: g + momentum · v)"
    reference = "Robbins & Monro 1951; Polyak 1964; Sutskever et al., ICML 2013"
    order = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.nesterov and not self.momentum:
            raise InvalidValueError(
                "nesterov (=true) needs momentum (={momentum}) above 0; raise momentum first",
                momentum=self.momentum,
            )

    def update(self, weight: Array, gradient: Array, state: State, rate: float, step: int) -> None:
        if self.momentum:
            velocity = state.setdefault("velocity", np.zeros_like(weight))
            velocity *= self.momentum
            velocity += gradient
            gradient = gradient + self.momentum * velocity if self.nesterov else velocity
        weight -= rate * gradient

    def build(self, optim: Any, parameters: Any) -> Any:
        return optim.SGD(
            parameters,
            self.learning_rate,
            momentum=self.momentum,
            nesterov=self.nesterov,
            fused=True,
        )


@register
class Adam(Optimizer):
    """Gives every weight its own step size, from running means of its gradient and of its square."""

    learning_rate: Annotated[float, _RATE] = 0.01
    beta_1: Annotated[float, _SHARE] = 0.9
    beta_2: Annotated[float, _SHARE] = 0.999
    epsilon: Annotated[float, Range(1e-12, 1.0, logarithmic=True)] = 1e-8

    torch_names = MappingProxyType({"exp_avg": "mean", "exp_avg_sq": "square"})
    label = "Adam"
    name = "Adam"
    formula = "m ← β₁m + (1−β₁)g;  v ← β₂v + (1−β₂)g²;  w ← w − learning_rate · m̂ / (√v̂ + ε)"
    reference = "Kingma & Ba, ICLR 2015, algorithm 1"
    order = 2

    def update(self, weight: Array, gradient: Array, state: State, rate: float, step: int) -> None:
        mean = state.setdefault("mean", np.zeros_like(weight))
        square = state.setdefault("square", np.zeros_like(weight))
        mean += (1 - self.beta_1) * (gradient - mean)
        square += (1 - self.beta_2) * (gradient**2 - square)
        corrected = np.sqrt(square / (1 - self.beta_2**step)) + self.epsilon
        weight -= rate / (1 - self.beta_1**step) * mean / corrected

    def build(self, optim: Any, parameters: Any) -> Any:
        return optim.Adam(
            parameters,
            self.learning_rate,
            betas=(self.beta_1, self.beta_2),
            eps=self.epsilon,
            fused=True,
        )


@register
class RMSprop(Optimizer):
    """Divides each gradient by a running mean of its size, so that steep and flat directions move alike."""

    learning_rate: Annotated[float, _RATE] = 0.01
    decay: Annotated[float, _SHARE] = 0.99
    epsilon: Annotated[float, Range(1e-12, 1.0, logarithmic=True)] = 1e-8
    momentum: Annotated[float, _SHARE] = 0.0

    name = "RMSprop"
    torch_names = MappingProxyType({"momentum_buffer": "velocity", "square_avg": "square"})
    label = "RMSprop"
    formula = "s ← decay · s + (1−decay) g²;  v ← momentum · v + g / (√s + ε);  w ← w − learning_rate · v"
    reference = "Hinton, Coursera lecture 6e, 2012; decay is PyTorch's alpha, 0.99 (Keras: rho, 0.9)"
    order = 3

    def update(self, weight: Array, gradient: Array, state: State, rate: float, step: int) -> None:
        square = state.setdefault("square", np.zeros_like(weight))
        square *= self.decay
        square += (1 - self.decay) * gradient**2
        direction = gradient / (np.sqrt(square) + self.epsilon)
        if self.momentum:
            velocity = state.setdefault("velocity", np.zeros_like(weight))
            velocity *= self.momentum
            velocity += direction
            direction = velocity
        weight -= rate * direction

    def build(self, optim: Any, parameters: Any) -> Any:
        return optim.RMSprop(
            parameters,
            self.learning_rate,
            alpha=self.decay,
            eps=self.epsilon,
            momentum=self.momentum,
        )
