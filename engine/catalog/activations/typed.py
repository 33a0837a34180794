"""An activation of the user's own, typed as a formula."""

# NumPy types the arithmetic of NDArray[Any] as Any.
# mypy: disable-error-code="no-any-return"

from __future__ import annotations

from functools import lru_cache
from typing import Annotated, Any

import numpy as np

from engine.catalog.activations.activation import Activation, Array, module_of
from engine.catalog.expressions import derivative, read, tensor_value, value
from engine.catalog.expressions.field import FormulaText
from engine.catalog.expressions.tree import Tree
from engine.catalog.registry import register

_NAMES = ("x",)


@register
class Formula(Activation):
    """Your own: a formula in x, differentiated for you.

    Write + - * / and ** (or ^) for powers, comparisons such as x > 0 (1 or 0), the numbers pi and e, and
    the functions exp, expm1, log, log1p, sqrt, abs, sign, sin, cos, tan, sinh, cosh, tanh, sigmoid, softplus, relu,
    erf, max(a, b), min(a, b) and where(condition, a, b).
    """

    expression: Annotated[str, FormulaText("x*sigmoid(x)", _NAMES)] = "x*sigmoid(x)"

    name = "formula"
    label = "your own formula"
    formula = "f(x) = what you type"
    reference = "You"
    order = 90

    @property
    def _tree(self) -> Tree:
        return read(self.expression, _NAMES)

    def value(self, x: Array) -> Array:
        return _over(x, self._tree)

    def derivative(self, x: Array) -> Array:
        return _over(x, _slope(self.expression))

    def build(self, nn: Any) -> Any:
        tree = self._tree
        if _slope(self.expression).equals(0.0):  # autograd needs a way back to x all the same
            return module_of(nn, lambda x: tensor_value(tree, {"x": x}) + x.sign() * 0.0)
        return module_of(nn, lambda x: tensor_value(tree, {"x": x}))


@lru_cache(maxsize=64)
def _slope(expression: str) -> Tree:
    return derivative(read(expression, _NAMES), "x")


def _over(x: Array, tree: Tree) -> Array:
    """The value of a tree for every x."""
    with np.errstate(all="ignore"):
        found = value(tree, {"x": x})
    return np.full_like(x, found) if isinstance(found, float) else found.astype(x.dtype)
