"""Draws many weighted curves between two columns of neurons at once, as one picture.

Qt strokes a curve of several pixels' width in about 170 µs, so the 430 curves of a deep network take 70 ms. All curves
of a link have the same shape up to a vertical stretch, so here NumPy computes how much of each pixel each curve covers
and sums that up: less than 1 ms for 64 curves.
"""

from __future__ import annotations

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

_MOST_CHANGED = 0.3
"""Share of a picture's entries up to which it pays to draw only the curves that have changed."""


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
        last = np.cumsum(each, dtype=np.int32)
        down = np.arange(int(self._counts.sum()), dtype=np.int32)
        down -= np.repeat(last - each, each)
        self._distance = down.astype(np.float32)
        self._distance *= np.repeat(cosine.ravel(), each)
        self._distance += np.repeat(((top + np.float32(0.5) - y) * cosine).ravel(), each)
        np.abs(self._distance, out=self._distance)
        down *= np.int32(width)
        down += np.repeat((top * np.int32(width) + columns.astype(np.int32)).ravel(), each)
        at = down.astype(np.intp)
        reached = np.zeros(width * height, np.bool_)
        reached[at] = True
        self._pixels = np.flatnonzero(reached)
        """The pixels that any curve can reach."""
        place = np.empty(width * height, np.intp)
        place[self._pixels] = np.arange(len(self._pixels))
        self._place = np.take(place, at, out=at, mode="clip")
        """Where among them each entry lies."""
        self._amount = np.zeros(len(down), np.float32)
        """What each entry adds to its pixel, as drawn last."""
        self._sums: NDArray[np.float64] = np.zeros(2 * len(self._pixels))
        """Opacities of negative curves in each reached pixel, then those of positive ones. Whole float32 numbers come
        and go: in float64 nothing is lost, however often that happens."""
        self._drawn = np.full((3, len(starts)), np.nan, np.float32)
        """Width, opacity and sign of each curve, as drawn last."""
        self._colors: tuple[QColor, QColor] | None = None
        self._picture = np.zeros(width * height, np.uint32)

    def render(
        self, widths: Floats, opacities: Floats, negative: NDArray[np.bool_], colors: tuple[QColor, QColor]
    ) -> NDArray[np.uint32]:
        """The curves as premultiplied ARGB, (height, width): `colors` are those of negative and positive ones.

        Opacities add up where curves cross, and the stronger gives the colour: the order of the curves plays no part.
        Only what has changed since the last call is drawn, in the same array, which is returned again.
        """
        before, self._drawn = self._drawn, np.array([widths, opacities, negative], np.float32)
        changed = (self._drawn != before).any(axis=0)
        touched: NDArray[np.intp] | None = None
        if self._counts[changed].sum() > _MOST_CHANGED * len(self._place):
            self._sum_up()
        else:
            touched = self._change(changed, before)
        if colors != self._colors:
            self._colors, touched = colors, None
        sums, pixels = self._sums.reshape(2, -1), self._pixels
        if touched is not None:
            sums, pixels = sums[:, touched], pixels[touched]
        negatives, positives = sums.astype(np.float32)
        self._picture[pixels] = _blend(negatives, positives, colors)
        return self._picture.reshape(self.height, self.width)

    def _sum_up(self) -> None:
        """Make the sums from nothing."""
        self._amount = self._amounts(self._distance, self._counts, self._drawn)
        place = self._place + np.repeat(self._sides(self._drawn), self._counts)
        self._sums = np.bincount(place, self._amount, len(self._sums)).astype(np.float64, copy=False)

    def _change(self, changed: NDArray[np.bool_], before: Floats) -> NDArray[np.intp]:
        """Bring the sums up to date for the changed curves; returns the places of the pixels that this touches."""
        counts, now = self._counts[changed], self._drawn[:, changed]
        entries = np.flatnonzero(np.repeat(changed, self._counts))
        amount = self._amounts(self._distance[entries], counts, now)
        old, place = self._amount[entries], self._place[entries]
        self._amount[entries] = amount
        self._sums += np.bincount(place + np.repeat(self._sides(now), counts), amount, len(self._sums))
        self._sums -= np.bincount(place + np.repeat(self._sides(before[:, changed]), counts), old, len(self._sums))
        touched = np.zeros(len(self._pixels), np.bool_)
        touched[place] = True
        return np.flatnonzero(touched)

    @staticmethod
    def _amounts(distance: Floats, counts: NDArray[np.intp], drawn: Floats) -> Floats:
        """How much of its pixel each entry takes, times the opacity of its curve."""
        widths, opacities, _ = drawn
        amount = np.repeat(widths / 2 + np.float32(0.5), counts)
        amount -= distance
        np.maximum(amount, 0.0, out=amount)
        np.minimum(amount, np.repeat(np.minimum(widths, np.float32(1.0)), counts), out=amount)
        amount *= np.repeat(opacities, counts)
        return amount

    def _sides(self, drawn: Floats) -> NDArray[np.intp]:
        """What is added to the place of a pixel to find its sum, for each curve: by its sign."""
        return np.where(drawn[2] == 1, 0, len(self._pixels))


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
