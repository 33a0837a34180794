"""Backward passes derived from forward formulas: against those written by hand, autograd and central differences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from engine.catalog.activations import Activation
from engine.training.assembly import assemble
from engine.training.expressions import Graph
from engine.training.programs import Kind, Op
from engine.training.reverse import _RULES, gradients
from engine.training.tracing import Tracer
from tests.engine.training.formula_checks import samples, traceable
from tests.engine.training.test_tracing import FORMULAS

UNITS, SAMPLES = 3, 40
ROUNDING_OFF = ("signed_zeros", "rounded_up")
"""Formulas that are flat pieces or have no derivative; central differences say nothing about them."""


def derived(formula: Callable[[Any], Any], x: Any, gradient: Any) -> Any:
    """The gradient with respect to x that is derived from a formula, by a program."""
    graph = Graph()
    nodes = [graph.input(name, Kind.FULL) for name in ("x", "gradient")]
    value = formula(Tracer(graph, nodes[0], Kind.FULL, UNITS))
    (back,) = gradients(graph, value.node, nodes[1], nodes[:1], UNITS)
    whole = graph.make(Op.ADD, back, graph.make(Op.MUL, nodes[1], graph.constant(0.0)))  # of every unit, whatever it is
    program = assemble(dict(zip(("x", "gradient"), nodes, strict=True)), {"back": whole})
    return program.run({"x": x, "gradient": gradient})["back"]


def test_every_operation_of_formulas_has_a_rule() -> None:
    later = {Op.COPY, Op.MULTIPLY_ADD, Op.MULTIPLY_SUBTRACT, Op.SUBTRACT_PRODUCT}
    assert set(_RULES) == set(Op) - later


FIXED = [activation for activation in traceable("activations") if not activation.parameters((UNITS,))]


@pytest.mark.parametrize("activation", FIXED, ids=repr)
def test_what_is_derived_is_what_was_written_by_hand(activation: Activation) -> None:
    x, gradient = samples(UNITS, edges=False), samples(UNITS, seed=1, edges=False)
    with np.errstate(all="ignore"):
        wanted = activation.pullback(x.T, gradient.T).T
    np.testing.assert_allclose(derived(activation.value, x, gradient), wanted, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", [name for name in FORMULAS if name not in ROUNDING_OFF])
def test_a_derived_gradient_is_the_slope(name: str) -> None:
    formula, h = FORMULAS[name], 1e-6
    x, gradient = samples(UNITS, edges=False), samples(UNITS, seed=1, edges=False)
    slopes = np.zeros_like(x)
    with np.errstate(all="ignore"):
        for unit in range(UNITS):
            moved = np.zeros_like(x)
            moved[unit] = h
            change = (formula((x + moved).T) - formula((x - moved).T)).T / (2 * h)
            slopes[unit] = (np.broadcast_to(change, x.shape) * gradient).sum(axis=0)
    np.testing.assert_allclose(derived(formula, x, gradient), slopes, rtol=1e-5, atol=1e-5)


def test_kinks_are_taken_as_autograd_takes_them() -> None:
    zero = np.zeros((UNITS, 2))
    one = np.ones_like(zero)
    assert (derived(np.abs, zero, one) == 0.0).all()
    assert (derived(lambda x: np.maximum(x, 0), zero, one) == 0.5).all()
    assert (derived(lambda x: np.minimum(2 * x, x), zero, one) == 1.5).all()
    assert (derived(lambda x: x.max(axis=-1, keepdims=True) + 0 * x, zero, one) == 1.0).all()
    assert (derived(lambda x: x**3 + np.sqrt(x + 4), zero, one) == 0.25).all()
