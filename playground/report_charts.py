"""The charts of a report, painted in the light theme: loss, classes taken for others, predictions, the plane."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication, QLocale, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen, QPolygonF

from engine.catalog.datasets.dataset import Samples
from playground.diagram import keep_letters
from widgets import curves_data, theme
from widgets.canvas.pictures import from_classes, from_signed
from widgets.canvas.style import Style
from widgets.colors import class_color, signed_color
from widgets.drawing import readable_on

_TICKS, _BELOW, _ABOVE = 44.0, 32.0, 20.0
"""Room beside, below and above the axes."""
_POINTS = 400
_DOTS = 300
"""Samples that are drawn over the plane."""
_DARKER = 125
"""Per cent: a sample stands out from an answer that is right."""
_PAD = 0.04
"""Part of a range that is left free at both ends, so that no dot is cut."""
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_CENTER = Qt.AlignmentFlag.AlignCenter

LIGHT = theme.LIGHT
TRAIN, TEST = QColor(LIGHT.accent), QColor(LIGHT.negative).darker(130)


def letters(size: int = theme.SMALL, weight: QFont.Weight = QFont.Weight.Normal) -> QFont:
    """The interface font for paper."""
    return keep_letters(theme.font(size, weight))


def paint_loss(painter: QPainter, area: QRectF, rows: NDArray[np.float64]) -> None:
    """Training and test loss over the epochs, from rows as `engine.training.curve` keeps them."""
    series = [(rows[:, column], color, dash) for column, color, dash in ((1, TRAIN, False), (2, TEST, True))]
    known = [values[np.isfinite(values)] for values, _, _ in series]
    values = np.concatenate(known) if known else np.zeros(0)
    if not values.size:
        return
    logarithmic = bool(values.min() > curves_data.TINY and values.max() > 10 * values.min())
    low, high = float(values.min()), float(values.max())
    bottom, top = curves_data.log_range(low, high) if logarithmic else curves_data.linear_range(low, high)
    ticks = curves_data.log_ticks(bottom, top) if logarithmic else curves_data.linear_ticks(bottom, top)
    last = float(rows[-1, 0])
    first, end = (float(rows[0, 0]), last) if last > rows[0, 0] else (last, last + 1.0)
    plot = area.adjusted(_TICKS, _ABOVE, -8, -_BELOW)

    def place(epoch: float, height: float) -> QPointF:
        return QPointF(
            plot.left() + (epoch - first) / (end - first) * plot.width(),
            plot.bottom() - (height - bottom) / (top - bottom) * plot.height(),
        )

    painter.setFont(letters())
    for height, text in ticks:
        y = place(first, height).y()
        painter.setPen(QPen(QColor(LIGHT.line), 1))
        painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y))
        painter.setPen(QColor(LIGHT.muted))
        painter.drawText(QRectF(area.left(), y - 8, _TICKS - 6, 16), _RIGHT, text)
    for epoch, text in curves_data.linear_ticks(first, end, 4):
        x = place(epoch, bottom).x()
        painter.drawText(QRectF(x - 40, plot.bottom() + 2, 80, 14), _CENTER, text)
    words = QCoreApplication.translate("report", "epoch")
    painter.drawText(QRectF(plot.left(), plot.bottom() + 16, plot.width(), 14), _CENTER, words)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for values, color, dashed in series:
        epochs, losses = curves_data.thin(rows[:, 0], values, _POINTS)
        heights = np.log10(np.maximum(losses, curves_data.TINY)) if logarithmic else losses
        pen = QPen(color, 1.5, Qt.PenStyle.CustomDashLine if dashed else Qt.PenStyle.SolidLine)
        if dashed:
            pen.setDashPattern([4, 2])
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.setPen(pen)
        points = zip(epochs.tolist(), heights.tolist(), strict=True)
        painter.drawPolyline(QPolygonF([place(*point) for point in points]))
    _paint_keys(painter, QPointF(plot.left(), area.top() + 6), bool(known[1].size))


def _paint_keys(painter: QPainter, corner: QPointF, with_test: bool) -> None:
    words = QCoreApplication.translate
    keys = [(words("report", "training"), TRAIN, False), (words("report", "test"), TEST, True)]
    metrics, x = QFontMetricsF(letters()), corner.x()
    for text, color, dashed in keys if with_test else keys[:1]:
        pen = QPen(color, 1.5, Qt.PenStyle.CustomDashLine if dashed else Qt.PenStyle.SolidLine)
        if dashed:
            pen.setDashPattern([4, 2])
        painter.setPen(pen)
        painter.drawLine(QPointF(x, corner.y()), QPointF(x + 18, corner.y()))
        painter.setPen(QColor(LIGHT.muted))
        painter.drawText(QRectF(x + 24, corner.y() - 8, 120, 16), _LEFT, text)
        x += 24 + metrics.horizontalAdvance(text) + 16


def paint_confusion(painter: QPainter, area: QRectF, counts: NDArray[np.int64], names: Sequence[str]) -> None:
    """How often the class of the row was answered as that of the column; rows are coloured by their shares."""
    side, font = len(counts), letters()
    metrics, locale = QFontMetricsF(font), QLocale()
    widest = max((metrics.horizontalAdvance(name) for name in names), default=0.0)
    beside = 18 + min(widest + 8, area.width() / 4)
    room = QRectF(area.left() + beside, area.top() + 34, area.width() - beside, area.height() - 34)
    width, height = min(room.width() / side, 64.0), min(room.height() / side, 40.0)
    painter.setFont(font)
    painter.setPen(QColor(LIGHT.muted))
    words = QCoreApplication.translate
    painter.drawText(QRectF(room.left(), area.top(), width * side, 16), _CENTER, words("report", "answered"))
    painter.save()
    painter.translate(area.left(), room.top() + height * side)
    painter.rotate(-90)
    painter.drawText(QRectF(0, 0, height * side, 16), _CENTER, words("report", "true"))
    painter.restore()
    shares = counts / np.maximum(1, counts.sum(axis=1, keepdims=True))
    small = letters(theme.SMALL if width >= 26 and height >= 13 else 8)
    fits = QFontMetricsF(small)
    for row in range(side):
        name = names[row] if row < len(names) else str(row)
        painter.setFont(font if height >= 13 else letters(8))
        painter.setPen(QColor(LIGHT.muted))
        shown = metrics.elidedText(name, Qt.TextElideMode.ElideRight, beside - 24)
        painter.drawText(QRectF(area.left() + 16, room.top() + row * height, beside - 22, height), _RIGHT, shown)
        shown = metrics.elidedText(name, Qt.TextElideMode.ElideRight, width - 2)
        painter.drawText(QRectF(room.left() + row * width, room.top() - 17, width, 16), _CENTER, shown)
        painter.setFont(small)
        for column in range(side):
            cell = QRectF(room.left() + column * width, room.top() + row * height, width - 1, height - 1)
            ground = _ground(float(shares[row, column]), row == column)
            painter.fillRect(cell, ground)
            text = locale.toString(int(counts[row, column]))
            if fits.horizontalAdvance(text) <= width and fits.ascent() <= height:
                painter.setPen(readable_on(ground) if counts[row, column] else QColor(LIGHT.muted))
                painter.drawText(cell, _CENTER, text)


def _ground(share: float, right: bool) -> QColor:
    """What is right in the colour of success; what is wrong by the root of its share, so that few errors are seen."""
    start, end = QColor(LIGHT.raised), QColor(LIGHT.success if right else LIGHT.warning)
    strength = share if right else math.sqrt(share)
    ends = zip(start.getRgb()[:3], end.getRgb()[:3], strict=True)  # type: ignore[index]
    return QColor(*(round(low + (high - low) * strength) for low, high in ends))


def paint_fit(painter: QPainter, area: QRectF, predicted: NDArray[np.float64], true: NDArray[np.float64]) -> None:
    """A dot for each sample: across what is true, upwards what is predicted; on the line they are equal."""
    finite = np.isfinite(predicted)
    known = np.concatenate([predicted[finite], true])
    if not finite.any():
        return
    low, high = float(known.min()), float(known.max())
    pad = _PAD * (high - low)
    low, high = (low - pad, high + pad) if pad > curves_data.TINY else curves_data.linear_range(low, high)
    side = min(area.width() - _TICKS - 8, area.height() - 12 - _BELOW)
    plot = QRectF(area.left() + _TICKS, area.top() + 8, side, side)
    scale = side / (high - low)

    def place(across: float, up: float) -> QPointF:
        return QPointF(plot.left() + (across - low) * scale, plot.bottom() - (up - low) * scale)

    painter.setFont(letters())
    for value, text in curves_data.linear_ticks(low, high):
        at = place(value, value)
        painter.setPen(QPen(QColor(LIGHT.line), 1))
        painter.drawLine(QPointF(plot.left(), at.y()), QPointF(plot.right(), at.y()))
        painter.drawLine(QPointF(at.x(), plot.top()), QPointF(at.x(), plot.bottom()))
        painter.setPen(QColor(LIGHT.muted))
        painter.drawText(QRectF(area.left() + 14, at.y() - 8, _TICKS - 20, 16), _RIGHT, text)
        painter.drawText(QRectF(at.x() - 30, plot.bottom() + 2, 60, 14), _CENTER, text)
    words = QCoreApplication.translate
    painter.drawText(QRectF(plot.left(), plot.bottom() + 16, side, 14), _CENTER, words("report", "true"))
    painter.save()
    painter.translate(area.left(), plot.bottom())
    painter.rotate(-90)
    painter.drawText(QRectF(0, 0, side, 14), _CENTER, words("report", "predicted"))
    painter.restore()
    painter.setPen(QPen(QColor(LIGHT.muted), 1))
    painter.drawLine(plot.bottomLeft(), plot.topRight())
    painter.setPen(QPen(QColor(LIGHT.surface), 0.5))
    painter.setBrush(TRAIN)
    for across, up in zip(true[finite].tolist(), predicted[finite].tolist(), strict=True):
        painter.drawEllipse(place(across, up), 2.25, 2.25)


def paint_plane(
    painter: QPainter, area: QRectF, image: NDArray[np.uint8], by_class: bool, samples: Samples, task: str
) -> None:
    """The network's answer over the plane, with samples on it, a square in the middle of the area."""
    with theme.worn(LIGHT):
        style = Style()
    side = min(area.width(), area.height())
    place = QRectF(area.center().x() - side / 2, area.top(), side, side)
    picture = from_classes(image, style) if by_class else from_signed(image[None], style)[0]
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.drawImage(place, picture.image)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor(LIGHT.line), 1))
    painter.drawRect(place)
    targets = samples.targets[:_DOTS]
    largest = float(np.abs(targets).max(initial=0.0)) or 1.0
    painter.setPen(QPen(QColor(LIGHT.surface), 0.75))
    for (x, y), target in zip(samples.values[:_DOTS].tolist(), targets.tolist(), strict=True):
        number = task == "regression"
        color = signed_color(LIGHT, target / largest) if number else class_color(LIGHT, int(target))
        painter.setBrush(color.darker(_DARKER))
        at = QPointF(place.left() + (x + 6) / 12 * side, place.bottom() - (y + 6) / 12 * side)
        if place.contains(at):
            painter.drawEllipse(at, 2.25, 2.25)
