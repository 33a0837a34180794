"""Colour tables for values: signed, classes by confidence, magnitudes. Tables are lists of QRgb for QImage."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QColor

if TYPE_CHECKING:
    from widgets.theme import Theme

CLASSES = 8
"""Colours that can be told apart; further classes reuse them, paler."""
LEVELS = 32
"""Steps of confidence in `class_table`."""

# Okabe and Ito, "Color Universal Design" (2008); the first two are those of signed values, so that a two-class
# boundary looks the same whichever way the network gives its answer. Their black is grey here: it is the ground.
_CLASS_COLORS = ("", "", "#009e73", "#f0e442", "#cc79a7", "#56b4e9", "#d55e00", "#8c8c8c")

# Degree-6 least-squares fit of matplotlib's viridis in [0, 1], one row per power, columns red, green, blue.
_VIRIDIS = (
    (0.2777273272234177, 0.005407344544966578, 0.3340998053353061),
    (0.1050930431085774, 1.404613529898575, 1.384590162594685),
    (-0.3308618287255563, 0.214847559468213, 0.09509516302823659),
    (-4.634230498983486, -5.799100973351585, -19.33244095627987),
    (6.228269936347081, 14.17993336680509, 56.69055260068105),
    (4.776384997670288, -13.74514537774601, -65.35303263337234),
    (-5.435455855934631, 4.645852612178535, 26.3124352495832),
)


def signed_table(theme: Theme) -> list[int]:
    """256 colours for [-1, 1]: orange, through the neutral colour at index 127.5, to blue."""
    values = (np.arange(256) - 127.5) / 127.5
    ends = np.where(values[:, None] > 0, _rgb(theme.positive), _rgb(theme.negative))
    return _packed(_blend(_rgb(theme.neutral), ends, np.abs(values)[:, None]))


def class_table(theme: Theme) -> list[int]:
    """256 colours: `class * 32 + level`, from the neutral colour (level 0) to the class's own (level 31)."""
    own = np.repeat([_rgb(_class_hex(theme, k)) for k in range(CLASSES)], LEVELS, axis=0)
    level = np.tile(np.arange(LEVELS) / (LEVELS - 1), CLASSES)[:, None]
    return _packed(_blend(_rgb(theme.neutral), own, level))


def viridis_table() -> list[int]:
    """256 colours for magnitudes in [0, 1], dark blue to yellow, evenly spaced to the eye."""
    position = np.linspace(0.0, 1.0, 256)[:, None]
    color = np.zeros((256, 3))
    for row in reversed(_VIRIDIS):
        color = color * position + np.array(row)
    return _packed(np.clip(color, 0.0, 1.0) * 255.0)


def class_color(theme: Theme, k: int) -> QColor:
    """The colour of class `k` (0, 1, …)."""
    color = _rgb(_class_hex(theme, k % CLASSES))
    paler = _blend(color, _rgb(theme.text), min(0.25 * (k // CLASSES), 0.75))
    return QColor(*(round(channel) for channel in paler.tolist()))


def signed_color(theme: Theme, value: float) -> QColor:
    """The colour of a value in [-1, 1]; values beyond are clipped."""
    end = _rgb(theme.positive if value > 0 else theme.negative)
    color = _blend(_rgb(theme.neutral), end, min(abs(value), 1.0))
    return QColor(*(round(channel) for channel in color.tolist()))


def _class_hex(theme: Theme, k: int) -> str:
    return (theme.negative, theme.positive, *_CLASS_COLORS[2:])[k]


def _rgb(color: str) -> NDArray[np.float64]:
    return np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)], dtype=np.float64)


def _blend(
    start: NDArray[np.float64], end: NDArray[np.float64], share: NDArray[np.float64] | float
) -> NDArray[np.float64]:
    return start + (end - start) * share


def _packed(rgb: NDArray[np.float64]) -> list[int]:
    channels = np.rint(rgb).astype(np.int64)
    packed: list[int] = (0xFF << 24 | channels[:, 0] << 16 | channels[:, 1] << 8 | channels[:, 2]).tolist()
    return packed
