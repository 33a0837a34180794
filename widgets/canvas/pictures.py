"""Index images from the training process as pictures in the colours of the theme."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage

from widgets.canvas.style import Style


class Picture:
    """An index image (height, width) and its picture; `pixels` are kept because the image reads them."""

    def __init__(self, indices: NDArray[np.uint8], by_class: bool, pixels: NDArray[np.uint32]) -> None:
        self.indices, self.by_class, self.pixels = indices, by_class, pixels
        height, width = pixels.shape
        self.image = QImage(pixels.data, width, height, width * 4, QImage.Format.Format_RGB32)

    def recoloured(self, style: Style) -> Picture:
        """The same in another theme."""
        return from_classes(self.indices, style) if self.by_class else from_signed(self.indices[None], style)[0]


def from_signed(maps: NDArray[np.uint8], style: Style) -> list[Picture]:
    """Pictures of signed index images (units, height, width)."""
    pixels = style.signed[np.ascontiguousarray(maps)]
    return [Picture(map_, False, own) for map_, own in zip(maps, pixels, strict=True)]


def from_classes(indices: NDArray[np.uint8], style: Style) -> Picture:
    """The picture of an index image (height, width) of classes and confidences."""
    return Picture(indices, True, style.classes[np.ascontiguousarray(indices)])
