"""Images changed at random: small ones by hand, and what chance may do to large ones."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from engine.catalog.datasets.augmenting import Change, changed, moved, shifted

RNG = np.random.default_rng(3)
IMAGES = RNG.integers(0, 256, (6, 3, 9, 9), np.uint8)
STILL = np.zeros((2, 6)), np.zeros(6), np.ones(6)
"""Shifts, angles and factors that change nothing."""


def change(seed: int = 1, values: NDArray[np.uint8] = IMAGES, **how: float) -> NDArray[np.uint8]:
    return changed(values, Change(**how), np.random.default_rng(seed))  # type: ignore[arg-type]


def test_nothing_changes_nothing() -> None:
    np.testing.assert_array_equal(change(), IMAGES)
    np.testing.assert_array_equal(moved(IMAGES, *STILL), IMAGES)
    np.testing.assert_array_equal(change(rotation=1e-9), IMAGES)


def test_a_shift_by_hand() -> None:
    image = np.array([[[[1, 2, 3], [4, 5, 6], [7, 8, 9]]]], np.uint8)
    down_and_right = [[[[0, 0, 0], [0, 1, 2], [0, 4, 5]]]]
    up_by_two = [[[[7, 8, 9], [0, 0, 0], [0, 0, 0]]]]
    assert shifted(image, np.array([[1], [1]])).tolist() == down_and_right
    assert shifted(image, np.array([[-2], [0]])).tolist() == up_by_two
    for shift, wanted in (((1.0, 1.0), down_and_right), ((-2.0, 0.0), up_by_two)):
        assert moved(image, np.array(shift)[:, None], np.zeros(1), np.ones(1)).tolist() == wanted
    half = moved(image, np.array([[0.0], [0.5]]), np.zeros(1), np.ones(1))  # each is the mean of two neighbours
    assert half.tolist() == [[[[0, 2, 2], [2, 4, 6], [4, 8, 8]]]]  # halves are rounded to the even one


@pytest.mark.parametrize("turns", [1, 2, 3, -1])
def test_quarter_turns_are_exact(turns: int) -> None:
    found = moved(IMAGES, STILL[0], np.full(6, turns * np.pi / 2), STILL[2])
    np.testing.assert_array_equal(found, np.rot90(IMAGES, turns, (2, 3)))


@pytest.mark.parametrize(("angle", "factor"), [(20.0, 1.0), (-35.0, 1.3), (0.0, 0.7), (110.0, 0.8)])
def test_turning_and_enlarging_is_scipys(angle: float, factor: float) -> None:
    """SciPy's own interpolation, with the same map from a pixel to where it comes from."""
    turn = np.radians(angle)
    matrix = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]]) / factor
    shift = np.array([1.5, -0.75])
    middle = np.array([4.0, 4.0])
    offset = middle - matrix @ (middle + shift)
    wanted = np.empty(IMAGES.shape)
    for place in np.ndindex(6, 3):
        image = np.pad(IMAGES[place].astype(np.float64), 2)  # SciPy cuts more sharply what lies beyond the border
        wanted[place] = ndimage.affine_transform(image, matrix, offset + 2, (9, 9), order=1)
    found = moved(IMAGES, np.repeat(shift[:, None], 6, 1), np.full(6, turn), np.full(6, factor))
    assert np.abs(found - wanted).max() <= 0.51


def test_half_of_the_images_are_mirrored() -> None:
    many = np.arange(8, dtype=np.uint8).reshape(1, 1, 1, 8).repeat(400, 0)
    found = change(values=many, flip=True)[:, 0, 0]
    mirrored = (found == np.arange(8)[::-1]).all(1)
    assert ((found == np.arange(8)).all(1) ^ mirrored).all()
    assert 150 < mirrored.sum() < 250


def test_every_whole_shift_comes_up() -> None:
    many = np.zeros((2000, 1, 9, 9), np.uint8)
    many[:, :, 4, 4] = 200
    found = np.argwhere(change(values=many, shift=2)[:, 0] == 200)
    assert len(found) == 2000
    _, counts = np.unique(found[:, 1:], axis=0, return_counts=True)
    assert len(counts) == 25 and counts.min() > 40


def test_rotation_and_zoom_stay_within_their_bounds() -> None:
    line = np.zeros((500, 1, 41, 41), np.uint8)
    line[:, :, 20, 30] = 255
    y, x = np.arange(41)[:, None] - 20.0, np.arange(41) - 20.0

    def place(found: NDArray[np.uint8]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        weight = found[:, 0].astype(np.float64)
        return (weight * y).sum((1, 2)) / weight.sum((1, 2)), (weight * x).sum((1, 2)) / weight.sum((1, 2))

    down, right = place(change(values=line, rotation=30.0))
    angle = np.degrees(np.arctan2(-down, right))
    assert -31 < angle.min() < -28 and 28 < angle.max() < 31
    _, right = place(change(values=line, zoom=0.2))
    assert 7.9 < right.min() < 8.3 and 11.7 < right.max() < 12.1


def test_noise_has_its_deviation() -> None:
    grey = np.full((20, 1, 40, 40), 128, np.uint8)
    found = change(values=grey, noise=0.1).astype(np.float64)
    assert abs(found.mean() - 128) < 0.5 and abs(found.std() - 25.5) < 0.5
    extreme = change(values=np.full_like(grey, 250), noise=0.5)
    assert extreme.min() < 50 and extreme.max() == 255


def test_a_square_is_cut_out_of_every_channel() -> None:
    white = np.full((300, 3, 10, 12), 255, np.uint8)
    black = change(values=white, cut_out=4) == 0
    assert (black == black[:, :1]).all()
    assert set(black[:, 0].any(2).sum(1).tolist()) <= {1, 2, 3, 4}
    whole = black[:, 0].sum((1, 2)) == 16
    assert whole.sum() > 70 and black[:, 0].sum((1, 2)).min() >= 1


ALL = {"flip": True, "shift": 2, "rotation": 15.0, "zoom": 0.1, "noise": 0.1, "cut_out": 3}


@pytest.mark.parametrize("how", [*([name] for name in ALL), list(ALL)], ids=lambda how: "+".join(how))
@pytest.mark.parametrize("shape", [(5, 1, 8, 8), (3, 3, 5, 9), (1, 1, 1, 1), (0, 1, 4, 4), (700, 1, 8, 8)])
def test_the_same_seed_gives_the_same_images(how: list[str], shape: tuple[int, ...]) -> None:
    values = RNG.integers(0, 256, shape, np.uint8)
    before = values.copy()
    settings = {name: ALL[name] for name in how}
    found = change(values=values, **settings)
    assert found.shape == shape and found.dtype == np.uint8 and found.flags.c_contiguous
    np.testing.assert_array_equal(found, change(values=values, **settings))
    np.testing.assert_array_equal(values, before)
    if shape[0] > 1:
        assert (found != change(2, values, **settings)).any()


def test_how_many_are_moved_at_once_makes_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    from engine.catalog.datasets import augmenting

    arguments = RNG.uniform(-2, 2, (2, 6)), RNG.uniform(-3, 3, 6), RNG.uniform(0.5, 1.5, 6)
    wanted = moved(IMAGES, *arguments)
    monkeypatch.setattr(augmenting, "_PIXELS", 100)
    np.testing.assert_array_equal(moved(IMAGES, *arguments), wanted)
