"""Images as they are learnt from, kept as bytes: few in memory, many in a file that is mapped and need not fit there.

What costs time to decode is decoded once: its file lies in the user's folder for caches, and lasts as long as what it
was made from. Where it cannot be written, memory has to do.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import mmap
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.images.places import cache_folder

IN_MEMORY = 32_000_000
"""Bytes of images up to which they are simply kept in memory."""
_MOST_ON_DISK = 4_000_000_000
"""Bytes of such files; the one that was used longest ago goes first."""
_MAGIC = b"NPIMG\x01\x00\x00"
_BEGIN = 64
"""Where the images begin in a file."""
_AT_ONCE = 4_000_000
"""Bytes that are brought into another order at once."""


class Piece(NamedTuple):
    """Some images (count, *shape) uint8 and their labels (count,) int64."""

    values: NDArray[np.uint8]
    labels: NDArray[np.int64]


class Kept(NamedTuple):
    """All images, their labels, and what there was to say when they were decoded."""

    values: NDArray[np.uint8]
    labels: NDArray[np.int64]
    notes: tuple[str, ...] = ()


Pieces = Callable[[list[str]], Iterator[Piece]]
"""Decodes images piece by piece, and adds what there is to say to the list."""


def kept(
    name: str, key: object, most: int, shape: tuple[int, ...], pieces: Pieces, in_memory: int | None = None
) -> Kept:
    """At most so many images of a shape: from the file of that name and key, or decoded, and then kept there.

    `key` is all that they depend on, with a `repr` that tells. What takes no more bytes than `in_memory` (default:
    `IN_MEMORY`) gets no file. What `pieces` raises goes through.
    """
    if most * math.prod(shape) <= (IN_MEMORY if in_memory is None else in_memory):
        return _in_memory(most, shape, pieces)
    path = folder() / f"{name}-{hashlib.sha256(repr((key, shape)).encode()).hexdigest()[:20]}.bin"
    known = _opened(path, shape)
    if known is None:
        try:
            _write(path, shape, pieces)
        except OSError:
            return _in_memory(most, shape, pieces)
        known = _opened(path, shape)
        _tidy(path)
    return known or _in_memory(most, shape, pieces)


def gathered(values: NDArray[Any], places: Any) -> NDArray[Any]:
    """`values[places]`; where that is much, in a file without a name that goes when nobody needs it any more."""
    if isinstance(places, slice):
        return values[places]
    places = np.asarray(places)
    if places.dtype == np.bool_:
        places = np.flatnonzero(places)
    each = math.prod(values.shape[1:]) * values.itemsize
    if values.dtype != np.uint8 or len(places) * each <= IN_MEMORY:
        return values[places]
    import tempfile  # with all it needs, it would delay the start of every window

    try:
        folder().mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder()) as file:
            step = max(1, _AT_ONCE // each)
            for start in range(0, len(places), step):
                file.write(values[places[start : start + step]].tobytes())
            file.flush()
            return _mapped(file.fileno(), 0, (len(places), *values.shape[1:]))
    except OSError:
        return values[places]


def folder() -> Path:
    """Where the files lie."""
    return cache_folder() / "images"


def _in_memory(most: int, shape: tuple[int, ...], pieces: Pieces) -> Kept:
    values = np.empty((most, *shape), np.uint8)
    labels = np.empty(most, np.int64)
    notes: list[str] = []
    count = 0
    for piece in pieces(notes):
        end = count + len(piece.labels)
        values[count:end], labels[count:end] = piece
        count = end
    return Kept(values[:count], labels[:count], tuple(notes))


def _write(path: Path, shape: tuple[int, ...], pieces: Pieces) -> None:
    """Decode into a file that gets its name when it is whole."""
    import tempfile

    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f"{path.stem}-", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            notes: list[str] = []
            labels: list[NDArray[np.int64]] = []
            file.write(bytes(_BEGIN))
            for piece in pieces(notes):
                file.write(piece.values.tobytes())
                labels.append(piece.labels)
            numbers = np.concatenate(labels) if labels else np.empty(0, np.int64)
            said = json.dumps(notes).encode()
            file.write(numbers.astype("<i8").tobytes() + said)
            file.seek(0)
            file.write(_MAGIC + len(numbers).to_bytes(8, "little") + len(said).to_bytes(8, "little"))
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise


def _opened(path: Path, shape: tuple[int, ...]) -> Kept | None:
    """What a file holds; None where there is none, or it is not whole."""
    each = math.prod(shape)
    try:
        with path.open("rb") as file:
            begins = file.read(_BEGIN)
            count, said = (int.from_bytes(begins[place : place + 8], "little") for place in (8, 16))
            size = os.fstat(file.fileno()).st_size
            if begins[:8] != _MAGIC or not count or size != _BEGIN + count * (each + 8) + said:
                return None
            file.seek(_BEGIN + count * each)
            labels = np.frombuffer(file.read(8 * count), "<i8").astype(np.int64)
            notes = tuple(json.loads(file.read(said)))
            values = _mapped(file.fileno(), _BEGIN, (count, *shape))
        with contextlib.suppress(OSError):
            os.utime(path)
    except (OSError, ValueError):
        return None
    return Kept(values, labels, notes)


def _mapped(handle: int, begin: int, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """An open file as an array. What is written to it, which nobody does, would stay in memory."""
    memory = mmap.mmap(handle, begin + math.prod(shape), access=mmap.ACCESS_COPY)
    return np.frombuffer(memory, np.uint8, math.prod(shape), begin).reshape(shape)


def _tidy(newest: Path) -> None:
    """Remove what was used longest ago, until the files are few enough."""
    with contextlib.suppress(OSError):
        files = sorted(newest.parent.glob("*.bin"), key=lambda path: path.stat().st_mtime, reverse=True)
        total = 0
        for path in files:
            total += path.stat().st_size
            if total > _MOST_ON_DISK and path != newest:
                path.unlink()
