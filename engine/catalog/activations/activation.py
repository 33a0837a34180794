"""What an activation declares: its value, its derivative, its bounds, and the PyTorch module that must agree."""

# NumPy types the arithmetic of NDArray[Any] as Any.
# mypy: disable-error-code="no-any-return"

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, ClassVar

from numpy.typing import NDArray

from engine.catalog.parameters import Parameter, Shape
from engine.catalog.registry import Entry

Array = NDArray[Any]


class Activation(Entry, kind="activations"):
    """A function of the pre-activation, applied to every unit (softmax: to the units together)."""

    bounds: ClassVar[tuple[float, float]] = (-math.inf, math.inf)
    """Smallest and largest value it can take, or comes near to; views scale their colours by it."""
    elementwise: ClassVar[bool] = True
    stochastic: ClassVar[bool] = False
    """Whether it draws random numbers while training; its formulas then are those of test time."""

    def value(self, x: Array) -> Array:
        """f(x); units along the last axis. Of an activation that learns: as it starts."""
        raise NotImplementedError

    def derivative(self, x: Array) -> Array:
        """f'(x) of an elementwise activation; at a kink, the value PyTorch's autograd takes."""
        raise NotImplementedError

    def pullback(self, x: Array, gradient: Array) -> Array:
        """The gradient with respect to x, from the gradient with respect to f(x)."""
        return gradient * self.derivative(x)

    def parameters(self, shape: Shape) -> Mapping[str, Parameter]:
        """The arrays that it learns over a layer's outputs of this shape.

        They come in the order in which the built module has them; (1,) is shared by all units, (units,) is not.
        """
        return MappingProxyType({})

    def learned_value(self, learned: Mapping[str, Array], x: Array) -> Array:
        """f(x) with what it has learned, by the names of `parameters`."""
        return self.value(x)

    def learned_pullback(
        self, learned: Mapping[str, Array], x: Array, gradient: Array
    ) -> tuple[Array, Mapping[str, Array]]:
        """`pullback` with what it has learned, and the gradient with respect to that, of every sample apart.

        The latter are (samples, units), or (samples, 1) for an array that all units share.
        """
        return self.pullback(x, gradient), MappingProxyType({})

    def build(self, nn: Any) -> Any:
        """The module of the namespace `nn` (such as `torch.nn`) that computes f."""
        raise NotImplementedError


def module_of(nn: Any, compute: Callable[[Any], Any]) -> Any:
    """A module without parameters for a function that `nn` has no module of."""
    return type("Elementwise", (nn.Module,), {"forward": lambda self, x: compute(x)})()
