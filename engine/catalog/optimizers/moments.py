"""Adam and its relatives: means of the gradient and of its size, corrected for their start at zero."""

from __future__ import annotations

from types import MappingProxyType
from typing import Annotated, Any

import numpy as np

from engine.catalog.optimizers.optimizer import EPSILON, RATE, SHARE, Array, Optimizer, State
from engine.catalog.registry import Range, register

_DECAY = Range(0.0, 1.0, 0.001)


def _moments(weight: Array, gradient: Array, state: State, beta_1: float, beta_2: float) -> tuple[Array, Array]:
    """The running means of the gradient and of its square, brought up to date."""
    mean = state.setdefault("mean", np.zeros_like(weight))
    square = state.setdefault("square", np.zeros_like(weight))
    mean += (1 - beta_1) * (gradient - mean)
    square += (1 - beta_2) * (gradient**2 - square)
    return mean, square


@register
class Adam(Optimizer):
    """Gives every weight its own step size, from running means of its gradient and of its square.

    AMSGrad divides by the largest mean square so far, so that steps never grow again; the largest is taken before the
    correction, as in PyTorch and Keras (the paper corrects nothing). Epsilon, 1e-8, is added to the corrected root, as
    in the paper's algorithm 1 and PyTorch; Keras adds its 1e-7 before the correction. Both have the rate 0.001.
    """

    learning_rate: Annotated[float, RATE] = 0.01
    beta_1: Annotated[float, SHARE] = 0.9
    beta_2: Annotated[float, SHARE] = 0.999
    epsilon: Annotated[float, EPSILON] = 1e-8
    amsgrad: bool = False

    momentum_name = "beta_1"
    torch_names = MappingProxyType({"exp_avg": "mean", "exp_avg_sq": "square", "max_exp_avg_sq": "largest"})
    label = "Adam"
    name = "Adam"
    formula = (
        "m ← β₁m + (1−β₁)g;  v ← β₂v + (1−β₂)g²;  w ← w − learning_rate · m̂ / (√v̂ + ε);  "
        "m̂ = m / (1−β₁ᵗ), v̂ = v / (1−β₂ᵗ)  (AMSGrad: the largest v so far)"
    )
    reference = "Kingma & Ba, ICLR 2015, algorithm 1; AMSGrad: Reddi, Kale & Kumar, ICLR 2018"
    order = 7

    def update(self, weight: Array, gradient: Array, state: State, rate: float, step: int) -> None:
        mean, square = _moments(weight, gradient, state, self.beta_1, self.beta_2)
        if self.amsgrad:
            largest = state.setdefault("largest", np.zeros_like(weight))
            np.maximum(largest, square, out=largest)
            square = largest
        corrected = np.sqrt(square / (1 - self.beta_2**step)) + self.epsilon
        weight -= rate / (1 - self.beta_1**step) * mean / corrected

    def build(self, optim: Any, parameters: Any) -> Any:
        return optim.Adam(
            parameters,
            self.learning_rate,
            betas=(self.beta_1, self.beta_2),
            eps=self.epsilon,
            amsgrad=self.amsgrad,
            fused=True,
        )


@register
class AdamW(Adam):
    """Adam that also shrinks every weight by a small share at each step, apart from the gradient: weight decay.

    A penalty in the loss (L2) is divided by Adam's root and so weakens where gradients are large; this decay is not.
    It is multiplied by the learning rate, as in PyTorch (0.01) and Keras (0.004); in the paper it follows the schedule
    alone. Biases decay too.
    """

    learning_rate: Annotated[float, RATE] = 0.001
    weight_decay: Annotated[float, Range(0.0, 10.0, 0.001)] = 0.01

    label = "AdamW"
    name = "AdamW"
    formula = "w ← w − learning_rate · weight_decay · w;  then as Adam: w ← w − learning_rate · m̂ / (√v̂ + ε)"
    reference = "Loshchilov & Hutter, ICLR 2019, algorithm 2"
    order = 8

    def update(self, weight: Array, gradient: Array, state: State, rate: float, step: int) -> None:
        weight -= rate * self.weight_decay * weight
        super().update(weight, gradient, state, rate, step)

    def build(self, optim: Any, parameters: Any) -> Any:
        return optim.AdamW(
            parameters,
            self.learning_rate,
            betas=(self.beta_1, self.beta_2),
            eps=self.epsilon,
            weight_decay=self.weight_decay,
            amsgrad=self.amsgrad,
            fused=True,
        )


@register
class NAdam(Optimizer):
    """Adam with a look ahead: the next step's share of the momentum is taken now, as Nesterov's momentum does.

    The share of the momentum warms up: β₁ is multiplied by 1 − ½ · 0.96^(t · momentum_decay). With 0.004, as in the
    paper and PyTorch, it stays near β₁/2 for a thousand steps; Keras warms up as with 1. Keras has the rate 0.001 and
    epsilon 1e-7.
    """

    learning_rate: Annotated[float, RATE] = 0.002
    beta_1: Annotated[float, SHARE] = 0.9
    beta_2: Annotated[float, SHARE] = 0.999
    epsilon: Annotated[float, EPSILON] = 1e-8
    momentum_decay: Annotated[float, _DECAY] = 0.004

    name = "NAdam"
    label = "NAdam"
    momentum_name = "beta_1"
    torch_names = MappingProxyType({"exp_avg": "mean", "exp_avg_sq": "square", "mu_product": "product"})
    formula = (
        "μₜ = β₁ (1 − ½ · 0.96^(t · momentum_decay));  p ← p μₜ;  m and v as in Adam;  "
        "w ← w − learning_rate · (μₜ₊₁ m / (1 − p μₜ₊₁) + (1 − μₜ) g / (1 − p)) / (√v̂ + ε)"
    )
    reference = "Dozat, ICLR workshop 2016"
    order = 9

    def update(self, weight: Array, gradient: Array, state: State, rate: float, step: int) -> None:
        mean, square = _moments(weight, gradient, state, self.beta_1, self.beta_2)
        share = self._share(step)
        following = self._share(step + 1)
        # The product of the shares so far depends on all earlier steps: it is kept, beside each weight like any state.
        product = state.setdefault("product", np.ones_like(weight))
        product *= share
        size = np.sqrt(square / (1 - self.beta_2**step)) + self.epsilon
        weight -= rate * (1 - share) * gradient / ((1 - product) * size)
        weight -= rate * following * mean / ((1 - product * following) * size)

    def _share(self, step: int) -> float:
        """What a step keeps of the momentum."""
        return self.beta_1 * (1 - 0.5 * 0.96 ** (step * self.momentum_decay))

    def build(self, optim: Any, parameters: Any) -> Any:
        return optim.NAdam(
            parameters,
            self.learning_rate,
            betas=(self.beta_1, self.beta_2),
            eps=self.epsilon,
            momentum_decay=self.momentum_decay,
        )


@register
class Adamax(Optimizer):
    """Adam that divides by the largest recent gradient instead of a mean square: steadier, and often slower.

    Epsilon is added to each gradient's size before the largest is taken, as in PyTorch; Keras adds its 1e-7 to the
    largest, the paper has none. Some books leave the absolute value out: then negative gradients are missed.
    """

    learning_rate: Annotated[float, RATE] = 0.002
    beta_1: Annotated[float, SHARE] = 0.9
    beta_2: Annotated[float, SHARE] = 0.999
    epsilon: Annotated[float, EPSILON] = 1e-8

    momentum_name = "beta_1"
    torch_names = MappingProxyType({"exp_avg": "mean", "exp_inf": "largest"})
    name = "Adamax"
    label = "Adamax"
    formula = "m ← β₁m + (1−β₁)g;  u ← max(β₂u, |g| + ε);  w ← w − learning_rate / (1−β₁ᵗ) · m / u"
    reference = "Kingma & Ba, ICLR 2015, algorithm 2"
    order = 10

    def update(self, weight: Array, gradient: Array, state: State, rate: float, step: int) -> None:
        mean = state.setdefault("mean", np.zeros_like(weight))
        largest = state.setdefault("largest", np.zeros_like(weight))
        mean += (1 - self.beta_1) * (gradient - mean)
        largest *= self.beta_2
        np.maximum(largest, np.abs(gradient) + self.epsilon, out=largest)
        weight -= rate / (1 - self.beta_1**step) * mean / largest

    def build(self, optim: Any, parameters: Any) -> Any:
        return optim.Adamax(parameters, self.learning_rate, betas=(self.beta_1, self.beta_2), eps=self.epsilon)


@register
class RAdam(Optimizer):
    """Adam that waits with dividing until it has seen enough gradients to know their size: a warm-up of its own.

    With β₂ = 0.999 the first five steps are those of momentum, then the rate grows from a small share to the full one.
    PyTorch divides from a length ρ above 5, the paper from above 4. Epsilon is added before the correction, as in
    PyTorch; the paper has none. Keras has no RAdam.
    """

    learning_rate: Annotated[float, RATE] = 0.001
    beta_1: Annotated[float, SHARE] = 0.9
    beta_2: Annotated[float, SHARE] = 0.999
    epsilon: Annotated[float, EPSILON] = 1e-8

    name = "RAdam"
    label = "RAdam"
    momentum_name = "beta_1"
    torch_names = MappingProxyType({"exp_avg": "mean", "exp_avg_sq": "square"})
    formula = (
        "ρ∞ = 2/(1−β₂) − 1;  ρ = ρ∞ − 2t β₂ᵗ/(1−β₂ᵗ);  r = √((ρ−4)(ρ−2)ρ∞ / ((ρ∞−4)(ρ∞−2)ρ));  "
        "w ← w − learning_rate · m̂ · (ρ > 5: r √(1−β₂ᵗ) / (√v + ε), else 1)"
    )
    reference = "Liu et al., ICLR 2020, algorithm 2"
    order = 11

    def update(self, weight: Array, gradient: Array, state: State, rate: float, step: int) -> None:
        mean, square = _moments(weight, gradient, state, self.beta_1, self.beta_2)
        move = rate / (1 - self.beta_1**step) * mean
        longest = 2 / (1 - self.beta_2) - 1
        if longest > 5:
            left = self.beta_2**step
            length = longest - 2 * step * left / (1 - left)
            known = length > 5
            # below a length of 5 the root is not asked for, so that it may as well be that of 5
            inside = np.where(known, length, 5.0)
            share = (inside - 4) * (inside - 2) * longest / ((longest - 4) * (longest - 2) * inside)
            move = move * np.where(known, np.sqrt(share * (1 - left)) / (np.sqrt(square) + self.epsilon), 1.0)
        weight -= move

    def build(self, optim: Any, parameters: Any) -> Any:
        return optim.RAdam(parameters, self.learning_rate, betas=(self.beta_1, self.beta_2), eps=self.epsilon)
