"""Small maps of bytes as pictures: in the colours of signed values or of magnitudes, kernels side by side."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QImage, QPainter

from widgets import theme
from widgets.heatmap_colors import table

_MIDDLE = 127.5


class MapSheet:
    """Pictures of one size, all in one image, one below the other."""

    def __init__(self, pixels: NDArray[np.uint32]) -> None:
        """Take pixels (pictures, height, width) of 0xAARRGGBB."""
        self.count, self.height, self.width = pixels.shape
        self._pixels = np.ascontiguousarray(pixels).reshape(-1, self.width)  # must live as long as the image
        self._image = QImage(
            self._pixels.data, self.width, len(self._pixels), 4 * self.width, QImage.Format.Format_RGB32
        )

    def paint(self, painter: QPainter, number: int, area: QRectF) -> None:
        """Paint one of them, its pixels as squares; made smaller they are mixed."""
        ratio = painter.device().devicePixelRatioF()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, area.width() * ratio < 0.99 * self.width)
        painter.drawImage(area, self._image, QRectF(0, number * self.height, self.width, self.height))


def sheet(
    maps: NDArray[np.uint8],
    scale: NDArray[np.float32],
    signed: bool,
    full: float | None,
    dimmed: NDArray[np.bool_] | None = None,
) -> MapSheet:
    """Maps (n, height, width), each with its largest |v|, in colours that are full at `full`; None: each by itself.

    Where a mask `dimmed` of their shape is true, they stand back.
    """
    indices = maps
    if full is not None:
        share = np.minimum(scale / full, 1.0).astype(np.float32)[:, None, None] if full > 0 else np.float32(0)
        middle = np.float32(_MIDDLE if signed else 0.0)
        indices = ((maps - middle) * share + middle + np.float32(0.5)).astype(np.uint8)
    colours = table(theme.current(), "signed" if signed else "magnitude", False)
    pixels = np.take(colours, indices)
    if dimmed is not None:
        pixels = np.where(dimmed, mixed(pixels, QColor(theme.current().surface), 0.72), pixels)
    return MapSheet(pixels)


def mixed(pixels: NDArray[np.uint32], color: QColor, share: float) -> NDArray[np.uint32]:
    """Pixels with a share of another colour."""
    found = np.full(pixels.shape, 0xFF000000, np.uint32)
    for shift, other in ((16, color.red()), (8, color.green()), (0, color.blue())):
        channel = ((pixels >> np.uint32(shift)) & np.uint32(255)).astype(np.float32)
        found |= (channel * (1 - share) + other * share + 0.5).astype(np.uint32) << np.uint32(shift)
    return found


def columns_of(channels: int, height: int, width: int) -> int:
    """In how many columns that many images stand so that the whole is about square."""
    return max(1, min(channels, round(math.sqrt(channels * height / max(1, width)))))


def mosaic(kernels: NDArray[np.uint8], scale: NDArray[np.float32], full: float | None = None) -> MapSheet:
    """Kernels (units, channels, height, width), 127.5 for 0, as one picture for each unit.

    Three channels are red, green and blue; others stand beside each other in signed colours, a pixel apart.
    """
    units, channels, height, width = kernels.shape
    if full is not None and full > 0:
        share = (scale / np.float32(full)).astype(np.float32)[:, None, None, None]
        kernels = ((kernels - np.float32(_MIDDLE)) * share + np.float32(_MIDDLE + 0.5)).astype(np.uint8)
    if channels == 3:
        red, green, blue = kernels.astype(np.uint32).transpose(1, 0, 2, 3)
        return MapSheet(np.uint32(0xFF000000) | red << np.uint32(16) | green << np.uint32(8) | blue)
    colours = table(theme.current(), "signed", False)
    columns = columns_of(channels, height, width)
    rows = -(-channels // columns)
    now = theme.current()
    ground, gap = QColor(now.surface).rgb(), QColor(now.line).rgb()
    found = np.full((units, rows * (height + 1), columns * (width + 1)), ground, np.uint32)
    pixels = np.take(colours, kernels)
    for channel in range(channels):
        top, left = channel // columns * (height + 1), channel % columns * (width + 1)
        found[:, max(0, top - 1) : top + height + 1, max(0, left - 1) : left + width + 1] = gap
    for channel in range(channels):
        top, left = channel // columns * (height + 1), channel % columns * (width + 1)
        found[:, top : top + height, left : left + width] = pixels[:, channel]
    return MapSheet(found[:, :-1, :-1])


def mosaic_size(channels: int, height: int, width: int) -> tuple[int, int]:
    """Width and height of a unit's picture in `mosaic`."""
    if channels == 3:
        return width, height
    columns = columns_of(channels, height, width)
    return columns * (width + 1) - 1, -(-channels // columns) * (height + 1) - 1


def crisp(width: float, height: float, room_x: float, room_y: float, ratio: float) -> tuple[float, float]:
    """The largest size in a room at which each pixel of a picture is the same number of pixels of the screen.

    A picture that is larger than the room is made smaller.
    """
    factor = min(room_x * ratio / max(1.0, width), room_y * ratio / max(1.0, height))
    factor = math.floor(factor) if factor >= 1 else factor
    return width * factor / ratio, height * factor / ratio


def nice_ceiling(value: float) -> float:
    """The smallest of 1, 2, 5, 10, … times a power of ten that is not below a value; 0 for 0."""
    if not (value > 0 and math.isfinite(value)):
        return 0.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 2, 5, 10) if value <= step * power * (1 + 1e-6))
