"""CIFAR-10's binary version: records of one label and 3 × 32 × 32 bytes, in batches or in the archive they came in."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.images.files import ImageDataError, Reader, content_size, found
from engine.images.kept import Piece

if TYPE_CHECKING:
    import tarfile

SHAPE = (3, 32, 32)
CLASSES = 10
RECORD = 1 + 3 * 32 * 32
BATCH = 10_000
"""Records of a whole batch."""
ARCHIVE = "cifar-10-binary.tar.gz"
TRAIN, TEST = tuple(f"data_batch_{number}.bin" for number in range(1, 6)), "test_batch.bin"
_AT_ONCE = 500
_MOST_BYTES = 6 * BATCH * RECORD + 1_000_000
"""Of the archive's content: what lies beside the batches is small."""


def batches(folder: Path) -> tuple[tuple[Path, ...], Path] | None:
    """The batches to learn from that are in a folder, and the one to test on; None without either."""
    learnt = [path for name in TRAIN if (path := found(folder, (name,))) is not None]
    tested = found(folder, (TEST,))
    return (tuple(learnt), tested) if learnt and tested is not None else None


def archive(folder: Path) -> Path | None:
    """The archive of all batches, if it is there."""
    path = folder / ARCHIVE
    return path if path.is_file() else None


def count(path: Path) -> int:
    """How many records are in a batch, by its size. Raises ImageDataError for a file that is none."""
    records, rest = divmod(content_size(path), RECORD)
    if rest or not 1 <= records <= BATCH:
        raise ImageDataError(
            "{file} does not hold whole records of {bytes} bytes, at most {most} of them; it is truncated or no batch "
            "of CIFAR-10: remove it and download it again",
            file=str(path),
            bytes=f"{RECORD:,}",
            most=f"{BATCH:,}",
        )
    return records


def read(path: Path, records: int) -> Iterator[Piece]:
    """The records of a batch, some at a time. Raises ImageDataError."""
    with Reader(path) as file:
        for start in range(0, records, _AT_ONCE):
            yield _piece(file.take(min(_AT_ONCE, records - start) * RECORD), str(path))
        file.end()


def read_archive(path: Path) -> Iterator[Piece]:
    """The records of the archive: those to learn from in its order, then those to test on. Raises ImageDataError."""
    import tarfile

    tested: list[Piece] = []
    missing = {*TRAIN, TEST}
    try:
        with path.open("rb") as packed, gzip.GzipFile(fileobj=packed) as unpacked:
            bounded: Any = _Bounded(unpacked, path)
            with tarfile.open(fileobj=bounded, mode="r|") as files:
                for member in files:
                    name = Path(member.name).name
                    if name not in missing or not member.isfile():
                        continue
                    missing.remove(name)
                    pieces = _member(files, member, path)
                    if name == TEST:
                        tested.extend(pieces)
                    else:
                        yield from pieces
                    if not missing:
                        break
    except (OSError, EOFError, zlib.error, tarfile.TarError, ValueError) as error:
        if isinstance(error, ImageDataError):
            raise
        raise ImageDataError(
            "{file} is truncated or damaged; remove it and download it again", file=str(path)
        ) from error
    if missing:
        raise ImageDataError(
            "{file} lacks {names}; remove it and download it again", file=str(path), names=", ".join(sorted(missing))
        )
    yield from tested


def _member(files: tarfile.TarFile, member: tarfile.TarInfo, path: Path) -> Iterator[Piece]:
    name = f"{Path(member.name).name} in {path}"
    file = files.extractfile(member)
    if member.size != BATCH * RECORD or file is None:
        raise ImageDataError(
            "{file} has not the size of a batch of CIFAR-10; remove the archive and download it again", file=name
        )
    for start in range(0, BATCH, _AT_ONCE):
        yield _piece(file.read(min(_AT_ONCE, BATCH - start) * RECORD), name)


class _Bounded:
    """A stream that ends with an error when more comes out of it than can be: a few bytes may unpack to thousands."""

    def __init__(self, stream: Any, path: Path) -> None:
        self._stream = stream
        self._path = path
        self._left = _MOST_BYTES

    def read(self, size: int = -1) -> bytes:
        if size < 0 or size > self._left:
            raise ImageDataError(
                "{file} holds more than the batches of CIFAR-10; remove it and download it again", file=str(self._path)
            )
        data: bytes = self._stream.read(size)
        self._left -= len(data)
        return data


def _piece(data: bytes, name: str) -> Piece:
    if len(data) % RECORD or not data:
        raise ImageDataError("{file} is truncated; remove it and download it again", file=name)
    records = np.frombuffer(data, np.uint8).reshape(-1, RECORD)
    labels = records[:, 0].astype(np.int64)
    if labels.max() >= CLASSES:
        raise ImageDataError(
            "{file} holds labels beyond 9, so it is no batch of CIFAR-10; remove it and download it again", file=name
        )
    return Piece(records[:, 1:].reshape(-1, *SHAPE), labels)
