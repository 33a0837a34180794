"""The vector primitives against NumPy in float64: elementary functions, the interpreter's operations, the products."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from engine.catalog.functions import erf
from engine.training.instructions import FIELDS, LANES, ROW_BYTES, Kernel, Start
from engine.training.interpreter import SUPPORTED
from engine.training.numba_cache import load_kernels
from engine.training.programs import Op, compute

LARGEST = float(np.finfo(np.float32).max)
SMALLEST = float(np.finfo(np.float32).tiny)


class Memory:
    """Values in the kernels' memory, and instructions over them."""

    def __init__(self) -> None:
        self._values: list[np.ndarray[Any, Any]] = []
        self._rows = 0

    def put(self, values: Any) -> int:
        """Lay down (rows, 16) numbers; their place in bytes."""
        place = ROW_BYTES * self._rows
        array = np.array(values, np.float32).reshape(-1, LANES)
        self._values.append(array)
        self._rows += len(array)
        return place

    def run(self, *code: list[int]) -> np.ndarray[Any, Any]:
        """All rows after running the instructions."""
        memory = np.concatenate(self._values)
        table = np.array([line + [0] * (FIELDS - len(line)) for line in code], np.int32)
        load_kernels().kernels.run(memory.ctypes.data, table.ctypes.data, len(table))
        return memory


def apply(op: Op, *operands: Any) -> np.ndarray[Any, Any]:
    """An operation on arrays of one shape, (rows, 16)."""
    memory, arrays = Memory(), [np.asarray(operand, np.float32).reshape(-1, LANES) for operand in operands]
    rows = len(arrays[0])
    target = memory.put(np.full((rows, LANES), 7))
    fields = [int(op), rows, target, ROW_BYTES]
    for array in arrays:
        fields += [memory.put(array), ROW_BYTES]
    return memory.run(fields)[:rows]


def everywhere(low: float, high: float, count: int = 64 * LANES) -> np.ndarray[Any, Any]:
    """float32 numbers spread evenly and by magnitude over a range, its ends among them."""
    rng = np.random.default_rng(5)
    even = rng.uniform(low, high, count)
    sizes = np.exp(rng.uniform(np.log(1e-38), np.log(max(abs(low), abs(high))), count))
    spread = np.clip(np.where(rng.random(count) < (0.5 if low < 0 else 1.0), sizes, -sizes), low, high)
    found = np.concatenate([even, spread]).astype(np.float32)
    found[:4] = np.array([low, high, np.nextafter(low, high), np.nextafter(high, low)], np.float32)
    return np.clip(found, np.float32(low), np.float32(high))


def ulps(found: np.ndarray[Any, Any], wanted: np.ndarray[Any, Any]) -> float:
    """The largest error in steps between float32 numbers near the true value."""
    found, wanted = found.ravel().astype(np.float64), wanted.ravel()
    step = np.spacing(np.maximum(np.abs(wanted), SMALLEST).astype(np.float32)).astype(np.float64)
    return float(np.max(np.abs(found - wanted) / step))


FUNCTIONS: dict[Op, tuple[Callable[..., Any], float, float, float]] = {
    Op.TANH: (np.tanh, -40.0, 40.0, 5.0),
    Op.ERF: (erf, -6.0, 6.0, 2.0),
    Op.EXP: (np.exp, -103.0, 88.7, 2.0),
    Op.EXPM1: (np.expm1, -100.0, 88.7, 3.0),
    Op.LOG: (np.log, 1e-44, LARGEST, 2.0),
    Op.LOG1P: (np.log1p, -0.9999999, LARGEST, 4.0),
    Op.SIN: (np.sin, -1e4, 1e4, 3.0),
    Op.COS: (np.cos, -1e4, 1e4, 3.0),
}


@pytest.mark.parametrize("op", FUNCTIONS, ids=lambda op: op.name)
def test_elementary_functions_are_accurate_over_their_whole_range(op: Op) -> None:
    function, low, high, bound = FUNCTIONS[op]
    x = everywhere(low, high)
    assert ulps(apply(op, x), function(x.astype(np.float64))) <= bound


@pytest.mark.parametrize(
    "op", [Op.EXP, Op.LOG, Op.SIN, Op.COS, Op.EXPM1, Op.LOG1P, Op.TANH, Op.SQRT, Op.ERF], ids=lambda op: op.name
)
def test_elementary_functions_at_the_edges(op: Op) -> None:
    x = np.zeros(LANES, np.float32)
    x[:10] = [0, -0.0, 1, -1, np.inf, -np.inf, np.nan, 200, -200, 1e-45]
    found, wanted = apply(op, x)[0], compute(op, x.astype(np.float64))
    with np.errstate(over="ignore"):
        wanted = wanted.astype(np.float32)
    known = np.isfinite(wanted)
    np.testing.assert_array_equal(np.isnan(found), np.isnan(wanted))
    np.testing.assert_array_equal(found[np.isinf(wanted)], wanted[np.isinf(wanted)])
    np.testing.assert_allclose(found[known], wanted[known], rtol=1e-6, atol=1e-37)


def test_sine_far_out_stays_near_the_truth() -> None:
    x = everywhere(-(2.0**28), 2.0**28)
    assert np.abs(apply(Op.SIN, x).ravel() - np.sin(x.astype(np.float64))).max() < 2.5e-7
    assert np.abs(apply(Op.COS, x).ravel() - np.cos(x.astype(np.float64))).max() < 2.5e-7


def test_powers_lose_what_the_exponent_multiplies() -> None:
    rng = np.random.default_rng(1)
    a, b = np.exp(rng.uniform(-5, 5, 64 * LANES)).astype(np.float32), rng.uniform(-8, 8, 64 * LANES).astype(np.float32)
    found, wanted = apply(Op.POWER, a, b).ravel().astype(np.float64), np.power(a.astype(np.float64), b)
    exponent = np.abs(b * np.log(a.astype(np.float64)))
    assert (np.abs(found / wanted - 1) <= (3 + 3 * exponent) * 2.0**-23).all()


def test_powers_of_negative_numbers() -> None:
    a = np.array([-2, -2, -2, 0, 0, 0, -8, 3] * 2, np.float32)
    b = np.array([2, 3, -1, 2, 0, -1, 1 / 3, 0] * 2, np.float32)
    np.testing.assert_allclose(apply(Op.POWER, a, b)[0], compute(Op.POWER, a, b), rtol=1e-6)


def test_the_interpreter_knows_every_operation() -> None:
    assert frozenset(Op) == SUPPORTED


@pytest.mark.parametrize("op", [op for op in Op if op not in FUNCTIONS and op is not Op.POWER], ids=lambda op: op.name)
def test_operations_are_those_of_programs(op: Op) -> None:
    rng = np.random.default_rng(int(op))
    a, b, c = rng.normal(size=(3, 5, LANES)).astype(np.float32)
    a[0, :4], b[0, :4] = [0, 1, -1, 2], [0, 1, 1, 2]
    if op not in (Op.SQRT,):
        a[1, :2], b[1, 1:3] = np.nan, np.nan
    operands = (a, b, c)[: 3 if op in (Op.WHERE, Op.MULTIPLY_ADD, Op.MULTIPLY_SUBTRACT, Op.SUBTRACT_PRODUCT) else 2]
    try:
        wanted = compute(op, *operands)
    except (TypeError, ValueError):
        operands = (a,)
        wanted = compute(op, a)
    found = apply(op, *operands)
    if op in (Op.SUM_ROWS, Op.MAX_ROWS):
        found = found[0]
    np.testing.assert_allclose(found, wanted, rtol=1e-6, atol=1e-6)


def test_an_operand_without_stride_serves_every_row() -> None:
    memory = Memory()
    a, b = np.arange(48).reshape(3, LANES), np.arange(LANES)
    target, left, right = memory.put(np.zeros((3, LANES))), memory.put(a), memory.put(b)
    found = memory.run([Op.SUB, 3, target, ROW_BYTES, left, ROW_BYTES, right, 0])
    np.testing.assert_array_equal(found[:3], a - b)


@pytest.mark.parametrize(("outputs", "inputs"), [(1, 1), (3, 2), (4, 8), (5, 7), (8, 15), (9, 33)])
@pytest.mark.parametrize("start", list(Start), ids=lambda start: start.name)
def test_products(outputs: int, inputs: int, start: Start) -> None:
    rng = np.random.default_rng(outputs)
    memory = Memory()
    x, kept = rng.normal(size=(inputs, LANES)), rng.normal(size=(outputs, LANES))
    weight, bias = np.zeros(400), np.zeros(LANES)
    weight[: outputs * inputs], bias[:outputs] = rng.normal(size=outputs * inputs), rng.normal(size=outputs)
    matrix = weight[: outputs * inputs].reshape(outputs, inputs)
    target, source = memory.put(kept), memory.put(x)
    places = [memory.put(weight), memory.put(bias)]
    line = [Kernel.PRODUCT, outputs, target, start, source, inputs, places[0], 4 * inputs, places[1], 4]
    begin = {Start.ZERO: np.zeros((outputs, 1)), Start.BIAS: bias[:outputs, None], Start.KEPT: kept}[start]
    np.testing.assert_allclose(memory.run(line)[:outputs], begin + matrix @ x, rtol=1e-4, atol=1e-5)
    # the same weights the other way round: what a layer hands back
    memory = Memory()
    target, source = memory.put(np.zeros((inputs, LANES))), memory.put(kept)
    line = [Kernel.PRODUCT, inputs, target, Start.ZERO, source, outputs, memory.put(weight), 4, 0, 4 * inputs]
    np.testing.assert_allclose(memory.run(line)[:inputs], matrix.T @ kept, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("outputs", "inputs"), [(1, 1), (3, 2), (4, 8), (5, 7), (8, 15), (9, 33)])
def test_gradients_of_products_are_added_to_what_is_there(outputs: int, inputs: int) -> None:
    rng = np.random.default_rng(inputs)
    memory = Memory()
    delta, x = rng.normal(size=(outputs, LANES)), rng.normal(size=(inputs, LANES))
    weight, bias = memory.put(np.ones(400)), memory.put(np.ones(LANES))
    at, source = memory.put(delta), memory.put(x)
    found = memory.run(
        [Kernel.WEIGHT_GRADIENT, outputs, weight, 0, at, 0, source, inputs],
        [Kernel.BIAS_GRADIENT, outputs, bias, 0, at],
    ).ravel()
    wanted = np.ones(400)
    wanted[: outputs * inputs] += (delta @ x.T).ravel()
    np.testing.assert_allclose(found[:400], wanted, rtol=1e-4, atol=1e-5)
    wanted = np.ones(LANES)
    wanted[:outputs] += delta.sum(axis=1)
    np.testing.assert_allclose(found[bias // 4 :][:LANES], wanted, rtol=1e-4, atol=1e-5)
