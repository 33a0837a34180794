"""MNIST, where it is in the data folder: what it costs in memory, and what the networks of the gallery reach on it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from time import perf_counter

import torch
from torch import Tensor, nn

from benchmarks.table import Row
from engine.document.examples import load_example
from engine.plan.data import split
from engine.plan.resolve import resolve
from engine.training.backends import BACKENDS
from engine.worker.headless import train

_MEGABYTE = 1_000_000
_RUNS = 3
_CONVOLUTIONS = ("mnist-lenet5", "mnist-cnn-32-16", "mnist-cnn-16-16-pool")
_DENSE = {"mnist-dense-8": 0.900, "mnist-dense-10": 0.914, "mnist-dense-20": 0.934, "mnist-dense-50": 0.944}
"""Accuracies of the course that these networks come from."""
_TURNS, _STEPS = 10, 20


def _is_there() -> bool:
    return load_example(_CONVOLUTIONS[0]).document.data.dataset.trouble() is None


def memory_rows() -> list[Row]:
    """By how much a process grows that learns 784-50-10 from 60,000 images, in a process of its own each time."""
    rows = []
    for backend in BACKENDS if _is_there() else ():
        command = [sys.executable, "-m", "benchmarks.image_child", backend.name]
        grown = [int(subprocess.run(command, capture_output=True, check=True).stdout) for _ in range(_RUNS)]
        what = f"memory for 60,000 × 784 and 10,000 to test on, {backend.name}, 784-50-10"
        rows.append(Row(what, tuple(each / _MEGABYTE for each in grown), "MB", 100))
    return rows


def convolution_accuracy_rows() -> list[Row]:
    """Test accuracy after 5 epochs, seconds for each, and how the speed compares with a bare loop of PyTorch."""
    rows = []
    for name in _CONVOLUTIONS if _is_there() else ():
        result = train(load_example(name).document)
        accuracy, seconds = 100 * result.evaluation.test_metric, result.seconds / result.epochs
        rows.append(Row(f"{name}: test accuracy after 5 epochs", (accuracy,), "%", 98.5, at_least=True))
        rows.append(Row(f"{name}: one epoch", (seconds,), "s", None))
        rows.append(Row(f"{name} / bare PyTorch loop, no view", _ratios(name), "×", 0.95, at_least=True))
    return rows


def dense_accuracy_rows() -> list[Row]:
    """Test accuracy after 40 epochs of plain SGD, against the course's."""
    rows = []
    for name, wanted in _DENSE.items() if _is_there() else ():
        result = train(load_example(name).document)
        distance = 100 * abs(result.evaluation.test_metric - wanted)
        what = f"{name}: test accuracy after 40 epochs, distance from {wanted:.1%}"
        rows.append(Row(what, (distance,), "points", 2.0, note=f"{result.evaluation.test_metric:.2%}"))
    return rows


def _ratios(name: str) -> tuple[float, ...]:
    """Steps of ours against those of a plain loop over the same network, in turns."""
    document = load_example(name).document
    run = BACKENDS[-1].make(resolve(document), recorded=False)
    parts = split(document.data)
    inputs = (torch.from_numpy(parts.train.values).float() / 255).contiguous()
    targets = torch.from_numpy(parts.train.targets)
    network = _bare(name)
    optimizer, loss_function = torch.optim.Adam(network.parameters(), lr=0.001), nn.CrossEntropyLoss()
    batch, ratios = document.batch_size, []

    def bare_steps(order: Tensor) -> None:
        for first in range(0, _STEPS * batch, batch):
            chosen = order[first : first + batch]
            optimizer.zero_grad()
            loss_function(network(inputs[chosen]), targets[chosen]).backward()
            optimizer.step()

    for _ in range(_RUNS + 1):
        ours = bare = 0.0
        for _ in range(_TURNS):  # short ones, so that what else runs meets both alike
            start = perf_counter()
            for _ in range(_STEPS):
                run.step("batch")
            between = perf_counter()
            bare_steps(torch.randperm(len(inputs)))
            ours, bare = ours + between - start, bare + perf_counter() - between
        ratios.append(bare / ours)
    return tuple(ratios[1:])  # the first one warms up


def _bare(name: str) -> nn.Module:
    """The same network from PyTorch's own modules."""
    layers: dict[str, Sequence[nn.Module]] = {
        "mnist-lenet5": (
            nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
            nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10),
        ),
        "mnist-cnn-32-16": (
            nn.Conv2d(1, 32, 3, padding=1), nn.ReLU(), nn.Conv2d(32, 16, 3, padding=1), nn.ReLU(),
            nn.Flatten(), nn.Linear(12_544, 10),
        ),
        "mnist-cnn-16-16-pool": (
            nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.Conv2d(16, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Flatten(), nn.Linear(3136, 10),
        ),
    }  # fmt: skip
    return nn.Sequential(*layers[name])


MEASURES = (memory_rows,)
LONG = (convolution_accuracy_rows, dense_accuracy_rows)
"""They take half an hour, and are measured by name alone."""
