"""The output against the data and the loss: what fits, what is said where it does not, and that the buttons mend it."""

from __future__ import annotations

import numpy as np
import pytest

from engine.catalog.activations import Linear, LogSoftmax, Sigmoid, Softmax, Tanh
from engine.catalog.datasets.functions import Plane
from engine.catalog.datasets.plane import Circle, Rings
from engine.catalog.layers.dense import Dense
from engine.catalog.losses import (
    BinaryCrossEntropy,
    CategoricalCrossEntropy,
    Cosine,
    Loss,
    MeanSquaredError,
    MultiClassHinge,
    Poisson,
)
from engine.catalog.registry import defaults, entries
from engine.document.graph import Document
from engine.plan.fit import fit_output
from engine.plan.plan import Plan, Problem
from engine.plan.resolve import resolve
from engine.training.torch_trainer import TorchTrainer
from tests.engine.training.networks import chain

DATA = {"two": Circle(samples=40), "three": Rings(samples=45, classes=3), "numbers": Plane(samples=40)}


def network(dataset: str, loss: Loss, last: Dense) -> Document:
    return chain(Dense(3), last).set_data(dataset=DATA[dataset]).set_training(loss=loss)


def problem(plan: Plan) -> Problem:
    (found,) = plan.problems
    return found


@pytest.mark.parametrize("dataset", list(DATA))
@pytest.mark.parametrize("loss", list(defaults("losses")), ids=lambda loss: loss.name)
@pytest.mark.parametrize("units", [1, 2, 3])
def test_whatever_is_chosen_trains_or_can_be_mended(dataset: str, loss: Loss, units: int) -> None:
    for activation in (Linear(), Tanh(), Sigmoid(), Softmax(), LogSoftmax(), entries("activations")["softplus"]()):
        document, _ = fit_output(network(dataset, loss, Dense(units, activation)))
        plan = resolve(document)
        assert plan.ready, (activation, [str(each.sentence) for each in plan.problems])
    run = TorchTrainer(plan)
    run.step("epoch")
    assert np.isfinite(run.evaluate().train_loss)


@pytest.mark.parametrize("loss", [CategoricalCrossEntropy(), MultiClassHinge(), Cosine()], ids=repr)
def test_a_unit_for_each_class(loss: Loss) -> None:
    document = network("two", loss, Dense(1, Softmax() if loss.fuses else Linear()))
    if not loss.fuses:
        found = problem(resolve(document))
        assert str(found.sentence) == f"{loss.label} needs one unit per class, but the network has a single one"
        assert [str(remedy.label) for remedy in found.remedies] == [
            "Use sigmoid with binary cross-entropy",
            "Set units of dense_2 to 2",
        ]
        assert resolve(found.remedies[1].edit(document)).ready
    assert resolve(document.set_field("dense_2", "units", 2)).ready


def test_weights_for_another_number_of_classes() -> None:
    loss = CategoricalCrossEntropy(class_weights="1, 5", label_smoothing=0.1)
    document = network("three", loss, Dense(3, Softmax()))
    found = problem(resolve(document))
    assert str(found.sentence) == "categorical cross-entropy has weights for 2 classes, but this data has 3"
    mended = found.remedies[0].edit(document)
    assert mended.training.loss == CategoricalCrossEntropy(label_smoothing=0.1) and resolve(mended).ready
    fitted, done = fit_output(document)
    assert fitted == mended and [str(sentence) for sentence in done] == ["Let all classes count alike"]


def test_weights_reach_the_targets() -> None:
    loss = CategoricalCrossEntropy(class_weights="1, 0, 2.5")
    plan = resolve(network("three", loss, Dense(3, Softmax())))
    assert plan.target is not None
    encoded = plan.target.encode(np.array([2, 0, 1]))
    assert encoded.dtype == np.float32 and encoded.tolist() == [[0, 0, 2.5], [1, 0, 0], [0, 0, 0]]


def test_an_activation_that_does_not_fit() -> None:
    found = problem(resolve(network("numbers", Poisson(), Dense(1, Linear()))))
    assert str(found.sentence) == "Poisson does not fit an output with linear; it needs softplus"
    assert str(found.remedies[0].label) == "Set the activation to softplus"
    found = problem(resolve(network("two", Poisson(), Dense(1, Tanh()))))
    assert str(found.remedies[0].label) == "Set the activation to sigmoid"
    found = problem(resolve(network("two", BinaryCrossEntropy(), Dense(1, Tanh()))))
    assert str(found.sentence) == "binary cross-entropy does not fit an output with tanh; it needs sigmoid"
    assert str(found.remedies[1].label) == f"Use {MeanSquaredError().label}"
