"""Images changed at random, a batch at once: mirrored, moved, turned, enlarged, roughened, with a piece cut out."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


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
    count, _, height, width = values.shape
    found: NDArray[Any] = values
    if change.flip:
        found = np.where(rng.random((count, 1, 1, 1)) < 0.5, found[..., ::-1], found)
    if change.shift or change.rotation or change.zoom:
        shifts: NDArray[Any] = np.asarray(rng.uniform(-change.shift, change.shift, (2, count)))
        angle: NDArray[Any] = np.asarray(rng.uniform(-change.rotation, change.rotation, count)) * (np.pi / 180)
        factor: NDArray[Any] = np.asarray(rng.uniform(1 - change.zoom, 1 + change.zoom, count))
        if not (change.rotation or change.zoom):
            shifts = np.rint(shifts)  # whole pixels stay sharp
        found = _moved(found, shifts, angle, factor)
    if change.noise:
        rough = found + rng.normal(0.0, 255 * change.noise, found.shape)
        found = np.clip(np.rint(rough), 0, 255)
    if change.cut_out:
        side = change.cut_out
        top, left = (rng.integers(1 - side, end, (count, 1, 1)) for end in (height, width))
        rows, columns = np.arange(height)[:, None], np.arange(width)
        inside = (rows >= top) & (rows < top + side) & (columns >= left) & (columns < left + side)
        found = np.where(inside[:, None], 0, found)
    return np.ascontiguousarray(found, np.uint8)


def _moved(
    values: NDArray[Any], shifts: NDArray[np.float64], angle: NDArray[np.float64], factor: NDArray[np.float64]
) -> NDArray[np.uint8]:
    """Images shifted by (down, right), turned and enlarged about their middle."""
    count, channels, height, width = values.shape
    down = np.arange(height)[:, None] - (height - 1) / 2 - shifts[0][:, None, None]
    right = np.arange(width)[None, :] - (width - 1) / 2 - shifts[1][:, None, None]
    cosine, sine = ((function(angle) / factor)[:, None, None] for function in (np.cos, np.sin))
    rows = cosine * down + sine * right + (height - 1) / 2
    columns = cosine * right - sine * down + (width - 1) / 2
    top, left = np.floor(rows).astype(np.intp), np.floor(columns).astype(np.intp)
    below, beside = rows - top, columns - left
    padded = np.zeros((count, channels, height + 2, width + 2), np.float32)
    padded[:, :, 1:-1, 1:-1] = values
    sample = np.arange(count)[:, None, None]
    found = np.zeros((count, height, width, channels), np.float32)
    for lower, weight_down in ((0, 1 - below), (1, below)):
        for further, weight_right in ((0, 1 - beside), (1, beside)):
            at = np.clip(top + lower + 1, 0, height + 1), np.clip(left + further + 1, 0, width + 1)
            found += (weight_down * weight_right).astype(np.float32)[..., None] * padded[sample, :, at[0], at[1]]
    return np.rint(found).transpose(0, 3, 1, 2).astype(np.uint8)
