"""What was seen of each layer over a run: rows at spaced steps, thinned when there are many. Knows no Qt widget."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

MOST = 96
"""Rows that are kept; then every second is dropped, and new ones come half as often."""

Values = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, eq=False)
class Row:
    """What was seen of one layer at one step."""

    step: int
    counts: NDArray[np.int64]
    low: float
    high: float
    norm: float | None = None
    update: float | None = None
    units: tuple[int, int, int] | None = None
    """Silent, saturated, all."""

    @cached_property
    def outline(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Where its ridge bends, and how high it is there from 0 to 1: roots of the counts, the highest bin 1."""
        heights = np.sqrt(self.counts / max(1, int(self.counts.max())))
        edges = np.linspace(self.low, self.high, len(heights) + 1)
        places = np.concatenate([edges[:1], (edges[1:] + edges[:-1]) / 2, edges[-1:]])
        return places, np.concatenate([[0.0], heights, [0.0]])

    def share(self, which: int) -> float | None:
        """The share of silent (0) or saturated (1) units."""
        return self.units[which] / max(1, self.units[2]) if self.units is not None else None


@dataclass
class LayerHistory:
    """The rows of one layer; the last is the newest, whatever the spacing."""

    rows: list[Row] = field(default_factory=list)
    _stride: int = 0
    _spread: tuple[int, list[Row]] = field(default_factory=lambda: (0, []))
    """How many rows were kept when these were chosen to be shown."""

    def add(self, row: Row) -> None:
        """Keep a row, in place of the newest where that came too soon after the one before; older steps begin anew."""
        if self.rows and row.step < self.rows[-1].step:
            self.rows.clear()
            self._stride = 0
        soon = len(self.rows) > 1 and self.rows[-1].step - self.rows[-2].step < max(1, self._stride)
        if soon or (self.rows and row.step == self.rows[-1].step):
            self.rows[-1] = row
        else:
            self.rows.append(row)
        if len(self.rows) > MOST:
            self.rows = [*self.rows[:-1:2], self.rows[-1]]
            self._stride = (self.rows[-1].step - self.rows[0].step) // (len(self.rows) - 1)

    def take_past(self, past: Sequence[Row]) -> None:
        """Put in rows that were kept elsewhere; what is known of the same steps stays as it is."""
        rows = {row.step: row for row in (*past, *self.rows)}
        self.rows, self._stride = [], 0
        for step in sorted(rows):
            self.add(rows[step])

    def spread(self, count: int) -> list[Row]:
        """So many rows at most, evenly spread over those that are kept, the newest last.

        All but the newest rest until a tenth more are kept: whoever draws them can keep that picture.
        """
        if len(self.rows) <= count:
            return list(self.rows)
        kept, older = self._spread
        if len(older) != count - 1 or not kept <= len(self.rows) <= 1.1 * kept:
            places = np.rint(np.linspace(0, len(self.rows) - 1, count)).astype(int).tolist()
            older = [self.rows[place] for place in places[:-1]]
            self._spread = len(self.rows), older
        return [*older, self.rows[-1]]

    def range(self) -> tuple[float, float]:
        """Where the numbers of all rows lie, a little wider: rounded, so that it rests while they move a little."""
        low, high = min(row.low for row in self.rows), max(row.high for row in self.rows)
        grain = 10.0 ** np.floor(np.log10(max(high - low, 1e-30))) / 5
        return float(np.floor(low / grain) * grain), float(np.ceil(high / grain) * grain)


def rows_of(values: Values) -> dict[str, Row]:
    """What the probe LayerHistograms answered, layer by layer."""
    found: dict[str, Row] = {}
    for name in values:
        node, _, part = name.rpartition(".")
        if part == "counts":
            low, high = (float(end) for end in values[f"{node}.range"])
            units = values.get(f"{node}.units")
            found[node] = Row(
                int(values["step"][0]),
                values[name],
                low,
                high,
                _number(values.get(f"{node}.norm")),
                _number(values.get(f"{node}.update")),
                (int(units[0]), int(units[1]), int(units[2])) if units is not None else None,
            )
    return found


def _number(values: NDArray[Any] | None) -> float | None:
    return None if values is None else float(values[0])
