"""Functions that NumPy lacks."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

ERF: Any = np.frompyfunc(math.erf, 1, 1)
"""The error function as a ufunc; gives arrays of Python's floats. What stands in for arrays may answer to it."""


def erf(x: Any) -> Any:
    """The error function, 2/√π ∫₀ˣ e^(−t²) dt, of an array of floating-point numbers; of the same type."""
    return ERF(x).astype(x.dtype)


def length(values: Any) -> float:
    """√Σ v². Not by NumPy's `norm`: of many values it starts threads that go on waiting for 50 ms on another core."""
    return math.sqrt(float(np.square(values, dtype=np.float64).sum()))
