"""Draws many weighted curves between two columns of neurons at once, as one picture.

Qt strokes a curve of several pixels' width in about 170 µs, so the 430 curves of a deep network take 70 ms. All curves
of a link have the same shape up to a vertical stretch, so here NumPy computes how much of each pixel each curve covers
and sums that up: less than 1 ms for 64 curves.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QColor

Floats = NDArray[np.float32]

_T = np.linspace(0.0, 1.0, 257)
_ALONG = 1.5 * _T * (1 - _T) + _T**3
"""Abscissa, in [0, 1], of the cubic whose control points lie half-way across."""
_ACROSS = _T * _T * (3 - 2 * _T)
"""Its ordinate, in [0, 1]."""
_SLOPE = np.divide(6 * _T * (1 - _T), 1.5 * (1 - 2 * _T) + 3 * _T**2)
"""Its slope; the denominator is at least 0.75."""


def ordinates(starts: Floats, ends: Floats, share: float) -> Floats:
    """Height of every curve at a share in [0, 1] of the way from left to right."""
    return starts + (ends - starts) * np.float32(np.interp(share, _ALONG, _ACROSS))


def slopes(starts: Floats, ends: Floats, share: float) -> Floats:
    """Slope of every curve there, per unit of the way."""
    return (ends - starts) * np.float32(np.interp(share, _ALONG, _SLOPE))


class StrandRaster:
    """Which pixels of a picture the curves of one link can reach; `render` then draws any widths along them.

    `left` and `right` bound the curves, `starts` and `ends` (curves,) are their heights there, `thickest` the largest
    width that will be asked for, `width` and `height` the size of the picture: all in pixels of the picture.
    """

    def __init__(
        self, left: float, right: float, starts: Floats, ends: Floats, thickest: float, width: int, height: int
    ) -> None:
        self.width, self.height = width, height
        columns = np.arange(max(int(left), 0), min(int(np.ceil(right)), width))
        share = np.clip((columns + 0.5 - left) / (right - left), 0.0, 1.0)
        across = np.interp(share, _ALONG, _ACROSS).astype(np.float32)
        steepness = (np.interp(share, _ALONG, _SLOPE) / (right - left)).astype(np.float32)
        rise = (ends - starts).astype(np.float32)[:, None]
        y = starts.astype(np.float32)[:, None] + rise * across
        cosine = 1.0 / np.sqrt(1.0 + (rise * steepness) ** 2)
        reach = np.float32(thickest / 2 + 0.5) / cosine
        top = np.maximum(np.ceil(y - 0.5 - reach), 0).astype(np.int32)
        bottom = np.minimum(np.floor(y - 0.5 + reach), height - 1).astype(np.int32)
        heights = np.maximum(bottom - top + 1, 0)
        self._counts = heights.sum(axis=1)
        """How many entries each curve has."""
        # One entry for each pixel that a curve can touch in a column, all curves after one another, from the top down.
        each = heights.ravel()
        first = np.cumsum(each) - each
        down = np.arange(int(self._counts.sum())) - np.repeat(first, each)
        self._distance = down.astype(np.float32)
        self._distance *= np.repeat(cosine.ravel(), each)
        self._distance += np.repeat(((top + np.float32(0.5) - y) * cosine).ravel(), each)
        np.abs(self._distance, out=self._distance)
        down *= width
        down += np.repeat((top * width + columns).ravel(), each)
        reached = np.zeros(width * height, np.bool_)
        reached[down] = True
        self._pixels = np.flatnonzero(reached)
        """The pixels that any curve can reach."""
        place = np.empty(width * height, np.intp)
        place[self._pixels] = np.arange(len(self._pixels))
        self._place = place[down]
        """Where among them each entry lies."""

    def render(
        self, widths: Floats, opacities: Floats, negative: NDArray[np.bool_], colors: tuple[QColor, QColor]
    ) -> NDArray[np.uint32]:
        """The curves as premultiplied ARGB, (height, width): `colors` are those of negative and positive ones.

        Opacities add up where curves cross, and the stronger gives the colour: the order of the curves plays no part.
        """
        amount = self._spread(widths / 2 + 0.5)
        amount -= self._distance
        np.maximum(amount, 0.0, out=amount)
        np.minimum(amount, self._spread(np.minimum(widths, 1.0)), out=amount)
        amount *= self._spread(opacities)
        reached = len(self._pixels)
        place = self._place + np.repeat(np.where(negative, 0, reached), self._counts)
        sums = np.bincount(place, amount, minlength=2 * reached).astype(np.float32)
        picture = np.zeros(self.width * self.height, np.uint32)
        picture[self._pixels] = _blend(sums[:reached], sums[reached:], colors)
        return picture.reshape(self.height, self.width)

    def _spread(self, values: NDArray[Any]) -> Floats:
        """One number per curve, for each of its entries."""
        return np.repeat(values.astype(np.float32), self._counts)


def _blend(negative: Floats, positive: Floats, colors: tuple[QColor, QColor]) -> NDArray[np.uint32]:
    """Premultiplied ARGB of pixels with these sums of opacities; both arrays are used up."""
    opacity = np.minimum(negative + positive, np.float32(1.0))
    opacity *= 255
    negative *= negative
    positive *= positive
    negative += positive
    negative += np.float32(1e-12)
    share = np.divide(positive, negative, out=positive)
    packed = np.rint(opacity).astype(np.uint32) << 24
    for shift, channel in ((16, QColor.red), (8, QColor.green), (0, QColor.blue)):
        start, end = channel(colors[0]) / 255, channel(colors[1]) / 255
        level = share * np.float32(end - start)
        level += np.float32(start)
        level *= opacity
        packed |= np.rint(level, out=level).astype(np.uint32) << shift
    return packed
