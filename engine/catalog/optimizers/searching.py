"""Optimizers that ask for the loss at several places before they take a step."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from numpy.random import Generator

from engine.catalog.optimizers.line_search import Trial, strong_wolfe
from engine.catalog.optimizers.optimizer import RATE, Array, Objective, Optimizer, State
from engine.catalog.registry import Range, register

_FLAT = 1e-7
"""Largest part of a gradient that counts as none."""
_STILL = 1e-9
"""Smallest change of a weight, of the loss, or of the loss along a direction, that is worth going on for."""
_CURVED = 1e-10
"""Least product of move and change of gradient that is worth remembering."""


@register
class RandomSearch(Optimizer):
    """Tries a random place near the weights and stays there if the loss is lower: no gradient, just luck.

    The learning rate is how far away it looks: the standard deviation of each weight's change. Every step takes all
    training samples, whatever the batch size: a batch could look better by chance, so this loss never rises. The more
    weights there are, the rarer a lucky guess. Neither PyTorch nor Keras has it.
    """

    learning_rate: Annotated[float, RATE] = 0.1

    full_batch = True
    closure_based = True
    label = "Random search"
    formula = "n ~ N(0, learning_rate²);  w ← w + n if L(w + n) < L(w)"
    reference = "Matyas, Automation and Remote Control 26, 1965"
    order = 1

    def search(self, weight: Array, objective: Objective, state: State, rate: float, random: Generator) -> None:
        near = weight + (rate * random.standard_normal(weight.shape)).astype(weight.dtype)
        if objective.value(near) < objective.value(weight):
            weight[...] = near

    def build(self, optim: Any, parameters: Any) -> Any:
        return None


@register
class LBFGS(Optimizer):
    """Learns the curvature of the loss from its last steps and jumps to where the minimum should be.

    Every step takes all training samples, whatever the batch size: between batches the loss changes under its feet,
    and the curvature it remembers is of another one. A step is so many iterations, each of which asks for loss and
    gradient once, or a few times for the line search; without it, iterations may diverge. PyTorch takes 20 iterations
    a step, remembers 100 and has no line search unless asked; Keras has no LBFGS.
    """

    learning_rate: Annotated[float, RATE] = 1.0
    iterations: Annotated[int, Range(1, 100, 1)] = 1
    history: Annotated[int, Range(1, 100, 1)] = 10
    line_search: bool = True

    name = "LBFGS"
    label = "LBFGS"
    full_batch = True
    closure_based = True
    search_state = ("moves", "changes", "move", "gradient")
    formula = (
        "w ← w − t H g;  H is built from the last moves s and changes of gradient y (two-loop recursion) on "
        "(s·y / y·y) I;  t starts at learning_rate (first: learning_rate · min(1, 1/|g|₁)), then strong Wolfe"
    )
    reference = "Liu & Nocedal, Mathematical Programming 45, 1989; Nocedal & Wright 2006, algorithms 7.4, 3.5, 3.6"
    order = 13

    @property
    def _most(self) -> int:
        """Evaluations in one step."""
        return 25 * self.iterations

    def search(self, weight: Array, objective: Objective, state: State, rate: float, random: Generator) -> None:
        with np.errstate(all="ignore"):  # what overflows is seen in the loss
            self._search(weight, objective, state, rate)

    def _search(self, weight: Array, objective: Objective, state: State, rate: float) -> None:
        loss, gradient = objective.slope(weight)
        used = 1
        for number in range(1, self.iterations + 1):
            if np.abs(gradient).max() <= _FLAT or used >= self._most:
                return
            length = rate if state else rate * min(1.0, 1 / float(np.abs(gradient).sum()))
            direction = self._direction(gradient, state)
            state["gradient"] = gradient
            state["move"] = length * direction
            downhill = float(gradient @ direction)
            if downhill > -_STILL:
                return
            before = loss
            if self.line_search:
                start = Trial(0.0, loss, gradient, downhill)
                found, tried = strong_wolfe(objective, weight, direction, start, length, self._most - used)
                used += tried
                length, loss, gradient = found.length, found.loss, found.gradient
                state["move"] = length * direction
            weight += state["move"]
            if not self.line_search and number < self.iterations:
                loss, gradient = objective.slope(weight)
                used += 1
            if np.abs(state["move"]).max() <= _STILL or abs(loss - before) < _STILL:
                # without a line search the last iteration knows no new loss, and there is nothing after it to skip
                return

    def _direction(self, gradient: Array, state: State) -> Array:
        """Downhill, bent by the curvature remembered; remembers what the last move has shown of it first."""
        if not state:
            state["moves"] = state["changes"] = np.zeros((0, len(gradient)), gradient.dtype)
            return -gradient
        move, change = state["move"], gradient - state["gradient"]
        if move @ change > _CURVED:
            kept = self.history - 1
            for name, newest in (("moves", move), ("changes", change)):
                state[name] = np.vstack([state[name][max(0, len(state[name]) - kept) :], newest])
        pairs = list(zip(state["moves"], state["changes"], strict=True))
        direction = -gradient
        shares = []
        for s, y in reversed(pairs):
            shares.append(float(s @ direction) / float(s @ y))
            direction = direction - shares[-1] * y
        if pairs:
            s, y = pairs[-1]
            direction = float(s @ y / np.maximum(y @ y, np.finfo(y.dtype).tiny)) * direction
        for (s, y), share in zip(pairs, reversed(shares), strict=True):
            direction = direction + (share - float(y @ direction) / float(s @ y)) * s
        return direction

    def build(self, optim: Any, parameters: Any) -> Any:
        return optim.LBFGS(
            parameters,
            self.learning_rate,
            max_iter=self.iterations,
            max_eval=self._most,
            tolerance_grad=_FLAT,
            tolerance_change=_STILL,
            history_size=self.history,
            line_search_fn="strong_wolfe" if self.line_search else None,
        )
