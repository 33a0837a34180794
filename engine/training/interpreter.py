"""The interpreter of vector instructions, as code: one switch over all operations, each a loop over rows."""

# Numba and llvmlite ship no types.
# mypy: disable-error-code="misc, no-any-return, untyped-decorator"

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import IntEnum
from types import MappingProxyType
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from engine.training import vector_functions as functions
from engine.training.dense_kernels import bias_gradient, product, weight_gradient
from engine.training.instructions import FIELDS, ROW_BYTES, Kernel
from engine.training.lane_kernels import first_lanes, gather_lanes, spread_lanes, take_together
from engine.training.programs import Op
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
    splat,
    store,
)


def _sign(a: Vector) -> Vector:
    below = a.full(-1.0).where(a.compare("<", 0.0), a)
    return a.full(1.0).where(a.compare(">", 0.0), below)


def _larger(sign: str) -> Callable[[Vector, Vector], Vector]:
    """The larger or smaller of two; NaN if either is."""
    return lambda a, b: a.where(a.compare(sign, b), a.where(a.is_nan(), b))


def _truth(sign: str) -> Callable[[Vector, Vector], Vector]:
    return lambda a, b: a.full(1.0).where(a.compare(sign, b), 0.0)


_LANEWISE: Mapping[Op, tuple[int, Callable[..., Vector]]] = MappingProxyType(
    {
        Op.ADD: (2, lambda a, b: a + b),
        Op.SUB: (2, lambda a, b: a - b),
        Op.MUL: (2, lambda a, b: a * b),
        Op.DIV: (2, lambda a, b: a / b),
        Op.NEGATE: (1, lambda a: -a),
        Op.ABS: (1, lambda a: a.call("fabs")),
        Op.SIGN: (1, _sign),
        Op.MAXIMUM: (2, _larger(">")),
        Op.MINIMUM: (2, _larger("<")),
        Op.GREATER: (2, _truth(">")),
        Op.GREATER_EQUAL: (2, _truth(">=")),
        Op.LESS: (2, _truth("<")),
        Op.LESS_EQUAL: (2, _truth("<=")),
        Op.EQUAL: (2, _truth("==")),
        Op.WHERE: (3, lambda a, b, c: b.where(a.compare("!=", 0.0), c)),
        Op.SQRT: (1, lambda a: a.call("sqrt")),
        Op.SQUARE: (1, lambda a: a * a),
        Op.RECIPROCAL: (1, lambda a: a.full(1.0) / a),
        Op.EXP: (1, functions.exp),
        Op.EXPM1: (1, functions.expm1),
        Op.LOG: (1, functions.log),
        Op.LOG1P: (1, functions.log1p),
        Op.TANH: (1, functions.tanh),
        Op.SIN: (1, functions.sin),
        Op.COS: (1, functions.cos),
        Op.POWER: (2, functions.power),
        Op.FLOOR: (1, lambda a: a.call("floor")),
        Op.ERF: (1, functions.erf),
        Op.COPY: (1, lambda a: a),
        Op.MULTIPLY_ADD: (3, lambda a, b, c: a * b + c),
        Op.MULTIPLY_SUBTRACT: (3, lambda a, b, c: a * b - c),
        Op.SUBTRACT_PRODUCT: (3, lambda a, b, c: c - a * b),
    }
)
"""How many operands an operation has and what it makes of them."""

_REDUCTIONS: Mapping[Op, Callable[[Vector, Vector], Vector]] = MappingProxyType(
    {Op.SUM_ROWS: lambda total, a: total + a, Op.MAX_ROWS: _larger(">")}
)

SUPPORTED = frozenset(_LANEWISE) | frozenset(_REDUCTIONS)
"""The operations of programs that the interpreter knows: all of them."""


class _Fields:
    """Reads an instruction."""

    def __init__(self, builder: Builder, base: Value, code: Value) -> None:
        self._builder, self._base, self._code = builder, base, code

    def raw(self, place: int) -> Value:
        """A number as it stands, 32 bits."""
        return load(self._builder, self._builder.add(self._code, integer(4 * place)), INT32)

    def number(self, place: int) -> Value:
        """A number in 64 bits."""
        return self._builder.sext(self.raw(place), INT64)

    def address(self, place: int) -> Value:
        """The address of a place in the run's memory."""
        return self._builder.add(self._base, self.number(place))


def _lanewise(builder: Builder, fields: _Fields, operands: int, formula: Callable[..., Vector]) -> None:
    places = [2 + 2 * number for number in range(operands + 1)]
    strides = [fields.number(place + 1) for place in places]

    def row(*addresses: Value) -> list[Value]:
        target, *read = addresses
        result = formula(*[load_vector(builder, address) for address in read])
        store(builder, result.value, target)
        return [builder.add(address, stride) for address, stride in zip(addresses, strides, strict=True)]

    repeat(builder, fields.number(1), [fields.address(place) for place in places], row)


def _reduction(builder: Builder, fields: _Fields, combine: Callable[[Vector, Vector], Vector]) -> None:
    start = fields.address(4)

    def row(address: Value, total: Value) -> list[Value]:
        combined = combine(Vector(builder, total), load_vector(builder, address))
        return [builder.add(address, integer(ROW_BYTES)), combined.value]

    rest = builder.sub(fields.number(1), integer(1))
    first = load(builder, start)
    _, total = repeat(builder, rest, [builder.add(start, integer(ROW_BYTES)), first], row)
    store(builder, total, fields.address(2))


def _product(builder: Builder, fields: _Fields) -> None:
    product(
        builder,
        outputs=fields.number(1),
        target=fields.address(2),
        start=fields.number(3),
        source=fields.address(4),
        inputs=fields.number(5),
        weight=fields.address(6),
        output_stride=fields.number(7),
        bias=fields.address(8),
        input_stride=fields.number(9),
    )


def _weight_gradient(builder: Builder, fields: _Fields) -> None:
    weight_gradient(
        builder,
        outputs=fields.number(1),
        target=fields.address(2),
        delta=fields.address(4),
        source=fields.address(6),
        inputs=fields.number(7),
    )


def _bias_gradient(builder: Builder, fields: _Fields) -> None:
    bias_gradient(builder, outputs=fields.number(1), target=fields.address(2), delta=fields.address(4))


def _dropout(builder: Builder, fields: _Fields) -> None:
    """`scale` where a hash of (key, card, unit, sample) reaches the threshold, 0 elsewhere.

    The numbers depend on nothing else, so neither the size of tiles nor the order of cards changes them.
    """
    samples = load(builder, fields.address(4), INTS)
    key = builder.xor(load(builder, fields.address(5), INT32), fields.raw(3))
    threshold = broadcast(builder, fields.raw(7), INTS)
    scale = Vector(builder, broadcast(builder, load(builder, fields.address(8), FLOAT)))

    def unit(target: Value, salt: Value) -> list[Value]:
        mixed = _scramble(builder, builder.xor(samples, broadcast(builder, _scramble(builder, salt), INTS)))
        kept = builder.icmp_signed(">=", builder.lshr(mixed, splat(INTS, 8)), threshold)
        store(builder, scale.where(kept, 0.0).value, target)
        following = builder.add(salt, ir.Constant(INT32, 0x9E3779B9))
        return [builder.add(target, integer(ROW_BYTES)), following]

    repeat(builder, fields.number(1), [fields.address(2), key], unit)


def _gather_units(builder: Builder, fields: _Fields) -> None:
    indices = first_lanes(builder, fields.raw(3))
    gather_lanes(builder, target=fields.address(2), columns=fields.number(1), values=fields.address(4), indices=indices)


def _spread_units(builder: Builder, fields: _Fields) -> None:
    indices = first_lanes(builder, fields.raw(3))
    spread_lanes(builder, source=fields.address(4), columns=fields.number(1), values=fields.address(2), indices=indices)


def _together(op: Op) -> Callable[[Builder, _Fields], None]:
    return lambda builder, fields: take_together(builder, target=fields.address(2), combine=_REDUCTIONS[op])


def _scramble(builder: Builder, bits: Value) -> Value:
    """Spread the differences of 32-bit numbers over all bits (the constants are Wellons's lowbias32)."""

    def constant(number: int) -> Value:
        return splat(INTS, number) if bits.type == INTS else ir.Constant(INT32, number)

    for shift, factor in ((16, 0x7FEB352D), (15, 0x846CA68B)):
        bits = builder.xor(bits, builder.lshr(bits, constant(shift)))
        bits = builder.mul(bits, constant(factor))
    return builder.xor(bits, builder.lshr(bits, constant(16)))


_KERNELS: Mapping[Kernel, Callable[[Builder, _Fields], None]] = MappingProxyType(
    {
        Kernel.PRODUCT: _product,
        Kernel.WEIGHT_GRADIENT: _weight_gradient,
        Kernel.BIAS_GRADIENT: _bias_gradient,
        Kernel.DROPOUT: _dropout,
        Kernel.GATHER_UNITS: _gather_units,
        Kernel.SPREAD_UNITS: _spread_units,
        Kernel.SUM_LANES: _together(Op.SUM_ROWS),
        Kernel.MAX_LANES: _together(Op.MAX_ROWS),
    }
)


def _write_all(builder: Builder, base: Value, code: Value, count: Value) -> None:
    """Write a loop over `count` instructions from the address `code` on, for the memory at `base`."""

    def one(at: Value) -> list[Value]:
        fields = _Fields(builder, base, at)
        function = builder.function
        after = function.append_basic_block("done")
        switch = builder.switch(fields.raw(0), after)

        def case(op: IntEnum) -> None:
            block = function.append_basic_block(op.name)
            switch.add_case(ir.Constant(INT32, int(op)), block)
            builder.position_at_end(block)

        for op, (operands, formula) in _LANEWISE.items():
            case(op)
            _lanewise(builder, fields, operands, formula)
            builder.branch(after)
        for op, combine in _REDUCTIONS.items():
            case(op)
            _reduction(builder, fields, combine)
            builder.branch(after)
        for kernel, write in _KERNELS.items():
            case(kernel)
            write(builder, fields)
            builder.branch(after)
        builder.position_at_end(after)
        return [builder.add(at, integer(4 * FIELDS))]

    repeat(builder, count, [code], one)


@intrinsic
def execute(typing_context: Any, base: Any, code: Any, count: Any) -> Any:
    """Run `count` instructions that lie at the address `code` on the memory at `base`."""

    def write(context: Any, builder: Builder, signature: Any, arguments: Any) -> Any:
        _write_all(builder, *arguments)
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, types.int64), write


@intrinsic
def gather(
    typing_context: Any,
    target: Any,
    columns: Any,
    values: Any,
    samples: Any,
) -> Any:
    """Lay samples into lanes: target[j, lane] = values[samples[lane], j].

    `samples` is the address of sixteen int32; `values` (…, columns) and target are float32.
    """

    def write(context: Any, builder: Builder, signature: Any, arguments: Any) -> Any:
        target, columns, values, samples = arguments
        indices = load(builder, samples, INTS)
        gather_lanes(builder, target=target, columns=columns, values=values, indices=indices)
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, types.int64, types.int64), write


@intrinsic
def set_lanes(typing_context: Any, shares: Any, samples: Any, share: Any, order: Any, count: Any) -> Any:
    """Choose the samples of a tile: the first `count` int32 from the address `order` on; sixteen can be read there.

    `samples` gets them, the first one again in lanes beyond, and `shares` gets `share` in the lanes in use, 0 beyond.
    """

    def write(context: Any, builder: Builder, signature: Any, arguments: Any) -> Any:
        shares, samples, share, order, count = arguments
        lanes = ir.Constant(INTS, list(range(INTS.count)))
        used = builder.icmp_signed("<", lanes, broadcast(builder, builder.trunc(count, INT32), INTS))
        read = load(builder, order, INTS)
        first = broadcast(builder, builder.extract_element(read, ir.Constant(INT32, 0)), INTS)
        store(builder, builder.select(used, read, first), samples)
        store(builder, builder.select(used, broadcast(builder, share), splat(FLOATS, 0.0)), shares)
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, types.float32, types.int64, types.int64), write


@intrinsic
def fill_rows(typing_context: Any, target: Any, rows: Any, values: Any) -> Any:
    """Fill rows with one float32 each, read one after the other from the address `values` on."""

    def write(context: Any, builder: Builder, signature: Any, arguments: Any) -> Any:
        target, rows, values = arguments

        def row(into: Value, at: Value) -> list[Value]:
            store(builder, broadcast(builder, load(builder, at, FLOAT)), into)
            return [builder.add(into, integer(ROW_BYTES)), builder.add(at, integer(4))]

        repeat(builder, rows, [target, values], row)
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, types.int64), write


@intrinsic
def clear_rows(typing_context: Any, target: Any, rows: Any) -> Any:
    """Fill rows with 0."""

    def write(context: Any, builder: Builder, signature: Any, arguments: Any) -> Any:
        target, rows = arguments

        def row(into: Value) -> list[Value]:
            store(builder, splat(FLOATS, 0.0), into)
            return [builder.add(into, integer(ROW_BYTES))]

        repeat(builder, rows, [target], row)
        return context.get_dummy_value()

    return types.void(types.int64, types.int64), write


@intrinsic
def copy_rows(typing_context: Any, target: Any, target_stride: Any, source: Any, rows: Any) -> Any:
    """Copy rows that lie one behind the other to rows that lie `target_stride` bytes apart."""

    def write(context: Any, builder: Builder, signature: Any, arguments: Any) -> Any:
        target, stride, source, rows = arguments

        def row(into: Value, at: Value) -> list[Value]:
            store(builder, load(builder, at), into)
            return [builder.add(into, stride), builder.add(at, integer(ROW_BYTES))]

        repeat(builder, rows, [target, source], row)
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, types.int64, types.int64), write


@intrinsic
def set_key(typing_context: Any, place: Any, seed: Any, step: Any) -> Any:
    """Store the 32-bit key of a step's random numbers."""

    def write(context: Any, builder: Builder, signature: Any, arguments: Any) -> Any:
        place, seed, step = arguments
        key = ir.Constant(INT32, 0)
        for number in (seed, step, builder.lshr(step, integer(32))):
            key = _scramble(builder, builder.xor(key, builder.trunc(number, INT32)))
        store(builder, key, place)
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, types.int64), write
