"""What a backend adds to a run: how a step is taken, how the network answers, where the numbers are kept."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine.plan.plan import Plan
from engine.training.trainer import Array

if TYPE_CHECKING:
    from engine.training.torch_network import TorchNetwork


class Backend(ABC):
    """The arithmetic that `Run` needs; a subclass of `Run` implements it."""

    @abstractmethod
    def _build(self, plan: Plan) -> None:
        """Make the network and the optimizer. Raises PlaygroundError if the plan is not ready."""

    @abstractmethod
    def _initialize(self, plan: Plan) -> None:
        """Set weights and optimizer to what a plan with another seed starts from."""

    @abstractmethod
    def _prepare(self) -> None:
        """Take over the samples: `_values` and `_targets`, those to train on first."""

    @abstractmethod
    def _advance(self, seconds: float) -> None:
        """Train for about that long, at least one step, or until it is `stopped`. Raises Diverged."""

    @abstractmethod
    def _update(self, end: int) -> None:
        """One optimizer step on the samples of the epoch from `position` up to `end`, recorded if it ends a due one."""

    @abstractmethod
    def _raw_answers(self, first: int, last: int) -> Array:
        """What the outputs' losses are computed from, side by side, for `_values` from the first to before the last."""

    def _running_loss(self) -> float | None:
        """About the loss of the last batches, as they were learnt from; None where that is not known."""
        return None

    @abstractmethod
    def _is_finite(self) -> bool:
        """Whether the weights and the last loss are finite numbers."""

    @abstractmethod
    def _state(self) -> Any:
        """A copy of weights and optimizer: cheap, to be given to `_put_state`."""

    @abstractmethod
    def _put_state(self, state: Any) -> None:
        """Return to a state that `_state` gave."""

    @abstractmethod
    def _parameter(self, name: str) -> Array:
        """The values of "node.parameter"; to be copied by whoever keeps or changes them."""

    @abstractmethod
    def _gradient(self, name: str) -> Array:
        """The gradient of "node.parameter" in the last step; asked for only if `_has_gradient` was set."""

    @abstractmethod
    def _put_parameter(self, name: str, values: Array) -> None:
        """Set "node.parameter" to values of its shape."""

    def _torch_network(self) -> TorchNetwork | None:
        """The network itself where PyTorch trains it; one that is made later, from a new plan, is another."""
        return None

    @abstractmethod
    def _optimizer_arrays(self) -> Mapping[str, Array]:
        """The optimizer's state, by "name" or "node.parameter.name"."""

    @abstractmethod
    def _put_optimizer_arrays(self, arrays: Mapping[str, Array]) -> None:
        """Take up what `_optimizer_arrays` gave. Raises InvalidValueError when it belongs to another network."""

    @abstractmethod
    def outputs(self, values: Array, nodes: tuple[str, ...]) -> dict[str, Array]:
        """The outputs of some cards for samples as the data set made them, (samples, *shape) float32 each."""
