"""Weights as bytes: safetensors in, safetensors out, checked against what the network expects."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.document.errors import FileError

_HEADER_BASE, _HEADER_PER_ARRAY = 4096, 1024
"""Most bytes that names, shapes and padding may take beside the numbers."""


def encode(weights: Mapping[str, NDArray[Any]]) -> bytes:
    """Arrays by name as the bytes of a safetensors file, float32 little-endian."""
    from safetensors.numpy import save

    return save({name: np.ascontiguousarray(array, np.float32) for name, array in sorted(weights.items())})


def decode(content: bytes, expected: Mapping[str, tuple[int, ...]]) -> dict[str, NDArray[np.float32]]:
    """The arrays that `encode` wrote, in the order of `expected` (name to shape).

    Raises FileError when the bytes are no safetensors file, are larger than the expected arrays can be, or hold other
    names, shapes or number types, or a number that is not finite.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    numbers = sum(4 * int(np.prod(shape, dtype=np.int64)) for shape in expected.values())
    if len(content) > numbers + _HEADER_BASE + _HEADER_PER_ARRAY * len(expected):
        raise FileError("the weights are larger than this network's: {size} bytes", size=len(content))
    try:
        found = load(content)
    except (SafetensorError, ValueError, KeyError, TypeError, OverflowError, AttributeError) as error:
        raise FileError("the weights are not a safetensors file, or they are damaged") from error
    for name in sorted({*found, *expected}):
        if name not in expected:
            raise FileError("the weights hold {name}, which this network has not", name=name[:80])
        if name not in found:
            raise FileError("the weights lack {name}, which this network has", name=name)
        array = found[name]
        if array.shape != tuple(expected[name]):
            raise FileError(
                "{name} has shape {shape} in the weights, but {expected} in the network",
                name=name,
                shape=array.shape,
                expected=tuple(expected[name]),
            )
        if array.dtype != np.float32:
            raise FileError("{name} holds {kind} in the weights; it must be float32", name=name, kind=str(array.dtype))
        if not np.isfinite(array).all():
            raise FileError("{name} holds a number that is not finite", name=name)
    return {name: np.array(found[name]) for name in expected}


def weights_sha256(weights: Mapping[str, NDArray[Any]]) -> str:
    """SHA-256 over names (sorted), shapes and float32 little-endian bytes: equal for bit-equal weights alone."""
    digest = hashlib.sha256()
    for name, array in sorted(weights.items()):
        digest.update(f"{name}{tuple(array.shape)}".encode())
        digest.update(np.ascontiguousarray(array, "<f4").tobytes())
    return digest.hexdigest()
