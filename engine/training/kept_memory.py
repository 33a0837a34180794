"""Memory that a step frees stays with the process: the next step wants as much."""

from __future__ import annotations

import ctypes
import sys

_TRIM, _MAPPED = -1, -3
"""Names of two settings of the C library's `mallopt`: what it gives back to the system, and what it asks it for."""
_SPARE = 32 * 2**20
"""Bytes that may lie idle."""
_LARGEST = 6 * 2**20
"""Bytes from which a piece is given back at once: all samples and all answers, not what a step makes."""


def keep_memory() -> bool:
    """Have the C library keep what is freed; whether there is such a setting.

    By itself the one of Linux gives large arrays back at once, and gets them back as pages that the system must fill
    with zeros: a quarter of the time of a step on images.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        set_option = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):  # another C library
        return False
    return bool(set_option(_MAPPED, _LARGEST) and set_option(_TRIM, _SPARE))
