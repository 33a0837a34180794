"""What moves numbers between lanes, as code: rows gathered from arrays and spread again, lanes taken together."""

# Numba and llvmlite ship no types.
# mypy: disable-error-code="misc, no-any-return"

from __future__ import annotations

from collections.abc import Callable

from llvmlite import ir

from engine.training.instructions import LANES, ROW_BYTES
from engine.training.vectors import (
    FLOAT,
    FLOATS,
    INT32,
    INT64,
    INTS,
    Builder,
    Value,
    Vector,
    broadcast,
    integer,
    load,
    load_vector,
    repeat,
    store,
)


def gather_lanes(builder: Builder, *, target: Value, columns: Value, values: Value, indices: Value) -> None:
    """target[j, lane] = values[indices[lane], j]; `values` is (…, columns), indices sixteen int32."""
    addresses = _addresses(builder, columns, values, indices)

    def column(into: Value, offset: Value) -> list[Value]:
        row = ir.Constant(FLOATS, ir.Undefined)
        for lane, address in enumerate(addresses):
            number = load(builder, builder.add(address, offset), FLOAT)
            row = builder.insert_element(row, number, ir.Constant(INT32, lane))
        store(builder, row, into)
        return [builder.add(into, integer(ROW_BYTES)), builder.add(offset, integer(4))]

    repeat(builder, columns, [target, integer(0)], column)


def spread_lanes(builder: Builder, *, source: Value, columns: Value, values: Value, indices: Value) -> None:
    """values[indices[lane], j] = source[j, lane]; lanes that share an index must hold the same."""
    addresses = _addresses(builder, columns, values, indices)

    def column(at: Value, offset: Value) -> list[Value]:
        row = load(builder, at)
        for lane, address in enumerate(addresses):
            number = builder.extract_element(row, ir.Constant(INT32, lane))
            store(builder, number, builder.add(address, offset))
        return [builder.add(at, integer(ROW_BYTES)), builder.add(offset, integer(4))]

    repeat(builder, columns, [source, integer(0)], column)


def _addresses(builder: Builder, columns: Value, values: Value, indices: Value) -> list[Value]:
    """Where each lane's numbers begin."""
    stride = builder.mul(columns, integer(4))
    found = []
    for lane in range(INTS.count):
        index = builder.sext(builder.extract_element(indices, ir.Constant(INT32, lane)), INT64)
        found.append(builder.add(values, builder.mul(index, stride)))
    return found


def first_lanes(builder: Builder, count: Value) -> Value:
    """The indices 0, 1, … of `count` (32 bits, at least 1) lanes; the last one again in those beyond."""
    lanes = ir.Constant(INTS, list(range(LANES)))
    last = broadcast(builder, builder.sub(count, ir.Constant(INT32, 1)), INTS)
    return builder.select(builder.icmp_signed("<", lanes, last), lanes, last)


def take_together(builder: Builder, *, target: Value, combine: Callable[[Vector, Vector], Vector]) -> None:
    """Every lane of a row becomes what `combine` makes of all of them."""
    total = load_vector(builder, target)
    turn = LANES // 2
    while turn:
        places = ir.Constant(ir.VectorType(INT32, LANES), [(lane + turn) % LANES for lane in range(LANES)])
        turned = builder.shuffle_vector(total.value, ir.Constant(FLOATS, ir.Undefined), places)
        total = combine(total, Vector(builder, turned))
        turn //= 2
    store(builder, total.value, target)
