"""What a layer declares about itself: fields, shapes, parameters, and how it is built."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar

from engine.catalog.activations import Activation, Linear
from engine.catalog.constraints import Constraint, NoConstraint
from engine.catalog.initializers import Initializer
from engine.catalog.registry import Entry
from engine.catalog.regularizers import NoRegularizer, Regularizer

Shape = tuple[int, ...]
"""Shape of one sample, channels first: (features,) or (channels, height, width)."""


@dataclass(frozen=True)
class Parameter:
    """One array that training changes: its shape, how it starts, what holds it small, and how fast it may go."""

    shape: Shape
    initializer: Initializer
    fan_in: int
    fan_out: int
    regularizer: Regularizer = NoRegularizer()
    constraint: Constraint = NoConstraint()
    rate_factor: float = 1.0
    """What its learning rate is multiplied by; 0: it is not trained."""

    @property
    def size(self) -> int:
        """Number of values."""
        count = 1
        for length in self.shape:
            count *= length
        return count


class Layer(Entry, kind="layers"):
    """A card of the network.

    A layer is a linear or structural part, made by `build` and called by `forward`, followed by its `activation`.
    """

    takes: ClassVar[tuple[int, int]] = (1, 1)
    """Fewest and most inputs. Merging layers take several; an Input takes none."""
    stochastic: ClassVar[bool] = False
    """Whether it draws random numbers while training (dropout)."""
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
        return getattr(self, "activation", Linear())

    @property
    def activity_penalty(self) -> Regularizer:
        """What the loss adds for the card's outputs, on average over the samples of a batch; nothing, if undeclared."""
        return getattr(self, "activity_regularizer", NoRegularizer())

    def output_shape(self, *shapes: Shape) -> Shape:
        """Shape that leaves for the shapes that arrive. Raises ShapeError: argument, value, remedy."""
        return shapes[0]

    def parameters(self, *shapes: Shape) -> Mapping[str, Parameter]:
        """The arrays it learns, by the names that the built module gives them."""
        return MappingProxyType({})

    def multiply_adds(self, *shapes: Shape) -> int:
        """Multiplications with addition for one sample, forward."""
        return 0

    def build(self, nn: Any, *shapes: Shape) -> Any:
        """The module of the namespace `nn` (such as `torch.nn`), without the activation; None if none is needed."""
        return None

    def forward(self, torch: Any, module: Any, *inputs: Any) -> Any:
        """The layer's own part of the forward pass on batches; by default the built module called on them."""
        return module(*inputs) if module is not None else inputs[0]
