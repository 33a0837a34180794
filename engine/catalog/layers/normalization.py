"""Normalization: values are brought to mean 0 and variance 1, then scaled and shifted as the network learns to."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

import numpy as np

from engine.catalog.activations.activation import Array
from engine.catalog.initializers import Initializer, Ones, Zeros
from engine.catalog.layers.layer import Buffer, Layer, Parameter, Shape
from engine.catalog.layers.shapes import IMAGE, SEQUENCE, require_axes, set_to
from engine.catalog.layers.weighted import Trainable
from engine.catalog.registry import Choice, Group, Range, register, shared
from engine.document.errors import ShapeError

_START = Group("Initial values")
_EPSILON = Range(1e-9, 1.0, 1e-5)
_OPERATIONS = 3
"""For each value: its share of the mean, of the variance, and its place between them."""


@shared
class Normalization(Trainable):
    """A layer that normalizes, with a learned weight (from 1) and bias (from 0) if it is `affine`."""

    epsilon: Annotated[float, _EPSILON] = 1e-5
    affine: bool = True
    weight_initializer: Annotated[Initializer, _START] = Ones()
    bias_initializer: Annotated[Initializer, _START] = Zeros()

    category = "Normalization"
    examples: ClassVar[tuple[tuple[Shape, ...], ...]] = (((4,),), ((3, 6),), ((3, 4, 5),))

    def _affine_shape(self, shape: Shape) -> Shape:
        """Shape of weight and bias: by default one for each channel."""
        return shape[:1]

    def parameters(self, *shapes: Shape) -> Mapping[str, Parameter]:
        starts = (("weight", self.weight_initializer), ("bias", self.bias_initializer))
        shape = self._affine_shape(shapes[0])
        return {name: Parameter(shape, start, 1, 1, rate_factor=self.learning) for name, start in starts if self.affine}

    def multiply_adds(self, *shapes: Shape) -> int:
        return _OPERATIONS * math.prod(shapes[0])


@register
class BatchNorm(Normalization):
    """Normalizes each channel over the samples of the batch; at test time by the averages kept while training.

    `update_rate` is the share of the newest batch in these averages: PyTorch calls it momentum (0.1), Keras calls
    1 − update_rate momentum (0.99); epsilon is 1e-5 in PyTorch and 1e-3 in Keras. The running variance is that of
    n − 1, as in PyTorch; Keras divides by n. A single value per channel has no variance: such a batch is normalized by
    the running averages and leaves them alone. So is every batch when `trainable` is off.
    """

    update_rate: Annotated[float, Range(0.0, 1.0, 0.01)] = 0.1

    formula = "y = weight · (x − mean) / √(variance + ε) + bias"
    reference = "Ioffe & Szegedy, Batch Normalization, ICML 2015"
    summary = ("update_rate",)
    order = 60

    def buffers(self, *shapes: Shape) -> Mapping[str, Buffer]:
        channels = shapes[0][:1]
        return {"running_mean": Buffer(channels), "running_var": Buffer(channels, 1.0)}

    def multiply_adds(self, *shapes: Shape) -> int:
        return math.prod(shapes[0])  # at test time mean and variance are known

    def build(self, nn: Any, *shapes: Shape) -> Any:
        kind = nn.BatchNorm2d if len(shapes[0]) == IMAGE else nn.BatchNorm1d
        return kind(shapes[0][0], self.epsilon, self.update_rate, self.affine)

    def forward(self, torch: Any, module: Any, *inputs: Any) -> Any:
        x = inputs[0]
        measured = module.training and self.trainable and x.numel() > x.shape[1]
        return torch.nn.functional.batch_norm(
            x,
            module.running_mean,
            module.running_var,
            module.weight,
            module.bias,
            measured,
            self.update_rate,
            self.epsilon,
        )


@register
class LayerNorm(Normalization):
    """Normalizes each sample by itself, over all its values or over the channels at each place.

    "all values" is the paper's, and PyTorch's for a shape of all axes; "channels" is what Keras does by default. With
    flat inputs both are the same. epsilon is 1e-5 in PyTorch and 1e-3 in Keras.
    """

    over: Annotated[str, Choice(("all values", "channels"))] = "all values"

    formula = "y = weight · (x − mean) / √(variance + ε) + bias"
    reference = "Ba, Kiros & Hinton, Layer Normalization, 2016"
    summary = ("over",)
    order = 61

    def _affine_shape(self, shape: Shape) -> Shape:
        return shape if self.over == "all values" else shape[:1]

    def build(self, nn: Any, *shapes: Shape) -> Any:
        return nn.LayerNorm(self._affine_shape(shapes[0]), self.epsilon, self.affine)

    def flat_value(self, learned: Mapping[str, Array], *inputs: Array) -> Array:
        away = inputs[0] - inputs[0].mean(axis=-1, keepdims=True)
        normal: Array = away / np.sqrt((away**2).mean(axis=-1, keepdims=True) + self.epsilon)
        return normal * learned["weight"] + learned["bias"] if self.affine else normal

    def forward(self, torch: Any, module: Any, *inputs: Any) -> Any:
        if self.over == "all values":
            return module(inputs[0])
        return module(inputs[0].movedim(1, -1)).movedim(-1, 1)


def _check_several(layer: Layer, count: int, shape: Shape) -> None:
    """Raise ShapeError unless what is normalized together is more than one value."""
    if count < 2:
        raise ShapeError(
            "{layer} would normalize single values of {shape}, which leaves nothing of them; use LayerNorm",
            remedy=("Use LayerNorm instead", "replace_layer", "LayerNorm"),
            layer=layer.label,
            shape=shape,
        )


@register
class GroupNorm(Normalization):
    """Normalizes each sample over groups of channels: independent of the batch, and of how large it is.

    epsilon is 1e-5 in PyTorch and 1e-3 in Keras.
    """

    groups: Annotated[int, Range(1, 65_536, 1)] = 1

    formula = "y = weight · (x − mean) / √(variance + ε) + bias, over the channels of a group"
    reference = "Wu & He, Group Normalization, ECCV 2018"
    summary = ("groups",)
    examples = (((4,),), ((2, 6),), ((3, 4, 5),))
    order = 62

    def output_shape(self, *shapes: Shape) -> Shape:
        shape = shapes[0]
        if shape[0] % self.groups:
            raise ShapeError(
                "GroupNorm (groups={groups}) needs channels that can be divided by groups, but got {shape}; set groups "
                "to 1",
                remedy=set_to("Set groups to 1", self, groups=1),
                groups=self.groups,
                shape=shape,
            )
        _check_several(self, math.prod(shape) // self.groups, shape)
        return shape

    def build(self, nn: Any, *shapes: Shape) -> Any:
        return nn.GroupNorm(self.groups, shapes[0][0], self.epsilon, self.affine)


@register
class InstanceNorm(Normalization):
    """Normalizes each channel of each sample by itself: takes contrast and brightness out of an image.

    PyTorch learns no weight and bias unless told to (`affine`); epsilon is 1e-5 there.
    """

    formula = "y = weight · (x − mean) / √(variance + ε) + bias, over height and width"
    reference = "Ulyanov, Vedaldi & Lempitsky, Instance Normalization, 2016"
    examples = (((3, 6),), ((3, 4, 5),))
    order = 63

    def output_shape(self, *shapes: Shape) -> Shape:
        require_axes(self, shapes[0], SEQUENCE, IMAGE)
        _check_several(self, math.prod(shapes[0][1:]), shapes[0])
        return shapes[0]

    def build(self, nn: Any, *shapes: Shape) -> Any:
        kind = nn.InstanceNorm2d if len(shapes[0]) == IMAGE else nn.InstanceNorm1d
        return kind(shapes[0][0], self.epsilon, affine=self.affine)


@register
class LocalResponseNorm(Layer):
    """Damps a value by those of the neighbouring channels at the same place: the strongest feature stands out.

    `alpha` multiplies the sum of squares, as in the paper and in TensorFlow; PyTorch divides it by the size first.
    """

    size: Annotated[int, Range(1, 63, 2)] = 5
    alpha: Annotated[float, Range(0.0, 10.0, 1e-4)] = 1e-4
    beta: Annotated[float, Range(0.0, 10.0, 0.05)] = 0.75
    offset: Annotated[float, Range(0.1, 10.0, 0.1)] = 2.0

    category = "Normalization"
    formula = "y[c] = x[c] / (offset + α · Σ x[k]²)^β, |k − c| ≤ size / 2"
    reference = "Krizhevsky, Sutskever & Hinton, ImageNet Classification, NIPS 2012"
    summary = ("size",)
    examples = (((7, 6),), ((3, 4, 5),))
    order = 64

    def output_shape(self, *shapes: Shape) -> Shape:
        require_axes(self, shapes[0], SEQUENCE, IMAGE)
        return shapes[0]

    def multiply_adds(self, *shapes: Shape) -> int:
        return (self.size + 1) * math.prod(shapes[0])

    def build(self, nn: Any, *shapes: Shape) -> Any:
        return nn.LocalResponseNorm(self.size, self.alpha * self.size, self.beta, self.offset)
