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

_RADIUS = 2.5
_HALF = 5.0  # half the side of a stamp, outline included
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
    _draw(painter, samples.train, samples.train_targets, samples.task, side, ratio, hollow=False)
    if with_test:
        _draw(painter, samples.test, samples.test_targets, samples.task, side, ratio, hollow=True)
    painter.end()
    return layer


def point_color(target: float, task: str) -> QColor:
    """The colour of a sample: its class's, or that of its target among signed values, a little nearer to white."""
    current = theme.current()
    regression = task == "regression"
    return _lighter(
        colors.signed_color(current, target) if regression else colors.class_color(current, int(target)), 0.18
    )


def _draw(
    painter: QPainter, points: Array, targets: Array, task: str, side: int, ratio: float, *, hollow: bool
) -> None:
    """Stamp every point: thousands of them change with each step of a stroke, and circles are slow to draw."""
    if task == "regression":
        largest = max(float(np.abs(targets).max(initial=0.0)), 1.0)
        keys = np.rint(np.asarray(targets, float) / largest * _STEPS) / _STEPS
    else:
        keys = np.asarray(targets, float)
    shown = keys.tolist()
    stamps = {key: _stamp(point_color(key, task), ratio, hollow) for key in set(shown)}
    scale, half = side / _SPAN, round(_HALF * ratio)
    left = np.rint((points[:, 0] - _LOW) * scale - half) / ratio
    top = np.rint((-_LOW - points[:, 1]) * scale - half) / ratio
    for x, y, key in zip(left.tolist(), top.tolist(), shown, strict=True):
        painter.drawPixmap(QPointF(x, y), stamps[key])


def _stamp(color: QColor, ratio: float, hollow: bool) -> QPixmap:
    half = round(_HALF * ratio)
    stamp = QPixmap(2 * half, 2 * half)
    stamp.fill(Qt.GlobalColor.transparent)
    painter = QPainter(stamp)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.scale(ratio, ratio)
    painter.translate(half / ratio, half / ratio)
    pens: tuple[QPen, ...]
    if hollow:
        dark = theme.current().is_dark
        halo = QColor("#000000" if dark else "#ffffff")
        halo.setAlphaF(0.35 if dark else 0.8)
        pens = (QPen(halo, 2.4), QPen(_lighter(color, 0.3) if dark else color.darker(135), 1.2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
    else:
        outline = QColor("#ffffff")
        outline.setAlphaF(0.85)
        pens = (QPen(outline, 0.8),)
        painter.setBrush(color)
    for pen in pens:
        painter.setPen(pen)
        painter.drawEllipse(QPointF(0, 0), _RADIUS, _RADIUS)
    painter.end()
    stamp.setDevicePixelRatio(ratio)
    return stamp


def _lighter(color: QColor, share: float) -> QColor:
    red, green, blue = color.red(), color.green(), color.blue()
    return QColor(*(round(channel + (255 - channel) * share) for channel in (red, green, blue)))
