"""Arrays on their way to the window as one piece: one by one, pickling them costs more than most of them hold."""

from __future__ import annotations

import math

import numpy as np

from engine.probes.probe import Arrays

Packed = tuple[tuple[tuple[str, str, tuple[int, ...]], ...], bytes]
"""Name, data type and shape of each array, and the numbers of all, one after the other in C order."""


def pack(arrays: Arrays) -> Packed:
    """Arrays by name as one piece of memory. Raises TypeError for arrays of Python objects."""
    for name, array in arrays.items():
        if array.dtype.hasobject:
            raise TypeError(f"{name!r} holds Python objects, which have no bytes of their own; use numbers or text")
    layout = tuple((name, array.dtype.str, array.shape) for name, array in arrays.items())
    return layout, b"".join([array.tobytes() for array in arrays.values()])


def unpack(packed: Packed) -> Arrays:
    """The arrays again; each has its own memory, so that one that is kept keeps no other."""
    layout, numbers = packed
    arrays, start = {}, 0
    for name, code, shape in layout:
        count = math.prod(shape)
        # NumPy wants a buffer of at least one byte
        array = np.frombuffer(numbers, code, count, start).reshape(shape).copy() if count else np.empty(shape, code)
        arrays[name] = array
        start += array.nbytes
    return arrays
