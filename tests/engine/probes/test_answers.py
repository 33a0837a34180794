"""What is said about one sample is what the network answers to it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engine.catalog.activations import Linear, Relu, Sigmoid, Softmax, Tanh
from engine.catalog.datasets.digits import Digits
from engine.catalog.datasets.plane import Circle
from engine.catalog.layers.dense import Dense, Input
from engine.catalog.layers.reshaping import Flatten
from engine.catalog.losses import BinaryCrossEntropy, CategoricalCrossEntropy, MeanSquaredError
from engine.document.graph import Data, Document, Network, Training
from engine.plan.data import split
from engine.plan.resolve import resolve
from engine.probes import answers as module
from engine.probes.answers import Answers, NextWrong
from engine.training.torch_trainer import TorchTrainer


def trainer(dataset: Any, *layers: Any, loss: Any) -> TorchTrainer:
    document = Document((Network(),), Data(dataset, train_share=0.8), Training(loss))
    for layer in (Input(), *layers):
        document = document.append(layer)
    plan = resolve(document)
    assert plan.ready, [str(problem.sentence) for problem in plan.problems]
    return TorchTrainer(plan)


@pytest.fixture(scope="module")
def digits() -> TorchTrainer:
    run = trainer(Digits(limit=1000), Flatten(), Dense(8, Relu()), Dense(10, Softmax()), loss=CategoricalCrossEntropy())
    run.train_epochs(2)
    return run


@pytest.mark.parametrize("sample", [0, 799, 800, 999])
def test_probabilities_truth_and_pixels_are_those_of_the_sample(digits: TorchTrainer, sample: int) -> None:
    samples = split(digits.plan.document.data)
    output = digits.plan.output
    assert output is not None and (len(samples.train), len(samples.test)) == (800, 200)
    answer = Answers(sample=sample).measure(digits)
    truths = np.concatenate([samples.train.targets, samples.test.targets])
    np.testing.assert_array_equal(answer["image"], samples.values[sample])
    assert answer["truth"].tolist() == [truths[sample]]
    expected = digits.outputs(samples.values[sample : sample + 1], (output,))[output][0]
    np.testing.assert_allclose(answer["scores"], expected, atol=1e-6)
    assert answer["scores"].sum() == pytest.approx(1.0, abs=1e-5)
    assert answer["answer"].tolist() == [expected.argmax()]
    assert answer["shares"].tolist() == [True] and answer["range"].tolist() == [0.0, 1.0]


def test_a_drawn_picture_has_an_answer_and_no_truth(digits: TorchTrainer) -> None:
    values = split(digits.plan.document.data).values[7]
    drawn = Answers(sample=3, image=tuple(values.ravel().tolist())).measure(digits)
    np.testing.assert_array_equal(drawn["image"], values)
    np.testing.assert_allclose(drawn["scores"], Answers(sample=7).measure(digits)["scores"], atol=1e-6)
    assert drawn["truth"].shape == (0,)


def test_what_is_not_there_has_no_answer(digits: TorchTrainer) -> None:
    assert not Answers(sample=1000).fits(digits.plan) and Answers(sample=999).fits(digits.plan)
    assert not Answers(image=(1, 2, 3)).fits(digits.plan)


@pytest.mark.parametrize(
    ("activation", "loss", "shares", "ends"),
    [
        (Sigmoid(), BinaryCrossEntropy(), True, (0.0, 1.0)),
        (Tanh(), MeanSquaredError(), False, (-1.0, 1.0)),
        (Linear(), MeanSquaredError(), False, (-1.0, 1.0)),
    ],
)
def test_a_single_unit_leans_to_one_of_two_classes(
    activation: Any, loss: Any, shares: bool, ends: tuple[float, float]
) -> None:
    run = trainer(Circle(samples=40), Dense(3), Dense(1, activation), loss=loss)
    output = run.plan.output
    assert output is not None
    found = Answers(sample=5).measure(run)
    (p,) = run.outputs(split(run.plan.document.data).values[5:6], (output,))[output][0]
    np.testing.assert_allclose(found["scores"], [1 - p, p] if shares else [-p, p], atol=1e-6)
    assert "image" not in found
    assert found["shares"].tolist() == [shares]
    assert found["range"][0] <= ends[0] and found["range"][1] >= ends[1]
    assert found["answer"].tolist() == [found["scores"].argmax()]


def wrong_places(run: TorchTrainer) -> Any:
    samples, output, target = split(run.plan.document.data), run.plan.output, run.plan.target
    assert output is not None and target is not None
    truths = np.concatenate([samples.train.targets, samples.test.targets])
    return np.flatnonzero(target.decide(run.outputs(samples.values, (output,))[output]) != truths)


def test_next_wrong_is_the_nearest_in_its_ring(digits: TorchTrainer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PART", 7)
    wrong = [place for place in wrong_places(digits).tolist() if place >= 800]
    assert 2 < len(wrong) < 190
    for here in (800, wrong[0], wrong[1], 999):
        after = [place for place in wrong if place > here]
        before = [place for place in wrong if place < here]
        forwards = NextWrong(here, 800, 1000).measure(digits)["found"].tolist()
        backwards = NextWrong(here, 800, 1000, True).measure(digits)["found"].tolist()
        assert forwards == [after[0] if after else wrong[0]]
        assert backwards == [before[-1] if before else wrong[-1]]


def test_a_search_goes_on_where_it_ended(digits: TorchTrainer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOOKED", 1)
    wrong = set(wrong_places(digits).tolist())
    here = next(place for place in range(800, 998) if place + 1 not in wrong)
    answer = NextWrong(here, 800, 1000).measure(digits)
    assert answer["found"].tolist() == [-1] and answer["reached"].tolist() == [here + 1]
    empty = NextWrong(800, 800, 800).measure(digits)
    assert empty["found"].tolist() == [-1] and empty["reached"].tolist() == [800]
