"""The plane as the network sees it: a smooth map, the samples on it, axes, a probe, and a pen to draw samples with."""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QSizePolicy, QWidget

from widgets import theme
from widgets.heatmap_colors import ColorImage, Kind, table
from widgets.heatmap_points import SamplePoints, draw_points

LOW, HIGH = -6.0, 6.0
"""The square of the plane that is shown, in both directions."""
ERASER_RADIUS = 0.5
"""In units of the plane."""

Tool = int | Literal["erase"] | None

_LEFT, _BOTTOM, _EDGE = 20, 18, 1
_TICKS = (-6, -3, 0, 3, 6)
_STROKE_STEP = 8.0  # pixels between two points of a stroke
_KEY_STEP, _KEY_LEAP = 0.1, 1.0  # of the probe, in units of the plane
_DIMMED = 0.25


class HeatMap(QWidget):
    """A square map of [-6, 6]² with samples on it. Values in by `set_…`, which emit nothing; the pointer comes out."""

    probe_moved = Signal()
    """The pointer or the arrow keys moved the probe, or it went away: see `probe`."""
    points_drawn = Signal(list, int)
    """Points [(x, y), …] that the user drew, and their class."""
    points_erased = Signal(float, float, float)
    """Centre x, y and radius of what the user rubbed out."""
    stroke_finished = Signal()
    """The button was released: what was drawn or erased since the press is one edit."""

    def __init__(self, object_name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(object_name)
        self.setAccessibleName(self.tr("Map of the network's answer over the plane"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._image: ColorImage | None = None
        self._pixels: NDArray[np.uint8] | None = None
        self._kind: Kind = "signed"
        self._samples = SamplePoints()
        self._still: QPixmap | None = None
        self._show_test = True
        self._discrete = False
        self._title = ""
        self._empty_text = self.tr("The network's answer is drawn here.")
        self._tool: Tool = None
        self._last: QPointF | None = None  # of the stroke under way, in pixels
        self._probe: tuple[float, float] | None = None

    # --- values in -------------------------------------------------------------------------------------------------

    def set_image(self, image: NDArray[np.uint8] | None, kind: Kind) -> None:
        """Show a map (height, width), row 0 at the top: an index into the table of its kind; None: no map.

        Raises ValueError for another type or number of dimensions.
        """
        if image is not None and (image.dtype != np.uint8 or image.ndim != 2):
            raise ValueError(f"image (={image.dtype}, {image.ndim}-d) must be uint8 with two dimensions")
        self._kind = kind
        self._pixels = None if image is None else np.ascontiguousarray(image)
        self._make_image()
        self.update()

    def set_samples(self, samples: SamplePoints) -> None:
        """Show other samples."""
        self._samples = samples
        self._drop_still()

    def set_test_visible(self, visible: bool) -> None:
        """Show or hide the samples kept back for the test."""
        self._show_test = visible
        self._drop_still()

    def set_discrete(self, discrete: bool) -> None:
        """Show which side wins instead of by how much."""
        self._discrete = discrete
        self._make_image()
        self.update()

    def set_title(self, title: str) -> None:
        """Name another thing than the network's answer that the map shows; the samples then step back."""
        self._title = title
        self._drop_still()

    def set_tool(self, tool: Tool) -> None:
        """What a drag does: nothing (None), draw points of a class, or "erase". A stroke with the same tool goes on."""
        if tool == self._tool:
            return
        self._tool = tool
        self._last = None
        if tool is None:
            self.unsetCursor()
        else:
            self.setCursor(Qt.CursorShape.CrossCursor)
        self.update()

    def clear(self) -> None:
        """Without map and samples."""
        self.set_image(None, self._kind)
        self.set_samples(SamplePoints())

    # --- geometry --------------------------------------------------------------------------------------------------

    def probe(self) -> tuple[float, float] | None:
        """Where on the plane the user points, or None."""
        return self._probe

    def map_rect(self) -> QRectF:
        """The square the plane fills, in pixels of the widget."""
        side = max(1, min(self.width() - _LEFT - _EDGE, self.height() - _BOTTOM - _EDGE))
        left = _LEFT + (self.width() - _LEFT - _EDGE - side) // 2
        return QRectF(left, _EDGE, side, side)

    def to_pixels(self, x: float, y: float) -> QPointF:
        """Where a point of the plane lies on the widget."""
        area = self.map_rect()
        scale = area.width() / (HIGH - LOW)
        return QPointF(area.left() + (x - LOW) * scale, area.top() + (HIGH - y) * scale)

    def to_plane(self, place: QPointF) -> tuple[float, float]:
        """The point of the plane at a place on the widget, at most the border."""
        area = self.map_rect()
        scale = (HIGH - LOW) / area.width()
        x, y = LOW + (place.x() - area.left()) * scale, HIGH - (place.y() - area.top()) * scale
        return min(max(x, LOW), HIGH), min(max(y, LOW), HIGH)

    def sizeHint(self) -> QSize:
        """As wide as a side panel."""
        return QSize(304, self.full_height(304))

    def full_height(self, width: int) -> int:
        """The height at which the square fills a width."""
        return width - _LEFT + _BOTTOM

    def minimumSizeHint(self) -> QSize:
        """Small, but still a picture."""
        return QSize(120, 120)

    # --- painting --------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        colours, area = theme.current(), self.map_rect()
        painter = QPainter(self)
        if self._image is None:
            painter.fillRect(area, QColor(colours.raised))
        else:
            self._image.paint(painter, area)
        painter.drawPixmap(0, 0, self._still_layer())
        if self._image is None and not len(self._samples):  # the samples would shine through the words
            self._paint_sentence(painter, area)
        if self._title:
            self._paint_title(painter, area)
        self._paint_probe(painter, area)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        focused = self.hasFocus()
        painter.setPen(QPen(QColor(colours.accent if focused else colours.line), 2 if focused else 1))
        painter.drawRect(area)

    def _still_layer(self) -> QPixmap:
        """Samples and axes in one picture, which stays as it is while the map under it changes."""
        ratio = self.devicePixelRatioF()
        size = (self.size().toSizeF() * ratio).toSize()
        if self._still is None or self._still.size() != size or self._still.devicePixelRatio() != ratio:
            self._still = QPixmap(size)
            self._still.fill(Qt.GlobalColor.transparent)
            self._still.setDevicePixelRatio(ratio)
            painter, area = QPainter(self._still), self.map_rect()
            if len(self._samples):
                painter.setOpacity(_DIMMED if self._title else 1.0)
                points = draw_points(self._samples, round(area.width() * ratio), ratio, self._show_test)
                painter.drawPixmap(area.topLeft(), points)
                painter.setOpacity(1.0)
            self._paint_axes(painter, area)
            painter.end()
        return self._still

    def _paint_axes(self, painter: QPainter, area: QRectF) -> None:
        colours = theme.current()
        painter.setFont(theme.font(theme.SMALL))
        for value in _TICKS:
            place = self.to_pixels(value, value)
            painter.setPen(QColor(colours.line))
            painter.drawLine(QPointF(place.x(), area.bottom()), QPointF(place.x(), area.bottom() + 3))
            painter.drawLine(QPointF(area.left() - 3, place.y()), QPointF(area.left(), place.y()))
            painter.setPen(QColor(colours.muted))
            text = self.locale().toString(value).replace("-", "−")
            below = QRectF(place.x() - 12, area.bottom() + 3, 24, _BOTTOM - 4)
            below.moveRight(min(below.right(), self.width() + 4.0))
            painter.drawText(below, Qt.AlignmentFlag.AlignCenter, text)
            beside = QRectF(area.left() - _LEFT, place.y() - 8, _LEFT - 5, 16)
            beside.moveTop(max(beside.top(), 0.0))
            painter.drawText(beside, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text)

    def _paint_sentence(self, painter: QPainter, area: QRectF) -> None:
        painter.setFont(theme.font(theme.NORMAL))
        painter.setPen(QColor(theme.current().muted))
        inner = area.adjusted(theme.MARGIN, theme.MARGIN, -theme.MARGIN, -theme.MARGIN)
        flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
        painter.drawText(inner, int(flags), self._empty_text)

    def _paint_title(self, painter: QPainter, area: QRectF) -> None:
        colours = theme.current()
        painter.setFont(theme.font(theme.SMALL))
        width = painter.fontMetrics().horizontalAdvance(self._title) + 2 * theme.SPACING
        label = QRectF(area.left() + theme.SPACING, area.top() + theme.SPACING, width, 20)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ground = QColor(colours.surface)
        ground.setAlphaF(0.92)
        painter.setPen(QColor(colours.line))
        painter.setBrush(ground)
        painter.drawRoundedRect(label.translated(0.5, 0.5), 4, 4)
        painter.setPen(QColor(colours.text))
        painter.drawText(label, Qt.AlignmentFlag.AlignCenter, self._title)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def _paint_probe(self, painter: QPainter, area: QRectF) -> None:
        if self._probe is None:
            return
        colours, place = theme.current(), self.to_pixels(*self._probe)
        painter.setClipRect(area)
        for color, width, alpha in ((colours.background, 3, 0.25), (colours.text, 1, 0.75)):
            line = QColor(color)
            line.setAlphaF(alpha)
            painter.setPen(QPen(line, width))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            if self._tool == "erase":
                painter.setRenderHint(QPainter.RenderHint.Antialiasing)
                radius = ERASER_RADIUS * area.width() / (HIGH - LOW)
                painter.drawEllipse(place, radius, radius)
                painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
            elif self._tool is None:
                x, y = round(place.x()), round(place.y())
                painter.drawLine(QPoint(x, int(area.top())), QPoint(x, int(area.bottom())))
                painter.drawLine(QPoint(int(area.left()), y), QPoint(int(area.right()), y))
            elif self.hasFocus():
                painter.drawEllipse(place, 4, 4)
        painter.setClipping(False)

    def _make_image(self) -> None:
        pixels = self._pixels
        if pixels is None:
            self._image = None
        else:
            self._image = ColorImage(pixels, table(theme.current(), self._kind, self._discrete))

    def _drop_still(self) -> None:
        self._still = None
        self.update()

    # --- events ----------------------------------------------------------------------------------------------------

    def changeEvent(self, event: QEvent) -> None:
        """Draw again in the colours of another theme."""
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange):
            self._make_image()
            self._drop_still()
        elif event.type() == QEvent.Type.LanguageChange:
            self._empty_text = self.tr("The network's answer is drawn here.")
            self._drop_still()
        super().changeEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin a stroke."""
        inside = self.map_rect().contains(event.position())
        if event.button() == Qt.MouseButton.LeftButton and self._tool is not None and inside:
            self._last = event.position()
            self._apply_tool([event.position()])
        else:
            super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Move the probe, and the stroke that is under way."""
        place = event.position()
        inside = self.map_rect().contains(place)
        self._move_probe(self.to_plane(place) if inside else None)
        if self._last is not None and event.buttons() & Qt.MouseButton.LeftButton:
            self._continue_stroke(place)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End the stroke."""
        if event.button() == Qt.MouseButton.LeftButton and self._last is not None:
            self._last = None
            self.stroke_finished.emit()
        super().mouseReleaseEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        """Take the probe away with the pointer."""
        self._move_probe(None)
        super().leaveEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Take away a probe that the keyboard placed."""
        if not self.underMouse():
            self._move_probe(None)
        super().focusOutEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrow keys move the probe (with Shift by a whole unit), Enter draws or erases there, Escape takes it away."""
        directions = {
            Qt.Key.Key_Left: (-1, 0),
            Qt.Key.Key_Right: (1, 0),
            Qt.Key.Key_Up: (0, 1),
            Qt.Key.Key_Down: (0, -1),
        }
        key = Qt.Key(event.key())
        if key in directions:
            step = _KEY_LEAP if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else _KEY_STEP
            moved = [
                min(max(round(old + step * direction, 6), LOW), HIGH)
                for old, direction in zip(self._probe or (0.0, 0.0), directions[key], strict=True)
            ]
            self._move_probe((moved[0], moved[1]) if self._probe else (0.0, 0.0))
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._tool is not None and self._probe is not None:
            self._apply_tool([self.to_pixels(*self._probe)])
            self.stroke_finished.emit()
        elif key == Qt.Key.Key_Escape and self._probe is not None:
            self._move_probe(None)
        else:
            super().keyPressEvent(event)

    def _move_probe(self, place: tuple[float, float] | None) -> None:
        if place != self._probe:
            self._probe = place
            self.update()
            self.probe_moved.emit()

    def _continue_stroke(self, place: QPointF) -> None:
        """Apply the tool every few pixels along the way, however fast the pointer went."""
        assert self._last is not None
        way = place - self._last
        length = math.hypot(way.x(), way.y())
        count = int(length / _STROKE_STEP)
        places = [self._last + way * (step * _STROKE_STEP / length) for step in range(1, count + 1)]
        if places:
            self._last = places[-1]
            self._apply_tool([spot for spot in places if self.map_rect().contains(spot)])

    def _apply_tool(self, places: list[QPointF]) -> None:
        spots = [self.to_plane(place) for place in places]
        if self._tool == "erase":
            for x, y in spots:
                self.points_erased.emit(x, y, ERASER_RADIUS)
        elif isinstance(self._tool, int) and spots:
            self.points_drawn.emit(spots, self._tool)


def _sample() -> QWidget:
    widget = HeatMap("sample.heatmap")
    step = np.linspace(LOW, HIGH, 100)
    x, y = np.meshgrid(step, -step)
    widget.set_image(np.rint(127.5 + 127.5 * np.tanh(np.sin(x) * y)).astype(np.uint8), "signed")
    rng = np.random.default_rng(1)
    points: NDArray[Any] = rng.uniform(LOW, HIGH, (200, 2))
    classes = (np.sin(points[:, 0]) * points[:, 1] > 0).astype(int)
    widget.set_samples(SamplePoints(points[:100], classes[:100], points[100:], classes[100:]))
    widget.setWindowTitle(QCoreApplication.applicationName())
    return widget


if __name__ == "__main__":
    theme.demo(_sample)
