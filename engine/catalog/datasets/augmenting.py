"""Images changed at random, a batch at once: mirrored, moved, turned, enlarged, roughened, with a piece cut out."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

_PIXELS = 8192
"""Pixels that are moved at once: what fits a processor's cache is faster."""


class Change(NamedTuple):
    """How much images are changed at most.

    Attributes:
        flip: Whether half of them are mirrored, left and right.
        shift: Pixels, in both directions.
        rotation: Degrees, to both sides.
        zoom: Part of the size, larger and smaller.
        noise: Standard deviation, as a part of the range from black to white.
        cut_out: Side of a square that is blacked out, in pixels; 0: none.
    """

    flip: bool = False
    shift: int = 0
    rotation: float = 0.0
    zoom: float = 0.0
    noise: float = 0.0
    cut_out: int = 0


def changed(values: NDArray[Any], change: Change, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Images (samples, channels, height, width) uint8, each changed in its own way; what moves in from outside is 0.

    A pixel is taken from where it comes from, between four pixels in proportion to how near they are.
    """
    count = len(values)
    found: NDArray[Any] = values
    if change.flip:
        found = np.where(rng.random((count, 1, 1, 1)) < 0.5, found[..., ::-1], found)
    if change.rotation or change.zoom:
        shifts: NDArray[Any] = rng.uniform(-change.shift, change.shift, (2, count))
        angle: NDArray[Any] = np.radians(rng.uniform(-change.rotation, change.rotation, count))
        factor: NDArray[Any] = np.asarray(rng.uniform(1 - change.zoom, 1 + change.zoom, count))
        found = moved(found, shifts, angle, factor)
    elif change.shift:  # whole pixels stay sharp
        found = shifted(found, rng.integers(-change.shift, change.shift, (2, count), endpoint=True))
    if change.noise:
        rough = rng.standard_normal(found.shape, np.float32)
        rough *= np.float32(255 * change.noise)
        rough += found
        np.rint(rough, out=rough)
        found = np.clip(rough, 0, 255, out=rough).astype(np.uint8)
    if change.cut_out:
        found = _cut(found, change.cut_out, rng)
    return np.ascontiguousarray(found, np.uint8)


def _cut(values: NDArray[Any], side: int, rng: np.random.Generator) -> NDArray[Any]:
    """Images with a square of that side blacked out somewhere, which may reach beyond the border."""
    count, _, height, width = values.shape
    top, left = (rng.integers(1 - side, end, (count, 1, 1)) for end in (height, width))
    rows, columns = np.arange(height)[:, None], np.arange(width)
    inside = (rows >= top) & (rows < top + side) & (columns >= left) & (columns < left + side)
    return np.where(inside[:, None], np.uint8(0), values)


def shifted(values: NDArray[Any], shifts: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Images shifted by whole pixels, (down, right) for each."""
    height, width = values.shape[2:]
    margin = int(np.abs(shifts).max(initial=0))
    padded = np.pad(values, ((0, 0), (0, 0), (margin, margin), (margin, margin)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (height, width), axis=(2, 3))
    return windows[np.arange(len(values)), :, margin - shifts[0], margin - shifts[1]]


def moved(
    values: NDArray[Any], shifts: NDArray[np.float64], angle: NDArray[np.float64], factor: NDArray[np.float64]
) -> NDArray[np.uint8]:
    """Images shifted by (down, right) pixels, turned by an angle against the clock and enlarged about their middle."""
    height, width = values.shape[2:]
    found = np.empty(values.shape, np.uint8)
    step = max(1, _PIXELS // (height * width))
    for start in range(0, len(values), step):
        some = slice(start, start + step)
        _move(values[some], _sources(height, width, shifts[:, some], angle[some], factor[some]), found[some])
    return found


def _move(
    values: NDArray[Any], sources: tuple[NDArray[np.float32], NDArray[np.float32]], found: NDArray[np.uint8]
) -> None:
    """Put into `found` images whose pixels come from rows and columns (samples, height, width), which are used up."""
    count, channels, height, width = values.shape
    rows, columns = sources
    # Beyond the border lies black: one pixel for what is half outside, and one more for what is all outside.
    np.clip(rows, -1.5, height + 0.5, out=rows)
    np.clip(columns, -1.5, width + 0.5, out=columns)
    rows += 2
    columns += 2
    at, left = rows.astype(np.intp), columns.astype(np.intp)
    np.subtract(rows, at, out=rows, dtype=np.float32, casting="unsafe")
    np.subtract(columns, left, out=columns, dtype=np.float32, casting="unsafe")
    stride = width + 4
    padded = np.zeros((channels, count, height + 4, stride), np.float32)
    padded[:, :, 2:-2, 2:-2] = values.swapaxes(0, 1)
    at *= stride
    at += left
    at += (np.arange(count) * ((height + 4) * stride))[:, None, None]
    for channel in range(channels):
        flat = padded[channel].reshape(-1)
        upper, other = flat.take(at), flat[1:].take(at)
        other -= upper
        other *= columns
        upper += other
        lower = flat[stride:].take(at)
        flat[stride + 1 :].take(at, out=other, mode="clip")
        other -= lower
        other *= columns
        lower += other
        lower -= upper
        lower *= rows
        upper += lower
        found[:, channel] = np.rint(upper, out=upper)


def _sources(
    height: int, width: int, shifts: NDArray[np.float64], angle: NDArray[np.float64], factor: NDArray[np.float64]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Row and column from which each pixel of each image comes, (samples, height, width) float32 each."""
    middle_row, middle_column = (height - 1) / 2, (width - 1) / 2
    cosine, sine = np.cos(angle) / factor, np.sin(angle) / factor
    # row = cos · (y − down) + sin · (x − right), column = cos · (x − right) − sin · (y − down), about the middle
    down, right = middle_row + shifts[0], middle_column + shifts[1]
    y, x = np.arange(height, dtype=np.float32), np.arange(width, dtype=np.float32)

    def plane(by_row: NDArray[Any], by_column: NDArray[Any], rest: NDArray[Any]) -> NDArray[np.float32]:
        along = by_row.astype(np.float32)[:, None] * y + rest.astype(np.float32)[:, None]
        across = by_column.astype(np.float32)[:, None] * x
        return along[:, :, None] + across[:, None, :]

    return (
        plane(cosine, sine, middle_row - cosine * down - sine * right),
        plane(-sine, cosine, middle_column - cosine * right + sine * down),
    )
