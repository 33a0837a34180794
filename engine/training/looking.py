"""What can be read off a run, whatever backend trains: its values, its slopes, how far a step goes."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

from engine.plan.plan import Plan
from engine.training.backend import Backend
from engine.training.curve import Curve, NoCurve
from engine.training.moments import Moments
from engine.training.parameters import check_known
from engine.training.trainer import Array
from engine.training.updates import Updates, stride

if TYPE_CHECKING:
    from engine.training.inspection import Inspector, TorchInspection


def inspection_is_loaded() -> bool:
    """Whether what computes slopes is there, so that asking for them takes no seconds."""
    return "engine.training.inspection" in sys.modules


class Looking(Backend):
    """A run as far as it is looked at."""

    plan: Plan
    moments: Moments
    """What was seen of it since it began, as far as anybody kept something."""
    _has_gradient: bool
    _inspector: Inspector | None = None
    _updates: Updates
    _curve: Curve | NoCurve

    def _begin_looking(self) -> None:
        """The network is another one."""
        self._inspector = None
        self._updates = Updates(self.plan, self._parameter)

    def parameter(self, name: str) -> Array:
        """A copy of "node.parameter" or "node.buffer". Raises InvalidValueError for an unknown name."""
        check_known(name, self.plan.saved_shapes)
        return self._parameter(name).copy()

    def gradient(self, name: str) -> Array | None:
        """A copy of what the last step's optimizer was given for "node.parameter": penalties included, clipped.

        None before a step, and where the optimizer takes no gradient. Raises InvalidValueError for an unknown name.
        """
        check_known(name, {known: parameter.shape for known, parameter in self.plan.parameters.items()})
        return self._gradient(name).copy() if self._has_gradient else None

    def some_values(self, name: str, most: int, *, slope: bool = False) -> Array | None:
        """At most so many values of "node.parameter", or of its gradient, evenly spread: cheap however long it is.

        None for a gradient that there is not. Raises InvalidValueError for an unknown name.
        """
        check_known(name, {known: parameter.shape for known, parameter in self.plan.parameters.items()})
        if slope and not self._has_gradient:
            return None
        values = (self._gradient(name) if slope else self._parameter(name)).ravel()
        return values[:: stride(values.size, most)].copy()

    def curves(self) -> Array:
        """The history, (points, 6) float64: epoch, train loss, test loss, train metric, test metric, learning rate."""
        return self._curve.rows

    def inspection(self, moment: int = 0) -> TorchInspection:
        """A look into the network as it is now, until it is trained on.

        Another `moment` than 0 means the network as it was when that number was first asked for; the one before it is
        forgotten. The first call may load PyTorch, which takes seconds.
        """
        from engine.training.inspection import Inspector  # most runs need no slopes, and the kernels no PyTorch

        if self._inspector is None:
            self._inspector = Inspector(self.plan, self._torch_network())
        return self._inspector.look(moment, self._parameter)

    def updates(self) -> Mapping[str, float]:
        """How far each array that is learned went in one step, relative to its norm, by "node.parameter".

        It is measured in the first step after each call; empty until then.
        """
        return self._updates.take()

    def _measured_update(self, end: int) -> None:
        """`_update`, and how far it went if somebody wants to know."""
        self._updates.begin()
        self._update(end)
        self._updates.end()
