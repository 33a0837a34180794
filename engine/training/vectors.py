"""Vectors of sixteen numbers, written down as LLVM code: the words that the kernels are built from.

Numba turns loops into vector code when its compiler can prove that nothing overlaps, which depends on its version and
on the surroundings. Here each vector operation is written explicitly instead, so the code is the same on every machine
of one kind, and its results too. Multiplications may fuse with additions; nothing else is rearranged; NaN stays NaN.
"""

# Numba and llvmlite ship no types.
# mypy: disable-error-code="misc, no-any-return"

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from llvmlite import ir

from engine.training.instructions import LANES

FLOAT = ir.FloatType()
INT32 = ir.IntType(32)
INT64 = ir.IntType(64)
FLOATS = ir.VectorType(FLOAT, LANES)
DOUBLES = ir.VectorType(ir.DoubleType(), LANES)
INTS = ir.VectorType(INT32, LANES)

_FLAGS = ("contract",)

Builder = Any
"""Writes instructions: `llvmlite.ir.IRBuilder`."""
Value = Any
"""A value in the code: `llvmlite.ir.Value`."""


class Vector:
    """A vector of floats or doubles in code that is being written; operators write instructions.

    The other operand may be a number. Comparisons give masks, to be used by `choose`.
    """

    def __init__(self, builder: Builder, value: Value) -> None:
        self.builder = builder
        self.value = value

    def full(self, number: float) -> Vector:
        """A vector of the same type that holds one number in every lane."""
        return Vector(self.builder, splat(self.value.type, number))

    def _of(self, other: Vector | float) -> Value:
        return other.value if isinstance(other, Vector) else splat(self.value.type, other)

    def _made(self, value: Value) -> Vector:
        return Vector(self.builder, value)

    def __add__(self, other: Vector | float) -> Vector:
        return self._made(self.builder.fadd(self.value, self._of(other), flags=_FLAGS))

    def __sub__(self, other: Vector | float) -> Vector:
        return self._made(self.builder.fsub(self.value, self._of(other), flags=_FLAGS))

    def __mul__(self, other: Vector | float) -> Vector:
        return self._made(self.builder.fmul(self.value, self._of(other), flags=_FLAGS))

    def __truediv__(self, other: Vector | float) -> Vector:
        return self._made(self.builder.fdiv(self.value, self._of(other)))

    def __neg__(self) -> Vector:
        return self._made(self.builder.fneg(self.value))

    def compare(self, sign: str, other: Vector | float) -> Value:
        """A mask: where the comparison holds; nowhere for NaN, except "!=" which holds there."""
        compare = self.builder.fcmp_unordered if sign == "!=" else self.builder.fcmp_ordered
        return compare(sign, self.value, self._of(other))

    def is_nan(self) -> Value:
        """A mask: where it is NaN."""
        return self.builder.fcmp_unordered("uno", self.value, self.value)

    def where(self, mask: Value, other: Vector | float) -> Vector:
        """Itself where the mask holds, the other elsewhere."""
        return self._made(self.builder.select(mask, self.value, self._of(other)))

    def clip(self, low: float, high: float) -> Vector:
        """Itself within the limits; NaN stays."""
        below = self.full(low).where(self.compare("<", low), self)
        return self.full(high).where(below.compare(">", high), below)

    def call(self, name: str) -> Vector:
        """What one of LLVM's elementary functions ("floor", "fabs", "sqrt") gives."""
        of = self.value.type
        suffix = f"v{LANES}f{32 if of == FLOATS else 64}"
        function = self.builder.module.declare_intrinsic(f"llvm.{name}.{suffix}", fnty=ir.FunctionType(of, [of]))
        return self._made(self.builder.call(function, [self.value]))

    def bits(self) -> Value:
        """The floats' bits as integers."""
        return self.builder.bitcast(self.value, INTS)

    def whole(self) -> Value:
        """As integers, of numbers that are whole already; 0 for NaN."""
        known = self.where(self.compare("==", self), 0.0)
        return self.builder.fptosi(known.value, INTS)

    def polynomial(self, *coefficients: float) -> Vector:
        """The polynomial by Horner's rule, the coefficient of the highest power first."""
        total = self.full(coefficients[0])
        for coefficient in coefficients[1:]:
            total = total * self + coefficient
        return total


def splat(of: Any, number: float) -> Value:
    """A constant vector."""
    return ir.Constant(of, [number] * of.count)


def from_bits(builder: Builder, bits: Value) -> Vector:
    """Floats from their bits."""
    return Vector(builder, builder.bitcast(bits, FLOATS))


# --- memory ----------------------------------------------------------------------------------------------------------


def integer(number: int) -> Value:
    """A 64-bit constant."""
    return ir.Constant(INT64, number)


def _pointer(builder: Builder, address: Value, of: Any) -> Value:
    return builder.inttoptr(address, ir.PointerType(of))


def load(builder: Builder, address: Value, of: Any = FLOATS) -> Value:
    """What lies at an address; four bytes are the only alignment asked for."""
    return builder.load(_pointer(builder, address, of), align=4)


def store(builder: Builder, value: Value, address: Value) -> None:
    """Write to an address."""
    builder.store(value, _pointer(builder, address, value.type), align=4)


def load_vector(builder: Builder, address: Value) -> Vector:
    """A row of floats."""
    return Vector(builder, load(builder, address))


def broadcast(builder: Builder, scalar: Value, of: Any = FLOATS) -> Value:
    """One scalar in every lane."""
    first = builder.insert_element(ir.Constant(of, ir.Undefined), scalar, ir.Constant(INT32, 0))
    zeros = ir.Constant(ir.VectorType(INT32, of.count), [0] * of.count)
    return builder.shuffle_vector(first, ir.Constant(of, ir.Undefined), zeros)


# --- control ---------------------------------------------------------------------------------------------------------


def repeat(
    builder: Builder,
    count: Value,
    carried: Sequence[Value],
    body: Callable[..., Sequence[Value]],
) -> list[Value]:
    """Write a loop that runs `count` times (a 64-bit value, may be 0).

    `body` gets the values carried from turn to turn and returns the next; the result is their last.
    """
    function, before = builder.function, builder.block
    head = function.append_basic_block("head")
    inside = function.append_basic_block("inside")
    after = function.append_basic_block("after")
    builder.branch(head)
    builder.position_at_end(head)
    left = builder.phi(INT64)
    left.add_incoming(count, before)
    values = []
    for value in carried:
        phi = builder.phi(value.type)
        phi.add_incoming(value, before)
        values.append(phi)
    builder.cbranch(builder.icmp_signed(">", left, integer(0)), inside, after)
    builder.position_at_end(inside)
    following = body(*values)
    end = builder.block
    left.add_incoming(builder.sub(left, integer(1)), end)
    for phi, value in zip(values, following, strict=True):
        phi.add_incoming(value, end)
    builder.branch(head)
    builder.position_at_end(after)
    return values


def sums(builder: Builder, vectors: Sequence[Value]) -> Value:
    """The sum over the lanes of each of 1, 2, 4 or 8 vectors: a scalar for one, else a vector of as many sums.

    A tree of shuffles within groups of four lanes, which are the cheap ones, adds all of them at once.
    """
    count = len(vectors)
    held = [_fold(builder, vector) for vector in vectors]
    while len(held) > 1 and count // len(held) < 4:
        held = [_add_neighbours(builder, a, b) for a, b in zip(held[::2], held[1::2], strict=True)]
    if len(held) == 2:
        low, high = (
            _shuffle(builder, held[0], held[1], [*range(at, at + 4), *range(at + 8, at + 12)]) for at in (0, 4)
        )
        return builder.fadd(low, high, flags=_FLAGS)
    found = _fold(builder, held[0])
    width = 4
    while width > count:
        width //= 2
        evens, odds = (_shuffle(builder, found, found, list(range(at, 2 * width, 2))) for at in (0, 1))
        found = builder.fadd(evens, odds, flags=_FLAGS)
    return builder.extract_element(found, ir.Constant(INT32, 0)) if count == 1 else found


def transposed(builder: Builder, rows: Sequence[Value]) -> list[Value]:
    """The columns of a square of as many vectors as a vector has lanes: they and its rows change places."""
    found, lanes = list(rows), range(len(rows))
    apart = len(found) // 2
    while apart:
        for row in (row for row in lanes if not row & apart):
            a, b = found[row], found[row + apart]
            low = [len(lanes) + lane - apart if lane & apart else lane for lane in lanes]
            high = [len(lanes) + lane if lane & apart else lane + apart for lane in lanes]
            found[row], found[row + apart] = _shuffle(builder, a, b, low), _shuffle(builder, a, b, high)
        apart //= 2
    return found


def _add_neighbours(builder: Builder, a: Value, b: Value) -> Value:
    """Of two vectors of eight: the sums of neighbours, those of a and of b in turn by two."""
    evens, odds = (
        _shuffle(
            builder, a, b, [lane + at + (8 if second else 0) for lane in (0, 4) for second in (0, 1) for at in two]
        )
        for two in ((0, 2), (1, 3))
    )
    return builder.fadd(evens, odds, flags=_FLAGS)


def _fold(builder: Builder, vector: Value) -> Value:
    """The upper half added to the lower one."""
    half = vector.type.count // 2
    low = _shuffle(builder, vector, vector, list(range(half)))
    high = _shuffle(builder, vector, vector, list(range(half, 2 * half)))
    return builder.fadd(low, high, flags=_FLAGS)


def _shuffle(builder: Builder, a: Value, b: Value, places: list[int]) -> Value:
    mask = ir.Constant(ir.VectorType(INT32, len(places)), places)
    return builder.shuffle_vector(a, b, mask)
