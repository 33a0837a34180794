"""Paints a Drawing with QPainter: axes with round numbers, contour lines, columns, curves, arrows, marks, a legend."""

from __future__ import annotations

from functools import lru_cache
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QLocale, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen, QPixmap, QPolygonF

from widgets import theme
from widgets.pictures.sheet import Bounds, Curve, Drawing, Mark, segments, ticks

_PAD = 4.0
_ROW = 14.0
"""Height of a line of small text."""
_TICK_WIDTH = 34.0
"""Width that a number on the x axis wants for itself."""
_GOLDEN = 0.618034
_LEGEND = 4
"""More names than these do not fit into a picture: they are listed beside it."""


def pixmap(drawing: Drawing, width: int, height: int, ratio: float, *, axes: bool = True) -> QPixmap:
    """The picture on a transparent ground, `width` by `height` device-independent pixels."""
    picture = QPixmap(round(width * ratio), round(height * ratio))
    picture.setDevicePixelRatio(ratio)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    paint(painter, drawing, QRectF(0, 0, width, height), axes=axes)
    painter.end()
    return picture


def paint(painter: QPainter, drawing: Drawing, place: QRectF, *, axes: bool = True) -> None:
    """Paint into a rectangle; without axes (a thumbnail) only the shapes, in heavier strokes."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setFont(theme.font(theme.SMALL))
    page = _Page(painter, drawing, place, axes)
    if axes:
        page.paint_axes()
    painter.save()
    painter.setClipRect(page.area.adjusted(-1, -1, 1, 1))
    page.paint_shapes()
    painter.restore()
    if axes:
        page.paint_marks()
        page.paint_legend()


def legend(drawing: Drawing) -> str:
    """The names of curves that are too many to stand in the picture, in their colours, as rich text."""
    named = [curve for curve in drawing.curves if curve.name]
    if _fits_inside(drawing):
        return ""
    dot = '<span style="color:{color}">━</span>&nbsp;{name}'
    parts = (
        dot.format(color=curve_color(curve).name(), name=escape(curve.name).replace(" ", "&nbsp;")) for curve in named
    )
    return "&nbsp;&nbsp; ".join(parts)


def _fits_inside(drawing: Drawing) -> bool:
    """Whether the names can stand in the picture itself; a plane has no empty corner."""
    return drawing.contours is None and sum(bool(curve.name) for curve in drawing.curves) <= _LEGEND


def curve_color(curve: Curve) -> QColor:
    """The colour in the theme of a curve, by its role."""
    current = theme.current()
    if curve.role == "main":
        return QColor(current.accent)
    if curve.role == "second":
        return QColor(current.negative if current.is_dark else "#c46a00")
    if curve.role == "faint":
        color = QColor(current.muted)
        color.setAlphaF(0.55)
        return color
    # Steps of the golden section around the circle of hues: neighbours differ, and none comes twice.
    return QColor.fromHslF((0.08 + curve.number * _GOLDEN) % 1.0, 0.6, 0.62 if current.is_dark else 0.4)


class _Page:
    """One drawing in one rectangle: where the area lies, and how data coordinates become pixels."""

    def __init__(self, painter: QPainter, drawing: Drawing, place: QRectF, axes: bool) -> None:
        self._painter, self._drawing, self._axes = painter, drawing, axes
        self._metrics = QFontMetricsF(painter.font())
        self._small = not axes
        self.x_range, self.y_range = drawing.x_range, drawing.y_range
        if axes:
            self._y_ticks = ticks(self.y_range, max(2, int(place.height() / 22)))
            words = [_number(value) for value in self._y_ticks]
            left = max((self._metrics.horizontalAdvance(word) for word in words), default=0.0) + _PAD + 2
            top = _ROW if drawing.y_label else _PAD
            self.area = place.adjusted(left, top, -_PAD, -_ROW - 2)
        else:
            self.area = place.adjusted(3, 3, -3, -3)
        if drawing.square:
            self._make_square()
        self._x_ticks = ticks(self.x_range, max(2, int(self.area.width() / _TICK_WIDTH)))

    def _make_square(self) -> None:
        """Widen the range of the longer side, so that a circle is one."""
        across = (self.x_range[1] - self.x_range[0]) / self.area.width()
        upward = (self.y_range[1] - self.y_range[0]) / self.area.height()
        scale = max(across, upward)
        self.x_range = _widened(self.x_range, scale * self.area.width())
        self.y_range = _widened(self.y_range, scale * self.area.height())

    def x(self, value: Any) -> Any:
        low, high = self.x_range
        return self.area.left() + (value - low) / (high - low) * self.area.width()

    def y(self, value: Any) -> Any:
        low, high = self.y_range
        return self.area.bottom() - (value - low) / (high - low) * self.area.height()

    # --- axes ------------------------------------------------------------------------------------------------------

    def paint_axes(self) -> None:
        """Grid lines, the zero lines a little stronger, numbers, and what the axes mean."""
        painter, area, current = self._painter, self.area, theme.current()
        grid, zero = QColor(current.line), QColor(current.muted)
        grid.setAlphaF(0.55)
        zero.setAlphaF(0.55)
        for value in self._x_ticks:
            painter.setPen(QPen(zero if value == 0 else grid, 1))
            x = round(self.x(value)) + 0.5
            painter.drawLine(QLineF(x, area.top(), x, area.bottom()))
        for value in self._y_ticks:
            painter.setPen(QPen(zero if value == 0 else grid, 1))
            y = round(self.y(value)) + 0.5
            painter.drawLine(QLineF(area.left(), y, area.right(), y))
        painter.setPen(QColor(current.muted))
        row = QRectF(area.left(), area.bottom() + 2, area.width(), _ROW)
        reserved = self._metrics.horizontalAdvance(self._drawing.x_label) + _PAD if self._drawing.x_label else 0.0
        for value in self._x_ticks:
            word = _number(value)
            width = self._metrics.horizontalAdvance(word)
            left = min(max(self.x(value) - width / 2, area.left() - _PAD), area.right() + _PAD - width)
            if left + width <= row.right() - reserved:
                painter.drawText(QRectF(left, row.top(), width + 1, _ROW), Qt.AlignmentFlag.AlignCenter, word)
        right, middle = Qt.AlignmentFlag.AlignRight, Qt.AlignmentFlag.AlignVCenter
        painter.drawText(row, right | middle, self._drawing.x_label)
        for value in self._y_ticks:
            beside = QRectF(area.left() - 100 - _PAD, self.y(value) - _ROW / 2, 100, _ROW)
            painter.drawText(beside, right | middle, _number(value))
        if self._drawing.y_label:
            above = QRectF(area.left() + 1, area.top() - _ROW - 1, area.width(), _ROW)
            painter.drawText(above, Qt.AlignmentFlag.AlignLeft | middle, self._drawing.y_label)

    # --- shapes ----------------------------------------------------------------------------------------------------

    def paint_shapes(self) -> None:
        """From the back to the front: columns, contours, arrows, faint curves, strong ones."""
        drawing = self._drawing
        if drawing.bars is not None:
            self._paint_bars()
        if drawing.contours is not None:
            self._paint_contours()
        if self._small and drawing.contours is None and drawing.bars is None:
            self._paint_cross()
        if drawing.arrows is not None:
            self._paint_arrows()
        order = {"faint": 0, "other": 1, "second": 2, "main": 3}
        for curve in sorted(drawing.curves, key=lambda curve: order[curve.role]):
            self._paint_curve(curve)

    def _paint_cross(self) -> None:
        color = QColor(theme.current().muted)
        color.setAlphaF(0.4)
        self._painter.setPen(QPen(color, 1))
        if self.x_range[0] < 0 < self.x_range[1]:
            x = round(self.x(0.0)) + 0.5
            self._painter.drawLine(QLineF(x, self.area.top(), x, self.area.bottom()))
        if self.y_range[0] <= 0 <= self.y_range[1]:
            y = round(self.y(0.0)) + 0.5
            self._painter.drawLine(QLineF(self.area.left(), y, self.area.right(), y))

    def _paint_bars(self) -> None:
        bars = self._drawing.bars
        assert bars is not None
        color = QColor(theme.current().muted if bars.faint else theme.current().accent)
        color.setAlphaF(0.28 if bars.faint else 0.75)
        self._painter.setPen(Qt.PenStyle.NoPen)
        self._painter.setBrush(color)
        edges, tops = self.x(np.asarray(bars.edges, float)), self.y(np.asarray(bars.heights, float))
        ground = min(max(self.y(0.0), self.area.top()), self.area.bottom())
        for left, right, top in zip(edges[:-1].tolist(), edges[1:].tolist(), tops.tolist(), strict=True):
            gap = 0.5 if right - left > 3 else 0.0
            if top < ground:
                self._painter.drawRect(QRectF(left + gap, top, max(right - left - 2 * gap, 0.75), ground - top))

    def _paint_contours(self) -> None:
        contours = self._drawing.contours
        assert contours is not None
        current = theme.current()
        pen = QPen(_between(current.surface, current.muted, 0.45), 1)  # opaque: pieces of a line must not add up
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        self._painter.setPen(pen)
        for level in contours.levels[:: 3 if self._small else 1]:
            pieces = segments(contours, level)
            flat = np.stack([self.x(pieces[..., 0]), self.y(pieces[..., 1])], axis=-1).reshape(-1, 4)
            self._painter.drawLines([QLineF(*piece) for piece in flat.tolist()])

    def _paint_arrows(self) -> None:
        arrows = self._drawing.arrows
        assert arrows is not None
        painter, color = self._painter, QColor(theme.current().accent)
        start = np.stack([self.x(arrows.start[:, 0]), self.y(arrows.start[:, 1])], axis=1)
        end = np.stack([self.x(arrows.end[:, 0]), self.y(arrows.end[:, 1])], axis=1)
        head = 3.0 if self._small else 5.0
        painter.setBrush(color)
        for (x0, y0), (x1, y1) in zip(start.tolist(), end.tolist(), strict=True):
            length = float(np.hypot(x1 - x0, y1 - y0))
            if length < 1.5:  # it stays
                if self._small:
                    continue
                painter.setPen(Qt.PenStyle.NoPen)
                painter.drawEllipse(QPointF(x0, y0), head / 4, head / 4)
                continue
            ux, uy = (x1 - x0) / length, (y1 - y0) / length
            size = min(head, length)
            painter.setPen(QPen(color, 1))
            painter.drawLine(QLineF(x0, y0, x1 - ux * size, y1 - uy * size))
            painter.setPen(Qt.PenStyle.NoPen)
            left = QPointF(x1 - ux * size - uy * size * 0.5, y1 - uy * size + ux * size * 0.5)
            right = QPointF(x1 - ux * size + uy * size * 0.5, y1 - uy * size - ux * size * 0.5)
            painter.drawPolygon(QPolygonF([QPointF(x1, y1), left, right]))

    def _paint_curve(self, curve: Curve) -> None:
        painter = self._painter
        strong = curve.role == "main"
        if self._small and curve.role in ("other", "faint"):
            return
        many = curve.role == "other" and len(self._drawing.curves) > _LEGEND
        width = (2.0 if strong else 1.25) if not self._small else (1.5 if strong else 1.0)
        color = curve_color(curve)
        color.setAlphaF(color.alphaF() * (0.6 if many else 1.0))
        pen = QPen(color, width)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        x, y = self.x(np.asarray(curve.x, float)), self.y(np.asarray(curve.y, float))
        y = np.clip(y, self.area.top() - 1000, self.area.bottom() + 1000)
        for piece in _pieces(x, y):
            painter.drawPolyline(QPolygonF([QPointF(*point) for point in piece.tolist()]))
        if curve.ends and not self._small:
            painter.setBrush(curve_color(curve))
            painter.setPen(Qt.PenStyle.NoPen)
            if np.isfinite(y[-1]) and np.isfinite(x[-1]):
                painter.drawEllipse(QPointF(float(x[-1]), float(y[-1])), 3.0 if strong else 2.0, 3.0 if strong else 2.0)

    # --- words -----------------------------------------------------------------------------------------------------

    def paint_marks(self) -> None:
        """Vertical lines with words at their side, on a ground of their own."""
        for mark in self._drawing.marks:
            self._paint_mark(mark)

    def _paint_mark(self, mark: Mark) -> None:
        painter, area, current = self._painter, self.area, theme.current()
        x = self.x(min(max(mark.x, self.x_range[0]), self.x_range[1]))
        painter.setPen(QPen(QColor(current.text), 1, Qt.PenStyle.DotLine))
        painter.drawLine(QLineF(x, area.top(), x, area.bottom()))
        if mark.y is not None and np.isfinite(mark.y):
            painter.setPen(QPen(QColor(current.surface), 1.5))
            painter.setBrush(QColor(current.text))
            painter.drawEllipse(QPointF(x, self.y(mark.y)), 4, 4)
        size = QSizeF(self._metrics.horizontalAdvance(mark.text) + 2 * _PAD, _ROW)
        left = x + _PAD if x + _PAD + size.width() <= area.right() else max(x - _PAD - size.width(), area.left())
        # Where the curve is not: in the lower half if the dot is in the upper one.
        high = mark.y is not None and self.y(mark.y) < area.center().y()
        top = area.bottom() - _ROW - _PAD if high else area.top() + 2
        ground = QColor(current.surface)
        ground.setAlphaF(0.85)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ground)
        painter.drawRoundedRect(QRectF(left, top, size.width(), size.height()), 3, 3)
        painter.setPen(QColor(current.text))
        painter.drawText(QRectF(left, top, size.width(), size.height()), Qt.AlignmentFlag.AlignCenter, mark.text)

    def paint_legend(self) -> None:
        """The names of the curves with a piece of each, where fewest of them pass."""
        named = [curve for curve in self._drawing.curves if curve.name]
        if not named or not _fits_inside(self._drawing):
            return
        painter, area, current = self._painter, self.area, theme.current()
        room = max(1, int((area.height() - 2 * _PAD) / _ROW))
        named = named[:room]
        width = max(self._metrics.horizontalAdvance(curve.name) for curve in named) + 24
        height = len(named) * _ROW + _PAD
        box = self._freest(width, height)
        ground = QColor(current.surface)
        ground.setAlphaF(0.8)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ground)
        painter.drawRoundedRect(box, 3, 3)
        for number, curve in enumerate(named):
            y = box.top() + _PAD / 2 + number * _ROW
            painter.setPen(QPen(curve_color(curve), 2))
            painter.drawLine(QLineF(box.left() + 4, y + _ROW / 2, box.left() + 16, y + _ROW / 2))
            strong = curve.role == "main" and len(named) > 2
            painter.setPen(QColor(current.text if strong or len(named) <= 2 else current.muted))
            painter.drawText(
                QRectF(box.left() + 20, y, width, _ROW),
                Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter,
                curve.name,
            )

    def _freest(self, width: float, height: float) -> QRectF:
        """The corner of the area that fewest points of the curves lie in."""
        area = self.area
        xs = np.concatenate([self.x(np.asarray(curve.x, float)) for curve in self._drawing.curves])
        ys = np.concatenate([self.y(np.asarray(curve.y, float)) for curve in self._drawing.curves])
        best, fewest = QRectF(), None
        for left in (area.left() + 3, area.right() - width - 3):
            for top in (area.top() + 3, area.bottom() - height - 3):
                inside = (xs > left - 4) & (xs < left + width + 4) & (ys > top - 4) & (ys < top + height + 4)
                count = int(inside.sum())
                if fewest is None or count < fewest:
                    best, fewest = QRectF(left, top, width, height), count
        return best


def _pieces(x: NDArray[Any], y: NDArray[Any]) -> list[NDArray[Any]]:
    """The stretches without a gap, each (n, 2), n ≥ 2."""
    finite = np.isfinite(x) & np.isfinite(y)
    cuts = np.flatnonzero(np.diff(finite.astype(int))) + 1
    points = np.stack([x, y], axis=1)
    return [part for part in np.split(points, cuts) if len(part) > 1 and np.isfinite(part).all()]


def _between(start: str, end: str, share: float) -> QColor:
    first, second = QColor(start), QColor(end)
    mixed = (
        round(a + (b - a) * share)
        for a, b in (
            (first.red(), second.red()),
            (first.green(), second.green()),
            (first.blue(), second.blue()),
        )
    )
    return QColor(*mixed)


def _widened(bounds: Bounds, span: float) -> Bounds:
    middle = (bounds[0] + bounds[1]) / 2
    return middle - span / 2, middle + span / 2


@lru_cache(maxsize=512)
def _number(value: float) -> str:
    locale = QLocale()
    if value and not 1e-3 <= abs(value) < 1e5:
        text = f"{value:.1e}".replace("e-0", "e-").replace("e+0", "e").replace("e+", "e").replace(".0e", "e")
    else:
        text = f"{value:.6f}".rstrip("0").rstrip(".")
    return text.replace(".", locale.decimalPoint()).replace("-", "−")
