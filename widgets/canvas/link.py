"""A link between two cards: one curve for every weight, one for every value handed on, or a single wire."""

from __future__ import annotations

import math
from enum import Enum

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPainterPathStroker, QPen, QTransform
from PySide6.QtWidgets import QGraphicsItem, QGraphicsRectItem, QStyleOptionGraphicsItem, QWidget

from engine.document.graph import Edge
from widgets.canvas.card import Card
from widgets.canvas.strands import StrandRaster, ordinates, slopes
from widgets.canvas.style import THICK, THIN, TILE, Style, is_vector

_MARGIN = 6.0
_DETOUR = 24.0
_LARGEST_PICTURE = 4_000_000
"""Pixels; beyond, the curves are drawn coarser."""


class Kind(Enum):
    """How a link is drawn."""

    WEIGHTS = "weights"
    THREADS = "threads"
    WIRE = "wire"


class Link(QGraphicsRectItem):
    """All curves of one edge. Its geometry follows the cards; new weights recolour it in place."""

    def __init__(self, edge: Edge, source: Card, target: Card, offset: int, style: Style) -> None:
        super().__init__()
        self.edge, self.source, self.target, self.offset, self.style = edge, source, target, offset, style
        self.kind = Kind.WIRE
        self.selected = self.hovered = self.faded = False
        self.hovered_weight: tuple[int, int] | None = None
        self.weights: NDArray[np.floating] | None = None
        self._path: QPainterPath | None = None
        self.stale = False
        """Whether the picture shows older weights than `weights`."""
        self._levels: NDArray[np.int16] | None = None
        self._starts = self._ends = np.zeros(0, np.float32)
        self._raster: StrandRaster | None = None
        self._raster_key: tuple[float, ...] = ()
        self._pixels: NDArray[np.uint32] | None = None
        self._image: QImage | None = None
        self._bounds = QRectF()
        self.setPen(QPen(Qt.PenStyle.NoPen))  # Qt keeps the rectangle, and so asks Python for nothing
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)
        self.follow()

    # --- geometry -----------------------------------------------------------------------------------------------

    def follow(self) -> None:
        """Run where the two cards are now."""
        self._raster, self._image = None, None
        start, end = self.source, self.target
        outputs, inputs = start.layout.tiles, end.layout.tiles
        self.kind = self._kind()
        # A wire ends at the borders of its cards and passes behind others; curves between neurons run above frames.
        self.setZValue(-1 if self.kind is Kind.WIRE else 1)
        if self.kind is Kind.WIRE:
            port = min(self.edge.port, len(end.layout.in_ports) - 1)
            self._path = wire(
                start.position + start.layout.out_port,
                end.position + (end.layout.in_ports[port] if port >= 0 else QPointF(end.layout.frame.left(), 0)),
                min(start.scene_frame.top(), end.scene_frame.top()) - _DETOUR,
            )
            bounds = self._path.boundingRect()
        else:
            source, target = start.position.y(), end.position.y()
            heights = np.array([source + rect.center().y() for rect in outputs], np.float32)
            targets = np.array([target + rect.center().y() for rect in inputs], np.float32)
            if self.kind is Kind.WEIGHTS:
                self._starts, self._ends = np.tile(heights, len(targets)), np.repeat(targets, len(heights))
            else:
                self._starts, self._ends = heights, targets[self.offset : self.offset + len(heights)]
            self._path = None
            left, right = self.left, self.right
            top, bottom = min(self._starts.min(), self._ends.min()), max(self._starts.max(), self._ends.max())
            # Curves that leave and arrive level stay between the heights of their ends.
            bounds = QRectF(left, float(top), right - left, float(bottom - top))
        self._bounds = bounds.adjusted(-_MARGIN, -_MARGIN, _MARGIN, _MARGIN)
        if self.kind is not Kind.WIRE:  # the brackets of a selected link reach as far as the neurons
            self._bounds.adjust(0, -TILE / 2, 0, TILE / 2)
        self.setRect(self._bounds)
        self.update()
        if self.weights is not None and (self.kind is not Kind.WEIGHTS or self.weights.size != len(self._starts)):
            self.forget()  # weights of the network before; those of this one are under way
        self._keep_picture()

    def _keep_picture(self) -> None:
        """Let Qt keep the picture of curves without weights: stroking them is slow, and they rarely change."""
        live = self.kind is Kind.WEIGHTS and self._levels is not None
        mode = QGraphicsItem.CacheMode.NoCache if live else QGraphicsItem.CacheMode.DeviceCoordinateCache
        if mode != self.cacheMode():
            self.setCacheMode(mode)

    def _kind(self) -> Kind:
        if not (self.source.layout.is_open and self.target.layout.is_open) or self.right - self.left < 2 * _DETOUR:
            return Kind.WIRE
        units, inputs = len(self.target.layout.tiles), len(self.source.layout.tiles)
        weight = self.target.node.parameters.get("weight")
        if weight is not None and weight.shape == (units, inputs):
            return Kind.WEIGHTS
        # a weight per unit, as of a norm, mixes nothing
        target = self.target.node
        mixes = bool(target.weights_of) or any(len(learned.shape) > 1 for learned in target.parameters.values())
        return Kind.THREADS if not mixes and self.offset + inputs <= units else Kind.WIRE

    @property
    def left(self) -> float:
        """Abscissa at which curves leave the neurons of the source."""
        return self.source.position.x() + (self.source.layout.tiles[0].right() if self.source.layout.tiles else 0.0)

    @property
    def right(self) -> float:
        """Abscissa at which they reach those of the target."""
        return self.target.position.x() + (self.target.layout.tiles[0].left() if self.target.layout.tiles else 0.0)

    @property
    def path(self) -> QPainterPath:
        """All its curves; those between neurons are made when they are first asked for."""
        if self._path is None:
            self._path = QPainterPath()
            left, right = self.left, self.right
            for y_start, y_end in zip(self._starts.tolist(), self._ends.tolist(), strict=True):
                self._path.addPath(wire(QPointF(left, y_start), QPointF(right, y_end)))
        return self._path

    # --- values -------------------------------------------------------------------------------------------------

    def set_weights(self, weights: NDArray[np.floating]) -> bool:
        """Take over new weights (units, inputs); returns whether the picture has visibly to change."""
        if self.kind is not Kind.WEIGHTS or weights.size != len(self._starts):
            return False
        self.weights = weights
        flat = weights.ravel()
        largest = float(np.max(np.abs(flat)))
        share = (np.abs(flat) / largest) ** 0.8 if largest > 0 and math.isfinite(largest) else np.zeros(flat.shape)
        # 48 steps of width are finer than the eye; equal steps mean that nothing needs to be drawn.
        levels = (np.rint(share * 48) * 2 + (flat < 0)).astype(np.int16)
        if self._levels is not None and np.array_equal(levels, self._levels):
            return False
        self._levels, self.stale = levels, True
        self._keep_picture()
        return True

    def forget(self) -> None:
        """Show no weights until others come."""
        self.weights = self._levels = self._image = self.hovered_weight = None
        self.stale = False
        self._keep_picture()
        self.update()

    def refresh(self) -> None:
        """Draw the newest weights; nothing on the screen moves."""
        if self._raster is not None and self._levels is not None:
            self._render()
        self.update()

    @property
    def has_picture(self) -> bool:
        """Whether its curves were drawn before, so that newer weights may wait their turn."""
        return self._image is not None

    def weight(self, index: tuple[int, int]) -> float | None:
        """The weight (unit, input); None if there is none."""
        if self.weights is None or not (index[0] < self.weights.shape[0] and index[1] < self.weights.shape[1]):
            return None
        return float(self.weights[index])

    def weight_at(self, point: QPointF, within: float) -> tuple[int, int] | None:
        """The weight (unit, input) whose curve passes nearest to a point of the scene, at most `within` away."""
        if self.kind is not Kind.WEIGHTS or not self.left <= point.x() <= self.right:
            return None
        share = (point.x() - self.left) / (self.right - self.left)
        slope = slopes(self._starts, self._ends, share) / (self.right - self.left)
        distance = np.abs(ordinates(self._starts, self._ends, share) - point.y()) / np.sqrt(1 + slope**2)
        nearest = int(np.argmin(distance))
        if distance[nearest] > within:
            return None
        return divmod(nearest, len(self.source.layout.tiles))

    def is_near(self, point: QPointF, within: float) -> bool:
        """Whether any of its curves passes near a point of the scene."""
        if not self._bounds.adjusted(-within, -within, within, within).contains(point):
            return False
        if self.kind is Kind.WEIGHTS:
            return self.weight_at(point, within) is not None
        stroker = QPainterPathStroker()
        stroker.setWidth(2 * within)
        return stroker.createStroke(self.path).contains(point)

    def middle(self) -> QPointF:
        """The point half-way along a wire."""
        return self.path.pointAtPercent(0.5)

    # --- painting -----------------------------------------------------------------------------------------------

    def restyle(self, style: Style) -> None:
        """Wear another theme."""
        self.style, self._image = style, None
        self.update()

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if self.faded:
            painter.setOpacity(0.25)
        if self.kind is Kind.WEIGHTS and self._levels is not None:
            if is_vector(painter):
                self._paint_curves(painter, self._levels)
            else:
                self._paint_strands(painter)
        else:
            painter.setPen(self._pen())
            painter.drawPath(self.path)
        if self.kind is not Kind.WIRE and (self.selected or self.hovered):
            self._paint_brackets(painter)
        if self.hovered_weight is not None and self.weights is not None:
            self._paint_hovered(painter, *self.hovered_weight)

    def _pen(self) -> QPen:
        if self.selected:
            return self.style.wire_selected_pen
        if self.hovered:
            return self.style.wire_hover_pen
        return self.style.wire_pen

    def _paint_strands(self, painter: QPainter) -> None:
        device = painter.deviceTransform()
        ratio = painter.device().devicePixelRatioF()
        scale = device.m11()
        if self._bounds.width() * self._bounds.height() * scale * scale > _LARGEST_PICTURE:
            scale = math.sqrt(_LARGEST_PICTURE / (self._bounds.width() * self._bounds.height()))
        corner = QTransform.fromScale(scale, scale).map(self._bounds.topLeft())
        shift = QPointF(device.dx(), device.dy()) if scale == device.m11() else QPointF(0, 0)
        # The picture's pixels are those of the screen: it starts at the whole pixel left of and above the link.
        x, y = math.floor(corner.x() + shift.x()), math.floor(corner.y() + shift.y())
        fraction = (round(shift.x() % 1, 2) % 1, round(shift.y() % 1, 2) % 1)
        key = (scale, *fraction, corner.x(), corner.y())
        if self._raster is None or key != self._raster_key:
            self._raster_key = key
            origin = QPointF(x - shift.x(), y - shift.y())
            self._raster = StrandRaster(
                self.left * scale - origin.x(),
                self.right * scale - origin.x(),
                self._starts * np.float32(scale) - np.float32(origin.y()),
                self._ends * np.float32(scale) - np.float32(origin.y()),
                THICK * scale,
                math.ceil(self._bounds.width() * scale) + 2,
                math.ceil(self._bounds.height() * scale) + 2,
            )
            self._image = None
        if self._image is None:
            self._render()
        assert self._image is not None
        if scale == device.m11():
            painter.save()
            painter.resetTransform()
            # What remains is where the canvas lies in its window: the painter adds it, so it is taken off first.
            rest = painter.deviceTransform()
            self._image.setDevicePixelRatio(ratio)
            painter.drawImage(QPointF((x - rest.dx()) / ratio, (y - rest.dy()) / ratio), self._image)
            painter.restore()
        else:
            self._image.setDevicePixelRatio(1.0)
            size = self._image.size()
            painter.drawImage(QRectF(x / scale, y / scale, size.width() / scale, size.height() / scale), self._image)

    def _paint_curves(self, painter: QPainter, levels: NDArray[np.int16]) -> None:
        """The same as lines of their own, the strongest uppermost."""
        for index in np.argsort(levels // 2, kind="stable").tolist():
            strength = int(levels[index]) // 2 / 48
            color = QColor(self.style.negative if levels[index] % 2 else self.style.positive)
            color.setAlphaF(self.style.faintest + (0.95 - self.style.faintest) * strength)
            painter.setPen(QPen(color, THIN + (THICK - THIN) * strength))
            ends = float(self._starts[index]), float(self._ends[index])
            painter.drawPath(wire(QPointF(self.left, ends[0]), QPointF(self.right, ends[1])))

    def _render(self) -> None:
        assert self._raster is not None and self._levels is not None
        strength = (self._levels // 2 / 48).astype(np.float32)
        scale = self._raster_key[0]
        widths = (THIN + (THICK - THIN) * strength) * np.float32(scale)
        pixels = self._raster.render(
            widths,
            self.style.faintest + (0.95 - self.style.faintest) * strength,
            self._levels % 2 != 0,
            (self.style.negative, self.style.positive),
        )
        height, width = pixels.shape
        self._pixels = pixels  # the image reads this array
        self._image = QImage(pixels.data, width, height, width * 4, QImage.Format.Format_ARGB32_Premultiplied)
        self.stale = False

    def _paint_brackets(self, painter: QPainter) -> None:
        """Mark a link of many curves at both ends; the colours between stay what the weights are."""
        painter.setPen(self.style.bracket_pen)
        for x, heights in ((self.left + 3, self._starts), (self.right - 3, self._ends)):
            top, bottom = float(heights.min()) - TILE / 2, float(heights.max()) + TILE / 2
            painter.drawLine(QPointF(x, top), QPointF(x, bottom))

    def _paint_hovered(self, painter: QPainter, unit: int, input_: int) -> None:
        assert self.weights is not None and self._levels is not None
        index = unit * len(self.source.layout.tiles) + input_
        curve = wire(QPointF(self.left, float(self._starts[index])), QPointF(self.right, float(self._ends[index])))
        width = THIN + (THICK - THIN) * (int(self._levels[index]) // 2) / 48
        halo = QPen(self.style.text, width + 3.0)
        painter.setPen(halo)
        painter.drawPath(curve)
        painter.setPen(
            QPen(self.style.negative if self.weights[unit, input_] < 0 else self.style.positive, width + 0.5)
        )
        painter.drawPath(curve)


def wire(start: QPointF, end: QPointF, above: float | None = None) -> QPainterPath:
    """The curve from an output to an input; it leaves and arrives level.

    One that runs back to the left passes at the height `above`, when given, so that its cards do not hide it.
    """
    path = QPainterPath(start)
    reach = (end.x() - start.x()) / 2
    if reach >= 0 or above is None:
        if reach < _DETOUR:  # too close: bulge out, so that the curve can be seen
            reach = max(2 * _DETOUR, abs(reach))
        path.cubicTo(QPointF(start.x() + reach, start.y()), QPointF(end.x() - reach, end.y()), end)
        return path
    out, back = start.x() + _DETOUR * 2, end.x() - _DETOUR * 2
    path.cubicTo(QPointF(out, start.y()), QPointF(out, above), QPointF(start.x(), above))
    path.lineTo(end.x(), above)
    path.cubicTo(QPointF(back, above), QPointF(back, end.y()), end)
    return path
