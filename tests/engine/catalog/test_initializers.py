"""Every initializer: mean, variance and bounds over 10⁵ draws within five standard errors, and the fixed seed."""

from __future__ import annotations

import math

import numpy as np
import pytest

from engine.catalog.initializers import Constant, HeNormal, Initializer, Normal, Uniform
from engine.catalog.registry import defaults, entry

SHAPE = (400, 250)
FAN_IN, FAN_OUT = 250, 400
COUNT = 100_000

A_GLOROT = math.sqrt(6 / 650)
A_HE = math.sqrt(6 / 250)
# mean, variance, bound (None: unbounded)
EXPECTED: dict[str, tuple[float, float, tuple[float, float] | None]] = {
    "zeros": (0.0, 0.0, (0.0, 0.0)),
    "constant": (0.1, 0.0, (0.1, 0.1)),
    "uniform": (0.0, 1 / 12, (-0.5, 0.5)),
    "normal": (0.0, 0.01, None),
    "glorot_uniform": (0.0, 2 / 650, (-A_GLOROT, A_GLOROT)),
    "glorot_normal": (0.0, 2 / 650, None),
    "he_uniform": (0.0, 2 / 250, (-A_HE, A_HE)),
    "he_normal": (0.0, 2 / 250, None),
}
EACH = pytest.mark.parametrize("initializer", list(defaults("initializers")), ids=lambda item: item.name)


def draw(initializer: Initializer, seed: int = 1) -> np.ndarray:
    return initializer.draw(np.random.default_rng(seed), SHAPE, FAN_IN, FAN_OUT)


@EACH
def test_mean_and_variance_are_as_written(initializer: Initializer) -> None:
    mean, variance, bounds = EXPECTED[initializer.name]
    values = draw(initializer).astype(np.float64)
    assert values.mean() == pytest.approx(mean, abs=5 * math.sqrt(variance / COUNT) + 1e-8)
    # the standard error of a variance is √((kurtosis − 1) / n) of it: 2 for a bell curve, 0.8 for an even spread
    assert values.var() == pytest.approx(variance, abs=5 * variance * math.sqrt((2 if bounds is None else 0.8) / COUNT))
    if bounds is not None:
        assert values.min() >= bounds[0] - 1e-7 and values.max() <= bounds[1] + 1e-7
        assert values.max() - values.min() >= 0.999 * (bounds[1] - bounds[0])


@EACH
def test_a_seed_gives_the_same_values_and_another_seed_others(initializer: Initializer) -> None:
    values = draw(initializer)
    assert values.shape == SHAPE and values.dtype == np.float32
    np.testing.assert_array_equal(values, draw(initializer))
    _, variance, _ = EXPECTED[initializer.name]
    assert (values != draw(initializer, 2)).any() == (variance > 0)


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
    assert draw(Uniform(low=2.0, high=3.0)).min() >= 2.0
    assert draw(Uniform(low=3.0, high=2.0)).max() <= 3.0
    assert draw(Normal(standard_deviation=2.0)).std() == pytest.approx(2.0, rel=0.02)
    assert draw(Constant(value=-1.0)).max() == -1.0
    assert draw(entry("initializers", "normal")(standard_deviation=0.0)).any() == np.False_
