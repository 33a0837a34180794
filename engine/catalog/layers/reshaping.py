"""Layers that change the shape: flat to image and back, larger, smaller, turned. Nothing is learned."""

from __future__ import annotations

import math
from typing import Annotated, Any

from engine.catalog.layers.layer import Layer, Shape
from engine.catalog.layers.shapes import IMAGE, SEQUENCE, pad_axes, require_axes, set_to
from engine.catalog.registry import Choice, Range, register
from engine.document.errors import ShapeError

_SIDE = Range(0, 1024, 1)


@register
class Flatten(Layer):
    """Lays all values of a sample in one row.  (channels, height, width) -> (channels · height · width,)

    Channel by channel, as PyTorch; Keras, whose images have their channels last, goes pixel by pixel.
    """

    category = "Reshaping"
    formula = "y = x, row by row"
    reference = "Common practice before a dense layer"
    examples = (((4,),), ((3, 4, 5),))
    order = 20

    def output_shape(self, *shapes: Shape) -> Shape:
        return (math.prod(shapes[0]),)

    def build(self, nn: Any, *shapes: Shape) -> Any:
        return nn.Flatten()


@register
class Reshape(Layer):
    """Lays the values of a sample out as an image or as a sequence; 0 stands for the length that fits.

    Values keep their order, channel by channel and row by row. Where height and width are both 0, the image is as
    square as it can be; a sequence has its length in `width`.
    """

    target: Annotated[str, Choice(("image", "sequence"))] = "image"
    channels: Annotated[int, Range(0, 65_536, 1)] = 1
    height: Annotated[int, Range(0, 65_536, 1)] = 0
    width: Annotated[int, Range(0, 65_536, 1)] = 0

    category = "Reshaping"
    formula = "y[c, i, j] = x[(c · height + i) · width + j]"
    reference = "Common practice between flat and spatial layers"
    summary = ("target", "channels")
    examples = (((12,),), ((3, 4, 5),), ((7,),))
    order = 21

    def output_shape(self, *shapes: Shape) -> Shape:
        count = math.prod(shapes[0])
        wanted = (self.channels, self.height, self.width) if self.target == "image" else (self.channels, self.width)
        found = _fitted(wanted, count)
        if math.prod(found) != count:
            raise ShapeError(
                "Reshape to {wanted} does not fit the {count} values of {shape}; set a length to 0 to let it fit",
                remedy=set_to("Let all lengths fit", self, channels=1, height=0, width=0),
                wanted=wanted,
                count=count,
                shape=shapes[0],
            )
        return found

    def forward(self, torch: Any, module: Any, *inputs: Any) -> Any:
        x = inputs[0]
        return x.reshape(x.shape[0], *self.output_shape(tuple(x.shape[1:])))


def _fitted(wanted: Shape, count: int) -> Shape:
    """A shape with its zeros filled in so that it holds `count` values, if any lengths can do that."""
    rest = count // max(1, math.prod(length for length in wanted if length))
    channels, *sides = wanted
    if not channels:
        channels, rest = (1, rest) if 0 in sides else (rest, 1)
    if sides == [0, 0]:
        height = max(length for length in range(1, math.isqrt(max(1, rest)) + 1) if rest % length == 0)
        return (channels, height, rest // height)
    return (channels, *(length or rest for length in sides))


@register
class Permute(Layer):
    """Exchanges the axes of an image or a sequence: "3 1 2" puts the last axis first.

    Axes are counted from 1, without that of the batch, as in Keras.
    """

    axes: Annotated[str, Choice(("2 1", "1 3 2", "2 1 3", "2 3 1", "3 1 2", "3 2 1"))] = "2 1"

    category = "Reshaping"
    formula = "y[i, j] = x[j, i] for the axes 2 1"
    reference = "Common practice where libraries disagree about the place of the channels"
    summary = ("axes",)
    examples = (((3, 6),),)
    order = 22

    @property
    def _order(self) -> tuple[int, ...]:
        return tuple(int(axis) for axis in self.axes.split())

    def output_shape(self, *shapes: Shape) -> Shape:
        shape, order = shapes[0], self._order
        require_axes(self, shape, SEQUENCE, IMAGE)
        if len(order) != len(shape):
            fitting = "2 1" if len(shape) == SEQUENCE else "3 1 2"
            raise ShapeError(
                "Permute (axes={axes}) exchanges {count} axes, but got {shape}; choose axes for this shape",
                remedy=set_to("Choose axes for this shape", self, axes=fitting),
                axes=self.axes,
                count=len(order),
                shape=shape,
            )
        return tuple(shape[axis - 1] for axis in order)

    def forward(self, torch: Any, module: Any, *inputs: Any) -> Any:
        return inputs[0].permute(0, *self._order)


@register
class RepeatVector(Layer):
    """Repeats a flat input at every place of a sequence.  (features,) -> (features, times)

    The channels come first here; Keras gives (times, features).
    """

    times: Annotated[int, Range(1, 65_536, 1)] = 4

    category = "Reshaping"
    formula = "y[c, t] = x[c]"
    reference = "Cho et al., Learning Phrase Representations using RNN Encoder–Decoder, EMNLP 2014"
    summary = ("times",)
    order = 23

    def output_shape(self, *shapes: Shape) -> Shape:
        require_axes(self, shapes[0], 1)
        return (shapes[0][0], self.times)

    def forward(self, torch: Any, module: Any, *inputs: Any) -> Any:
        return inputs[0].unsqueeze(2).expand(-1, -1, self.times)


@register
class Upsample(Layer):
    """Enlarges an image or a sequence by a whole factor: repeats values, or draws straight lines between them.

    "bilinear" takes pixels as areas, as TensorFlow 2 and PyTorch do (align_corners off).
    """

    factor: Annotated[int, Range(1, 32, 1)] = 2
    mode: Annotated[str, Choice(("nearest", "bilinear"))] = "nearest"

    category = "Reshaping"
    formula = "nearest: y[c, i, j] = x[c, ⌊i / factor⌋, ⌊j / factor⌋]"
    reference = "Long, Shelhamer & Darrell, Fully Convolutional Networks, CVPR 2015"
    summary = ("factor", "mode")
    examples = (((3, 6),), ((3, 4, 5),))
    order = 24

    def output_shape(self, *shapes: Shape) -> Shape:
        require_axes(self, shapes[0], SEQUENCE, IMAGE)
        return (shapes[0][0], *(length * self.factor for length in shapes[0][1:]))

    def multiply_adds(self, *shapes: Shape) -> int:
        corners = 0 if self.mode == "nearest" else 2 ** (len(shapes[0]) - 1)
        return int(corners * math.prod(self.output_shape(*shapes)))

    def build(self, nn: Any, *shapes: Shape) -> Any:
        mode = "linear" if self.mode == "bilinear" and len(shapes[0]) == SEQUENCE else self.mode
        return nn.Upsample(scale_factor=self.factor, mode=mode)


class _Border(Layer):
    """What is done at the four sides of an image; a sequence has a left and a right one."""

    category = "Reshaping"
    summary = ("left", "right")
    examples = (((3, 6),), ((3, 4, 5),))

    def _sides(self, axes: int) -> list[tuple[int, int]]:
        """Before and behind each axis but that of the channels."""
        sides: Any = self
        across = (sides.left, sides.right)
        return [across] if axes == SEQUENCE else [(sides.top, sides.bottom), across]


@register
class ZeroPad(_Border):
    """Puts zeros around an image, or before and behind a sequence.

    (channels, height, width) -> (channels, height + top + bottom, width + left + right)
    """

    top: Annotated[int, _SIDE] = 1
    bottom: Annotated[int, _SIDE] = 1
    left: Annotated[int, _SIDE] = 1
    right: Annotated[int, _SIDE] = 1

    formula = "y[c, i + top, j + left] = x[c, i, j], 0 elsewhere"
    reference = "LeCun et al., Gradient-Based Learning, 1998: 28 × 28 digits in 32 × 32"
    order = 25

    def output_shape(self, *shapes: Shape) -> Shape:
        shape = shapes[0]
        require_axes(self, shape, SEQUENCE, IMAGE)
        sides = self._sides(len(shape))
        return (shape[0], *(length + sum(pair) for length, pair in zip(shape[1:], sides, strict=True)))

    def forward(self, torch: Any, module: Any, *inputs: Any) -> Any:
        return pad_axes(torch, inputs[0], self._sides(inputs[0].dim() - 1))


@register
class Crop(_Border):
    """Cuts the sides of an image off, or the ends of a sequence.

    (channels, height, width) -> (channels, height − top − bottom, width − left − right)
    """

    top: Annotated[int, _SIDE] = 1
    bottom: Annotated[int, _SIDE] = 1
    left: Annotated[int, _SIDE] = 1
    right: Annotated[int, _SIDE] = 1

    formula = "y[c, i, j] = x[c, i + top, j + left]"
    reference = "Ronneberger, Fischer & Brox, U-Net, MICCAI 2015"
    order = 26

    def output_shape(self, *shapes: Shape) -> Shape:
        shape = shapes[0]
        require_axes(self, shape, SEQUENCE, IMAGE)
        sides = self._sides(len(shape))
        left = tuple(length - sum(pair) for length, pair in zip(shape[1:], sides, strict=True))
        if min(left) < 1:
            raise ShapeError(
                "Crop leaves nothing of {shape}; cut off less",
                remedy=set_to("Cut off nothing", self, top=0, bottom=0, left=0, right=0),
                shape=shape,
            )
        return (shape[0], *left)

    def forward(self, torch: Any, module: Any, *inputs: Any) -> Any:
        x = inputs[0]
        return pad_axes(torch, x, [(-before, -behind) for before, behind in self._sides(x.dim() - 1)])
