"""The surfaces that optimizers are shown on, and the paths that they take there."""

from __future__ import annotations

import numpy as np
import pytest

from engine.catalog.optimizers import SGD, Optimizer, RandomSearch, path
from engine.catalog.registry import defaults
from engine.catalog.surfaces import SURFACES, Bowl, Rosenbrock, Saddle, Surface

EVERY = pytest.mark.parametrize("surface", SURFACES, ids=lambda surface: surface.name)


@EVERY
def test_gradients_are_those_of_central_differences(surface: Surface) -> None:
    rng = np.random.default_rng(0)
    points = np.stack([rng.uniform(*surface.horizontal, 200), rng.uniform(*surface.vertical, 200)], axis=-1)
    found = surface.gradient(points)
    for axis in range(2):
        aside = 1e-6 * np.eye(2)[axis]
        expected = (surface.value(points + aside) - surface.value(points - aside)) / 2e-6
        np.testing.assert_allclose(found[:, axis], expected, rtol=1e-6, atol=1e-5)


@EVERY
def test_the_minimum_is_where_it_is_said_to_be_and_in_the_picture(surface: Surface) -> None:
    assert surface.minimum is not None
    lowest = np.array(surface.minimum)
    np.testing.assert_allclose(surface.gradient(lowest), 0, atol=1e-12)
    heights = surface.heights(201, 151)
    assert heights.shape == (151, 201)
    assert heights.min() >= surface.value(lowest) - 1e-12
    for place in (surface.minimum, surface.start):
        assert surface.horizontal[0] < place[0] < surface.horizontal[1]
        assert surface.vertical[0] < place[1] < surface.vertical[1]
    row, column = np.unravel_index(heights.argmin(), heights.shape)
    if not isinstance(surface, Saddle):  # it has a second minimum
        assert np.linspace(*surface.horizontal, 201)[column] == pytest.approx(lowest[0], abs=0.2)
        assert np.linspace(*surface.vertical, 151)[row] == pytest.approx(lowest[1], abs=0.2)


@EVERY
def test_levels_rise_within_the_heights(surface: Surface) -> None:
    levels, heights = surface.levels(12), surface.heights(81, 81)
    assert len(levels) == 12 and (np.diff(levels) > 0).all()
    assert heights.min() < levels[0] and levels[-1] < heights.max()
    assert (np.diff(np.diff(levels)) > 0).all(), "the lines stand closer near the bottom"


def test_a_bowl_can_be_longer() -> None:
    assert Bowl(elongation=50.0).value(np.array([1.0, 1.0])) == pytest.approx(25.5)


@pytest.mark.parametrize("optimizer", list(defaults("optimizers")), ids=lambda optimizer: optimizer.name)
@EVERY
def test_every_optimizer_has_a_path_on_every_surface(optimizer: Optimizer, surface: Surface) -> None:
    found = path(optimizer, surface, surface.start, 60)
    assert found.shape == (61, 2) and found.dtype == np.float64
    assert np.isfinite(found).all()
    assert tuple(found[0]) == surface.start
    np.testing.assert_array_equal(found, path(optimizer, surface, surface.start, 60))
    np.testing.assert_array_equal(found[:21], path(optimizer, surface, surface.start, 20))
    assert not np.array_equal(found[0], found[-1])


def test_a_path_is_the_optimizers_steps() -> None:
    found = path(SGD(learning_rate=0.05), Bowl(elongation=4.0), (1.0, 1.0), 3)
    np.testing.assert_allclose(found, [[1, 1], [0.95, 0.8], [0.9025, 0.64], [0.857375, 0.512]])
    np.testing.assert_array_equal(found, path(SGD(), Bowl(elongation=4.0), (1.0, 1.0), 3, rate=0.05))


def test_a_path_that_leaves_all_bounds_ends_where_it_last_was() -> None:
    found = path(SGD(learning_rate=10.0), Rosenbrock(100.0), (-1.5, 2.2), 40)
    assert np.isfinite(found).all()
    np.testing.assert_array_equal(found[2:], np.broadcast_to(found[2], found[2:].shape))


def test_a_random_search_only_goes_down() -> None:
    surface = Rosenbrock()
    losses = surface.value(path(RandomSearch(), surface, surface.start, 300))
    assert (np.diff(losses) <= 0).all() and losses[-1] < losses[0] / 2


@EVERY
def test_lbfgs_gets_to_a_minimum(surface: Surface) -> None:
    optimizer = next(found for found in defaults("optimizers") if found.name == "LBFGS")
    end = path(optimizer, surface, surface.start, 60)[-1]
    assert surface.minimum is not None
    assert surface.value(end) == pytest.approx(float(surface.value(np.array(surface.minimum))), abs=1e-6)
