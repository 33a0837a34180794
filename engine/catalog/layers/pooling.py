"""Pooling: one number for many, so that an image or a sequence shrinks. Nothing is learned."""

from __future__ import annotations

import math
from typing import Annotated, Any, ClassVar

from engine.catalog.layers.layer import Layer, Shape
from engine.catalog.layers.shapes import SAME, VALID, pad_axes, padding, require_axes, set_to, windows
from engine.catalog.registry import Choice, Range, register
from engine.document.errors import ShapeError
from engine.document.frozen import frozen


@frozen
class Pooling(Layer):
    """A window slides over every channel; `pooled` says what becomes of the values in it."""

    pool_size: Annotated[int, Range(1, 64, 1)] = 2
    stride: Annotated[int, Range(1, 64, 1)] = 2
    padding: Annotated[str, Choice((VALID, SAME))] = VALID

    axes: ClassVar[int] = 2
    """Along how many axes the window slides."""
    category = "Pooling"
    summary = ("pool_size", "stride")
    examples: ClassVar[tuple[tuple[Shape, ...], ...]] = (((3, 8, 8),), ((4, 7, 5),))

    def output_shape(self, *shapes: Shape) -> Shape:
        require_axes(self, shapes[0], self.axes + 1)
        lengths = tuple(windows(length, self.pool_size, self.stride, 1, self.padding) for length in shapes[0][1:])
        if 0 in lengths:
            raise ShapeError(
                "{layer} (pool_size={pool_size}) is larger than what arrives, {shape}; set padding to same",
                remedy=set_to("Set padding to same", self, padding=SAME),
                layer=self.label,
                pool_size=self.pool_size,
                shape=shapes[0],
            )
        return (shapes[0][0], *lengths)

    def _padded(self, torch: Any, x: Any, value: float) -> Any:
        pads = [padding(length, self.pool_size, self.stride, 1, self.padding) for length in x.shape[2:]]
        return pad_axes(torch, x, pads, value)

    def _pool(self, torch: Any, kind: str, x: Any) -> Any:
        return getattr(torch.nn.functional, f"{kind}_pool{self.axes}d")(x, self.pool_size, self.stride)


class _Maximum(Pooling):
    """The largest value of each window; what lies beyond the border counts as none."""

    def forward(self, torch: Any, module: Any, *inputs: Any) -> Any:
        return self._pool(torch, "max", self._padded(torch, inputs[0], -math.inf))


class _Average(Pooling):
    """The mean of each window; what lies beyond the border does not count."""

    def multiply_adds(self, *shapes: Shape) -> int:
        return int(math.prod(self.output_shape(*shapes)) * self.pool_size**self.axes)

    def forward(self, torch: Any, module: Any, *inputs: Any) -> Any:
        x = inputs[0]
        means = self._pool(torch, "avg", self._padded(torch, x, 0.0))
        if self.padding != SAME:
            return means
        inside = self._padded(torch, torch.ones_like(x[:1, :1]), 0.0)
        return means / self._pool(torch, "avg", inside)


@register
class MaxPool1d(_Maximum):
    """Keeps the largest of neighbouring values of a sequence.  (channels, length) -> (channels, places)"""

    axes = 1
    formula = "y[c, t] = max x[c, t · stride + k], k < pool size"
    reference = "Yamaguchi et al., A Neural Network for Speaker-Independent Isolated Word Recognition, 1990"
    examples = (((3, 8),), ((4, 7),))
    order = 50


@register
class MaxPool2d(_Maximum):
    """Keeps the largest of neighbouring pixels, so that small shifts change little.

    (channels, height, width) -> (channels, rows, columns). "valid" leaves out pixels at the end that fill no window;
    "same" pads as TensorFlow does, an odd row or column at the end.
    """

    formula = "y[c, i, j] = max x[c, i · stride + k, j · stride + l], k, l < pool size"
    reference = "Weng, Ahuja & Huang, Cresceptron, 1992"
    order = 51


@register
class AveragePool1d(_Average):
    """Averages neighbouring values of a sequence.  (channels, length) -> (channels, places)

    Values beyond the border do not count in the mean, as in Keras; PyTorch counts them as zeros.
    """

    axes = 1
    formula = "y[c, t] = mean of x[c, t · stride + k], k < pool size"
    reference = "LeCun et al., Gradient-Based Learning Applied to Document Recognition, 1998"
    examples = (((3, 8),), ((4, 7),))
    order = 52


@register
class AveragePool2d(_Average):
    """Averages neighbouring pixels.  (channels, height, width) -> (channels, rows, columns)

    Pixels beyond the border do not count in the mean, as in Keras; PyTorch counts them as zeros.
    """

    formula = "y[c, i, j] = mean of x[c, i · stride + k, j · stride + l], k, l < pool size"
    reference = "LeCun et al., Gradient-Based Learning Applied to Document Recognition, 1998"
    order = 53


class _Global(Layer):
    """One number for each channel."""

    axes: ClassVar[int] = 2
    category = "Pooling"
    examples: ClassVar[tuple[tuple[Shape, ...], ...]] = (((3, 4, 5),), ((2, 1, 1),))

    def output_shape(self, *shapes: Shape) -> Shape:
        require_axes(self, shapes[0], self.axes + 1)
        return shapes[0][:1]


class _GlobalMaximum(_Global):
    def forward(self, torch: Any, module: Any, *inputs: Any) -> Any:
        return inputs[0].flatten(2).amax(2)


class _GlobalAverage(_Global):
    def multiply_adds(self, *shapes: Shape) -> int:
        return math.prod(shapes[0])

    def forward(self, torch: Any, module: Any, *inputs: Any) -> Any:
        return inputs[0].flatten(2).mean(2)


@register
class GlobalMaxPool1d(_GlobalMaximum):
    """Keeps the largest value of every channel of a sequence.  (channels, length) -> (channels,)"""

    axes = 1
    formula = "y[c] = max x[c, t]"
    reference = "Collobert et al., Natural Language Processing (Almost) from Scratch, JMLR 2011"
    examples = (((3, 4),), ((2, 1),))
    order = 54


@register
class GlobalMaxPool2d(_GlobalMaximum):
    """Keeps the largest pixel of every channel.  (channels, height, width) -> (channels,)"""

    formula = "y[c] = max x[c, i, j]"
    reference = "Oquab et al., Is Object Localization for Free?, CVPR 2015"
    order = 55


@register
class GlobalAveragePool1d(_GlobalAverage):
    """Averages every channel of a sequence to one number.  (channels, length) -> (channels,)"""

    axes = 1
    formula = "y[c] = mean of x[c, t]"
    reference = "Lin, Chen & Yan, Network in Network, ICLR 2014"
    examples = (((3, 4),), ((2, 1),))
    order = 56


@register
class GlobalAveragePool2d(_GlobalAverage):
    """Averages every channel of an image to one number.  (channels, height, width) -> (channels,)"""

    formula = "y[c] = mean of x[c, i, j]"
    reference = "Lin, Chen & Yan, Network in Network, ICLR 2014"
    order = 57
