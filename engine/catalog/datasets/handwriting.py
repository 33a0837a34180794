"""What is drawn by hand, made like the pictures of a data set: as large, in the same place, in the same greys."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

MNIST, DIGITS, FITTED, PLAIN = "mnist", "digits", "fitted", "plain"
"""The ways in which data sets were made."""
_INKED = 24
"""From this value a pixel belongs to the drawing, and not to the soft edge of a stroke."""
_MNIST_SIDE, _MNIST_BOX = 28, 20
_BITMAP, _BLOCK = 32, 4

Image = NDArray[np.uint8]


def made_like(ink: Image, way: str, shape: tuple[int, int, int]) -> Image:
    """A drawing (channels, height, width) uint8, ink bright on dark, as one of a data set's images.

    The result has the `shape` (channels, height, width); where the drawing has other channels, grey stands for them.

    "mnist" (LeCun, Cortes & Burges): the bounding box is scaled into 20 × 20 pixels, with antialiasing, and the centre
    of mass put in the middle of the image. "digits" (Alpaydin & Kaynak): the drawing, as high as the image, becomes a
    bitmap of 32 × 32 whose set pixels are counted in blocks of 4 × 4. "fitted": as "mnist", but the middle of the
    bounding box is that of the image. "plain": the whole sheet is made smaller.
    """
    grey = ink.mean(0) if len(ink) > 1 else ink[0].astype(np.float64)
    if way == PLAIN or not (grey >= _INKED).any():
        planes = ink.astype(np.float64) if len(ink) == shape[0] else np.repeat(grey[None], shape[0], 0)
        edges = (0.0, float(ink.shape[1])), (0.0, float(ink.shape[2]))
        return _levels(np.stack([resampled(plane, *edges, shape[1], shape[2]) for plane in planes]))
    found = _like_digits(grey) if way == DIGITS else _boxed(grey, shape[1], shape[2], by_mass=way == MNIST)
    return np.repeat(_levels(found)[None], shape[0], 0)


def _boxed(grey: NDArray[np.float64], height: int, width: int, by_mass: bool) -> NDArray[np.float64]:
    (top, bottom), (left, right) = _box(grey)
    pixel = max(bottom - top, right - left) / (_MNIST_BOX / _MNIST_SIDE * min(height, width))
    edges = []
    for axis, low, high, size in ((1, top, bottom, height), (0, left, right, width)):
        mass = grey.sum(axis=axis)
        middle = (float((mass * np.arange(len(mass))).sum() / mass.sum()) + 0.5 - low) / pixel
        extent = (high - low) / pixel
        # In MNIST the centre of mass lies on pixel 14 of 0 to 27. By whole pixels, so that edges stay sharp.
        wanted = round((size + 1) / 2 - middle) if by_mass else int((size - extent) / 2 + 1e-6)
        before = min(max(wanted, 0), int(size - extent + 1e-6))
        edges.append((low - before * pixel, low + (size - before) * pixel))
    return resampled(grey, edges[0], edges[1], height, width)


def _like_digits(grey: NDArray[np.float64]) -> NDArray[np.float64]:
    (top, bottom), (left, right) = _box(grey)
    middle, half = (left + right) / 2, max(right - left, bottom - top) / 2
    bitmap = resampled(grey, (top, bottom), (middle - half, middle + half), _BITMAP, _BITMAP) >= 127.5
    blocks = _BITMAP // _BLOCK
    counts = bitmap.reshape(blocks, _BLOCK, blocks, _BLOCK).sum(axis=(1, 3))
    return np.asarray(counts * (255 / _BLOCK**2), np.float64)


def _box(grey: NDArray[np.float64]) -> tuple[tuple[float, float], tuple[float, float]]:
    """The first and the last row, and column, with ink; the latter not included."""
    inked = grey >= _INKED
    rows, columns = np.flatnonzero(inked.any(axis=1)), np.flatnonzero(inked.any(axis=0))
    return (float(rows[0]), float(rows[-1] + 1)), (float(columns[0]), float(columns[-1] + 1))


def resampled(
    plane: NDArray[Any], rows: tuple[float, float], columns: tuple[float, float], height: int, width: int
) -> NDArray[np.float64]:
    """A part of a plane in another size: each pixel is the mean of what it covers, 0 beyond the border.

    `rows` and `columns` say where the part begins and ends, in pixels of the plane.
    """
    down, across = _coverage(plane.shape[0], *rows, height), _coverage(plane.shape[1], *columns, width)
    return np.asarray(down @ plane @ across.T, np.float64)


def _coverage(size: int, low: float, high: float, count: int) -> NDArray[np.float64]:
    """Which share of each of `count` parts of an interval each of `size` pixels covers, (count, size)."""
    edges = np.linspace(low, high, count + 1)
    pixels = np.arange(size)
    reach = np.minimum(edges[1:, None], pixels + 1) - np.maximum(edges[:-1, None], pixels)
    return np.asarray(np.maximum(reach, 0.0) / max((high - low) / count, 1e-9), np.float64)


def _levels(values: NDArray[np.float64]) -> Image:
    return np.asarray(np.rint(np.clip(values, 0, 255)), np.uint8)
