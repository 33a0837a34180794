"""How numbers over the plane are drawn: as translucent surfaces, as lines of equal height, as a cut."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, QRectF
from PySide6.QtGui import QBrush, QColor, QPainter, QPen, QPolygonF

from widgets import theme

Heights = NDArray[np.float32]

_ALPHA = 0.55
_LOW, _HIGH = -6.0, 6.0
"""The plane's view."""


@dataclass(frozen=True)
class Camera:
    """Where a surface is looked at from: degrees around the axis that points up, and above the plane."""

    turn: float = -35.0
    tilt: float = 28.0

    def moved(self, turn: float, tilt: float) -> Camera:
        """Turned further; never from below, never upside down."""
        return Camera((self.turn + turn + 180) % 360 - 180, min(89.0, max(5.0, self.tilt + tilt)))

    def project(self, x: NDArray[np.float64], y: NDArray[np.float64], z: NDArray[np.float64]) -> NDArray[np.float64]:
        """Points of the cube [-1, 1]³ as (right, up, distance), (..., 3)."""
        turn, tilt = math.radians(self.turn), math.radians(self.tilt)
        right = x * math.cos(turn) + y * math.sin(turn)
        away = y * math.cos(turn) - x * math.sin(turn)
        up = away * math.sin(tilt) + z * math.cos(tilt)
        distance = away * math.cos(tilt) - z * math.sin(tilt)
        return np.stack([right, up, distance], axis=-1)


def paint_surfaces(
    painter: QPainter, area: QRectF, surfaces: Sequence[tuple[Heights, QColor]], bound: float, camera: Camera
) -> None:
    """Surfaces of one grid, the farthest pieces first, so that what is nearer covers what is behind."""
    scale = min(area.width() / 2.9, area.height() / 2.6)
    middle = area.center() - QPointF(0.0, 0.06 * scale)

    def screen(points: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.stack([middle.x() + scale * points[..., 0], middle.y() - scale * points[..., 1]], axis=-1)

    _paint_box(painter, camera, screen)
    corners, depths, colors = [], [], []
    for heights, color in surfaces:
        n = len(heights)
        ticks = (np.arange(n) + 0.5) / n * 2 - 1
        x, y = np.meshgrid(ticks, ticks[::-1])
        z = np.clip(heights / bound, -1.0, 1.0).astype(np.float64) * 0.7
        seen = camera.project(x, y, z)
        flat = screen(seen)
        pieces = np.stack([flat[:-1, :-1], flat[:-1, 1:], flat[1:, 1:], flat[1:, :-1]], axis=2).reshape(-1, 4, 2)
        corners.append(pieces)
        depth = seen[..., 2]
        depths.append((depth[:-1, :-1] + depth[:-1, 1:] + depth[1:, 1:] + depth[1:, :-1]).ravel())
        name = color.name()
        slope = np.clip(0.5 + 4 * (z[:-1, 1:] - z[:-1, :-1]).ravel(), 0.0, 1.0)  # as if light came from the left
        colors += [_shade(name, level) for level in (np.rint(slope * 8) / 8).tolist()]
    pieces, order = np.concatenate(corners), np.argsort(-np.concatenate(depths), kind="stable")
    painter.setPen(QPen(QColor(0, 0, 0, 40), 0.5))
    for number, piece in zip(order.tolist(), pieces[order].tolist(), strict=True):
        painter.setBrush(colors[number])
        painter.drawPolygon(QPolygonF([QPointF(px, py) for px, py in piece]))


@lru_cache(maxsize=256)
def _shade(name: str, level: float) -> QBrush:
    """A colour as it is where so much light falls, from 0 to 1."""
    color = QColor(name)
    shaded = QColor.fromHslF(
        color.hslHueF(), color.hslSaturationF(), min(1.0, color.lightnessF() * (0.65 + 0.7 * level))
    )
    shaded.setAlphaF(_ALPHA)
    return QBrush(shaded)


def _paint_box(painter: QPainter, camera: Camera, screen: object) -> None:
    """The frame of the plane at height 0, with the names of its axes."""
    assert callable(screen)
    colors = theme.current()
    x, y = np.array([-1.0, 1.0, 1.0, -1.0]), np.array([-1.0, -1.0, 1.0, 1.0])
    floor = screen(camera.project(x, y, np.full(4, -0.7)))
    painter.setPen(QPen(QColor(colors.line), 1.0))
    painter.setBrush(QBrush())
    painter.drawPolygon(QPolygonF([QPointF(px, py) for px, py in floor.tolist()]))
    painter.setPen(QColor(colors.muted))
    painter.setFont(theme.font(theme.SMALL))
    names = screen(camera.project(np.array([0.0, 1.16]), np.array([-1.16, 0.0]), np.full(2, -0.7)))
    for name, (px, py) in zip(("x₁", "x₂"), names.tolist(), strict=True):
        painter.drawText(QRectF(px - 12, py - 8, 24, 16), 0x84, name)  # centred


def paint_contours(
    painter: QPainter, area: QRectF, surfaces: Sequence[tuple[Heights, QColor]], levels: Sequence[float]
) -> None:
    """Lines of equal height; the second surface's are dashed, so that they differ not by colour alone."""
    side = min(area.width(), area.height())
    square = QRectF(area.center().x() - side / 2, area.center().y() - side / 2, side, side)
    painter.setPen(QPen(QColor(theme.current().line), 1.0))
    painter.setBrush(QBrush())
    painter.drawRect(square)
    for number, (heights, color) in enumerate(surfaces):
        pen = QPen(color, 1.25)
        if number:
            pen.setDashPattern([4.0, 3.0])
        painter.setPen(pen)
        step = side / len(heights)
        for level in levels:
            for x1, y1, x2, y2 in contour(heights, level):
                corner = square.topLeft() + QPointF(step / 2, step / 2)
                painter.drawLine(QLineF(corner + QPointF(x1, y1) * step, corner + QPointF(x2, y2) * step))


def contour(heights: Heights, level: float) -> Iterator[tuple[float, float, float, float]]:
    """The pieces of the line at a level, (column, row, column, row) each: marching squares.

    Lorensen & Cline's idea of 1987 in two dimensions; where a square has two crossing answers, its middle decides.
    """
    above = heights > level
    code = above[:-1, :-1] + 2 * above[:-1, 1:] + 4 * above[1:, 1:] + 8 * above[1:, :-1]
    for row, column in np.argwhere((code > 0) & (code < 15)).tolist():
        a, b = float(heights[row, column]), float(heights[row, column + 1])
        d, c = float(heights[row + 1, column]), float(heights[row + 1, column + 1])
        crossings = {}
        if (a > level) != (b > level):
            crossings["top"] = (column + (level - a) / (b - a), float(row))
        if (b > level) != (c > level):
            crossings["right"] = (column + 1.0, row + (level - b) / (c - b))
        if (d > level) != (c > level):
            crossings["bottom"] = (column + (level - d) / (c - d), row + 1.0)
        if (a > level) != (d > level):
            crossings["left"] = (float(column), row + (level - a) / (d - a))
        if len(crossings) == 4:
            joined = ((a + b + c + d) / 4 > level) == (a > level)
            pairs = [("top", "right"), ("bottom", "left")] if joined else [("top", "left"), ("bottom", "right")]
        else:
            pairs = [tuple(crossings)]  # type: ignore[list-item]
        for one, other in pairs:
            yield (*crossings[one], *crossings[other])


def paint_cut(
    painter: QPainter, area: QRectF, curves: Sequence[tuple[NDArray[np.float64], QColor]], bound: float, name: str
) -> None:
    """Curves over one input, evenly spaced over the view, between ±bound, with their axes; the second one dashed."""
    colors = theme.current()
    plot = area.adjusted(40, 6, -8, -20)
    painter.setFont(theme.font(theme.SMALL))
    for value in (-bound, 0.0, bound):
        y = plot.center().y() - value / bound * plot.height() / 2
        painter.setPen(QPen(QColor(colors.line), 1.0))
        painter.drawLine(QLineF(plot.left(), y, plot.right(), y))
        painter.setPen(QColor(colors.muted))
        painter.drawText(QRectF(area.left(), y - 8, 36, 16), 0x82, f"{value:.2g}".replace("-", "−"))
    for value in (_LOW, 0.0, _HIGH):
        x = plot.left() + (value - _LOW) / (_HIGH - _LOW) * plot.width()
        text = name if value == 0.0 else f"{value:.0f}".replace("-", "−")
        painter.drawText(QRectF(x - 20, plot.bottom() + 2, 40, 16), 0x84, text)
    painter.setClipRect(plot.adjusted(0, -2, 0, 2))
    for number, (heights, color) in enumerate(curves):
        n = len(heights)
        right: NDArray[np.float64] = plot.left() + (np.arange(n) + 0.5) / n * plot.width()
        down: NDArray[np.float64] = plot.center().y() - np.asarray(heights, np.float64) / bound * plot.height() / 2
        pen = QPen(color, 2.0)
        if number:
            pen.setDashPattern([4.0, 2.0])
        painter.setPen(pen)
        painter.drawPolyline(QPolygonF([QPointF(px, py) for px, py in zip(right.tolist(), down.tolist(), strict=True)]))
    painter.setClipping(False)
