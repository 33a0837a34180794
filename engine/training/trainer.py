"""The contract of a backend: what it can be asked, and what it hands out. Plain data; knows no backend."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from engine.document.errors import Sentence
from engine.plan.plan import Plan

Array = NDArray[Any]
Unit = Literal["sample", "batch", "epoch"]


@dataclass(frozen=True)
class Evaluation:
    """Loss and metric on the training and the test samples; NaN where there are no samples."""

    train_loss: float
    test_loss: float
    train_metric: float
    test_metric: float


@dataclass(frozen=True, eq=False)
class Snapshot:
    """Everything that a run needs to go on as if it had never stopped.

    `weights` are float32 arrays by "node.parameter"; `optimizer` is the optimizer's state by "name" or
    "node.parameter.name"; `position` counts the samples already used in the running epoch; `curves` are the rows of the
    loss history; `watch` is what schedule and stopping rule remember of it, the best weights among it.
    """

    epoch: int = 0
    step: int = 0
    position: int = 0
    weights: Mapping[str, Array] = field(default_factory=dict)
    optimizer: Mapping[str, Array] = field(default_factory=dict)
    curves: Array = field(default_factory=lambda: np.empty((0, 6), np.float64))
    watch: Mapping[str, Array] = field(default_factory=dict)


class Diverged(ArithmeticError):
    """The loss stopped being a finite number. `node` is the first card whose output is not finite, if one is known."""

    def __init__(self, step: int, node: str | None) -> None:
        super().__init__(f"the loss is not finite after step {step}")
        self.step = step
        self.node = node


class Trainer(Protocol):
    """Trains one plan. Constructed from a plan, it stands at epoch 0 with the weights that the seed fixes."""

    plan: Plan
    epoch: int
    step_count: int
    position: int
    stopped: Sentence | None
    """Why the stopping rule ended the last call that trained; None if it did not. The next call goes on past it."""

    def advance(self, seconds: float) -> int:
        """Train for about that long, at least one step; returns the optimizer steps taken. Raises Diverged."""

    def step(self, unit: Unit) -> None:
        """Train on the next sample, on the rest of the running batch, or of the running epoch. Raises Diverged."""

    def train_epochs(self, count: int) -> None:
        """Train to the end of so many epochs, the running one included, or until `stopped`. Raises Diverged."""

    def evaluate(self) -> Evaluation:
        """Loss and metric now."""

    def curves(self) -> Array:
        """The history, (points, 6) float64: epoch, train loss, test loss, train metric, test metric, learning rate."""

    def rate(self) -> float:
        """The learning rate of the next step."""

    def snapshot(self) -> Snapshot:
        """A copy of the state."""

    def restore(self, snapshot: Snapshot) -> None:
        """Take up a state. Raises PlaygroundError when names or shapes do not fit the plan."""

    def edit(self, plan: Plan) -> bool:
        """Go on under another plan, keeping weights and progress; False (and nothing changed) if it cannot."""

    def set_parameter(self, name: str, index: tuple[int, ...], value: float) -> None:
        """Set one value of "node.parameter" by hand."""

    def gradient(self, name: str) -> Array | None:
        """A copy of what the last step's optimizer was given for "node.parameter"; None if it was given nothing."""

    def parameter(self, name: str) -> Array:
        """A copy of "node.parameter"."""

    def outputs(self, values: Array, nodes: tuple[str, ...]) -> dict[str, Array]:
        """The outputs of cards, as at test time, for samples as the data set made them: (samples, *shape) float32."""
