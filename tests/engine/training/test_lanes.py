"""What moves numbers between lanes, and the programs of a step's end, against NumPy."""

from __future__ import annotations

import re
from typing import Any

import numba
import numpy as np
import pytest
from llvmlite import ir

from engine.catalog.registry import defaults
from engine.training.formulas import activity_program, clipping_program, constraint_program
from engine.training.instructions import LANES, ROW_BYTES, Kernel
from engine.training.interpreter import gather
from engine.training.lane_kernels import gather_lanes
from engine.training.linking import Code, Layout
from engine.training.numba_cache import load_kernels
from engine.training.numba_tables import table
from engine.training.programs import Op, Program
from engine.training.tracing import NotTraceable
from engine.training.vectors import INT64, INTS
from tests.engine.training.formula_checks import everything, keeps_its_promises
from tests.engine.training.test_vectors import Memory


@pytest.mark.parametrize("units", [1, 2, 7, 15, 16])
@pytest.mark.parametrize("inputs", [1, 3, 20])
def test_weights_go_to_lanes_and_back(units: int, inputs: int) -> None:
    memory = Memory()
    weights = np.zeros(LANES * inputs)
    weights[: units * inputs] = np.random.default_rng(units).normal(size=units * inputs)
    beyond = np.full(LANES, 9.0)  # neither direction may reach what lies behind
    source, lanes = memory.put(weights), memory.put(np.full((inputs, LANES), 7.0))
    target = memory.put(np.full(LANES * inputs, 5.0))
    memory.put(beyond)
    found = memory.run(
        [Kernel.GATHER_UNITS, inputs, lanes, units, source],
        [Kernel.SPREAD_UNITS, inputs, target, units, lanes],
    )
    rows = found[lanes // ROW_BYTES :][:inputs]
    matrix = weights[: units * inputs].reshape(units, inputs).astype(np.float32)
    np.testing.assert_array_equal(rows[:, :units], matrix.T)
    np.testing.assert_array_equal(rows[:, units:], np.tile(matrix[-1:].T, LANES - units))
    back = found[target // ROW_BYTES :].ravel()
    np.testing.assert_array_equal(back[: units * inputs], matrix.ravel())
    np.testing.assert_array_equal(back[units * inputs : LANES * inputs], 5.0)
    np.testing.assert_array_equal(found[-1], beyond)


def test_samples_are_found_however_far_away_they_are() -> None:
    """The trainer numbers the samples of a part from where the epoch has it: 100 million times 784 numbers away."""
    module = ir.Module()
    kinds = ir.FunctionType(ir.VoidType(), [INT64, INT64, INT64, INTS])
    builder = ir.IRBuilder(ir.Function(module, kinds, "gather").append_basic_block())
    target, columns, values, indices = builder.function.args
    gather_lanes(builder, target=target, columns=columns, values=values, indices=indices)
    kinds_of_sums = re.findall(r"= (?:mul|add|shl) (?:\w+ )*(i\d+) ", str(module))
    assert kinds_of_sums and set(kinds_of_sums) == {"i64"}  # else the call below would read anywhere

    @numba.njit
    def laid(into, width, source, order):  # type: ignore[no-untyped-def]
        gather(into, width, source, order)

    begin, width = 100_000_000, 784
    samples = np.random.default_rng(2).normal(size=(LANES, width)).astype(np.float32)
    order = np.random.default_rng(3).permutation(LANES).astype(np.int32)
    found, numbered = np.zeros((width, LANES), np.float32), begin + order
    shifted = table([samples], [0])
    shifted[:, 0] -= 4 * begin * shifted[:, 1]
    laid(found.ctypes.data, width, int(shifted[0, 0]), numbered.ctypes.data)
    np.testing.assert_array_equal(found, samples[order].T)


@pytest.mark.parametrize(("kernel", "wanted"), [(Kernel.SUM_LANES, np.sum), (Kernel.MAX_LANES, np.max)])
def test_lanes_are_taken_together(kernel: Kernel, wanted: Any) -> None:
    row = np.random.default_rng(3).normal(size=LANES)
    memory = Memory()
    memory.put(np.zeros(LANES))
    place = memory.put(row)
    np.testing.assert_allclose(memory.run([kernel, 1, place])[1], np.full(LANES, wanted(row)), rtol=1e-6)
    row[5] = np.nan
    memory = Memory()
    place = memory.put(row)
    assert np.isnan(memory.run([kernel, 1, place])).all()


def test_a_program_can_take_all_lanes_together() -> None:
    """Sum and maximum over all numbers, of which a row is a part."""
    values = np.random.default_rng(1).normal(size=(3, LANES)).astype(np.float32)

    class Both:
        label = "both"

        def clip(self, namespace: Any, gradient: Any) -> Any:
            total, largest = (getattr(gradient, name)(axis=-1, keepdims=True) for name in ("sum", "max"))
            return gradient * total / largest

    program = clipping_program.__wrapped__(Both(), values.size)  # type: ignore[arg-type]
    assert {Op.SUM_ROWS, Op.MAX_ROWS} <= {instruction.op for instruction in program.instructions}
    found = _linked(program, values)
    np.testing.assert_allclose(found, values * values.sum() / values.max(), rtol=1e-5)


def _linked(program: Program, values: Any) -> Any:
    layout, code = Layout(), Code()
    place = layout.room(len(values))
    layout.link(code, program, len(values), {"gradient": place}, together=True)
    memory = np.zeros(layout.size // 4, np.float32)
    layout.fill(memory)
    memory[: values.size] = values.ravel()
    load_kernels().kernels.run(memory.ctypes.data, code.table.ctypes.data, len(code.table))
    return memory[: values.size].reshape(values.shape)


@pytest.mark.parametrize("constraint", everything("constraints"), ids=repr)
@pytest.mark.parametrize("inputs", [1, 5])
def test_constraints_as_programs(constraint: Any, inputs: int) -> None:
    weight = np.random.default_rng(2).normal(0, 1, (inputs, 8))
    weight[:, 3] = 0.0
    program = constraint_program(constraint, inputs)
    keeps_its_promises(program)
    wanted = constraint.project(np, weight.T).T
    np.testing.assert_allclose(program.run({"weight": weight})["weight"], wanted, rtol=1e-12)


@pytest.mark.parametrize("clipping", everything("clippings"), ids=repr)
def test_clippings_as_programs(clipping: Any) -> None:
    gradient = np.random.default_rng(2).normal(0, 1, (30, 1))
    program = clipping_program(clipping, 30)
    keeps_its_promises(program)
    wanted = clipping.clip(np, gradient[:, 0])
    np.testing.assert_allclose(program.run({"gradient": gradient})["gradient"][:, 0], wanted, rtol=1e-12)


@pytest.mark.parametrize("regularizer", everything("regularizers"), ids=repr)
def test_penalties_on_outputs_as_programs(regularizer: Any) -> None:
    rng = np.random.default_rng(2)
    value, gradient, share = rng.normal(size=(3, 6)), rng.normal(size=(3, 6)), rng.random(6)
    program = activity_program(regularizer)
    keeps_its_promises(program)
    found = program.run({"value": value, "gradient": gradient, "share": share})["gradient"]
    np.testing.assert_allclose(found, gradient + share * regularizer.gradient(np, value), rtol=1e-12)


def test_what_cannot_be_expressed_is_named() -> None:
    (plain, *_) = defaults("constraints")

    class Sorting(type(plain)):  # type: ignore[misc]
        label = "sorting"

        def project(self, namespace: Any, weight: Any) -> Any:
            return namespace.sort(weight)

    with pytest.raises(NotTraceable, match="sorting has no compiled form"):
        constraint_program(Sorting(), 3)
