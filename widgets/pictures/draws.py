"""Pictures of initializers: the histogram of real draws for a card, with what is expected of them."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QCoreApplication

from engine.catalog.initializers import Initializer
from engine.plan.data import random_stream
from widgets.controls_numbers import format_number
from widgets.pictures.sheet import Array, Bars, Context, Drawing, Mark

_VALUES = 4000
"""How many values a histogram is made of."""
_LARGEST = 65_536
"""A larger array is drawn in part: its histogram is the same, and the picture is there at once."""
_BINS = 41


def initializer(entry: Initializer, context: Context) -> Drawing:
    """About 4,000 values as the card would draw them, with the formula filled in, mean and spread."""
    values = _draw(entry, context)
    low, high = float(values.min()), float(values.max())
    reach = max(abs(low), abs(high), 0.05) * 1.15
    edges = np.linspace(-reach, reach, _BINS + 1)
    counts, _ = np.histogram(values, edges)
    share = counts / max(values.size, 1)
    shape, fans = _shape(context), (context.fan_in, context.fan_out)
    spread = entry.spread(shape, *fans)
    text = _tr("fan-in {fan_in}, fan-out {fan_out}: mean {mean}, σ = {deviation}, variance {variance}")
    note = text.format(
        fan_in=context.fan_in,
        fan_out=context.fan_out,
        mean=format_number(spread.mean, 2) if abs(spread.mean) > 1e-12 else "0",
        deviation=format_number(spread.standard_deviation),
        variance=format_number(spread.standard_deviation**2),
    )
    marks: tuple[Mark, ...] = ()
    if 0 < spread.standard_deviation < reach:
        sides = ((-1, "−σ"), (1, "+σ"))
        marks = tuple(Mark(spread.mean + sign * spread.standard_deviation, word) for sign, word in sides)
    return Drawing(
        (-reach, reach), (0.0, float(share.max()) * 1.15), _tr("value"), _tr("share of the values"),
        bars=Bars(edges, share), marks=marks, filled=entry.filled(shape, *fans), notes=(note,),
    )  # fmt: skip


def _shape(context: Context) -> tuple[int, ...]:
    return context.shape or (context.fan_out, context.fan_in)


def _draw(entry: Initializer, context: Context) -> Array:
    shape = _shape(context)
    while int(np.prod(shape)) > _LARGEST:
        shape = tuple(max(1, length // 2) for length in shape)
    times = -(-_VALUES // max(1, int(np.prod(shape))))
    stream = random_stream(context.seed, "picture")
    drawn = [entry.draw(stream, shape, context.fan_in, context.fan_out) for _ in range(min(times, 250))]
    return np.concatenate([np.ravel(part) for part in drawn]).astype(float)


def _tr(text: str) -> str:
    return QCoreApplication.translate("pictures", text)
