"""Convolutions: small windows of weights that slide along a sequence or over an image."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, ClassVar

from engine.catalog.activations import Activation, Relu
from engine.catalog.layers.layer import Layer, Parameter, Shape
from engine.catalog.layers.shapes import IMAGE, SAME, VALID, pad_axes, padding, reach, require_axes, set_to, windows
from engine.catalog.layers.weighted import Weighted
from engine.catalog.registry import Choice, Range, register
from engine.document.errors import ShapeError
from engine.document.frozen import frozen


@frozen
class Filtering(Weighted):
    """A convolution whose number of output channels is free."""

    filters: Annotated[int, Range(1, 65_536, 1)] = 8


@frozen
class Sliding(Weighted):
    """What all convolutions have in common: a window of weights, how far it moves, and what lies beyond the border."""

    kernel_size: Annotated[int, Range(1, 32, 1)] = 3
    stride: Annotated[int, Range(1, 32, 1)] = 1
    padding: Annotated[str, Choice((SAME, VALID))] = SAME
    dilation: Annotated[int, Range(1, 32, 1)] = 1
    activation: Activation = Relu()

    axes: ClassVar[int] = 2
    """Along how many axes the window slides."""
    category = "Convolution"
    examples: ClassVar[tuple[tuple[Shape, ...], ...]] = (((3, 8, 8),), ((4, 7, 5),))

    @property
    def kernel(self) -> Shape:
        """The window's lengths."""
        return (self.kernel_size,) * self.axes

    def slid(self, shape: Shape) -> Shape:
        """How many windows there are along each axis. Raises ShapeError if the input is smaller than one."""
        require_axes(self, shape, self.axes + 1)
        found = tuple(
            windows(length, self.kernel_size, self.stride, self.dilation, self.padding) for length in shape[1:]
        )
        if 0 in found:
            raise ShapeError(
                "{layer} (kernel_size={kernel_size}, dilation={dilation}) sees {reach} values in a row, but only "
                "{shape} arrive; set padding to same",
                remedy=set_to("Set padding to same", self, padding=SAME),
                layer=self.label,
                kernel_size=self.kernel_size,
                dilation=self.dilation,
                reach=reach(self.kernel_size, self.dilation),
                shape=shape,
            )
        return found

    def _pads(self, lengths: Iterable[int]) -> list[tuple[int, int]]:
        """The zeros before and behind each axis."""
        return [padding(length, self.kernel_size, self.stride, self.dilation, self.padding) for length in lengths]

    def own_zeros(self, shape: Shape) -> int | Shape:
        """The zeros on both sides of each axis that are left to the convolution itself.

        It adds them faster, but only where there are as many before as behind; other zeros are added by `padded`.
        """
        pads = self._pads(shape[1:])
        zeros = tuple(before for before, _ in pads) if _even(pads) else (0,) * self.axes
        return zeros[0] if len(set(zeros)) == 1 else zeros

    def padded(self, torch: Any, x: Any) -> Any:
        """A batch with the zeros that the convolution cannot add itself."""
        pads = self._pads(x.shape[2:])
        return x if _even(pads) else pad_axes(torch, x, pads)

    def forward(self, torch: Any, module: Any, *inputs: Any) -> Any:
        return module(self.padded(torch, inputs[0]))


def _even(pads: list[tuple[int, int]]) -> bool:
    """Whether each axis gets as many zeros before as behind."""
    return all(before == behind for before, behind in pads)


def check_groups(layer: Layer, groups: int, channels: int, filters: int) -> None:
    """Raise ShapeError unless both the channels that arrive and the filters can be dealt out to the groups."""
    if channels % groups or filters % groups:
        raise ShapeError(
            "{layer} (groups={groups}) needs channels and filters that can be divided by groups, but got {channels} "
            "channels and {filters} filters; set groups to 1",
            remedy=set_to("Set groups to 1", layer, groups=1),
            layer=layer.label,
            groups=groups,
            channels=channels,
            filters=filters,
        )


@frozen
class Convolution(Sliding, Filtering):
    """A convolution that joins channels: every filter weighs all channels of its group."""

    groups: Annotated[int, Range(1, 65_536, 1)] = 1

    summary = ("filters", "activation")

    def output_shape(self, *shapes: Shape) -> Shape:
        lengths = self.slid(shapes[0])
        check_groups(self, self.groups, shapes[0][0], self.filters)
        return (self.filters, *lengths)

    def parameters(self, *shapes: Shape) -> Mapping[str, Parameter]:
        inputs, window = shapes[0][0] // self.groups, math.prod(self.kernel)
        shape = (self.filters, inputs, *self.kernel)
        return self.weights(shape, self.filters, inputs * window, self.filters // self.groups * window)

    def multiply_adds(self, *shapes: Shape) -> int:
        return math.prod(self.output_shape(*shapes)) * shapes[0][0] // self.groups * math.prod(self.kernel)

    def build(self, nn: Any, *shapes: Shape) -> Any:
        return getattr(nn, f"Conv{self.axes}d")(
            shapes[0][0],
            self.filters,
            self.kernel_size,
            stride=self.stride,
            padding=self.own_zeros(shapes[0]),
            dilation=self.dilation,
            groups=self.groups,
            bias=self.use_bias,
        )


@register
class Conv1d(Convolution):
    """Slides small windows of weights along a sequence: the same pattern is found wherever it stands.

    (channels, length) -> (filters, places). "causal" lets no output see what comes after it. "same" pads as
    TensorFlow does, an odd zero at the end; "valid" is the default of both PyTorch and Keras.
    """

    dilation: Annotated[int, Range(1, 1024, 1)] = 1
    padding: Annotated[str, Choice((SAME, VALID, "causal"))] = SAME

    axes = 1
    formula = "y[f, t] = f(b[f] + Σ w[f, c, k] · x[c, t · stride + k · dilation])"
    reference = "Waibel et al., Phoneme Recognition Using Time-Delay Neural Networks, 1989"
    examples = (((3, 8),), ((4, 7),))
    order = 40


@register
class Conv2d(Convolution):
    """Slides small windows of weights over an image: the same pattern is found wherever it stands.

    (channels, height, width) -> (filters, rows, columns). "same" pads as TensorFlow does: where the zeros are odd in
    number (even kernels, strides), one more lies at the bottom and at the right; PyTorch refuses strides there.
    """

    formula = "y[f, i, j] = f(b[f] + Σ w[f, c, k, l] · x[c, i · stride + k · dilation, j · stride + l · dilation])"
    reference = "LeCun et al., Gradient-Based Learning Applied to Document Recognition, 1998"
    order = 41


@register
class DepthwiseConv2d(Sliding):
    """Slides windows over each channel of an image by itself, without joining the channels.

    (channels, height, width) -> (channels · multiplier, rows, columns); "same" pads as in Conv2d.
    """

    depth_multiplier: Annotated[int, Range(1, 256, 1)] = 1

    formula = "y[c · m + n] = f(b[c, n] + w[c, n] ∗ x[c]), m = depth multiplier"
    reference = "Chollet, Xception, CVPR 2017"
    summary = ("depth_multiplier", "activation")
    order = 42

    def output_shape(self, *shapes: Shape) -> Shape:
        return (shapes[0][0] * self.depth_multiplier, *self.slid(shapes[0]))

    def parameters(self, *shapes: Shape) -> Mapping[str, Parameter]:
        channels, window = shapes[0][0] * self.depth_multiplier, math.prod(self.kernel)
        return self.weights((channels, 1, *self.kernel), channels, window, self.depth_multiplier * window)

    def multiply_adds(self, *shapes: Shape) -> int:
        return math.prod(self.output_shape(*shapes)) * math.prod(self.kernel)

    def build(self, nn: Any, *shapes: Shape) -> Any:
        channels = shapes[0][0]
        return nn.Conv2d(
            channels,
            channels * self.depth_multiplier,
            self.kernel_size,
            stride=self.stride,
            padding=self.own_zeros(shapes[0]),
            dilation=self.dilation,
            groups=channels,
            bias=self.use_bias,
        )


@register
class SeparableConv2d(Sliding, Filtering):
    """Looks at each channel of an image by itself, then joins the channels pixel by pixel: few weights for its reach.

    (channels, height, width) -> (filters, rows, columns); "same" pads as in Conv2d. Between the two parts there is
    neither bias nor activation, as in Keras.
    """

    depth_multiplier: Annotated[int, Range(1, 256, 1)] = 1

    formula = "y[f] = f(b[f] + Σ p[f, c] · (w[c] ∗ x[c]))"
    reference = "Chollet, Xception, CVPR 2017"
    summary = ("filters", "activation")
    order = 43

    def output_shape(self, *shapes: Shape) -> Shape:
        return (self.filters, *self.slid(shapes[0]))

    def _between(self, shape: Shape) -> int:
        """Channels between the two parts."""
        return shape[0] * self.depth_multiplier

    def parameters(self, *shapes: Shape) -> Mapping[str, Parameter]:
        between, window = self._between(shapes[0]), math.prod(self.kernel)
        pointwise = self.weights((self.filters, between, 1, 1), self.filters, between, self.filters)
        spatial = self.weights((between, 1, *self.kernel), between, window, self.depth_multiplier * window)
        return {**pointwise, "weight": spatial["weight"], "pointwise_weight": pointwise["weight"]}

    def multiply_adds(self, *shapes: Shape) -> int:
        places = math.prod(self.slid(shapes[0]))
        return places * self._between(shapes[0]) * (math.prod(self.kernel) + self.filters)

    def inner_values(self, *shapes: Shape) -> int:
        return self._between(shapes[0]) * math.prod(self.slid(shapes[0]))

    def build(self, nn: Any, *shapes: Shape) -> Any:
        channels, between = shapes[0][0], self._between(shapes[0])
        spatial = nn.Conv2d(channels, between, self.kernel_size, groups=channels)
        pointwise = nn.Conv2d(between, self.filters, 1)
        weights = {"weight": spatial.weight, "pointwise_weight": pointwise.weight}
        return nn.ParameterDict({**weights, "bias": pointwise.bias} if self.use_bias else weights)

    def forward(self, torch: Any, module: Any, *inputs: Any) -> Any:
        x, zeros = self.padded(torch, inputs[0]), self.own_zeros(inputs[0].shape[1:])
        convolve = torch.nn.functional.conv2d
        spatial = convolve(x, module["weight"], None, self.stride, zeros, self.dilation, groups=x.shape[1])
        return convolve(spatial, module["pointwise_weight"], module["bias"] if self.use_bias else None)


@register
class ConvTranspose2d(Sliding, Filtering):
    """Spreads every value of an image over a window: the way back from a convolution, which enlarges.

    (channels, height, width) -> (filters, rows, columns). "same" gives height · stride by width · stride, cut or
    filled at the bottom and at the right as in TensorFlow; "valid" gives (height − 1) · stride + kernel, as PyTorch.
    """

    stride: Annotated[int, Range(1, 32, 1)] = 2
    groups: Annotated[int, Range(1, 65_536, 1)] = 1

    formula = "y[f, i · stride + k · dilation] = f(b[f] + Σ w[c, f, k] · x[c, i]), along both axes"
    reference = "Zeiler et al., Deconvolutional Networks, CVPR 2010"
    summary = ("filters", "stride", "activation")
    order = 44

    def output_shape(self, *shapes: Shape) -> Shape:
        require_axes(self, shapes[0], IMAGE)
        check_groups(self, self.groups, shapes[0][0], self.filters)
        span = reach(self.kernel_size, self.dilation) - self._surplus
        return (self.filters, *((length - 1) * self.stride + span for length in shapes[0][1:]))

    @property
    def _surplus(self) -> int:
        """How much further the windows reach than what is given out; negative if they leave gaps."""
        return reach(self.kernel_size, self.dilation) - self.stride if self.padding == SAME else 0

    def parameters(self, *shapes: Shape) -> Mapping[str, Parameter]:
        channels, window = shapes[0][0], math.prod(self.kernel)
        outputs = self.filters // self.groups
        shape = (channels, outputs, *self.kernel)
        # one output value sees the kernels of all channels of its group, at most
        found = dict(self.weights(shape, self.filters, channels // self.groups * window, outputs * window))
        return found | {"weight": dataclasses.replace(found["weight"], transposed_groups=self.groups)}

    def multiply_adds(self, *shapes: Shape) -> int:
        return math.prod(shapes[0]) * self.filters // self.groups * math.prod(self.kernel)

    def build(self, nn: Any, *shapes: Shape) -> Any:
        return nn.ConvTranspose2d(
            shapes[0][0],
            self.filters,
            self.kernel_size,
            stride=self.stride,
            dilation=self.dilation,
            groups=self.groups,
            bias=self.use_bias,
            output_padding=max(0, -self._surplus),
        )

    def forward(self, torch: Any, module: Any, *inputs: Any) -> Any:
        spread, cut = module(inputs[0]), max(0, self._surplus)
        first, rest = cut // 2, cut - cut // 2
        return spread[:, :, first : spread.shape[2] - rest, first : spread.shape[3] - rest]
