"""What excites units most: how far they are raised, what goes on and what begins anew, whose weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engine.catalog.activations import Relu, Softmax
from engine.catalog.datasets.digits import Digits
from engine.catalog.datasets.images import CHANNEL, PIXEL, ImageDataset, Images
from engine.catalog.datasets.plane import Circle
from engine.catalog.layers.convolution import Conv2d
from engine.catalog.layers.dense import Dense
from engine.catalog.layers.reshaping import Flatten
from engine.catalog.losses import CategoricalCrossEntropy
from engine.catalog.optimizers import Adam
from engine.catalog.registry import register, unregister
from engine.document.graph import Data, Document, Training
from engine.plan.data import random_stream
from engine.plan.resolve import resolve
from engine.probes.excitation import MOST_UNITS, Excitation, excitable
from engine.training.numba_trainer import NumbaTrainer
from engine.training.torch_trainer import TorchTrainer
from tests.engine.training.networks import chain

TRAINING = Training(CategoricalCrossEntropy(), Adam(learning_rate=0.01), batch_size=64)


def network(dataset: Any) -> Document:
    cards = Conv2d(4, activation=Relu()), Flatten(), Dense(12, Relu()), Dense(dataset.class_count, Softmax())
    return chain(*cards, data=Data(dataset), training=TRAINING)


@pytest.fixture(scope="module")
def trainer() -> TorchTrainer:
    made = TorchTrainer(resolve(network(Digits())))
    made.train_epochs(6)
    return made


def climb(run: Any, node: str, units: tuple[int, ...], **fields: Any) -> dict[str, Any]:
    answer: dict[str, Any] = {"step": [0]}
    for turn in range(200):
        answer = dict(Excitation(node, units, turn=turn, moment=1, **fields).measure(run))
        if answer["step"][0] == fields.get("steps", 128):
            break
    return answer


@pytest.mark.parametrize(("node", "units"), [("conv2d_1", 4), ("dense_1", 12)])
def test_what_units_answer_is_ten_times_that_to_noise(trainer: TorchTrainer, node: str, units: int) -> None:
    found = climb(trainer, node, tuple(range(units)))
    alive = found["values"] > 0  # what answers to nothing, no picture excites
    raised = found["values"][alive] / np.maximum(found["noise"][alive], 1e-6)
    assert alive.mean() > 0.75 and np.median(raised) >= 10 and raised.min() > 2


def test_classes_are_reached_and_the_value_is_what_the_network_answers_to_the_picture(trainer: TorchTrainer) -> None:
    found = climb(trainer, "dense_2", tuple(range(10)))
    assert found["images"].shape == (10, 1, 8, 8) and found["images"].dtype == np.uint8
    answers = trainer.outputs(found["images"], ("dense_2",))["dense_2"]
    np.testing.assert_allclose(answers[np.arange(10), np.arange(10)], found["values"], atol=0.02)
    assert (answers.argmax(1) == np.arange(10)).all()


@pytest.mark.parametrize(("node", "units"), [("conv2d_1", 4), ("dense_1", 12), ("dense_2", 10)])
def test_units_filters_and_classes_are_raised_ten_times_as_far_as_noise_moves_them(
    trainer: TorchTrainer, node: str, units: int
) -> None:
    found = climb(trainer, node, tuple(range(units)))
    alive = found["values"] > 0  # what answers to nothing, no picture excites
    assert alive.mean() > 0.75 and found["rise"][alive].min() >= 10 and found["rise"].min() >= 0


def test_the_rise_is_that_of_the_value_before_the_activation(trainer: TorchTrainer) -> None:
    found = climb(trainer, "dense_2", (3,), steps=40)
    look = trainer.inspection(1)
    faint = random_stream(0, "excitation").normal(0, 0.05, (32, 1, 8, 8)).clip(0, 1).astype(np.float32)
    raw = [look.responses(x.astype(np.float32), "dense_2", raw=True)[:, 3] for x in (faint, np.zeros((1, 1, 8, 8)))]
    moved = np.abs(raw[0] - raw[1]).mean()
    picture = look.responses(look.scaled(found["images"]), "dense_2", raw=True)[0, 3]
    assert found["rise"][0] == pytest.approx((picture - raw[1][0]) / moved, rel=0.02)
    assert found["values"][0] <= 1  # a probability says nothing of how far


def test_each_answer_takes_a_few_steps_and_the_last_one_is_the_end(trainer: TorchTrainer) -> None:
    steps = [int(Excitation("dense_1", (1,), 5, turn, 1, 20).measure(trainer)["step"][0]) for turn in range(6)]
    assert steps == [4, 8, 12, 16, 20, 20]
    pictures = [Excitation("dense_1", (1,), 5, turn, 1, 20).measure(trainer)["images"] for turn in (6, 7)]
    assert np.array_equal(*pictures)


def test_another_start_begins_with_other_noise(trainer: TorchTrainer) -> None:
    one, other = (climb(trainer, "dense_1", (0,), start=start, steps=8)["images"] for start in (11, 12))
    assert not np.array_equal(one, other)
    assert np.array_equal(one, climb(trainer, "dense_1", (0,), start=11, steps=8)["images"])


def test_pictures_follow_the_training_or_stay_with_a_moment() -> None:
    run = TorchTrainer(resolve(network(Digits())))
    kept = Excitation("dense_2", (0,), moment=3, steps=1).measure(run)
    followed = [Excitation("dense_2", (0,), steps=8).measure(run)]
    run.train_epochs(1)
    assert np.array_equal(Excitation("dense_2", (0,), turn=1, moment=3, steps=1).measure(run)["images"], kept["images"])
    followed.append(Excitation("dense_2", (0,), turn=1, steps=8).measure(run))
    assert not np.array_equal(followed[0]["images"], followed[1]["images"])  # beyond the last step, too


@pytest.mark.parametrize("normalization", [CHANNEL, PIXEL])
def test_pictures_have_the_colours_of_the_data_whatever_the_normalization(normalization: str) -> None:
    run = NumbaTrainer(
        resolve(
            chain(Flatten(), Dense(10, Softmax()), data=Data(Digits(normalization=normalization)), training=TRAINING)
        )
    )
    run.train_epochs(1)
    found = climb(run, "dense_1", (2, 5), steps=40)
    answers = run.outputs(found["images"], ("dense_1",))["dense_1"]
    np.testing.assert_allclose(answers[[0, 1], [2, 5]], found["values"], atol=0.02)
    assert (found["values"] > found["noise"]).all()


def test_three_channels_are_one_picture() -> None:
    @register
    class Spots(ImageDataset):
        """Noise in three colours, for a test."""

        image_shape = (3, 28, 28)
        all_class_names = ("one", "two")
        published = (20, 0)

        def images(self) -> Images:
            random = np.random.default_rng(1)
            return Images(random.integers(0, 256, (20, 3, 28, 28), np.uint8), np.arange(20) % 2)

    try:
        run = TorchTrainer(resolve(network(Spots())))
        found = climb(run, "conv2d_1", (0, 3), steps=12)
        assert found["images"].shape == (2, 3, 28, 28) and (found["values"] > found["noise"]).all()
    finally:
        unregister(Spots)


def test_it_is_about_units_of_cards_in_networks_on_images(trainer: TorchTrainer) -> None:
    plan = trainer.plan
    assert excitable(plan) == ("conv2d_1", "dense_1", "dense_2")
    assert Excitation("dense_1", (11,)).fits(plan)
    for node, units in (
        ("dense_1", (12,)),
        ("dense_1", ()),
        ("gone", (0,)),
        ("conv2d_1", tuple([0] * (MOST_UNITS + 1))),
    ):
        assert not Excitation(node, units).fits(plan)
    assert not Excitation("dense_1", (0,)).fits(resolve(chain(Dense(1), data=Data(Circle(samples=20)))))
