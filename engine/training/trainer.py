"""The contract of a backend: what it can be asked, and what it hands out. Plain data; knows no backend."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from engine.document.errors import Sentence
from engine.plan.plan import Plan
from engine.training.moments import Moments

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


@dataclass(frozen=True, eq=False)
class Judged:
    """Answers to the samples that are judged: the first ones to learn from, then those to test on.

    `moment` says when that was, in epochs; `now`, whether the network still answers so. `outputs` is (samples, units)
    of the main output, as at test time; `losses` is (samples,), what each adds to the mean. `learnt` of them are there
    to learn from; `size` samples there are to learn from altogether.
    """

    moment: float
    now: bool
    outputs: Array
    losses: Array
    learnt: int
    size: int
    notes: dict[str, Any] = field(default_factory=dict)
    """What probes have made of these answers, by their names: they stay the same where new ones take long."""

    @property
    def places(self) -> Array:
        """The place of each among all samples, (samples,) int64."""
        tested = len(self.losses) - self.learnt
        return np.concatenate([np.arange(self.learnt), np.arange(self.size, self.size + tested)])


class Diverged(ArithmeticError):
    """The loss stopped being a finite number. `node` is the first card whose output is not finite, if one is known."""

    def __init__(self, step: int, node: str | None) -> None:
        super().__init__(f"the loss is not finite after step {step}")
        self.step = step
        self.node = node


class Inspection(Protocol):
    """Looks into a network as it acts at test time: what its cards give, and how that changes with its inputs.

    `inputs` are samples as the network gets them, (samples, *shape) float32, the same for every Input card. `weights`
    say what is asked about: the sum of weights · outputs of a card, one number for each sample; they broadcast against
    the card's outputs. `raw` means a card's value before its activation.
    """

    notes: dict[str, Any]
    """What probes that work part by part have come to, by their names; it is forgotten with the network."""

    def scaled(self, values: Array) -> Array:
        """Samples as the data set holds them, as the network gets them."""

    def responses(self, inputs: Array, node: str, *, raw: bool = False) -> Array:
        """What a card gives, (samples, *output shape) float32."""

    def input_gradient(self, inputs: Array, node: str, weights: Array, *, raw: bool = False) -> Array:
        """The slope of the weighted sum with respect to the inputs, of their shape."""

    def gradient_at(
        self, inputs: Array, at: str, node: str, weights: Array, *, raw: bool = False
    ) -> tuple[Array, Array]:
        """What the card `at` gives, and the slope of the weighted sum of `node` with respect to that."""


class Trainer(Protocol):
    """Trains one plan. Constructed from a plan, it stands at epoch 0 with the weights that the seed fixes."""

    plan: Plan
    epoch: int
    step_count: int
    position: int
    known: dict[Hashable, Any]
    """What probes that work part by part have found out about the network as it is; forgotten with its next step."""
    moments: Moments
    """What was seen of it since it began, as far as anybody kept something; it is empty at epoch 0."""
    stopped: Sentence | None
    """Why the stopping rule ended the last call that trained; None if it did not. The next call goes on past it."""

    def advance(self, seconds: float) -> int:
        """Train for about that long, at least one step; returns the optimizer steps taken. Raises Diverged."""

    @property
    def moment(self) -> float:
        """Where the run stands, in epochs."""

    def step(self, unit: Unit) -> None:
        """Train on the next sample, on the rest of the running batch, or of the running epoch. Raises Diverged."""

    def train_epochs(self, count: int) -> None:
        """Train to the end of so many epochs, the running one included, or until `stopped`. Raises Diverged."""

    def evaluate(self) -> Evaluation:
        """Loss and metric now."""

    @property
    def judges_late(self) -> bool:
        """Whether metrics and test losses are of the network as it was, and `judge_on` would bring those of now."""

    @property
    def tested_at(self) -> float | None:
        """When metrics and test losses of `evaluate` were measured, in epochs; None: they are of the network now."""

    def judge_on(self) -> None:
        """Judge the network as it is, the next part of what takes long: until `judges_late` no more."""

    def judged(self) -> Judged:
        """The answers to all that is judged; those of the last epoch's end, where new ones would take long."""

    def loss_history(self, sample: int) -> Array:
        """The loss of one sample over the run, (points, 2) float64: epoch, loss. Empty for one that is not judged."""

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

    def some_values(self, name: str, most: int, *, slope: bool = False) -> Array | None:
        """At most so many values of "node.parameter", or of its gradient (None: there is none), evenly spread."""

    def outputs(self, values: Array, nodes: tuple[str, ...]) -> dict[str, Array]:
        """The outputs of cards, as at test time, for samples as the data set made them: (samples, *shape) float32."""

    def inspection(self, moment: int = 0) -> Inspection:
        """A look into the network as it is now, until it is trained on.

        Another `moment` than 0 means the network as it was when that number was first asked for; the one before it is
        forgotten. The first call may load PyTorch, which takes seconds.
        """

    def updates(self) -> Mapping[str, float]:
        """How far each array that is learned went in one step, relative to its norm, by "node.parameter".

        It is measured in the first step after each call; empty until then.
        """
