"""Expressions of a function's source that are known before it runs: they depend on one entry's fields alone."""

from __future__ import annotations

import ast
import dataclasses
import io
import operator
import tokenize
import types
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from engine.catalog.registry import Entry
from engine.document.errors import PlaygroundError

_LONGEST = 1000
"""Characters that a constant may have."""
LIBRARIES = ("numpy", "math", "base64", "zlib", "itertools")
"""Modules that a script may use itself: what they compute is left to it."""
_OPERATORS: Mapping[type[ast.AST], Callable[..., Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
    ast.USub: operator.neg,
    ast.Not: operator.not_,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
    ast.In: lambda one, many: one in many,
    ast.NotIn: lambda one, many: one not in many,
}


class NotExtractable(PlaygroundError):
    """A function that cannot be taken out of the program."""


class Unknown(Exception):
    """What an expression gives is not known before it runs."""


class Folding:
    """Finds out what expressions of one function are worth, as far as that is known."""

    def __init__(self, names: Mapping[str, Any], entry: Any, bound: set[str]) -> None:
        """`names` are what the function sees from outside, `bound` those that it gives values to itself."""
        self._globals = names
        self._entry = entry
        self._bound = bound
        self.self_name = ""
        """What the function calls the entry."""

    def value(self, node: ast.expr) -> Any:
        """The value of an expression that depends on the entry alone. Raises Unknown."""
        match node:
            case ast.Constant():
                return node.value
            case ast.Name():
                return self._known_name(node.id)
            case ast.Attribute():
                base = self.value(node.value)
                if isinstance(base, types.ModuleType) or not hasattr(base, node.attr):
                    raise Unknown
                return getattr(base, node.attr)
            case ast.Tuple():
                return tuple(self.value(each) for each in node.elts)
            case ast.UnaryOp() if type(node.op) in _OPERATORS:
                return _OPERATORS[type(node.op)](self.value(node.operand))
            case ast.BinOp() if type(node.op) in _OPERATORS:
                return _OPERATORS[type(node.op)](self.value(node.left), self.value(node.right))
            case ast.BoolOp():
                return self._known_junction(node)
            case ast.Compare() if len(node.ops) == 1 and type(node.ops[0]) in _OPERATORS:
                return _OPERATORS[type(node.ops[0])](self.value(node.left), self.value(node.comparators[0]))
            case ast.Call() if not node.keywords:
                return self._known_call(node)
        raise Unknown

    def _known_name(self, name: str) -> Any:
        if name in self._bound:
            raise Unknown
        if name == self.self_name and self._entry is not None:
            return self._entry
        if name not in self._globals:
            raise Unknown
        return self._globals[name]

    def _known_junction(self, node: ast.BoolOp) -> Any:
        stops = isinstance(node.op, ast.Or)
        found: Any = not stops
        for value in node.values:
            found = self.value(value)
            if bool(found) is stops:
                break
        return found

    def _known_call(self, node: ast.Call) -> Any:
        function = self.value(node.func)
        arguments = [self.value(each) for each in node.args]
        module = getattr(function, "__module__", None) or ""
        if isinstance(function, type) and issubclass(function, Entry):
            return function(*arguments)
        if not isinstance(function, types.FunctionType | types.MethodType) and not hasattr(function, "__wrapped__"):
            raise Unknown
        if module.split(".")[0] in LIBRARIES:
            raise Unknown
        try:
            found = function(*arguments)
        except PlaygroundError as error:
            raise Unknown from error
        parts = found if isinstance(found, tuple) else (found,)
        if not all(is_plain(each) or (isinstance(each, np.ndarray) and each.size <= 100) for each in parts):
            raise Unknown
        return found


def fields_of(item: Any) -> tuple[str, ...]:
    """The fields of an entry, or of another dataclass; none for anything else."""
    if isinstance(item, type) or not dataclasses.is_dataclass(item):
        return ()
    return tuple(field.name for field in dataclasses.fields(item)) or ("",)


def is_plain(value: Any) -> bool:
    """Whether a value can be written as it is."""
    if isinstance(value, tuple | list):
        return all(map(is_plain, value))
    return value is None or type(value) in (bool, int, float, str)


def literal(value: Any) -> ast.expr:
    """A plain value as Python writes it. Raises NotExtractable for one that is too long to be read."""
    if len(repr(value)) > _LONGEST:
        raise NotExtractable("a constant of {count} characters is too long", count=len(repr(value)))
    found = ast.parse(repr(value).replace("inf", "1e999"), mode="eval").body
    return found


def double_quoted(source: str) -> str:
    """Source with its texts in double quotes, where they hold none.

    >>> double_quoted("f('a', 'b')")
    'f("a", "b")'
    """
    lines = source.splitlines(keepends=True)
    tokens = [
        token for token in tokenize.generate_tokens(io.StringIO(source).readline) if token.type == tokenize.STRING
    ]
    for token in reversed(tokens):
        text, (row, start), (last, end) = token.string, token.start, token.end
        if row == last and text.endswith("'") and not text.endswith("'''") and '"' not in text:
            line = lines[row - 1]
            lines[row - 1] = line[:start] + text.replace("'", '"') + line[end:]
    return "".join(lines)
