"""The numbers that a view shows for one value add up to what the layer gives there, whatever its window."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engine.catalog.activations import LeakyRelu, Relu, Softmax, Tanh
from engine.catalog.datasets.digits import Digits
from engine.catalog.layers.convolution import Conv1d, Conv2d, ConvTranspose2d, DepthwiseConv2d, SeparableConv2d
from engine.catalog.layers.dense import Dense, Input
from engine.catalog.layers.pooling import AveragePool2d, MaxPool1d, MaxPool2d
from engine.catalog.layers.reshaping import Flatten, Reshape
from engine.catalog.losses import CategoricalCrossEntropy
from engine.document.graph import Data, Document, Network, Training
from engine.plan.data import split
from engine.plan.resolve import resolve
from engine.probes.terms import LARGEST, MEAN, PRODUCTS, VALUE, Terms
from engine.training.torch_trainer import TorchTrainer

SAMPLE = 7


def digits(*layers: Any, trained: bool = True) -> TorchTrainer:
    """A network on digits between an Input and a softmax over the classes, after a few steps."""
    document = Document((Network(),), Data(Digits(limit=100)), Training(CategoricalCrossEntropy()))
    for layer in (Input(), *layers, Flatten(), Dense(10, Softmax())):
        document = document.append(layer)
    plan = resolve(document)
    assert plan.ready, [str(problem.sentence) for problem in plan.problems]
    run = TorchTrainer(plan)
    if trained:
        for _ in range(3):
            run.step("batch")
    return run


LAYERS = [
    (Conv2d(4),),
    (Conv2d(4, kernel_size=5, stride=2), Conv2d(3, kernel_size=2, activation=Tanh())),
    (Conv2d(4, padding="valid"), Conv2d(6, dilation=2, stride=2, activation=LeakyRelu())),
    (Conv2d(4), Conv2d(8, groups=2, kernel_size=3)),
    (Conv2d(4), DepthwiseConv2d(depth_multiplier=2, stride=2)),
    (Conv2d(3), SeparableConv2d(4, depth_multiplier=2, use_bias=False)),
    (Conv2d(4, stride=2), ConvTranspose2d(6, groups=2)),
    (Conv2d(2, stride=2), ConvTranspose2d(3, kernel_size=4, stride=3, dilation=2, padding="valid")),
    (Conv2d(2, stride=2), ConvTranspose2d(3, kernel_size=2, stride=3)),
    (Reshape(target="sequence"), Conv1d(4, kernel_size=3, dilation=2, padding="causal")),
]


@pytest.mark.parametrize("layers", LAYERS, ids=lambda layers: layers[-1].name)
def test_products_and_bias_add_up_to_the_layer(layers: tuple[Any, ...]) -> None:
    run = digits(*layers)
    node = run.plan.order[len(layers)]
    card = run.plan.nodes[node]
    values = split(run.plan.document.data).values[SAMPLE : SAMPLE + 1]
    source = card.sources[0]
    outputs = run.outputs(np.array(values), (node, source))
    truth, arriving = outputs[node][0], outputs[source][0]
    if truth.ndim == 2:
        truth, arriving = truth[:, None], arriving[:, None]
    for place in np.ndindex(truth.shape):
        found = Terms(node, *place, sample=SAMPLE).measure(run)
        assert found["kind"].tolist() == [PRODUCTS]
        products = found["patch"].astype(np.float64) * found["kernel"]
        assert found["before"][0] == pytest.approx(products.sum() + found["bias"][0], abs=1e-9)
        expected = card.layer.output_activation.value(found["before"])[0]
        assert truth[place] == pytest.approx(expected, abs=1e-5)
        assert found["value"][0] == truth[place]
        # what is called a value of the input is one
        for (c, k, m), value in np.ndenumerate(found["patch"]):
            if found["inside"][k, m]:
                assert value == arriving[found["channels"][c], found["rows"][k], found["columns"][m]]
            else:
                assert value == 0


def test_a_dense_unit_sees_the_image_behind_flatten() -> None:
    run = digits(Conv2d(3, stride=2, activation=Relu()))
    node = run.plan.order[-1]
    output = run.outputs(np.array(split(run.plan.document.data).values[:1]), (node,))[node][0]
    before = []
    for unit in range(10):
        found = Terms(node, unit).measure(run)
        assert found["patch"].shape == found["kernel"].shape == (3, 4, 4)
        before.append(np.sum(found["patch"].astype(np.float64) * found["kernel"]) + found["bias"][0])
        assert found["value"][0] == output[unit]
    np.testing.assert_allclose(Softmax().value(np.array(before)), output, atol=1e-5)


@pytest.mark.parametrize(
    ("layers", "kind"),
    [
        ((MaxPool2d(),), LARGEST),
        ((MaxPool2d(3, 2, "same"),), LARGEST),
        ((AveragePool2d(3, 2, "same"),), MEAN),
        ((Reshape(target="sequence"), MaxPool1d(3, 1)), LARGEST),
    ],
)
def test_a_pooled_value_is_the_largest_or_the_mean_of_its_window(layers: tuple[Any, ...], kind: int) -> None:
    run = digits(Conv2d(2), *layers, trained=False)
    node = run.plan.order[1 + len(layers)]
    truth = run.outputs(np.array(split(run.plan.document.data).values[:1]), (node,))[node][0]
    truth = truth if truth.ndim == 3 else truth[:, None]
    for place in np.ndindex(truth.shape):
        found = Terms(node, *place).measure(run)
        assert found["kind"].tolist() == [kind]
        window = found["patch"][0][found["inside"]]
        assert not np.isnan(window).any() and np.isnan(found["patch"][0][~found["inside"]]).all()
        expected = window.max() if kind == LARGEST else window.mean()
        assert truth[place] == pytest.approx(expected, abs=1e-6)


def test_other_cards_say_their_value_and_what_is_not_there_says_nothing() -> None:
    run = digits(Conv2d(2))
    image = run.outputs(np.array(split(run.plan.document.data).values[:1]), ("input_1",))["input_1"][0]
    found = Terms("input_1", 0, 3, 4).measure(run)
    assert found["kind"].tolist() == [VALUE] and found["value"][0] == image[0, 3, 4]
    assert set(found) == {"kind", "value"}
    node = run.plan.order[1]
    for place in ((2, 0, 0), (0, 8, 0), (0, 0, 8)):
        assert not Terms(node, *place).measure(run)
    assert not Terms("gone").measure(run)
