"""A tile for each layer: ridges of histograms, the newest in front, and below them how a few numbers have gone."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from pyqtgraph.functions import arrayToQPolygonF
from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QFont,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QPolygonF,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from widgets import theme
from widgets.controls import format_number
from widgets.layer_histograms_history import LayerHistory, Row

_TITLE, _AXIS, _LINE = 18, 15, 17
_NARROW, _WIDE, _SHORT, _SHORTEST = 148, 300, 150, 104
_RIDGES = 10
_PITCH = 6.0
"""Least distance between two ridges."""
_STRONG = (-0.25, 0.25)
"""Where the two thin lines of the newest ridge are: Qt paints one that is broader thirty times slower."""


class LayerChart(QWidget):
    """The tiles of all layers. Values in by `set_layers`, which emits nothing; arrow keys go from tile to tile."""

    chosen = Signal(str)
    """The card that the user clicked, or pressed Enter on."""
    current_changed = Signal(int)
    """The keyboard went to another tile."""

    def __init__(self, object_name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(object_name)
        self.setAccessibleName(self.tr("Histograms of the layers"))
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._layers: dict[str, LayerHistory] = {}
        self._lines: tuple[tuple[str, str], ...] = ()
        self._marked = ""
        self._wrong = ""
        self._current = 0
        self._room = QSize(600, 170)
        self._pictures: dict[tuple[int, int], tuple[object, QPixmap]] = {}
        """What rests of each tile, by its place, and what it was painted of."""

    # --- values in -------------------------------------------------------------------------------------------------

    def set_layers(self, layers: Mapping[str, LayerHistory], lines: Sequence[tuple[str, str]], wrong: str) -> None:
        """Show layers by name, with these lines below each: ("norm" | "update" | "silent" | "saturated", its label).

        `wrong` is the layer that something is wrong with.
        """
        if tuple(layers) != tuple(self._layers):
            self._pictures.clear()
        resized = (len(layers), len(lines)) != (len(self._layers), len(self._lines))
        self._layers, self._lines, self._wrong = dict(layers), tuple(lines), wrong
        self._current = min(self._current, max(0, len(layers) - 1))
        self._describe()
        if resized:
            self._resize()
        self.update()

    def set_marked(self, node: str) -> None:
        """Outline the tile of a card; none for ""."""
        if node != self._marked:
            self._marked = node
            self.update()

    def set_room(self, room: QSize) -> None:
        """How large the visible part is: as many rows of tiles as fit, the rest to the right."""
        self._room = room
        self._pictures.clear()
        self._resize()

    def _resize(self) -> None:
        columns = self._grid()[0]
        width = max(self._room.width(), columns * (_NARROW + theme.MARGIN) - theme.MARGIN)
        self.setFixedSize(width, max(self._room.height(), _SHORTEST))

    # --- where things are ------------------------------------------------------------------------------------------

    def _grid(self) -> tuple[int, int]:
        """Columns and rows of tiles: one row, more where they do not fit and there is height for them."""
        count = max(1, len(self._layers))
        fit = max(1, (self._room.width() + theme.MARGIN) // (_NARROW + theme.MARGIN))
        rows = max(1, min(math.ceil(count / fit), self._room.height() // (_SHORT + theme.SPACING)))
        return math.ceil(count / rows), rows

    def tile(self, number: int) -> QRectF:
        """Where a layer's tile is, in pixels of the widget."""
        columns, rows = self._grid()
        width = min(_WIDE, (self.width() + theme.MARGIN) / columns - theme.MARGIN)
        height = (self.height() + theme.SPACING) / rows - theme.SPACING
        row, column = divmod(number, columns)
        return QRectF(column * (width + theme.MARGIN), row * (height + theme.SPACING), width, height)

    def area(self, number: int) -> QRectF:
        """Where a tile's ridges are."""
        below = _AXIS + len(self._lines) * _LINE + 4
        return self.tile(number).adjusted(4, _TITLE + 2, -4, -below)

    def names(self) -> tuple[str, ...]:
        """The layers, in the order of their tiles."""
        return tuple(self._layers)

    def current(self) -> int:
        """The number of the tile that the keyboard is at."""
        return self._current

    def sizeHint(self) -> QSize:
        """Room for what is shown."""
        return QSize(max(1, len(self._layers)) * _NARROW, _SHORT)

    # --- painting --------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        for number, (name, history) in enumerate(self._layers.items()):
            if self.tile(number).toAlignedRect().intersects(event.rect()):
                self._paint_tile(painter, number, name, history)

    def _paint_tile(self, painter: QPainter, number: int, name: str, history: LayerHistory) -> None:
        colors, tile = theme.current(), self.tile(number)
        if name == self._marked or (self.hasFocus() and number == self._current):
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            focused = self.hasFocus() and number == self._current
            painter.setPen(QPen(QColor(colors.accent if focused else colors.line), 2 if focused else 1))
            painter.setBrush(QColor(colors.raised) if name == self._marked else Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(tile.adjusted(1, 1, -1, -1), 4, 4)
        title = QRectF(tile.left() + 6, tile.top() + 1, tile.width() - 12, _TITLE)
        painter.setFont(theme.font(theme.SMALL, QFont.Weight.DemiBold))
        painter.setPen(QColor(colors.warning if name == self._wrong else colors.text))
        text = f"⚠ {name}" if name == self._wrong else name
        _draw(painter, title, text, Qt.AlignmentFlag.AlignLeft)
        if not history.rows:
            return
        painter.setFont(theme.font(theme.SMALL))
        self._paint_ridges(painter, self.area(number), history, name == self._marked)
        for line, (kind, label) in enumerate(self._lines):
            top = tile.bottom() - (len(self._lines) - line) * _LINE - 2
            self._paint_line(painter, QRectF(tile.left() + 6, top, tile.width() - 12, _LINE), kind, label, history)

    def _paint_ridges(self, painter: QPainter, area: QRectF, history: LayerHistory, raised: bool) -> None:
        low, high = history.range()
        tall = area.height() * 0.6
        rows = history.spread(max(2, min(_RIDGES, 1 + int((area.height() - tall) / _PITCH))))
        frame = _Frame(area, tall, low, high, QColor(theme.current().raised if raised else theme.current().surface))
        box = area.toAlignedRect().adjusted(-2, -2, 2, 2 + _AXIS)
        painter.drawPixmap(box.topLeft(), self._older(frame, box, rows[:-1]))
        colors = theme.current()
        outline = ridge(rows[-1], area, area.bottom(), tall, low, high)
        fill = _mixed(frame.ground.name(), colors.accent, 0.28)
        _paint_ridge(painter, outline, fill, QColor(colors.accent), _STRONG)

    def _older(self, frame: _Frame, box: QRect, rows: Sequence[Row]) -> QPixmap:
        """The axis and all ridges but the newest, which rest most of the time: painted once."""
        ratio, place = self.devicePixelRatioF(), (box.x(), box.y())
        known = self._pictures.get(place)
        key = (frame, ratio, theme.current().name, list(rows))
        if known is not None and known[0] == key:
            return known[1]
        picture = QPixmap(box.size() * ratio)
        picture.setDevicePixelRatio(ratio)
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        painter.translate(-box.topLeft())
        painter.setFont(theme.font(theme.SMALL))
        frame.paint(painter)
        colors, area = theme.current(), frame.area
        for number, row in enumerate(rows):
            share = number / len(rows)
            base = area.top() + frame.tall + (area.height() - frame.tall) * share
            outline = ridge(row, area, base, frame.tall, frame.low, frame.high)
            line = _mixed(colors.line, colors.accent, 0.25 + 0.5 * share)
            _paint_ridge(painter, outline, frame.ground, line, (0.0,))
        painter.end()
        self._pictures[place] = key, picture
        return picture

    def _paint_line(self, painter: QPainter, area: QRectF, kind: str, label: str, history: LayerHistory) -> None:
        """A label, how the number has gone, and what it is now."""
        colors = theme.current()
        newest = history.rows[-1]
        painter.setPen(QColor(colors.muted))
        _draw(painter, area, label, Qt.AlignmentFlag.AlignLeft)
        painter.setPen(QColor(colors.text))
        _draw(painter, area, text_of(newest, kind), Qt.AlignmentFlag.AlignRight)
        metrics = painter.fontMetrics()
        left = area.left() + max(metrics.horizontalAdvance(text) for _, text in self._lines) + theme.SPACING
        right = area.right() - metrics.horizontalAdvance("0.0e−00 ") - theme.SPACING
        points = _course(history, kind)
        if right - left < 24 or len(points) < 2:
            return
        box = QRectF(left, area.top() + 3, right - left, area.height() - 6)
        x, y = points[:, 0], points[:, 1]
        x = box.left() + box.width() * (x - x[0]) / max(x[-1] - x[0], 1)
        low, high = (0.0, 1.0) if kind in ("silent", "saturated") else (float(y.min()), float(y.max()))
        y = box.bottom() - box.height() * (y - low) / max(high - low, 1e-12)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(colors.muted), 1))
        painter.drawPolyline(arrayToQPolygonF(x, y))

    # --- events ----------------------------------------------------------------------------------------------------

    def at(self, point: QPointF) -> int | None:
        """The number of the tile at a point of the widget."""
        return next((number for number in range(len(self._layers)) if self.tile(number).contains(point)), None)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        number = self.at(event.position())
        if number is not None:
            self.setFocus(Qt.FocusReason.MouseFocusReason)
            self._go(number)
            self.chosen.emit(self.names()[number])

    def keyPressEvent(self, event: QKeyEvent) -> None:
        columns = self._grid()[0]
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: -columns, Qt.Key.Key_Down: columns}
        step = steps.get(Qt.Key(event.key()))
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._layers:
            self.chosen.emit(self.names()[self._current])
        elif step is None:
            super().keyPressEvent(event)
        elif 0 <= self._current + step < len(self._layers):
            self._go(self._current + step)

    def _go(self, number: int) -> None:
        self._current = number
        self._describe()
        self.update()
        self.current_changed.emit(number)

    def _describe(self) -> None:
        names = self.names()
        if names:
            text = self.tip(names[self._current]).replace("\n", ", ")
            if text != self.accessibleDescription():
                self.setAccessibleDescription(text)

    def tip(self, name: str) -> str:
        """What is known of a layer, in words."""
        rows = self._layers[name].rows
        if not rows:
            return name
        row = rows[-1]
        span = self.tr("from {low} to {high}").format(low=format_number(row.low), high=format_number(row.high))
        numbers = [f"{label} {text_of(row, kind)}" for kind, label in self._lines]
        return "\n".join([name, span, *numbers])

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()

    def event(self, event: QEvent) -> bool:
        """Say what is known of the layer under the pointer."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            number = self.at(QPointF(event.pos()))
            QToolTip.showText(event.globalPos(), self.tip(self.names()[number]) if number is not None else "", self)
            return True
        return super().event(event)

    def tile_rect(self, number: int) -> QRect:
        """Where a tile is, in whole pixels: for who scrolls to it."""
        return self.tile(number).toAlignedRect()


@dataclass(frozen=True)
class _Frame:
    """What the ridges of a tile stand in."""

    area: QRectF
    tall: float
    low: float
    high: float
    ground: QColor

    def paint(self, painter: QPainter) -> None:
        """The axis below the ridges, with its ends and zero."""
        colors, area, low, high = theme.current(), self.area, self.low, self.high
        painter.setPen(QColor(colors.line))
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        if low < 0 < high:
            x = area.left() + area.width() * -low / (high - low)
            painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
        painter.setPen(QColor(colors.muted))
        axis = QRectF(area.left(), area.bottom() + 1, area.width(), _AXIS)
        _draw(painter, axis, _short(low), Qt.AlignmentFlag.AlignLeft)
        _draw(painter, axis, _short(high), Qt.AlignmentFlag.AlignRight)
        if low < 0 < high and 0.2 < -low / (high - low) < 0.8:
            x = area.left() + area.width() * -low / (high - low)
            _draw(painter, QRectF(x - 20, axis.top(), 40, _AXIS), "0", Qt.AlignmentFlag.AlignHCenter)


def _paint_ridge(painter: QPainter, outline: QPolygonF, fill: QColor, line: QColor, places: Sequence[float]) -> None:
    """A ridge, its outline drawn at so many places, shifted down by these pixels."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)  # the line on top of it is smooth
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(fill)
    painter.drawPolygon(outline)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(line, 0))
    for down in places:
        painter.drawPolyline(outline.translated(0.0, down))


def ridge(row: Row, area: QRectF, base: float, tall: float, low: float, high: float) -> QPolygonF:
    """The outline of a histogram over a base line, its highest bin `tall`; heights are square roots of the counts."""
    values, heights = row.outline
    return arrayToQPolygonF(area.left() + area.width() * (values - low) / (high - low), base - tall * heights)


def text_of(row: Row, kind: str) -> str:
    """A number of a row as it is read; a dash where it is not known."""
    if kind == "norm":
        return format_number(row.norm)
    if kind == "update":
        return "—" if row.update is None else format_number(row.update, 2)
    which = 0 if kind == "silent" else 1
    return "—" if row.units is None else f"{row.units[which]} / {row.units[2]}"


def _course(history: LayerHistory, kind: str) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Steps and heights of a number over the run, (points, 2); norms and updates by their logarithm."""
    if kind == "norm":
        known = [(row.step, row.norm) for row in history.rows]
    elif kind == "update":
        known = [(row.step, row.update) for row in history.rows]
    else:
        known = [(row.step, row.share(0 if kind == "silent" else 1)) for row in history.rows]
    points = np.array([point for point in known if point[1] is not None], np.float64).reshape(-1, 2)
    if kind in ("norm", "update"):
        points[:, 1] = np.log10(np.maximum(points[:, 1], 1e-12))
    return points


def _draw(painter: QPainter, area: QRectF, text: str, side: Qt.AlignmentFlag) -> None:
    shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, int(area.width()))
    painter.drawText(area, side | Qt.AlignmentFlag.AlignVCenter, shown)


def _short(value: float) -> str:
    return format_number(value, 2) if value else "0"


@lru_cache(maxsize=256)
def _mixed(first: str, second: str, share: float) -> QColor:
    a, b = QColor(first), QColor(second)
    pairs = (a.red(), b.red()), (a.green(), b.green()), (a.blue(), b.blue())
    return QColor(*(round(x + (y - x) * share) for x, y in pairs))
