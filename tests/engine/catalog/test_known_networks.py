"""Networks of the literature: shapes, parameters and costs as published, worked out layer by layer."""

from __future__ import annotations

import math

import pytest

from engine.catalog.layers.convolution import Conv1d, Conv2d, DepthwiseConv2d, SeparableConv2d
from engine.catalog.layers.dense import Dense
from engine.catalog.layers.embedding import Embedding
from engine.catalog.layers.layer import Layer, Shape
from engine.catalog.layers.normalization import BatchNorm, LocalResponseNorm
from engine.catalog.layers.pooling import AveragePool2d, GlobalAveragePool2d, MaxPool2d
from engine.catalog.layers.regularizing import Dropout
from engine.catalog.layers.reshaping import Flatten, ZeroPad
from engine.catalog.layers.scaling import Scale


def count(layer: Layer, shape: Shape) -> int:
    return sum(parameter.size for parameter in layer.parameters(shape).values())


def kept(layer: Layer, shape: Shape) -> int:
    return sum(buffer.size for buffer in layer.buffers(shape).values())


def through(layers: list[Layer], shape: Shape) -> tuple[list[Shape], list[int]]:
    """The shape behind each layer, and the parameters of each that has some."""
    shapes, counts = [], []
    for layer in layers:
        if count(layer, shape):
            counts.append(count(layer, shape))
        shape = layer.output_shape(shape)
        shapes.append(shape)
    return shapes, counts


def test_lenet_5() -> None:
    layers = [
        ZeroPad(2, 2, 2, 2),
        Conv2d(6, 5, padding="valid"),
        AveragePool2d(),
        Scale(use_bias=True),
        Conv2d(16, 5, padding="valid"),
        AveragePool2d(),
        Scale(use_bias=True),
        Conv2d(120, 5, padding="valid"),
        Flatten(),
        Dense(84),
        Dense(10),
    ]
    shapes, counts = through(layers, (1, 28, 28))
    assert [shape[1] for shape in shapes if len(shape) == 3] == [32, 28, 14, 14, 10, 5, 5, 1]
    assert counts == [156, 12, 2416, 32, 48_120, 10_164, 850]


def test_alexnet() -> None:
    layers = [
        Conv2d(96, 11, 4, "valid"),
        LocalResponseNorm(),
        MaxPool2d(3, 2),
        Conv2d(256, 5),
        LocalResponseNorm(),
        MaxPool2d(3, 2),
        Conv2d(384, 3),
        Conv2d(384, 3),
        Conv2d(256, 3),
        MaxPool2d(3, 2),
        Flatten(),
        Dense(4096),
        Dropout(0.5),
        Dense(4096),
        Dropout(0.5),
        Dense(1000),
    ]
    shapes, counts = through(layers, (3, 227, 227))
    assert [shape[1] for shape in shapes if len(shape) == 3] == [55, 55, 27, 27, 27, 13, 13, 13, 13, 6]
    assert counts == [34_944, 614_656, 885_120, 1_327_488, 884_992, 37_752_832, 16_781_312, 4_097_000]
    assert sum(counts) == 62_378_344


def test_vgg_16() -> None:
    layers: list[Layer] = []
    for filters, repeats in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)):
        layers += [Conv2d(filters, 3)] * repeats + [MaxPool2d()]
    shapes, counts = through([*layers, Flatten(), Dense(4096), Dense(4096), Dense(1000)], (3, 224, 224))
    assert shapes[len(layers) - 1] == (512, 7, 7)
    assert sum(counts) == 138_357_544


def test_a_classifier_of_clothes() -> None:
    layers = [
        Conv2d(64, 7), MaxPool2d(), Conv2d(128, 3), Conv2d(128, 3), MaxPool2d(), Conv2d(256, 3), Conv2d(256, 3),
        MaxPool2d(), Flatten(), Dense(128), Dropout(0.5), Dense(64), Dropout(0.5), Dense(10),
    ]  # fmt: skip
    shapes, counts = through(layers, (1, 28, 28))
    assert counts == [3200, 73_856, 147_584, 295_168, 590_080, 295_040, 8256, 650]
    assert sum(counts) == 1_413_834
    assert (2304,) in shapes


def test_resnet_34() -> None:
    def joined(filters: int, stride: int, size: int = 3) -> list[Layer]:
        return [Conv2d(filters, size, stride, use_bias=False), BatchNorm()]

    shape: Shape = (3, 224, 224)
    learned = running = 0
    sides = []
    stem: list[Layer] = [*joined(64, 2, 7), MaxPool2d(3, 2, "same")]
    units: list[tuple[list[Layer], list[Layer]]] = [(stem, [])]
    before = 64
    for filters in [64] * 3 + [128] * 4 + [256] * 6 + [512] * 3:
        stride = 1 if filters == before else 2
        units.append((joined(filters, stride) + joined(filters, 1), joined(filters, 2, 1) if stride == 2 else []))
        before = filters
    counts = []
    for main, skip in units:
        ends, total = [], 0
        for branch in (main, skip):
            end = shape
            for layer in branch:
                total, running = total + count(layer, end), running + kept(layer, end)
                end = layer.output_shape(end)
            ends.append(end)
        assert not skip or ends[0] == ends[1]
        shape, learned = ends[0], learned + total
        counts.append(total)
        sides.append(shape[1])
    assert list(dict.fromkeys(counts[1:])) == [73_984, 230_144, 295_424, 919_040, 1_180_672, 3_673_088, 4_720_640]
    assert list(dict.fromkeys(sides)) == [56, 28, 14, 7]
    pooled = GlobalAveragePool2d().output_shape(shape)
    assert learned + count(Dense(10), pooled) == 21_289_802
    assert running == 17_024


def test_batch_norm_between_dense_layers() -> None:
    layers = [Flatten(), BatchNorm(), Dense(300), BatchNorm(), Dense(100), BatchNorm(), Dense(10)]
    shapes, counts = through(layers, (1, 28, 28))
    held = sum(kept(layer, shape) for layer, shape in zip(layers, [(1, 28, 28), *shapes], strict=False))
    assert (sum(counts), held, sum(counts) + held) == (268_978, 2368, 271_346)
    assert counts == [1568, 235_500, 600, 30_100, 200, 1010]


def test_separable_convolution_is_cheap() -> None:
    plain, separable = Conv2d(128, 3, use_bias=False), SeparableConv2d(128, 3, use_bias=False)
    assert (count(plain, (64, 8, 8)), count(separable, (64, 8, 8))) == (73_728, 8768)
    assert count(DepthwiseConv2d(3, depth_multiplier=2), (64, 8, 8)) == 64 * 2 * 9 + 128
    assert separable.multiply_adds((64, 8, 8)) == 8 * 8 * (64 * 9 + 64 * 128)


def test_squeeze_and_excitation_and_two_small_windows() -> None:
    assert sum(through([Dense(16), Dense(256)], (256,))[1]) == 8464
    assert sum(through([Conv2d(64, 3, use_bias=True)] * 2, (64, 9, 9))[1]) == 73_856
    assert count(Conv2d(64, 5), (64, 9, 9)) == 102_464


def test_an_inception_module() -> None:
    branches = [[Conv2d(64, 1)], [Conv2d(96, 1), Conv2d(128, 3)], [Conv2d(16, 1), Conv2d(32, 5)], []]
    branches[3] = [MaxPool2d(3, 1, "same"), Conv2d(32, 1)]
    ends = [through(branch, (192, 28, 28)) for branch in branches]
    assert {end[0][-1][1:] for end in ends} == {(28, 28)}
    assert sum(end[0][-1][0] for end in ends) == 256
    assert sum(sum(end[1]) for end in ends) == 163_696


def test_a_small_wavenet() -> None:
    layers: list[Layer] = [Conv1d(20, 2, 1, "causal", rate) for rate in (1, 2, 4, 8) * 2]
    shapes, counts = through([*layers, Conv1d(10, 1)], (1, 50))
    assert counts == [60, *[820] * 7, 210] and sum(counts) == 6010
    assert set(shapes) == {(20, 50), (10, 50)}


def test_an_embedding_of_places() -> None:
    assert count(Embedding(7, 2), (1,)) == 14


def test_memory_of_three_convolutions() -> None:
    """100, 200 and 400 maps from 200 × 300 pixels: a textbook's exercise."""
    shapes, counts = through([Conv2d(filters, 3, 2) for filters in (100, 200, 400)], (3, 200, 300))
    assert shapes == [(100, 100, 150), (200, 50, 75), (400, 25, 38)]
    assert counts == [2800, 180_200, 720_400] and sum(counts) == 903_400
    assert [round(4 * math.prod(shape) / 1e6, 1) for shape in shapes] == [6.0, 3.0, 1.5]


@pytest.mark.parametrize(("side", "expected"), [(100, 225_000_000)])
def test_multiply_adds_of_a_convolution(side: int, expected: int) -> None:
    layer = Conv2d(200, 5)
    assert count(layer, (3, 150, side)) == 15_200
    assert layer.multiply_adds((3, 150, side)) == expected
