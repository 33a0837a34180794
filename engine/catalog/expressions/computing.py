"""What a formula's tree gives: its value in NumPy and PyTorch, and its derivative as another tree."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from engine.catalog.expressions.functions import FUNCTIONS
from engine.catalog.expressions.tree import ONE, ZERO, Tree, beneath


def value(root: Tree, given: Mapping[str, Any]) -> Any:
    """The value in NumPy from arrays, or what stands in for them, by name; a float if none is used."""
    return _computed(root, given, float, lambda name: FUNCTIONS[name].value)


def tensor_value(root: Tree, given: Mapping[str, Any]) -> Any:
    """The value in PyTorch from tensors by name, of the type of the first of them."""
    model = next(iter(given.values()))
    return _computed(root, given, lambda number: model.new_full((), number), lambda name: FUNCTIONS[name].tensor)


def _computed(
    root: Tree, given: Mapping[str, Any], number: Callable[[float], Any], function: Callable[[str], Callable[..., Any]]
) -> Any:
    """The value of the root; what occurs twice is computed once."""
    known: dict[int, Any] = {}
    for tree in beneath(root):
        if tree.is_number:
            known[id(tree)] = number(tree.number)
        elif tree.parts:
            known[id(tree)] = function(tree.name)(*(known[id(part)] for part in tree.parts))
        else:
            known[id(tree)] = given[tree.name]
    return known[id(root)]


def derivative(root: Tree, name: str) -> Tree:
    """The derivative with respect to a name; at a kink, what PyTorch's autograd takes.

    Raises InvalidValueError if a part of it has no value anywhere.
    """
    known: dict[int, Tree] = {}
    for tree in beneath(root):
        inner = tuple(known[id(part)] for part in tree.parts)
        if all(change.equals(0.0) for change in inner):
            known[id(tree)] = ONE if tree.name == name and not tree.parts else ZERO
        else:
            known[id(tree)] = FUNCTIONS[tree.name].derivative(tree, tree.parts, inner)
    return known[id(root)]
