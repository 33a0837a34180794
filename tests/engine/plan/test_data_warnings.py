"""Warnings about the data, and about what does not go with it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from engine.catalog.activations import (
    Activation,
    Gelu,
    Linear,
    Relu,
    Sigmoid,
    Softmax,
    Tanh,
)
from engine.catalog.datasets.dataset import Array
from engine.catalog.datasets.drawn import Drawn
from engine.catalog.datasets.functions import GaussRegression, Plane
from engine.catalog.datasets.images import ImageDataset, Images
from engine.catalog.datasets.table import opened
from engine.catalog.layers.dense import Activation as ActivationCard
from engine.catalog.layers.merging import Add
from engine.catalog.layers.normalization import LayerNorm
from engine.catalog.layers.output import Output
from engine.catalog.layers.reshaping import Flatten
from engine.catalog.losses import BinaryCrossEntropy, CategoricalCrossEntropy, Poisson
from engine.catalog.optimizers import GradientDescent
from engine.catalog.registry import entry, register, unregister
from engine.document.graph import Data
from engine.plan.data import split
from engine.plan.data_warnings import facts
from engine.plan.resolve import resolve
from engine.tables.content import Roles
from engine.tables.files import read_table
from tests.engine.plan.warned import assert_remedies_end_it, chain, dense, the_warning, warned

# --- answers that cannot reach their targets -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("activation", "words"),
    [
        (Relu(), "ReLU answers nothing below 0, but the targets go down to −1"),
        (Sigmoid(), "sigmoid answers only from 0 to 1, but the targets go from −1"),
        (Tanh(), "tanh answers only from −1 to 1, but the targets go from −1.1"),
    ],
)
def test_an_output_that_cannot_reach_the_targets(activation: Activation, words: str) -> None:
    document = chain(dense(4), dense(1, activation), dataset=Plane())
    warning = assert_remedies_end_it(document)
    assert (warning.kind, warning.node) == ("range", "dense_2")
    assert str(warning.sentence).startswith(words)
    assert str(warning.remedies[0].label) == "Set the activation to linear"


def test_an_output_that_reaches_the_targets() -> None:
    assert warned(chain(dense(4), dense(1, Tanh()), dataset=GaussRegression())) == []
    assert warned(chain(dense(4), dense(1, Gelu()), dataset=Plane())) == [("range", "dense_2")]


def test_the_card_whose_activation_it_is_has_the_mark() -> None:
    document = chain(dense(4), dense(1, Relu()), Flatten(), Output(), dataset=Plane())
    assert assert_remedies_end_it(document).node == "dense_2"
    document = chain(dense(4), dense(1, Linear()), ActivationCard(Relu()), dataset=Plane())
    assert assert_remedies_end_it(document).node == "activation_1"


def test_nothing_is_offered_where_the_loss_wants_no_more() -> None:
    document = chain(dense(4), dense(1, Relu()), dataset=Plane()).set_training(loss=Poisson())
    plan = resolve(document)
    assert not plan.ready or all(
        ("range", warning.node) not in warned(remedy.edit(document))
        for warning in plan.warnings
        for remedy in warning.remedies
    )


# --- inputs, classes, batches ----------------------------------------------------------------------------------------


def test_unscaled_inputs() -> None:
    document = chain(dense(4), dense(1), dataset=Plane()).set_field("dense_2", "activation", Linear())
    assert warned(document) == []
    document = document.set_field("input_1", "columns", ("x1", "x1_squared", "x2_squared"))
    warning = assert_remedies_end_it(document)
    assert (warning.kind, warning.node) == ("unscaled", "input_1")
    assert str(warning.sentence).startswith("2 columns are unscaled: x₂² has mean 12")
    assert str(warning.remedies[0].label) == "Insert BatchNorm behind it"


def test_a_single_unscaled_column_and_two_cards_that_read_it() -> None:
    document = chain(dense(4), dataset=Plane()).set_field("input_1", "columns", ("x1", "x1_squared"))
    document = document.add(dense(4), 168, 300).connect("input_1", "dense_2").add(Add(), 400, 0)
    document = document.connect("dense_1", "add_1").connect("dense_2", "add_1").append(dense(1, Linear()))
    warning = assert_remedies_end_it(document)
    assert str(warning.sentence).startswith("x₁² has mean 1")
    mended = resolve(warning.remedies[0].edit(document))
    assert mended.nodes["dense_1"].sources == mended.nodes["dense_2"].sources == ("batchnorm_1",)
    assert mended.nodes["add_1"].sources == ("dense_1", "dense_2")


def test_a_normalization_may_come_later() -> None:
    scaled = chain(Flatten(), LayerNorm(), dense(1, Linear()), dataset=Plane())
    assert warned(scaled.set_field("input_1", "columns", ("x1_squared", "x2_squared"))) == []


def drawn(*counts: int) -> Drawn:
    """So many points of each class."""
    data = Drawn(classes=max(2, len(counts)))
    for number, count in enumerate(counts):
        data = data.add([(0.01 * k, float(number)) for k in range(count)], number)
    return data


def test_class_imbalance() -> None:
    document = chain(dense(4), dense(1, Sigmoid()), dataset=drawn(300, 20)).set_training(loss=BinaryCrossEntropy())
    warning = assert_remedies_end_it(document)
    assert (warning.kind, warning.node) == ("imbalance", None)
    assert "times as many training samples as class 1" in str(warning.sentence)
    weighed = warning.remedies[0].edit(document).training.loss
    assert isinstance(weighed, BinaryCrossEntropy) and weighed.positive_weight > 10
    assert warned(document.set_data(dataset=drawn(100, 30))) == []


def test_class_imbalance_of_three() -> None:
    document = chain(dense(4), dense(3, Softmax()), dataset=drawn(300, 300, 20))
    document = document.set_training(loss=CategoricalCrossEntropy())
    warning = assert_remedies_end_it(document)
    first, second, third = warning.remedies[0].edit(document).training.loss.weights
    assert 1 in (first, second) and third > 10
    squares = chain(dense(4), dense(3), dataset=drawn(300, 300, 20))
    assert the_warning(squares).remedies == (), "the squared error weighs no classes"


def test_a_class_without_samples() -> None:
    warning = the_warning(chain(dense(4), dense(1), dataset=drawn(40)))
    assert str(warning.sentence) == "None of the 20 training samples is of class 1"


def test_a_batch_larger_than_the_data() -> None:
    document = chain(dense(4), dense(1)).set_training(batch_size=251)
    warning = assert_remedies_end_it(document)
    assert (warning.kind, warning.node) == ("batch", None)
    assert str(warning.remedies[0].label) == "Set the batch size to 250"
    assert warned(document.set_training(optimizer=GradientDescent())) == [], "it takes all samples anyway"


def test_a_table_of_the_users_own(tmp_path: Path) -> None:
    """It can scale its columns by itself, and its classes have names."""
    rng = np.random.default_rng(0)
    rows = [f"{rng.normal(40, 12):.1f},{rng.choice(['a', 'b'])},{'no' if k % 25 else 'yes'}" for k in range(400)]
    (tmp_path / "t.csv").write_text("\n".join(["age,city,kind", *rows]), "utf-8")
    content = read_table(str(tmp_path / "t.csv"), True)
    table = opened(content, Roles(("age", "city"), "kind", ("city", "kind")), scaling="none")
    document = chain(dense(4), dense(1), dataset=table)
    unscaled, imbalance = resolve(document).warnings
    assert str(unscaled.sentence).startswith("age has mean 40.6 and") and unscaled.node == "input_1"
    assert "Class “no” has 24 times as many training samples as class “yes” (192 and 8)" in str(imbalance.sentence)
    assert str(unscaled.remedies[0].label) == "Standardize the columns"
    assert warned(unscaled.remedies[0].edit(document)) == [("imbalance", None)]


class _Counting(Plane):
    """Counts how often it is looked at."""

    looked = 0

    def inputs(self, values: Array, columns: tuple[str, ...]) -> Array:
        type(self).looked += 1
        return super().inputs(values, columns)


def test_the_data_is_looked_at_once() -> None:
    document = chain(dense(4), dense(1, Linear()), dataset=_Counting(samples=77))
    for units in range(3, 8):
        assert warned(document.set_field("dense_1", "units", units)) == []
    assert _Counting.looked == 1


class Leaves(ImageDataset):
    """Pictures whose labels are known, and which nobody may ask for here."""

    label = "leaves"

    shares: ClassVar[tuple[int, int]] = (30, 3)
    all_class_names = ("oak", "birch")
    published = (33, 0)
    stratified = True
    order = 1000

    def known_labels(self) -> np.ndarray:
        return np.repeat([0, 1], self.shares)

    def images(self) -> Images:
        raise AssertionError("the pictures were asked for")


@pytest.fixture
def leaves() -> Iterator[type[ImageDataset]]:
    made = register(Leaves)
    yield made
    unregister(made)


def test_of_pictures_the_labels_tell_without_one_being_read(leaves: type[ImageDataset]) -> None:
    known = facts(Data(leaves(), train_share=0.7))
    assert known is not None and known.count == 23 and known.of_class == (21, 2)
    some = facts(Data(leaves(limit=11), train_share=0.5))
    assert some is not None and sum(some.of_class) == some.count


def test_facts_of_pictures_are_those_of_their_split() -> None:
    for digits in (entry("datasets", "digits")(), entry("datasets", "digits")(only_classes="3, 8", limit=100)):
        data = Data(digits, train_share=0.6, seed=4)
        known, targets = facts(data), split(data).train.targets
        assert known is not None and known.count == len(targets)
        assert known.of_class == tuple(np.bincount(targets, minlength=digits.class_count).tolist())
