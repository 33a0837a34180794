"""Index images from the training process as pictures in the colours of the theme."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage

from widgets.canvas.style import Style


class Picture:
    """An index image (height, width) and its picture; `pixels` are kept because the image reads them."""

    sharp = False
    """Whether its pixels stay squares when it is enlarged: they are all there is."""

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


class MapPicture(Picture):
    """The picture of a feature map, of signed values or of magnitudes."""

    sharp = True

    def __init__(self, indices: NDArray[np.uint8], signed: bool, style: Style) -> None:
        self.signed = signed
        super().__init__(indices, False, (style.signed if signed else style.magnitudes)[np.ascontiguousarray(indices)])

    def recoloured(self, style: Style) -> MapPicture:
        """The same in another theme."""
        return MapPicture(self.indices, self.signed, style)


class SamplePicture(Picture):
    """The picture of a sample, (channels, height, width): its three channels are colours, else it is grey."""

    sharp = True

    def __init__(self, image: NDArray[np.uint8]) -> None:
        shades = image if len(image) == 3 else np.repeat(np.rint(image.mean(axis=0))[None], 3, axis=0)
        red, green, blue = shades.astype(np.uint32)
        pixels = np.uint32(0xFF000000) | red << np.uint32(16) | green << np.uint32(8) | blue
        super().__init__(image[0], False, np.ascontiguousarray(pixels))

    def recoloured(self, style: Style) -> SamplePicture:
        """Itself: its colours are its own."""
        return self
