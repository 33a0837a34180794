"""Constraints: what every step of training projects a card's weights back onto."""

from __future__ import annotations

from typing import Any

from engine.catalog.registry import Entry, register


class Constraint(Entry, kind="constraints"):
    """A set of allowed weights."""

    def project(self, namespace: Any, weight: Any) -> Any:
        """The nearest allowed weights, in the functions of `namespace` (NumPy or PyTorch).

        `weight` is (units, …): the weights that lead into each unit, the rest of its axes together.
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
