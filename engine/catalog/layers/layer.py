"""What a layer declares about itself: fields, shapes, parameters, and how it is built."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar

from engine.catalog.activations import Activation, Linear
from engine.catalog.activations.activation import Array
from engine.catalog.parameters import Parameter as Parameter
from engine.catalog.parameters import Shape as Shape
from engine.catalog.registry import Entry
from engine.catalog.regularizers import NoRegularizer, Regularizer

_LINEAR, _NONE = Linear(), NoRegularizer()


@dataclass(frozen=True)
class Buffer:
    """One array that a layer keeps and updates while it is trained, by no gradient: a running mean or variance."""

    shape: Shape
    start: float = 0.0
    """The value it is filled with before the first step."""

    @property
    def size(self) -> int:
        """Number of values."""
        return math.prod(self.shape)


class Layer(Entry, kind="layers"):
    """A card of the network.

    A layer is a linear or structural part, made by `build` and called by `forward`, followed by its `activation`.
    """

    takes: ClassVar[tuple[int, int]] = (1, 1)
    """Fewest and most inputs. Merging layers take several; an Input takes none."""
    stochastic: ClassVar[bool] = False
    """Whether it draws random numbers while training (dropout)."""
    checks_values: ClassVar[bool] = False
    """Whether it takes certain numbers only, see `check_values`."""
    examples: ClassVar[tuple[tuple[Shape, ...], ...]] = (((4,),),)
    """Input shapes it accepts, one tuple per example; the generic tests run over them."""
    summary: ClassVar[tuple[str, ...]] = ()
    """The fields that its card shows, at most three."""

    @classmethod
    def spelling(cls, class_name: str) -> str:
        return class_name

    @property
    def output_activation(self) -> Activation:
        """The activation applied after the layer's own part; linear where it has no field for one."""
        return getattr(self, "activation", _LINEAR)

    @property
    def activity_penalty(self) -> Regularizer:
        """What the loss adds for the card's outputs, on average over the samples of a batch; nothing, if undeclared."""
        return getattr(self, "activity_regularizer", _NONE)

    def output_shape(self, *shapes: Shape) -> Shape:
        """Shape that leaves for the shapes that arrive. Raises ShapeError: argument, value, remedy."""
        return shapes[0]

    def check_values(self, values: Array) -> None:
        """Raise ShapeError for numbers of the data set that it cannot take: argument, value, remedy."""

    def parameters(self, *shapes: Shape) -> Mapping[str, Parameter]:
        """The arrays it learns, by the names that the built module gives them."""
        return MappingProxyType({})

    def learned(self, *shapes: Shape) -> Mapping[str, Parameter]:
        """All the arrays that the card learns: those of `parameters`, and those of its activation."""
        of_activation = self.output_activation.parameters(self.output_shape(*shapes))
        if not of_activation:
            return self.parameters(*shapes)
        factor = getattr(self, "rate_factor", 1.0) if getattr(self, "trainable", True) else 0.0
        slower = {name: dataclasses.replace(array, rate_factor=factor) for name, array in of_activation.items()}
        return MappingProxyType({**self.parameters(*shapes), **slower})

    @property
    def draws(self) -> bool:
        """Whether the card draws random numbers while training: its own part, or its activation."""
        return self.stochastic or self.output_activation.stochastic

    @property
    def shares_weights(self) -> bool:
        """Whether it uses the weights of an equal card before it, instead of learning its own."""
        return False

    def inner_values(self, *shapes: Shape) -> int:
        """Values of one sample that it keeps for the backward pass, beside its output."""
        return 0

    def buffers(self, *shapes: Shape) -> Mapping[str, Buffer]:
        """The arrays it keeps beside them: saved with the weights, changed by no optimizer."""
        return MappingProxyType({})

    def multiply_adds(self, *shapes: Shape) -> int:
        """Multiplications with addition for one sample, forward."""
        return 0

    def build(self, nn: Any, *shapes: Shape) -> Any:
        """The module of the namespace `nn` (such as `torch.nn`), without the activation; None if none is needed."""
        return None

    def flat_value(self, learned: Mapping[str, Array], *inputs: Array) -> Array:
        """The layer's own part in NumPy on flat inputs, (samples, units) each; `learned` holds its parameters by name.

        Declared by layers that work unit by unit, or over the units of each sample: the compiled kernels then run them,
        backward too. What it computes must be what `forward` does.
        """
        raise NotImplementedError

    def forward(self, torch: Any, module: Any, *inputs: Any) -> Any:
        """The layer's own part of the forward pass on batches; by default the built module called on them."""
        return module(*inputs) if module is not None else inputs[0]
