"""Signs drawn by us: digits and letters in the fonts of this computer, and shapes; each one a little different."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.images.fonts import usable_fonts, written_by

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw

SIDE = 28
"""Pixels of a picture."""
_BOX = 20
"""Pixels of the larger side of a sign before it is changed, as in MNIST."""
_LARGE = 80
"""Pixels in which shapes are drawn before they are made small."""
_STROKES = (0, 3, 6)
"""Pixels that are added to lines in the large picture."""
DIGITS, LETTERS, SHAPES = "digits", "letters", "shapes"


class Variety(NamedTuple):
    """How much signs differ at most.

    Attributes:
        shift: Pixels, in both directions.
        rotation: Degrees, to both sides.
        size: Part of the size, larger and smaller.
        thickness: From 0, as the font has it, to 1, thick.
        noise: Standard deviation, as a part of the range from black to white.
    """

    shift: float
    rotation: float
    size: float
    thickness: float
    noise: float


Moved = Callable[[NDArray[Any], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]], NDArray[np.uint8]]
"""Shifts, turns and enlarges images, each in its own way."""


def names(symbols: str) -> tuple[str, ...]:
    """What the signs are called."""
    return {DIGITS: tuple("0123456789"), LETTERS: tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZ"), SHAPES: tuple(_SHAPES)}[symbols]


def draw(symbols: str, labels: NDArray[np.int64], variety: Variety, seed: int, moved: Moved) -> NDArray[np.uint8]:
    """A picture of each label, (len(labels), 1, 28, 28), white on black.

    How each is changed depends on the seed alone; in which of the fonts it is written, also on which there are. Shapes
    are the same on every computer.
    """
    signs = _signs(symbols)
    rng = np.random.default_rng(seed)
    count = len(labels)
    font = (rng.random(count) * signs.shape[1]).astype(np.intp)
    thick = rng.random(count) * variety.thickness * (len(_STROKES) - 1)
    shifts = rng.uniform(-variety.shift, variety.shift, (2, count))
    angle = rng.uniform(-variety.rotation, variety.rotation, count) * (np.pi / 180)
    factor = rng.uniform(1 - variety.size, 1 + variety.size, count)
    lower = np.minimum(thick.astype(np.intp), len(_STROKES) - 2)
    part = (thick - lower).astype(np.float32)[:, None, None]
    thin, bold = (signs[labels, font, lower + more].astype(np.float32) for more in (0, 1))
    found = moved(np.rint(thin + part * (bold - thin))[:, None], shifts, angle, factor)
    if variety.noise:
        rough = rng.standard_normal(found.shape, np.float32) * np.float32(255 * variety.noise) + found
        found = np.clip(np.rint(rough), 0, 255).astype(np.uint8)
    return found


@lru_cache(maxsize=3)
def _signs(symbols: str) -> NDArray[np.uint8]:
    """Every sign in every font and thickness, (signs, fonts, thicknesses, 28, 28)."""
    if symbols == SHAPES:
        styles = [(filled, stroke) for filled in (True, False) for stroke in _STROKES]
        drawn = np.array([[_shape(paint, *style) for style in styles] for paint in _SHAPES.values()])
        return drawn.reshape(len(_SHAPES), 2, len(_STROKES), SIDE, SIDE)
    fonts = usable_fonts()
    pens = [(font, stroke) for font in fonts for stroke in _STROKES]
    written = np.array([[_fitted(written_by(font, sign, stroke)) for font, stroke in pens] for sign in names(symbols)])
    return written.reshape(-1, len(fonts), len(_STROKES), SIDE, SIDE)


def _fitted(large: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A picture made so small that its larger side is 20 pixels, in the middle of 28 × 28."""
    from PIL import Image

    height, width = large.shape
    scale = _BOX / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = np.asarray(Image.fromarray(large).resize(size, Image.Resampling.BILINEAR))
    found = np.zeros((SIDE, SIDE), np.uint8)
    top, left = (SIDE - small.shape[0]) // 2, (SIDE - small.shape[1]) // 2
    found[top : top + small.shape[0], left : left + small.shape[1]] = small
    return found


def _shape(paint: Callable[[ImageDraw, dict[str, Any]], None], filled: bool, stroke: int) -> NDArray[np.uint8]:
    from PIL import Image, ImageDraw

    picture = Image.new("L", (_LARGE, _LARGE))
    line = 6 + stroke
    paint(ImageDraw.Draw(picture), {"fill": 255} if filled else {"outline": 255, "width": line})
    return _fitted(np.asarray(picture))


def _polygon(*corners: tuple[float, float]) -> Callable[[Any, dict[str, Any]], None]:
    """A shape with these corners, between 0 and 1."""
    points = [(5 + x * (_LARGE - 11), 5 + y * (_LARGE - 11)) for x, y in corners]
    return lambda drawing, style: drawing.polygon(points, **style)


def _around(count: int, *radii: float) -> tuple[tuple[float, float], ...]:
    """Corners around the middle, whose distances from it take turns, the first one at the top."""
    angles = [2 * np.pi * number / count for number in range(count)]
    far = [radii[number % len(radii)] / 2 for number in range(count)]
    return tuple((0.5 + r * float(np.sin(a)), 0.5 - r * float(np.cos(a))) for a, r in zip(angles, far, strict=True))


_SHAPES: dict[str, Callable[[Any, dict[str, Any]], None]] = {
    "circle": lambda drawing, style: drawing.ellipse((5, 5, _LARGE - 6, _LARGE - 6), **style),
    "triangle": _polygon((0.5, 0.05), (1, 0.95), (0, 0.95)),
    "square": _polygon((0, 0), (1, 0), (1, 1), (0, 1)),
    "star": _polygon(*_around(10, 1.0, 0.42)),
    "cross": _polygon(
        *((0.33, 0), (0.67, 0), (0.67, 0.33), (1, 0.33), (1, 0.67), (0.67, 0.67)),
        *((0.67, 1), (0.33, 1), (0.33, 0.67), (0, 0.67), (0, 0.33), (0.33, 0.33)),
    ),
    "arrow": _polygon((0.5, 0), (1, 0.5), (0.7, 0.5), (0.7, 1), (0.3, 1), (0.3, 0.5), (0, 0.5)),
}
