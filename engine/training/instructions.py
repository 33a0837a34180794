"""What the compiled kernels read: instructions, and the numbers that describe a network to them. Knows no compiler.

An instruction is `FIELDS` int32. Places are bytes from the start of the run's memory; a row is a float32 for each of
sixteen lanes, and a value's rows lie one behind the other. An operand of stride 0 is a single row that serves all.

    operation, rows, target, target stride, a, a stride, b, b stride, c, c stride, -, -      of `Op`
    PRODUCT, outputs, target, start, source, inputs, weight, output stride, bias, input stride, -, -
    WEIGHT_GRADIENT, outputs, target, -, delta, -, source, inputs, -, -, -, -
    BIAS_GRADIENT, outputs, target, -, delta, -, -, -, -, -, -, -
    DROPOUT, units, target, card, samples, key, -, threshold, scale, -, -, -
    GATHER_UNITS, inputs, target, units, source, -, -, -, -, -, -, -
    SPREAD_UNITS, inputs, target, units, source, -, -, -, -, -, -, -
    SUM_LANES or MAX_LANES, -, target, -, -, -, -, -, -, -, -, -
"""

from __future__ import annotations

from enum import IntEnum

LANES = 16
"""Samples that are computed at once."""
ROW_BYTES = 4 * LANES
"""Bytes of one row."""
FIELDS = 12
"""Numbers in an instruction."""


class Kernel(IntEnum):
    """Operations of a network's cards and of its update, beside those of formulas."""

    PRODUCT = 64
    WEIGHT_GRADIENT = 65
    BIAS_GRADIENT = 66
    DROPOUT = 67
    GATHER_UNITS = 68
    """The weights of up to sixteen units, (units, inputs), to a row for each input, a lane for each unit."""
    SPREAD_UNITS = 69
    """The way back."""
    SUM_LANES = 70
    """Every lane of a row becomes the sum of all."""
    MAX_LANES = 71
    """Every lane of a row becomes the largest of all."""


class Start(IntEnum):
    """What the sums of a product start from."""

    ZERO = 0
    BIAS = 1
    KEPT = 2
    """What is there already: the product is added to it."""


class Place(IntEnum):
    """The numbers that describe a linked network to the kernels; places are bytes from the start of its memory."""

    MEMORY = 0
    """Address of its memory."""
    TRAIN_CODE = 1
    TRAIN_COUNT = 2
    """Instructions for a tile: forward, loss and backward."""
    UPDATE_CODE = 3
    UPDATE_COUNT = 4
    """Instructions for the end of a step, see `numba_update`."""
    FORWARD_CODE = 5
    FORWARD_COUNT = 6
    """Instructions for a tile at test time."""
    GRADIENT = 7
    GRADIENT_ROWS = 8
    UNIFORMS = 9
    UNIFORM_COUNT = 10
    """Rows that are filled anew for every step."""
    SHARES = 11
    """Row: what each lane counts in the mean over the batch."""
    SAMPLES = 12
    """Row: the index of the sample in each lane."""
    KEY = 13
    """The key of the step's random numbers."""
