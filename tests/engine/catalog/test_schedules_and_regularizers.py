"""Schedules by known values; regularizers against finite differences, in NumPy and in PyTorch."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from engine.catalog.registry import defaults, entry
from engine.catalog.regularizers import L1, L2, NoRegularizer, Regularizer
from engine.catalog.schedules import ConstantRate, Cosine, Schedule

REGULARIZERS: list[Regularizer] = [*defaults("regularizers"), L1(rate=0.5), L2(rate=0.5)]


@pytest.mark.parametrize("schedule", list(defaults("schedules")), ids=repr)
def test_every_schedule_starts_at_the_full_rate_and_stays_at_its_end(schedule: Schedule) -> None:
    assert schedule.factor(0, 100) == pytest.approx(1.0)
    assert schedule.factor(250, 100) == pytest.approx(schedule.factor(100, 100))
    factors = [schedule.factor(epoch / 7, 100) for epoch in range(701)]
    assert all(math.isfinite(factor) and 0 <= factor <= 1 for factor in factors)


def test_known_values_of_the_schedules() -> None:
    assert ConstantRate().factor(73, 100) == 1.0
    cosine = Cosine()
    assert [cosine.factor(epoch, 100) for epoch in (0, 50, 100)] == pytest.approx([1.0, 0.5, 0.0])
    assert cosine.factor(100 / 3, 100) == pytest.approx(0.75)
    assert Cosine(final_share=0.2).factor(50, 100) == pytest.approx(0.6)
    assert Cosine(final_share=0.2).factor(1000, 100) == pytest.approx(0.2)


@pytest.mark.parametrize("regularizer", REGULARIZERS, ids=repr)
def test_gradient_is_the_slope_of_the_penalty(regularizer: Regularizer) -> None:
    weight = np.random.default_rng(7).standard_normal((3, 4))
    h, slopes = 1e-6, np.zeros((3, 4))
    for place in np.ndindex(3, 4):
        moved = np.zeros((3, 4))
        moved[place] = h
        rise = regularizer.penalty(np, weight + moved) - regularizer.penalty(np, weight - moved)
        slopes[place] = rise / (2 * h)
    np.testing.assert_allclose(regularizer.gradient(np, weight), slopes, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("regularizer", REGULARIZERS, ids=repr)
def test_pytorch_gives_the_same_penalty_and_gradient(regularizer: Regularizer) -> None:
    weight = np.random.default_rng(8).standard_normal((3, 4))
    weight[0, 0] = 0.0
    tensor = torch.from_numpy(weight.copy()).requires_grad_()
    penalty = torch.as_tensor(regularizer.penalty(torch, tensor), dtype=torch.float64)
    assert float(penalty.detach()) == pytest.approx(float(regularizer.penalty(np, weight)))
    expected = regularizer.gradient(np, weight)
    np.testing.assert_allclose(regularizer.gradient(torch, tensor.detach()).numpy(), expected)
    if penalty.requires_grad:
        penalty.backward()
        assert tensor.grad is not None
        np.testing.assert_allclose(tensor.grad.numpy(), expected)


def test_known_penalties() -> None:
    weight = np.array([[1.0, -2.0], [0.0, 3.0]])
    assert NoRegularizer().penalty(np, weight) == 0.0
    assert L1(rate=0.1).penalty(np, weight) == pytest.approx(0.6)
    assert L2(rate=0.1).penalty(np, weight) == pytest.approx(0.7)


def test_metrics_by_hand() -> None:
    accuracy, r2 = entry("metrics", "accuracy")(), entry("metrics", "r2")()
    assert accuracy.value(np.array([0, 1, 2, 2]), np.array([0, 1, 2, 1])) == 0.75
    truth = np.array([1.0, 2.0, 3.0])
    assert r2.value(truth, truth) == 1.0
    assert r2.value(np.full(3, 2.0), truth) == 0.0
    assert r2.value(np.array([1.0, 2.0, 4.0]), truth) == pytest.approx(0.5)
    assert math.isnan(accuracy.value(np.array([]), np.array([])))
    assert math.isnan(r2.value(np.array([]), np.array([])))
    assert math.isnan(r2.value(np.array([1.0]), np.array([1.0])))
