"""Every pair of gallery example and data set: the output is fitted so that it can be trained."""

from __future__ import annotations

import pytest

from engine.catalog.registry import entries
from engine.document.examples import examples, load_example
from engine.plan.fit import fit_output
from engine.plan.resolve import resolve


@pytest.mark.parametrize("example_id", examples())
@pytest.mark.parametrize("name", [name for name, cls in entries("datasets").items() if cls().trouble() is None])
def test_every_example_can_be_fitted_to_every_data_set(example_id: str, name: str) -> None:
    before = load_example(example_id).document
    chosen = before.set_data(dataset=entries("datasets")[name]())
    fitted, changes = fit_output(chosen)
    assert resolve(fitted).ready
    assert bool(changes) == (not resolve(chosen).ready)
    assert fitted.data == chosen.data and fitted.seed == chosen.seed


def test_what_fits_is_left_as_it_is() -> None:
    document = load_example("circle").document
    assert fit_output(document) == (document, ())


def test_other_problems_are_left_to_the_learner() -> None:
    document = load_example("circle").document
    broken = document.disconnect(document.networks[0].edges[0])
    assert fit_output(broken) == (broken, ())
