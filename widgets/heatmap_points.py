"""The samples of a plane data set, drawn once into a layer that the map lays over every picture."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPixmap

from widgets import colors, theme

Array = NDArray[Any]

_RADIUS = 3.0
_LOW, _SPAN = -6.0, 12.0
_STEPS = 16  # colours on each side of zero that targets of a regression are drawn in


def _no_points() -> Array:
    return np.empty((0, 2))


def _no_targets() -> Array:
    return np.empty(0, np.int64)


@dataclass(frozen=True, eq=False)
class SamplePoints:
    """Points (samples, 2) to learn from and kept back, with targets (samples,): class numbers or numbers."""

    train: Array = field(default_factory=_no_points)
    train_targets: Array = field(default_factory=_no_targets)
    test: Array = field(default_factory=_no_points)
    test_targets: Array = field(default_factory=_no_targets)
    task: str = "classification"

    def __len__(self) -> int:
        return len(self.train) + len(self.test)


def draw_points(samples: SamplePoints, side: int, ratio: float, with_test: bool) -> QPixmap:
    """A transparent square of `side` device pixels: training points filled, test points (over them) hollow."""
    layer = QPixmap(side, side)
    layer.fill(Qt.GlobalColor.transparent)
    layer.setDevicePixelRatio(ratio)
    painter = QPainter(layer)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    scale = side / ratio / _SPAN
    for places, color in _groups(samples.train, samples.train_targets, samples.task, scale):
        _draw_filled(painter, places, color)
    if with_test:
        for places, color in _groups(samples.test, samples.test_targets, samples.task, scale):
            _draw_hollow(painter, places, color)
    painter.end()
    return layer


def point_color(target: float, task: str) -> QColor:
    """The colour of a sample: its class's, or that of its target among signed values, a little nearer to white."""
    current = theme.current()
    if task == "regression":
        color = colors.signed_color(current, target)
    else:
        color = colors.class_color(current, int(target))
    share = 0.18
    return QColor(*(round(channel + (255 - channel) * share) for channel in color.getRgb()[:3]))  # type: ignore[index]


def _groups(points: Array, targets: Array, task: str, scale: float) -> list[tuple[list[QPointF], QColor]]:
    """The places of the points in pixels, together with those of one colour."""
    if task == "regression":
        largest = float(np.abs(targets).max(initial=0.0)) or 1.0
        levels = np.rint(np.asarray(targets, float) / max(largest, 1.0) * _STEPS) / _STEPS
    else:
        levels = np.asarray(targets)
    x = (points[:, 0] - _LOW) * scale
    y = (-_LOW - points[:, 1]) * scale
    found = []
    for level in np.unique(levels):
        chosen = levels == level
        places = [QPointF(a, b) for a, b in zip(x[chosen].tolist(), y[chosen].tolist(), strict=True)]
        found.append((places, point_color(float(level), task)))
    return found


def _outline() -> QColor:
    color = QColor("#ffffff")
    color.setAlphaF(0.85)
    return color


def _draw_filled(painter: QPainter, places: list[QPointF], color: QColor) -> None:
    painter.setPen(QPen(_outline(), 1.0))
    painter.setBrush(color)
    for place in places:
        painter.drawEllipse(place, _RADIUS, _RADIUS)


def _draw_hollow(painter: QPainter, places: list[QPointF], color: QColor) -> None:
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for pen in (QPen(_outline(), 2.6), QPen(color.darker(125), 1.2)):
        painter.setPen(pen)
        for place in places:
            painter.drawEllipse(place, _RADIUS, _RADIUS)
