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
