"""Drawn glyphs: found fonts can write, every sign is told from the others, and the seed says how each is changed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.catalog.datasets.augmenting import moved
from engine.images import fonts, glyphs
from engine.images.glyphs import DIGITS, LETTERS, SHAPES, Variety

PLAIN = Variety(0, 0, 0, 0, 0)
ROUGH = Variety(2, 20, 0.1, 0.5, 0.1)
EACH = pytest.mark.parametrize("symbols", [DIGITS, LETTERS, SHAPES])


def drawn(symbols: str, variety: Variety = ROUGH, seed: int = 1, count: int = 300) -> NDArray[np.uint8]:
    return glyphs.draw(symbols, np.arange(count) % len(glyphs.names(symbols)), variety, seed, moved)


@pytest.fixture(params=["the system's fonts", "no fonts"])
def font_folders(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    if request.param == "no fonts":
        monkeypatch.setattr(fonts, "folders", lambda: (tmp_path,))
    glyphs._signs.cache_clear()
    request.addfinalizer(glyphs._signs.cache_clear)


@EACH
@pytest.mark.usefixtures("font_folders")
def test_signs_are_white_on_black_and_in_the_middle(symbols: str) -> None:
    found = drawn(symbols, PLAIN)
    assert found.shape == (300, 1, 28, 28) and found.dtype == np.uint8
    assert (found.reshape(300, -1).max(1) > 150).all()
    rows, columns = (found[:, 0].max(axis) > 0 for axis in (2, 1))
    height, width = rows.sum(1), columns.sum(1)
    assert (np.maximum(height, width) >= 18).all() and (np.maximum(height, width) <= 20).all()
    assert not found[:, :, [0, 1, 2, 25, 26, 27]].any() and not found[..., [0, 1, 2, 25, 26, 27]].any()


@EACH
@pytest.mark.usefixtures("font_folders")
def test_every_sign_differs_from_the_others(symbols: str) -> None:
    means = glyphs._signs(symbols).astype(np.float64).mean((1, 2)).reshape(len(glyphs.names(symbols)), -1)
    distances = np.abs(means[:, None] - means).mean(2) + 1000 * np.eye(len(means))
    assert distances.min() > 3


@EACH
def test_the_seed_says_it_all(symbols: str) -> None:
    first = drawn(symbols)
    np.testing.assert_array_equal(first, drawn(symbols))
    assert (first != drawn(symbols, seed=2)).any()
    count = len(glyphs.names(symbols))
    assert (first[:count] != first[count : 2 * count]).reshape(count, -1).any(1).all()  # no two of a class are alike


def test_how_a_sign_is_changed_does_not_depend_on_the_fonts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where they lie, in the mean: fonts differ, but not how they are moved."""

    def middle() -> NDArray[np.float64]:
        glyphs._signs.cache_clear()
        found = drawn(DIGITS, Variety(6, 0, 0, 0, 0), count=100)[:, 0].astype(np.float64)
        places = np.arange(28)
        down, across = (found.sum(axis) @ places / found.sum((1, 2)) for axis in (2, 1))
        return np.stack([down, across])

    here = middle()
    monkeypatch.setattr(fonts, "folders", lambda: (tmp_path,))
    elsewhere = middle()
    glyphs._signs.cache_clear()
    assert np.median(np.abs(here - elsewhere)) < 0.5 and np.ptp(here) > 10


def test_each_kind_of_variety_does_what_it_says() -> None:
    plain = drawn(SHAPES, PLAIN).astype(np.float64)
    thick = drawn(SHAPES, PLAIN._replace(thickness=1.0)).astype(np.float64)
    assert thick.mean() > plain.mean() and (thick > 150).mean() > (plain > 150).mean()
    noisy = drawn(SHAPES, PLAIN._replace(noise=0.1))
    assert 10 < noisy[plain == 0].mean() < 20  # a normal deviation of 25.5, without its lower half
    shifted = drawn(SHAPES, PLAIN._replace(shift=5))
    assert shifted[:, :, :3].any() and shifted[:, :, -3:].any() and shifted[..., :3].any() and shifted[..., -3:].any()
    assert drawn(SHAPES, PLAIN._replace(size=0.1))[..., [3, -4]].any() and not plain[..., [3, -4]].any()


# --- fonts -----------------------------------------------------------------------------------------------------------


def test_fonts_are_found_by_what_they_can_write(tmp_path: Path) -> None:
    own = fonts._usable((tmp_path,))
    assert len(own) == 1 and fonts._writes(own[0])
    (tmp_path / "damaged.ttf").write_bytes(b"\x00\x01\x00\x00" + bytes(200))
    (tmp_path / "text.otf").write_text("no font")
    (tmp_path / "Symbols.ttf").write_bytes(b"")
    (tmp_path / "folder.ttf").mkdir()
    fonts._usable.cache_clear()
    assert len(fonts._usable((tmp_path, tmp_path / "missing"))) == 1


def test_the_same_fonts_are_found_again() -> None:
    found = fonts.usable_fonts()
    fonts._usable.cache_clear()
    assert [font.getname() for font in fonts.usable_fonts()] == [font.getname() for font in found]
    assert 1 <= len(found) <= 12
    assert all(fonts._writes(font) for font in found)


@pytest.mark.parametrize("name", ["Symbola.ttf", "NotoColorEmoji.ttf", "wingding.ttf", "fontawesome-webfont.ttf"])
def test_fonts_of_symbols_are_passed_by(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"")
    (tmp_path / "Plain.ttf").write_bytes(b"")
    assert [path.name for path in fonts._files((tmp_path,))] == ["Plain.ttf"]
