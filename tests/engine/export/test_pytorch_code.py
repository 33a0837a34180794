"""The exported PyTorch source is run, and answers and learns as the program does."""

from __future__ import annotations

import re

import numpy as np
import pytest

from engine.catalog.activations import Linear, PRelu, Sigmoid, Tanh
from engine.catalog.clipping import ClipByNorm, ClipByValue
from engine.catalog.constraints import MaxNorm
from engine.catalog.layers.block import Block
from engine.catalog.layers.dense import Dense
from engine.catalog.layers.output import Output
from engine.catalog.layers.regularizing import Dropout
from engine.catalog.losses import MeanSquaredError
from engine.catalog.optimizers import SGD
from engine.catalog.registry import entries, entry
from engine.catalog.regularizers import L1, L2
from engine.document.errors import PlaygroundError
from engine.document.examples import examples, load_example
from engine.document.graph import Training
from engine.export.pytorch_code import pytorch_source
from engine.plan.resolve import resolve
from tests.engine.export.exported import Exported
from tests.engine.training.networks import around, chain, small

LAYERS = [name for name, cls in entries("layers").items() if cls.takes[1]]
SEARCHES = [name for name, cls in entries("optimizers").items() if cls.closure_based]


def agrees(exported: Exported, steps: int = 5) -> None:
    """The same answers before training, and the same weights after some steps where nothing is drawn."""
    raw = exported.run._raw_answers(0, len(exported.answers()))
    np.testing.assert_allclose(exported.answers(), raw, rtol=2e-6, atol=2e-6)
    if any(exported.plan.nodes[name].layer.draws for name in exported.plan.order):
        return
    exported.train(steps)
    for name, values in exported.weights().items():
        np.testing.assert_allclose(values, exported.run.parameter(name), rtol=1e-5, atol=2e-6, err_msg=name)


@pytest.mark.parametrize("name", LAYERS)
def test_every_layer(name: str) -> None:
    agrees(Exported(around(entry("layers", name)())))


@pytest.mark.parametrize("name", list(entries("activations")))
def test_every_activation(name: str) -> None:
    agrees(Exported(chain(Dense(4, entry("activations", name)()), Dense(1, Tanh()))))


@pytest.mark.parametrize("name", [name for name in entries("optimizers") if name not in SEARCHES])
def test_every_optimizer(name: str) -> None:
    agrees(Exported(small(training=Training(optimizer=entry("optimizers", name)(learning_rate=0.02)))))


@pytest.mark.parametrize("name", SEARCHES)
def test_a_search_of_our_own_is_refused_in_words(name: str) -> None:
    plan = resolve(small(training=Training(optimizer=entry("optimizers", name)())))
    with pytest.raises(PlaygroundError, match="choose another optimizer"):
        pytorch_source(plan, "a test")


@pytest.mark.parametrize("name", list(entries("losses")))
def test_every_loss(name: str) -> None:
    loss = entry("losses", name)()
    for activation in (Linear(), Sigmoid(), Tanh(), entry("activations", "softmax")()):
        for example in ("circle", "gauss-regression", "blobs"):
            data = load_example(example).document.data
            for units in {1, max(1, data.dataset.class_count)}:
                document = chain(Dense(4), Dense(units, activation), training=Training(loss=loss), data=data)
                if resolve(document).ready:
                    agrees(Exported(document))
                    return
    raise AssertionError(f"no network fits {name}")


@pytest.mark.parametrize(
    "name", [name for name, example in examples().items() if example.document.data.dataset.trouble() is None]
)
def test_every_example(name: str) -> None:
    agrees(Exported(load_example(name).document))


def test_penalties_limits_and_rates_of_their_own() -> None:
    first = Dense(4, Tanh(), weight_regularizer=L1(0.01), bias_regularizer=L2(0.02), rate_factor=0.5)
    frozen, limited = Dense(3, Tanh(), trainable=False), Dense(1, constraint=MaxNorm(0.4))
    for clipping in (ClipByValue(0.05), ClipByNorm(0.1)):
        training = Training(optimizer=SGD(learning_rate=0.5), clipping=clipping)
        agrees(Exported(chain(first, frozen, limited, training=training)))


@pytest.mark.parametrize("weights", ["own", "shared"])
def test_a_block_becomes_a_class(weights: str) -> None:
    document = chain(Dense(4, Tanh()), Dense(4, Tanh()), Dense(4, PRelu()), Dense(1))
    folded = document.fold(["dense_2", "dense_3"])
    block = next(node for node in folded.nodes if node.layer.name == "Block")
    folded = folded.set_field(block.id, "weights", weights)
    after = folded.networks[0].outputs_of(block.id)[0]
    folded = folded.insert_between(after, folded.node(block.id).layer)
    exported = Exported(folded)
    assert exported.source.count("class ") == (2 if weights == "shared" else 3)
    agrees(exported)


def test_blocks_within_blocks_have_classes_of_their_own() -> None:
    document = chain(Dense(5, Tanh()), Dense(4, Tanh()), Dense(3, Tanh()), Dense(1))
    document = document.fold(["dense_2"]).fold(["block_1", "dense_3"])  # its name is free again
    document = document.fold(["dense_1"])
    inner = [node.layer for node in document.nodes if isinstance(node.layer, Block)]
    assert len(inner) == 2 and any(isinstance(part.layer, Block) for block in inner for part in block.parts)
    exported = Exported(document)
    names = re.findall(r"^class (\w+)", exported.source, re.MULTILINE)
    assert len(names) == len(set(names)) == 4
    agrees(exported)


def test_several_outputs_have_their_own_losses_and_weights() -> None:
    document = chain(Dense(4, Tanh()), Dense(4, Tanh()), Dense(1, Sigmoid()))
    document = document.set_training(loss=entry("losses", "binary_cross_entropy")())
    document = document.add(Output(weight=0.3, own_loss=True, loss=MeanSquaredError()), x=0.0, y=200.0)
    output = next(node.id for node in document.nodes if node.layer.name == "Output")
    document = document.add(Dense(1, Tanh()), x=0.0, y=300.0)
    side = document.nodes[-1].id
    document = document.connect("dense_1", side).connect(side, output)
    exported = Exported(document)
    assert len(exported.plan.outputs) == 2 and "0.3 * " in exported.source
    agrees(exported)


def test_the_source_is_what_a_reader_expects() -> None:
    source = pytorch_source(resolve(chain(Dense(4, Tanh()), Dropout(0.25), Dense(1, Linear()))), "circle")
    assert "        self.dense_1 = nn.Linear(2, 4)\n" in source
    assert "        self.dropout_1 = nn.Dropout(0.25)\n" in source
    assert "        dense_1 = self.dense_1_activation(self.dense_1(input_1))\n" in source
    assert all(len(line) <= 100 for line in source.splitlines())


def test_a_network_that_cannot_train_is_refused() -> None:
    with pytest.raises(PlaygroundError, match="cannot be exported"):
        pytorch_source(resolve(chain(training=Training(loss=MeanSquaredError()))), "a test")
