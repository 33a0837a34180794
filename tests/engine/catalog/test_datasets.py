"""The data sets: TensorFlow Playground's formulas written out again, sample by sample, and what all sets must keep."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from sklearn.datasets import make_moons

from engine.catalog.datasets.dataset import PlaneDataset, Samples
from engine.catalog.datasets.drawn import MOST_POINTS, Drawn
from engine.catalog.features import Feature
from engine.catalog.registry import defaults, entries, entry, form
from engine.document.errors import InvalidValueError

BUILT_IN = [name for name, cls in entries("datasets").items() if cls.plane and cls().sample_count]
EACH = pytest.mark.parametrize("name", BUILT_IN)
NOISES = pytest.mark.parametrize("noise", [0.0, 25.0, 50.0])


def dataset(name: str, **fields: float) -> PlaneDataset:
    made: PlaneDataset = entry("datasets", name)(**fields)
    return made


def draw(name: str, seed: int = 1, **fields: float) -> Samples:
    return dataset(name, **fields).draw(np.random.default_rng(seed))


def parts(samples: Samples) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return samples.values[:, 0], samples.values[:, 1], samples.targets


@EACH
@NOISES
def test_every_set_keeps_its_word(name: str, noise: float) -> None:
    data = dataset(name, noise=noise, samples=300)
    samples = data.draw(np.random.default_rng(1))
    assert samples.values.shape == (300, 2) and samples.values.dtype == np.float64
    assert data.sample_count == len(samples) == 300
    assert np.isfinite(samples.values).all()
    if data.task == "classification":
        assert samples.targets.dtype == np.int64
        assert set(samples.targets) == set(range(data.class_count))
    else:
        assert data.class_count == 0
        assert samples.targets.dtype == np.float64
        assert np.abs(samples.targets).max() <= (1.2 + 1.2 * noise / 100 if name == "plane" else 1.0)
    outside = (np.abs(samples.values) > 6).any(axis=1).mean()
    assert outside <= (0.06 if name == "gauss" and noise else 0)


@EACH
def test_a_seed_gives_the_same_samples_and_another_seed_others(name: str) -> None:
    one, same = draw(name, noise=20.0), draw(name, noise=20.0)
    np.testing.assert_array_equal(one.values, same.values)
    np.testing.assert_array_equal(one.targets, same.targets)
    assert (one.values != draw(name, seed=2, noise=20.0).values).any()


@pytest.mark.parametrize("name", ["circle", "xor", "gauss", "spiral", "plane", "gauss-regression"])
def test_defaults_are_tensorflow_playgrounds(name: str) -> None:
    data = dataset(name)
    regression = name in ("plane", "gauss-regression")
    assert data.sample_count == (1200 if regression else 500)
    assert data.noise == 0.0  # type: ignore[attr-defined]
    assert data.task == ("regression" if regression else "classification")
    noise = next(field for field in form(type(data)) if field.name == "noise").constraint
    assert (noise.low, noise.high, noise.step) == (0.0, 50.0, 5.0)  # type: ignore[union-attr]
    assert data.default_columns == ("x1", "x2")


@pytest.mark.parametrize("samples", [10, 500, 510])
@pytest.mark.parametrize("name", ["gauss", "spiral", "moons", "rings", "blobs", "spirals"])
def test_classes_are_of_one_size(name: str, samples: int) -> None:
    counts = np.bincount(draw(name, samples=samples).targets)
    assert counts.sum() == samples
    assert counts.max() - counts.min() <= 1


def test_circle_is_a_disc_in_a_ring() -> None:
    x1, x2, targets = parts(draw("circle"))
    radius = np.hypot(x1, x2)
    inner, outer = radius[targets == 1], radius[targets == 0]
    assert len(inner) == len(outer) == 250
    assert inner.max() <= 2.5 and outer.min() >= 3.5 and outer.max() <= 5
    assert inner.mean() == pytest.approx(1.25, abs=5 * 2.5 / math.sqrt(12 * 250))
    assert outer.mean() == pytest.approx(4.25, abs=5 * 1.5 / math.sqrt(12 * 250))


def test_circle_noise_moves_the_label_and_not_the_point() -> None:
    clean, noisy = draw("circle", samples=5000), draw("circle", samples=5000, noise=50.0)
    np.testing.assert_array_equal(clean.values, noisy.values)
    radius = np.hypot(noisy.values[:, 0], noisy.values[:, 1])
    assert 0.1 < (noisy.targets != clean.targets).mean() < 0.5
    # a point further out than 2.5 + √2 · 5 · ½ cannot be taken for one of the disc
    slight = draw("circle", samples=5000, noise=5.0)
    changed = radius[slight.targets != clean.targets]
    assert len(changed) and (np.abs(changed - 2.5) <= math.sqrt(2) * 5 * 0.05).all()


def test_circle_by_the_source_of_tensorflow_playground() -> None:
    """The same random numbers through a line-by-line copy of classifyCircleData."""
    n, noise = 500, 0.35
    rng = np.random.default_rng(3)
    outer_r, inner_r = rng.uniform(3.5, 5, n), rng.uniform(0, 2.5, n)
    angles, moves = rng.uniform(0, 2 * math.pi, n), rng.uniform(-5, 5, (n, 2))
    samples = draw("circle", seed=3, noise=35.0)
    for i in range(n):
        r = inner_r[i] if i < n / 2 else outer_r[i]
        x, y = r * math.sin(angles[i]), r * math.cos(angles[i])
        label = 1 if math.dist((x + moves[i, 0] * noise, y + moves[i, 1] * noise), (0, 0)) < 5 * 0.5 else -1
        assert samples.values[i] == pytest.approx((x, y))
        assert samples.targets[i] == (label == 1)


def test_xor_by_the_source_of_tensorflow_playground() -> None:
    n, noise = 500, 0.2
    rng = np.random.default_rng(4)
    places, moves = rng.uniform(-5, 5, (n, 2)), rng.uniform(-5, 5, (n, 2))
    samples = draw("xor", seed=4, noise=20.0)
    for i in range(n):
        x, y = places[i]
        x += 0.3 if x > 0 else -0.3
        y += 0.3 if y > 0 else -0.3
        label = 1 if (x + moves[i, 0] * noise) * (y + moves[i, 1] * noise) >= 0 else -1
        assert samples.values[i] == pytest.approx((x, y))
        assert samples.targets[i] == (label == 1)
    x1, x2, targets = parts(draw("xor"))
    assert (targets == (x1 * x2 >= 0)).all()
    assert np.abs(x1).min() >= 0.3 and np.abs(x1).max() <= 5.3


@pytest.mark.parametrize(("noise", "variance"), [(0.0, 0.5), (25.0, 2.25), (50.0, 4.0)])
def test_gauss_has_its_means_and_variance(noise: float, variance: float) -> None:
    samples = draw("gauss", samples=5000, noise=noise)
    for number, sign in ((1, 1), (0, -1)):
        cloud = samples.values[samples.targets == number]
        assert cloud.mean(axis=0) == pytest.approx([2 * sign, 2 * sign], abs=5 * math.sqrt(variance / 2500))
        assert cloud.var(axis=0) == pytest.approx([variance] * 2, rel=5 * math.sqrt(2 / 2500))


def test_spiral_by_the_source_of_tensorflow_playground() -> None:
    samples = draw("spiral")
    for delta, number in ((0.0, 1), (math.pi, 0)):
        arm = samples.values[samples.targets == number]
        for i in range(250):
            r, t = i / 250 * 5, 1.75 * i / 250 * 2 * math.pi + delta
            assert arm[i] == pytest.approx((r * math.sin(t), r * math.cos(t)), abs=1e-12)
    noisy = draw("spiral", noise=50.0)
    assert np.abs(noisy.values - samples.values).max() == pytest.approx(0.5, rel=0.02)


@NOISES
def test_plane_by_the_source_of_tensorflow_playground(noise: float) -> None:
    rng = np.random.default_rng(5)
    places, moves = rng.uniform(-6, 6, (1200, 2)), rng.uniform(-6, 6, (1200, 2)) * noise / 100
    samples = draw("plane", seed=5, noise=noise)
    np.testing.assert_allclose(samples.values, places)
    np.testing.assert_allclose(samples.targets, (places + moves).sum(axis=1) / 10)


@NOISES
def test_gauss_regression_by_the_source_of_tensorflow_playground(noise: float) -> None:
    bumps = [(-4, 2.5, 1), (0, 2.5, -1), (4, 2.5, 1), (-4, -2.5, -1), (0, -2.5, 1), (4, -2.5, -1)]
    rng = np.random.default_rng(6)
    places, moves = rng.uniform(-6, 6, (1200, 2)), rng.uniform(-6, 6, (1200, 2)) * noise / 100
    samples = draw("gauss-regression", seed=6, noise=noise)
    for i in range(1200):
        label = 0.0
        for cx, cy, sign in bumps:
            new = sign * min(1.0, max(0.0, 1 - math.dist(places[i] + moves[i], (cx, cy)) / 2))
            if abs(new) > abs(label):
                label = new
        assert samples.targets[i] == pytest.approx(label, abs=1e-12)


def test_other_functions_at_known_points() -> None:
    x1, x2 = np.array([0.0, math.pi / 2, 6.0, 0.0]), np.array([0.0, 0.0, 0.0, -6.0])
    assert entry("datasets", "waves")().value(x1, x2)[:2] == pytest.approx([0.0, 1.0])
    assert entry("datasets", "saddle")().value(x1, x2)[[0, 2, 3]] == pytest.approx([0.0, 1.0, -1.0])


def test_moons_are_scikit_learns_made_larger() -> None:
    points, targets = make_moons(500, shuffle=False)
    samples = draw("moons", noise=0.0)
    np.testing.assert_allclose(samples.values / 3 + (0.5, 0.25), points, atol=1e-12)
    np.testing.assert_array_equal(samples.targets, targets)
    noisy = draw("moons", samples=5000, noise=20.0).values / 3
    clean = draw("moons", samples=5000, noise=0.0).values / 3
    assert (noisy - clean).std() == pytest.approx(0.2, rel=5 / math.sqrt(2 * 10_000))


@pytest.mark.parametrize("classes", range(2, 9))
def test_rings_blobs_and_arms_of_k(classes: int) -> None:
    rings = draw("rings", classes=classes)
    radius = np.hypot(rings.values[:, 0], rings.values[:, 1])
    bands = [radius[rings.targets == number] for number in range(classes)]
    assert all(inner.max() < outer.min() for inner, outer in itertools.pairwise(bands))
    assert bands[-1].max() <= 5.5
    blobs = draw("blobs", classes=classes, noise=0.0, samples=5000)
    for number in range(classes):
        centre = blobs.values[blobs.targets == number].mean(axis=0)
        angle = 2 * math.pi * number / classes
        assert centre == pytest.approx((3.5 * math.sin(angle), 3.5 * math.cos(angle)), abs=0.1)
    arms = draw("spirals", classes=classes, samples=800)
    ends = np.array([arms.values[arms.targets == number][-1] for number in range(classes)])
    gaps = [math.dist(ends[i], ends[j]) for i in range(classes) for j in range(i)]
    assert min(gaps) > 2 * 4.8 * math.sin(math.pi / classes) * 0.99


def test_two_arms_are_the_spiral_and_four_quarters_are_xor() -> None:
    np.testing.assert_allclose(draw("spirals", classes=2).values, draw("spiral").values)
    board = draw("checkerboard", squares=2)
    assert (board.targets == (board.values[:, 0] * board.values[:, 1] >= 0)).all()


@pytest.mark.parametrize("squares", [2, 3, 8])
def test_neighbouring_squares_differ(squares: int) -> None:
    board = draw("checkerboard", squares=squares, samples=5000)
    place = np.floor((board.values + 6) * squares / 12).astype(int)
    assert (board.targets == 1 - place.sum(axis=1) % 2).all()
    assert len(np.unique(place, axis=0)) == squares**2


# --- drawn by hand ---------------------------------------------------------------------------------------------------


def test_points_are_drawn_and_erased() -> None:
    empty = Drawn()
    drawn = empty.add([(1.0, 2.0), (7.0, -9.0)], 1).add([(1.5, 2.0)], 0)
    assert empty.points == ()
    assert drawn.points == ((1.0, 2.0, 1), (6.0, -6.0, 1), (1.5, 2.0, 0))
    samples = drawn.draw(np.random.default_rng(1))
    np.testing.assert_array_equal(samples.values, [[1, 2], [6, -6], [1.5, 2]])
    np.testing.assert_array_equal(samples.targets, [1, 1, 0])
    assert samples.targets.dtype == np.int64
    assert drawn.erase(1.2, 2.0, 0.25).points == ((6.0, -6.0, 1), (1.5, 2.0, 0))
    assert drawn.erase(0.0, 0.0, 0.1) is drawn
    assert drawn.clear() == empty
    assert len(empty.draw(np.random.default_rng(1))) == 0 == empty.sample_count


@pytest.mark.parametrize(
    "points",
    [
        ((1.0, 2.0),),
        ((1.0, 2.0, 8),),
        ((1.0, 2.0, -1),),
        ((1.0, 2.0, 0.5),),
        ((1.0, math.nan, 0),),
        ((7.0, 1.0, 0),),
        ((True, 1.0, 0),),
        (("1", 1.0, 0),),
        (1.0,),
        ((1.0, (2.0,), 0),),
    ],
    ids=repr,
)
def test_what_is_no_point_is_refused(points: tuple[object, ...]) -> None:
    with pytest.raises(InvalidValueError, match="every point"):
        Drawn(points=points)


def test_classes_that_hold_points_stay() -> None:
    drawn = Drawn(classes=4).add([(0.0, 0.0)], 3)
    with pytest.raises(InvalidValueError, match=r"at least 4.*erase them first"):
        drawn.replace(classes=3)
    with pytest.raises(InvalidValueError):
        Drawn().add([(0.0, 0.0)], 2)


def test_a_drawing_has_a_limit() -> None:
    full = Drawn(points=((0.0, 0.0, 0),) * MOST_POINTS)
    with pytest.raises(InvalidValueError, match="erase some first"):
        full.add([(1.0, 1.0)], 0)


# --- features --------------------------------------------------------------------------------------------------------


def test_features_are_what_their_names_say() -> None:
    x1, x2 = np.random.default_rng(10).uniform(-6, 6, (2, 50))
    expected = {
        "x1": x1, "x2": x2, "x1_squared": x1**2, "x2_squared": x2**2, "x1_x2": x1 * x2,
        "sin_x1": np.sin(x1), "sin_x2": np.sin(x2), "cos_x1": np.cos(x1), "cos_x2": np.cos(x2),
    }  # fmt: skip
    features: dict[str, Feature] = {feature.name: feature for feature in defaults("features")}
    assert set(features) == set(expected)
    for name, values in expected.items():
        np.testing.assert_allclose(features[name].value(x1, x2), values)


def test_an_input_passes_on_the_chosen_columns_in_their_order() -> None:
    data, points = dataset("circle"), np.array([[1.0, 2.0], [-3.0, 4.0]])
    np.testing.assert_array_equal(data.inputs(points, ()), points)
    chosen = data.inputs(points, ("x1_x2", "x2"))
    np.testing.assert_array_equal(chosen, [[2, 2], [-12, 4]])
    assert chosen.dtype == np.float32 and chosen.flags.c_contiguous
    assert data.input_shape(("x1_x2", "x2")) == (2,)
    assert data.input_shape(()) == (2,)
    with pytest.raises(InvalidValueError, match="no column 'x3'"):
        data.input_shape(("x1", "x3"))
