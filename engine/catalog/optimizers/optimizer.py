"""What every optimizer declares: how a gradient, or the loss itself, becomes a step.

`update` is the NumPy formula, the oracle of every backend; `build` names the PyTorch optimizer that must agree.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar, Protocol

from numpy.random import Generator
from numpy.typing import NDArray

from engine.catalog.registry import Entry, Range

Array = NDArray[Any]
State = dict[str, Array]

RATE = Range(1e-6, 10.0, logarithmic=True)
SHARE = Range(0.0, 0.99999, 0.01)
EPSILON = Range(1e-12, 1.0, logarithmic=True)


class Objective(Protocol):
    """The loss of one batch as a function of all weights, penalties included; arrays are (weights,)."""

    def value(self, weight: Array) -> float:
        """The loss there."""

    def slope(self, weight: Array) -> tuple[float, Array]:
        """The loss and its gradient there; the gradient is the caller's to keep."""


class Optimizer(Entry, kind="optimizers"):
    """Turns the gradient of the loss into a change of the weights. Every optimizer has a `learning_rate`."""

    learning_rate: float
    full_batch: ClassVar[bool] = False
    """Whether every step takes all training samples, whatever the batch size says."""
    closure_based: ClassVar[bool] = False
    """Whether a step asks for the loss at several places: then it is `search` that takes it, not `update`."""
    search_state: ClassVar[tuple[str, ...]] = ()
    """The parts of the state that `search` keeps; the last axis of each is the weights."""
    momentum_name: ClassVar[str] = ""
    """The field that says how much of the last steps is kept, which a schedule may move; "" if there is none."""
    torch_names: ClassVar[Mapping[str, str]] = MappingProxyType({})
    """What PyTorch calls the parts of the state that `update` names otherwise: PyTorch's name to ours."""

    def update(self, weight: Array, gradient: Array, state: State, rate: float, step: int) -> None:
        """Change `weight` in place by one step (`step` counts from 1); `state` starts as an empty dict."""
        raise NotImplementedError

    def search(self, weight: Array, objective: Objective, state: State, rate: float, random: Generator) -> None:
        """Change `weight` (weights,) in place by one step of a closure-based optimizer.

        `state` starts as an empty dict; `random` is this step's own stream.
        """
        raise NotImplementedError

    def build(self, optim: Any, parameters: Any) -> Any:
        """The optimizer of the namespace `optim` (such as `torch.optim`) over the parameters.

        None where the namespace has none; only a closure-based optimizer may do without.
        """
        raise NotImplementedError
