"""LBFGS and its line search against PyTorch's, step by step and trial by trial."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch

from engine.catalog.optimizers import (
    LBFGS,
)
from engine.catalog.optimizers.line_search import Trial, strong_wolfe


class Quartic:
    """A smooth loss of many weights with one minimum, in NumPy and in PyTorch: Σ ½ (A w − b)² + ¼ w⁴."""

    def __init__(self, size: int, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self.matrix = rng.standard_normal((size, size)) * np.geomspace(0.3, 3, size)
        self.goal = rng.standard_normal(size)
        self.asked = 0

    def value(self, weight: Any) -> float:
        return self.slope(weight)[0]

    def slope(self, weight: Any) -> tuple[float, Any]:
        self.asked += 1
        off = self.matrix @ weight - self.goal
        return float((off**2).sum() / 2 + (weight**4).sum() / 4), self.matrix.T @ off + weight**3

    def torch_loss(self, weight: torch.Tensor) -> torch.Tensor:
        off = torch.from_numpy(self.matrix) @ weight - torch.from_numpy(self.goal)
        return (off**2).sum() / 2 + (weight**4).sum() / 4


@pytest.mark.parametrize(
    ("optimizer", "count"),
    [
        (LBFGS(), 50),
        (LBFGS(history=3), 50),
        (LBFGS(iterations=5, history=4), 50),
        (LBFGS(iterations=20, history=100), 50),
        (LBFGS(learning_rate=0.02, line_search=False), 50),
        (LBFGS(learning_rate=0.2, iterations=5, history=5, line_search=False), 50),
        (LBFGS(learning_rate=3.0, history=2), 50),
        (LBFGS(learning_rate=0.01), 22),  # then it is at the minimum, where rounding decides which trial is lower
    ],
    ids=repr,
)
def test_steps_of_lbfgs_are_pytorchs(optimizer: LBFGS, count: int) -> None:
    problem, rng = Quartic(8, seed=2), np.random.default_rng(0)
    weight = 3 * rng.standard_normal(8)
    tensor = torch.from_numpy(weight.copy()).requires_grad_()
    peer = optimizer.build(torch.optim, [tensor])
    asked = 0
    state: dict[str, np.ndarray] = {}

    def closure() -> torch.Tensor:
        nonlocal asked
        asked += 1
        peer.zero_grad()
        loss = problem.torch_loss(tensor)
        loss.backward()
        return loss

    losses = [problem.value(weight)]
    for step in range(count):
        rate = optimizer.learning_rate * (1 - step / 200)
        peer.param_groups[0]["lr"] = rate
        peer.step(closure)
        optimizer.search(weight, problem, state, rate, rng)
        losses.append(problem.value(weight))
        np.testing.assert_allclose(weight, tensor.detach().numpy(), rtol=1e-6, atol=1e-8)
    assert problem.asked - len(losses) == asked
    assert losses[-1] < losses[0] / 2
    assert set(state) == set(optimizer.search_state)
    assert len(state["moves"]) <= optimizer.history


class Waves:
    """A bowl of one weight with random waves on it."""

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self.heights, self.widths, self.places = rng.normal(0, 1, 5), rng.uniform(0.3, 4, 5), rng.uniform(0, 6, 5)

    def slope(self, weight: Any) -> tuple[float, Any]:
        inside = self.widths * weight[0] + self.places
        loss = self.heights @ np.sin(inside) + 0.05 * weight[0] ** 2
        return float(loss), np.array([self.heights * self.widths @ np.cos(inside) + 0.1 * weight[0]])

    def value(self, weight: Any) -> float:
        return self.slope(weight)[0]


@pytest.mark.parametrize("length", [0.001, 0.03, 1.0, 20.0])
def test_the_line_search_is_pytorchs(length: float) -> None:
    from torch.optim.lbfgs import _strong_wolfe

    spent, compared = set(), 0
    for seed in range(150):
        waves, start = Waves(seed), np.array([0.3])
        loss, gradient = waves.slope(start)
        direction = -gradient
        origin = Trial(0.0, loss, gradient, float(gradient @ direction))

        def along(x: Any, t: Any, d: Any, waves: Waves = waves) -> tuple[float, torch.Tensor]:
            found, slope = waves.slope((x + float(t) * d).numpy())
            return found, torch.from_numpy(slope)

        def searched(length: float, waves: Waves = waves, start: Any = start, origin: Trial = origin) -> Any:
            found, tried = strong_wolfe(waves, start, -origin.gradient, origin, length, 24)
            return found.length, found.loss, tried

        found_length, found_loss, tried = searched(length)
        assert found_loss <= loss
        # Where the last digit of the first length decides, as where a cubic has its two ends in one place, processors
        # whose sums round otherwise go other ways.
        moved = [searched(length * (1 + change)) for change in (-1e-14, -1e-15, 1e-15, 1e-14)]
        if any(other != pytest.approx((found_length, found_loss, tried), rel=1e-9) for other in moved):
            continue
        x, d, g = (torch.from_numpy(values) for values in (start, direction, gradient))
        wanted, _, t, asked = _strong_wolfe(along, x, length, d, loss, g, g.dot(d), max_ls=24)
        assert tried == asked
        assert (found_length, found_loss) == pytest.approx((float(t), wanted), rel=1e-9)
        spent.add(tried)
        compared += 1
    assert max(spent) >= 4 and compared >= 120


@pytest.mark.parametrize(("lost", "slope"), [(math.nan, math.nan), (math.inf, math.inf), (math.inf, 1.0)])
def test_lbfgs_survives_a_loss_that_is_no_number(lost: float, slope: float) -> None:
    class Cliff:
        def slope(self, weight: Any) -> tuple[float, Any]:
            inside = abs(weight[0]) < 2
            return (float(weight[0]), np.ones(1)) if inside else (lost, np.full(1, slope))

        def value(self, weight: Any) -> float:
            return self.slope(weight)[0]

    weight = np.array([-1.5])
    for _ in range(5):
        LBFGS(learning_rate=10.0).search(weight, Cliff(), {}, 10.0, np.random.default_rng(0))
        assert -2 < weight[0] <= -1.5
    assert weight[0] < -1.6
