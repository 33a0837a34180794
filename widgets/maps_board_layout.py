"""Where the parts of the picture of one value stand, and what it shows."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QPointF, QRectF, QSizeF
from PySide6.QtGui import QFont, QFontMetricsF

from widgets import theme
from widgets.maps_layout import SeenLayer
from widgets.maps_pixels import crisp
from widgets.maps_terms import LARGEST, MEAN, PRODUCTS, VALUE, Written
from widgets.maps_values import MapValues

LABEL = 18.0
_CELL_WIDTH, _NARROW_CELL, _CELL_HEIGHT, _LEAST_HEIGHT = 40.0, 33.0, 24.0, 14.0
_SMALL_CELL, _SMALL_GRID = 12.0, 150.0
"""Sides of a cell without a number, and of a grid of such cells."""
_SIGN, _NARROW_SIGN = 18.0, 14.0
_BETWEEN = 16.0
_LINE = 17.0
_COLUMN, _SHORT = 168.0, 108.0
"""Width of the lines of the sum where they stand below each other, and of a single one."""
STACKED = 56.0
"""Room for maps that stand one below the other, and the words above them."""
_MANY = 48
"""Channels from which their bars are thin."""
_LEAST_LINE = 240.0
"""Room for the parts of the sum before they go to another line."""
_BAR_WIDTH, _THIN_BAR, _BARS_HEIGHT = 8.0, 3.0, 22.0
_LEAST_MAP, _LARGEST_MAP = 72.0, 260.0


class BoardView:
    """What the picture shows: a layer, one of its units, one value of that, and one channel of what arrives."""

    def __init__(self) -> None:
        self.layer = SeenLayer("", "", (1,))
        self.source: SeenLayer | None = None
        self.unit = 0
        self.pixel = (0, 0)
        self.channel = 0
        self.values: MapValues | None = None
        self.written: Written | None = None
        self.answered = (0, 0)
        """The value that `written` is about."""

    @property
    def shows_input(self) -> bool:
        """Whether what arrives is an image of its own: else the inputs of a unit are all there is to see."""
        return self.source is not None and len(self.source.shape) > 1 and len(self.layer.shape) > 1

    def line_width(self, line: tuple[str, float, bool]) -> float:
        """How wide a part of the sum is where it stands in one line with the others."""
        words, _, _ = line
        return QFontMetricsF(theme.font(theme.SMALL, QFont.Weight.DemiBold)).horizontalAdvance(words) + 58

    def sum_lines(self) -> list[tuple[str, float, bool]]:
        """What the products add up to, part by part: words, number, whether it stands out."""
        written = self.written
        if written is None:
            return []
        tr = QCoreApplication.translate
        if written.kind == VALUE:
            return [(tr("LayersSee", "value"), written.value, True)]
        if written.kind in (LARGEST, MEAN):
            words = tr("LayersSee", "largest") if written.kind == LARGEST else tr("LayersSee", "mean")
            return [(words, written.value, True)]
        sums = written.sums()
        own = float(sums[written.channel])
        lines = [(tr("LayersSee", "products"), own, False)]
        if len(sums) > 1:
            lines.append((tr("LayersSee", "+ other channels"), float(sums.sum() - own), False))
        lines.append((tr("LayersSee", "+ bias"), written.bias, False))
        lines.append((tr("LayersSee", "="), written.before, not self.layer.activation))
        return [*lines, ("→ " + self.layer.activation, written.value, True)] if self.layer.activation else lines


class BoardLayout:
    """Where the parts of the picture stand.

    In a low room: the input, the numbers over their sum, the output. In a tall one: maps, numbers and sum below each
    other.
    """

    def __init__(self, view: BoardView, room: QSizeF, ratio: float) -> None:
        self.input: QRectF | None = None
        self.grids: dict[str, QRectF] = {}
        self.signs: list[tuple[QPointF, str]] = []
        self.lines: tuple[QRectF, ...] = ()
        """The parts of the sum."""
        self.bars: tuple[QRectF, ...] = ()
        self.output: QRectF | None = None
        self.narrow = False
        """Whether cells have room for two decimals alone."""
        self.numbered = True
        """Whether the numbers are written into their cells."""
        self._ratio, self._room = ratio, room.width()
        self.wide = room.width() > 1.4 * room.height()
        (self._beside if self.wide else self._below)(view, room)
        corner = QRectF(0, 0, 1, 1)
        for part in (self.input, self.output, *self.lines, *self.grids.values(), *self.bars):
            corner = corner.united(part) if part is not None else corner
        self.size = QSizeF(corner.right() + 4, corner.bottom() + 4)

    def _beside(self, view: BoardView, room: QSizeF) -> None:
        tall = room.height() - LABEL - 4
        maps = (1 + view.shows_input) if len(view.layer.shape) > 1 else 0
        least = maps * (_LEAST_MAP + _BETWEEN)
        numbers = self._numbers(view, 0, tall, None)
        if numbers + least > room.width():
            self.narrow = True
            numbers = self._numbers(view, 0, tall, None)
        if not maps:
            self._numbers(view, 2.0, tall, None)
            return
        if (
            numbers + least > room.width() and view.shows_input
        ):  # what the pointer is on stays in sight when the numbers scroll
            self._stacked(view, tall)
            return
        side = min(tall, max(_LEAST_MAP, (room.width() - numbers - 4) / maps - _BETWEEN))
        x = 2.0
        if view.shows_input:
            assert view.source is not None
            self.input = self._map(view.source, x, LABEL, side)
            x = self.input.right() + _BETWEEN
        x += self._numbers(view, x, tall, None)
        self.output = self._map(view.layer, x + _BETWEEN, LABEL, side)

    def _stacked(self, view: BoardView, tall: float) -> None:
        """The maps one below the other, the numbers beside them."""
        y, side, right = LABEL, (tall - LABEL) / 2, 2.0
        if view.shows_input:
            assert view.source is not None
            self.input = self._map(view.source, 2.0, y, side)
            y, right = self.input.bottom() + LABEL, self.input.right()
        self.output = self._map(view.layer, 2.0, y, side if self.input is not None else tall)
        self._numbers(view, max(right, self.output.right(), STACKED) + _BETWEEN, tall, None)

    def _below(self, view: BoardView, room: QSizeF) -> None:
        side, x, y = min(0.45 * room.width(), 0.45 * room.height(), _LARGEST_MAP), 2.0, LABEL
        if view.shows_input:
            assert view.source is not None
            self.input = self._map(view.source, x, LABEL, side)
            x, y = self.input.right() + _BETWEEN, self.input.bottom()
        if len(view.layer.shape) > 1:
            self.output = self._map(view.layer, x, LABEL, side)
            y = max(y, self.output.bottom())
        top = y + (LABEL + 8 if y > LABEL else 0)
        written = view.written
        if written is not None and written.kind == PRODUCTS:  # rather narrower than in two lines
            self.narrow = 3 * written.inputs.shape[1] * _CELL_WIDTH + 2 * _SIGN > room.width() - 4
        self._numbers(view, 2.0, 0.4 * room.height(), room.width(), top)

    def _map(self, layer: SeenLayer, x: float, y: float, side: float) -> QRectF:
        height, width = layer.side
        shown = crisp(width, height, side, side, self._ratio)
        return QRectF(x, y, max(8.0, shown[0]), max(8.0, shown[1]))

    def _numbers(self, view: BoardView, x: float, tall: float, wrap: float | None, top: float = LABEL) -> float:
        """Place the numbers and their sum from (x, top) on; how wide they are."""
        written, left = view.written, x
        self.grids, self.signs, self.lines, self.bars = {}, [], (), ()
        if written is None:
            return 0.0
        texts = view.sum_lines()
        widths = [view.line_width(line) for line in texts]
        count = len(written.channels) if written.kind == PRODUCTS else 1
        step = _BAR_WIDTH if count <= _MANY else _THIN_BAR
        in_line = wrap is None and written.kind == PRODUCTS
        limit = max(self._room - left - 4, _LEAST_LINE)
        flowed = _flowed(widths, left, 0.0, limit)
        beside = in_line and flowed[-1].right() + _BETWEEN + count * step <= left + limit
        bottom = top - LABEL
        if written.kind != VALUE:
            below = flowed[-1].bottom() + 6 + (count > 1) * (_BARS_HEIGHT - _LINE if beside else _BARS_HEIGHT + 4)
            x, bottom = self._grids(written, x, top, tall - (below if in_line else 0), wrap)
        if in_line:  # the sum is a line of text
            y = bottom + 6
            self.lines = tuple(line.translated(0, y) for line in flowed)
        else:
            y = top if wrap is None else bottom + 10
            start = x if wrap is None and x > left else left
            width = _COLUMN if len(texts) > 1 else _SHORT
            self.lines = tuple(QRectF(start, y + n * _LINE, width, _LINE) for n in range(len(texts)))
        if count > 1:
            last = self.lines[-1]
            corner = (last.right() + _BETWEEN, last.top())
            corner = corner if beside else (left, last.bottom() + 4)
            self.bars = tuple(QRectF(corner[0] + n * step, corner[1], step, _BARS_HEIGHT) for n in range(count))
        parts = (*self.grids.values(), *self.lines, *self.bars)
        return max(part.right() for part in parts) - left if parts else 0.0

    def _grids(self, written: Written, x: float, y: float, tall: float, wrap: float | None) -> tuple[float, float]:
        """Place the grids; where what stands behind them begins, and where they end below."""
        rows, columns = written.inputs.shape
        names = ["patch", "kernel", "product"] if written.kind == PRODUCTS else ["patch"]
        self.numbered = written.is_numbered and (wrap is not None or rows * _LEAST_HEIGHT <= tall)
        sign_width = _NARROW_SIGN if self.narrow else _SIGN
        if self.numbered:
            width = _NARROW_CELL if self.narrow else _CELL_WIDTH
            height = max(_LEAST_HEIGHT, min(_CELL_HEIGHT, tall / rows))
        else:
            width = height = max(3.0, min(_SMALL_CELL, tall / rows, _SMALL_GRID / columns))
        left, top, bottom = x, y, y
        for name, sign in zip(names, ("×", "=", ""), strict=False):
            if wrap is not None and x > left and x + columns * width > wrap:
                x, top = left + sign_width, bottom + LABEL + 6
            grid = QRectF(x, top, columns * width, rows * height)
            self.grids[name] = grid
            x, bottom = grid.right() + sign_width, grid.bottom()
            if sign and name != names[-1]:
                self.signs.append((QPointF(grid.right() + sign_width / 2, grid.center().y()), sign))
        return x, bottom


def _flowed(widths: list[float], left: float, top: float, limit: float) -> tuple[QRectF, ...]:
    """Places of so many words one behind the other, on as many lines as it takes."""
    found, x, y = [], left, top
    for width in widths:
        if x > left and x + width > left + limit:
            x, y = left, y + _LINE
        found.append(QRectF(x, y, width, _LINE))
        x += width
    return tuple(found)
