"""Regularizers against finite differences, in NumPy and in PyTorch."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.catalog.registry import defaults
from engine.catalog.regularizers import L1, L2, ElasticNet, NoRegularizer, Regularizer

REGULARIZERS: list[Regularizer] = [
    *defaults("regularizers"),
    L1(rate=0.5),
    L2(rate=0.5),
    ElasticNet(rate=0.5, l1_share=0.3),
    ElasticNet(rate=0.5, l1_share=0.0),
    ElasticNet(rate=0.5, l1_share=1.0),
]


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
    assert ElasticNet(rate=0.1, l1_share=0.25).penalty(np, weight) == pytest.approx(0.25 * 0.6 + 0.75 * 0.7)
