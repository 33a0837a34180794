"""Functions of the catalogue as source that runs without this program: one entry's methods, and what they use.

What a script must repeat in NumPy (how a data set or an initializer draws, how a schedule runs) is not written a second
time: the method's own source is taken, with the entry's fields in the place of `self`. A number becomes an argument
with a default, text and switches become constants, and branches that they decide are cut.
"""

from __future__ import annotations

import ast
import builtins
import dataclasses
import inspect
import textwrap
import types
from collections.abc import Hashable, Iterable
from typing import Any

import numpy as np

from engine.catalog.registry import Entry
from engine.export.folding import Folding, NotExtractable, Unknown, double_quoted, fields_of, is_plain, literal

_MODULES = {"numpy": "np", "math": "math", "base64": "base64", "zlib": "zlib", "itertools": "itertools"}
"""Modules that a script may import, and what it calls them."""


class Extraction:
    """Collects functions, constants and imports of one script, each once."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        """`taken` are the names that the script uses already."""
        self.imports: set[str] = set()
        """Modules that the functions use, such as "numpy"."""
        self.definitions: list[str] = []
        """Source in an order in which it can be run."""
        self._taken = set(taken)
        self._names: dict[Any, str] = {}

    def method(self, entry: Any, method: str, called: str, words: str = "") -> str:
        """Take an entry's method, to be called like this; returns its name. Equal entries share one function.

        `words` is its docstring. Raises NotExtractable, and then nothing was taken.
        """
        before = set(self.imports), list(self.definitions), set(self._taken), dict(self._names)
        try:
            return self._method(entry, method, called, words)
        except NotExtractable:
            self.imports, self.definitions, self._taken, self._names = before
            raise

    def inline(self, entry: Any, method: str, called: str, arguments: Iterable[str]) -> str:
        """What an entry's method gives for variables of its own arguments' names, as an expression.

        Raises NotExtractable.
        """
        before = len(self.definitions)
        name = self.method(entry, method, called)
        tree = ast.parse(self.definitions[-1]).body[0] if len(self.definitions) > before else None
        body = [each for each in getattr(tree, "body", ()) if not isinstance(each, ast.Expr)]  # without its words
        if isinstance(tree, ast.FunctionDef) and len(body) == 1 and not tree.args.defaults:
            only = body[0]
            if isinstance(only, ast.Return) and only.value and [each.arg for each in tree.args.args] == [*arguments]:
                self.definitions.pop()
                del self._names[type(entry), entry, method]
                self._taken.discard(name)
                return double_quoted(ast.unparse(only.value))
        return f"{name}({', '.join(arguments)})"

    def _method(self, entry: Any, method: str, called: str, words: str = "") -> str:
        key = (type(entry), entry, method)
        if key not in self._names:
            found = inspect.getattr_static(type(entry), method, None)
            function = found.__func__ if isinstance(found, staticmethod | classmethod) else found
            if not isinstance(function, types.FunctionType) or isinstance(found, classmethod):
                raise NotExtractable("{method} is no method", method=method)
            self._take(key, called, function, None if isinstance(found, staticmethod) else entry, words)
        return self._names[key]

    def function(self, function: Any) -> str:
        """Take a function of a module; returns its name. Raises NotExtractable."""
        plain = inspect.unwrap(function)
        if plain not in self._names:
            self._take(plain, plain.__name__, plain, None, "")
        return self._names[plain]

    def newest(self) -> list[str]:
        """The definitions that were taken since this was asked last."""
        found, self.definitions[:] = list(self.definitions), []
        return found

    def constant(self, name: str, value: Any) -> str:
        """Take a constant that is worth a name; returns the name."""
        key = ("constant", name, value)
        if key not in self._names:
            own = self._names[key] = self._free(name.lstrip("_"))
            self.definitions.append(f"{own} = {ast.unparse(literal(value))}")
        return self._names[key]

    def record(self, cls: type[Any]) -> str:
        """Take a class that holds named values and nothing else; returns its name. Raises NotExtractable."""
        if cls not in self._names:
            fields = getattr(cls, "_fields", None) or (
                tuple(field.name for field in dataclasses.fields(cls)) if dataclasses.is_dataclass(cls) else ()
            )
            if not fields or issubclass(cls, Entry):
                raise NotExtractable("{name} cannot be taken out of the program", name=cls.__name__)
            own = self._names[cls] = self._free(cls.__name__.lstrip("_"))
            self.imports.add("collections")
            self.definitions.append(f'{own} = collections.namedtuple("{own}", "{" ".join(fields)}")')
        return self._names[cls]

    def _free(self, name: str, also: Iterable[str] = ()) -> str:
        """The name, or another like it that nothing has yet."""
        taken = self._taken | set(also)
        found, number = name, 2
        while found in taken or hasattr(builtins, found):
            found, number = f"{name}_{number}", number + 1
        self._taken.add(found)
        return found

    def _take(self, key: Hashable, called: str, function: types.FunctionType, entry: Any, words: str) -> None:
        try:
            tree = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
        except (OSError, TypeError, SyntaxError) as error:
            raise NotExtractable("the source of {name} is not there", name=called) from error
        if not isinstance(tree, ast.FunctionDef):
            raise NotExtractable("{name} is no function", name=called)
        bound = _bound(tree)
        self._names[key] = self._free(called.lstrip("_") if called.lstrip("_") not in bound else called, bound)
        rewriter = _Rewriter(self, function, entry, called, bound)
        source = rewriter.rewritten(tree, self._names[key], words)
        self.definitions.append(double_quoted(source))


class _Rewriter(ast.NodeTransformer):
    """Rewrites one function: without types, without `self`, without this program's modules."""

    def __init__(
        self, into: Extraction, function: types.FunctionType, entry: Any, called: str, bound: set[str]
    ) -> None:
        self._into = into
        self._globals = {**function.__globals__, **inspect.getclosurevars(function).nonlocals}
        self._entry = entry
        self._called = called
        self._bound = bound
        self._folding = Folding(self._globals, entry, bound)
        self._self = ""
        self._fields: dict[str, Any] = {}

    def rewritten(self, tree: ast.FunctionDef, name: str, words: str) -> str:
        """The source of the function under another name."""
        if self._entry is not None:
            self._self = self._folding.self_name = tree.args.args.pop(0).arg
            self._bound.discard(self._self)
        method = tree.name
        found = self.visit_FunctionDef(tree)
        found.name = name
        for field in fields_of(self._entry):
            if field in self._fields:
                found.args.args.append(ast.arg(field))
                found.args.defaults.append(literal(self._fields[field]))
        own = ast.get_docstring(found)
        if own is not None:
            del found.body[0]
        if own is None and self._entry is not None:
            own = inspect.getdoc(getattr(type(self._entry), method))  # a method is explained where it is declared
        said = words or " ".join((own or "").split("\n\n")[0].split())
        if said:
            found.body.insert(0, ast.Expr(ast.Constant(said)))
        return ast.unparse(ast.fix_missing_locations(found))

    # --- what is left out --------------------------------------------------------------------------------------------

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        node.returns = None
        node.decorator_list = [self._cache(each) for each in node.decorator_list if "cache" in ast.unparse(each)]
        for argument in (*node.args.args, *node.args.kwonlyargs, *node.args.posonlyargs):
            argument.annotation = None
        for rest in (node.args.vararg, node.args.kwarg):
            if rest is not None:
                rest.annotation = None
        node.args.defaults = [self.visit(default) for default in node.args.defaults]
        node.body = self._statements(node.body)
        return node

    def _cache(self, decorator: ast.expr) -> ast.expr:
        self._into.imports.add("functools")
        return ast.parse(f"functools.{ast.unparse(decorator)}", mode="eval").body

    def _statements(self, body: Iterable[ast.stmt]) -> list[ast.stmt]:
        """The statements as far as they are reached."""
        found: list[ast.stmt] = []
        for statement in body:
            made = self.visit(statement)
            found += made if isinstance(made, list) else [made]
            if isinstance(found[-1] if found else None, ast.Return | ast.Raise | ast.Continue | ast.Break):
                break
        return found

    def visit_AnnAssign(self, node: ast.AnnAssign) -> Any:
        if node.value is None:
            return []
        return self.visit(ast.Assign([node.target], node.value))

    def visit_Raise(self, node: ast.Raise) -> Any:
        raise NotExtractable("{name} refuses some values", name=self._called)

    def visit_If(self, node: ast.If) -> Any:
        try:
            return self._statements(node.body if self._folding.value(node.test) else node.orelse)
        except Unknown:
            node.test = self.visit(node.test)
            node.body, node.orelse = self._statements(node.body), self._statements(node.orelse)
            return node

    def visit_For(self, node: ast.For) -> ast.For:
        node.target, node.iter = self.visit(node.target), self.visit(node.iter)
        node.body, node.orelse = self._statements(node.body), self._statements(node.orelse)
        return node

    def visit_IfExp(self, node: ast.IfExp) -> Any:
        try:
            return self.visit(node.body if self._folding.value(node.test) else node.orelse)
        except Unknown:
            return self.generic_visit(node)

    # --- what takes its place ----------------------------------------------------------------------------------------

    def visit_Name(self, node: ast.Name) -> Any:
        if node.id in self._bound or not isinstance(node.ctx, ast.Load):
            return node
        if node.id == self._self:
            raise NotExtractable("{name} needs its entry whole", name=self._called)
        if node.id not in self._globals:
            if hasattr(builtins, node.id) and node.id != "super":
                return node
            raise NotExtractable("{name} uses {other}", name=self._called, other=node.id)
        value = self._globals[node.id]
        if isinstance(value, types.ModuleType):
            return ast.Name(self._module(value), ast.Load())
        if isinstance(value, tuple):
            return ast.Name(self._into.constant(node.id, value), ast.Load())
        if is_plain(value):
            return literal(value)
        if isinstance(value, type) and not issubclass(value, Entry):
            return ast.Name(self._into.record(value), ast.Load())
        if callable(value) and getattr(value, "__module__", "").split(".")[0] in _MODULES:
            raise NotExtractable("{name} uses {other}", name=self._called, other=node.id)
        if callable(value):
            return self._called_so(self._into.function(value))
        raise NotExtractable("{name} uses {other}", name=self._called, other=node.id)

    def _called_so(self, name: str) -> ast.Name:
        """Another function by its name, which must mean nothing else here."""
        if name in self._bound:
            raise NotExtractable("{name} has a {other} of its own", name=self._called, other=name)
        return ast.Name(name, ast.Load())

    def _module(self, module: types.ModuleType) -> str:
        if module.__name__ not in _MODULES:
            raise NotExtractable("{name} uses {other}", name=self._called, other=module.__name__)
        self._into.imports.add(module.__name__)
        return _MODULES[module.__name__]

    def visit_Attribute(self, node: ast.Attribute) -> Any:
        try:
            base = self._folding.value(node.value)
        except Unknown:
            base = None
        if base is not None and fields_of(base):
            return self._own(base, node.attr)
        if isinstance(base, type) and is_plain(getattr(base, node.attr, Unknown)):
            return literal(getattr(base, node.attr))
        node.value = self.visit(node.value)
        return node

    def _own(self, entry: Any, name: str) -> ast.expr:
        """What an entry's attribute is written as."""
        value = getattr(entry, name)
        own = entry is self._entry and name in fields_of(entry) and name not in self._bound
        if own and type(value) in (int, float):
            self._fields[name] = value
            return ast.Name(name, ast.Load())
        if is_plain(value):
            return literal(value)
        if isinstance(value, types.MethodType | types.FunctionType):
            called = name if name.lstrip("_") not in self._bound else f"{self._called}_{name.lstrip('_')}"
            return self._called_so(self._into._method(entry, name, called))
        raise NotExtractable("{name} uses its {other}", name=self._called, other=name)

    def visit_Call(self, node: ast.Call) -> Any:
        try:
            found = self._folding.value(node)
        except Unknown:
            return self.generic_visit(node)
        if fields_of(found):
            raise NotExtractable("{name} passes an entry on", name=self._called)
        if isinstance(found, tuple) and any(isinstance(each, np.ndarray) for each in found):
            return ast.Tuple([self._array(each) for each in found], ast.Load())
        return self._array(found)

    def _array(self, value: Any) -> ast.expr:
        if isinstance(value, np.ndarray):
            self._into.imports.add("numpy")
            return ast.Call(
                ast.Attribute(ast.Name("np", ast.Load()), "array", ast.Load()), [literal(value.tolist())], []
            )
        return literal(value)


def _bound(tree: ast.AST) -> set[str]:
    """The names that a function gives values to, its arguments included."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            found.add(node.id)
        elif isinstance(node, ast.arg):
            found.add(node.arg)
        elif isinstance(node, ast.FunctionDef) and node is not tree:
            found.add(node.name)
    return found
