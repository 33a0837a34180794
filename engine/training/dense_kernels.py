"""The products of dense layers as code: forward, backward to the inputs, and to the weights.

A value of a layer is a matrix (units, 16 lanes). Blocks of outputs keep their sums in registers while one pass over the
inputs serves all of them.
"""

# Numba and llvmlite ship no types.
# mypy: disable-error-code="misc, no-any-return"

from __future__ import annotations

from collections.abc import Callable

from llvmlite import ir

from engine.training.instructions import LANES, ROW_BYTES, Start
from engine.training.vectors import (
    FLOAT,
    FLOATS,
    Builder,
    Value,
    broadcast,
    integer,
    load,
    repeat,
    splat,
    store,
    sums,
    transposed,
)

_FLAGS = ("contract",)
_OUTPUTS = (4, 1)
"""Outputs whose sums are held at once: eight of the sixteen vector registers of AVX2."""
_INPUTS = (8, 4, 2, 1)
"""Inputs whose weight gradients are summed at once."""
_MANY, _CHAINS = 4, 4
"""Outputs from which on transposing pays; sums that grow side by side, so that none waits for the one before."""


def blocks(
    builder: Builder,
    count: Value,
    sizes: tuple[int, ...],
    carried: list[Value],
    body: Callable[..., list[Value]],
) -> None:
    """Cover `count` by blocks of these sizes, the larger first: `body(size, *carried)` returns what is carried on."""
    for size in sizes:
        turns = builder.sdiv(count, integer(size)) if size > 1 else count
        carried = repeat(builder, turns, carried, lambda *values, size=size: body(size, *values))
        if size > 1:
            count = builder.srem(count, integer(size))


def product(
    builder: Builder,
    *,
    target: Value,
    outputs: Value,
    source: Value,
    inputs: Value,
    weight: Value,
    output_stride: Value,
    input_stride: Value,
    bias: Value,
    start: Value,
) -> None:
    """target[j] = start + Σᵢ weight[j · output_stride + i · input_stride] · source[i], for all lanes.

    Addresses and strides in bytes; `start` is a `Start`.
    """

    def block(size: int, out: Value, row: Value, bias_at: Value) -> list[Value]:
        begin = _beginning(builder, size, start, out, bias_at)

        def along(into: Value, at: Value, *totals: Value) -> list[Value]:
            x = load(builder, into)
            found = []
            where = at
            for total in totals:
                factor = broadcast(builder, load(builder, where, FLOAT))
                found.append(builder.fadd(total, builder.fmul(factor, x, flags=_FLAGS), flags=_FLAGS))
                where = builder.add(where, output_stride)
            return [builder.add(into, integer(ROW_BYTES)), builder.add(at, input_stride), *found]

        _, _, *totals = repeat(builder, inputs, [source, row, *begin], along)
        for number, total in enumerate(totals):
            store(builder, total, builder.add(out, integer(number * ROW_BYTES)))
        return [
            builder.add(out, integer(size * ROW_BYTES)),
            builder.add(row, builder.mul(output_stride, integer(size))),
            builder.add(bias_at, integer(4 * size)),
        ]

    blocks(builder, outputs, _OUTPUTS, [target, weight, bias], block)


def _beginning(builder: Builder, size: int, start: Value, out: Value, bias: Value) -> list[Value]:
    """What the sums of a block of outputs start from."""
    function = builder.function
    cases = {kind: function.append_basic_block(kind.name) for kind in Start}
    after = function.append_basic_block("begun")
    choice = builder.switch(start, cases[Start.ZERO])
    values: dict[Start, list[Value]] = {}
    for kind, case in cases.items():
        if kind is not Start.ZERO:
            choice.add_case(integer(kind), case)
        builder.position_at_end(case)
        if kind is Start.ZERO:
            values[kind] = [splat(FLOATS, 0.0)] * size
        elif kind is Start.BIAS:
            addresses = [builder.add(bias, integer(4 * number)) for number in range(size)]
            values[kind] = [broadcast(builder, load(builder, address, FLOAT)) for address in addresses]
        else:
            values[kind] = [load(builder, builder.add(out, integer(ROW_BYTES * number))) for number in range(size)]
        builder.branch(after)
    builder.position_at_end(after)
    begin = []
    for number in range(size):
        phi = builder.phi(FLOATS)
        for kind, case in cases.items():
            phi.add_incoming(values[kind][number], case)
        begin.append(phi)
    return begin


def weight_gradient(
    builder: Builder, *, target: Value, outputs: Value, delta: Value, inputs: Value, source: Value
) -> None:
    """target[j, i] += Σ over the lanes of delta[j] · source[i]; target is (outputs, inputs) without gaps.

    Sums over lanes need shuffles, of which many processors do one at a time. Where there are outputs enough, squares of
    the source are transposed instead, once for all of them, so that inputs lie side by side and lanes are only added.
    """
    gap = builder.mul(inputs, integer(4))
    many = builder.icmp_signed(">=", outputs, integer(_MANY))
    squares = builder.select(many, builder.sdiv(inputs, integer(LANES)), integer(0))

    def square(at: Value, source_at: Value) -> list[Value]:
        rows = [load(builder, builder.add(source_at, integer(ROW_BYTES * number))) for number in range(LANES)]
        columns = transposed(builder, rows)

        def output(into: Value, delta_at: Value) -> list[Value]:
            totals: list[Value] = []
            for lane, column in enumerate(columns):
                factor = broadcast(builder, load(builder, builder.add(delta_at, integer(4 * lane)), FLOAT))
                term = builder.fmul(factor, column, flags=_FLAGS)
                if lane < _CHAINS:
                    totals.append(term)
                else:
                    totals[lane % _CHAINS] = builder.fadd(totals[lane % _CHAINS], term, flags=_FLAGS)
            while len(totals) > 1:
                pairs = zip(totals[::2], totals[1::2], strict=True)
                totals = [builder.fadd(one, other, flags=_FLAGS) for one, other in pairs]
            store(builder, builder.fadd(load(builder, into), totals[0], flags=_FLAGS), into)
            return [builder.add(into, gap), builder.add(delta_at, integer(ROW_BYTES))]

        repeat(builder, outputs, [at, delta], output)
        return [builder.add(at, integer(ROW_BYTES)), builder.add(source_at, integer(ROW_BYTES * LANES))]

    target, source = repeat(builder, squares, [target, source], square)
    left = builder.sub(inputs, builder.mul(squares, integer(LANES)))

    def row(at: Value, delta_at: Value) -> list[Value]:
        d = load(builder, delta_at)

        def block(size: int, into: Value, source_at: Value) -> list[Value]:
            rows = [load(builder, builder.add(source_at, integer(ROW_BYTES * number))) for number in range(size)]
            _add_sums(builder, into, [builder.fmul(d, x, flags=_FLAGS) for x in rows])
            return [builder.add(into, integer(4 * size)), builder.add(source_at, integer(ROW_BYTES * size))]

        blocks(builder, left, _INPUTS, [at, source], block)
        return [builder.add(at, gap), builder.add(delta_at, integer(ROW_BYTES))]

    rest = builder.select(builder.icmp_signed(">", left, integer(0)), outputs, integer(0))
    repeat(builder, rest, [target, delta], row)


def bias_gradient(builder: Builder, *, target: Value, outputs: Value, delta: Value) -> None:
    """target[j] += Σ over the lanes of delta[j]."""

    def block(size: int, into: Value, at: Value) -> list[Value]:
        rows = [load(builder, builder.add(at, integer(ROW_BYTES * number))) for number in range(size)]
        _add_sums(builder, into, rows)
        return [builder.add(into, integer(4 * size)), builder.add(at, integer(ROW_BYTES * size))]

    blocks(builder, outputs, _INPUTS, [target, delta], block)


def _add_sums(builder: Builder, into: Value, rows: list[Value]) -> None:
    found = sums(builder, rows)
    of = FLOAT if len(rows) == 1 else ir.VectorType(FLOAT, len(rows))
    store(builder, builder.fadd(load(builder, into, of), found), into)
