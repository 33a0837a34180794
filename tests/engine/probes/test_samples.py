"""What the gallery of samples is drawn from: answers that a run keeps, pictures, neighbours, losses over the run."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from engine.catalog.activations import Relu, Sigmoid, Softmax, Tanh
from engine.catalog.datasets.digits import Digits
from engine.catalog.layers.convolution import Conv2d
from engine.catalog.layers.dense import Dense
from engine.catalog.layers.reshaping import Flatten
from engine.catalog.losses import BinaryCrossEntropy, CategoricalCrossEntropy, MeanSquaredError
from engine.catalog.optimizers import Adam
from engine.document.graph import Data, Document, Training
from engine.plan.data import split
from engine.plan.resolve import resolve
from engine.probes import answers_of_samples
from engine.probes import neighbours as neighbours_module
from engine.probes.answers_of_samples import MOST, AnswersOfSamples, LossOfSample, Thumbnails
from engine.probes.metrics import Metrics
from engine.probes.neighbours import Neighbours
from engine.training import judging, loss_history, run
from engine.training.loss_history import LossHistory
from engine.training.numba_trainer import NumbaTrainer
from engine.training.torch_trainer import TorchTrainer
from tests.engine.training.networks import chain

TRAINING = Training(CategoricalCrossEntropy(), Adam(learning_rate=0.003), batch_size=32)
DENSE = chain(
    Flatten(),
    Dense(8, Relu()),
    Dense(10, Softmax()),
    data=Data(Digits(limit=600), train_share=0.5),
    training=TRAINING,
)
CONVOLUTION = chain(Conv2d(4, activation=Relu()), Flatten(), Dense(10, Softmax()), data=DENSE.data, training=TRAINING)


def trained(document: Document, kind: Any = TorchTrainer, epochs: int = 2) -> Any:
    trainer = kind(resolve(document))
    trainer.train_epochs(epochs)
    return trainer


def raw_outputs(trainer: Any, values: Any) -> Any:
    return trainer.outputs(np.array(values), (trainer.plan.output,))[trainer.plan.output]


@pytest.mark.parametrize(
    ("document", "kind"), [(DENSE, NumbaTrainer), (DENSE, TorchTrainer), (CONVOLUTION, TorchTrainer)]
)
def test_every_judged_sample_has_its_answer_truth_confidence_and_loss(
    document: Document, kind: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "JUDGED", 100)
    trainer = trained(document, kind)
    found = AnswersOfSamples().measure(trainer)
    parts = split(document.data)
    values = np.concatenate([parts.train.values[:100], parts.test.values])
    truth = np.concatenate([parts.train.targets[:100], parts.test.targets])
    output = raw_outputs(trainer, values)
    assert found["learnt"].tolist() == [100, 300] and len(found["answer"]) == 400
    assert found["truth"].tolist() == truth.tolist()
    assert found["answer"].tolist() == output.argmax(1).tolist()
    np.testing.assert_allclose(found["confidence"], output.max(1), rtol=1e-4)
    np.testing.assert_allclose(found["loss"], -np.log(output[np.arange(400), truth]), rtol=1e-3, atol=1e-5)
    assert found["loss"][100:].mean() == pytest.approx(trainer.evaluate().test_loss, rel=1e-4)
    assert found["shares"].tolist() == [True] and found["moment"].tolist() == [2.0] and found["now"].tolist() == [True]


def test_answers_cost_nothing_where_they_take_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging, "_LONG", 0)
    trainer = trained(CONVOLUTION, epochs=1)
    recorded = AnswersOfSamples().measure(trainer)
    trainer.step("batch")
    passes: list[int] = []
    monkeypatch.setattr(trainer, "_raw_answers", lambda first, last: passes.append(first))
    later, metrics = AnswersOfSamples().measure(trainer), Metrics().measure(trainer)
    assert not passes
    assert later["moment"].tolist() == [1.0] and later["now"].tolist() == [False] == metrics["now"].tolist()
    np.testing.assert_array_equal(later["loss"], recorded["loss"])
    right = recorded["answer"][300:] == recorded["truth"][300:]
    assert metrics["test.accuracy"][0] == pytest.approx(right.mean())


def test_answers_are_new_where_they_are_cheap_and_asked_for_once_a_step(monkeypatch: pytest.MonkeyPatch) -> None:
    trainer = trained(CONVOLUTION, epochs=1)
    before = AnswersOfSamples().measure(trainer)
    trainer.step("batch")
    passes = []
    original = trainer._raw_answers
    monkeypatch.setattr(trainer, "_raw_answers", lambda first, last: passes.append(first) or original(first, last))
    after = AnswersOfSamples().measure(trainer)
    Metrics().measure(trainer)
    trainer.evaluate()
    assert passes == [0]
    assert after["moment"][0] == pytest.approx(1 + 32 / 300) and after["now"].tolist() == [True]
    assert np.abs(after["loss"] - before["loss"]).max() > 1e-3


def test_a_run_that_goes_back_has_other_answers() -> None:
    trainer = trained(DENSE, epochs=1)
    standing, first = trainer.snapshot(), AnswersOfSamples().measure(trainer)["loss"]
    trainer.train_epochs(3)
    assert len(trainer.loss_history(0)) == 5
    trainer.restore(standing)
    np.testing.assert_allclose(AnswersOfSamples().measure(trainer)["loss"], first, rtol=1e-5)


@pytest.mark.parametrize(
    ("layer", "loss", "shares"),
    [
        (Dense(1, Sigmoid()), BinaryCrossEntropy(), True),
        (Dense(1, Tanh()), MeanSquaredError(), False),
        (Dense(2, Softmax()), CategoricalCrossEntropy(), True),
    ],
)
def test_confidence_is_a_probability_only_where_it_is_one(layer: Dense, loss: Any, shares: bool) -> None:
    data = Data(Digits(only_classes="3, 8"), train_share=0.5)
    trainer = trained(chain(Flatten(), layer, data=data, training=Training(loss)), epochs=1)
    found = AnswersOfSamples().measure(trainer)
    assert found["shares"].tolist() == [shares]
    if shares:
        assert found["confidence"].min() >= 0.5 and found["confidence"].max() <= 1.0


def test_pictures_are_those_of_the_places() -> None:
    trainer = trained(DENSE, epochs=0)
    found = Thumbnails(samples=(299, 5, 599, 600, -1)).measure(trainer)
    assert found["samples"].tolist() == [299, 5, 599] and found["images"].dtype == np.uint8
    np.testing.assert_array_equal(found["images"], split(DENSE.data).values[[299, 5, 599]])
    assert len(Thumbnails(samples=tuple(range(2 * MOST))).measure(trainer)["samples"]) == MOST


# --- losses over the run ----------------------------------------------------------------------------------------------


def test_the_loss_of_a_sample_is_recorded_at_ends_of_epochs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "JUDGED", 100)
    trainer = trained(DENSE, NumbaTrainer, 3)
    found = LossOfSample(sample=310).measure(trainer)["history"]
    assert found[:, 0].tolist() == [0, 1, 2, 3]
    row = 100 + 310 - 300
    assert found[-1, 1] == pytest.approx(AnswersOfSamples().measure(trainer)["loss"][row], rel=1e-5)
    assert len(LossOfSample(sample=99).measure(trainer)["history"]) == 4
    for sample in (-1, 200, 600):  # the second is not judged, the others are not there
        assert LossOfSample(sample=sample).measure(trainer)["history"].shape == (0, 2)


def test_a_history_survives_another_rate_but_not_other_data() -> None:
    trainer = trained(DENSE, epochs=2)
    slower = DENSE.set_training(optimizer=Adam(learning_rate=0.001))
    assert trainer.edit(resolve(slower)) and len(trainer.loss_history(0)) == 3
    assert trainer.edit(resolve(slower.set_data(dataset=Digits(limit=500)))) and not len(trainer.loss_history(0))


def test_a_history_is_bounded_and_can_go_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loss_history, "POINTS", 8)
    history = LossHistory()
    for epoch in range(100):
        history.record(epoch, np.array([epoch, 2.0 * epoch]))
    points = history.of(1)
    assert len(points) <= 8 and points[0].tolist() == [0, 0] and points[-1, 0] > 90
    assert np.unique(np.diff(points[:, 0])).size == 1 and (points[:, 1] == 2 * points[:, 0]).all()
    history.truncate(50)
    assert history.of(0)[-1, 0] <= 50


# --- neighbours -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("node", [1, 2])
@pytest.mark.parametrize("learnt", [False, True])
def test_neighbours_are_those_of_scikit_learn(node: int, learnt: bool) -> None:
    trainer = trained(CONVOLUTION)
    parts = split(CONVOLUTION.data)
    part, first = (parts.train, 0) if learnt else (parts.test, 300)
    name = trainer.plan.order[node]
    space = trainer.outputs(np.array(part.values), (name,))[name].reshape(300, -1)
    distances, order = NearestNeighbors(n_neighbors=13).fit(space).kneighbors(space[7:8])
    found = Neighbours(sample=first + 7, node=name, learnt=learnt).measure(trainer)
    assert found["looked"].tolist() == [300, 300]
    assert found["samples"].tolist() == (order[0][1:] + first).tolist()  # the first of scikit-learn's is the sample
    np.testing.assert_allclose(found["distances"], distances[0][1:], rtol=1e-4)
    np.testing.assert_array_equal(found["truths"], part.targets[order[0][1:]])
    np.testing.assert_array_equal(found["images"], part.values[order[0][1:]])


def test_a_search_goes_on_part_by_part_while_the_network_stands_still(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbours_module, "_ONE_LOOK", 0)
    trainer = trained(CONVOLUTION)
    name = trainer.plan.order[2]
    looks = []
    reached = 0
    for _ in range(4):
        found = Neighbours(sample=310, node=name, reached=reached).measure(trainer)
        reached = int(found["looked"][0])
        looks.append(reached)
    assert looks == [100, 200, 300, 300]
    monkeypatch.setattr(neighbours_module, "_ONE_LOOK", 10**12)
    trainer.known.clear()
    whole = Neighbours(sample=310, node=name).measure(trainer)
    assert found["samples"].tolist() == whole["samples"].tolist()
    trainer.step("batch")
    assert not trainer.known


def test_a_drawing_has_neighbours_too_and_itself_is_none_of_them() -> None:
    trainer = trained(DENSE)
    name = trainer.plan.order[1]
    image = tuple(split(DENSE.data).values[305].ravel().tolist())
    found = Neighbours(image=image, node=name).measure(trainer)
    assert found["samples"][0] == 305 and found["distances"][0] == pytest.approx(0, abs=1e-4)
    assert 305 not in Neighbours(sample=305, node=name).measure(trainer)["samples"]
    assert not Neighbours(sample=305, node="gone").fits(trainer.plan)


def test_of_large_pictures_fewer_come_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers_of_samples, "_BYTES", 3 * 64)
    trainer = trained(DENSE, epochs=0)
    assert Thumbnails(samples=(7, 8, 9, 10)).measure(trainer)["samples"].tolist() == [7, 8, 9]
