"""Pictures of optimizers: the way each takes down the same small loss surface from the same start."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from PySide6.QtCore import QCoreApplication

from engine.catalog.optimizers import Optimizer
from engine.catalog.optimizers.paths import path
from engine.catalog.registry import defaults
from engine.catalog.surfaces import SURFACES, Surface
from widgets import theme
from widgets.pictures.sheet import Array, Context, Contours, Curve, Drawing

_STEPS = 120
_COLUMNS, _ROWS = 61, 37
_LEVELS = 8


def optimizer(entry: Optimizer, context: Context) -> Drawing:
    """Its path, strong, beside those of the others with their usual settings, faint."""
    surface = next((item for item in SURFACES if item.name == context.surface), SURFACES[0])
    own = _path(entry, surface)
    curves = [Curve(own[:, 0], own[:, 1], "main", theme.translate_catalog(entry.label), ends=True)]
    for number, other in enumerate(defaults("optimizers")):
        if other.name != entry.name:
            way = _path(other, surface)
            curves.append(Curve(way[:, 0], way[:, 1], "other", theme.translate_catalog(other.label), number))
    text = _tr("{steps} steps from the same start. {difficulty}")
    note = text.format(steps=_STEPS, difficulty=theme.translate_catalog(surface.description))
    return Drawing(
        surface.horizontal, surface.vertical, "w₁", "w₂", contours=_contours(surface), curves=tuple(curves),
        notes=(note,),
    )  # fmt: skip


def surfaces() -> list[tuple[str, str]]:
    """Name and label of every surface that optimizers can be shown on."""
    return [(surface.name, surface.label) for surface in SURFACES]


@lru_cache(maxsize=8)
def _contours(surface: Surface) -> Contours:
    x, y = np.linspace(*surface.horizontal, _COLUMNS), np.linspace(*surface.vertical, _ROWS)
    return Contours(x, y, surface.heights(_COLUMNS, _ROWS), tuple(surface.levels(_LEVELS).tolist()))


@lru_cache(maxsize=256)
def _path(entry: Optimizer, surface: Surface) -> Array:
    """Where it is after each step, (steps + 1, 2)."""
    return path(entry, surface, surface.start, _STEPS)


def _tr(text: str) -> str:
    return QCoreApplication.translate("pictures", text)
