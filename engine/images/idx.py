"""The IDX format of MNIST: a magic number, sizes, and bytes in rows."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.images.files import ImageDataError, Reader, content_size


def header(shape: tuple[int, ...]) -> bytes:
    """What an IDX file of bytes of this shape begins with.

    >>> header((60000, 28, 28)).hex(" ")
    '00 00 08 03 00 00 ea 60 00 00 00 1c 00 00 00 1c'
    """
    return bytes([0, 0, 8, len(shape)]) + b"".join(side.to_bytes(4, "big") for side in shape)


def check(path: Path, shape: tuple[int, ...]) -> None:
    """See whether a file seems to hold bytes of this shape, without reading them. Raises ImageDataError."""
    size, wanted = content_size(path), len(header(shape)) + math.prod(shape)
    with Reader(path) as file:
        _check_header(path, file.take(len(header(shape))), shape)
    if size != wanted:
        length = "truncated" if size < wanted else "longer than it should be"
        raise ImageDataError(f"{{file}} is {length}; remove it and download it again", file=str(path))


def rows(path: Path, shape: tuple[int, ...], count: int) -> Iterator[NDArray[np.uint8]]:
    """The bytes of a file of this shape, so many rows at a time: (count or what is left, *shape[1:]).

    Raises ImageDataError for a file of another shape or format, or one that ends too early or too late.
    """
    each = math.prod(shape[1:])
    with Reader(path) as file:
        _check_header(path, file.take(len(header(shape))), shape)
        for start in range(0, shape[0], count):
            some = min(count, shape[0] - start)
            yield np.frombuffer(file.take(some * each), np.uint8).reshape(some, *shape[1:])
        file.end()


def _check_header(path: Path, begins: bytes, shape: tuple[int, ...]) -> None:
    wanted = header(shape)
    if begins[:4] != wanted[:4]:
        raise ImageDataError("{file} is not a file in the format IDX; remove it and download it again", file=str(path))
    if begins != wanted:
        sides = [int.from_bytes(begins[place : place + 4], "big") for place in range(4, len(begins), 4)]
        raise ImageDataError(
            "{file} holds {sizes} bytes, not {wanted}; put the file that was published in its place",
            file=str(path),
            sizes=" × ".join(f"{side:,}" for side in sides),
            wanted=" × ".join(f"{side:,}" for side in shape),
        )
