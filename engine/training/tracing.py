"""Tracing: formulas of the catalogue called with stand-ins for arrays, which write down what is computed."""

from __future__ import annotations

import math
import numbers
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NoReturn

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from engine.catalog.functions import ERF
from engine.document.errors import PlaygroundError
from engine.training.expressions import Graph, Node
from engine.training.programs import Kind, Op


class NotTraceable(PlaygroundError):
    """A formula uses what no program can do; the sentence says which entry, and what it uses."""


def _refuse(what: str) -> NoReturn:
    raise NotTraceable("its formula uses {what}, which has no compiled form", what=what)


class Tracer(NDArrayOperatorsMixin):
    """Stands for an array or a number in a formula.

    The node may be narrower than what it stands for (`np.ones_like(x)` is the constant 1): `kind` keeps the shape that
    NumPy would give, so that a sum over the units counts them. Changing it in place gives it another node.
    """

    def __init__(self, graph: Graph, node: Node, kind: Kind, units: int | None = None, truth: bool = False) -> None:
        self.graph = graph
        self.node = node
        self.kind = kind
        self.units = units
        """Length of the last axis; None where a formula may not know it (parameters lie flat, one after another)."""
        self.truth = truth
        """Whether NumPy would have truth values here: it computes otherwise with them than with 1 and 0."""

    # --- what arrays have ---------------------------------------------------------------------------------------------

    @property
    def dtype(self) -> np.dtype[Any]:
        """What programs compute with."""
        return np.dtype(np.float32)

    @property
    def ndim(self) -> int:
        """Samples and units."""
        if self.units is None:
            _refuse("ndim")
        return 0 if self.kind is Kind.UNIFORM else 2

    @property
    def shape(self) -> Shape:
        """Samples and units, of which only the units are known."""
        if self.units is None or self.kind is Kind.UNIFORM:
            _refuse("shape")
        return Shape(self.units if self.kind is Kind.FULL else 1)

    def astype(self, dtype: Any, **_: Any) -> Tracer:
        """The same values as numbers."""
        if np.dtype(dtype).kind != "f":
            _refuse(f"astype({np.dtype(dtype)})")
        return self._like(self.node, self.kind)

    def copy(self) -> Tracer:
        """Another array of the same values."""
        return self._like(self.node, self.kind, self.truth)

    def sum(self, axis: Any = None, keepdims: bool = False) -> Tracer:
        """The sum over the units."""
        if self._reduces("sum", axis, keepdims):
            return self._like(self.graph.make(Op.SUM_ROWS, self.node), Kind.ROW)
        count = self.graph.constant(self._length)
        return self._like(self.graph.make(Op.MUL, self.node, count), Kind.ROW)

    def mean(self, axis: Any = None, keepdims: bool = False) -> Tracer:
        """The mean over the units."""
        total = self.sum(axis, keepdims)
        count = self.graph.constant(self._length)
        return self._like(self.graph.make(Op.DIV, total.node, count), Kind.ROW)

    def max(self, axis: Any = None, keepdims: bool = False) -> Tracer:
        """The largest of the units."""
        if self._reduces("max", axis, keepdims):
            return self._like(self.graph.make(Op.MAX_ROWS, self.node), Kind.ROW)
        return self._like(self.node, Kind.ROW)

    def min(self, axis: Any = None, keepdims: bool = False) -> Tracer:
        """The smallest of the units."""
        return -(-self).max(axis, keepdims)

    def clip(self, min: Any = None, max: Any = None) -> Tracer:
        """Nothing below `min`, nothing above `max`."""
        found: Any = self.copy()
        if min is not None:
            found = np.maximum(found, min)
        if max is not None:
            found = np.minimum(found, max)
        return found

    @property
    def _length(self) -> int:
        """How many numbers a reduction takes together."""
        assert self.units is not None
        return self.units if self.kind is Kind.FULL else 1

    def _reduces(self, name: str, axis: Any, keepdims: bool) -> bool:
        """Whether the numbers taken together differ; refuses other reductions than those over the units."""
        if self.units is None or self.kind is Kind.UNIFORM:
            _refuse(f"{name} over all parameters")
        if axis not in (-1, 1) or not keepdims:
            _refuse(f"{name} without axis=-1, keepdims=True")
        return self.node.kind is Kind.FULL

    def _like(self, node: Node, kind: Kind, truth: bool = False) -> Tracer:
        return Tracer(self.graph, node, kind, self.units, truth)

    # --- what NumPy asks for ------------------------------------------------------------------------------------------

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, out: Any = None, **arguments: Any) -> Any:
        rule = _UFUNCS.get(ufunc)
        if method != "__call__" or rule is None or arguments:
            _refuse("numpy." + ufunc.__name__ + ("" if method == "__call__" else f".{method}"))
        operands = self._operands(inputs)
        truths = all(operand.truth for operand in operands)
        if ufunc in _ON_TRUTH and not truths:
            _refuse(f"numpy.{ufunc.__name__} of numbers")
        if ufunc in _NOT_ON_TRUTH and truths:
            _refuse(f"numpy.{ufunc.__name__} of truth values")
        node = rule(self.graph, *(operand.node for operand in operands))
        kind = min(operand.kind for operand in operands)
        made = self._like(node, kind, ufunc in _GIVE_TRUTH or (truths and ufunc in _KEEP_TRUTH))
        return made if out is None else self._write(out, made)

    def _write(self, out: Any, made: Tracer) -> Tracer:
        (target,) = out
        if not isinstance(target, Tracer):
            _refuse("an array made elsewhere as out=")
        if target.kind is Kind.UNIFORM:
            return made  # a number is not changed in place: its name gets another one
        if made.kind < target.kind:
            _refuse("a change in place that does not fit")
        target.node = made.node
        return target

    def __array_function__(self, function: Any, types: Any, arguments: Any, named: Any) -> Any:
        rule = _FUNCTIONS.get(function)
        if rule is None:
            _refuse(f"numpy.{function.__name__}")
        return rule(self, *arguments, **named)

    def __array__(self, *_: Any, **__: Any) -> NoReturn:
        _refuse("its values as a plain array")

    def _operands(self, values: Any) -> list[Tracer]:
        return [self.operand(value) for value in values]

    def operand(self, value: Any) -> Tracer:
        """The value as a tracer: itself, or a number that is written down as a constant."""
        if isinstance(value, Tracer):
            return value
        if isinstance(value, np.ndarray) and value.ndim == 0:
            value = value[()]
        if isinstance(value, numbers.Real | np.bool_):
            return self._like(self.graph.constant(float(value)), Kind.UNIFORM, isinstance(value, bool | np.bool_))
        _refuse(f"a {type(value).__name__} of values")

    def _where(self, condition: Any, *choices: Any) -> Tracer:
        if len(choices) != 2:
            _refuse("numpy.where of one argument")
        operands = self._operands((condition, *choices))
        node = self.graph.make(Op.WHERE, *(operand.node for operand in operands))
        truth = all(operand.truth for operand in operands[1:])
        return self._like(node, min(operand.kind for operand in operands), truth)

    def _filled(self, model: Any, value: Any, **arguments: Any) -> Tracer:
        if arguments.keys() - {"dtype"}:
            _refuse("numpy.full_like of another shape")
        return self._like(self.operand(value).node, self.operand(model).kind)

    # --- what only numbers have ---------------------------------------------------------------------------------------

    def __bool__(self) -> NoReturn:
        _refuse("a choice (if, and, or) that depends on values; use numpy.where")

    def __float__(self) -> NoReturn:
        _refuse("single numbers")

    __int__ = __index__ = __complex__ = __float__

    def __len__(self) -> NoReturn:
        _refuse("the number of samples")

    def __getitem__(self, index: Any) -> NoReturn:
        _refuse("parts of an array")

    def __setitem__(self, index: Any, value: Any) -> NoReturn:
        _refuse("parts of an array")

    def __iter__(self) -> NoReturn:
        _refuse("single numbers")

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__"):
            raise AttributeError(name)
        _refuse(f".{name}")


class Shape:
    """(samples, units), as a formula may ask for it: how many samples there are is nobody's business."""

    def __init__(self, units: int) -> None:
        self._units = units

    def __getitem__(self, axis: Any) -> int:
        if axis not in (-1, 1):
            _refuse("the number of samples")
        return self._units

    def __len__(self) -> int:
        return 2

    def __iter__(self) -> NoReturn:
        _refuse("the number of samples")


Rule = Callable[..., Node]


def _plain(op: Op) -> Rule:
    return lambda graph, *operands: graph.make(op, *operands)


def _not(graph: Graph, a: Node) -> Node:
    return graph.make(Op.EQUAL, a, graph.constant(0.0))


def _truth(graph: Graph, a: Node) -> Node:
    return a if a.logical else _not(graph, _not(graph, a))


def _not_equal(graph: Graph, a: Node, b: Node) -> Node:
    return _not(graph, graph.make(Op.EQUAL, a, b))


def _logaddexp(graph: Graph, a: Node, b: Node) -> Node:
    apart = graph.make(Op.NEGATE, graph.make(Op.ABS, graph.make(Op.SUB, a, b)))
    return graph.make(Op.ADD, graph.make(Op.MAXIMUM, a, b), graph.make(Op.LOG1P, graph.make(Op.EXP, apart)))


def _cosh(graph: Graph, a: Node) -> Node:
    """(e^|a| + e^−|a|) / 2, of which the parts cannot overflow before the sum does."""
    size = graph.make(Op.EXP, graph.make(Op.SUB, graph.make(Op.ABS, a), graph.constant(math.log(2))))
    return graph.make(Op.ADD, size, graph.make(Op.DIV, graph.constant(0.25), size))


def _sinh(graph: Graph, a: Node) -> Node:
    """(e^a − 1 − (e^−a − 1)) / 2, exact also near 0."""
    above, below = graph.make(Op.EXPM1, a), graph.make(Op.EXPM1, graph.make(Op.NEGATE, a))
    return graph.make(Op.MUL, graph.make(Op.SUB, above, below), graph.constant(0.5))


def _scaled(op: Op, before: float = 1.0, after: float = 1.0) -> Rule:
    """after · op(before · a)"""

    def rule(graph: Graph, a: Node) -> Node:
        inner = graph.make(op, graph.make(Op.MUL, a, graph.constant(before)))
        return graph.make(Op.MUL, inner, graph.constant(after))

    return rule


_UFUNCS: Mapping[Any, Rule] = MappingProxyType(
    {
        np.add: _plain(Op.ADD),
        np.subtract: _plain(Op.SUB),
        np.multiply: _plain(Op.MUL),
        np.divide: _plain(Op.DIV),
        np.negative: _plain(Op.NEGATE),
        np.positive: lambda graph, a: a,
        np.absolute: _plain(Op.ABS),
        np.fabs: _plain(Op.ABS),
        np.sign: _plain(Op.SIGN),
        np.maximum: _plain(Op.MAXIMUM),
        np.minimum: _plain(Op.MINIMUM),
        np.greater: _plain(Op.GREATER),
        np.greater_equal: _plain(Op.GREATER_EQUAL),
        np.less: _plain(Op.LESS),
        np.less_equal: _plain(Op.LESS_EQUAL),
        np.equal: _plain(Op.EQUAL),
        np.not_equal: _not_equal,
        np.logical_and: lambda graph, a, b: graph.make(Op.MUL, _truth(graph, a), _truth(graph, b)),
        np.logical_or: lambda graph, a, b: graph.make(Op.MAXIMUM, _truth(graph, a), _truth(graph, b)),
        np.logical_not: _not,
        np.bitwise_and: _plain(Op.MUL),
        np.bitwise_or: _plain(Op.MAXIMUM),
        np.invert: _not,
        np.sqrt: _plain(Op.SQRT),
        np.square: _plain(Op.SQUARE),
        np.reciprocal: _plain(Op.RECIPROCAL),
        np.exp: _plain(Op.EXP),
        np.exp2: _scaled(Op.EXP, before=math.log(2)),
        np.expm1: _plain(Op.EXPM1),
        np.log: _plain(Op.LOG),
        np.log2: _scaled(Op.LOG, after=1 / math.log(2)),
        np.log10: _scaled(Op.LOG, after=1 / math.log(10)),
        np.log1p: _plain(Op.LOG1P),
        np.logaddexp: _logaddexp,
        np.tanh: _plain(Op.TANH),
        np.sin: _plain(Op.SIN),
        np.cos: _plain(Op.COS),
        np.power: _plain(Op.POWER),
        np.float_power: _plain(Op.POWER),
        np.floor: _plain(Op.FLOOR),
        np.ceil: lambda graph, a: graph.make(Op.NEGATE, graph.make(Op.FLOOR, graph.make(Op.NEGATE, a))),
        np.tan: lambda graph, a: graph.make(Op.DIV, graph.make(Op.SIN, a), graph.make(Op.COS, a)),
        np.sinh: _sinh,
        np.cosh: _cosh,
        np.isnan: lambda graph, a: _not(graph, graph.make(Op.EQUAL, a, a)),
        np.isfinite: lambda graph, a: graph.make(Op.LESS, graph.make(Op.ABS, a), graph.constant(math.inf)),
        ERF: _plain(Op.ERF),
    }
)

# Where NumPy does something else with truth values than with numbers.
_ON_TRUTH = frozenset({np.bitwise_and, np.bitwise_or, np.invert})
_NOT_ON_TRUTH = frozenset({np.add, np.subtract, np.negative})
_GIVE_TRUTH = frozenset(
    {
        *(np.greater, np.greater_equal, np.less, np.less_equal, np.equal, np.not_equal),
        *(np.logical_and, np.logical_or, np.logical_not, np.bitwise_and, np.bitwise_or, np.invert),
        *(np.isnan, np.isfinite),
    }
)
_KEEP_TRUTH = frozenset({np.multiply, np.maximum, np.minimum, np.absolute, np.positive})


def _method(name: str) -> Callable[..., Any]:
    return lambda tracer, array, *arguments, **named: getattr(array, name)(*arguments, **named)


_FUNCTIONS: Mapping[Any, Callable[..., Any]] = MappingProxyType(
    {
        np.where: Tracer._where,
        np.zeros_like: lambda tracer, model, **named: tracer._filled(model, 0.0, **named),
        np.ones_like: lambda tracer, model, **named: tracer._filled(model, 1.0, **named),
        np.full_like: lambda tracer, model, value, **named: tracer._filled(model, value, **named),
        np.copy: _method("copy"),
        np.clip: lambda tracer, array, *bounds, **named: tracer.operand(array).clip(*bounds, **named),
        np.sum: _method("sum"),
        np.mean: _method("mean"),
        np.max: _method("max"),
        np.amax: _method("max"),
        np.min: _method("min"),
        np.amin: _method("min"),
    }
)
