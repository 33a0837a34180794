"""One value of a layer written out: input patch × kernel = products, their sum, the bias, the activation."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLocale

from widgets.controls_numbers import format_number

VALUE, PRODUCTS, LARGEST, MEAN = range(4)
"""What the probe Terms calls "kind": only a value; a weighted sum; the largest, or the mean, of a window."""
_NUMBERED = 64
"""Most weights of a channel whose numbers are written into their cells."""
_WIDEST = 8


@dataclass(frozen=True)
class Written:
    """The numbers of one value, for one channel of the input. All that is shown comes from here."""

    answer: Mapping[str, NDArray[Any]]
    channel: int
    """Place among the channels that the kernel weighs."""

    @property
    def kind(self) -> int:
        """VALUE, PRODUCTS, LARGEST or MEAN."""
        return int(self.answer["kind"][0])

    @property
    def value(self) -> float:
        """What the layer gives."""
        return float(self.answer["value"][0])

    @property
    def channels(self) -> NDArray[np.int64]:
        """Which channels of the input are weighed."""
        found: NDArray[np.int64] = self.answer["channels"]
        return found

    @property
    def inputs(self) -> NDArray[np.float64]:
        """The inputs of this channel under the window, (height, width)."""
        return folded(self.answer["patch"][self.channel])

    @property
    def weights(self) -> NDArray[np.float64]:
        """The weights that meet them."""
        return folded(self.answer["kernel"][self.channel])

    @property
    def products(self) -> NDArray[np.float64]:
        """Input times weight."""
        return self.inputs * self.weights

    @property
    def inside(self) -> NDArray[np.bool_]:
        """Where the window lies on the input; elsewhere it meets the padding."""
        return folded(self.answer["inside"]) > 0

    def sums(self) -> NDArray[np.float64]:
        """The sum of the products of each channel."""
        products = self.answer["patch"].astype(np.float64) * self.answer["kernel"]
        found: NDArray[np.float64] = products.reshape(len(products), -1).sum(axis=1)
        return found

    @property
    def bias(self) -> float:
        """What is added to all products."""
        return float(self.answer["bias"][0])

    @property
    def before(self) -> float:
        """The sum of all products and the bias."""
        return float(self.answer["before"][0])

    def winner(self) -> tuple[int, int]:
        """Of a maximum pooling: the place of the largest input in the window."""
        row, column = np.unravel_index(int(np.nanargmax(self.inputs)), self.inputs.shape)
        return int(row), int(column)

    @property
    def is_numbered(self) -> bool:
        """Whether the numbers of the window have room in their cells."""
        height, width = self.inputs.shape
        return height * width <= _NUMBERED and width <= _WIDEST


def folded(row: NDArray[Any]) -> NDArray[np.float64]:
    """A long row of numbers as several rows, the last filled up with NaN; an image as it is."""
    found = row.astype(np.float64)
    if len(found) > 1 or found.shape[1] <= _WIDEST:
        return found
    count = found.shape[1]
    columns = _WIDEST if count <= _NUMBERED else math.ceil(math.sqrt(count))
    rows = -(-count // columns)
    whole = np.full(rows * columns, np.nan)
    whole[:count] = found[0]
    return whole.reshape(rows, columns)


def decimals(values: NDArray[np.float64]) -> int:
    """How many decimals show the largest of some numbers with three digits, from 1 to 3."""
    finite = np.abs(values[np.isfinite(values)])
    largest = float(finite.max(initial=0.0))
    return 1 if largest >= 100 else 2 if largest >= 0.0995 or not largest else 3


def cell_text(value: float, places: int) -> str:
    """A number in a cell, with a real minus sign."""
    if math.isnan(value):
        return ""
    text = QLocale().toString(value, "f", places)
    return text.replace("-", "−") if float(f"{value:.{places}f}") else QLocale().toString(0.0, "f", places)


def exact(value: float) -> str:
    """A number with all its digits that matter."""
    return format_number(value, 6).replace("-", "−")
