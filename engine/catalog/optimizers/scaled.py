"""Each gradient divided by what the earlier gradients of its weight were like."""

from __future__ import annotations

from types import MappingProxyType
from typing import Annotated, Any

import numpy as np

from engine.catalog.optimizers.optimizer import EPSILON, RATE, SHARE, Array, Optimizer, State
from engine.catalog.registry import Range, register


@register
class Adagrad(Optimizer):
    """Divides each gradient by the size of all earlier ones together: rare inputs keep large steps, all steps shrink.

    It heads for the minimum of a long valley early, but on networks it often stops before it is there. Epsilon is added
    to the root, as in PyTorch; Keras adds it under the root (1e-7), starts the sum at 0.1 and has the rate 0.001.
    """

    learning_rate: Annotated[float, RATE] = 0.01
    initial_sum: Annotated[float, Range(0.0, 10.0, 0.1)] = 0.0
    epsilon: Annotated[float, EPSILON] = 1e-10

    torch_names = MappingProxyType({"sum": "total"})
    name = "Adagrad"
    label = "Adagrad"
    formula = "s ← s + g²;  w ← w − learning_rate · g / (√s + ε);  s starts at initial_sum"
    reference = "Duchi, Hazan & Singer, JMLR 12, 2011"
    order = 4

    def update(self, weight: Array, gradient: Array, state: State, rate: float, step: int) -> None:
        total = state.setdefault("total", np.full_like(weight, self.initial_sum))
        total += gradient**2
        weight -= rate * (gradient / (np.sqrt(total) + self.epsilon))

    def build(self, optim: Any, parameters: Any) -> Any:
        return optim.Adagrad(
            parameters,
            self.learning_rate,
            initial_accumulator_value=self.initial_sum,
            eps=self.epsilon,
        )


@register
class RMSprop(Optimizer):
    """Divides each gradient by a running mean of its size, so that steep and flat directions move alike.

    Centered, it divides by the standard deviation of the gradient instead, so that a steady gradient takes large steps.
    PyTorch adds epsilon to the root and keeps 0.99 of the mean; Keras adds it under the root (1e-7), keeps 0.9 and has
    the rate 0.001. Momentum acts on the divided gradient in both.
    """

    learning_rate: Annotated[float, RATE] = 0.01
    decay: Annotated[float, SHARE] = 0.99
    epsilon: Annotated[float, EPSILON] = 1e-8
    momentum: Annotated[float, SHARE] = 0.0
    centered: bool = False

    name = "RMSprop"
    momentum_name = "momentum"
    torch_names = MappingProxyType({"momentum_buffer": "velocity", "square_avg": "square", "grad_avg": "mean"})
    label = "RMSprop"
    formula = (
        "s ← decay · s + (1−decay) g²;  v ← momentum · v + g / (√s + ε);  w ← w − learning_rate · v  "
        "(centered: √(s − m²), m ← decay · m + (1−decay) g)"
    )
    reference = (
        "Hinton, Coursera lecture 6e, 2012; centered: Graves 2013; decay is PyTorch's alpha, 0.99 (Keras: rho, 0.9)"
    )
    order = 5

    def update(self, weight: Array, gradient: Array, state: State, rate: float, step: int) -> None:
        square = state.setdefault("square", np.zeros_like(weight))
        square *= self.decay
        square += (1 - self.decay) * gradient**2
        size = square
        if self.centered:
            mean = state.setdefault("mean", np.zeros_like(weight))
            mean += (1 - self.decay) * (gradient - mean)
            size = np.maximum(square - mean**2, 0.0)  # never negative but for rounding
        direction = gradient / (np.sqrt(size) + self.epsilon)
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
            centered=self.centered,
        )


@register
class Adadelta(Optimizer):
    """Measures each step in earlier steps and earlier gradients, so that no learning rate has to be found.

    It starts slowly: its first steps are as small as the root of epsilon. The paper knows no learning rate, which is 1
    here and in PyTorch; Keras has 0.001, which is far slower. The decay is 0.9 in PyTorch, 0.95 in the paper and Keras;
    epsilon is under both roots everywhere, 1e-6 here and in the paper, 1e-7 in Keras.
    """

    learning_rate: Annotated[float, RATE] = 1.0
    decay: Annotated[float, SHARE] = 0.9
    epsilon: Annotated[float, EPSILON] = 1e-6

    torch_names = MappingProxyType({"square_avg": "square", "acc_delta": "moves"})
    name = "Adadelta"
    label = "Adadelta"
    formula = (
        "s ← decay · s + (1−decay) g²;  d = √(u + ε) / √(s + ε) · g;  u ← decay · u + (1−decay) d²;  "
        "w ← w − learning_rate · d"
    )
    reference = "Zeiler 2012, algorithm 1"
    order = 6

    def update(self, weight: Array, gradient: Array, state: State, rate: float, step: int) -> None:
        square = state.setdefault("square", np.zeros_like(weight))
        moves = state.setdefault("moves", np.zeros_like(weight))
        square *= self.decay
        square += (1 - self.decay) * gradient**2
        move = np.sqrt(moves + self.epsilon) / np.sqrt(square + self.epsilon) * gradient
        moves *= self.decay
        moves += (1 - self.decay) * move**2
        weight -= rate * move

    def build(self, optim: Any, parameters: Any) -> Any:
        return optim.Adadelta(parameters, self.learning_rate, rho=self.decay, eps=self.epsilon)


@register
class Rprop(Optimizer):
    """Looks at the sign of each gradient alone: a weight's step grows while the sign stays and shrinks when it turns.

    Made for the gradient of all samples: on small batches signs turn by chance, so choose a batch as large as the data.
    The learning rate is the size of the first step only, as in PyTorch: schedules change nothing after it. Where the
    sign turns, the weight rests for a step (the paper's later variant takes the last step back). Keras has no Rprop.
    """

    learning_rate: Annotated[float, RATE] = 0.01
    shrink: Annotated[float, Range(0.01, 0.99, 0.01)] = 0.5
    grow: Annotated[float, Range(1.01, 10.0, 0.01)] = 1.2
    smallest_step: Annotated[float, Range(1e-12, 1.0, logarithmic=True)] = 1e-6
    largest_step: Annotated[float, Range(1.0, 1000.0, logarithmic=True)] = 50.0

    torch_names = MappingProxyType({"prev": "last", "step_size": "size"})
    name = "Rprop"
    label = "Rprop"
    formula = (
        "z ← grow · z where g · g_last > 0, shrink · z and g ← 0 where g · g_last < 0;  w ← w − sign(g) · z;  "
        "z starts at learning_rate, stays within smallest_step and largest_step"
    )
    reference = "Riedmiller & Braun, ICNN 1993; without taking steps back: Igel & Hüsken 2000, Rprop−"
    order = 12

    def update(self, weight: Array, gradient: Array, state: State, rate: float, step: int) -> None:
        size = state.setdefault("size", np.full_like(weight, self.learning_rate))
        last = state.setdefault("last", np.zeros_like(weight))
        agreement = gradient * last
        turned = agreement < 0
        size *= np.where(step == 1, rate / self.learning_rate, 1.0)
        size *= np.where(agreement > 0, self.grow, np.where(turned, self.shrink, 1.0))
        np.maximum(size, self.smallest_step, out=size)
        np.minimum(size, self.largest_step, out=size)
        followed = np.where(turned, 0.0, gradient)
        weight -= np.sign(followed) * size
        state["last"] = followed

    def build(self, optim: Any, parameters: Any) -> Any:
        return optim.Rprop(
            parameters,
            self.learning_rate,
            etas=(self.shrink, self.grow),
            step_sizes=(self.smallest_step, self.largest_step),
        )
