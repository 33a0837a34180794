"""Embedding: whole numbers that stand for words or categories become points that are learned."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from engine.catalog.activations.activation import Array
from engine.catalog.constraints import Constraint, NoConstraint
from engine.catalog.initializers import Initializer, Uniform
from engine.catalog.layers.layer import Parameter, Shape
from engine.catalog.layers.shapes import require_axes
from engine.catalog.layers.weighted import Trainable
from engine.catalog.registry import Group, Range, register
from engine.catalog.regularizers import NoRegularizer, Regularizer
from engine.document.errors import InvalidValueError, ShapeError

_PENALTIES = Group("Regularization")
_VOCABULARY = Range(1, 10_000_000, 1)
_ROUNDED = 1e-3
"""How far a number may be from the whole one that it stands for."""


@register
class Embedding(Trainable):
    """Looks up a learned point for each whole number that arrives.  (length,) -> (dimensions, length)

    The numbers 0 to vocabulary_size − 1 stand for words or categories. What arrives is rounded to the nearest whole
    number, and no gradient passes back through it; a number outside is an error. Points start evenly spread within
    ±0.05 as in Keras; PyTorch draws them from N(0, 1).
    """

    vocabulary_size: Annotated[int, _VOCABULARY] = 10
    dimensions: Annotated[int, Range(1, 65_536, 1)] = 2
    weight_initializer: Annotated[Initializer, Group("Initial values")] = Uniform(-0.05, 0.05)
    weight_regularizer: Annotated[Regularizer, _PENALTIES] = NoRegularizer()
    constraint: Annotated[Constraint, _PENALTIES] = NoConstraint()

    category = "Core"
    formula = "y[:, t] = W[x[t]]"
    reference = "Bengio et al., A Neural Probabilistic Language Model, JMLR 2003"
    summary = ("vocabulary_size", "dimensions")
    checks_values = True
    examples = (((4,),), ((1,),))
    order = 5

    def output_shape(self, *shapes: Shape) -> Shape:
        require_axes(self, shapes[0], 1)
        return (self.dimensions, *shapes[0])

    def check_values(self, values: Array) -> None:
        wrong = (values < 0) | (abs(values - values.round()) > _ROUNDED)
        if wrong.any():
            raise ShapeError(
                "Embedding takes whole numbers that stand for categories, but this data brings {value}",
                remedy=("Use a Dense layer instead", "replace_layer", "Dense"),
                value=f"{float(values[wrong][0]):.3g}",
            )
        largest = int(values.max(initial=0.0).round())
        if largest >= self.vocabulary_size:
            remedy: tuple[Any, ...] = ("Make its vocabulary large enough", "set_field", "vocabulary_size", largest + 1)
            if largest >= _VOCABULARY.high:
                remedy = ("Use a Dense layer instead", "replace_layer", "Dense")
            raise ShapeError(
                "Embedding (vocabulary_size={size}) takes numbers from 0 to {last}, but this data brings {value}",
                remedy=remedy,
                size=self.vocabulary_size,
                last=self.vocabulary_size - 1,
                value=largest,
            )

    def parameters(self, *shapes: Shape) -> Mapping[str, Parameter]:
        weight = Parameter(
            (self.vocabulary_size, self.dimensions),
            self.weight_initializer,
            self.vocabulary_size,
            self.dimensions,
            self.weight_regularizer,
            self.constraint,
            self.learning,
        )
        return {"weight": weight}

    def build(self, nn: Any, *shapes: Shape) -> Any:
        return nn.Embedding(self.vocabulary_size, self.dimensions)

    def forward(self, torch: Any, module: Any, *inputs: Any) -> Any:
        rounded = inputs[0].detach().round()
        inside = (rounded >= 0) & (rounded < self.vocabulary_size)
        if not torch.compiler.is_exporting() and not inside.all():  # a program that is written down has no values yet
            raise InvalidValueError(
                "Embedding (vocabulary_size={size}) takes whole numbers from 0 to {last}, but {value} arrived; raise "
                "vocabulary_size, or feed it numbers of categories",
                size=self.vocabulary_size,
                last=self.vocabulary_size - 1,
                value=f"{float(inputs[0].detach()[~inside][0]):g}",
            )
        return module(rounded.long()).movedim(-1, 1)
