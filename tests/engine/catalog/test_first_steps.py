"""The first steps of every optimizer on a quadratic, against the formulas of its paper, written out here."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from engine.catalog.optimizers import (
    LBFGS,
    SGD,
    Adadelta,
    Adagrad,
    Adam,
    Adamax,
    AdamW,
    GradientDescent,
    NAdam,
    Optimizer,
    RAdam,
    RandomSearch,
    RMSprop,
    Rprop,
)
from engine.catalog.registry import entries

CURVATURES = (0.5, 3.0)
STARTS = (1.0, -2.0)


class Bowl:
    """½ Σ c w², and its gradient c w."""

    def value(self, weight: Any) -> float:
        return float((np.array(CURVATURES) * weight**2).sum() / 2)

    def slope(self, weight: Any) -> tuple[float, Any]:
        return self.value(weight), np.array(CURVATURES) * weight


def taken(optimizer: Optimizer, count: int = 3) -> list[list[float]]:
    """Where the class gets to on the quadratic."""
    weight, reached = np.array(STARTS), []
    state: dict[str, np.ndarray] = {}
    for step in range(1, count + 1):
        if optimizer.closure_based:
            optimizer.search(weight, Bowl(), state, optimizer.learning_rate, np.random.default_rng(step))
        else:
            optimizer.update(weight, Bowl().slope(weight)[1], state, optimizer.learning_rate, step)
        reached.append(weight.tolist())
    return reached


Paper = Callable[[list[float], list[float]], float]
"""From the gradients and the places so far, the newest last, to the next place."""


def followed(paper: Paper, count: int = 3) -> list[list[float]]:
    """Where a paper's formula gets to, weight by weight."""

    def one(curvature: float, start: float) -> Iterator[float]:
        places, gradients = [start], []
        for _ in range(count):
            gradients.append(curvature * places[-1])
            places.append(paper(gradients, places))
            yield places[-1]

    return [list(pair) for pair in zip(*(one(c, w) for c, w in zip(CURVATURES, STARTS, strict=True)), strict=True)]


def faded(values: list[float], share: float) -> float:
    """The running mean from zero, as the weighted sum it is: Σ (1 − share) shareᵗ⁻ⁱ vᵢ."""
    return sum((1 - share) * share ** (len(values) - 1 - i) * value for i, value in enumerate(values))


def squares(values: list[float]) -> list[float]:
    return [value**2 for value in values]


def adam(g: list[float], w: list[float]) -> float:
    """Kingma & Ba 2015, algorithm 1, with α = 0.1."""
    t = len(g)
    return w[-1] - 0.1 * faded(g, 0.9) / (1 - 0.9**t) / (math.sqrt(faded(squares(g), 0.999) / (1 - 0.999**t)) + 1e-8)


def amsgrad(g: list[float], w: list[float]) -> float:
    """Reddi et al. 2018, algorithm 2: the largest v̂ so far; corrected as in PyTorch, α = 0.1, β₂ = 0.5."""
    t = len(g)
    largest = max(faded(squares(g[: i + 1]), 0.5) for i in range(t))
    return w[-1] - 0.1 * faded(g, 0.9) / (1 - 0.9**t) / (math.sqrt(largest / (1 - 0.5**t)) + 1e-8)


def adamw(g: list[float], w: list[float]) -> float:
    """Loshchilov & Hutter 2019, algorithm 2, line 12: the decay beside Adam's step, α = 0.1, λ = 0.2."""
    return adam(g, w) - 0.1 * 0.2 * w[-1]


def adamax(g: list[float], w: list[float]) -> float:
    """Kingma & Ba 2015, algorithm 2: u = max over i of β₂ᵗ⁻ⁱ |gᵢ|, α = 0.1; ε is negligible here."""
    t = len(g)
    largest = max(0.999 ** (t - 1 - i) * abs(value) for i, value in enumerate(g))
    return w[-1] - 0.1 / (1 - 0.9**t) * faded(g, 0.9) / largest


def nadam(g: list[float], w: list[float]) -> float:
    """Dozat 2016, algorithm 2, with μₜ = β₁ (1 − ½ · 0.96^(0.004 t)) and α = 0.1."""
    t = len(g)
    share = [0.9 * (1 - 0.5 * 0.96 ** (0.004 * i)) for i in range(t + 2)]
    g_hat = g[-1] / (1 - math.prod(share[1 : t + 1]))
    m_hat = faded(g, 0.9) / (1 - math.prod(share[1 : t + 2]))
    m_bar = (1 - share[t]) * g_hat + share[t + 1] * m_hat
    return w[-1] - 0.1 * m_bar / (math.sqrt(faded(squares(g), 0.999) / (1 - 0.999**t)) + 1e-8)


def radam(g: list[float], w: list[float]) -> float:
    """Liu et al. 2020, algorithm 2, with β₂ = 0.9, α = 0.1 (ρ > 5 as in PyTorch)."""
    t, most = len(g), 2 / (1 - 0.9) - 1
    m_hat = faded(g, 0.9) / (1 - 0.9**t)
    rho = most - 2 * t * 0.9**t / (1 - 0.9**t)
    if rho <= 5:
        return w[-1] - 0.1 * m_hat
    r = math.sqrt((rho - 4) * (rho - 2) * most / ((most - 4) * (most - 2) * rho))
    return w[-1] - 0.1 * r * m_hat * math.sqrt((1 - 0.9**t) / faded(squares(g), 0.9))


def adagrad(g: list[float], w: list[float]) -> float:
    """Duchi et al. 2011, diagonal: η / √Σ g², with η = 0.1."""
    return w[-1] - 0.1 * g[-1] / math.sqrt(sum(squares(g)))


def rmsprop(g: list[float], w: list[float]) -> float:
    """Hinton's slide 29: MeanSquare = 0.9 MeanSquare + 0.1 g², η = 0.1."""
    return w[-1] - 0.1 * g[-1] / math.sqrt(faded(squares(g), 0.9))


def centered(g: list[float], w: list[float]) -> float:
    """Graves 2013, equations 38 to 41, without momentum, share 0.95, rate 0.1, ε outside the root."""
    return w[-1] - 0.1 * g[-1] / (math.sqrt(faded(squares(g), 0.95) - faded(g, 0.95) ** 2) + 1e-4)


def adadelta(g: list[float], w: list[float]) -> float:
    """Zeiler 2012, algorithm 1, with ρ = 0.95, ε = 1e-6; the moves are the differences of the places."""
    moves = [after - before for before, after in itertools.pairwise(w)]
    return w[-1] - math.sqrt(faded(squares(moves), 0.95) + 1e-6) / math.sqrt(faded(squares(g), 0.95) + 1e-6) * g[-1]


def momentum(g: list[float], w: list[float]) -> float:
    """Polyak 1964: a step along the gradient and 0.9 of the last move; α = 0.1."""
    return w[-1] - 0.1 * g[-1] + (0.9 * (w[-1] - w[-2]) if len(w) > 1 else 0.0)


def dampened(g: list[float], w: list[float]) -> float:
    """As momentum, with 0.6 of every gradient but the first."""
    return w[-1] - 0.1 * (0.6 if len(g) > 1 else 1.0) * g[-1] + (0.9 * (w[-1] - w[-2]) if len(w) > 1 else 0.0)


def nesterov(g: list[float], w: list[float]) -> float:
    """Sutskever et al. 2013, equation 4, seen from where the gradient is taken: θ + μv; μ = 0.9, ε = 0.1."""
    v = -0.1 * sum(0.9 ** (len(g) - 1 - i) * value for i, value in enumerate(g))
    return w[-1] - 0.1 * g[-1] + 0.9 * v


def descent(g: list[float], w: list[float]) -> float:
    """Cauchy 1847, α = 0.1."""
    return w[-1] - 0.1 * g[-1]


def rprop(g: list[float], w: list[float]) -> float:
    """Riedmiller & Braun 1993, without taking steps back: η⁻ = 0.5, η⁺ = 1.2, Δ₀ = 0.7."""
    size, last = 0.7, 0.0
    step = 0.0
    for gradient in g:
        if gradient * last < 0:
            size, last, step = size * 0.5, 0.0, 0.0
            continue
        size *= 1.2 if gradient * last > 0 else 1.0
        last, step = gradient, math.copysign(size, gradient)
    return w[-1] - step


PAPERS: list[tuple[Optimizer, Paper]] = [
    (GradientDescent(learning_rate=0.1), descent),
    (SGD(learning_rate=0.1), descent),
    (SGD(learning_rate=0.1, momentum=0.9), momentum),
    (SGD(learning_rate=0.1, momentum=0.9, dampening=0.4), dampened),
    (SGD(learning_rate=0.1, momentum=0.9, nesterov=True), nesterov),
    (Adagrad(learning_rate=0.1), adagrad),
    (RMSprop(learning_rate=0.1, decay=0.9, epsilon=1e-12), rmsprop),
    (RMSprop(learning_rate=0.1, decay=0.95, epsilon=1e-4, centered=True), centered),
    (Adadelta(decay=0.95), adadelta),
    (Adam(learning_rate=0.1), adam),
    (Adam(learning_rate=0.1, beta_2=0.5, amsgrad=True), amsgrad),
    (AdamW(learning_rate=0.1, weight_decay=0.2), adamw),
    (NAdam(learning_rate=0.1), nadam),
    (Adamax(learning_rate=0.1, epsilon=1e-12), adamax),
    (RAdam(learning_rate=0.1, beta_2=0.9, epsilon=1e-12), radam),
    (Rprop(learning_rate=0.7), rprop),
]


@pytest.mark.parametrize(("optimizer", "paper"), PAPERS, ids=lambda value: getattr(value, "__name__", ""))
def test_the_first_steps_on_a_quadratic_are_the_papers(optimizer: Optimizer, paper: Paper) -> None:
    count = 8 if isinstance(optimizer, RAdam) else 3  # RAdam divides from the sixth step on with β₂ = 0.9
    np.testing.assert_allclose(taken(optimizer, count), followed(paper, count), rtol=1e-7)


def test_every_optimizer_has_its_paper() -> None:
    known = {type(optimizer) for optimizer, _ in PAPERS} | {LBFGS, RandomSearch}
    assert known == set(entries("optimizers").values())


def test_lbfgs_on_a_quadratic_is_bfgs_with_the_whole_matrix() -> None:
    # Liu & Nocedal 1989, equation 2: H ← (I − ρ s yᵀ) H (I − ρ y sᵀ) + ρ s sᵀ from H = (s·y / y·y) I, pair by pair
    w, pairs, expected = np.array(STARTS), [], []
    gradient = np.array(CURVATURES) * w
    for step in range(3):
        if not step:
            move = -min(1, 1 / np.abs(gradient).sum()) * gradient
        else:
            s, y = pairs[-1]
            inverse = s @ y / (y @ y) * np.eye(2)
            for s, y in pairs:
                left = np.eye(2) - np.outer(s, y) / (s @ y)
                inverse = left @ inverse @ left.T + np.outer(s, s) / (s @ y)
            move = -inverse @ gradient
        before, w = gradient, w + move
        gradient = np.array(CURVATURES) * w
        pairs.append((move, gradient - before))
        expected.append(w.tolist())
    np.testing.assert_allclose(taken(LBFGS(line_search=False)), expected, rtol=1e-9, atol=1e-12)


def test_random_search_stays_unless_the_loss_falls() -> None:
    weight, expected = np.array(STARTS), []
    for step in range(1, 21):
        near = weight + 0.5 * np.random.default_rng(step).standard_normal(2)
        if Bowl().value(near) < Bowl().value(weight):
            weight = near
        expected.append(weight.tolist())
    assert taken(RandomSearch(learning_rate=0.5), 20) == expected
    moved = [one != other for one, other in itertools.pairwise(expected)]
    assert any(moved) and not all(moved)
