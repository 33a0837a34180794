"""CIFAR-10's batches and their archive: what is there is read, in order; what cannot be is said."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from engine.images import cifar
from engine.images.cifar import BATCH, RECORD, TEST, TRAIN
from engine.images.files import ImageDataError
from tests.engine.images.files_of_images import records, write_archive


def test_records_are_labels_and_planes(tmp_path: Path) -> None:
    wanted = records(1234)
    for path, content in (
        (tmp_path / "a.bin", wanted.tobytes()),
        (tmp_path / "b.gz", gzip.compress(wanted.tobytes(), 1)),
    ):
        path.write_bytes(content)
        assert cifar.count(path) == 1234
        pieces = list(cifar.read(path, 1234))
        np.testing.assert_array_equal(np.concatenate([piece.labels for piece in pieces]), wanted[:, 0])
        values = np.concatenate([piece.values for piece in pieces])
        assert values.shape == (1234, 3, 32, 32)
        assert values[7, 1, 2, 3] == wanted[7, 1 + 1024 + 2 * 32 + 3]


def test_the_batches_that_are_there_are_found(tmp_path: Path) -> None:
    assert cifar.batches(tmp_path) is None and cifar.archive(tmp_path) is None
    for name in (TRAIN[2], f"{TRAIN[0]}.gz"):
        (tmp_path / name).write_bytes(b"x")
    assert cifar.batches(tmp_path) is None
    (tmp_path / TEST).write_bytes(b"x")
    learnt, tested = cifar.batches(tmp_path) or ((), Path())
    assert [path.name for path in (*learnt, tested)] == [f"{TRAIN[0]}.gz", TRAIN[2], TEST]


@pytest.mark.parametrize("size", [0, 1, RECORD - 1, RECORD + 1, (BATCH + 1) * RECORD])
def test_a_file_of_another_size_is_no_batch(tmp_path: Path, size: int) -> None:
    path = tmp_path / "batch.bin"
    path.write_bytes(bytes(size))
    with pytest.raises(ImageDataError, match="is empty" if not size else "does not hold whole records"):
        cifar.count(path)


def test_a_batch_that_lies_about_its_size(tmp_path: Path) -> None:
    path = tmp_path / "batch.bin.gz"
    path.write_bytes(gzip.compress(records(5).tobytes())[:-4] + (20 * RECORD).to_bytes(4, "little"))
    assert cifar.count(path) == 20
    with pytest.raises(ImageDataError, match=r"is truncated|is damaged"):
        list(cifar.read(path, 20))
    path.write_bytes(gzip.compress(records(5).tobytes()))
    with pytest.raises(ImageDataError, match="is longer than it should be"):
        list(cifar.read(path, 4))


def test_labels_beyond_nine(tmp_path: Path) -> None:
    content = records(5)
    content[3, 0] = 10
    (tmp_path / "batch.bin").write_bytes(content.tobytes())
    with pytest.raises(ImageDataError, match="labels beyond 9"):
        list(cifar.read(tmp_path / "batch.bin", 5))


# --- the archive -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def batches() -> dict[str, bytes]:
    """Six batches, each of which says by its pixels which it is."""
    found = {}
    for number, name in enumerate((*TRAIN, TEST)):
        content = np.full((BATCH, RECORD), number, np.uint8)
        content[:, 0] = np.arange(BATCH) % 10
        found[name] = content.tobytes()
    return found


def test_the_archive_is_read_without_unpacking_it(tmp_path: Path, batches: dict[str, bytes]) -> None:
    path = write_archive(tmp_path, batches)
    assert cifar.archive(tmp_path) == path
    seen: list[int] = []
    count = 0
    for piece in cifar.read_archive(path):
        (number,) = set(piece.values[:, 0, 0, 0].tolist())
        count += len(piece.labels)
        if number not in seen:
            seen.append(number)
    assert count == 6 * BATCH
    assert seen == [0, 1, 2, 3, 4, 5]  # the test batch, the second in the archive, is the last
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_an_archive_that_lacks_a_batch(tmp_path: Path, batches: dict[str, bytes]) -> None:
    path = write_archive(tmp_path, {name: batches[name] for name in (TRAIN[0], TEST)})
    with pytest.raises(ImageDataError, match=r"lacks data_batch_2\.bin, data_batch_3\.bin"):
        list(cifar.read_archive(path))


def test_a_batch_of_another_size_in_the_archive(tmp_path: Path, batches: dict[str, bytes]) -> None:
    path = write_archive(tmp_path, {**batches, TRAIN[0]: b"short"})
    with pytest.raises(ImageDataError, match="has not the size of a batch"):
        list(cifar.read_archive(path))


def test_a_damaged_archive(tmp_path: Path, batches: dict[str, bytes]) -> None:
    path = write_archive(tmp_path, batches)
    content = path.read_bytes()
    for damaged in (b"", b"no archive", content[: len(content) // 2], content[:500] + bytes(500) + content[1000:]):
        path.write_bytes(damaged)
        with pytest.raises(ImageDataError, match=r"is truncated or damaged|lacks") as error:
            list(cifar.read_archive(path))
        assert str(path) in str(error.value) and "\n" not in str(error.value)


def test_an_archive_of_nothing_but_zeros_is_not_read_for_ever(tmp_path: Path) -> None:
    path = write_archive(tmp_path, {"a": bytes(1 << 20)}, ("a",))
    with gzip.open(path, "wb", 1) as file:
        file.write(b"cifar".ljust(100, b"\0") + b"0000644\0" + b"0000000\0" * 2 + b"77777777777\0" + bytes(384))
        for _ in range(220):
            file.write(bytes(1 << 20))
    with pytest.raises(ImageDataError, match=r"holds more than the batches|is truncated or damaged|lacks"):
        list(cifar.read_archive(path))
