"""Where every map, cell and bar of every layer stands: one layer beside the other, or one below the other."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from PySide6.QtCore import QRectF, QSizeF

from widgets.maps_pixels import crisp

GAP = 4.0
BETWEEN = 20.0
"""Between two layers."""
HEAD = 32.0
"""Two lines of text above the maps of a layer."""
_TALLEST, _SHORTEST, _USUAL = 116.0, 38.0, 56.0
"""Sides of a map: at most, at least where there are few of them, and below each other."""
_MANY, _SMALL = 24, 27.0
"""Maps from which a layer gets more rows of smaller ones, and their least side."""
_CELL, _CELL_GAP = 10.0, 2.0
_BAR, _BAR_LENGTH, _NUMBER = 15.0, 56.0, 44.0
BARS = 16
"""Most units of a flat layer that are bars with numbers."""
_WIDEST_NAME = 88.0


@dataclass(frozen=True)
class SeenLayer:
    """A layer that is shown: its card, what it is called, the shape of its output."""

    node: str
    title: str
    shape: tuple[int, ...]
    names: tuple[str, ...] = ()
    """What its units are called, if they stand for classes."""
    weighs: bool = False
    """Whether its maps are made by kernels."""
    is_input: bool = False
    facts: str = ""
    """What is said under its name, in place of its shape."""
    activation: str = ""
    """What its activation is called; empty: it has none."""
    source: str = ""
    """The card whose maps arrive, where there is one alone."""

    @property
    def maps(self) -> int:
        """Number of maps or units."""
        return self.shape[0]

    @property
    def tiles(self) -> int:
        """How many pictures, cells or bars it has: three channels of a sample are one picture in colours."""
        return 1 if self.is_input and len(self.shape) == 3 and self.maps == 3 else self.maps

    @property
    def side(self) -> tuple[int, int]:
        """Height and width of a map."""
        if len(self.shape) == 3:
            return self.shape[1], self.shape[2]
        return (1, self.shape[1]) if len(self.shape) == 2 else (1, 1)

    @property
    def kind(self) -> Literal["maps", "bars", "cells"]:
        """How it is drawn."""
        if len(self.shape) > 1:
            return "maps"
        return "bars" if self.maps <= BARS or self.names else "cells"


@dataclass(frozen=True)
class Block:
    """Where a layer stands: its head, and each unit's map, cell or bar in the order that is shown."""

    layer: SeenLayer
    head: QRectF
    tiles: tuple[QRectF, ...]
    beside: tuple[QRectF, ...] = ()
    """The place of what belongs to each map, or none."""
    name_width: float = 0.0
    """Of bars: the room for names."""

    @cached_property
    def area(self) -> QRectF:
        """All of it."""
        found = QRectF(self.head)
        for place in (*self.tiles, *self.beside):
            found = found.united(place)
        return found


@dataclass(frozen=True)
class Sheet:
    """All layers, and how much room they take."""

    blocks: tuple[Block, ...]
    size: QSizeF
    wide: bool


def arrange(
    layers: Sequence[SeenLayer],
    room: QSizeF,
    ratio: float,
    beside: Mapping[str, tuple[int, int]],
    text_width: Callable[[str], float],
    head_width: Callable[[SeenLayer], float],
) -> Sheet:
    """Lay layers out for a room: beside each other where it is wide, else below each other.

    `beside` names the layers whose maps have a picture beside them, with its width and height in pixels of its own;
    `text_width` measures the names of classes, `head_width` the texts above a layer.
    """
    wide = room.width() > 1.4 * room.height()
    blocks: list[Block] = []
    x = y = 0.0
    for layer in layers:
        names = max((text_width(name) for name in layer.names), default=14.0)
        name_width = min(_WIDEST_NAME, math.ceil(names) + 6.0)
        extra = beside.get(layer.node)
        if wide:
            block = _column(layer, QRectF(x, 0, 0, room.height()), ratio, extra, name_width)
            head = QRectF(block.head)
            head.setWidth(max(block.area.width(), head_width(layer)))
            x += head.width() + BETWEEN
        else:
            block = _row(layer, QRectF(0, y, room.width(), 0), ratio, extra, name_width)
            head = QRectF(block.head)
            head.setWidth(room.width())
            y = block.area.bottom() + 0.6 * BETWEEN
        blocks.append(Block(layer, head, block.tiles, block.beside, name_width))
    size = QSizeF(max(0.0, x - BETWEEN), room.height()) if wide else QSizeF(room.width(), y)
    return Sheet(tuple(blocks), size, wide)


def _column(layer: SeenLayer, room: QRectF, ratio: float, beside: tuple[int, int] | None, names: float) -> Block:
    """A layer in a column: as many rows as the height has room for."""
    head = QRectF(room.left(), room.top(), 0, HEAD)
    top, height = head.bottom(), max(_SHORTEST, room.height() - HEAD)
    if layer.kind == "cells":
        rows = max(1, int((height + _CELL_GAP) // (_CELL + _CELL_GAP)))
        return Block(layer, head, _cells(layer.tiles, room.left(), top, rows))
    if layer.kind == "bars":
        bar = max(13.0, min(_BAR, height / layer.tiles))
        rows = max(1, int((height + 0.5) // bar))
        width = names + _BAR_LENGTH + _NUMBER
        places = (divmod(unit, rows) for unit in range(layer.tiles))
        tiles = (QRectF(room.left() + c * (width + 12), top + r * bar, width, bar) for c, r in places)
        return Block(layer, head, tuple(tiles))
    rows, side = _rows(layer, height, ratio)
    columns = -(-layer.tiles // rows)
    return _maps(layer, head, QRectF(room.left(), top, 0, 0), columns, side, ratio, beside)


def _row(layer: SeenLayer, room: QRectF, ratio: float, beside: tuple[int, int] | None, names: float) -> Block:
    """A layer in a row: as many columns as the width has room for, wrapped."""
    head = QRectF(room.left(), room.top(), room.width(), HEAD)
    if layer.kind == "cells":
        columns = max(1, int((room.width() + _CELL_GAP) // (_CELL + _CELL_GAP)))
        step = _CELL + _CELL_GAP
        places = (divmod(unit, columns) for unit in range(layer.tiles))
        cells = (QRectF(room.left() + c * step, head.bottom() + r * step, _CELL, _CELL) for r, c in places)
        return Block(layer, head, tuple(cells))
    if layer.kind == "bars":
        width = names + _BAR_LENGTH + _NUMBER
        columns = max(1, int((room.width() + 12) // (width + 12)))
        rows = -(-layer.tiles // columns)
        places = (divmod(unit, rows) for unit in range(layer.tiles))
        bars = (QRectF(room.left() + c * (width + 12), head.bottom() + r * _BAR, width, _BAR) for c, r in places)
        return Block(layer, head, tuple(bars))
    side = _TALLEST if layer.tiles == 1 else _USUAL
    width = _pair_width(layer, side, ratio, beside)
    columns = max(1, min(layer.tiles, int((room.width() + 2 * GAP) // (width + 2 * GAP))))
    return _maps(layer, head, QRectF(room.left(), head.bottom(), 0, 0), columns, side, ratio, beside)


def _rows(layer: SeenLayer, height: float, ratio: float) -> tuple[int, float]:
    """As many rows as leave each map large enough to be read, and how tall each may be."""
    least = _SHORTEST if layer.tiles <= _MANY else _SMALL
    for rows in range(min(layer.tiles, int(height // least)), 1, -1):
        side = min(_TALLEST, (height + GAP) / rows - GAP)
        if max(_size(layer, side, ratio)) >= least:
            return rows, side
    return 1, min(_TALLEST, height)


def _size(layer: SeenLayer, side: float, ratio: float) -> tuple[float, float]:
    height, width = layer.side
    most = 3 * side if height * 3 < width else side  # a sequence may be long
    shown_width, shown_height = crisp(width, height, most, side, ratio)
    return max(4.0, shown_width), max(4.0, shown_height)


def _pair_width(layer: SeenLayer, side: float, ratio: float, beside: tuple[int, int] | None) -> float:
    width, _ = _size(layer, side, ratio)
    return width if beside is None else width + 2 + crisp(*beside, side, side, ratio)[0]


def _maps(
    layer: SeenLayer,
    head: QRectF,
    corner: QRectF,
    columns: int,
    side: float,
    ratio: float,
    beside: tuple[int, int] | None,
) -> Block:
    width, height = _size(layer, side, ratio)
    other = (0.0, 0.0) if beside is None else crisp(*beside, side, side, ratio)
    pitch_x = width + GAP if beside is None else width + 2 + other[0] + 2 * GAP
    pitch_y = max(height, other[1]) + GAP
    tiles, places = [], []
    for unit in range(layer.tiles):
        row, column = divmod(unit, columns)
        x, y = corner.left() + column * pitch_x, corner.top() + row * pitch_y
        tiles.append(QRectF(x, y, width, height))
        if beside is not None:
            places.append(QRectF(x + width + 2, y, *other))
    return Block(layer, head, tuple(tiles), tuple(places))


def _cells(count: int, left: float, top: float, rows: int) -> tuple[QRectF, ...]:
    step = _CELL + _CELL_GAP
    places = (divmod(unit, rows) for unit in range(count))
    return tuple(QRectF(left + c * step, top + r * step, _CELL, _CELL) for c, r in places)
