"""A convolutional network of MNIST's size on the torch backend, in turns with the loop of a PyTorch tutorial."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

from benchmarks.engine_rows import going_on, tutorial_loop
from benchmarks.kernel_rows import Digits784
from benchmarks.table import RUNS, Row, in_turns
from engine.catalog.activations import Relu, Softmax
from engine.catalog.layers.convolution import Conv2d
from engine.catalog.layers.dense import Dense, Input
from engine.catalog.layers.pooling import MaxPool2d
from engine.catalog.layers.reshaping import Flatten, Reshape
from engine.catalog.losses import CategoricalCrossEntropy
from engine.catalog.optimizers import SGD
from engine.document.examples import load_example
from engine.document.graph import Document, Network
from engine.plan.data import split
from engine.plan.resolve import resolve
from engine.training.torch_trainer import TorchTrainer

_BATCH = 32
_SECONDS = 8.0


def digits_network() -> Document:
    """1×28×28 – 8 filters 3×3 – pool – 16 filters 3×3 – pool – 10, on stand-ins for MNIST's pictures."""
    document = load_example("blobs").document.set_data(dataset=Digits784(samples=2_000), train_share=0.9)
    document = document.replace(networks=(Network(),))
    for layer in (
        Input(),
        Reshape("image", channels=1, height=28, width=28),
        Conv2d(filters=8, activation=Relu()),
        MaxPool2d(),
        Conv2d(filters=16, activation=Relu()),
        MaxPool2d(),
        Flatten(),
        Dense(10, Softmax()),
    ):
        document = document.append(layer)
    loss, optimizer = CategoricalCrossEntropy(), SGD(learning_rate=0.01)
    return document.set_training(loss=loss, optimizer=optimizer, batch_size=_BATCH, epochs=100_000)


def bare_loop(document: Document) -> Callable[[float], float]:
    """A plain loop over the same network, written with PyTorch's own modules: see `tutorial_loop`."""
    samples = split(document.data).train
    inputs = torch.from_numpy(samples.values).view(-1, 1, 28, 28)
    targets = torch.from_numpy(samples.targets)
    network = nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(16 * 49, 10),
    )  # fmt: skip
    return tutorial_loop(network, 0.01, nn.CrossEntropyLoss(), inputs, targets, _BATCH)


def convolution_rows() -> list[Row]:
    """No view asks for anything."""
    document, ratios = digits_network(), []
    for _ in range(RUNS):  # both anew: where in memory weights and samples come to lie decides about some per cent
        ours, bare = going_on(TorchTrainer(resolve(document), recorded=False)), bare_loop(document)
        in_turns(ours, bare, 0.5)  # with the same threads as the run has chosen
        rate, rate_of_bare = in_turns(ours, bare, _SECONDS)
        ratios.append(rate / rate_of_bare)
    what = "torch backend / bare PyTorch loop, CNN on 28×28, batch 32, no view"
    return [Row(what, tuple(ratios), "×", 0.95, at_least=True)]


MEASURES = (convolution_rows,)
