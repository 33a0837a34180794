"""The layers of a network on plane data: what comes in, what is computed, what activates it."""

from __future__ import annotations

import reprlib
from collections.abc import Mapping
from typing import Annotated, Any

from engine.catalog.activations import Activation as ActivationFunction
from engine.catalog.activations import Relu, Tanh
from engine.catalog.layers.layer import Layer, Parameter, Shape
from engine.catalog.layers.weighted import Weighted
from engine.catalog.registry import Hidden, Range, register
from engine.document.errors import InvalidValueError, ShapeError


@register
class Input(Layer):
    """Where samples enter the network; its columns are switched on and off in Data."""

    columns: Annotated[tuple[str, ...], Hidden()] = ()

    category = "Input"
    takes = (0, 0)
    formula = "the chosen columns of a sample"
    reference = "Every network has one"
    order = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        named = all(isinstance(column, str) for column in self.columns)
        if not named or len(set(self.columns)) < len(self.columns):
            raise InvalidValueError(
                "columns (={columns}) must name each column once", columns=reprlib.repr(list(self.columns))
            )


@register
class Dense(Weighted):
    """Every unit weighs all inputs, adds a bias and applies the activation.  (features,) -> (units,)"""

    units: Annotated[int, Range(1, 65_536, 1)] = 4
    activation: ActivationFunction = Tanh()

    category = "Core"
    formula = "y = f(W x + b)"
    reference = "Rosenblatt, the perceptron, 1958"
    summary = ("units", "activation")
    order = 2

    def output_shape(self, *shapes: Shape) -> Shape:
        if len(shapes[0]) != 1:
            raise ShapeError(
                "Dense (units={units}) needs a flat input (features,), but got {shape}; put Flatten before it",
                remedy=("Insert Flatten before it", "insert_before", "Flatten"),
                units=self.units,
                shape=shapes[0],
            )
        return (self.units,)

    def parameters(self, *shapes: Shape) -> Mapping[str, Parameter]:
        inputs = shapes[0][0]
        return self.weights((self.units, inputs), self.units, inputs, self.units)

    def multiply_adds(self, *shapes: Shape) -> int:
        return self.units * shapes[0][0]

    def build(self, nn: Any, *shapes: Shape) -> Any:
        return nn.Linear(shapes[0][0], self.units, bias=self.use_bias)


@register
class Activation(Layer):
    """Applies an activation to whatever arrives; the shape stays."""

    activation: ActivationFunction = Relu()

    category = "Core"
    formula = "y = f(x)"
    reference = "The activation of a Dense card, as a card of its own"
    summary = ("activation",)
    examples = (((4,),), ((3, 4, 4),))
    order = 3
