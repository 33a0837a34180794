"""Samples in two dimensions: principal components against scikit-learn, and the grid that a layer bends."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.decomposition import PCA

from engine.catalog.activations import Linear, Relu, Softmax, Tanh
from engine.catalog.datasets.digits import Digits
from engine.catalog.datasets.functions import Saddle
from engine.catalog.datasets.plane import Circle
from engine.catalog.layers.dense import Dense
from engine.catalog.layers.reshaping import Flatten
from engine.catalog.losses import CategoricalCrossEntropy
from engine.document.graph import Data, Training
from engine.plan.data import split
from engine.plan.resolve import resolve
from engine.probes.neuron_maps import grid
from engine.probes.space import Space, SpaceImages, chosen, outputs, principal_axes, space_nodes, turned
from engine.probes.warped_grid import WarpedGrid
from engine.training.numba_trainer import NumbaTrainer
from engine.training.torch_trainer import TorchTrainer
from tests.engine.training.networks import chain


@pytest.fixture(scope="module")
def digits() -> NumbaTrainer:
    training = Training(CategoricalCrossEntropy(), batch_size=32)
    cards = Flatten(), Dense(20, Relu()), Dense(10, Softmax())
    made = NumbaTrainer(resolve(chain(*cards, data=Data(Digits()), training=training)))
    made.train_epochs(3)
    return made


@pytest.mark.parametrize("node", ["flatten_1", "dense_1", "dense_2"])
def test_principal_components_are_those_of_scikit_learn(digits: NumbaTrainer, node: str) -> None:
    places = chosen(digits.plan, 300)
    values, _ = outputs(digits, node, places)
    found = Space(node, samples=300).measure(digits)
    other = PCA(2, svd_solver="full").fit(values.astype(np.float64))
    expected = other.transform(values.astype(np.float64))
    signs = np.sign((expected * found["points"]).sum(0))
    np.testing.assert_allclose(found["points"], expected * signs, atol=1e-3 * np.abs(expected).max())
    np.testing.assert_allclose(found["explained"], other.explained_variance_ratio_, rtol=1e-3)


@pytest.mark.parametrize("shape", [(30, 200), (200, 30), (40, 2), (40, 1), (3, 7)])
def test_components_of_any_shape(shape: tuple[int, int]) -> None:
    random = np.random.default_rng(4)
    values = random.normal(size=shape) * (1.0 / np.arange(1, shape[1] + 1))
    axes = principal_axes(values)
    count = min(2, *shape)
    other = PCA(count, svd_solver="full").fit(values)
    np.testing.assert_allclose(np.abs(axes.project(values)[:, :count]), np.abs(other.transform(values)), atol=1e-5)
    np.testing.assert_allclose(axes.explained[:count], other.explained_variance_ratio_, atol=1e-6)
    assert (axes.directions[:count][np.arange(count), np.abs(axes.directions[:count]).argmax(1)] > 0).all()
    if count == 1:
        assert not axes.project(values)[:, 1].any()


def test_what_is_the_same_everywhere_has_no_directions() -> None:
    axes = principal_axes(np.ones((12, 5)))
    assert np.isfinite(axes.directions).all() and not axes.explained.any()


def test_of_very_many_features_some_say_what_all_would() -> None:
    random = np.random.default_rng(8)
    points = random.normal(size=(60, 2)) * (3, 1)
    values = (points @ random.normal(size=(2, 25_088)) + 0.1 * random.normal(size=(60, 25_088))).astype(np.float32)
    axes = principal_axes(values)
    assert axes.directions.shape[1] <= 2048 and np.gcd(axes.step, 25_088) == 1
    expected = PCA(2, svd_solver="full").fit_transform(values.astype(np.float64))
    found = axes.project(values)
    for number in range(2):
        assert abs(np.corrcoef(found[:, number], expected[:, number])[0, 1]) > 0.99


def test_points_turn_to_where_they_were() -> None:
    before = np.random.default_rng(5).normal(size=(20, 2))
    assert turned(before * (-1, 1), before).tolist() == [-1, 1]
    assert turned(before + 0.01, before).tolist() == [1, 1]


def test_samples_to_test_on_are_shown_and_the_chosen_one_always(digits: NumbaTrainer) -> None:
    learnt = len(split(digits.plan.document.data).train)
    found = Space("dense_1", samples=50).measure(digits)
    assert found["places"].tolist() == list(range(learnt, learnt + 50))
    with_one = Space("dense_1", sample=3, samples=50).measure(digits)
    assert with_one["places"][-1] == 3 and len(with_one["points"]) == 51
    np.testing.assert_allclose(with_one["points"][:50], found["points"], atol=1e-5)
    assert with_one["targets"][-1] == split(digits.plan.document.data).train.targets[3]
    answers = digits.outputs(split(digits.plan.document.data).values[found["places"]], ("dense_2",))["dense_2"]
    assert np.array_equal(found["answers"], answers.argmax(1))


def test_few_samples_to_test_on_bring_the_others(digits: NumbaTrainer) -> None:
    plan = resolve(chain(Dense(1), data=Data(Circle(samples=60))))
    assert len(chosen(plan, 400)) == 60
    assert space_nodes(digits.plan) == ("dense_1", "dense_2")


def test_pictures_are_those_of_the_samples_that_are_shown(digits: NumbaTrainer) -> None:
    found = SpaceImages(samples=20).measure(digits)
    assert np.array_equal(found["images"], split(digits.plan.document.data).values[found["places"]])
    assert not SpaceImages().fits(resolve(chain(Dense(1), data=Data(Circle(samples=60)))))


def test_the_grid_of_two_units_is_what_they_answer() -> None:
    run = TorchTrainer(resolve(chain(Dense(2, Tanh()), Dense(1, Tanh()), data=Data(Circle(samples=60)))))
    found = WarpedGrid("dense_1", resolution=9).measure(run)
    expected = run.outputs(grid(9), ("dense_1",))["dense_1"].reshape(9, 9, 2)
    np.testing.assert_allclose(found["grid"], expected, atol=1e-6)
    values = split(run.plan.document.data).values
    np.testing.assert_allclose(found["points"], run.outputs(np.array(values), ("dense_1",))["dense_1"], atol=1e-6)
    assert found["image"].shape == (9, 9) and found["kind"].tolist() == [0]
    assert found["explained"].sum() == pytest.approx(1)


def test_the_grid_of_more_units_lies_in_the_plane_of_the_samples() -> None:
    run = NumbaTrainer(resolve(chain(Dense(5, Tanh()), Dense(1, Linear()), data=Data(Saddle(samples=200)))))
    found = WarpedGrid("dense_1", resolution=8).measure(run)
    axes = principal_axes(outputs(run, "dense_1", chosen(run.plan, 300))[0])
    expected = axes.project(run.outputs(grid(8), ("dense_1",))["dense_1"]).reshape(8, 8, 2)
    np.testing.assert_allclose(found["grid"], expected, atol=1e-4)
    assert found["targets"].dtype.kind == "f"


def test_a_card_of_one_unit_is_a_line() -> None:
    run = NumbaTrainer(resolve(chain(Dense(1, Tanh()), data=Data(Circle(samples=60)))))
    found = WarpedGrid("dense_1", resolution=8).measure(run)
    assert np.isfinite(found["grid"]).all() and not found["points"][:, 1].any()
    assert not WarpedGrid("gone").fits(run.plan)
