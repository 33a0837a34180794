"""Samples as marks in two dimensions, over a grid that a layer has bent where there is one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyqtgraph.functions import arrayToQPolygonF
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QBrush,
    QColor,
    QFocusEvent,
    QFont,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QPolygonF,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from widgets import colors, theme
from widgets.heatmap_colors import table
from widgets.image_pixels import fitted, paint

Array = NDArray[Any]

_MARGIN = 14
_DOT, _MARK = 7.0, 14
_REACH = 14.0
"""How near to a mark the pointer has to be."""
_THUMBNAIL = 64
_VEIL = 90
"""How opaque the cells of a grid are, of 255."""
_KEPT = 0.7
"""Share of what is shown that points must fill for it to stay as it is."""


class SpaceMap(QWidget):
    """Shows marks. Values in by `set_…`, which emit nothing; arrow keys go from mark to mark."""

    chosen = Signal(int)
    """The number of the mark that was clicked, or on which Enter was pressed."""
    pointed = Signal(int)
    """The number of the mark under the pointer or the keyboard; −1: none."""

    def __init__(self, object_name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(object_name)
        self.setAccessibleName(self.tr("Samples in two dimensions"))
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._points: Array = np.empty((0, 2))
        self._classes: Array = np.empty(0, np.int64)
        self._shades: Array | None = None
        self._wrong: Array = np.empty(0, np.bool_)
        self._marks: tuple[str, ...] = ()
        self._grid: tuple[Array, Array, bool] | None = None
        self._images: Sequence[QImage] = ()
        self._ring = -1
        self._current = -1
        self._ends = (np.zeros(2), np.ones(2))
        self._stamps: dict[object, QPixmap] = {}

    # --- values in -------------------------------------------------------------------------------------------------

    def set_points(self, points: Array, classes: Array, wrong: Array, shades: Array | None = None) -> None:
        """Show samples at points (samples, 2), of classes (samples,); those answered wrongly are crossed out.

        Of a regression, `shades` (samples,) from −1 to 1 are their colours, and `classes` count nothing.
        """
        if len(points) != len(self._points):
            self._current = -1
        self._points, self._classes, self._wrong, self._shades = points, classes, wrong, shades
        self._show_all()

    def set_grid(self, grid: Array | None, image: Array | None = None, by_class: bool = False) -> None:
        """Draw a bent grid (rows, columns, 2) below them, its cells in the colours of an index image of its size."""
        self._grid = (grid, image, by_class) if grid is not None and image is not None else None
        self._show_all()

    def set_marks(self, marks: Sequence[str]) -> None:
        """A letter for each class, to be drawn in place of a dot; none: dots."""
        if tuple(marks) != self._marks:
            self._marks = tuple(marks)
            self._stamps.clear()
            self.update()

    def set_images(self, images: Sequence[QImage]) -> None:
        """The pictures of the samples, in their order; fewer than samples, or none: those without have none."""
        self._images = images
        self.update()

    def set_ring(self, number: int) -> None:
        """Circle the sample that is chosen; −1: it is none of these."""
        if number != self._ring:
            self._ring = number
            self.update()

    def forget_range(self) -> None:
        """What follows has nothing in common with what was shown: let it fill the view."""
        self._ends = (np.zeros(2), np.zeros(2))

    # --- where things are ------------------------------------------------------------------------------------------

    def _show_all(self) -> None:
        """Let everything be in view; what is shown stays as it is while everything fits, and fills most of it."""
        parts = [self._points[np.isfinite(self._points).all(1)]] if len(self._points) else []
        if self._grid is not None:
            parts.append(self._grid[0].reshape(-1, 2))
        known = np.concatenate(parts) if parts else np.empty((0, 2))
        if len(known):
            low, high = known.min(0).astype(np.float64), known.max(0).astype(np.float64)
            span = np.maximum(high - low, 1e-6)
            fits = (low >= self._ends[0]).all() and (high <= self._ends[1]).all()
            if not fits or (span < _KEPT * (self._ends[1] - self._ends[0])).any():
                self._ends = low - 0.08 * span, high + 0.08 * span
        self.update()

    def _area(self) -> QRectF:
        """Where the marks are: all of it, but not much wider than tall or the other way round."""
        area = QRectF(self.rect()).adjusted(_MARGIN, _MARGIN, -_MARGIN, -_MARGIN)
        place = QRectF(0, 0, min(area.width(), 2.4 * area.height()), min(area.height(), 2.4 * area.width()))
        place.moveCenter(area.center())
        return place

    def _placed(self, points: Array) -> Array:
        """Points (…, 2) in pixels of the widget."""
        area = self._area()
        shares = (points - self._ends[0]) / np.maximum(self._ends[1] - self._ends[0], 1e-12)
        x = area.left() + shares[..., 0] * area.width()
        y = area.bottom() - shares[..., 1] * area.height()
        return np.nan_to_num(np.stack([x, y], -1), nan=-100.0)

    def place(self, number: int) -> QPointF:
        """Where a sample's mark is, in pixels of the widget."""
        return QPointF(*self._placed(self._points[number]).tolist())

    def at(self, point: QPointF) -> int:
        """The number of the mark nearest to a point of the widget; −1 where none is near."""
        if not len(self._points):
            return -1
        distances = np.hypot(*(self._placed(self._points) - (point.x(), point.y())).T)
        nearest = int(distances.argmin())
        return nearest if distances[nearest] <= _REACH else -1

    def current(self) -> int:
        """The number of the mark under the pointer or the keyboard; −1: none."""
        return self._current

    def sizeHint(self) -> QSize:
        """Room for some hundred marks."""
        return QSize(360, 180)

    def minimumSizeHint(self) -> QSize:
        """Small, but still a picture."""
        return QSize(120, 80)

    # --- painting --------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._grid is not None:
            self._paint_grid(painter, *self._grid)
        half = _MARK / 2
        for number, (x, y) in enumerate(self._placed(self._points).tolist()):
            painter.drawPixmap(QPointF(x - half, y - half), self._stamp(number))
        accent = QColor(theme.current().accent)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if 0 <= self._ring < len(self._points):
            painter.setPen(QPen(QColor(theme.current().text), 2))
            painter.drawEllipse(self.place(self._ring), 10, 10)
        if self.hasFocus():
            painter.setPen(QPen(accent, 1))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        if 0 <= self._current < len(self._points):
            painter.setPen(QPen(accent, 2))
            painter.drawEllipse(self.place(self._current), 10, 10)
            if self._current < len(self._images):
                self._paint_thumbnail(painter, self._images[self._current])

    def _stamp(self, number: int) -> QPixmap:
        """A mark, painted once: letters are slow."""
        shade = None if self._shades is None else round(float(self._shades[number]) * 32)
        key = (shade, -1 if shade is not None else int(self._classes[number]), bool(self._wrong[number]))
        ratio = self.devicePixelRatioF()
        found = self._stamps.get((key, ratio, theme.current().name))
        if found is None:
            found = QPixmap(round(_MARK * ratio), round(_MARK * ratio))
            found.setDevicePixelRatio(ratio)
            found.fill(Qt.GlobalColor.transparent)
            painter = QPainter(found)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            self._paint_mark(painter, *key)
            painter.end()
            self._stamps[key, ratio, theme.current().name] = found
        return found

    def _paint_mark(self, painter: QPainter, shade: int | None, number: int, wrong: bool) -> None:
        current, area = theme.current(), QRectF(0, 0, _MARK, _MARK)
        color = colors.class_color(current, number) if shade is None else colors.signed_color(current, shade / 32)
        if shade is None and number < len(self._marks):
            painter.setFont(theme.font(theme.SMALL + 1, QFont.Weight.Bold))
            painter.setPen(color)
            painter.drawText(area, Qt.AlignmentFlag.AlignCenter, self._marks[number])
        else:
            painter.setPen(QPen(QColor(current.surface), 1))
            painter.setBrush(color)
            painter.drawEllipse(area.center(), _DOT / 2, _DOT / 2)
        if wrong:
            painter.setPen(QPen(QColor(current.error), 1.5))
            painter.drawLine(area.adjusted(1, 1, -1, -1).topLeft(), area.adjusted(1, 1, -1, -1).bottomRight())

    def _paint_grid(self, painter: QPainter, grid: Array, image: Array, by_class: bool) -> None:
        current = theme.current()
        places = self._placed(grid)
        tints = table(current, "classes" if by_class else "signed", False)
        corner = places[::2, ::2]  # half as many cells as lines bend: each takes its time to paint
        cells = tints[image[:-1:2, :-1:2].astype(np.int64)]
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(Qt.PenStyle.NoPen)
        corners = np.stack([corner[:-1, :-1], corner[:-1, 1:], corner[1:, 1:], corner[1:, :-1]], 2).reshape(-1, 4, 2)
        shown = cells.ravel() & np.uint32(0xFFFFFF) | np.uint32(_VEIL << 24)
        brushes = {pixel: QBrush(QColor.fromRgba(pixel)) for pixel in np.unique(shown).tolist()}
        for pixel, cell in zip(shown.tolist(), corners.tolist(), strict=True):
            painter.setBrush(brushes[pixel])
            painter.drawPolygon(QPolygonF([QPointF(x, y) for x, y in cell]))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        line_color = QColor(current.muted)
        line_color.setAlpha(110)
        painter.setPen(QPen(line_color, 0))
        for line in (*places[::2], *places[:, ::2].transpose(1, 0, 2)):
            painter.drawPolyline(arrayToQPolygonF(line[:, 0], line[:, 1]))

    def _paint_thumbnail(self, painter: QPainter, image: QImage) -> None:
        """The picture of the sample under the pointer, beside it, where there is room."""
        mark = self.place(self._current)
        box = QRectF(mark.x() + 14, mark.y() - _THUMBNAIL / 2, _THUMBNAIL, _THUMBNAIL)
        if box.right() > self.width() - 4:
            box.moveRight(mark.x() - 14)
        box.moveTop(min(max(box.top(), 4.0), self.height() - _THUMBNAIL - 4.0))
        painter.setPen(QPen(QColor(theme.current().line), 1))
        painter.setBrush(QColor(theme.current().raised))
        painter.drawRoundedRect(box.adjusted(-3, -3, 3, 3), 4, 4)
        paint(painter, image, fitted(image, box))

    # --- events ----------------------------------------------------------------------------------------------------

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._go(self.at(event.position()))

    def leaveEvent(self, event: QEvent) -> None:
        if not self.hasFocus():
            self._go(-1)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        number = self.at(event.position())
        if number >= 0:
            self.chosen.emit(number)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        ways = {
            Qt.Key.Key_Left: (-1, 0),
            Qt.Key.Key_Right: (1, 0),
            Qt.Key.Key_Up: (0, -1),
            Qt.Key.Key_Down: (0, 1),
        }
        way = ways.get(Qt.Key(event.key()))
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._current >= 0:
            self.chosen.emit(self._current)
        elif way is None or not len(self._points):
            super().keyPressEvent(event)
        else:
            self._go(self._neighbour(way))

    def _neighbour(self, way: tuple[int, int]) -> int:
        """The nearest mark in a direction, what lies aside counting double; where there is none, the same mark."""
        if self._current < 0:
            return max(0, self._ring)
        apart = self._placed(self._points) - self._placed(self._points[self._current])
        along = apart @ np.array(way)
        aside = np.abs(apart @ np.array(way[::-1]))
        distances = np.where((along > 0.5) & (aside <= 2 * along), along + 2 * aside, np.inf)
        nearest = int(distances.argmin())
        return nearest if np.isfinite(distances[nearest]) else self._current

    def _go(self, number: int) -> None:
        if number != self._current:
            self._current = number
            self.update()
            self.pointed.emit(number)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._go(-1)
        self.update()
