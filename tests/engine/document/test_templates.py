"""Every template on data that suit it, and what is said where they do not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import numpy as np
import pytest

from engine.catalog.datasets.dataset import Array, Dataset, Samples
from engine.catalog.registry import Range, entry, register, unregister
from engine.document.errors import GraphError, InvalidValueError
from engine.document.graph import Data, Document, Network
from engine.document.templates import insert, read_sizes, templates
from engine.plan.fit import fit_output
from engine.plan.plan import Plan
from engine.plan.resolve import resolve
from engine.training.torch_trainer import TorchTrainer


@pytest.fixture
def pictures() -> Iterator[type[Dataset]]:
    """A data set of small grey images in three classes."""

    class Pictures(Dataset):
        """Noise, a little brighter for the later classes."""

        samples: Annotated[int, Range(6, 600, 1)] = 24
        side: Annotated[int, Range(4, 64, 1)] = 16
        order = 1000

        @property
        def class_count(self) -> int:
            return 3

        def draw(self, rng: np.random.Generator) -> Samples:
            targets = np.arange(self.samples) % 3
            values = rng.normal(size=(self.samples, 1, self.side, self.side)) + targets[:, None, None, None]
            return Samples(values, targets)

        def input_shape(self, columns: tuple[str, ...]) -> tuple[int, ...]:
            return (1, self.side, self.side)

        def inputs(self, values: Array, columns: tuple[str, ...]) -> Array:
            return np.ascontiguousarray(values, np.float32)

    made: type[Dataset] = register(Pictures)
    try:
        yield made
    finally:
        unregister(made)


def start(dataset: Dataset) -> Document:
    return Document((Network(),), Data(dataset)).add(entry("layers", "Input")())


def filled(document: Document, name: str, after: str = "input_1") -> tuple[Document, tuple[str, ...]]:
    grown, added = insert(document, name, shapes(resolve(document)), after)
    return fit_output(grown)[0], added


def shapes(plan: Plan) -> dict[str, tuple[int, ...]]:
    return {node_id: node.output_shape for node_id, node in plan.nodes.items() if node.output_shape is not None}


def trained(document: Document) -> None:
    plan = resolve(document)
    assert [str(problem.sentence) for problem in plan.problems] == []
    run = TorchTrainer(plan)
    before = {name: run.parameter(name).copy() for name in plan.parameters}
    run.step("batch")
    assert all(np.isfinite(run.parameter(name)).all() for name in before)
    assert any((run.parameter(name) != array).any() for name, array in before.items())


@pytest.mark.parametrize("name", list(templates()))
@pytest.mark.parametrize("side", [8, 16, 28])
def test_every_template_trains_on_images(name: str, side: int, pictures: type[Dataset]) -> None:
    document, added = filled(start(pictures(side=side)), name)
    if not templates()[name].whole:
        document, more = filled(document, "multilayer_perceptron", added[-1])
        assert more
    assert set(added) <= {node.id for node in document.nodes}
    trained(document)


@pytest.mark.parametrize("name", [each.id for each in templates().values() if not each.images])
def test_those_for_any_data_train_on_points(name: str) -> None:
    document, added = filled(start(entry("datasets", "circle")()), name)
    if not templates()[name].whole:
        document, _ = filled(document, "multilayer_perceptron", added[-1])
    trained(document)


@pytest.mark.parametrize("data", ["circle", "digits"])
@pytest.mark.parametrize("name", list(templates()))
def test_no_template_warns_of_itself(name: str, data: str) -> None:
    if data == "circle" and templates()[name].images:
        return
    document, added = filled(start(entry("datasets", data)()), name)
    if not templates()[name].whole:
        document, _ = filled(document, "multilayer_perceptron", added[-1])
    plan = resolve(document)
    assert plan.ready and [str(warning.sentence) for warning in plan.warnings] == []


@pytest.mark.parametrize("name", [each.id for each in templates().values() if each.images])
def test_those_for_images_say_that_points_are_none(name: str) -> None:
    with pytest.raises(GraphError, match=r"does not suit \(2,\): it needs images"):
        filled(start(entry("datasets", "circle")()), name)


def test_numbers_that_fill_a_square_are_laid_out_as_an_image() -> None:
    document = start(entry("datasets", "circle")()).append(entry("layers", "Dense")(units=64))
    grown, added = filled(document, "small_cnn", "dense_1")
    assert grown.node(added[0]).layer.name == "Reshape"
    trained(grown)


def test_a_multilayer_perceptron_has_the_sizes_that_were_typed() -> None:
    document = start(entry("datasets", "circle")())
    grown, added = insert(document, "multilayer_perceptron", shapes(resolve(document)), "input_1", read_sizes("5, 3"))
    assert [grown.node(each).layer.units for each in added] == [5, 3, 1]  # type: ignore[attr-defined]


def test_a_residual_block_in_the_middle_takes_over_the_links_and_makes_room() -> None:
    document = start(entry("datasets", "circle")())
    document = document.append(entry("layers", "Dense")(units=4)).append(entry("layers", "Dense")(units=1))
    grown, added = filled(document, "residual_block", "dense_1")
    assert [edge.target for edge in grown.networks[0].outputs_of(added[-1])] == ["dense_2"]
    assert {edge.target for edge in grown.networks[0].outputs_of("dense_1")} == {added[0], "add_1"}
    assert grown.node("dense_2").x > grown.node(added[-1]).x
    trained(grown)


@pytest.mark.parametrize("text", ["", "8, x", "0", "-3", "8, 8.5", "99999", "٣"])
def test_sizes_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(InvalidValueError, match="as in 8, 8, 4"):
        read_sizes(text)


def test_sizes_are_read_with_commas_or_spaces() -> None:
    assert read_sizes(" 8, 8 ,4") == read_sizes("8 8 4") == (8, 8, 4)
