"""Gradient clipping: what is done to the gradient of all weights before the optimizer sees it.

The gradient is that of what is trained: of the loss and the penalties. That of a card that is not trained is 0.
"""

from __future__ import annotations

from typing import Annotated, Any

from engine.catalog.registry import Entry, Range, register

_LIMIT = Range(0.001, 1000.0, logarithmic=True)


class Clipping(Entry, kind="clippings"):
    """Keeps a gradient that has grown too large from throwing the weights far off."""

    def clip(self, namespace: Any, gradient: Any) -> Any:
        """The gradient to use, in the functions of `namespace` (NumPy or PyTorch).

        `gradient` is (parameters,): that of every learned number of the network, one behind the other.
        """
        raise NotImplementedError


@register
class NoClipping(Clipping):
    """Passes the gradient on as it is."""

    name = "none"
    formula = "g ← g"
    reference = "Plain training"
    order = 1

    def clip(self, namespace: Any, gradient: Any) -> Any:
        return gradient


@register
class ClipByValue(Clipping):
    """Cuts each number of the gradient that is too large down to the limit, which can turn its direction."""

    limit: Annotated[float, _LIMIT] = 1.0

    name = "by_value"
    label = "by value"
    formula = "g ← min(max(g, −limit), limit)"
    reference = "Mikolov, PhD thesis, 2012"
    order = 2

    def clip(self, namespace: Any, gradient: Any) -> Any:
        return namespace.clip(gradient, -self.limit, self.limit)


@register
class ClipByNorm(Clipping):
    """Shortens the gradient of all weights together when it is longer than the limit; its direction stays.

    This is PyTorch's clip_grad_norm_ and Keras's global_clipnorm; Keras's clipnorm takes each array by itself.
    """

    limit: Annotated[float, _LIMIT] = 1.0

    name = "by_norm"
    label = "by norm"
    formula = "g ← g · limit / ‖g‖ where ‖g‖ > limit, ‖g‖ over all weights and biases"
    reference = "Pascanu, Mikolov & Bengio, ICML 2013"
    order = 3

    def clip(self, namespace: Any, gradient: Any) -> Any:
        norm = namespace.sqrt(namespace.square(gradient).sum(axis=-1, keepdims=True))
        shorter = self.limit / namespace.clip(norm, self.limit, None)
        return gradient * namespace.where(norm > self.limit, shorter, 1.0)
