"""Pictures that the user has put to a data set, kept in the document as text."""

from __future__ import annotations

import base64
import binascii
import zlib
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from engine.document.errors import InvalidValueError

MOST = 500
"""Most pictures that are kept so."""
_HEAD = 4
"""Numbers before the labels: how many pictures, channels, height, width; each of two bytes, as the labels are."""
_LARGEST = 2 * (_HEAD + MOST) + MOST * 3 * 256 * 256
"""Most bytes that are unpacked."""


def packed(values: NDArray[np.uint8], labels: NDArray[np.int64]) -> str:
    """Pictures (samples, channels, height, width) and their labels (samples,) as text; empty if there are none.

    Raises InvalidValueError for more than `MOST` of them.
    """
    if len(values) > MOST:
        raise InvalidValueError(
            "drawn samples (={count}) must be at most {most}; remove those that were added before",
            count=len(values),
            most=MOST,
        )
    if not len(values):
        return ""
    numbers = np.concatenate([np.array(values.shape), labels]).astype("<u2")
    return base64.b64encode(zlib.compress(numbers.tobytes() + values.tobytes(), 9)).decode("ascii")


@lru_cache(maxsize=8)
def unpacked(text: str) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """The pictures and labels that `packed` made a text of, read-only. Raises InvalidValueError for any other text."""
    if not text:
        return np.empty((0, 1, 1, 1), np.uint8), np.empty(0, np.int64)
    try:
        whole = zlib.decompressobj().decompress(base64.b64decode(text, validate=True), _LARGEST)
    except (binascii.Error, zlib.error, ValueError) as error:
        raise _damaged() from error
    if len(whole) < 2 * _HEAD:
        raise _damaged()
    shape = tuple(np.frombuffer(whole, "<u2", _HEAD).tolist())
    count = shape[0]
    if not 0 < count <= MOST or len(whole) != 2 * (_HEAD + count) + int(np.prod(shape)):
        raise _damaged()
    labels = np.frombuffer(whole, "<u2", count, 2 * _HEAD).astype(np.int64)
    labels.flags.writeable = False
    return np.frombuffer(whole, np.uint8, offset=2 * (_HEAD + count)).reshape(shape), labels


def _damaged() -> InvalidValueError:
    return InvalidValueError("the drawn samples of this document are damaged; remove them, or take another copy of it")
