"""What one value of a feature map sees: textbook numbers, and what PyTorch's gradients say."""

from __future__ import annotations

import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from torch import nn

from engine.catalog.layers.convolution import Conv1d, Conv2d, ConvTranspose2d
from engine.catalog.layers.dense import Activation, Dense, Input
from engine.catalog.layers.layer import Layer
from engine.catalog.layers.merging import Add
from engine.catalog.layers.normalization import BatchNorm
from engine.catalog.layers.pooling import AveragePool2d, MaxPool2d
from engine.catalog.layers.reshaping import Flatten, Permute, Reshape, Upsample
from engine.document.examples import load_example
from engine.document.graph import Document, Network
from engine.plan.receptive import Field, receptive_fields
from engine.plan.resolve import resolve

SIDE = 48


def image(side: int = SIDE) -> Document:
    """An image of one channel, made of two columns that are laid out and enlarged beforehand."""
    document = load_example("circle").document.replace(networks=(Network(),)).append(Input())
    return document.append(Dense(units=side * side)).append(Reshape())


def fields(*layers: Layer, side: int = SIDE) -> list[Field]:
    """The fields behind these layers, one after the other behind an image."""
    document = image(side)
    names = []
    for layer in layers:
        names.append(document.free_id(layer))
        document = document.append(layer)
    found = receptive_fields(resolve(document))
    return [found[name] for name in names]


def conv(kernel: int, stride: int = 1, dilation: int = 1, padding: str = "valid") -> Conv2d:
    return Conv2d(filters=2, kernel_size=kernel, stride=stride, dilation=dilation, padding=padding)


def sizes(*layers: Layer, side: int = SIDE) -> list[tuple[int, ...]]:
    return [field.size for field in fields(*layers, side=side)]


def test_two_windows_of_three_see_five() -> None:
    assert sizes(conv(3), conv(3), conv(3)) == [(3, 3), (5, 5), (7, 7)]
    assert fields(conv(3))[0].whole == (SIDE, SIDE)


def test_lenet() -> None:
    found = sizes(conv(5, padding="same"), AveragePool2d(), conv(5), AveragePool2d(), conv(5), side=28)
    assert found == [(5, 5), (6, 6), (14, 14), (16, 16), (32, 32)]


def test_the_stem_of_a_residual_network_and_dilation() -> None:
    assert sizes(conv(7, 2, padding="same"), MaxPool2d(3, 2, "same"), conv(3, padding="same"))[-1] == (19, 19)
    assert sizes(conv(3), conv(3, dilation=2), conv(3, dilation=4)) == [(3, 3), (7, 7), (15, 15)]


def test_what_moves_no_window_changes_nothing() -> None:
    assert sizes(conv(3), Activation(), BatchNorm(), conv(1))[1:] == [(3, 3)] * 3


def test_the_longer_branch_counts() -> None:
    document = image().append(conv(3, padding="same")).append(conv(3, padding="same"))
    document = document.add(Add(), 900, 0).connect("conv2d_1", "add_1").connect("conv2d_2", "add_1")
    assert receptive_fields(resolve(document))["add_1"].size == (5, 5)


def test_a_block_sees_what_the_cards_inside_see() -> None:
    document = image().append(conv(3)).append(conv(3)).append(conv(3)).fold(["conv2d_2", "conv2d_3"])
    assert receptive_fields(resolve(document))["block_1"].size == (7, 7)


def test_sequences_have_one_axis_and_flat_cards_none() -> None:
    document = load_example("circle").document.replace(networks=(Network(),)).append(Input()).append(Dense(units=20))
    document = document.append(Reshape(target="sequence")).append(Conv1d(kernel_size=3, dilation=4))
    found = receptive_fields(resolve(document.append(Flatten())))
    assert found["conv1d_1"].size == (9,) and found["conv1d_1"].whole == (20,)
    assert set(found) == {"reshape_1", "conv1d_1"}


def test_exchanged_axes() -> None:
    tall = Conv2d(filters=2, kernel_size=3, padding="valid")
    document = image().append(tall).append(Permute(axes="1 3 2"))
    assert receptive_fields(resolve(document))["permute_1"].size == (3, 3)
    assert "permute_1" not in receptive_fields(resolve(image().append(tall).append(Permute(axes="3 1 2"))))


def test_cards_without_a_shape_have_none() -> None:
    document = image().append(conv(32)).append(conv(32))
    plan = resolve(document)
    assert not plan.ready
    assert set(receptive_fields(plan)) == {"reshape_1", "conv2d_1"}


def measured(layers: list[Layer]) -> tuple[int, int]:
    """Height and width of what has a gradient, of the place of the output that sees most."""
    torch.manual_seed(0)
    shape: tuple[int, ...] = (1, SIDE, SIDE)
    x = torch.rand((1, *shape), requires_grad=True)
    y = x
    for layer in layers:
        module = layer.build(nn, shape)
        for parameter in module.parameters() if module is not None else ():
            nn.init.constant_(parameter, 1.0)
        y, shape = layer.forward(torch, module, y), layer.output_shape(shape)
    middle, largest = [length // 2 for length in y.shape[2:]], (0, 0)
    for row in range(middle[0] - 2, middle[0] + 2):
        for column in range(middle[1] - 2, middle[1] + 2):
            (slope,) = torch.autograd.grad(y[0, 0, row, column], x, retain_graph=True)
            seen = slope[0, 0].nonzero()
            extent = (seen.max(0).values - seen.min(0).values + 1).tolist()
            largest = (max(largest[0], extent[0]), max(largest[1], extent[1]))
    return largest


LAYER = st.one_of(
    st.builds(conv, st.integers(1, 4), st.integers(1, 2), st.integers(1, 2), st.sampled_from(["same", "valid"])),
    st.builds(AveragePool2d, st.integers(2, 3), st.integers(1, 2), st.sampled_from(["same", "valid"])),
    st.builds(Upsample, st.just(2)),
)


@example([conv(1, 2, 1, "same"), Upsample(2), AveragePool2d(2, 1, "same")])
@settings(max_examples=25)
@given(st.lists(LAYER, min_size=1, max_size=3))
def test_it_is_where_gradients_come_from(layers: list[Layer]) -> None:
    field = fields(*layers)[-1]
    if max(field.size) > SIDE // 2 or max(field.step) > 4:
        return  # its border would be seen
    found = measured(layers)
    if any(isinstance(layer, Upsample) for layer in layers[:-1]):
        # where windows begin between the copies of a value, it depends on the place how many values they see
        assert max(found) <= max(field.size) <= max(found) + len(layers) * max(axis.grain for axis in field.axes)
    else:
        assert found == field.size


@pytest.mark.parametrize(("kernel", "stride"), [(2, 2), (3, 2), (4, 2), (3, 1), (5, 3)])
def test_a_transposed_convolution(kernel: int, stride: int) -> None:
    layer = ConvTranspose2d(filters=1, kernel_size=kernel, stride=stride, padding="valid")
    assert fields(layer)[0].size == measured([layer])
