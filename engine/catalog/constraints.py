"""Constraints: what every step of training projects a card's weights back onto."""

from __future__ import annotations

from typing import Annotated, Any

from engine.catalog.registry import Entry, Range, register

_LENGTH = Range(0.01, 100.0, 0.1)
_SMALLEST = 1e-12
"""Lengths below it count as none: such weights have no direction to keep."""


class Constraint(Entry, kind="constraints"):
    """A set of allowed weights: the initial ones are brought into it, and so are those after every step."""

    def project(self, namespace: Any, weight: Any) -> Any:
        """The nearest allowed weights, in the functions of `namespace` (NumPy or PyTorch).

        `weight` is (units, inputs): a row for each unit, all the weights that lead into it. Those of a convolution are
        laid out so before, one row per kernel.
        """
        raise NotImplementedError


@register
class NoConstraint(Constraint):
    """Lets the weights go wherever training takes them."""

    name = "none"
    formula = "w ← w"
    reference = "Plain training"
    order = 1

    def project(self, namespace: Any, weight: Any) -> Any:
        return weight


@register
class MaxNorm(Constraint):
    """Shortens the weights into a unit when they grow longer than the limit; their direction stays."""

    limit: Annotated[float, _LENGTH] = 1.0

    name = "max_norm"
    formula = "w ← w · limit / ‖w‖ where ‖w‖ > limit, for the weights w into each unit"
    reference = "Srebro, Rennie & Jaakkola, 2004; with dropout: Srivastava et al., JMLR 2014"
    order = 2

    def project(self, namespace: Any, weight: Any) -> Any:
        norm = _norm(namespace, weight)
        # Exactly 1 within the limit: what is rounded off would add up over many steps.
        shorter = self.limit / namespace.clip(norm, self.limit, None)
        return weight * namespace.where(norm > self.limit, shorter, 1.0)


@register
class UnitNorm(Constraint):
    """Keeps the weights into every unit at length 1: only their direction is learned."""

    name = "unit_norm"
    formula = "w ← w / ‖w‖, for the weights w into each unit"
    reference = "Keras; weight normalization without its scale, Salimans & Kingma 2016"
    order = 3

    def project(self, namespace: Any, weight: Any) -> Any:
        return weight / namespace.clip(_norm(namespace, weight), _SMALLEST, None)


@register
class NonNegative(Constraint):
    """Sets every weight below zero to zero: units can only add up what arrives, never subtract."""

    formula = "w ← max(w, 0)"
    reference = "Lee & Seung, Nature, 1999"
    name = "non_negative"
    label = "non-negative"
    order = 4

    def project(self, namespace: Any, weight: Any) -> Any:
        return namespace.clip(weight, 0.0, None)


def _norm(namespace: Any, weight: Any) -> Any:
    """The length of each row, (units, 1)."""
    return namespace.sqrt(namespace.square(weight).sum(axis=-1, keepdims=True))
