"""A process that learns MNIST with one backend and prints by how many bytes its memory grew at most: `… BACKEND`."""

from __future__ import annotations

import sys
import threading

import psutil

from engine.catalog.activations import Sigmoid, Softmax
from engine.catalog.layers.dense import Dense, Input
from engine.catalog.layers.reshaping import Flatten
from engine.document.examples import load_example
from engine.document.graph import Document, Network
from engine.plan.resolve import resolve
from engine.training.backends import BACKENDS
from engine.training.run import Run


def network(example_id: str) -> Document:
    """784-50-10, or as many inputs as the example's images have."""
    document = load_example(example_id).document.replace(networks=(Network(),))
    for layer in (Input(), Flatten(), Dense(50, Sigmoid()), Dense(10, Softmax())):
        document = document.append(layer)
    return document


def main(name: str) -> int:
    """Learn the small digits first, so that all that is not data is there already."""
    backend = next(each for each in BACKENDS if each.name == name)
    backend.prepare()
    trained(backend.load(), "digits")
    process = psutil.Process()
    before, most, over = process.memory_info().rss, 0, threading.Event()

    def watch() -> None:
        nonlocal most
        while not over.wait(0.002):
            most = max(most, process.memory_info().rss)

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        trained(backend.load(), "mnist-dense-50")
    finally:  # whatever is raised: a process whose thread goes on watching would not end
        over.set()
        watching.join()
    print(most - before)
    return 0


def trained(trainer: type[Run], example_id: str) -> None:
    """One epoch, judged before and after."""
    run = trainer(resolve(network(example_id)))
    run.train_epochs(1)
    run.evaluate()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
