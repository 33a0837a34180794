"""Drawings are made like the images of a data set, and are put into it for good."""

from __future__ import annotations

import dataclasses
import zlib
from base64 import b64encode
from typing import Any

import numpy as np
import pytest

from engine.catalog.datasets.added import MOST, packed, unpacked
from engine.catalog.datasets.augmenting import moved
from engine.catalog.datasets.digits import Digits
from engine.catalog.datasets.glyphs import Glyphs
from engine.catalog.datasets.handwriting import DIGITS, MNIST, PLAIN, made_like, resampled
from engine.document.errors import InvalidValueError
from engine.document.graph import Data, Document, Network
from engine.document.serialization import document_from_json, document_to_json
from engine.images import glyphs
from engine.plan.data import split


def sheet(*inked: tuple[slice, slice], side: int = 256) -> Any:
    drawn = np.zeros((1, side, side), np.uint8)
    for rows, columns in inked:
        drawn[0, rows, columns] = 255
    return drawn


# --- as MNIST ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scale", [1, 3, 8])
@pytest.mark.parametrize("corner", [(0, 0), (31, 7)])
def test_an_image_made_by_the_rules_of_mnist_stays_what_it_is(scale: int, corner: tuple[int, int]) -> None:
    """One that is 20 pixels high, its centre of mass in the middle, wherever and however large it is drawn."""
    original = np.zeros((28, 28), np.uint8)
    original[4:24, 12:16] = 200
    original[4:8, 10:18] = 255
    middle = (original.sum(1) * np.arange(28)).sum() / original.sum()
    original = np.roll(original, round(14 - middle), axis=0)
    original = np.roll(original, round(14 - (original.sum(0) * np.arange(28)).sum() / original.sum()), axis=1)
    drawn = np.zeros((1, 256, 256), np.uint8)
    large = original.repeat(scale, 0).repeat(scale, 1)
    drawn[0, corner[0] : corner[0] + 28 * scale, corner[1] : corner[1] + 28 * scale] = large
    np.testing.assert_array_equal(made_like(drawn, MNIST, (1, 28, 28))[0], original)


@pytest.mark.parametrize(("rows", "columns"), [(slice(20, 230), slice(100, 120)), (slice(99, 103), slice(3, 250))])
def test_the_larger_side_of_a_drawing_fills_twenty_pixels(rows: slice, columns: slice) -> None:
    made = made_like(sheet((rows, columns)), MNIST, (1, 28, 28))[0]
    high, wide = np.flatnonzero(made.any(1)), np.flatnonzero(made.any(0))
    assert max(np.ptp(high), np.ptp(wide)) + 1 == 20
    assert abs((made.sum(1) * np.arange(28.0)).sum() / made.sum() - 14) <= 0.51
    assert abs((made.sum(0) * np.arange(28.0)).sum() / made.sum() - 14) <= 0.51


def test_a_drawing_whose_weight_is_at_its_end_is_not_cut() -> None:
    heavy = sheet((slice(10, 200), slice(120, 123)), (slice(200, 250), slice(60, 200)))
    made = made_like(heavy, MNIST, (1, 28, 28))[0]
    assert np.ptp(np.flatnonzero(made.any(1))) + 1 == 20


# --- as the small digits, and plain -----------------------------------------------------------------------------------


@pytest.mark.parametrize("symbols", [glyphs.DIGITS, glyphs.SHAPES])
@pytest.mark.parametrize("corner", [(5, 9), (60, 40)])
def test_what_is_drawn_like_a_glyph_is_as_large_and_where_it_is(symbols: str, corner: tuple[int, int]) -> None:
    names = glyphs.names(symbols)
    still = glyphs.Variety(0.0, 0.0, 0.0, 0.0, 0.0)
    for sign in glyphs.draw(symbols, np.arange(len(names)), still, 0, moved):
        (rows, columns) = (np.flatnonzero((sign[0] >= 24).any(axis)) for axis in (1, 0))
        cut = sign[0, rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].repeat(7, 0).repeat(7, 1)
        sheet = np.zeros((1, 280, 280), np.uint8)  # drawn somewhere on the pad, in another size
        sheet[0, corner[0] : corner[0] + cut.shape[0], corner[1] : corner[1] + cut.shape[1]] = cut
        made = made_like(sheet, Glyphs(symbols=symbols).drawing, (1, 28, 28))[0]
        for axis, wanted in ((1, rows), (0, columns)):
            found = np.flatnonzero((made >= 24).any(axis))
            assert abs(found[0] - wanted[0]) <= 2 and abs(found[-1] - wanted[-1]) <= 2


def test_small_digits_count_the_set_pixels_of_blocks() -> None:
    made = made_like(sheet((slice(0, 256), slice(96, 160))), DIGITS, (1, 8, 8))[0]
    np.testing.assert_array_equal(made, np.repeat([[0, 0, 0, 255, 255, 0, 0, 0]], 8, 0))
    rising = sheet(*((slice(8 * row, 8 * row + 8), slice(0, 8 * row + 8)) for row in range(32)))
    made = made_like(rising, DIGITS, (1, 8, 8))[0]
    steps = np.rint(made / (255 / 16))
    assert steps[0, 0] == 10 and steps[7, 0] == 16 and steps[0, 1] == 0  # 1 + 2 + 3 + 4 of 16
    np.testing.assert_array_equal(made, np.rint(steps * 255 / 16))


def test_plain_drawings_keep_their_place_and_their_colours() -> None:
    drawn = np.zeros((3, 256, 256), np.uint8)
    drawn[0, :128], drawn[2, :, 128:] = 200, 100
    made = made_like(drawn, PLAIN, (3, 32, 32))
    assert made.shape == (3, 32, 32)
    assert made[0, 0, 0] == 200 and made[0, 31, 0] == 0 and made[2, 31, 31] == 100 and not made[1].any()
    grey = made_like(drawn, PLAIN, (1, 32, 32))
    assert grey[0, 0, 0] == round(200 / 3)
    assert (
        made_like(sheet((slice(0, 256), slice(0, 128))), PLAIN, (3, 4, 6))[:, 0].tolist() == [[255] * 3 + [0] * 3] * 3
    )


@pytest.mark.parametrize("way", [MNIST, DIGITS, PLAIN])
def test_an_empty_sheet_is_dark(way: str) -> None:
    assert not made_like(sheet(), way, (1, 28, 28)).any()


def test_a_pixel_is_the_mean_of_what_it_covers() -> None:
    plane = np.arange(12.0).reshape(3, 4)
    np.testing.assert_allclose(resampled(plane, (0, 3), (0, 4), 1, 1), plane.mean())
    np.testing.assert_allclose(resampled(plane, (0, 3), (0, 4), 3, 4), plane)
    np.testing.assert_allclose(resampled(plane, (0.5, 1.5), (0, 1), 1, 1), [[(plane[0, 0] + plane[1, 0]) / 2]])
    np.testing.assert_allclose(resampled(plane, (-1, 1), (0, 1), 1, 1), [[plane[0, 0] / 2]])


# --- added to the data ------------------------------------------------------------------------------------------------


def picture(level: int) -> Any:
    return np.full((1, 8, 8), level, np.uint8)


def test_added_pictures_are_learnt_from_and_the_test_stays_the_same() -> None:
    plain = Digits(limit=200)
    more = plain.with_added(picture(7), 3).with_added(picture(9), 4)
    before, after = split(Data(plain, train_share=0.5)), split(Data(more, train_share=0.5))
    assert more.added_count == 2 and more.sample_count == 202
    assert (more.train_count(0.5), plain.train_count(0.5)) == (102, 100) == (len(after.train), len(before.train))
    np.testing.assert_array_equal(after.test.values, before.test.values)
    np.testing.assert_array_equal(after.test.targets, before.test.targets)
    np.testing.assert_array_equal(after.train.values[:100], before.train.values)
    assert after.train.targets[100:].tolist() == [3, 4]
    assert after.train.values[100:].reshape(2, -1).max(1).tolist() == [7, 9]
    np.testing.assert_array_equal(after.values, np.concatenate([after.train.values, after.test.values]))


class Published(Digits):
    """The first thousand were published to learn from."""

    published = (1000, 797)


def test_of_a_published_split_too() -> None:
    data = Published().with_added(picture(5), 9)
    parts = split(Data(data))
    assert (len(parts.train), len(parts.test)) == (1001, 797) == (data.train_count(0.5), data.sample_count - 1001)
    assert parts.train.targets[-1] == 9 and parts.train.values[-1].max() == 5
    np.testing.assert_array_equal(parts.test.values, split(Data(Published())).test.values)


def test_only_those_of_the_chosen_classes_are_used() -> None:
    data = Digits().with_added(picture(1), 3).with_added(picture(2), 8).replace(only_classes="1, 8")
    assert data.added_count == 1 and data.extra().targets.tolist() == [1]
    again = data.with_added(picture(3), 0).replace(only_classes="")
    assert again.extra().targets.tolist() == [3, 8, 1]


def test_they_survive_the_file() -> None:
    document = Document((Network(),), Data(Digits().with_added(picture(77), 5)))
    again = document_from_json(document_to_json(document))
    assert again == document and again.data.dataset.extra().values.max() == 77
    assert hash(again.data) == hash(document.data) != hash(dataclasses.replace(document.data, dataset=Digits()))


def test_there_are_not_too_many() -> None:
    many = np.zeros((MOST, 1, 8, 8), np.uint8), np.zeros(MOST, np.int64)
    text = packed(*many)
    assert len(text) < 1000 and unpacked(text)[0].shape == (MOST, 1, 8, 8)
    with pytest.raises(InvalidValueError, match="must be at most 500"):
        Digits(added=text).with_added(picture(0), 0)
    assert packed(many[0][:0], many[1][:0]) == ""


def compressed(data: bytes) -> str:
    return b64encode(zlib.compress(data)).decode()


@pytest.mark.parametrize(
    "text",
    [
        "not base64!",
        b64encode(b"not compressed").decode(),
        compressed(b""),
        compressed(b"\x01\x00\x01\x00\x08\x00\x08\x00" + bytes(2 + 63)),  # a pixel is missing
        compressed(b"\x00\x00\x01\x00\x08\x00\x08\x00"),
        compressed(b"\xff\xff\xff\xff\xff\xff\xff\xff" + bytes(1000)),
        compressed(bytes(200_000_000)),
    ],
)
def test_damaged_ones_are_refused_in_one_sentence(text: str) -> None:
    with pytest.raises(InvalidValueError, match="drawn samples of this document are damaged"):
        Digits(added=text)


def test_pictures_of_another_size_are_left_out() -> None:
    other = packed(np.zeros((2, 1, 28, 28), np.uint8), np.zeros(2, np.int64))
    data = Digits(limit=100, added=other)
    assert data.added_count == 0 and len(split(Data(data)).values) == 100
    assert data.with_added(picture(1), 2).added_count == 1
