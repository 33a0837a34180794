"""Outputs of cards as small images: one byte a value, each map by itself, with the scale that gives the number back."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.catalog.registry import entries
from engine.plan.plan import Plan

LARGEST = 64
"""Longest side of a map that is sent; of a larger one every second, third … value is."""
MOST_VALUES = 1_000_000
"""Bytes of one card that are sent: of a wider one, the first maps."""
_KEEPS_SIGN = ("Pooling", "Reshaping", "Regularizing")
_ALPHA = "AlphaDropout"


def never_negative(plan: Plan) -> frozenset[str]:
    """The cards whose outputs cannot be negative, so that they are shown as magnitudes.

    It follows from the plan and not from the values: a map must not change its colours while it is watched.
    """
    merging = {cls for cls in entries("layers").values() if cls.category == "Merging"}
    found: set[str] = set()
    for node_id in plan.order:
        node = plan.nodes[node_id]
        layer = node.layer
        if layer.takes[1] == 0:
            positive = _input_is_positive(plan)
        elif layer.output_activation.name != "linear":
            positive = layer.output_activation.bounds[0] >= 0
        else:
            keeps = layer.category in _KEEPS_SIGN or type(layer) in merging
            positive = keeps and not node.parameters and found.issuperset(node.sources)
        if positive:
            found.add(node_id)
    return frozenset(found)


def _input_is_positive(plan: Plan) -> bool:
    dataset = plan.document.data.dataset
    return dataset.pictures and getattr(dataset, "normalization", "") == "0 to 1"


def as_maps(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """One sample's output as maps (channels, height, width): a sequence is a row, units are single pixels."""
    if values.ndim == 3:
        return values
    if values.ndim == 2:
        return values[:, None, :]
    return values.reshape(-1, 1, 1)


def thinned(maps: NDArray[np.float32]) -> NDArray[np.float32]:
    """The maps (channels, height, width) with at most `LARGEST` rows and columns and `MOST_VALUES` values."""
    step = max(1, -(-max(maps.shape[1:]) // LARGEST))
    maps = maps[:, ::step, ::step]
    return maps[: max(1, MOST_VALUES // max(1, maps[0].size))]


def quantized(maps: NDArray[np.float32], signed: bool) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Bytes in the shape of the maps, (maps, …), and the largest |v| of each, (maps,).

    Signed: 127.5 stands for 0, 255 for the largest |v|. Else 0 stands for 0. What is not finite counts as 0.
    """
    flat = np.nan_to_num(maps.reshape(len(maps), -1), nan=0.0, posinf=0.0, neginf=0.0)
    scale = np.abs(flat).max(axis=1, initial=0.0).astype(np.float32)
    divisor = np.where(scale > 0, scale, np.float32(1))[:, None]
    shares = flat / divisor
    found = 127.5 * shares + 128.0 if signed else 255.0 * np.maximum(shares, 0.0) + 0.5
    return np.minimum(found, 255.0).astype(np.uint8).reshape(maps.shape), scale
