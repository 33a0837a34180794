"""Every pair of gallery example and data set: the output is fitted so that it can be trained."""

from __future__ import annotations

import pytest

from engine.catalog.datasets.dataset import Dataset
from engine.catalog.layers.convolution import Sliding
from engine.catalog.registry import entries
from engine.document.examples import examples, load_example
from engine.document.graph import Document
from engine.plan.fit import fit_output
from engine.plan.resolve import resolve


def suits(document: Document, dataset: Dataset) -> bool:
    """Whether it has images where filters slide over them, and no smaller ones than before."""
    if not any(isinstance(node.layer, Sliding) for node in document.nodes):
        return True
    return dataset.pictures and dataset.input_shape(())[1:] >= document.data.dataset.input_shape(())[1:]


AT_HAND = {name: cls for name, cls in entries("datasets").items() if cls().trouble() is None}
PAIRS = [
    (example_id, name)
    for example_id, example in examples().items()
    for name, cls in AT_HAND.items()
    if suits(example.document, cls())
]


@pytest.mark.parametrize(("example_id", "name"), PAIRS)
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
