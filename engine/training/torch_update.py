"""What surrounds the optimizer's step in PyTorch: penalties, clipping, learning-rate factors, constraints."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from engine.catalog.clipping import Clipping, NoClipping
from engine.catalog.constraints import Constraint, NoConstraint
from engine.catalog.layers.layer import Parameter
from engine.catalog.regularizers import NoRegularizer, Regularizer


class _Penalty(NamedTuple):
    regularizer: Regularizer
    weight: Tensor
    gradient: Tensor


class StepRules:
    """What the document asks for beside the optimizer's step; costs nothing where it asks for nothing."""

    def __init__(self, clipping: Clipping, gradient: Tensor) -> None:
        """For a network whose whole gradient is one flat tensor; `add` tells of its parameters.

        None of the tensors is known to autograd.
        """
        self._clipping = None if isinstance(clipping, NoClipping) else clipping
        self._gradient = gradient
        self._penalties: list[_Penalty] = []
        self._slowed: list[tuple[Tensor, float]] = []
        self._constrained: list[tuple[Constraint, Tensor, int]] = []
        self.trains = False
        """Whether any parameter is trained."""

    def add(self, declared: Parameter, weight: Tensor, gradient: Tensor) -> None:
        """Take up a parameter: its values and its part of the gradient."""
        if declared.rate_factor != 1:
            self._slowed.append((weight, declared.rate_factor))
        if not declared.rate_factor:
            return
        self.trains = True
        if not isinstance(declared.regularizer, NoRegularizer):
            self._penalties.append(_Penalty(declared.regularizer, weight, gradient))
        if not isinstance(declared.constraint, NoConstraint):
            self._constrained.append((declared.constraint, *_by_units(weight, declared.transposed_groups)))

    def penalty(self) -> Tensor | float:
        """The sum of the penalties on weights and biases."""
        return sum((each.regularizer.penalty(torch, each.weight) for each in self._penalties), 0.0)

    def complete_gradient(self) -> None:
        """From the gradient of the loss to the one that the optimizer is given."""
        for regularizer, weight, gradient in self._penalties:
            gradient += regularizer.gradient(torch, weight)
        if self._clipping is not None:
            self._gradient.copy_(self._clipping.clip(torch, self._gradient))

    def before_step(self) -> list[Tensor]:
        """What `after_step` needs to know of the weights before the optimizer changes them."""
        return [weight.clone() for weight, _ in self._slowed]

    def hold(self, kept: list[Tensor]) -> None:
        """Take weights that are not trained back to what they were."""
        for (weight, factor), before in zip(self._slowed, kept, strict=True):
            if not factor:
                weight.copy_(before)

    def after_step(self, kept: list[Tensor]) -> None:
        """Take weights with a learning rate of their own back to their share of the way, then allow what is allowed."""
        for (weight, factor), before in zip(self._slowed, kept, strict=True):
            if factor:
                weight.sub_(before).mul_(factor).add_(before)
        self.hold(kept)
        for constraint, weight, units in self._constrained:
            weight.copy_(constraint.project(torch, weight.reshape(units, -1)).view(weight.shape))


def _by_units(weight: Tensor, transposed_groups: int) -> tuple[Tensor, int]:
    """A view of weights that begins with the units, on one axis or two, and how many units there are."""
    if not transposed_groups:
        return weight, len(weight)
    inputs, units, *window = weight.shape
    grouped = weight.view(transposed_groups, inputs // transposed_groups, units, *window)
    return grouped.transpose(1, 2), transposed_groups * units
