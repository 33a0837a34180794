"""Signs that we draw ourselves, so that there are images of 28 × 28 pixels without any download."""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from engine.catalog.datasets.augmenting import moved
from engine.catalog.datasets.handwriting import FITTED
from engine.catalog.datasets.images import ImageDataset, Images
from engine.catalog.registry import Choice, Range, register
from engine.images import glyphs

_SIZE = 0.1
"""Part by which signs are larger or smaller."""


@register
class Glyphs(ImageDataset):
    """Drawn glyphs, 28 × 28 pixels: digits, letters or shapes, each shifted, turned, thickened and roughened by chance.

    Digits and letters are written in the fonts of this computer, so that another computer may draw others from the
    same seed; how each of them is changed depends on the seed alone. Shapes are the same everywhere.
    """

    symbols: Annotated[str, Choice((glyphs.DIGITS, glyphs.LETTERS, glyphs.SHAPES))] = glyphs.DIGITS
    samples: Annotated[int, Range(100, 50_000, 500)] = 5000
    drawn_shift: Annotated[int, Range(0, 6, 1, unit="px")] = 2
    drawn_rotation: Annotated[float, Range(0.0, 180.0, 5.0, unit="°")] = 15.0
    drawn_thickness: Annotated[float, Range(0.0, 100.0, 10.0, unit="%")] = 50.0
    drawn_noise: Annotated[float, Range(0.0, 50.0, 5.0, unit="%")] = 5.0

    image_shape = (1, glyphs.SIDE, glyphs.SIDE)
    drawing = FITTED
    label = "drawn glyphs"
    reference = "Drawn by this program"
    order = 41
    from_disk = True

    @property
    def all_class_names(self) -> tuple[str, ...]:  # type: ignore[override]
        """The signs."""
        return glyphs.names(self.symbols)

    @property
    def published(self) -> tuple[int, int]:  # type: ignore[override]
        """All of them are split by the user."""
        return self.samples, 0

    def labels(self) -> NDArray[np.int64]:
        return np.arange(self.samples) % len(self.all_class_names)

    def images(self, seed: int = 0) -> Images:
        labels = self.labels()
        return Images(_drawn(self.symbols, len(labels), self._variety(), seed), labels)

    def few(self, count: int) -> Images:
        labels = self.labels()[:count]
        return Images(glyphs.draw(self.symbols, labels, self._variety(), 0, moved), labels)

    def _variety(self) -> glyphs.Variety:
        return glyphs.Variety(
            self.drawn_shift, self.drawn_rotation, _SIZE, self.drawn_thickness / 100, self.drawn_noise / 100
        )

    def drawn(self, rng: np.random.Generator) -> Images:
        return self.images(int(rng.integers(2**32)))


@lru_cache(maxsize=2)
def _drawn(symbols: str, count: int, variety: glyphs.Variety, seed: int) -> NDArray[np.uint8]:
    labels = np.arange(count) % len(glyphs.names(symbols))
    return glyphs.draw(symbols, labels, variety, seed, moved)
