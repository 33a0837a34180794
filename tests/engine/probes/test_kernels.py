"""Weights as images: unit by unit, in one scale, and how far they are from where the seed put them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engine.catalog.constraints import MaxNorm
from engine.catalog.layers.convolution import Conv1d, Conv2d, ConvTranspose2d, DepthwiseConv2d, SeparableConv2d
from engine.catalog.layers.pooling import MaxPool2d
from engine.catalog.layers.reshaping import Reshape
from engine.probes.kernels import CHANGE, GRADIENT, START, WEIGHTS, Kernels
from engine.probes.weights import by_units, has_kernels, kernel_shape, names
from tests.engine.probes.test_terms import digits

LAYERS = [
    (Conv2d(4, kernel_size=5),),
    (Conv2d(4), Conv2d(6, groups=2)),
    (Conv2d(4), DepthwiseConv2d(depth_multiplier=3)),
    (Conv2d(3), SeparableConv2d(4, depth_multiplier=2)),
    (Conv2d(4), ConvTranspose2d(6, groups=2)),
    (Reshape(target="sequence"), Conv1d(5)),
]


@pytest.mark.parametrize("layers", LAYERS, ids=lambda layers: layers[-1].name)
def test_every_kernel_has_its_declared_shape(layers: tuple[Any, ...]) -> None:
    run = digits(*layers)
    for node in run.plan.order:
        if not has_kernels(run.plan.nodes[node]):
            continue
        arrays = {name: run.parameter(f"{node}.{name}") for name in names(run.plan.nodes[node])}
        kernels = by_units(run.plan, node, arrays)
        assert kernels.shape == kernel_shape(run.plan, node)
        answer = Kernels((node,)).measure(run)
        scale = answer[f"{node}.scale"]
        np.testing.assert_allclose(scale, np.abs(kernels.reshape(len(kernels), -1)).max(axis=1))
        back = (answer[node] / 127.5 - 1) * scale[:, None, None, None]
        assert np.abs(back - kernels).max() <= 1.01 * scale.max() / 127.5
        lengths = np.linalg.norm(kernels.reshape(len(kernels), -1), axis=1)
        np.testing.assert_allclose(answer[f"{node}.norm"], lengths, rtol=1e-5)


def test_change_is_what_the_steps_have_made_of_the_start() -> None:
    run = digits(Conv2d(3, constraint=MaxNorm()), trained=False)
    node = run.plan.order[1]
    first = run.parameter(f"{node}.weight")
    assert not Kernels((node,), CHANGE).measure(run)[node].astype(int).max() - 128
    assert node not in Kernels((node,), GRADIENT).measure(run)  # no step, no gradient
    for _ in range(4):
        run.step("batch")
    answer = Kernels((node,), CHANGE).measure(run)
    moved = run.parameter(f"{node}.weight") - first
    scale = answer[f"{node}.scale"]
    np.testing.assert_allclose(scale, np.abs(moved.reshape(3, -1)).max(axis=1), rtol=1e-5)
    assert scale.min() > 0
    begun, now = (Kernels((node,), what).measure(run) for what in (START, WEIGHTS))
    np.testing.assert_allclose(begun[f"{node}.scale"], np.abs(first.reshape(3, -1)).max(axis=1))
    assert (begun[node] != now[node]).any()
    gradient = run.gradient(f"{node}.weight")
    assert gradient is not None
    expected = np.abs(gradient.reshape(3, -1)).max(axis=1)
    np.testing.assert_allclose(Kernels((node,), GRADIENT).measure(run)[f"{node}.scale"], expected, rtol=1e-6)


def test_cards_without_weights_are_left_out_and_one_unit_can_be_asked_for() -> None:
    run = digits(Conv2d(3), MaxPool2d(), trained=False)
    node = run.plan.order[1]
    answer = Kernels(("gone", *run.plan.order)).measure(run)
    assert set(answer) >= {node, "step"} and "input_1" not in answer and run.plan.order[2] not in answer
    one = Kernels((node,), unit=2).measure(run)
    np.testing.assert_array_equal(one[node], answer[node][2:3])


def test_the_gradient_of_a_kernel_of_two_parts_is_the_way_that_a_step_moves_it() -> None:
    run = digits(Conv2d(3), SeparableConv2d(4, depth_multiplier=2))
    node = run.plan.order[2]
    run.step("batch")
    full_names = {name: f"{node}.{name}" for name in names(run.plan.nodes[node])}
    values = {name: run.parameter(full_name).astype(np.float64) for name, full_name in full_names.items()}
    slopes = {name: run.gradient(full_name) for name, full_name in full_names.items()}
    little = 1e-6
    moved = {name: value + little * np.asarray(slopes[name]) for name, value in values.items()}
    way = (by_units(run.plan, node, moved) - by_units(run.plan, node, values)) / little
    answer = Kernels((node,), GRADIENT).measure(run)
    scale = answer[f"{node}.scale"]
    assert scale.min() > 0
    np.testing.assert_allclose(scale, np.abs(way.reshape(4, -1)).max(axis=1), rtol=1e-4)
    shown = (answer[node] / 127.5 - 1) * scale[:, None, None, None]
    assert np.abs(shown - way).max() <= 1.01 * scale.max() / 127.5
