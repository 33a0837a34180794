"""What a plot of curves computes before it paints: smoothing, thinning, axis ranges that grow in nice steps."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLocale

Array = NDArray[np.float64]

_NICE = (1.0, 1.25, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)
TINY = 1e-30
"""Magnitudes under it count as zero."""
_FORGOTTEN = 1e-6
"""Weight under which a past point no longer counts in the smoothed curve."""


def smooth(values: Array, weight: float) -> Array:
    """Exponential moving average, bias-corrected.

    Each point becomes the mean of the points up to it, one step older counting `weight` times less (0 <= weight < 1).
    NaN points neither count nor get a value.
    """
    if weight <= 0.0 or values.size == 0:
        return values
    length = min(values.size, math.ceil(math.log(_FORGOTTEN) / math.log(weight)))
    kernel = weight ** np.arange(length)
    known = np.isfinite(values)
    total = np.convolve(np.where(known, values, 0.0), kernel)[: values.size]
    count = np.convolve(known.astype(np.float64), kernel)[: values.size]
    return np.where(known, total / np.where(known, count, 1.0), np.nan)


def thin(x: Array, y: Array, columns: int) -> tuple[Array, Array]:
    """At most two points for each of `columns` columns, the lowest and the highest, so that no peak is lost.

    NaN points are left out; x must not fall.
    """
    known = np.isfinite(y)
    x, y = x[known], y[known]
    if x.size <= 2 * columns or columns < 1:
        return x, y
    edges = np.linspace(0, x.size, columns + 1).astype(np.int64)[:-1]
    low = np.minimum.reduceat(y, edges)
    high = np.maximum.reduceat(y, edges)
    centre = x[edges]
    # The last column ends at the last point itself: it is the number the read-out shows.
    thin_x = np.append(np.repeat(centre, 2), x[-1])
    thin_y = np.append(np.stack([low, high], axis=1).ravel(), y[-1])
    return thin_x, thin_y


def nice_ceiling(value: float) -> float:
    """The smallest of 1, 1.25, 1.5, 2, … 8, 10 times a power of ten that is not below a positive value."""
    if value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(factor * power for factor in (*_NICE, 20.0) if factor * power >= value * (1 - 1e-12))


def log_range(low: float, high: float) -> tuple[float, float]:
    """Decimal logarithms of a range around [low, high] (positive) that ends at 1, 2 or 5 times powers of ten."""
    below = max(e for e in _series_125(low) if e <= math.log10(low) + 1e-9)
    above = min(e for e in _series_125(high) if e >= math.log10(high) - 1e-9)
    return (below, above) if above > below else (below - 0.301, above + 0.301)


def linear_range(low: float, high: float) -> tuple[float, float]:
    """A range around [low, high] that ends at multiples of its tick distance."""
    scale = max(abs(low), abs(high))
    if high - low <= 1e-9 * scale or scale < TINY:
        pad = scale * 0.1 if scale >= TINY else 1.0
        low, high = low - pad, high + pad
    distance = tick_distance(high - low)
    return math.floor(low / distance + 1e-9) * distance, math.ceil(high / distance - 1e-9) * distance


def tick_distance(span: float, count: int = 4) -> float:
    """1, 2 or 5 times a power of ten, at least span / count."""
    raw = span / count
    power = 10.0 ** math.floor(math.log10(raw))
    return next(factor * power for factor in (1.0, 2.0, 5.0, 10.0) if factor * power >= raw * (1 - 1e-6))


def linear_ticks(low: float, high: float, count: int = 4) -> list[tuple[float, str]]:
    """Places and texts of the ticks within [low, high]."""
    distance = tick_distance(high - low, count)
    decimals = max(0, -math.floor(math.log10(distance) + 1e-9))
    locale = QLocale()
    first = math.ceil(low / distance - 1e-9)
    last = math.floor(high / distance + 1e-9)
    text = _short if distance >= 1e5 else _plain
    return [(k * distance, text(locale, k * distance, decimals)) for k in range(first, last + 1)]


def log_ticks(low: float, high: float) -> list[tuple[float, str]]:
    """Places (decimal logarithms) and texts of the ticks within [low, high]: powers of ten, or 1-2-5 where few fit."""
    locale = QLocale()
    powers = range(math.ceil(low - 1e-9), math.floor(high + 1e-9) + 1)
    stride = max(1, math.ceil(len(powers) / 5))
    factors = (1.0, 2.0, 5.0) if len(powers) <= 2 else (1.0,)
    ticks = []
    for power in range(math.floor(low), math.ceil(high) + 1):
        if power % stride:
            continue
        for factor in factors:
            place = power + math.log10(factor)
            if low - 1e-9 <= place <= high + 1e-9:
                if -4 <= power < 5:
                    ticks.append((place, _plain(locale, factor * 10.0**power, max(0, -power))))
                else:
                    ticks.append((place, f"{factor:g}e{power}"))
    return ticks


def _plain(locale: QLocale, value: float, decimals: int) -> str:
    return locale.toString(value, "f", decimals)


def _short(locale: QLocale, value: float, _decimals: int) -> str:
    """A large number with its power of ten: 1.5e6."""
    power = math.floor(math.log10(abs(value))) if value else 0
    return f"{value / 10.0**power:g}e{power}".replace(".", locale.decimalPoint()) if power else f"{value:g}"


def _series_125(value: float) -> list[float]:
    power = math.floor(math.log10(value))
    return [p + math.log10(factor) for p in range(power - 1, power + 2) for factor in (1.0, 2.0, 5.0)]
