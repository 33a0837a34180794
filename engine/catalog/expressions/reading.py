"""From the text of a formula to its tree: a parser of its own, so that nothing typed is ever run as a program."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple, NoReturn

from engine.catalog.expressions.functions import NAMED, call
from engine.catalog.expressions.tree import Tree, constant
from engine.document.errors import InvalidValueError

LONGEST = 200
"""Characters of a formula."""
_DEEPEST = 30
"""Brackets, signs and powers within one another."""
_CONSTANTS: Mapping[str, float] = MappingProxyType({"pi": math.pi, "e": math.e})
_ALIASES: Mapping[str, str] = MappingProxyType({"ln": "log"})
_SPELLED = str.maketrans({"·": "*", "×": "*", "−": "-", "π": "pi", "≤": "<=", "≥": ">=", "≠": "!="})
_TOKEN = re.compile(r"(?P<number>(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?)|(?P<name>[A-Za-z_]\w*)|\*\*|[<>=!]=|[-+*/^<>(),]")
_COMPARISONS: Mapping[str, str] = MappingProxyType(
    {"<": "less", "<=": "less_equal", ">": "greater", ">=": "greater_equal", "==": "equal", "!=": "different"}
)
_SUMS: Mapping[str, str] = MappingProxyType({"+": "add", "-": "subtract"})
_PRODUCTS: Mapping[str, str] = MappingProxyType({"*": "multiply", "/": "divide"})


class _Token(NamedTuple):
    text: str
    place: int
    """Of its first character, the first of the formula being 1."""
    kind: str
    """"number", "name", "sign" or "end"."""


def _refuse(template: str, **values: object) -> NoReturn:
    raise InvalidValueError(template, **values)


@lru_cache(maxsize=256)
def read(text: str, names: tuple[str, ...]) -> Tree:
    """The tree of a formula in these names: + - * / ** ^, comparisons (1 or 0), brackets, numbers, pi, e, functions.

    Raises InvalidValueError that says what is wrong and where, the first character being 1.
    """
    if not text.strip():
        _refuse("there is no formula yet")
    if len(text) > LONGEST:
        _refuse("it has {length} characters; {most} are the most", length=len(text), most=LONGEST)
    return _Reader(text, names).whole()


def _tokens(text: str) -> Iterator[_Token]:
    place = 0
    while place < len(text):
        if text[place].isspace():
            place += 1
            continue
        spelled = text[place].translate(_SPELLED)
        if spelled != text[place]:
            yield _Token(spelled, place + 1, "name" if spelled.isalpha() else "sign")
            place += 1
            continue
        found = _TOKEN.match(text, place) if text[place].isascii() else None
        if found is None:
            _refuse("{character} at {place} is not part of a formula", character=repr(text[place]), place=place + 1)
        yield _Token(found[0], place + 1, found.lastgroup or "sign")
        place = found.end()
    yield _Token("", len(text) + 1, "end")


class _Reader:
    """Reads one formula from left to right: comparisons, sums, products, signs, powers, in this order of binding."""

    def __init__(self, text: str, names: tuple[str, ...]) -> None:
        self._tokens = list(_tokens(text))
        self._names = names
        self._next = 0
        self._depth = 0

    def whole(self) -> Tree:
        """The tree of everything."""
        found = self._comparison()
        token = self._tokens[self._next]
        if token.kind != "end":
            if token.text == ")":
                _refuse("the bracket ) at {place} closes nothing", place=token.place)
            _refuse("a sign such as * is missing before {text} at {place}", text=token.text, place=token.place)
        return found

    def _take(self, *texts: str) -> _Token | None:
        """The next token if it is one of these."""
        token = self._tokens[self._next]
        if token.kind != "sign" or token.text not in texts:
            return None
        self._next += 1
        return token

    def _made(self, place: int, name: str, *parts: Tree) -> Tree:
        """A function; an error says where it was written."""
        try:
            return call(name, *parts)
        except InvalidValueError:
            _refuse("what is computed at {place} has no finite value", place=place)

    def _comparison(self) -> Tree:
        left = self._sum()
        found: Tree | None = None
        while token := self._take(*_COMPARISONS):
            right = self._sum()
            holds = self._made(token.place, _COMPARISONS[token.text], left, right)
            found = holds if found is None else self._made(token.place, "multiply", found, holds)
            left = right
        return left if found is None else found

    def _sum(self) -> Tree:
        return self._row(_SUMS, self._product)

    def _product(self) -> Tree:
        return self._row(_PRODUCTS, self._signed)

    def _row(self, signs: Mapping[str, str], part: Callable[[], Tree]) -> Tree:
        """Parts with signs between them, from the left."""
        found = part()
        while token := self._take(*signs):
            found = self._made(token.place, signs[token.text], found, part())
        return found

    def _signed(self) -> Tree:
        self._depth += 1
        if self._depth > _DEEPEST:
            _refuse("more than {most} brackets, signs and powers within one another", most=_DEEPEST)
        token = self._take("-", "+")
        if token is None:
            found = self._power()
        else:
            found = self._signed()
            found = self._made(token.place, "negative", found) if token.text == "-" else found
        self._depth -= 1
        return found

    def _power(self) -> Tree:
        base = self._part()
        token = self._take("**", "^")
        return base if token is None else self._made(token.place, "power", base, self._signed())

    def _part(self) -> Tree:
        token = self._tokens[self._next]
        self._next += 1
        if token.kind == "number":
            number = float(token.text)
            if not math.isfinite(number):
                _refuse("the number at {place} is too large", place=token.place)
            return constant(number)
        if token.kind == "name":
            opened = self._take("(")
            return self._called(token, opened) if opened else self._named(token)
        if token.text == "(":
            found = self._comparison()
            self._close(token)
            return found
        if token.kind == "end":
            _refuse("something is missing at the end")
        _refuse("something is missing before {text} at {place}", text=token.text, place=token.place)

    def _close(self, opened: _Token) -> None:
        if not self._take(")"):
            token = self._tokens[self._next]
            if token.kind == "end":
                _refuse("the bracket ( at {place} is not closed", place=opened.place)
            _refuse("a sign such as * is missing before {text} at {place}", text=token.text, place=token.place)

    def _named(self, token: _Token) -> Tree:
        name = token.text
        if name in self._names:
            return Tree(name)
        if name in _CONSTANTS:
            return constant(_CONSTANTS[name])
        if _ALIASES.get(name, name) in NAMED:
            _refuse("{name} at {place} is a function: write {name}(…)", name=name, place=token.place)
        known = (*self._names, *_CONSTANTS)
        _refuse("there is no {name} at {place}; use {known}", name=name, place=token.place, known=", ".join(known))

    def _called(self, token: _Token, opened: _Token) -> Tree:
        name, parts = _ALIASES.get(token.text, token.text), []
        if name not in NAMED:
            if name in self._names or name in _CONSTANTS:
                _refuse("a sign such as * is missing before ( at {place}", place=opened.place)
            close = difflib.get_close_matches(name, (*NAMED, *_ALIASES), 1)
            _refuse(
                "there is no function {name} at {place}; "
                + ("did you mean {close}?" if close else "known are {close}"),
                name=name,
                place=token.place,
                close=close[0] if close else ", ".join(NAMED),
            )
        if not self._take(")"):
            parts.append(self._comparison())
            while self._take(","):
                parts.append(self._comparison())
            self._close(opened)
        wanted = NAMED[name].operands
        if len(parts) != wanted:
            _refuse(
                "{name} at {place} takes {wanted} numbers, not {count}" if wanted > 1
                else "{name} at {place} takes one number, not {count}",
                name=token.text, place=token.place, wanted=wanted, count=len(parts),
            )  # fmt: skip
        return self._made(token.place, name, *parts)
