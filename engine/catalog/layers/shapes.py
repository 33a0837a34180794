"""What layers ask of the shapes that reach them, and how a window slides along an axis."""

from __future__ import annotations

from typing import Any

from engine.catalog.layers.layer import Layer, Shape
from engine.catalog.registry import entry
from engine.document.errors import ShapeError

SEQUENCE, IMAGE = 2, 3
"""Number of axes of (channels, length) and of (channels, height, width)."""

VALID, SAME, CAUSAL = "valid", "same", "causal"
"""No padding; as much as keeps the length (divided by the stride); all of it before the first value."""


def require_axes(layer: Layer, shape: Shape, *counts: int) -> None:
    """Raise ShapeError, with the edit that would mend it, unless a shape has one of these numbers of axes."""
    if len(shape) in counts:
        return
    if counts == (1,):
        wanted, card, remedy = "a flat input (features,)", "Flatten", ("Insert Flatten before it", "Flatten")
    elif IMAGE in counts:
        words = "an image (channels, height, width)"
        wanted = f"{words} or a sequence (channels, length)" if SEQUENCE in counts else words
        card, remedy = "Reshape", ("Insert Reshape before it", "Reshape")
    else:
        wanted, card = "a sequence (channels, length)", "Reshape"
        remedy = ("Insert Reshape before it", entry("layers", "Reshape")(target="sequence"))
    raise ShapeError(
        "{layer} needs {wanted}, but got {shape}; put {card} before it",
        remedy=(remedy[0], "insert_before", remedy[1]),
        layer=layer.label,
        wanted=wanted,
        shape=shape,
        card=card,
    )


def set_to(label: str, layer: Layer, **changes: Any) -> tuple[Any, ...]:
    """The remedy of a ShapeError that changes fields of the layer itself."""
    return label, "set_layer", layer.replace(**changes)


def reach(size: int, dilation: int = 1) -> int:
    """Values from the first to the last that a window of `size` values sees: `reach(3, 2)` is 5."""
    return (size - 1) * dilation + 1


def padding(length: int, size: int, stride: int, dilation: int, mode: str) -> tuple[int, int]:
    """Values to put before and behind an axis so that windows slide as the mode says.

    "same" pads as TensorFlow does: what is needed for ceil(length / stride) windows, an odd one behind.
    """
    span = reach(size, dilation)
    if mode == CAUSAL:
        return span - 1, 0
    if mode == SAME:
        total = max((-(-length // stride) - 1) * stride + span - length, 0)
        return total // 2, total - total // 2
    return 0, 0


def windows(length: int, size: int, stride: int, dilation: int, mode: str) -> int:
    """How many windows there are along an axis; 0 if it is shorter than one of them."""
    room = length + sum(padding(length, size, stride, dilation, mode)) - reach(size, dilation)
    return room // stride + 1 if room >= 0 else 0


def pad_axes(torch: Any, x: Any, pads: list[tuple[int, int]], value: float = 0.0) -> Any:
    """A batch with values before and behind its last axes; `pads` names them in the order of the axes."""
    if not any(before or behind for before, behind in pads):
        return x
    flat = [count for pair in reversed(pads) for count in pair]
    return torch.nn.functional.pad(x, flat, value=value)
