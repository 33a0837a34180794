"""How arrays are handed to the kernels and got back: tables of addresses, whole tiles, answers side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from engine.training.instructions import LANES
from engine.training.trainer import Array


def once(values: Any) -> Array:
    """(1,) if all are the same, else as they are."""
    found = np.atleast_1d(values)
    return found[:1] if (found == found[0]).all() else found


def side_by_side(answers: list[Array]) -> Array:
    """The answers of all outputs, (..., units of all)."""
    return answers[0] if len(answers) == 1 else np.concatenate(answers, axis=-1)


def padded(size: int) -> int:
    """So many samples in whole tiles."""
    return -(-size // LANES) * LANES


def table(arrays: Sequence[Array], places: Sequence[int]) -> Array:
    """What is gathered for each tile, as the kernels read it: address, numbers per sample, place."""
    rows = [(array.ctypes.data, array.shape[1], place) for array, place in zip(arrays, places, strict=True)]
    return np.array(rows, np.int64).reshape(-1, 3)
