"""Where things may lie on the canvas."""

from __future__ import annotations

FARTHEST = 1e6
"""Largest coordinate of a card or a note, scene units."""


def nearest(value: float) -> float:
    """The coordinate, or the end of the canvas where it lies beyond: what is saved can then be opened again."""
    return min(max(float(value), -FARTHEST), FARTHEST)
