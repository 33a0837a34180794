"""Images as the data hold them, (channels, height, width) uint8, and how they are painted: pixels stay pixels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, QSizeF
from PySide6.QtGui import QImage, QPainter


def picture(values: NDArray[Any]) -> QImage:
    """The picture of an image (channels, height, width) uint8: three channels are red, green and blue, others grey."""
    channels, height, width = values.shape
    if channels == 3:
        pixels = np.ascontiguousarray(values.transpose(1, 2, 0), np.uint8)
        return QImage(pixels.tobytes(), width, height, 3 * width, QImage.Format.Format_RGB888).copy()
    grey = values[0] if channels == 1 else np.rint(values.mean(0))
    pixels = np.ascontiguousarray(grey, np.uint8)
    return QImage(pixels.tobytes(), width, height, width, QImage.Format.Format_Grayscale8).copy()


def fitted(image: QImage, area: QRectF) -> QRectF:
    """The largest place in an area, in its middle, that keeps the shape of a picture."""
    size = QSizeF(image.size())
    factor = min(area.width() / size.width(), area.height() / size.height())
    place = QRectF(0, 0, size.width() * factor, size.height() * factor)
    place.moveCenter(area.center())
    return place


def paint(painter: QPainter, image: QImage, place: QRectF) -> None:
    """Paint a picture: enlarged its pixels are squares, made smaller they are mixed."""
    ratio = painter.device().devicePixelRatio()
    painter.save()
    shrunk = place.width() * ratio < image.width()
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, shrunk)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.drawImage(place, image)
    painter.restore()
