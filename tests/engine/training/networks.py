"""Small networks that the tests of training share."""

from __future__ import annotations

import math
from typing import Any

from engine.catalog.activations import Sigmoid
from engine.catalog.datasets.plane import Circle
from engine.catalog.layers.dense import Dense, Input
from engine.catalog.layers.layer import Layer
from engine.catalog.layers.reshaping import Flatten, Reshape
from engine.catalog.optimizers import SGD, Adam, RMSprop
from engine.document.graph import Data, Document, Network, Training
from engine.plan.resolve import resolve
from engine.training.torch_trainer import TorchTrainer

DATA = Data(Circle(samples=100), seed=3)  # 50 to train on: 5 batches of 10


def chain(*layers: Any, training: Training | None = None, data: Data = DATA, seed: int = 1) -> Document:
    document = Document((Network(),), data, training or Training(), seed=seed)
    for layer in (Input(), *layers):
        document = document.append(layer)
    return document


def around(layer: Layer, **arguments: Any) -> Document:
    """A network that makes inputs of a layer's first example out of points, and one answer out of what it gives."""
    shape = layer.examples[0][0]
    before: list[Layer] = [Dense(math.prod(shape), Sigmoid())]  # between 0 and 1: whole numbers for an Embedding, too
    if len(shape) > 1:
        sides = {"height": shape[1]} if len(shape) == 3 else {}
        target = "image" if len(shape) == 3 else "sequence"
        before.append(Reshape(target, channels=shape[0], width=shape[-1], **sides))
    document = chain(*before, **arguments)
    source = document.nodes[-1].id
    document = document.append(layer)
    node_id = document.nodes[-1].id
    for _ in range(layer.takes[0] - 1):
        document = document.connect(source, node_id, len(document.networks[0].inputs_of(node_id)))
    return document.append(Flatten()).append(Dense(1))


def small(**arguments: Any) -> Document:
    return chain(Dense(4), Dense(1), **arguments)


def trainer(document: Document) -> TorchTrainer:
    plan = resolve(document)
    assert plan.ready, [str(problem.sentence) for problem in plan.problems]
    return TorchTrainer(plan)


def same(one: TorchTrainer, other: TorchTrainer) -> bool:
    """Whether two runs stand at bit-equal states."""
    a, b = one.snapshot(), other.snapshot()
    return (
        (a.epoch, a.step, a.position) == (b.epoch, b.step, b.position)
        and a.curves.tobytes() == b.curves.tobytes()
        and all(equal(x, y) for x, y in ((a.weights, b.weights), (a.optimizer, b.optimizer)))
    )


def equal(one: Any, other: Any) -> bool:
    return set(one) == set(other) and all(one[name].tobytes() == other[name].tobytes() for name in one)


OPTIMIZERS = (
    SGD(learning_rate=0.1),
    SGD(learning_rate=0.05, momentum=0.9),
    SGD(learning_rate=0.05, momentum=0.9, nesterov=True),
    Adam(learning_rate=0.02),
    RMSprop(learning_rate=0.005),
    RMSprop(learning_rate=0.005, momentum=0.5),
)
