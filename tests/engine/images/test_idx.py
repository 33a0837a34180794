"""IDX files: read as they are written, packed or not; each fault is one sentence that names the file."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from engine.images import idx
from engine.images.files import ImageDataError
from tests.engine.images.files_of_images import write_idx

SHAPE = (7, 5, 4)
VALUES = np.arange(140, dtype=np.uint8).reshape(SHAPE)


def read(path: Path) -> np.ndarray:
    return np.concatenate(list(idx.rows(path, SHAPE, 3)))


@pytest.mark.parametrize("packed", [True, False])
def test_what_was_written_is_read(tmp_path: Path, packed: bool) -> None:
    path = write_idx(tmp_path / "images", VALUES, packed)
    idx.check(path, SHAPE)
    np.testing.assert_array_equal(read(path), VALUES)
    assert [len(rows) for rows in idx.rows(path, SHAPE, 3)] == [3, 3, 1]


def test_what_is_packed_is_told_by_its_content(tmp_path: Path) -> None:
    """A browser may unpack a file and leave its name."""
    path = write_idx(tmp_path / "images", VALUES, packed=False).rename(tmp_path / "images.gz")
    np.testing.assert_array_equal(read(path), VALUES)


def test_an_example_of_a_header() -> None:
    assert idx.header((2, 3)) == bytes([0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3])


WHOLE = idx.header(SHAPE) + VALUES.tobytes()
PACKED = gzip.compress(WHOLE)
FAULTS: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "is empty"),
    "header alone": (WHOLE[:16], "is truncated"),
    "truncated": (WHOLE[:-1], "is truncated"),
    "too long": (WHOLE + b"x", "is longer than it should be"),
    "another format": (b"\x89PNG" + WHOLE[4:], "is not a file in the format IDX"),
    "labels, not images": (idx.header((140,)) + VALUES.tobytes(), "is not a file in the format IDX"),
    "another size": (idx.header((7, 4, 5)) + VALUES.tobytes(), "holds 7 × 4 × 5 bytes, not 7 × 5 × 4"),
    "packed, truncated": (PACKED[:-12], "is truncated|is longer than it should be"),
    "packed, empty inside": (gzip.compress(b""), "is truncated"),
    "packed, too long": (gzip.compress(WHOLE + b"x"), "is longer than it should be"),
    "packed, another format": (gzip.compress(b"x" * 200), "is not a file in the format IDX"),
    "packed, a bit turned": (PACKED[:-8] + bytes([PACKED[-8] ^ 1]) + PACKED[-7:], "is damaged"),
    "packed, nonsense": (b"\x1f\x8b" + b"\x07" * 100, "is damaged"),
    "a web page": (b"<!DOCTYPE html><title>404</title>", "is not a file in the format IDX"),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("use", [read, lambda path: idx.check(path, SHAPE)], ids=["read", "check"])
def test_a_fault_is_one_sentence(tmp_path: Path, fault: str, use: Callable[[Path], object]) -> None:
    content, words = FAULTS[fault]
    path = tmp_path / "images.gz"
    path.write_bytes(content)
    if fault == "packed, a bit turned" and use is not read:
        use(path)  # the checksum is known at the end alone
        return
    if fault == "empty" and use is read:
        words = "is truncated"
    with pytest.raises(ImageDataError, match=words) as error:
        use(path)
    assert str(path) in str(error.value) and "\n" not in str(error.value)
    assert any(word in str(error.value) for word in ("download it again", "in its place"))


def test_a_bomb_is_not_unpacked(tmp_path: Path) -> None:
    """A few bytes that would unpack to a gigabyte: no more is read than belongs there."""
    import tracemalloc
    import zlib

    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    blank = bytes(1 << 20)
    content = packer.compress(idx.header((60_000, 28, 28))) + b"".join(packer.compress(blank) for _ in range(200))
    path = tmp_path / "images.gz"
    path.write_bytes(content + packer.flush())
    tracemalloc.start()
    try:
        with pytest.raises(ImageDataError, match="is longer than it should be"):
            for _ in idx.rows(path, (60_000, 28, 28), 1000):
                pass
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()


def test_a_folder_in_place_of_a_file(tmp_path: Path) -> None:
    with pytest.raises(ImageDataError, match="cannot be read"):
        idx.check(tmp_path, SHAPE)
