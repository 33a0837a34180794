"""Which values of its input a layer with a sliding window reads for one of its outputs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.catalog.layers.convolution import ConvTranspose2d, Sliding
from engine.catalog.layers.layer import Layer, Shape
from engine.catalog.layers.pooling import Pooling
from engine.catalog.layers.shapes import padding, reach

OUTSIDE = -1
"""Stands for a place that is no value of the input."""


@dataclass(frozen=True)
class Reads:
    """The rows (kernel height,) and columns (kernel width,) of the input under a window; `OUTSIDE` where there is none.

    A weight at (k, l) meets the value at (rows[k], columns[l]), or the padding.
    """

    rows: NDArray[np.int64]
    columns: NDArray[np.int64]

    @property
    def inside(self) -> NDArray[np.bool_]:
        """Which weights meet a value of the input, (kernel height, kernel width)."""
        return (self.rows != OUTSIDE)[:, None] & (self.columns != OUTSIDE)[None, :]

    def patch(self, maps: NDArray[np.float32], beyond: float = 0.0) -> NDArray[np.float32]:
        """The values of maps (channels, height, width) under the window, (channels, kernel height, kernel width)."""
        found = maps[:, self.rows[:, None], self.columns[None, :]]
        found[:, ~self.inside] = beyond
        return found


def window(layer: Layer) -> tuple[int, int, int, str] | None:
    """Size, stride, dilation and padding of a layer's window along each axis; None if it has none."""
    if isinstance(layer, Sliding):
        return layer.kernel_size, layer.stride, layer.dilation, layer.padding
    if isinstance(layer, Pooling):
        return layer.pool_size, layer.stride, 1, layer.padding
    return None


def reads(layer: Layer, shape: Shape, row: int, column: int) -> Reads:
    """What a layer with a window reads for the output at (row, column) of an input (channels, [height,] width)."""
    lengths = shape[1:] if len(shape) == 3 else (1, shape[1])
    along = _spread if isinstance(layer, ConvTranspose2d) else _slid
    flat = len(shape) == 2  # a sequence is a row of its own
    rows = np.zeros(1, np.int64) if flat else along(layer, lengths[0], row)
    return Reads(rows, along(layer, lengths[1], column))


def _slid(layer: Layer, length: int, place: int) -> NDArray[np.int64]:
    found = window(layer)
    assert found is not None
    size, stride, dilation, mode = found
    before, _ = padding(length, size, stride, dilation, mode)
    places = place * stride - before + dilation * np.arange(size)
    return np.where((places >= 0) & (places < length), places, OUTSIDE)


def _spread(layer: Layer, length: int, place: int) -> NDArray[np.int64]:
    """Of a transposed convolution: weight k meets the input i with i · stride + k · dilation = place + what is cut."""
    assert isinstance(layer, ConvTranspose2d)
    surplus = reach(layer.kernel_size, layer.dilation) - layer.stride if layer.padding == "same" else 0
    ways = place + max(0, surplus) // 2 - layer.dilation * np.arange(layer.kernel_size)
    places = ways // layer.stride
    return np.where((ways % layer.stride == 0) & (places >= 0) & (places < length), places, OUTSIDE)


def winners(layer: Pooling, maps: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Which values of maps (channels, height, width) are the largest of a window, the first of equal ones."""
    size, stride, mode = layer.pool_size, layer.stride, layer.padding
    flat = layer.axes == 1
    pads = [(0, 0)] if flat else [padding(maps.shape[1], size, stride, 1, mode)]
    pads.append(padding(maps.shape[2], size, stride, 1, mode))
    padded = np.pad(maps, [(0, 0), *pads], constant_values=-np.inf)
    shape = (1 if flat else size, size)
    views = np.lib.stride_tricks.sliding_window_view(padded, shape, axis=(1, 2))
    views = views[:, :: 1 if flat else stride, ::stride]
    best = views.reshape(*views.shape[:3], -1).argmax(axis=3)
    channels, rows, columns = np.indices(best.shape)
    rows = rows * (1 if flat else stride) + best // shape[1]
    columns = columns * stride + best % shape[1]
    found = np.zeros(padded.shape, np.bool_)
    found[channels, rows, columns] = True
    top, left = pads[0][0], pads[1][0]
    return found[:, top : top + maps.shape[1], left : left + maps.shape[2]]
