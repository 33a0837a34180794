"""What the view of metrics is drawn from, and what the command line reports."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.catalog.activations import Linear, Softmax, Tanh
from engine.catalog.datasets.drawn import Drawn
from engine.catalog.datasets.functions import Saddle
from engine.catalog.datasets.plane import Circle, Rings
from engine.catalog.datasets.table import opened
from engine.catalog.layers.dense import Dense, Input
from engine.catalog.losses import CategoricalCrossEntropy, MeanSquaredError
from engine.catalog.metrics import metrics_for
from engine.document.graph import Data, Document, Network, Training
from engine.plan.data import split
from engine.plan.resolve import resolve
from engine.probes.metrics import Metrics, judge
from engine.probes.predictions import Predictions
from engine.tables.content import suggested
from engine.tables.files import read_table
from engine.training.torch_trainer import TorchTrainer
from engine.worker.headless import train


def document(dataset: Any, *layers: Any, loss: Any = None) -> Document:
    made = Document((Network(),), Data(dataset), Training(loss or MeanSquaredError()))
    for layer in (Input(), *layers):
        made = made.append(layer)
    return made


CIRCLE = document(Circle(samples=60), Dense(4), Dense(1, Tanh()))
RINGS = document(Rings(samples=90, classes=3), Dense(4), Dense(3, Softmax()), loss=CategoricalCrossEntropy())
SADDLE = document(Saddle(samples=60), Dense(4), Dense(1, Linear()))


@pytest.mark.parametrize(("made", "classes"), [(CIRCLE, 2), (RINGS, 3), (SADDLE, 0)])
def test_every_metric_of_the_task_is_measured_on_both_parts(made: Document, classes: int) -> None:
    run = TorchTrainer(resolve(made))
    run.train_epochs(3)
    answers = Metrics().measure(run)
    samples, target, output = split(made.data), run.plan.target, run.plan.output
    assert target is not None and output is not None
    expected = {"moment", "now", "learnt"}
    for part, those in (("train", samples.train), ("test", samples.test)):
        found = judge(target, run.outputs(those.values, (output,))[output], those.targets)
        for metric in metrics_for(target.task, classes):
            expected.add(f"{part}.{metric.name}")
            assert answers[f"{part}.{metric.name}"].shape == (1,)
            if metric.by_class:
                expected.add(f"{part}.{metric.name}.classes")
                assert answers[f"{part}.{metric.name}.classes"].shape == (classes,)
        if classes:
            expected.add(f"{part}.confusion")
            table = answers[f"{part}.confusion"]
            assert table.shape == (classes, classes)
            assert table.sum(axis=1).tolist() == np.bincount(those.targets, minlength=classes).tolist()
            assert np.trace(table) / table.sum() == pytest.approx(answers[f"{part}.accuracy"][0])
        for name, array in found.items():
            np.testing.assert_allclose(answers[f"{part}.{name}"], array, atol=1e-6)
    assert set(answers) == expected


def test_the_metric_of_the_curves_is_among_them() -> None:
    for made, name in ((CIRCLE, "accuracy"), (RINGS, "accuracy"), (SADDLE, "r2")):
        run = TorchTrainer(resolve(made))
        run.train_epochs(3)
        answers, evaluation = Metrics().measure(run), run.evaluate()
        assert answers[f"train.{name}"][0] == pytest.approx(evaluation.train_metric, abs=1e-5)
        assert answers[f"test.{name}"][0] == pytest.approx(evaluation.test_metric, abs=1e-5)


def test_without_samples_kept_back_there_is_nothing_to_say_about_them() -> None:
    made = document(Drawn().add([(1.0, 2.0)], 0), Dense(1, Tanh()))
    samples = split(made.data)
    assert (len(samples.train), len(samples.test)) == (1, 0)
    answers = Metrics().measure(TorchTrainer(resolve(made)))
    assert np.isnan(answers["test.accuracy"]).all() and not answers["test.confusion"].any()
    assert answers["train.confusion"].sum() == 1


def test_the_command_line_knows_them_at_the_end() -> None:
    result = train(RINGS, epochs=3, engine="torch")
    assert result.metrics["test.accuracy"][0] == pytest.approx(result.evaluation.test_metric)
    assert result.metrics["test.confusion"].sum() == 45


@pytest.mark.parametrize("most", [500, 7])
def test_predictions_are_what_the_network_answers_beside_what_is_true(most: int) -> None:
    run = TorchTrainer(resolve(SADDLE))
    run.train_epochs(2)
    found, samples, output = Predictions(most=most).measure(run), split(run.plan.document.data).test, run.plan.output
    assert output is not None and found["tested"].tolist() == [True]
    places = np.linspace(0, len(samples) - 1, min(most, len(samples))).astype(int)
    answered = run.outputs(samples.values, (output,))[output][places, 0]
    np.testing.assert_allclose(found["predicted"], answered, atol=1e-6)
    np.testing.assert_allclose(found["true"], samples.targets[places])
    assert not Predictions().fits(resolve(CIRCLE))


def test_where_nothing_is_held_back_predictions_are_of_what_was_learnt(tmp_path: Path) -> None:
    file = tmp_path / "few.csv"
    file.write_text("size,price\n1.5,2.25\n2.5,3.125\n3.25,4.5\n4.75,5.5\n")
    content = read_table(str(file))
    table = opened(content, suggested(content))
    made = document(table, Dense(2), Dense(1, Linear())).set_data(train_share=0.9).set_training(batch_size=2)
    found = Predictions().measure(TorchTrainer(resolve(made)))
    assert found["tested"].tolist() == [False] and len(found["predicted"]) == 4
    assert sorted(found["true"].tolist()) == pytest.approx([2.25, 3.125, 4.5, 5.5])  # not as they are scaled to learn
    assert np.abs(found["predicted"] - 4).max() < 10 and np.ptp(split(made.data).train.targets) < 3
