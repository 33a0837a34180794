"""Images that were decoded are kept: in memory if they are few, else in a file, and in memory where there is none."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from engine.images import kept as keeping
from engine.images.kept import Kept, Piece, folder, gathered, kept

SHAPE = (1, 4, 5)
VALUES = np.random.default_rng(1).integers(0, 256, (50, *SHAPE), np.uint8)
LABELS = np.arange(50, dtype=np.int64) % 7


class Decoder:
    """Decodes in pieces of 20, leaving some out, and counts how often."""

    def __init__(self, missing: int = 3, fails: bool = False) -> None:
        self.times = 0
        self._count = 50 - missing
        self._fails = fails

    def __call__(self, notes: list[str]) -> Iterator[Piece]:
        self.times += 1
        for start in range(0, self._count, 20):
            end = min(start + 20, self._count)
            yield Piece(VALUES[start:end], LABELS[start:end])
            if self._fails:
                raise ValueError("half-way")
        notes.append("three are left out")


def use(decoder: Decoder, key: object = "key", in_memory: int = 0) -> Kept:
    return kept("test", key, 50, SHAPE, decoder, in_memory)


def files() -> list[str]:
    return sorted(os.listdir(folder())) if folder().is_dir() else []


@pytest.mark.parametrize("in_memory", [0, 1_000_000])
def test_what_was_decoded_is_kept(in_memory: int) -> None:
    decoder = Decoder()
    for _ in range(2):
        found = use(decoder, in_memory=in_memory)
        np.testing.assert_array_equal(found.values, VALUES[:47])
        np.testing.assert_array_equal(found.labels, LABELS[:47])
        assert found.notes == ("three are left out",)
        assert found.values.dtype == np.uint8 and found.labels.dtype == np.int64
        assert found.values.flags.writeable  # PyTorch shares no other array
    assert decoder.times == (2 if in_memory else 1)
    assert len(files()) == (0 if in_memory else 1)


def test_another_key_or_shape_has_a_file_of_its_own() -> None:
    decoder = Decoder()
    use(decoder), use(decoder, "other")
    kept("test", "key", 50, (1, 5, 4), lambda notes: iter([Piece(VALUES.reshape(50, 1, 5, 4), LABELS)]), 0)
    assert len(files()) == 3


def test_writing_to_the_array_leaves_the_file() -> None:
    found = use(Decoder())
    found.values[:] = 7
    np.testing.assert_array_equal(use(Decoder()).values, VALUES[:47])


@pytest.mark.parametrize("damage", ["empty", "short", "long", "header", "notes"])
def test_a_damaged_file_is_made_again(damage: str) -> None:
    use(Decoder())
    (name,) = files()
    path = folder() / name
    content = path.read_bytes()
    path.write_bytes(
        {
            "empty": b"",
            "short": content[:-1],
            "long": content + b"x",
            "header": b"x" + content[1:],
            "notes": content[:-22] + b"x" * 22,
        }[damage]
    )
    decoder = Decoder()
    np.testing.assert_array_equal(use(decoder).values, VALUES[:47])
    assert decoder.times == 1 and len(files()) == 1


def test_a_fault_on_the_way_leaves_nothing_behind() -> None:
    with pytest.raises(ValueError, match="half-way"):
        use(Decoder(fails=True))
    assert files() == []


def test_without_a_place_to_write_memory_does(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setattr(keeping, "cache_folder", lambda: tmp_path / "file")
    decoder = Decoder()
    np.testing.assert_array_equal(use(decoder).values, VALUES[:47])
    order = np.random.default_rng(2).permutation(50)
    monkeypatch.setattr(keeping, "IN_MEMORY", 0)
    np.testing.assert_array_equal(gathered(VALUES, order), VALUES[order])


def test_what_was_used_longest_ago_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(3):
        use(Decoder(), number)
        for place, name in enumerate(files()):
            os.utime(folder() / name, (place, place))
    size = (folder() / files()[0]).stat().st_size
    oldest = files()[0]
    monkeypatch.setattr(keeping, "_MOST_ON_DISK", 3 * size)
    use(Decoder(), "newest")
    assert len(files()) == 3 and oldest not in files()


@pytest.mark.parametrize("most", [0, 1_000_000])
def test_samples_in_another_order(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    monkeypatch.setattr(keeping, "IN_MEMORY", most)
    order = np.random.default_rng(2).permutation(50)[:31]
    found = gathered(VALUES, order)
    np.testing.assert_array_equal(found, VALUES[order])
    assert found.flags.writeable
    chosen = LABELS > 3
    np.testing.assert_array_equal(gathered(VALUES, chosen), VALUES[chosen])
    assert gathered(VALUES, slice(3, 9)).base is not None
    assert files() == []  # such a file has no name
    numbers = VALUES.astype(np.float64)
    np.testing.assert_array_equal(gathered(numbers, order), numbers[order])
