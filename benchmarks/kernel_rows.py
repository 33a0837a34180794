"""The numba backend against what it is measured by: PyTorch eager, hand-written C, scikit-learn; and how it grows."""

from __future__ import annotations

import shutil
import statistics
import subprocess
import tempfile
import time
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np

from benchmarks.engine_rows import bare_loop, dense_network, going_on
from benchmarks.table import RUNS, Row
from engine.catalog.activations import Relu, Softmax
from engine.catalog.datasets.dataset import Dataset, Samples
from engine.catalog.layers.dense import Dense, Input
from engine.catalog.losses import CategoricalCrossEntropy
from engine.catalog.optimizers import Adam
from engine.catalog.registry import Range, register
from engine.document.examples import load_example
from engine.document.graph import Document, Network
from engine.plan.data import split
from engine.plan.resolve import resolve
from engine.training.backends import BACKENDS, choose
from engine.training.trainer import Trainer

_LIMIT = Path(__file__).with_name("limit.c")
_SEVEN = ("x1", "x2", "x1_squared", "x2_squared", "x1_x2", "sin_x1", "sin_x2")
_SECONDS = 1.0


@register
class Digits784(Dataset):
    """Noise around one random picture per class, the size of MNIST's: what it takes to learn it is beside the point."""

    samples: Annotated[int, Range(100, 100_000)] = 6_000

    formula = "picture of the class + noise"
    reference = "Stands in for MNIST, which may not be at hand"
    order = 900

    @property
    def class_count(self) -> int:
        return 10

    def draw(self, rng: np.random.Generator) -> Samples:
        targets = rng.integers(0, 10, self.samples)
        pictures = rng.random((10, 784), np.float32)
        return Samples(pictures[targets] + 0.3 * rng.standard_normal((self.samples, 784), np.float32), targets)

    def input_shape(self, columns: tuple[str, ...]) -> tuple[int, ...]:
        return (784,)

    def inputs(self, values: Any, columns: tuple[str, ...]) -> Any:
        return values


def dense_784(hidden: Sequence[int] = (50, 25), batch_size: int = 64, samples: int = 6_000) -> Document:
    """784-…-10, ReLU, softmax, Adam .001: scikit-learn's defaults."""
    document = load_example("blobs").document
    document = document.set_data(dataset=Digits784(samples=samples), train_share=0.9)
    document = document.replace(networks=(Network(),)).add(Input())
    for units in hidden:
        document = document.append(Dense(units=units, activation=Relu()))
    document = document.append(Dense(units=10, activation=Softmax()))
    return document.set_training(
        loss=CategoricalCrossEntropy(), optimizer=Adam(learning_rate=0.001), batch_size=batch_size, epochs=100_000
    )


def trainer(document: Document, engine: str) -> Trainer:
    """A trainer that no schedule and no curve holds up: it stands behind its first 2,000 epochs where that is quick."""
    return next(backend for backend in BACKENDS if backend.name == engine).make(resolve(document))


def speed(run: Trainer, seconds: float = _SECONDS) -> float:
    """Samples per second."""
    run.advance(0.1)
    return going_on(run)(seconds)


def eager_rows() -> list[Row]:
    """Against the loop of a PyTorch tutorial, on one thread."""
    rows = []
    for name, columns, hidden, bound in (
        ("2-4-2-1", (), (4, 2), 100),
        ("2-8-8-8-1", (), (8, 8, 8), 40),
        ("7-(8×6)-1", _SEVEN, (8,) * 6, 20),
    ):
        document = dense_network(columns, hidden).set_training(epochs=10_000_000)
        run, ratios, rates = trainer(document, "numba"), [], []
        bare = bare_loop(document)
        bare(0.1)
        for _ in range(RUNS):
            rates.append(speed(run))
            ratios.append(rates[-1] / bare(_SECONDS))
        note = f"{statistics.median(rates) / 250:,.0f} epochs of 250 samples a second"
        what = f"numba backend / PyTorch eager, {name}, batch 10"
        rows.append(Row(what, tuple(ratios), "×", bound, at_least=True, note=note))
    return rows


def limit_rows() -> list[Row]:
    """Against C in which sizes and training are constants, in turns."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        print("no C compiler is here, so limit.c is not measured")
        return []
    rows = []
    for sizes, bound in (((2, 4, 2, 1), 0.8), ((2, 8, 8, 8, 1), 0.8), ((2, 32, 32, 1), 0.5)):
        document = dense_network((), sizes[1:-1]).set_training(epochs=10_000_000)
        run, ratios, limits = trainer(document, "numba"), [], []
        with tempfile.TemporaryDirectory() as folder:
            program = Path(folder) / "limit"
            text = ",".join(map(str, sizes))
            options = ["-O3", "-march=native", "-ffast-math", f"-DSIZES={text}", "-DBATCH=10"]
            subprocess.run([compiler, *options, str(_LIMIT), "-o", str(program), "-lm"], check=True)
            for _ in range(RUNS):
                words = subprocess.run([str(program)], capture_output=True, text=True, check=True).stdout.split()
                limits.append(float(words[2]))
                ratios.append(speed(run) / limits[-1])
        note = f"C: {statistics.median(limits) / 250:,.0f} epochs of 250 samples a second"
        name = "-".join(map(str, sizes))
        rows.append(
            Row(f"numba backend / limit.c, {name}, batch 10", tuple(ratios), "×", bound, at_least=True, note=note)
        )
    return rows


def sklearn_rows() -> list[Row]:
    """Against scikit-learn's network at the size of MNIST, with the backend that is chosen by itself."""
    from sklearn.neural_network import MLPClassifier

    document = dense_784()
    backend, _ = choose(resolve(document))
    run, samples = backend.make(resolve(document)), split(document.data).train
    bound, ratios = 2.0 if backend.name == "numba" else 1.0, []
    for _ in range(RUNS):
        ours = speed(run, 2.0)
        network = MLPClassifier((50, 25), batch_size=64, solver="adam", learning_rate_init=0.001, max_iter=3, tol=0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # three epochs are not enough to converge, as it says
            start = time.perf_counter()
            network.fit(samples.values, samples.targets)
        ratios.append(ours / (network.n_iter_ * len(samples) / (time.perf_counter() - start)))
    what = f"{backend.name} (chosen by itself) / scikit-learn, 784-50-25-10, batch 64"
    return [Row(what, tuple(ratios), "×", bound, at_least=True)]


def growth_rows() -> list[Row]:
    """How speed changes with width, depth, batch and data, on both backends, and whether the faster one is chosen."""
    documents: list[tuple[str, Document]] = []
    documents += [(f"width {n}", dense_network((), (n, n))) for n in (2, 8, 32, 64, 128, 256, 512)]
    documents += [(f"depth {n}", dense_network((), (8,) * n)) for n in (1, 2, 5, 10, 20)]
    documents += [
        (f"batch {n}", dense_network((), (8, 8)).set_training(batch_size=n)) for n in (1, 4, 16, 64, 256, 1024)
    ]
    documents += [(f"784-50-25-10, batch {n}", dense_784(batch_size=n)) for n in (1, 16, 64, 256)]
    documents += [(f"784-{n}-10, batch 64", dense_784((n,))) for n in (8, 16, 100, 300)]
    documents += [(f"784-50-25-10, {n} samples", dense_784(samples=n)) for n in (100, 60_000)]
    rows = []
    for name, document in documents:
        document = document.set_training(epochs=10_000_000)
        chosen = choose(resolve(document))[0].name
        runs = {engine: trainer(document, engine) for engine in ("numba", "torch")}
        rates: dict[str, list[float]] = {engine: [] for engine in runs}
        for _ in range(3):
            for engine, run in runs.items():
                rates[engine].append(speed(run, 0.3))
        middle = {engine: statistics.median(values) for engine, values in rates.items()}
        shares = tuple(rates[chosen][k] / max(rates[engine][k] for engine in rates) for k in range(3))
        note = ", ".join(f"{engine} {value:,.0f} samples/s" for engine, value in middle.items())
        what = f"{name}: {chosen} is chosen; its speed / the faster backend's"
        rows.append(Row(what, shares, "×", 0.8, at_least=True, note=note))
    return rows


MEASURES = (eager_rows, limit_rows, sklearn_rows, growth_rows)
