"""Pictures over a plane: paths of optimizers, penalties on two weights, where constraints and clipping bring them."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QCoreApplication

from engine.catalog.clipping import Clipping
from engine.catalog.constraints import Constraint
from engine.catalog.regularizers import Regularizer
from widgets.controls_numbers import format_number
from widgets.pictures.sheet import Array, Arrows, Context, Contours, Drawing

_X, _Y = (-4.0, 4.0), (-2.0, 2.0)
"""Ends of the plane: twice as wide as high, as the pictures are."""
_COLUMNS, _ROWS = 49, 25
_LEVELS = 7


def regularizer(entry: Regularizer, context: Context) -> Drawing:
    """Lines of equal penalty on two weights, and which way it pulls them."""
    del context
    x, y = np.linspace(*_X, _COLUMNS), np.linspace(*_Y, _ROWS)
    values = np.array([[float(entry.penalty(np, np.array([a, b]))) for a in x] for b in y])
    top = float(values.max())
    places = _places(9, 5)
    pull = -np.array([np.asarray(entry.gradient(np, place), float) for place in places])
    longest = float(np.linalg.norm(pull, axis=1).max())
    if not (top > 0 and longest > 0):
        return _moved(places, places, "w₁", "w₂", "")
    levels = tuple(top * ((number + 0.7) / _LEVELS) ** 1.5 for number in range(_LEVELS))
    note = _tr("Lines of equal penalty; arrows: which way it pulls. Penalty of w = (1, 1): {penalty}.")
    penalty = format_number(float(entry.penalty(np, np.array([1.0, 1.0]))))
    return Drawing(
        _X, _Y, "w₁", "w₂", contours=Contours(x, y, values, levels),
        arrows=Arrows(places, places + pull / longest * 0.6), square=True, notes=(note.format(penalty=penalty),),
    )  # fmt: skip


def constraint(entry: Constraint, context: Context) -> Drawing:
    """Where the weights into a unit of two inputs are brought after a step."""
    del context
    places = _places(11, 7)
    note = _tr("Arrows: where a step that ended there is brought back to.")
    return _moved(places, np.asarray(entry.project(np, places.copy()), float), "w₁", "w₂", note)


def clipping(entry: Clipping, context: Context) -> Drawing:
    """What becomes of a gradient of two numbers."""
    del context
    places = _places(11, 7)
    note = _tr("Arrows: what a gradient that ends there becomes.")
    return _moved(places, np.stack([np.asarray(entry.clip(np, place), float) for place in places]), "g₁", "g₂", note)


def _moved(start: Array, end: Array, x_label: str, y_label: str, note: str) -> Drawing:
    still = bool(np.allclose(start, end))
    text = _tr("Everything stays where it is.") if still else note
    return Drawing(_X, _Y, x_label, y_label, arrows=Arrows(start, end), square=True, notes=(text,))


def _places(columns: int, rows: int) -> Array:
    """A grid of places in the plane, none at the origin, (n, 2)."""
    x, y = np.linspace(*_X, columns) * 0.88, np.linspace(*_Y, rows) * 0.85
    grid = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    return grid[np.linalg.norm(grid, axis=1) > 0.05]


def _tr(text: str) -> str:
    return QCoreApplication.translate("pictures", text)
