"""Every optimizer: its first steps on a quadratic by the formulas of its paper, and fifty steps against torch.optim."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch

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
from engine.catalog.optimizers.line_search import Trial, strong_wolfe
from engine.catalog.registry import defaults, entries, from_json, to_json
from engine.document.errors import InvalidValueError

OPTIMIZERS: list[Optimizer] = [
    *(optimizer for optimizer in defaults("optimizers") if not optimizer.closure_based),
    SGD(momentum=0.9),
    SGD(momentum=0.9, dampening=0.4),
    SGD(learning_rate=0.01, momentum=0.9, nesterov=True),
    Adagrad(learning_rate=0.5, initial_sum=0.1, epsilon=1e-3),
    RMSprop(decay=0.9, epsilon=1e-4, momentum=0.8),
    RMSprop(centered=True),
    RMSprop(decay=0.5, momentum=0.5, centered=True, epsilon=1e-3),
    Adadelta(learning_rate=0.3, decay=0.5, epsilon=1e-3),
    Adam(learning_rate=0.1, beta_1=0.5, beta_2=0.9, epsilon=1e-4),
    Adam(beta_1=0.0, beta_2=0.0),
    Adam(learning_rate=0.1, beta_2=0.5, amsgrad=True),
    AdamW(learning_rate=0.1, weight_decay=0.3),
    AdamW(learning_rate=0.1, beta_2=0.5, amsgrad=True),
    NAdam(learning_rate=0.1, beta_1=0.5, beta_2=0.9, momentum_decay=0.5),
    NAdam(beta_1=0.0),
    Adamax(learning_rate=0.1, beta_1=0.5, beta_2=0.5, epsilon=1e-2),
    RAdam(learning_rate=0.1, beta_2=0.9),
    RAdam(beta_2=0.6),
    RAdam(beta_2=0.0),
    Rprop(learning_rate=0.3, shrink=0.3, grow=2.0, smallest_step=0.1, largest_step=1.0),
]


# --- fifty steps against PyTorch --------------------------------------------------------------------------------------


@pytest.fixture
def double() -> Iterator[None]:
    """Lets PyTorch keep single numbers of its state (NAdam's product) in float64 too."""
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=repr)
def test_fifty_steps_are_pytorchs(optimizer: Optimizer) -> None:
    rng = np.random.default_rng(6)
    weight = rng.standard_normal((3, 4))
    tensor = torch.from_numpy(weight.copy()).requires_grad_()
    peer = optimizer.build(torch.optim, [tensor])
    state: dict[str, np.ndarray] = {}
    for step in range(1, 51):
        gradient = rng.standard_normal((3, 4)) * 10 ** rng.uniform(-3, 1)
        rate = optimizer.learning_rate * (1 - step / 100)
        for group in peer.param_groups:
            group["lr"] = rate
        tensor.grad = torch.from_numpy(gradient.copy())
        peer.step()
        given = gradient.copy()
        optimizer.update(weight, given, state, rate, step)
        np.testing.assert_array_equal(given, gradient, "an update must leave the gradient alone")
        np.testing.assert_allclose(weight, tensor.detach().numpy(), rtol=1e-9, atol=1e-11)


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

    spent = set()
    for seed in range(150):
        waves, start = Waves(seed), np.array([0.3])
        loss, gradient = waves.slope(start)
        direction = -gradient
        downhill = float(gradient @ direction)

        def along(x: Any, t: Any, d: Any, waves: Waves = waves) -> tuple[float, torch.Tensor]:
            found, slope = waves.slope((x + float(t) * d).numpy())
            return found, torch.from_numpy(slope)

        x, d, g = (torch.from_numpy(values) for values in (start, direction, gradient))
        wanted, _, t, asked = _strong_wolfe(along, x, length, d, loss, g, g.dot(d), max_ls=24)
        found, tried = strong_wolfe(waves, start, direction, Trial(0.0, loss, gradient, downhill), length, 24)
        assert tried == asked
        assert (found.length, found.loss) == pytest.approx((float(t), wanted), rel=1e-9)
        assert found.loss <= loss
        spent.add(tried)
    assert max(spent) >= 4


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


# --- the first steps on a quadratic, by the papers --------------------------------------------------------------------

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


# --- numbers by hand --------------------------------------------------------------------------------------------------


def steps(optimizer: Optimizer, gradients: list[float], start: float = 1.0) -> list[float]:
    weight, state = np.array([start]), {}
    reached = []
    for step, gradient in enumerate(gradients, 1):
        optimizer.update(weight, np.array([gradient]), state, optimizer.learning_rate, step)
        reached.append(float(weight[0]))
    return reached


def test_three_steps_of_sgd_by_hand() -> None:
    assert steps(SGD(learning_rate=0.1), [1.0, 2.0, -1.0]) == pytest.approx([0.9, 0.7, 0.8])


def test_three_steps_of_momentum_by_hand() -> None:
    # v = 1, 2.5, 0.25: the half of the last velocity and the new gradient
    assert steps(SGD(learning_rate=0.1, momentum=0.5), [1.0, 2.0, -1.0]) == pytest.approx([0.9, 0.65, 0.625])
    # v = 1, ½ + ½ · 2, ¾ − ½
    dampened = SGD(learning_rate=0.1, momentum=0.5, dampening=0.5)
    assert steps(dampened, [1.0, 2.0, -1.0]) == pytest.approx([0.9, 0.75, 0.725])


def test_three_steps_of_nesterov_by_hand() -> None:
    # g + ½ v = 1.5, 3.25, −0.875
    expected = [0.85, 0.525, 0.6125]
    assert steps(SGD(learning_rate=0.1, momentum=0.5, nesterov=True), [1.0, 2.0, -1.0]) == pytest.approx(expected)


def test_three_steps_of_adam_by_hand() -> None:
    # with gradients of one size the corrected means are exact: each step is the learning rate
    assert steps(Adam(learning_rate=0.1, epsilon=1e-12), [2.0, 2.0, 2.0]) == pytest.approx([0.9, 0.8, 0.7])
    # β = ½: m = 1, 1 and v = 2, 1 + 2 after correction by ½ and ¾: m̂ = 2, 4/3; v̂ = 4, 4
    first = 1 - 0.1
    second = first - 0.1 * ((0.5 * 1.0 + 0.5 * 1.0) / 0.75) / math.sqrt((0.5 * 2.0 + 0.5 * 1.0) / 0.75)
    optimizer = Adam(learning_rate=0.1, beta_1=0.5, beta_2=0.5, epsilon=1e-12)
    assert steps(optimizer, [2.0, 1.0]) == pytest.approx([first, second])


def test_three_steps_of_rmsprop_by_hand() -> None:
    # decay ½, gradients 2, 2, 2: s = 2, 3, 3.5
    expected = [1 - 0.2 / math.sqrt(2)]
    expected.append(expected[0] - 0.2 / math.sqrt(3))
    expected.append(expected[1] - 0.2 / math.sqrt(3.5))
    optimizer = RMSprop(learning_rate=0.1, decay=0.5, epsilon=1e-12)
    assert steps(optimizer, [2.0, 2.0, 2.0]) == pytest.approx(expected)


def test_steps_of_adagrad_and_rprop_by_hand() -> None:
    # Adagrad: s = 9, 25, 169
    assert steps(Adagrad(learning_rate=1.3), [3.0, 4.0, 12.0], 5.0) == pytest.approx([3.7, 2.66, 1.46])
    # Rprop: 0.1, then 0.12, rest with 0.06, 0.06 the other way, 0.072
    assert steps(Rprop(learning_rate=0.1), [5.0, 1.0, -3.0, -0.1, -9.0]) == pytest.approx(
        [0.9, 0.78, 0.78, 0.84, 0.912]
    )


def test_a_velocity_grows_to_ten_times_a_steady_gradient() -> None:
    reached = steps(SGD(learning_rate=0.1, momentum=0.9), [1.0] * 200)
    assert reached[-2] - reached[-1] == pytest.approx(1.0, rel=1e-6)


def test_a_centered_root_of_a_steady_gradient_stays_a_number() -> None:
    weight, state = np.ones(1000, np.float32), {}
    gradient = np.random.default_rng(0).uniform(0.1, 10, 1000).astype(np.float32)
    for step in range(1, 3001):
        RMSprop(decay=0.9, centered=True).update(weight, gradient, state, 1e-9, step)
    assert np.isfinite(weight).all()


# --- what is declared -------------------------------------------------------------------------------------------------


def test_nesterov_without_momentum_is_refused_with_the_remedy() -> None:
    with pytest.raises(InvalidValueError, match="raise momentum first"):
        SGD(nesterov=True)
    with pytest.raises(InvalidValueError):
        from_json("optimizers", {**to_json(SGD()), "nesterov": True})
    with pytest.raises(InvalidValueError, match="lower dampening first"):
        SGD(momentum=0.9, nesterov=True, dampening=0.1)


def test_files_of_earlier_versions_still_load() -> None:
    sgd = from_json("optimizers", {"type": "SGD", "learning_rate": 0.1, "momentum": 0.9, "nesterov": True})
    assert sgd == SGD(learning_rate=0.1, momentum=0.9, nesterov=True) and sgd.dampening == 0
    fields = {"learning_rate": 0.02, "beta_1": 0.8, "beta_2": 0.9, "epsilon": 1e-6}
    assert from_json("optimizers", {"type": "Adam", **fields}) == Adam(0.02, 0.8, 0.9, 1e-6, False)
    fields = {"learning_rate": 0.02, "decay": 0.9, "epsilon": 1e-6, "momentum": 0.5}
    assert from_json("optimizers", {"type": "RMSprop", **fields}) == RMSprop(0.02, 0.9, 1e-6, 0.5, False)


def test_the_order_is_that_of_a_course() -> None:
    assert [optimizer.name for optimizer in entries("optimizers").values()] == [
        *("random_search", "gradient_descent", "SGD", "Adagrad", "RMSprop", "Adadelta"),
        *("Adam", "AdamW", "NAdam", "Adamax", "RAdam", "Rprop", "LBFGS"),
    ]


@pytest.mark.parametrize("optimizer", list(defaults("optimizers")), ids=lambda optimizer: optimizer.name)
def test_the_momentum_is_a_field(optimizer: Optimizer) -> None:
    if optimizer.momentum_name:
        assert 0 <= getattr(optimizer, optimizer.momentum_name) < 1
    else:
        assert not {"momentum", "beta_1"} & set(to_json(optimizer))


def test_full_batches_are_those_of_methods_without_noise() -> None:
    assert {name for name, cls in entries("optimizers").items() if cls.full_batch} == {
        *("random_search", "gradient_descent", "LBFGS")
    }
