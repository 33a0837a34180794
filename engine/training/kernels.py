"""The compiled loops over tiles and steps. Nothing in them depends on a network: it is data, `numba_network` links it.

They are told addresses, and what those lead to must stay alive while a kernel runs. The interpreter lock is released.
"""

# Numba ships no types.
# mypy: disable-error-code="misc, untyped-decorator, call-arg, unreachable"

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from engine.training.instructions import LANES, Place
from engine.training.interpreter import clear_rows, copy_rows, execute, fill_rows, gather, set_key, set_lanes

# Compiled code reads plain numbers only.
_LANES = LANES
_MEMORY, _SHARES, _SAMPLES, _KEY = int(Place.MEMORY), int(Place.SHARES), int(Place.SAMPLES), int(Place.KEY)
_TRAIN_CODE, _TRAIN_COUNT = int(Place.TRAIN_CODE), int(Place.TRAIN_COUNT)
_UPDATE_CODE, _UPDATE_COUNT = int(Place.UPDATE_CODE), int(Place.UPDATE_COUNT)
_FORWARD_CODE, _FORWARD_COUNT = int(Place.FORWARD_CODE), int(Place.FORWARD_COUNT)
_GRADIENT, _GRADIENT_ROWS = int(Place.GRADIENT), int(Place.GRADIENT_ROWS)
_UNIFORMS, _UNIFORM_COUNT = int(Place.UNIFORMS), int(Place.UNIFORM_COUNT)

_OPTIONS: dict[str, Any] = {"nogil": True, "cache": True, "boundscheck": False, "error_model": "numpy"}
_RUN = "void(int64, int64, int64)"
_SAMPLED = "int64[:, ::1], int64, int64"
_LOOK = f"{_SAMPLED}, int64, int64[:, ::1]"
_TRAIN = f"void(int64[::1], {_SAMPLED}, int64, int64, int64, int64, int64, int64, int64, int64[::1], {_LOOK})"
_FORWARD = f"void(int64[::1], {_LOOK})"


@numba.njit(_RUN, **_OPTIONS)
def run(memory, code, count):  # type: ignore[no-untyped-def]
    """Run `count` instructions from the address `code` on, on the memory at the address `memory`."""
    execute(memory, code, count)


@numba.njit(_FORWARD, **_OPTIONS)
def forward(network, sources, order, size, stride, outputs):  # type: ignore[no-untyped-def]
    """Run samples through the network as at test time.

    Args:
        network: int64, see `Place`.
        sources: As for `train`.
        order: Address of int32: the samples, and 16 more.
        size: How many samples.
        stride: Bytes from one unit's results to the next one's: 4 for each sample, rounded up to whole tiles.
        outputs: Which values are wanted: address of float32 (units, samples), units, place of the rows.
    """
    memory, code, count = network[_MEMORY], network[_FORWARD_CODE], network[_FORWARD_COUNT]
    shares, samples = memory + network[_SHARES], memory + network[_SAMPLES]
    for start in range(0, size, _LANES):
        set_lanes(shares, samples, np.float32(0.0), order + 4 * start, size - start)
        for source in range(sources.shape[0]):
            gather(memory + sources[source, 2], sources[source, 1], sources[source, 0], samples)
        run(memory, code, count)
        for output in range(outputs.shape[0]):
            copy_rows(outputs[output, 0] + 4 * start, stride, memory + outputs[output, 2], outputs[output, 1])


@numba.njit(_TRAIN, **_OPTIONS)
def train(  # type: ignore[no-untyped-def]
    network,
    sources,
    order,
    size,
    batch,
    position,
    steps,
    uniforms,
    uniform_stride,
    seed,
    step,
    looks,
    look_sources,
    look_order,
    look_size,
    look_stride,
    outputs,
):
    """Take optimizer steps.

    Args:
        network: int64, see `Place`.
        sources: What is gathered for each tile: address of float32 (samples, columns), columns, place of the lanes.
        order: Address of int32: the epochs' orders one behind the other, from the running epoch on, and 16 more.
        size: Samples in an epoch.
        batch: Most samples in a step.
        position: Samples of the running epoch that have been used.
        steps: How many steps to take.
        uniforms: Address of float32: what fills the uniform rows, for each step.
        uniform_stride: Bytes from one step's to the next one's; 0 if all steps share them.
        seed: Fixes the random numbers, together with the count of steps.
        step: How many steps have been taken.
        looks: After how many of these steps to run other samples through the network, as `forward` does.
        look_sources: For `forward`, like the next three.
        look_order: See there.
        look_size: See there.
        look_stride: See there.
        outputs: For `forward`. What each look finds lies behind what the one before it found.
    """
    memory = network[_MEMORY]
    train_code, train_count = network[_TRAIN_CODE], network[_TRAIN_COUNT]
    update_code, update_count = network[_UPDATE_CODE], network[_UPDATE_COUNT]
    gradient, gradient_rows = memory + network[_GRADIENT], network[_GRADIENT_ROWS]
    uniform_rows, uniform_count = memory + network[_UNIFORMS], network[_UNIFORM_COUNT]
    shares, samples, key = memory + network[_SHARES], memory + network[_SAMPLES], memory + network[_KEY]
    outputs = outputs.copy()
    looked = 0
    fill_rows(uniform_rows, uniform_count, uniforms)
    for number in range(steps):
        end = min(size, (position // batch + 1) * batch)
        if uniform_stride:
            fill_rows(uniform_rows, uniform_count, uniforms + number * uniform_stride)
        clear_rows(gradient, gradient_rows)
        set_key(key, seed, step + number)
        share = np.float32(1.0) / np.float32(end - position)
        while position < end:
            set_lanes(shares, samples, share, order + 4 * position, end - position)
            for source in range(sources.shape[0]):
                gather(memory + sources[source, 2], sources[source, 1], sources[source, 0], samples)
            run(memory, train_code, train_count)
            position += _LANES
        run(memory, update_code, update_count)
        position = end
        if end == size:
            position = 0
            order += 4 * size
        if looked < len(looks) and looks[looked] == number + 1:
            looked += 1
            forward(network, look_sources, look_order, look_size, look_stride, outputs)
            for output in range(outputs.shape[0]):
                outputs[output, 0] += look_stride * outputs[output, 1]
