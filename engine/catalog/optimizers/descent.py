"""Steps along the gradient itself: of all samples, or of a batch with momentum."""

from __future__ import annotations

from types import MappingProxyType
from typing import Annotated, Any

import numpy as np

from engine.catalog.optimizers.optimizer import RATE, SHARE, Array, Optimizer, State
from engine.catalog.registry import register
from engine.document.errors import InvalidValueError


@register
class GradientDescent(Optimizer):
    """Steps straight down the gradient of all training samples: no noise, one step per epoch, whatever the batch size.

    The loss falls at every step if the rate is small enough. In PyTorch and Keras this is SGD with one batch that holds
    the whole training set.
    """

    learning_rate: Annotated[float, RATE] = 0.1

    label = "Gradient descent"
    full_batch = True
    formula = "w ← w − learning_rate · g;  g is the gradient of the mean loss of all training samples"
    reference = "Cauchy 1847"
    order = 2

    def update(self, weight: Array, gradient: Array, state: State, rate: float, step: int) -> None:
        weight -= rate * gradient

    def build(self, optim: Any, parameters: Any) -> Any:
        return optim.SGD(parameters, self.learning_rate, fused=True)


@register
class SGD(Optimizer):
    """Steps straight down the gradient of each batch; momentum keeps it rolling through noise and valleys.

    Dampening weakens what each new gradient adds to the velocity, the first one excepted. As in PyTorch, the rate
    multiplies the velocity; in Keras and in Polyak's paper it multiplies the gradient that enters it, which is the same
    while the rate stays. A velocity of momentum 0.9 grows to ten times a steady gradient.
    """

    learning_rate: Annotated[float, RATE] = 0.03
    momentum: Annotated[float, SHARE] = 0.0
    nesterov: bool = False
    dampening: Annotated[float, SHARE] = 0.0

    name = "SGD"
    momentum_name = "momentum"
    torch_names = MappingProxyType({"momentum_buffer": "velocity"})
    label = "SGD"
    formula = (
        "v ← momentum · v + (1 − dampening) g;  w ← w − learning_rate · v  "
        "(first step: v = g; Nesterov: g + momentum · v instead of v)"
    )
    reference = "Robbins & Monro 1951; Polyak 1964; Sutskever et al., ICML 2013"
    order = 3

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.nesterov and not self.momentum:
            raise InvalidValueError(
                "nesterov (=true) needs momentum (={momentum}) above 0; raise momentum first",
                momentum=self.momentum,
            )
        if self.nesterov and self.dampening:
            raise InvalidValueError(
                "nesterov (=true) needs dampening (={dampening}) to be 0; lower dampening first",
                dampening=self.dampening,
            )

    def update(self, weight: Array, gradient: Array, state: State, rate: float, step: int) -> None:
        if self.momentum:
            velocity = state.setdefault("velocity", np.zeros_like(weight))
            velocity *= self.momentum
            velocity += np.where(step == 1, 1.0, 1 - self.dampening) * gradient if self.dampening else gradient
            gradient = gradient + self.momentum * velocity if self.nesterov else velocity
        weight -= rate * gradient

    def build(self, optim: Any, parameters: Any) -> Any:
        return optim.SGD(
            parameters,
            self.learning_rate,
            momentum=self.momentum,
            dampening=self.dampening,
            nesterov=self.nesterov,
            fused=True,
        )
