"""Networks to be warned of, and what holds for every warning."""

from __future__ import annotations

from engine.catalog.activations import (
    Activation,
    Tanh,
)
from engine.catalog.layers.dense import Dense, Input
from engine.catalog.layers.layer import Layer
from engine.document.examples import load_example
from engine.document.graph import Document, Network
from engine.plan.plan import Plan, Problem
from engine.plan.resolve import resolve

CIRCLE = load_example("circle").document


TANH = Tanh()


def dense(units: int, activation: Activation = TANH, **fields: object) -> Dense:
    return Dense(units=units, activation=activation, **fields)  # type: ignore[arg-type]


def chain(*layers: Layer, **changes: object) -> Document:
    """Input and these layers in a row, on the circle."""
    document = CIRCLE.replace(networks=(Network(),)).append(Input())
    for layer in layers:
        document = document.append(layer)
    return document.set_data(**changes)


def warned(document: Document) -> list[tuple[str, str | None]]:
    """Kind and card of each warning of a document that can be trained."""
    plan = resolve(document)
    assert plan.ready, [str(problem.sentence) for problem in plan.problems]
    return [(warning.kind, warning.node) for warning in plan.warnings]


def the_warning(document: Document) -> Problem:
    plan = resolve(document)
    assert plan.ready, [str(problem.sentence) for problem in plan.problems]
    (warning,) = plan.warnings
    check(plan)
    return warning


def check(plan: Plan) -> None:
    """What holds for every warning."""
    for warning in plan.warnings:
        assert warning.severity == "warning"
        assert "{" not in str(warning.sentence) and "\n" not in str(warning.sentence)
        assert len(str(warning.sentence)) < 250
        assert warning.node is None or warning.node in plan.nodes
        assert all(str(remedy.label) for remedy in warning.remedies)
    assert plan.ready or not plan.warnings


def assert_remedies_end_it(document: Document) -> Problem:
    """Every edit that is offered leaves a network that trains and is not warned of that any more."""
    warning = the_warning(document)
    assert warning.remedies
    for remedy in warning.remedies:
        assert (warning.kind, warning.node) not in warned(remedy.edit(document)), str(remedy.label)
    return warning
