"""Several drawings of a kind at once: on axes with the same ends, or laid over each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from widgets.pictures.sheet import Bounds, Curve, Drawing


def aligned(drawings: Sequence[Drawing]) -> list[Drawing]:
    """The same, those about the same thing (with the same words at the axes) with the same ends of both axes."""
    found: dict[tuple[str, str], list[Drawing]] = {}
    for drawing in drawings:
        found.setdefault((drawing.x_label, drawing.y_label), []).append(drawing)
    ends = {key: (_around(d.x_range for d in same), _around(d.y_range for d in same)) for key, same in found.items()}
    return [drawing.with_ranges(*ends[drawing.x_label, drawing.y_label]) for drawing in drawings]


def overlaid(drawings: Sequence[Drawing], names: Sequence[str], strong: int) -> Drawing | None:
    """One drawing with the main line of each, that at the index `strong` on top; None where lines say nothing.

    Columns become their outline. Drawings about something else than the strong one are left out.
    """
    base = drawings[strong]
    curves = []
    for number, (drawing, name) in enumerate(zip(drawings, names, strict=True)):
        line = _line(drawing)
        if line is None or drawing.x_label != base.x_label:
            continue
        role = "main" if number == strong else "other"
        curves.append(replace(line, role=role, name=name, number=number))  # type: ignore[arg-type]
    if not any(curve.role == "main" for curve in curves):
        return None
    same = [drawing for drawing in drawings if drawing.x_label == base.x_label]
    x_range, y_range = _around(d.x_range for d in same), _around(d.y_range for d in same)
    return replace(base, x_range=x_range, y_range=y_range, bars=None, curves=tuple(curves), notes=(), arrows=None)


def _line(drawing: Drawing) -> Curve | None:
    found = next((curve for curve in drawing.curves if curve.role == "main"), None)
    if found is None and drawing.bars is not None:
        edges, heights = np.asarray(drawing.bars.edges), np.asarray(drawing.bars.heights)
        return Curve(np.repeat(edges, 2)[1:-1], np.repeat(heights, 2))
    return found


def _around(bounds: object) -> Bounds:
    pairs = np.array(list(bounds))  # type: ignore[call-overload]
    return float(pairs[:, 0].min()), float(pairs[:, 1].max())
