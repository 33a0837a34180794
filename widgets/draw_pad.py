"""A sheet to draw on with mouse, tablet or keyboard: soft strokes whose width follows the pressure."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QTabletEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from widgets import theme

SIDE = 256
"""Pixels of the sheet, whatever the size of the widget."""
_LIGHTEST = 0.35
"""What a pen that hardly touches makes of the width of the brush."""
_KEY_STEP = 1 / 32


@dataclass(frozen=True)
class Stroke:
    """A line drawn in one go: places (0 to 1) with the width of the brush there, as a part of the side."""

    points: tuple[tuple[float, float, float], ...]
    color: tuple[int, int, int] = (255, 255, 255)


@dataclass(frozen=True)
class _Pen:
    width: float = 0.1
    color: tuple[int, int, int] = (255, 255, 255)
    erases: bool = False
    cursor: tuple[float, float] = field(default=(0.5, 0.5))
    """Where the keyboard draws."""


class DrawPad(QWidget):
    """Ink is bright on a dark sheet, as in the data. Arrow keys move a cross, with Shift they draw."""

    drawn = Signal()
    """The picture has changed."""
    stroke_ended = Signal()
    """The pen was lifted, or strokes were taken back."""

    def __init__(self, object_name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(object_name)
        self.setAccessibleName(self.tr("Sheet to draw on"))
        self.setAccessibleDescription(self.tr("Arrow keys move the pen, with Shift they draw; Backspace takes back"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self._strokes: tuple[Stroke, ...] = ()
        self._past: list[tuple[Stroke, ...]] = []
        self._running: Stroke | None = None
        self._by_keys = False
        self._keyboard = False
        self._pen = _Pen()
        self._settled = _empty_sheet()
        self._sheet = self._settled

    # --- values in -------------------------------------------------------------------------------------------------

    def set_brush(self, width: float) -> None:
        """The width of strokes to come, as a part of the side."""
        self._pen = replace(self._pen, width=width)

    def set_color(self, color: tuple[int, int, int]) -> None:
        """Red, green and blue of strokes to come, 0 to 255."""
        self._pen = replace(self._pen, color=color)

    def set_erasing(self, erasing: bool) -> None:
        """Whether strokes to come take ink away."""
        self._pen = replace(self._pen, erases=erasing)

    def undo_stroke(self) -> None:
        """Take back the last stroke, or what `clear` has cleared."""
        if self._past:
            self._put(self._past.pop())

    def clear(self) -> None:
        """Take a new sheet."""
        if self._strokes:
            self._past.append(self._strokes)
            self._put(())

    # --- what is on it ---------------------------------------------------------------------------------------------

    def is_empty(self) -> bool:
        """Whether nothing is drawn."""
        return not self._strokes and self._running is None

    def can_undo(self) -> bool:
        """Whether there is something to take back."""
        return bool(self._past)

    def strokes(self) -> tuple[Stroke, ...]:
        """The strokes that are finished."""
        return self._strokes

    def raster(self, channels: int) -> NDArray[np.uint8]:
        """The picture, (channels, SIDE, SIDE): grey for one channel, else red, green and blue."""
        pixels = np.frombuffer(self._sheet.constBits(), np.uint8).reshape(SIDE, SIDE, 4)
        if channels == 3:
            return np.ascontiguousarray(pixels[..., 2::-1].transpose(2, 0, 1))
        return np.ascontiguousarray(pixels[None, ..., 1])

    def area(self) -> QRectF:
        """Where the sheet lies, a square."""
        side = min(self.width(), self.height()) - 2
        return QRectF((self.width() - side) / 2, (self.height() - side) / 2, side, side)

    def sizeHint(self) -> QSize:
        """Large enough to draw in comfort."""
        return QSize(220, 220)

    def minimumSizeHint(self) -> QSize:
        """Small, but still a sheet."""
        return QSize(96, 96)

    # --- strokes ---------------------------------------------------------------------------------------------------

    def _begin(self, place: QPointF, pressure: float) -> None:
        pen = self._pen
        self._running = Stroke((), (0, 0, 0) if pen.erases else pen.color)
        self._go_on(place, pressure)

    def _go_on(self, place: QPointF, pressure: float) -> None:
        assert self._running is not None
        area = self.area()
        width = self._pen.width * (_LIGHTEST + (1 - _LIGHTEST) * pressure)
        point = ((place.x() - area.left()) / area.width(), (place.y() - area.top()) / area.height(), width)
        if not self._running.points or self._running.points[-1][:2] != point[:2]:
            self._add(point)

    def _add(self, point: tuple[float, float, float]) -> None:
        assert self._running is not None
        self._running = replace(self._running, points=(*self._running.points, point))
        self._sheet = self._settled.copy()
        _paint_stroke(self._sheet, self._running)
        self.drawn.emit()
        self.update()

    def _end(self) -> None:
        if self._running is None:
            return
        self._past.append(self._strokes)
        self._strokes = (*self._strokes, self._running)
        self._running = None
        self._settled = self._sheet
        self.stroke_ended.emit()

    def _put(self, strokes: tuple[Stroke, ...]) -> None:
        self._running = None
        self._strokes = strokes
        self._settled = _empty_sheet()
        for stroke in strokes:
            _paint_stroke(self._settled, stroke)
        self._sheet = self._settled
        self.drawn.emit()
        self.stroke_ended.emit()
        self.update()

    # --- events ----------------------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin a stroke."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._end()
            self._begin(event.position(), 1.0)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Go on with it."""
        if self._running is not None and not self._by_keys:
            self._go_on(event.position(), 1.0)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Lift the pen."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._end()

    def tabletEvent(self, event: QTabletEvent) -> None:
        """As with a mouse; the harder, the wider. The other end of the pen erases."""
        kinds = {QEvent.Type.TabletPress, QEvent.Type.TabletMove, QEvent.Type.TabletRelease}
        if event.type() not in kinds:
            event.ignore()
            return
        if event.type() == QEvent.Type.TabletPress:
            self.setFocus(Qt.FocusReason.MouseFocusReason)
            self._begin(event.position(), event.pressure())
        elif event.type() == QEvent.Type.TabletMove and self._running is not None:
            self._go_on(event.position(), event.pressure())
        elif event.type() == QEvent.Type.TabletRelease:
            self._end()
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move the pen or draw with it; take the last stroke or all of them back."""
        steps = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1)}
        step = steps.get(Qt.Key(event.key()))
        self._keyboard = True
        if step is not None:
            self._move(step, bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))
        elif event.key() == Qt.Key.Key_Backspace:
            self.undo_stroke()
        elif event.key() == Qt.Key.Key_Delete:
            self.clear()
        else:
            event.ignore()

    def _move(self, step: tuple[int, int], draws: bool) -> None:
        before = self._pen.cursor
        x, y = (min(max(at + _KEY_STEP * by, 0.0), 1.0) for at, by in zip(before, step, strict=True))
        self._pen = replace(self._pen, cursor=(x, y))
        if draws:
            if self._running is None:
                self._by_keys = True
                self._running = Stroke((), (0, 0, 0) if self._pen.erases else self._pen.color)
                self._add((*before, self._pen.width))
            self._add((x, y, self._pen.width))
        elif self._by_keys:
            self._lift_keys()
        self.update()

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """Lift the pen of the keyboard."""
        if event.key() == Qt.Key.Key_Shift and self._by_keys:
            self._lift_keys()
        else:
            super().keyReleaseEvent(event)

    def _lift_keys(self) -> None:
        self._by_keys = False
        self._end()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._keyboard = event.reason() in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Lift the pen of the keyboard."""
        super().focusOutEvent(event)
        if self._by_keys:
            self._lift_keys()
        self.update()

    # --- painting --------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, current, area = QPainter(self), theme.current(), self.area()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(area, self._sheet)
        if self.is_empty():
            painter.setPen(QColor(theme.DARK.muted))
            painter.drawText(area.adjusted(8, 8, -8, -8), Qt.AlignmentFlag.AlignCenter, self.tr("Draw here"))
        focused = self.hasFocus() and self._keyboard
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(current.accent if focused else current.line), 2 if focused else 1))
        painter.drawRect(area)
        if focused:
            self._paint_cross(painter, area)

    def _paint_cross(self, painter: QPainter, area: QRectF) -> None:
        """Where the keyboard draws."""
        x = area.left() + self._pen.cursor[0] * area.width()
        y = area.top() + self._pen.cursor[1] * area.height()
        painter.setPen(QPen(QColor(theme.current().accent), 1))
        painter.drawLine(QPointF(x - 5, y), QPointF(x + 5, y))
        painter.drawLine(QPointF(x, y - 5), QPointF(x, y + 5))


def _empty_sheet() -> QImage:
    sheet = QImage(SIDE, SIDE, QImage.Format.Format_RGB32)
    sheet.fill(QColor(0, 0, 0))
    return sheet


def _paint_stroke(sheet: QImage, stroke: Stroke) -> None:
    """Round and soft, its corners smoothed: curves from the middle of each piece to the middle of the next."""
    painter = QPainter(sheet)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    pen = QPen(QColor(*stroke.color), 1)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    points = [(QPointF(x * SIDE, y * SIDE), width * SIDE) for x, y, width in stroke.points]
    if len(points) == 1:
        pen.setWidthF(points[0][1])
        painter.setPen(pen)
        painter.drawPoint(points[0][0])
    start = points[0][0]
    for number in range(1, len(points)):
        (corner, width), last = points[number - 1], number == len(points) - 1
        end = points[number][0] if last else (corner + points[number][0]) / 2
        path = QPainterPath(start)
        if number == 1 and not last:
            path.lineTo(end)
        else:
            path.quadTo(corner, end)
        pen.setWidthF((width + points[number][1]) / 2)
        painter.strokePath(path, pen)
        start = end
    painter.end()


def _sample() -> QWidget:
    pad = DrawPad("sample.pad")
    for points in (((0.3, 0.2), (0.7, 0.22), (0.55, 0.5), (0.45, 0.85)), ((0.35, 0.52), (0.66, 0.5))):
        pad._put((*pad.strokes(), Stroke(tuple((x, y, 0.09) for x, y in points))))
    pad.resize(240, 240)
    return pad


if __name__ == "__main__":
    theme.demo(_sample)
