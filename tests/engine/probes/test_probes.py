"""What the views are drawn from: values, scales and which way is up."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engine.catalog.activations import Linear, Relu, Sigmoid, Softmax, Tanh
from engine.catalog.datasets.digits import Digits
from engine.catalog.datasets.functions import Saddle
from engine.catalog.datasets.plane import Circle, Rings
from engine.catalog.initializers import Constant
from engine.catalog.layers.convolution import Conv2d
from engine.catalog.layers.dense import Dense, Input
from engine.catalog.layers.reshaping import Flatten, Reshape
from engine.catalog.losses import BinaryCrossEntropy, CategoricalCrossEntropy, MeanSquaredError
from engine.catalog.registry import defaults
from engine.document.graph import Data, Document, Network, Training
from engine.plan.data import split
from engine.plan.resolve import resolve
from engine.probes.decision import CLASSES, LEVELS, SIGNED, Decision
from engine.probes.histograms import WeightHistograms
from engine.probes.neuron_maps import NeuronMaps, grid
from engine.probes.parameters import Parameters
from engine.training.torch_trainer import TorchTrainer


def trainer(*layers: Any, dataset: Any = None, loss: Any = None, columns: tuple[str, ...] = ()) -> TorchTrainer:
    document = Document((Network(),), Data(dataset or Circle(samples=40)), Training(loss or MeanSquaredError()))
    for layer in (Input(columns=columns), *layers):
        document = document.append(layer)
    plan = resolve(document)
    assert plan.ready, [str(problem.sentence) for problem in plan.problems]
    return TorchTrainer(plan)


def shown(values: Any, scale: Any, centre: float = 0.0) -> Any:
    return np.clip(np.rint(127.5 + 127.5 * (values - centre) / scale), 0, 255)


def set_weights(run: TorchTrainer, node: str, weight: Any, bias: Any) -> None:
    for name, values in ((f"{node}.weight", weight), (f"{node}.bias", bias)):
        for index, value in np.ndenumerate(np.asarray(values, float)):
            run.set_parameter(name, index, float(value))


def test_the_first_row_is_the_top_and_the_first_column_the_left() -> None:
    points = grid(4).reshape(4, 4, 2)
    assert points[0, 0].tolist() == [-4.5, 4.5]
    assert points[0, -1].tolist() == [4.5, 4.5]
    assert points[-1, 0].tolist() == [-4.5, -4.5]
    assert not grid(4).flags.writeable and grid(4) is grid(4)


def test_inputs_are_drawn_the_right_way_up() -> None:
    run = trainer(Dense(2), Dense(1))
    maps = NeuronMaps(("input_1",), 50).measure(run)
    x1, x2 = maps["input_1"]
    assert maps["input_1"].dtype == np.uint8 and maps["input_1"].shape == (2, 50, 50)
    assert (x1[:, 0] == 0).all() and (x1[:, -1] == 255).all()
    assert (x2[0] == 255).all() and (x2[-1] == 0).all()
    np.testing.assert_allclose(maps["input_1.scale"], [5.88, 5.88], rtol=1e-6)


@pytest.mark.parametrize(
    ("activation", "centre", "scale"),
    [(Tanh(), 0.0, 1.0), (Sigmoid(), 0.5, 0.5), (Relu(), 0.0, None), (Linear(), 0.0, None)],
)
def test_maps_show_values_on_the_scale_of_their_activation(activation: Any, centre: float, scale: float | None) -> None:
    run = trainer(Dense(3, activation), Dense(1))
    weight, bias = [[0.5, 0.2], [-0.3, 0.4], [0, 0]], [0.1, 0, 0]
    set_weights(run, "dense_1", weight, bias)
    maps = NeuronMaps(("dense_1",), 20).measure(run)
    values = activation.value(grid(20) @ np.array(weight).T + bias)
    scales = np.full(3, scale) if scale else np.where(abs(values).max(0) > 0, abs(values).max(0), 1)
    np.testing.assert_allclose(maps["dense_1.scale"], scales, rtol=1e-5)
    assert list(maps["dense_1.centre"]) == [centre] * 3
    expected = shown(values, scales, centre).T.reshape(3, 20, 20)
    assert abs(maps["dense_1"].astype(int) - expected).max() <= 1  # where float32 and float64 round apart
    assert (maps["dense_1"] == expected).mean() > 0.99


def test_maps_are_of_the_cards_asked_for_and_not_too_many_units() -> None:
    run = trainer(Dense(65), Dense(64), Dense(1))
    assert set(NeuronMaps(("dense_1", "dense_2", "gone"), 8).measure(run)) == {
        "dense_2",
        "dense_2.scale",
        "dense_2.centre",
    }


def test_maps_follow_the_weights() -> None:
    run = trainer(Dense(2), Dense(1))
    before = NeuronMaps(("dense_2",), 10).measure(run)["dense_2"].copy()
    set_weights(run, "dense_2", [[0, 0]], [5])
    assert (NeuronMaps(("dense_2",), 10).measure(run)["dense_2"] == 255).all() and not (before == 255).all()


def test_the_decision_of_one_unit_is_signed_between_the_two_classes() -> None:
    for activation, loss, centre, scale in ((Tanh(), None, 0.0, 1.0), (Sigmoid(), BinaryCrossEntropy(), 0.5, 0.5)):
        run = trainer(Dense(1, activation), loss=loss)
        set_weights(run, "dense_1", [[2, 0]], [0])
        answer = Decision(40).measure(run)
        values = activation.value(2 * grid(40)[:, 0]).reshape(40, 40)
        assert answer["kind"].tolist() == [SIGNED]
        assert (answer["centre"][0], answer["scale"][0]) == (centre, scale)
        np.testing.assert_allclose(answer["values"], values[None], atol=1e-6)
        assert answer["image"].dtype == np.uint8
        assert (answer["image"] == shown(values, scale, centre)).mean() > 0.99
        assert answer["image"][0, 0] == 0 and answer["image"][0, -1] == 255


def test_the_decision_among_classes_carries_class_and_confidence() -> None:
    run = trainer(Dense(3, Softmax()), dataset=Rings(samples=60, classes=3), loss=CategoricalCrossEntropy())
    set_weights(run, "dense_1", [[-1, 0], [0, 0], [1, 0]], [0, 0.5, 0])
    answer = Decision(30).measure(run)
    probability = Softmax().value(grid(30) @ np.array([[-1, 0], [0, 0], [1, 0]]).T + [0, 0.5, 0])
    assert answer["kind"].tolist() == [CLASSES]
    classes, level = np.divmod(answer["image"].astype(int), LEVELS)
    assert (classes.ravel() == probability.argmax(1)).all() and set(classes.ravel()) == {0, 1, 2}
    expected = np.rint(31 * (probability.max(1) - 1 / 3) / (2 / 3))
    assert abs(level.ravel() - expected).max() <= 1
    assert level[0, 0] == 31
    np.testing.assert_allclose(answer["values"].reshape(3, -1).T, probability, atol=1e-6)


def test_a_lead_without_probabilities_is_confidence_too() -> None:
    run = trainer(Dense(3, Tanh()), dataset=Rings(samples=60, classes=3))
    set_weights(run, "dense_1", [[0, 0]] * 3, [0.0, 0.5, -1])
    lead = np.tanh(0.5) / 2
    assert set(Decision(8).measure(run)["image"].ravel()) == {1 * LEVELS + round(31 * lead)}


def test_a_regression_is_scaled_by_its_targets() -> None:
    run = trainer(Dense(1, Linear()), dataset=Saddle(samples=100))
    answer = Decision(20).measure(run)
    largest = abs(split(run.plan.document.data).train.targets).max()
    assert answer["kind"].tolist() == [SIGNED] and answer["scale"][0] == pytest.approx(largest)
    assert (answer["image"] == shown(answer["values"][0], largest)).mean() > 0.99


def test_the_numbers_behind_the_picture_can_be_left_out() -> None:
    for run in (trainer(Dense(1, Tanh())), trainer(Dense(3, Tanh()), dataset=Rings(samples=60, classes=3))):
        whole, short = Decision(20).measure(run), Decision(20, values=False).measure(run)
        assert short.keys() == whole.keys() - {"values"}
        assert all((short[name] == whole[name]).all() for name in short)


def test_one_unit_of_a_card_can_be_shown_large() -> None:
    run = trainer(Dense(3, Tanh()), Dense(1))
    answer = Decision(25, "dense_1", 2).measure(run)
    assert (answer["image"] == NeuronMaps(("dense_1",), 25).measure(run)["dense_1"][2]).all()
    assert answer["values"].shape == (1, 25, 25)
    assert Decision(25, "dense_1", 2).fits(run.plan)
    assert not Decision(25, "dense_1", 3).fits(run.plan)
    assert not Decision(25, "dense_9", 0).fits(run.plan)


def test_parameters_are_those_of_the_cards_that_are_drawn() -> None:
    run = trainer(Dense(65), Dense(3), Dense(1))
    answer = Parameters(("dense_1", "dense_2", "dense_3")).measure(run)
    assert {name: values.shape for name, values in answer.items()} == {
        "dense_2.bias": (3,),
        "dense_3.weight": (1, 3),
        "dense_3.bias": (1,),
    }
    assert np.array_equal(answer["dense_3.weight"], run.parameter("dense_3.weight"))


def test_the_windows_of_a_convolution_are_not_drawn_link_by_link() -> None:
    run = trainer(Dense(16), Reshape(), Conv2d(2), Flatten(), Dense(1))
    assert set(Parameters(("conv2d_1", "dense_2")).measure(run)) == {"conv2d_1.bias", "dense_2.weight", "dense_2.bias"}


def test_histograms_count_every_weight() -> None:
    run = trainer(Dense(4, weight_initializer=Constant(value=0.5)), Dense(1))
    answer = WeightHistograms(("dense_1", "input_1", "gone"), 8).measure(run)
    assert set(answer) == {"dense_1.counts", "dense_1.edges"}
    counts, edges = answer["dense_1.counts"], answer["dense_1.edges"]
    assert len(edges) == 9 and edges[0] == 0 and edges[-1] == 0.5
    assert counts.tolist() == [4, 0, 0, 0, 0, 0, 0, 8]


def test_every_probe_answers_with_arrays() -> None:
    """About one of these at least: classes over the plane, numbers over the plane, images."""
    classes = CategoricalCrossEntropy()
    runs = [
        trainer(Dense(2), Dense(1)),
        trainer(Dense(2), Dense(1, Linear()), dataset=Saddle(samples=40)),
        trainer(Conv2d(2), Flatten(), Dense(10, Softmax()), dataset=Digits(limit=100), loss=classes),
    ]
    for probe in defaults("probes"):
        fitting = [run for run in runs if probe.fits(run.plan)]
        assert fitting or getattr(probe, "node", None) == "", f"{probe.name} asks about nothing"
        for run in fitting:
            assert all(isinstance(array, np.ndarray) for array in probe.measure(run).values())
