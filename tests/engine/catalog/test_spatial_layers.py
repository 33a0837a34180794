"""Convolution, pooling, reshaping: values against loops over the definition, and against numbers worked by hand."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from engine.catalog.layers.convolution import Conv1d, Conv2d, ConvTranspose2d, DepthwiseConv2d, SeparableConv2d
from engine.catalog.layers.layer import Layer, Shape
from engine.catalog.layers.pooling import (
    AveragePool1d,
    AveragePool2d,
    GlobalAveragePool1d,
    GlobalAveragePool2d,
    GlobalMaxPool1d,
    GlobalMaxPool2d,
    MaxPool1d,
    MaxPool2d,
)
from engine.catalog.layers.reshaping import Crop, Flatten, Permute, RepeatVector, Reshape, Upsample, ZeroPad
from engine.catalog.layers.shapes import padding, windows

Array = NDArray[np.float64]


def run(layer: Layer, x: Any, **parameters: Any) -> Array:
    """A layer's own part on one sample, in float64, with the given parameters."""
    sample = torch.as_tensor(np.asarray(x, np.float64))
    module = layer.build(torch.nn, tuple(sample.shape))
    if module is not None:
        module = module.double()
        named = dict(module.named_parameters())
        assert set(parameters) == set(named)
        for name, values in parameters.items():
            named[name].data = torch.as_tensor(np.asarray(values, np.float64))
    with torch.no_grad():
        answer: Array = layer.forward(torch, module, sample[None])[0].numpy()
    return answer


def places(length: int, size: int, stride: int, dilation: int, mode: str) -> list[list[int]]:
    """The positions that each window sees along an axis, some of them beyond it: the definition, in words.

    TensorFlow's documentation: "same" gives ceil(length / stride) windows; of the zeros they need, the smaller half
    stands before. "causal": the last position of window t is t · stride.
    """
    reach = (size - 1) * dilation + 1
    if mode == "valid":
        starts = [t * stride for t in range(length) if t * stride + reach <= length]
    elif mode == "causal":
        starts = [t * stride - (reach - 1) for t in range(math.ceil(length / stride))]
    else:
        count = math.ceil(length / stride)
        needed = max((count - 1) * stride + reach - length, 0)
        starts = [t * stride - needed // 2 for t in range(count)]
    return [[start + k * dilation for k in range(size)] for start in starts]


def convolved(x: Array, weight: Array, bias: Array, layer: Any) -> Array:
    """A convolution as nested loops over its definition, for any number of axes."""
    axes = x.ndim - 1
    seen = [places(length, layer.kernel_size, layer.stride, layer.dilation, layer.padding) for length in x.shape[1:]]
    groups = x.shape[0] // weight.shape[1]
    per_group = len(weight) // groups
    out = np.zeros((len(weight), *(len(each) for each in seen)))
    for f, place in itertools.product(range(len(weight)), itertools.product(*(range(len(each)) for each in seen))):
        total = float(bias[f])
        for c in range(weight.shape[1]):
            for k in itertools.product(range(layer.kernel_size), repeat=axes):
                at = tuple(seen[axis][place[axis]][k[axis]] for axis in range(axes))
                if all(0 <= i < n for i, n in zip(at, x.shape[1:], strict=True)):
                    total += weight[(f, c, *k)] * x[(f // per_group * weight.shape[1] + c, *at)]
        out[(f, *place)] = total
    return out


# --- convolution -----------------------------------------------------------------------------------------------------

small = st.integers(1, 3)


@settings(max_examples=40, deadline=None)
@given(
    st.tuples(small, small, small, st.sampled_from(["same", "valid", "causal"])),
    st.integers(1, 9),
    st.tuples(small, small, small),
    st.integers(0, 99),
)
def test_conv1d_is_its_definition(
    window: tuple[int, int, int, str], length: int, sizes: tuple[int, int, int], seed: int
) -> None:
    size, stride, dilation, mode = window
    groups, channels, filters = sizes
    layer = Conv1d(filters * groups, size, stride, mode, dilation, groups=groups)
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(channels * groups, length))
    weight, bias = rng.normal(size=(filters * groups, channels, size)), rng.normal(size=filters * groups)
    if not places(length, size, stride, dilation, mode):
        return
    np.testing.assert_allclose(run(layer, x, weight=weight, bias=bias), convolved(x, weight, bias, layer), atol=1e-12)


@settings(max_examples=25, deadline=None)
@given(
    st.tuples(small, small, small, st.sampled_from(["same", "valid"])),
    st.tuples(st.integers(7, 8), st.integers(7, 9)),
    st.tuples(st.integers(1, 2), st.integers(1, 2), st.integers(1, 2)),
)
def test_conv2d_is_its_definition(
    window: tuple[int, int, int, str], sides: tuple[int, int], sizes: tuple[int, int, int]
) -> None:
    size, stride, dilation, mode = window
    groups, channels, filters = sizes
    layer = Conv2d(filters * groups, size, stride, mode, dilation, groups=groups)
    rng = np.random.default_rng(7)
    x = rng.normal(size=(channels * groups, *sides))
    weight, bias = rng.normal(size=(filters * groups, channels, size, size)), rng.normal(size=filters * groups)
    np.testing.assert_allclose(run(layer, x, weight=weight, bias=bias), convolved(x, weight, bias, layer), atol=1e-12)


@pytest.mark.parametrize(("size", "stride", "mode"), [(3, 1, "same"), (2, 2, "same"), (3, 2, "valid")])
def test_depthwise_and_separable_convolution_are_chains_of_plain_ones(size: int, stride: int, mode: str) -> None:
    rng = np.random.default_rng(3)
    x, weight = rng.normal(size=(3, 6, 5)), rng.normal(size=(6, 1, size, size))
    bias = rng.normal(size=6)
    layer = DepthwiseConv2d(size, stride, mode, depth_multiplier=2)
    expected = convolved(x, weight, bias, layer)
    np.testing.assert_allclose(run(layer, x, weight=weight, bias=bias), expected, atol=1e-12)

    joined, separable = rng.normal(size=(4, 6, 1, 1)), SeparableConv2d(4, size, stride, mode, depth_multiplier=2)
    spatial = convolved(x, weight, np.zeros(6), layer)
    expected = convolved(spatial, joined, bias[:4], Conv2d(4, 1))
    answer = run(separable, x, weight=weight, pointwise_weight=joined, bias=bias[:4])
    np.testing.assert_allclose(answer, expected, atol=1e-12)


@pytest.mark.parametrize("mode", ["same", "valid"])
@pytest.mark.parametrize(
    ("size", "stride", "dilation"), [(3, 1, 1), (3, 2, 1), (2, 3, 1), (1, 2, 1), (4, 2, 1), (3, 2, 2)]
)
@pytest.mark.parametrize("groups", [1, 2])
def test_a_transposed_convolution_is_the_transpose_of_a_convolution(
    mode: str, size: int, stride: int, dilation: int, groups: int
) -> None:
    """⟨conv(u), v⟩ = ⟨u, transposed(v)⟩ for the same weights, where the sizes of u and v belong together."""
    rng = np.random.default_rng(5)
    layer = ConvTranspose2d(4, size, stride, mode, dilation, groups=groups, use_bias=False)
    v = rng.normal(size=(2, 3, 4))
    weight = rng.normal(size=(2, 4 // groups, size, size))
    u = rng.normal(size=layer.output_shape(v.shape))
    back = Conv2d(2, size, stride, mode, dilation, groups=groups, use_bias=False)
    forth = run(layer, v, weight=weight)
    assert forth.shape == u.shape
    assert np.sum(run(back, u, weight=weight) * v) == pytest.approx(np.sum(u * forth))


def test_transposed_convolution_puts_zeros_between_and_a_bias_everywhere() -> None:
    layer = ConvTranspose2d(1, 1, 3, "same")
    assert run(layer, [[[1, 2]]], weight=[[[[5]]]], bias=[1])[0, 0].tolist() == [6, 1, 1, 11, 1, 1]


def test_padding_known_from_the_literature() -> None:
    # a textbook figure: width 13, kernel 6, stride 5
    assert windows(13, 6, 5, 1, "same") == 3 and padding(13, 6, 5, 1, "same") == (1, 2)
    assert windows(13, 6, 5, 1, "valid") == 2 and padding(13, 6, 5, 1, "valid") == (0, 0)
    # another: a 5 × 7 image, 3 × 3 windows, stride 2
    assert Conv2d(1, 3, 2).output_shape((1, 5, 7)) == (1, 3, 4)
    # an even kernel: the odd zero stands behind; a causal one: all stand before
    assert padding(8, 4, 1, 1, "same") == (1, 2)
    assert padding(8, 3, 1, 4, "causal") == (8, 0)
    assert windows(50, 4, 2, 1, "valid") == 24
    assert windows(2, 3, 1, 1, "valid") == 0


def test_dilation_spreads_a_kernel() -> None:
    answer = run(Conv1d(1, 3, 1, "valid", 4, use_bias=False), np.eye(9)[:, None][4], weight=[[[1, 2, 3]]])
    assert answer.tolist() == [[2.0]]
    spread = [run(Conv1d(1, 3, 1, "valid", 4, use_bias=False), row[None], weight=[[[1, 2, 3]]]) for row in np.eye(9)]
    assert np.ravel(spread).tolist() == [1, 0, 0, 0, 2, 0, 0, 0, 3]


def test_a_causal_convolution_sees_nothing_of_the_future() -> None:
    layer, rng = Conv1d(2, 3, 1, "causal", 2), np.random.default_rng(1)
    x, parameters = rng.normal(size=(1, 12)), {"weight": rng.normal(size=(2, 1, 3)), "bias": np.zeros(2)}
    before = run(layer, x, **parameters)
    x[:, 7:] += 1.0
    after = run(layer, x, **parameters)
    assert np.array_equal(before[:, :7], after[:, :7])
    assert not np.any(before[:, 7] == after[:, 7])


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (Conv1d(4, 3, groups=2), (6, 9)),
        (Conv2d(4, 3), (3, 7, 7)),
        (Conv2d(4, 3, dilation=2, groups=2), (6, 11, 11)),
        (DepthwiseConv2d(3, depth_multiplier=2), (3, 7, 7)),
        (ConvTranspose2d(4, 3, 1), (3, 7, 7)),
        (ConvTranspose2d(4, 3, 1, groups=2), (6, 7, 7)),
    ],
    ids=repr,
)
def test_fans_are_the_inputs_and_outputs_that_hang_together(layer: Any, shape: Shape) -> None:
    """Counted where no border is near: values that an output depends on, outputs that depend on a value."""
    module = layer.build(torch.nn, shape).double()
    for values in module.parameters():
        values.data.fill_(1.0)
    middle = tuple(length // 2 for length in shape[1:])

    def through(x: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = layer.forward(torch, module, x[None])[0]
        return out

    x = torch.zeros(shape, dtype=torch.float64, requires_grad=True)
    (seen,) = torch.autograd.grad(through(x)[(0, *middle)], x)
    spot = torch.zeros(shape, dtype=torch.float64)
    spot[(0, *middle)] = 1.0
    with torch.no_grad():
        reached = through(spot) - through(torch.zeros_like(spot))
    weight = layer.parameters(shape)["weight"]
    assert (weight.fan_in, weight.fan_out) == (int((seen != 0).sum()), int((reached != 0).sum()))


# --- pooling ---------------------------------------------------------------------------------------------------------


def pooled(x: Array, layer: Any, reduce: Any) -> Array:
    """Pooling as loops over its definition: of each window, what lies inside the image."""
    seen = [places(length, layer.pool_size, layer.stride, 1, layer.padding) for length in x.shape[1:]]
    out = np.zeros((len(x), *(len(each) for each in seen)))
    for place in itertools.product(*(range(len(each)) for each in seen)):
        inside = [[i for i in each[at] if 0 <= i < n] for each, at, n in zip(seen, place, x.shape[1:], strict=True)]
        for c in range(len(x)):
            out[(c, *place)] = reduce(x[c][np.ix_(*inside)])
    return out


@pytest.mark.parametrize("mode", ["valid", "same"])
@pytest.mark.parametrize(("size", "stride"), [(2, 2), (3, 2), (3, 1), (2, 3), (5, 4)])
def test_pooling_is_its_definition(size: int, stride: int, mode: str) -> None:
    x = np.random.default_rng(2).normal(size=(2, 7, 5)) - 10  # all negative: a zero of the border would win
    for kind, reduce in ((MaxPool2d, np.max), (AveragePool2d, np.mean)):
        layer = kind(size, stride, mode)
        np.testing.assert_allclose(run(layer, x), pooled(x, layer, reduce), rtol=1e-12)
    for line, reduce in ((MaxPool1d, np.max), (AveragePool1d, np.mean)):
        row = line(size, stride, mode)
        np.testing.assert_allclose(run(row, x[:, 0]), pooled(x[:, 0], row, reduce), rtol=1e-12)


def test_pooling_by_hand() -> None:
    field = [[[1, 5], [3, 2]]]
    assert run(MaxPool2d(), field).tolist() == [[[5]]]
    assert run(AveragePool2d(), field).tolist() == [[[2.75]]]
    assert run(GlobalMaxPool2d(), field).tolist() == [5]
    assert run(GlobalAveragePool2d(), field).tolist() == [2.75]
    assert run(GlobalMaxPool1d(), field[0]).tolist() == [5, 3]
    assert run(GlobalAveragePool1d(), field[0]).tolist() == [3, 2.5]


# --- reshaping -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("layer", "arrives", "leaves"),
    [
        (Reshape(), (12,), (1, 3, 4)),
        (Reshape(), (16,), (1, 4, 4)),
        (Reshape(), (7,), (1, 1, 7)),
        (Reshape(channels=3), (12,), (3, 2, 2)),
        (Reshape(channels=0, height=2, width=2), (12,), (3, 2, 2)),
        (Reshape(height=2), (12,), (1, 2, 6)),
        (Reshape(width=2), (12,), (1, 6, 2)),
        (Reshape(channels=0, width=4), (12,), (1, 3, 4)),
        (Reshape("sequence"), (3, 2, 2), (1, 12)),
        (Reshape("sequence", channels=0, width=4), (12,), (3, 4)),
        (Flatten(), (3, 2, 2), (12,)),
        (RepeatVector(3), (2,), (2, 3)),
        (Permute("3 1 2"), (4, 5, 3), (3, 4, 5)),
        (ZeroPad(1, 2, 3, 4), (1, 5, 5), (1, 8, 12)),
        (ZeroPad(1, 2, 3, 4), (1, 5), (1, 12)),
        (Crop(1, 2, 0, 3), (1, 5, 5), (1, 2, 2)),
        (Upsample(3), (2, 4), (2, 12)),
    ],
    ids=repr,
)
def test_shapes_by_hand(layer: Layer, arrives: Shape, leaves: Shape) -> None:
    assert layer.output_shape(arrives) == leaves


def test_reshaping_by_hand() -> None:
    row = np.arange(6.0)
    assert np.array_equal(run(Reshape(height=2), row), row.reshape(1, 2, 3))
    image = row.reshape(1, 2, 3)
    assert np.array_equal(run(Flatten(), image), row)
    assert np.array_equal(run(Permute("3 1 2"), image), np.moveaxis(image, 2, 0))
    assert np.array_equal(run(Permute("2 1"), image[0]), image[0].T)
    assert run(RepeatVector(3), [1, 2]).tolist() == [[1, 1, 1], [2, 2, 2]]
    assert np.array_equal(run(ZeroPad(1, 0, 0, 2), image), np.pad(image, ((0, 0), (1, 0), (0, 2))))
    assert np.array_equal(run(ZeroPad(9, 9, 0, 2), image[0]), np.pad(image[0], ((0, 0), (0, 2))))
    assert np.array_equal(run(Crop(1, 0, 0, 2), image), image[:, 1:, :1])
    assert np.array_equal(run(Crop(9, 9, 1, 1), image[0]), image[0, :, 1:2])
    assert np.array_equal(run(Upsample(2), image), image.repeat(2, 1).repeat(2, 2))


def test_bilinear_upsampling_takes_pixels_as_areas() -> None:
    # centres of the new pixels lie at −0.25, 0.25, 0.75, 1.25 of the old ones
    assert run(Upsample(2, "bilinear"), [[0, 4]]).tolist() == [[0, 1, 3, 4]]
    corners = run(Upsample(2, "bilinear"), [[[0, 4], [8, 12]]])[0]
    assert corners[0].tolist() == [0, 1, 3, 4] and corners[:, 0].tolist() == [0, 2, 6, 8] and corners[1, 1] == 3
