"""Dropout in the compiled kernels: its masks, and what of them reaches the weights."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from engine.catalog.activations import Linear
from engine.catalog.layers.dense import Dense
from engine.catalog.layers.regularizing import Dropout
from engine.catalog.losses import MeanSquaredError
from engine.document.graph import Document, Training
from tests.engine.training.agreement import numba
from tests.engine.training.networks import chain


def dropped(rate: float, batch_size: int = 10) -> Document:
    return chain(Dense(30, Linear()), Dropout(rate), Dense(1, Linear()), training=Training(batch_size=batch_size))


def masks(rate: float, steps: int) -> np.ndarray[Any, Any]:
    """The mask of each step's tile, (steps, 30, 10)."""
    run = numba(dropped(rate))
    place = run._network._masks["dropout_1"] // 4
    found = []
    for _ in range(steps):
        run.step("batch")
        found.append(run._network.memory[place : place + 30 * 16].reshape(30, 16)[:, :10].copy())
    return np.array(found)


def test_dropout_silences_the_share_that_it_says_and_scales_up_the_rest() -> None:
    found = masks(0.25, 200)
    assert set(np.unique(found)) == {np.float32(0), np.float32(1 / 0.75)}
    silent = found == 0
    spread = math.sqrt(0.25 * 0.75 / silent.size)
    assert abs(silent.mean() - 0.25) < 5 * spread
    # neither units nor steps nor samples share their fate
    flat = silent.transpose(1, 0, 2).reshape(30, -1)
    correlation = np.corrcoef(flat)[np.triu_indices(30, 1)]
    assert np.abs(correlation).max() < 5 / math.sqrt(flat.shape[1])
    assert not np.array_equal(found[0], found[1])


def test_dropout_does_nothing_at_test_time() -> None:
    run = numba(dropped(0.5))
    points = np.random.default_rng(0).uniform(-6, 6, (20, 2))
    found = run.outputs(points, ("dense_1", "dropout_1"))
    np.testing.assert_array_equal(found["dense_1"], found["dropout_1"])


def test_the_gradient_of_dropout_is_that_of_its_mask() -> None:
    run = numba(chain(Dense(30, Linear()), Dropout(0.5), Dense(1, Linear()), training=Training(MeanSquaredError())))
    before = run.snapshot().weights
    run.step("batch")
    place = run._network._masks["dropout_1"] // 4
    silent = (run._network.memory[place : place + 480].reshape(30, 16)[:, :10] == 0).all(axis=1)
    changed = (run.parameter("dense_1.weight") != before["dense_1.weight"]).any(axis=1)
    assert changed.any() and not changed[silent].any()
