"""Every initializer: mean, variance and bounds over 10⁶ draws within four standard errors, and the fixed seed."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch

from engine.catalog.initializers import (
    Constant,
    FromRun,
    HeNormal,
    Identity,
    Initializer,
    Normal,
    Orthogonal,
    PlaygroundDefault,
    PytorchDefault,
    Sparse,
    Spread,
    TruncatedNormal,
    Uniform,
    VarianceScaling,
    Zeros,
)
from engine.catalog.registry import defaults, entries, entry, from_json, to_json
from engine.document.errors import InvalidValueError

SHAPE = (1250, 800)
FAN_IN, FAN_OUT = 800, 1250
COUNT = 1_000_000
INF = math.inf


def cut_variance(cutoff: float) -> float:
    """The variance of a standard bell curve without its tails, by adding up small pieces of it."""
    z = (np.arange(200_000) + 0.5) / 100_000 * cutoff - cutoff
    return float(np.average(z * z, weights=np.exp(-z * z / 2)))


CUT_AT_2 = cut_variance(2.0)
assert math.isclose(math.sqrt(CUT_AT_2), 0.87962566103423978)  # the number in Keras's source


def even(bound: float) -> tuple[float, float, float, float]:
    return 0.0, bound**2 / 3, -bound, bound


def cut(variance: float) -> tuple[float, float, float, float]:
    bound = 2 * math.sqrt(variance / CUT_AT_2)
    return 0.0, variance, -bound, bound


# mean, variance, bounds: written from the papers, apart from the code
EXPECTED: dict[str, tuple[float, float, float, float]] = {
    "zeros": (0.0, 0.0, 0.0, 0.0),
    "ones": (1.0, 0.0, 1.0, 1.0),
    "constant": (0.1, 0.0, 0.1, 0.1),
    "uniform": (0.0, 1 / 12, -0.5, 0.5),
    "normal": (0.0, 0.01, -INF, INF),
    "truncated_normal": (0.0, 0.01 * CUT_AT_2, -0.2, 0.2),
    "glorot_uniform": even(math.sqrt(6 / 2050)),
    "glorot_normal": (0.0, 2 / 2050, -INF, INF),
    "he_uniform": even(math.sqrt(6 / 800)),
    "he_normal": (0.0, 2 / 800, -INF, INF),
    "lecun_uniform": even(math.sqrt(3 / 800)),
    "lecun_normal": (0.0, 1 / 800, -INF, INF),
    "variance_scaling": cut(1 / 800),
    "pytorch": even(1 / math.sqrt(800)),
    "tensorflow_playground": (0.0, 1 / 12, -0.5, 0.5),
    "orthogonal": (0.0, 1 / 1250, -1.0, 1.0),
    "identity": (1 / 1250, 1 / 1250 * (1 - 1 / 1250), 0.0, 1.0),
    "sparse": (0.0, 0.1 * 0.01**2, -INF, INF),
    "from_run": even(math.sqrt(6 / 2050)),
}
MORE: list[tuple[Initializer, tuple[float, float, float, float]]] = [
    (Normal(2.0, -3.0), (-3.0, 4.0, -INF, INF)),
    (Uniform(low=3.0, high=2.0), (2.5, 1 / 12, 2.0, 3.0)),
    (TruncatedNormal(2.0, 5.0, 2.0), (5.0, 4 * CUT_AT_2, 1.0, 9.0)),
    (TruncatedNormal(1.0, 0.0, 0.5), (0.0, cut_variance(0.5), -0.5, 0.5)),
    (VarianceScaling(2.0, "fan in", "normal"), (0.0, 2 / 800, -INF, INF)),
    (VarianceScaling(2.0, "fan out", "uniform"), even(math.sqrt(6 / 1250))),
    (VarianceScaling(1.0, "fan average", "uniform"), even(math.sqrt(3 / 1025))),
    (VarianceScaling(2.0, "fan out", "truncated normal"), cut(2 / 1250)),
    (VarianceScaling(1.0, "fan average", "normal"), (0.0, 1 / 1025, -INF, INF)),
    (Orthogonal(3.0), (0.0, 9 / 1250, -3.0, 3.0)),
    (Sparse(0.25, 2.0), (0.0, 4 * (1250 - 313) / 1250, -INF, INF)),
]
DEFAULTS = list(defaults("initializers"))
EACH = pytest.mark.parametrize("initializer", DEFAULTS, ids=lambda item: item.name)


def draw(initializer: Initializer, seed: int = 1, shape: tuple[int, ...] = SHAPE) -> np.ndarray:
    return initializer.draw(np.random.default_rng(seed), shape, FAN_IN, FAN_OUT)


def check(values: np.ndarray, mean: float, variance: float, low: float, high: float) -> None:
    """Mean and variance within four standard errors; bounds kept and, by an even spread, reached."""
    values = values.astype(np.float64).ravel()
    middle = values.mean()
    fourth = np.mean((values - middle) ** 4)
    of_variance = math.sqrt(max(0.0, fourth - values.var() ** 2) / values.size)
    of_mean = math.sqrt(variance / values.size)
    rounding = 1e-7 * max(1.0, abs(mean))
    assert middle == pytest.approx(mean, rel=0, abs=4 * of_mean + rounding)
    assert values.var() == pytest.approx(variance, rel=1e-6, abs=4 * of_variance)
    for bound, reached in ((low, values.min()), (-high, -values.max())):
        assert reached >= bound - 1e-7 * max(1.0, abs(bound))
    if math.isfinite(high) and values.std() > 0.2 * (high - low):  # of an even spread the ends are reached
        assert values.max() - values.min() >= (1 - 30 / values.size) * (high - low)


# --- how values are spread -------------------------------------------------------------------------------------------


def test_every_initializer_has_a_theory_of_its_own() -> None:
    assert {cls.name for cls in entries("initializers").values()} == set(EXPECTED)


@pytest.mark.parametrize(
    ("initializer", "expected"), [(item, EXPECTED[item.name]) for item in DEFAULTS] + MORE, ids=repr
)
def test_a_million_draws_are_spread_as_the_papers_say(
    initializer: Initializer, expected: tuple[float, float, float, float]
) -> None:
    values = draw(initializer)
    assert values.size == COUNT
    check(values, *expected)
    declared = initializer.spread(SHAPE, FAN_IN, FAN_OUT)
    mean, variance, low, high = expected
    assert declared.mean == pytest.approx(mean, abs=1e-9)
    assert declared.standard_deviation == pytest.approx(math.sqrt(variance), rel=1e-6, abs=1e-9)
    assert (declared.low, declared.high) == pytest.approx((low, high), rel=1e-6)


@EACH
@pytest.mark.parametrize(
    "shape", [(64,), (1,), (1, 3), (6, 4), (4, 6), (8, 3, 5), (3, 8, 3, 3), (8, 1, 3, 3)], ids=repr
)
def test_what_is_declared_is_what_is_drawn_for_every_shape(initializer: Initializer, shape: tuple[int, ...]) -> None:
    fan_in, fan_out = math.prod(shape[1:]), shape[0] * math.prod(shape[2:])
    declared = initializer.spread(shape, fan_in, fan_out)
    drawn = [initializer.draw(np.random.default_rng(seed), shape, fan_in, fan_out) for seed in range(100)]
    assert all(values.shape == shape and values.dtype == np.float32 for values in drawn)
    check(
        np.concatenate([values.ravel() for values in drawn]), declared.mean, declared.standard_deviation**2, -INF, INF
    )
    assert all(values.min() >= declared.low - 1e-6 and values.max() <= declared.high + 1e-6 for values in drawn)
    assert initializer.filled(shape, fan_in, fan_out)


def test_the_formula_is_filled_in_with_the_numbers_of_the_layer() -> None:
    filled = {item.name: item.filled((5, 3), 3, 5) for item in DEFAULTS}
    assert filled == {
        "zeros": "w = 0",
        "ones": "w = 1",
        "constant": "w = 0.1",
        "uniform": "w ~ U(−0.5, 0.5)",
        "normal": "w ~ N(0, 0.1²)",
        "truncated_normal": "−0.2 ≤ w ≤ 0.2, mean 0, variance 0.007737",
        "glorot_uniform": "w ~ U(−a, a), a = √(6 / (3 + 5)) = 0.866",
        "glorot_normal": "w ~ N(0, σ²), σ² = 2 / (3 + 5) = 0.25",
        "he_uniform": "w ~ U(−a, a), a = √(6 / 3) = 1.414",
        "he_normal": "w ~ N(0, σ²), σ² = 2 / 3 = 0.6667",
        "lecun_uniform": "w ~ U(−a, a), a = √(3 / 3) = 1",
        "lecun_normal": "w ~ N(0, σ²), σ² = 1 / 3 = 0.3333",
        "variance_scaling": "w: a bell curve cut at ±1.313, variance 1 / 3 = 0.3333",
        "pytorch": "w ~ U(−a, a), a = √(1 / 3) = 0.5774",
        "tensorflow_playground": "w ~ U(−0.5, 0.5)",
        "orthogonal": "Wᵀ W = 1² · I (3 × 3), variance 1² / 5 = 0.2",
        "identity": "3 of 15 values are 1, the rest 0",
        "sparse": "5 of 5 weights of each input are 0, variance 0 · 0.01²",
        "from_run": "w ~ U(−a, a), a = √(6 / (3 + 5)) = 0.866",
    }
    assert PlaygroundDefault().filled((5,), 3, 5) == "w = 0.1"
    assert "((3 + 5) / 2)" in VarianceScaling(1.0, "fan average").filled((5, 3), 3, 5)


def test_an_entry_without_a_theory_says_what_it_draws() -> None:
    class Dice(Initializer):
        def draw(self, rng: np.random.Generator, shape: Any, fan_in: int, fan_out: int) -> np.ndarray:
            return rng.integers(1, 7, shape).astype(np.float32)

    spread = Dice().spread((1000, 10), 1, 1)
    assert (spread.low, spread.high) == (1.0, 6.0) and spread.mean == pytest.approx(3.5, abs=0.1)
    assert Dice().spread((0, 3), 1, 1) == Spread(0.0, 0.0, 0.0, 0.0)


def test_known_bounds() -> None:
    """Glorot, He and LeCun as the course prints them: uniform bounds √(3 / fan), variances 1 / fan and 2 / fan."""
    for name, variance in (("glorot", 1 / 15), ("he", 2 / 10), ("lecun", 1 / 10)):
        uniform, normal = (entry("initializers", f"{name}_{kind}")() for kind in ("uniform", "normal"))
        bound = {"glorot": math.sqrt(3 / 15), "he": math.sqrt(3 * 2 / 10), "lecun": math.sqrt(3 / 10)}[name]
        assert uniform.spread((20, 10), 10, 20).high == pytest.approx(bound)
        assert normal.spread((20, 10), 10, 20).standard_deviation ** 2 == pytest.approx(variance)
        assert uniform.spread((20, 10), 10, 20).standard_deviation ** 2 == pytest.approx(variance)


# --- PyTorch ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("initializer", "function", "arguments"),
    [
        (Uniform(), "uniform_", {"a": -0.5, "b": 0.5}),
        (Normal(), "normal_", {"mean": 0.0, "std": 0.1}),
        (TruncatedNormal(), "trunc_normal_", {"std": 0.1, "a": -0.2, "b": 0.2}),
        (TruncatedNormal(0.1, 0.0, 10.0), "trunc_normal_", {"std": 0.1}),
        (entry("initializers", "glorot_uniform")(), "xavier_uniform_", {}),
        (entry("initializers", "glorot_normal")(), "xavier_normal_", {}),
        (entry("initializers", "he_uniform")(), "kaiming_uniform_", {"nonlinearity": "relu"}),
        (entry("initializers", "he_normal")(), "kaiming_normal_", {"nonlinearity": "relu"}),
        (entry("initializers", "lecun_uniform")(), "kaiming_uniform_", {"nonlinearity": "linear"}),
        (entry("initializers", "lecun_normal")(), "kaiming_normal_", {"nonlinearity": "linear"}),
        (VarianceScaling(2.0, "fan out", "normal"), "kaiming_normal_", {"mode": "fan_out"}),
        (PytorchDefault(), "kaiming_uniform_", {"a": math.sqrt(5)}),
        (Orthogonal(2.0), "orthogonal_", {"gain": 2.0}),
        (Sparse(0.25, 0.1), "sparse_", {"sparsity": 0.25, "std": 0.1}),
    ],
    ids=lambda item: item if isinstance(item, str) else "",
)
def test_pytorch_draws_from_the_same_distribution(initializer: Initializer, function: str, arguments: Any) -> None:
    torch.manual_seed(3)
    theirs = getattr(torch.nn.init, function)(torch.empty(300, 200), **arguments).numpy().ravel().astype(np.float64)
    ours = initializer.draw(np.random.default_rng(4), (300, 200), 200, 300).ravel().astype(np.float64)
    scale = theirs.std()
    assert ours.mean() == pytest.approx(theirs.mean(), abs=4 * scale * math.sqrt(2 / ours.size))
    kurtosis = np.mean((theirs / scale) ** 4)
    assert ours.var() / theirs.var() == pytest.approx(1, abs=4 * math.sqrt(2 * (kurtosis - 1) / ours.size))
    everywhere = np.sort(np.concatenate([ours, theirs]))
    shares = [np.searchsorted(np.sort(drawn), everywhere, "right") / drawn.size for drawn in (ours, theirs)]
    # Kolmogorov and Smirnov: what two samples of one distribution exceed once in a thousand times
    assert abs(shares[0] - shares[1]).max() < 1.95 * math.sqrt(2 / ours.size)


@pytest.mark.parametrize(
    ("module", "shape"), [(torch.nn.Linear(400, 900), (900, 400)), (torch.nn.Conv2d(16, 400, 5), (400, 16, 5, 5))]
)
def test_pytorchs_default_is_what_its_layers_start_from(module: torch.nn.Module, shape: tuple[int, ...]) -> None:
    fan_in = math.prod(shape[1:])
    for name, size in (("weight", shape), ("bias", shape[:1])):
        theirs = getattr(module, name).detach().numpy()
        assert theirs.shape == size
        check(theirs, *even(1 / math.sqrt(fan_in)))
        check(PytorchDefault().draw(np.random.default_rng(1), size, fan_in, shape[0]), *even(1 / math.sqrt(fan_in)))


# --- matrices --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(5, 5), (7, 3), (3, 7), (4, 3, 3, 3), (64, 3, 3, 3), (6, 2, 5), (9,)], ids=repr)
def test_orthogonal_matrices_are(shape: tuple[int, ...]) -> None:
    matrix = Orthogonal(1.5).draw(np.random.default_rng(2), shape, 1, 1).reshape(shape[0], -1).astype(np.float64)
    rows, columns = matrix.shape
    product = matrix @ matrix.T if rows <= columns else matrix.T @ matrix
    np.testing.assert_allclose(product, 1.5**2 * np.eye(min(rows, columns)), atol=1e-6)


def test_rotations_prefer_no_direction() -> None:
    """Without the correction of signs, QR gives the first entry mostly one sign, and unevenly turned planes."""
    first = np.array([draw(Orthogonal(), seed, (3, 3))[0, 0] for seed in range(4000)], np.float64)
    assert np.mean(first > 0) == pytest.approx(0.5, abs=4 * 0.5 / math.sqrt(4000))
    check(first, 0.0, 1 / 3, -1.0, 1.0)  # the coordinates of an evenly turned unit vector in space are uniform


@pytest.mark.parametrize(
    ("shape", "groups"),
    [((5, 3), 1), ((3, 5), 1), ((8, 8, 3), 1), ((4, 8, 5, 5), 1), ((8, 4, 3, 3), 2), ((6, 1, 4, 3), 6)],
    ids=repr,
)
def test_the_identity_is_pytorchs(shape: tuple[int, ...], groups: int) -> None:
    tensor = torch.empty(shape)
    theirs = torch.nn.init.eye_(tensor) if len(shape) == 2 else torch.nn.init.dirac_(tensor, groups)
    np.testing.assert_array_equal(draw(Identity(gain=2.0), 1, shape), 2 * theirs.numpy())
    assert not draw(Identity(), 1, shape[:1]).any()


def test_a_convolution_with_the_identity_changes_nothing() -> None:
    x = torch.randn(2, 6, 9, 9)
    for groups in (1, 2, 6):
        weight = torch.from_numpy(draw(Identity(), 1, (6, 6 // groups, 3, 3)))
        assert torch.equal(torch.nn.functional.conv2d(x, weight, padding=1, groups=groups), x)


@pytest.mark.parametrize(
    ("rows", "sparsity", "zeros"), [(10, 0.85, 9), (8, 0.5, 4), (5, 0.0, 0), (5, 1.0, 5), (1, 0.1, 1)]
)
def test_each_input_loses_the_same_number_of_weights(rows: int, sparsity: float, zeros: int) -> None:
    values = draw(Sparse(sparsity, 1.0), 1, (rows, 400))
    assert set((values == 0).sum(axis=0).tolist()) == {zeros}
    if 0 < zeros < rows:  # and no unit more often than another
        share = zeros / rows
        lost = (values == 0).mean(axis=1)
        assert abs(lost - share).max() < 5 * math.sqrt(share * (1 - share) / 400)


# --- from a run ------------------------------------------------------------------------------------------------------

LEARNED = np.array([[0.1, -2.5, 3e-30], [1e20, 0.0, -0.25]], np.float32)


def test_copied_values_come_back_to_the_bit_and_through_a_file() -> None:
    initializer = FromRun.of(LEARNED, "circle, epoch 300", otherwise=Zeros())
    again = from_json("initializers", to_json(initializer))
    assert again == initializer and hash(again) == hash(initializer)
    for item in (initializer, again):
        assert item.draw(np.random.default_rng(1), (2, 3), 3, 2).tobytes() == LEARNED.tobytes()
        assert item.draw(np.random.default_rng(1), (2, 3), 3, 2).flags.writeable
        assert item.holds((2, 3)) and not item.holds((3, 2))
        assert item.filled((2, 3), 3, 2) == "w = w of circle, epoch 300"
    low, high = LEARNED.min(), LEARNED.max()
    assert initializer.spread((2, 3), 3, 2)[2:] == (low, high)


def test_where_the_run_has_no_such_values_they_are_drawn() -> None:
    initializer = FromRun.of(LEARNED, "circle", otherwise=Constant(value=7.0))
    assert (initializer.draw(np.random.default_rng(1), (3, 2), 2, 3) == 7).all()
    assert initializer.spread((3, 2), 2, 3) == Spread(7.0, 0.0, 7.0, 7.0)
    assert initializer.filled((3, 2), 2, 3) == "w = 7"


@pytest.mark.parametrize(
    ("values", "shape"),
    [
        ("AAAA", (1,)),
        ("AAAAAA==", (2,)),
        ("AAAAAA==", ()),
        ("AAAAAA==", (-1,)),
        ("AAAAAA==", (1, 0)),
        ("AAAAAA==", ("1",)),
        ("AAAAAA==", (True,)),
        ("not base64!", (1,)),
        ("öööö", (1,)),
        ("AADAfw==", (1,)),  # not a number
        ("", (1,)),
    ],
)
def test_damaged_values_are_refused(values: str, shape: tuple[Any, ...]) -> None:
    with pytest.raises(InvalidValueError, match="copy them from the run again"):
        FromRun(values=values, shape=shape)


def test_values_that_are_not_finite_are_not_copied() -> None:
    with pytest.raises(InvalidValueError):
        FromRun.of(np.array([1.0, np.inf]), "a run that diverged")


# --- seeds -----------------------------------------------------------------------------------------------------------


@EACH
def test_a_seed_gives_the_same_values_and_another_seed_others(initializer: Initializer) -> None:
    shape = (40, 30)
    values = draw(initializer, 1, shape)
    assert values.shape == shape and values.dtype == np.float32
    np.testing.assert_array_equal(values, draw(initializer, 1, shape))
    random = EXPECTED[initializer.name][1] > 0 and initializer.name != "identity"
    assert (values != draw(initializer, 2, shape)).any() == random


def test_the_first_numbers_stay_the_same_for_ever() -> None:
    """Saved projects hold a seed; it must give the weights that it gave when they were saved."""
    rng = np.random.default_rng([1, 2])
    drawn = HeNormal().draw(rng, (3,), 2, 3)
    again = np.random.default_rng([1, 2]).standard_normal(3).astype(np.float32)
    np.testing.assert_array_equal(drawn, again)
    np.testing.assert_allclose(
        Uniform().draw(np.random.default_rng(1), (3,), 2, 3), [0.01182162, 0.45046369, -0.35584039], rtol=1e-6
    )


def test_fields_do_what_they_say() -> None:
    assert draw(Constant(value=-1.0)).max() == -1.0
    assert draw(Normal(standard_deviation=0.0)).any() == np.False_
    assert draw(TruncatedNormal(standard_deviation=0.0, mean=2.0)).max() == 2.0
