"""What every layer gives for one sample: numbers that come back from their bytes, winners, masks, averages."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engine.catalog.activations import Linear, Relu, Tanh
from engine.catalog.layers.convolution import Conv2d
from engine.catalog.layers.dense import Dense
from engine.catalog.layers.normalization import BatchNorm
from engine.catalog.layers.pooling import MaxPool1d, MaxPool2d
from engine.catalog.layers.regularizing import Dropout
from engine.catalog.layers.reshaping import Flatten
from engine.plan.data import split
from engine.probes.feature_maps import FeatureMaps
from engine.probes.sliding import reads, winners
from engine.probes.tiles import LARGEST, never_negative, quantized, thinned
from engine.training.torch_trainer import TorchTrainer
from tests.engine.probes.test_terms import digits

SAMPLE = 3


@pytest.fixture(scope="module")
def run() -> TorchTrainer:
    return digits(
        Conv2d(4, activation=Relu()),
        BatchNorm(),
        MaxPool2d(),
        Dropout(0.5),
        Conv2d(3, activation=Tanh()),
        Flatten(),
        Dense(6, Relu()),
        Dropout(0.25),
    )


def named(run: TorchTrainer, kind: str, number: int = 0) -> str:
    found = [node for node in run.plan.order if run.plan.nodes[node].layer.name == kind]
    return found[number]


def test_bytes_and_scale_give_the_outputs_back(run: TorchTrainer) -> None:
    answer = FeatureMaps(run.plan.order, sample=SAMPLE).measure(run)
    values = np.array(split(run.plan.document.data).values[SAMPLE : SAMPLE + 1])
    outputs = run.outputs(values, run.plan.order)
    for node in run.plan.order:
        truth = outputs[node][0]
        if truth.ndim == 1:
            np.testing.assert_array_equal(answer[f"{node}.values"], truth)
            continue
        scale = answer[f"{node}.scale"][:, None, None]
        signed = bool(answer[f"{node}.signed"][0])
        shares = answer[node] / 127.5 - 1 if signed else answer[node] / 255
        assert np.abs(shares * scale - truth).max() <= 1.01 * scale.max() / (127.5 if signed else 255)
        np.testing.assert_allclose(answer[f"{node}.high"], truth.max(axis=(1, 2)))
        np.testing.assert_allclose(answer[f"{node}.low"], truth.min(axis=(1, 2)))
        np.testing.assert_allclose(answer[f"{node}.activity"], np.abs(truth).mean(axis=(1, 2)), rtol=1e-5)
    np.testing.assert_array_equal(answer["image"], values[0])
    assert answer["truth"].tolist() == split(run.plan.document.data).train.targets[SAMPLE : SAMPLE + 1].tolist()


def test_the_sign_follows_from_the_plan(run: TorchTrainer) -> None:
    positive = never_negative(run.plan)
    assert {"input_1", named(run, "Conv2d"), named(run, "Dense")} <= positive
    assert not positive & {named(run, "BatchNorm"), named(run, "MaxPool2d"), named(run, "Conv2d", 1)}
    assert named(run, "Dropout", 1) in positive  # what comes behind a ReLU
    linear = digits(Conv2d(2, activation=Linear()), trained=False)
    assert "input_1" in never_negative(linear.plan) and len(never_negative(linear.plan)) == 2  # and the softmax


def test_winners_are_the_values_that_were_passed_on(run: TorchTrainer) -> None:
    pool, source = named(run, "MaxPool2d"), named(run, "BatchNorm")
    won = FeatureMaps((pool,), sample=SAMPLE).measure(run)[f"{pool}.winners"]
    values = np.array(split(run.plan.document.data).values[SAMPLE : SAMPLE + 1])
    outputs = run.outputs(values, (pool, source))
    assert won.shape == (4, 8, 8) and won.sum() == 4 * 4 * 4
    blocks = np.where(won, outputs[source][0], -np.inf).reshape(4, 4, 2, 4, 2).max(axis=(2, 4))
    np.testing.assert_array_equal(blocks, outputs[pool][0])


@pytest.mark.parametrize("layer", [MaxPool2d(3, 2, "same"), MaxPool2d(3, 1), MaxPool1d(2, 2), MaxPool1d(3, 2, "same")])
def test_winners_of_any_window_hold_all_largest_values(layer: Any) -> None:
    random = np.random.default_rng(1)
    maps = random.normal(size=(2, 7, 5) if isinstance(layer, MaxPool2d) else (2, 1, 9)).astype(np.float32)
    won = winners(layer, maps)
    found: set[float] = set()
    lengths = layer.output_shape(maps.shape if isinstance(layer, MaxPool2d) else (2, 9))
    shape = maps.shape if isinstance(layer, MaxPool2d) else (2, 9)
    for place in np.ndindex(lengths[1:]):
        row, column = place if len(place) == 2 else (0, *place)
        patch = reads(layer, shape, row, column).patch(maps, -np.inf)
        found |= set(patch.reshape(2, -1).max(axis=1).tolist())
    assert set(maps[won].tolist()) == found


def test_a_mask_is_drawn_anew_in_each_step_and_batch_norm_tells_its_averages() -> None:
    run = digits(Conv2d(2), BatchNorm(), Dropout(0.5))
    norm, dropout = named(run, "BatchNorm"), named(run, "Dropout")
    answer = FeatureMaps((norm, dropout)).measure(run)
    mask = answer[f"{dropout}.mask"]
    assert mask.shape == (2, 8, 8) and 0.3 < mask.mean() < 0.7
    np.testing.assert_array_equal(mask, FeatureMaps((dropout,)).measure(run)[f"{dropout}.mask"])
    running = answer[f"{norm}.running"]
    np.testing.assert_array_equal(running[0], run.parameter(f"{norm}.running_mean"))
    np.testing.assert_allclose(running[1] ** 2, run.parameter(f"{norm}.running_var"), rtol=1e-5)
    run.step("batch")
    assert (FeatureMaps((dropout,)).measure(run)[f"{dropout}.mask"] != mask).any()


def test_few_channels_come_without_what_belongs_to_all(run: TorchTrainer) -> None:
    pool = named(run, "MaxPool2d")
    answer = FeatureMaps((pool, "gone"), 2, sample=SAMPLE).measure(run)
    assert answer[pool].shape == (2, 4, 4) and f"{pool}.winners" not in answer and f"{pool}.mean" not in answer


def test_a_drawn_picture_is_looked_at_in_place_of_a_sample(run: TorchTrainer) -> None:
    image = split(run.plan.document.data).values[7]
    drawn = FeatureMaps(run.plan.order, image=tuple(image.ravel().tolist())).measure(run)
    kept = FeatureMaps(run.plan.order, sample=7).measure(run)
    assert drawn["truth"].shape == (0,)
    for node in run.plan.order:
        np.testing.assert_array_equal(drawn.get(node), kept.get(node))


def test_large_maps_are_thinned_and_what_is_not_finite_is_nothing() -> None:
    maps = np.arange(2 * 200 * 100, dtype=np.float32).reshape(2, 200, 100)
    assert max(thinned(maps).shape[1:]) <= LARGEST
    odd = np.array([[[np.nan, np.inf, -2.0, 1.0]]], np.float32)
    tiles, scale = quantized(odd, True)
    assert scale.tolist() == [2.0] and tiles.tolist() == [[[128, 128, 0, 191]]]
    assert quantized(np.zeros((1, 2, 2), np.float32), False)[0].max() == 0
