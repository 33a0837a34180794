"""Regularizers: penalties on large weights, added to the loss while training (never to the loss that is shown)."""

from __future__ import annotations

from typing import Annotated, Any

from engine.catalog.registry import Entry, Range, register


class Regularizer(Entry, kind="regularizers"):
    """A penalty on the weights of one layer; biases are never penalised."""

    def penalty(self, namespace: Any, weight: Any) -> Any:
        """The penalty of one weight array, in the namespace it belongs to (`numpy` or `torch`)."""
        raise NotImplementedError

    def gradient(self, namespace: Any, weight: Any) -> Any:
        """d penalty / d weight, same shape as the weight."""
        raise NotImplementedError


@register
class NoRegularizer(Regularizer):
    """No penalty: the weights grow as they like."""

    name = "none"
    formula = "R(w) = 0"
    reference = "The default"
    order = 1

    def penalty(self, namespace: Any, weight: Any) -> Any:
        return 0.0

    def gradient(self, namespace: Any, weight: Any) -> Any:
        return namespace.zeros_like(weight)


@register
class L1(Regularizer):
    """Pulls every weight towards zero by the same amount, so that useless ones vanish."""

    rate: Annotated[float, Range(0.0, 10.0, 0.001)] = 0.001

    formula = "R(w) = rate · Σ |w|"
    reference = "Tibshirani, the lasso, 1996"
    name = "l1"
    label = "L1"
    order = 2

    def penalty(self, namespace: Any, weight: Any) -> Any:
        return self.rate * namespace.abs(weight).sum()

    def gradient(self, namespace: Any, weight: Any) -> Any:
        return self.rate * namespace.sign(weight)


@register
class L2(Regularizer):
    """Pulls large weights towards zero more than small ones, so that the boundary stays smooth."""

    rate: Annotated[float, Range(0.0, 10.0, 0.001)] = 0.001

    formula = "R(w) = rate · ½ Σ w²"
    reference = "Hoerl & Kennard, ridge regression, 1970"
    name = "l2"
    label = "L2"
    order = 3

    def penalty(self, namespace: Any, weight: Any) -> Any:
        return 0.5 * self.rate * namespace.square(weight).sum()

    def gradient(self, namespace: Any, weight: Any) -> Any:
        return self.rate * weight
