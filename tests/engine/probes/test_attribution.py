"""Why an answer is given: against Captum, against a gradient by hand, and what the panel is told."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from captum.attr import InputXGradient, IntegratedGradients, LayerGradCam, Occlusion, Saliency
from torch import nn

from engine.catalog.activations import Relu, Sigmoid, Softmax
from engine.catalog.datasets.digits import Digits
from engine.catalog.datasets.images import CHANNEL
from engine.catalog.datasets.plane import Circle
from engine.catalog.layers.convolution import Conv2d
from engine.catalog.layers.dense import Dense
from engine.catalog.layers.pooling import MaxPool2d
from engine.catalog.layers.reshaping import Flatten
from engine.catalog.losses import BinaryCrossEntropy, CategoricalCrossEntropy
from engine.catalog.optimizers import Adam
from engine.document.graph import Data, Document, Training
from engine.plan.data import split
from engine.plan.resolve import resolve
from engine.probes.attribution import Attribution, cam_node, cam_nodes
from engine.training.numba_trainer import NumbaTrainer
from engine.training.torch_trainer import TorchTrainer
from tests.engine.training.networks import chain

TRAINING = Training(CategoricalCrossEntropy(), Adam(learning_rate=0.01), batch_size=64)
SAMPLE = 1500


def convolution(**fields: Any) -> Document:
    cards = Conv2d(5, activation=Relu()), MaxPool2d(), Flatten(), Dense(10, Softmax())
    return chain(*cards, data=Data(Digits(**fields)), training=TRAINING)


def dense(*layers: Any, training: Training = TRAINING, **fields: Any) -> Document:
    return chain(Flatten(), *layers, data=Data(Digits(**fields)), training=training)


@pytest.fixture(scope="module")
def trainer() -> TorchTrainer:
    made = TorchTrainer(resolve(convolution(normalization=CHANNEL)))
    made.train_epochs(2)
    return made


@pytest.fixture(scope="module")
def model(trainer: TorchTrainer) -> nn.Sequential:
    """The same network written down by hand, up to the scores of the classes."""
    made = nn.Sequential(nn.Conv2d(1, 5, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(80, 10))
    names = list(trainer.plan.parameters)
    for name, parameter in zip(names, made.parameters(), strict=True):
        parameter.data = torch.from_numpy(trainer.parameter(name))
    return made


def sample(trainer: TorchTrainer) -> torch.Tensor:
    samples = split(trainer.plan.document.data)
    assert samples.scaling is not None
    return torch.from_numpy(samples.scaling.apply(samples.values[SAMPLE : SAMPLE + 1])).requires_grad_()


@pytest.mark.parametrize("number", [-1, 0, 7])
def test_every_map_is_that_of_captum(trainer: TorchTrainer, model: nn.Sequential, number: int) -> None:
    found = Attribution(sample=SAMPLE, class_number=number).measure(trainer)
    x, target = sample(trainer), int(found["class"][0])
    assert target == (number if number >= 0 else int(found["answer"][0]))
    expected = {
        "saliency": Saliency(model).attribute(x, target=target),
        "times_input": InputXGradient(model).attribute(x, target=target),
        "integrated": IntegratedGradients(model).attribute(x, target=target, n_steps=50, method="riemann_middle"),
        "occlusion": Occlusion(model).attribute(x, (1, 2, 2), strides=(1, 1, 1), target=target),
        "grad_cam": LayerGradCam(model, model[1]).attribute(x, target=target, relu_attributions=True),
    }
    for name, values in expected.items():
        wanted = values.detach().numpy()[0, 0]
        np.testing.assert_allclose(found[name], wanted, atol=2e-4 * abs(wanted).max(), err_msg=name)


def test_integrated_gradients_add_up_to_what_the_score_gains(trainer: TorchTrainer, model: nn.Sequential) -> None:
    found = Attribution(sample=SAMPLE).measure(trainer)
    total, score, blank = found["sums"]
    x = sample(trainer)
    ends = model(torch.cat([x, torch.zeros_like(x)])).detach().numpy()[:, int(found["class"][0])]
    np.testing.assert_allclose([score, blank], ends, rtol=1e-4)
    assert total == pytest.approx(found["integrated"].sum(), rel=1e-4)
    assert abs(total - (score - blank)) < 0.02 * abs(score - blank)
    coarse = Attribution(sample=SAMPLE, steps=2).measure(trainer)["sums"]
    assert abs(coarse[0] - (score - blank)) > abs(total - (score - blank))


@pytest.mark.parametrize("kind", [TorchTrainer, NumbaTrainer])
def test_slopes_are_those_worked_out_by_hand(kind: type[TorchTrainer | NumbaTrainer]) -> None:
    run = kind(resolve(dense(Dense(6, Relu()), Dense(10, Softmax()))))
    run.train_epochs(1)
    found = Attribution(sample=SAMPLE, class_number=3).measure(run)
    first, offset, second, _ = (run.parameter(name).astype(float) for name in run.plan.parameters)
    x = split(run.plan.document.data).values[SAMPLE].ravel() / 255
    slope = (second[3] * (first @ x + offset > 0)) @ first
    np.testing.assert_allclose(found["saliency"].ravel(), abs(slope), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(found["times_input"].ravel(), x * slope, rtol=1e-4, atol=1e-6)


def test_both_backends_explain_alike_and_follow_the_training() -> None:
    plan = resolve(dense(Dense(6, Relu()), Dense(10, Softmax())))
    one, other = NumbaTrainer(plan), TorchTrainer(plan)
    before = Attribution(sample=SAMPLE, class_number=1).measure(one)["times_input"]
    for run in (one, other):
        run.train_epochs(1)
    maps = [Attribution(sample=SAMPLE, class_number=1).measure(run)["times_input"] for run in (one, other)]
    np.testing.assert_allclose(*maps, rtol=1e-3, atol=1e-5)
    assert abs(before - maps[0]).max() > 1e-3


def test_one_unit_for_two_classes_speaks_for_the_second_and_against_the_first() -> None:
    training = Training(BinaryCrossEntropy(), Adam(), batch_size=64)
    run = TorchTrainer(resolve(dense(Dense(1, Sigmoid()), training=training, only_classes="3, 8")))
    first, second = (Attribution(sample=5, class_number=number).measure(run) for number in (0, 1))
    np.testing.assert_allclose(first["times_input"], -second["times_input"], rtol=1e-5)
    assert first["shares"][0] and first["scores"].sum() == pytest.approx(1)


def test_a_drawn_picture_is_explained_too_and_has_no_truth(trainer: TorchTrainer) -> None:
    image = tuple(range(0, 256, 4))
    found = Attribution(image=image).measure(trainer)
    assert found["truth"].size == 0 and found["image"].ravel().tolist() == list(image)
    assert not np.array_equal(found["integrated"], Attribution(sample=SAMPLE).measure(trainer)["integrated"])


def test_grad_cam_looks_at_the_last_convolution_or_at_a_chosen_card(trainer: TorchTrainer) -> None:
    plan = trainer.plan
    assert cam_nodes(plan) == ("conv2d_1", "maxpool2d_1") and cam_node(plan) == "conv2d_1"
    assert cam_node(plan, "maxpool2d_1") == "maxpool2d_1" and cam_node(plan, "gone") == "conv2d_1"
    assert Attribution(sample=0).measure(trainer)["grad_cam"].shape == (8, 8)
    assert Attribution(sample=0, node="maxpool2d_1").measure(trainer)["grad_cam"].shape == (4, 4)
    flat = TorchTrainer(resolve(dense(Dense(10, Softmax()))))
    assert "grad_cam" not in Attribution(sample=0).measure(flat)


def test_it_is_about_images_and_classes(trainer: TorchTrainer) -> None:
    assert Attribution(sample=0).fits(trainer.plan) and not Attribution(sample=1797).fits(trainer.plan)
    assert not Attribution(sample=0).fits(resolve(chain(Dense(1), data=Data(Circle(samples=20)))))
