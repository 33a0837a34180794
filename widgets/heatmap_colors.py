"""The colours of a map: which one stands for which index, and an index image painted in them."""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter

from widgets import colors
from widgets.theme import Theme

Kind = Literal["signed", "classes", "magnitude"]

_STRIP = 64
"""Rows of the screen that are painted at once: Qt shares a taller scaled picture out among threads of its own, which
takes cores from the training for less than it saves."""


@lru_cache(maxsize=8)
def table(theme: Theme, kind: Kind, discrete: bool) -> NDArray[np.uint32]:
    """The colour (256,) of each index; a discrete table has the full colour for every index of a side or class."""
    if kind == "magnitude":
        found = colors.viridis_table()
    elif kind == "signed":
        found = colors.signed_table(theme)
        if discrete:
            found = [found[26]] * 128 + [found[229]] * 128
    else:
        found = colors.class_table(theme)
        if discrete:
            found = [found[index // colors.LEVELS * colors.LEVELS + colors.LEVELS - 5] for index in range(256)]
    return np.array(found, np.uint32)


class ColorImage:
    """An index image (height, width) as colours, which Qt scales twice as fast as indices with a table."""

    def __init__(self, indices: NDArray[np.uint8], colour_table: NDArray[np.uint32]) -> None:
        self._pixels = np.take(colour_table, indices)  # QImage does not copy: the memory must live as long as it
        height, width = self._pixels.shape
        self._image = QImage(self._pixels.data, width, height, 4 * width, QImage.Format.Format_RGB32)

    def paint(self, painter: QPainter, area: QRectF) -> None:
        """Fill an area with it, smoothly."""
        painter.save()  # after a clip that is only switched off, Qt paints what follows the slow way
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        bounds, step = area.toAlignedRect(), max(1, int(_STRIP / painter.device().devicePixelRatioF()))
        for top in range(bounds.top(), bounds.bottom() + 1, step):
            painter.setClipRect(bounds.left(), top, bounds.width(), min(step, bounds.bottom() + 1 - top))
            painter.drawImage(area, self._image)
        painter.restore()
