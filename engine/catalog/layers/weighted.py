"""What all layers with weights and biases have in common: how these start, what holds them small, how they learn."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, ClassVar

from engine.catalog.constraints import Constraint, NoConstraint
from engine.catalog.initializers import GlorotUniform, Initializer, Zeros
from engine.catalog.layers.layer import Layer, Parameter, Shape
from engine.catalog.registry import Group, Range, shared
from engine.catalog.regularizers import NoRegularizer, Regularizer

_START = Group("Initial values")
_PENALTIES = Group("Regularization")
_LEARNING = Group("Learning")


@shared
class Trainable(Layer):
    """A layer that learns, but has no weights in the sense of a `Weighted` one: it can be frozen or slowed down."""

    trainable: Annotated[bool, _LEARNING] = True
    rate_factor: Annotated[float, Range(0.0, 100.0, 0.1), _LEARNING] = 1.0

    @property
    def learning(self) -> float:
        """What the learning rate of its parameters is multiplied by."""
        return self.rate_factor if self.trainable else 0.0


@shared
class Weighted(Layer):
    """A layer with weights, and biases if it wants them: y = f(W x + b)."""

    use_bias: Annotated[bool, _START] = True
    weight_initializer: Annotated[Initializer, _START] = GlorotUniform()
    bias_initializer: Annotated[Initializer, _START] = Zeros()
    weight_regularizer: Annotated[Regularizer, _PENALTIES] = NoRegularizer()
    bias_regularizer: Annotated[Regularizer, _PENALTIES] = NoRegularizer()
    activity_regularizer: Annotated[Regularizer, _PENALTIES] = NoRegularizer()
    constraint: Annotated[Constraint, _PENALTIES] = NoConstraint()
    trainable: Annotated[bool, _LEARNING] = True
    rate_factor: Annotated[float, Range(0.0, 100.0, 0.1), _LEARNING] = 1.0

    former_names: ClassVar[Mapping[str, str]] = MappingProxyType({"regularizer": "weight_regularizer"})

    def weights(self, weight: Shape, bias: int, fan_in: int, fan_out: int) -> Mapping[str, Parameter]:
        """The parameters "weight", of a shape, and "bias", of so many values unless it wants none."""
        factor = self.rate_factor if self.trainable else 0.0
        found = {
            "weight": Parameter(
                weight,
                self.weight_initializer,
                fan_in,
                fan_out,
                self.weight_regularizer,
                self.constraint,
                factor,
            )
        }
        if self.use_bias:
            found["bias"] = Parameter(
                (bias,), self.bias_initializer, fan_in, fan_out, self.bias_regularizer, rate_factor=factor
            )
        return found
