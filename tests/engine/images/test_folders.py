"""Folders of pictures: what is found in them, in which order, how each becomes a square; hostile ones, too."""

from __future__ import annotations

import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from engine.images import folders
from engine.images.files import ImageDataError
from engine.images.folders import listing, pictures, some

RED, BLUE = (200, 30, 30), (20, 40, 180)


def save(path: Path, colour: tuple[int, ...] = RED, size: tuple[int, int] = (12, 8), mode: str = "RGB") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, colour if len(colour) > 1 else colour[0]).save(path)
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Six red, three blue pictures, and what is none of them."""
    root = tmp_path / "pictures"
    for number, ending in enumerate(("png", "jpg", "bmp", "gif", "webp", "PNG")):
        save(root / "red" / f"{number}.{ending}")
    for number in (1, 2, 10):
        save(root / "blue 10" / f"{number}.png", BLUE)
    (root / "red" / "notes.txt").write_text("no picture")
    (root / "red" / ".hidden.png").write_bytes(b"x")
    (root / "empty").mkdir()
    (root / ".git").mkdir()
    save(root / "loose.png")
    return root


def one(path: Path, side: int = 8, colour: bool = True) -> NDArray[np.uint8]:
    """A picture as it is learnt from, (height, width, channels)."""
    save(path.parent.parent / "other" / "a.png")
    found = pictures(listing(str(path.parent.parent)), side, colour)
    place = listing(str(path.parent.parent)).classes.index(path.parent.name)
    return found.values[int(np.flatnonzero(found.labels == place)[0])].transpose(1, 2, 0)


# --- what is there ---------------------------------------------------------------------------------------------------


def test_classes_are_folders_and_take_turns(folder: Path) -> None:
    found = listing(str(folder))
    assert found.classes == ("blue 10", "red")
    assert [Path(file).name for file in found.files if file.startswith("blue")] == ["1.png", "2.png", "10.png"]
    for count in (3, 6, 9):
        assert np.bincount(found.labels[:count], minlength=2).tolist() == [count // 3, 2 * count // 3]
    assert found.stamp[0] == 9 and found.stamp[1] == sum((folder / file).stat().st_size for file in found.files)


def test_the_stamp_follows_names_sizes_and_times_wherever_the_folder_lies(folder: Path, tmp_path: Path) -> None:
    before = listing(str(folder))
    moved = folder.rename(tmp_path / "elsewhere")
    assert listing(str(moved)).stamp == before.stamp and listing(str(moved)).moment != before.moment
    save(moved / "red" / "new.png")
    assert listing(str(moved)).stamp != before.stamp
    (moved / "red" / "new.png").unlink()
    assert listing(str(moved)).stamp == before.stamp


def test_a_picture_that_is_written_in_its_place_is_noticed(folder: Path) -> None:
    before = listing(str(folder))
    os.utime(folder / before.files[-1], ns=(1, 1))
    after = listing(str(folder))
    assert after.stamp[:2] == before.stamp[:2] and after.stamp != before.stamp


def test_of_many_pictures_some_are_watched(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "MOST_WATCHED", 2)
    found = [listing(str(folder))]
    for file in sorted(found[0].files):
        os.utime(folder / file, ns=(2, 2))
        found.append(listing(str(folder)))
    assert len({each.stamp for each in found}) == 3


def test_a_folder_without_classes_says_what_it_needs(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ImageDataError, match=r"must hold a folder with pictures .* two or more; it has 0"):
        listing(str(folder / "red"))
    for name in ("blue 10", "red"):
        (folder / name).rename(tmp_path / name)
    (tmp_path / "red").rename(folder / "red")
    with pytest.raises(ImageDataError, match="it has 1"):
        listing(str(folder))
    for missing in (tmp_path / "nowhere", folder / "loose.png", Path("nul\0l")):
        with pytest.raises(ImageDataError, match="is not there, or cannot be reached"):
            listing(str(missing))


def test_too_many_files_or_classes_are_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "MOST_FILES", 8)
    with pytest.raises(ImageDataError, match="more than 8 pictures"):
        listing(str(folder))
    monkeypatch.setattr(folders, "MOST_FILES", 9)
    monkeypatch.setattr(folders, "MOST_CLASSES", 1)
    with pytest.raises(ImageDataError, match="more than the 1 classes"):
        listing(str(folder))


# --- pictures of one size --------------------------------------------------------------------------------------------


def test_every_format_becomes_the_same_square(folder: Path) -> None:
    found = pictures(listing(str(folder)), 16, True)
    assert found.values.shape == (9, 3, 16, 16) and found.notes == ()
    assert np.bincount(found.labels).tolist() == [3, 6]
    for label, colour in enumerate((BLUE, RED)):
        difference = found.values[found.labels == label].astype(int) - np.reshape(colour, (1, 3, 1, 1))
        assert np.abs(difference).max() < 12  # JPEG and WebP lose a little
    grey = pictures(listing(str(folder)), 16, False)
    assert grey.values.shape == (9, 1, 16, 16)
    assert abs(int(grey.values[grey.labels == 1].mean()) - (0.299 * 200 + 0.587 * 30 + 0.114 * 30)) < 3


def test_a_picture_stays_whole_and_gets_its_edges_colour(tmp_path: Path) -> None:
    image = np.zeros((10, 20, 3), np.uint8)
    image[...] = BLUE
    image[4:6, 8:12] = RED
    path = tmp_path / "root" / "wide" / "a.png"
    path.parent.mkdir(parents=True)
    Image.fromarray(image).save(path)
    found = one(path, 20)
    np.testing.assert_array_equal(found[5:15], image)
    assert (found[:5] == BLUE).all() and (found[15:] == BLUE).all()


def test_a_picture_is_reduced_by_averaging(tmp_path: Path) -> None:
    """A fine chess board becomes grey, not one of its colours."""
    board = (np.indices((64, 64)).sum(0) % 2 * 255).astype(np.uint8)
    path = tmp_path / "root" / "fine" / "a.png"
    path.parent.mkdir(parents=True)
    Image.fromarray(board).save(path)
    assert np.abs(one(path, 8, False).astype(int) - 127).max() <= 3


def test_transparency_depth_and_orientation(tmp_path: Path) -> None:
    path = save(tmp_path / "a" / "clear" / "a.png", (0, 0, 0, 0), (8, 8), "RGBA")
    assert (one(path) == 255).all()
    deep = tmp_path / "b" / "deep" / "a.png"
    deep.parent.mkdir(parents=True)
    Image.fromarray(np.full((8, 8), 257 * 100, np.uint16)).save(deep)
    assert (one(deep, 8, False) == 100).all()
    upright = np.zeros((8, 8, 3), np.uint8)
    upright[:4] = 255
    turned = tmp_path / "c" / "turned" / "a.png"
    turned.parent.mkdir(parents=True)
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held upright: turn by a quarter, clockwise
    Image.fromarray(np.rot90(upright)).save(turned, exif=exif)
    np.testing.assert_array_equal(one(turned), upright)
    palette = tmp_path / "d" / "palette" / "a.gif"
    palette.parent.mkdir(parents=True)
    Image.new("P", (8, 8), 0).save(palette, transparency=0)
    assert (one(palette) == 255).all()


# --- hostile ones ----------------------------------------------------------------------------------------------------


def png(width: int, height: int, content: bytes = b"") -> bytes:
    """A PNG file that says to be of this size."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", content) + chunk(b"IEND", b"")


HOSTILE = {
    "empty.png": b"",
    "nonsense.jpg": b"\xff\xd8\xff" + bytes(range(256)),
    "bomb.png": png(60_000, 60_000, zlib.compress(bytes(100_000))),
    "large.png": png(9_000, 9_000, zlib.compress(bytes(100_000))),
    "endless.png": png(2**31 - 1, 2**31 - 1),
    "flat.png": png(0, 5),
    "script.gif": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 5 5\n",
    "icon.bmp": b"BM" + bytes(60),
    "lines.ppm": b"P6\n5 5\n255\n" + bytes(10),
}


def test_hostile_files_are_left_out_and_named(folder: Path) -> None:
    for name, content in HOSTILE.items():
        (folder / "red" / name).write_bytes(content)
    whole = (folder / "red" / "1.jpg").read_bytes()
    (folder / "red" / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    found = pictures(listing(str(folder)), 8, True)
    assert len(found.values) == 9 and np.bincount(found.labels).tolist() == [3, 6]
    assert len(found.notes) == folders.NAMED and all(note.startswith("red") for note in found.notes)
    assert len(listing(str(folder)).files) == 9 + len(HOSTILE) + 1


def test_mutated_pictures_never_do_more_than_fail(tmp_path: Path) -> None:
    """Each byte of a small file turned, one after another: it is read, or left out."""
    for ending in ("png", "gif", "jpg", "bmp", "webp"):
        source = save(tmp_path / f"source.{ending}", size=(9, 9))
        content = bytearray(source.read_bytes())
        rng = np.random.default_rng(len(content))
        target = tmp_path / ending
        for number, place in enumerate(rng.integers(0, len(content), 60).tolist()):
            mutated = bytearray(content)
            mutated[place] ^= int(rng.integers(1, 256))
            (target / "a").mkdir(parents=True, exist_ok=True)
            (target / "a" / f"{number}.{ending}").write_bytes(mutated)
        save(target / "b" / "a.png")
        assert 1 <= len(pictures(listing(str(target)), 8, True).labels) <= 61


def test_nothing_but_damaged_files(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "1.png").write_bytes(b"no picture")
    with pytest.raises(ImageDataError, match=r"one of the 2 files of .* is a picture that can be read"):
        pictures(listing(str(tmp_path)), 8, True)
    assert len(some(str(tmp_path), 5, 8, True).labels) == 0


# --- decoded once ----------------------------------------------------------------------------------------------------


def test_they_are_decoded_once_and_progress_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "_AT_ONCE", 2)
    told: list[float] = []
    first = pictures(listing(str(folder)), 8, True, told.append)
    assert told == sorted(told) and told[-1] == 1.0 and len(told) == 5
    assert pictures(listing(str(folder)), 8, True, told.append) is first and len(told) == 5
    folders._known.cache_clear()  # another process
    again = pictures(listing(str(folder)), 8, True, told.append)
    np.testing.assert_array_equal(first.values, again.values)
    assert len(told) == 5 and again.notes == first.notes
    few = some(str(folder), 4, 8, True)
    np.testing.assert_array_equal(few.values, first.values[:4])
    np.testing.assert_array_equal(few.labels, first.labels[:4])


def test_who_listens_can_end_it(folder: Path) -> None:
    class Enough(Exception):
        pass

    def stop(done: float) -> None:
        raise Enough

    with pytest.raises(Enough):
        pictures(listing(str(folder)), 8, True, stop)
    assert len(pictures(listing(str(folder)), 8, True).labels) == 9
