"""Rows that need no window: the plan, the torch backend against a bare loop, and the maps of every neuron."""

from __future__ import annotations

import dataclasses
import math
import statistics
from collections.abc import Callable, Sequence
from time import perf_counter

import torch
from torch import Tensor

from benchmarks.table import RUNS, Row, in_turns, repeat
from engine.catalog.layers.dense import Activation, Dense, Input
from engine.document.examples import load_example
from engine.document.graph import Document, Network
from engine.plan.data import split
from engine.plan.resolve import resolve
from engine.probes.neuron_maps import NeuronMaps
from engine.training.backends import choose
from engine.training.seeds import run_seeds
from engine.training.torch_trainer import TorchTrainer
from engine.training.trainer import Trainer


def dense_network(columns: tuple[str, ...], hidden: Sequence[int]) -> Document:
    """The circle with a tanh network of these hidden layers, TensorFlow Playground's training."""
    document = load_example("circle").document
    document = document.replace(networks=(Network(),)).add(Input(columns=columns))
    for units in (*hidden, 1):
        document = document.append(Dense(units=units))
    return document


def maps_seconds(trainer: Trainer, probe: NeuronMaps, seconds: float = 0.5) -> float:
    """Median seconds of one answer; a weight is changed before each, so that none is remembered."""
    probe.measure(trainer)
    taken = []
    end = perf_counter() + seconds
    while perf_counter() < end:
        trainer.set_parameter(f"{probe.nodes[0]}.bias", (0,), 0.001 * len(taken))
        start = perf_counter()
        probe.measure(trainer)
        taken.append(perf_counter() - start)
    return statistics.median(taken)


def resolve_row() -> list[Row]:
    """`resolve` of 200 nodes after an edit."""
    document = dense_network((), [8] * 100)
    for _ in range(98):
        document = document.insert_between(document.networks[0].edges[20], Activation())
    assert len(document.nodes) == 200

    def once() -> float:
        moved = [document.move([(document.nodes[5].id, float(step), 0.0)]) for step in range(20)]
        start = perf_counter()
        for edited in moved:
            resolve(edited)
        return (perf_counter() - start) / len(moved) * 1e3

    return [Row("resolve, 200 nodes", repeat(once), "ms", 5)]


def map_rows() -> list[Row]:
    """The maps of every neuron at 100×100, from weights to uint8 images."""
    rows = []
    seven = ("x1", "x2", "x1_squared", "x2_squared", "x1_x2", "sin_x1", "sin_x2")
    for name, columns, hidden, bound in (("2-4-2-1", (), (4, 2), 0.5), ("7-(8×6)-1", seven, (8,) * 6, 4.0)):
        plan = resolve(dense_network(columns, hidden))
        trainer = choose(plan)[0].make(plan)
        dense = tuple(node.id for node in trainer.plan.document.nodes if node.layer.name == "Dense")
        probe = NeuronMaps(nodes=dense, resolution=100)
        values = repeat(lambda trainer=trainer, probe=probe: maps_seconds(trainer, probe) * 1e3)
        rows.append(Row(f"boundary of every neuron, {name}, 100×100", values, "ms", bound))
    return rows


def tutorial_loop(
    network: torch.nn.Module, rate: float, loss_function: torch.nn.Module, inputs: Tensor, targets: Tensor, batch: int
) -> Callable[[float], float]:
    """The training loop that a PyTorch tutorial shows.

    It goes on for so many seconds when it is called, and gives samples per second.
    """
    optimizer = torch.optim.SGD(network.parameters(), lr=rate)

    def go_on(seconds: float) -> float:
        done, start = 0, perf_counter()
        while perf_counter() < start + seconds:
            order = torch.randperm(len(inputs))
            for first in range(0, len(inputs), batch):
                chosen = order[first : first + batch]
                optimizer.zero_grad()
                loss = loss_function(network(inputs[chosen]), targets[chosen])
                loss.backward()
                optimizer.step()
                done += len(chosen)
                if perf_counter() >= start + seconds:
                    break
        return done / (perf_counter() - start)

    return go_on


def bare_loop(document: Document) -> Callable[[float], float]:
    """The same network and data in PyTorch's own modules: see `tutorial_loop`."""
    plan = resolve(document)
    samples = split(document.data).train
    assert plan.target is not None
    inputs = torch.from_numpy(
        document.data.dataset.inputs(samples.values, getattr(document.nodes[0].layer, "columns", ()))
    )
    targets = torch.from_numpy(plan.target.encode(samples.targets))
    modules: list[torch.nn.Module] = []
    for node in document.nodes[1:]:
        shapes = plan.nodes[node.id].input_shapes
        modules += [node.layer.build(torch.nn, *shapes), torch.nn.Tanh()]
    network = torch.nn.Sequential(*modules)
    return tutorial_loop(network, 0.03, torch.nn.MSELoss(), inputs, targets, document.training.batch_size)


def going_on(run: Trainer) -> Callable[[float], float]:
    """Training that goes on for so many seconds when it is called, and gives samples per second."""
    size = len(split(run.plan.document.data).train)

    def go_on(seconds: float) -> float:
        done, start = -(run.epoch * size + run.position), perf_counter()
        while perf_counter() < start + seconds:
            run.advance(0.005)
        return (done + run.epoch * size + run.position) / (perf_counter() - start)

    return go_on


def training_rows() -> list[Row]:
    """The torch backend against the bare loop, in turns, on the two networks of the map rows."""
    rows = []
    torch.set_num_threads(1)
    for name, hidden in (("2-4-2-1", (4, 2)), ("2-8-8-8-1", (8, 8, 8))):
        document = dense_network((), hidden)
        document = document.set_training(epochs=10_000_000, loss=document.training.loss)
        ratios, rates = [], []
        for _ in range(RUNS):  # both anew: see convolution_rows
            ours, bare = going_on(TorchTrainer(resolve(document))), bare_loop(document)
            in_turns(ours, bare, 0.5)  # the first optimizer of a process imports PyTorch's compiler
            rate, rate_of_bare = in_turns(ours, bare, 4.0)
            ratios.append(rate / rate_of_bare)
            rates.append(rate)
        rows.append(
            Row(f"torch backend / bare PyTorch loop, {name}, batch 10", tuple(ratios), "×", 0.95, at_least=True)
        )
        rows.append(Row(f"torch backend, {name}, batch 10", tuple(rates), "samples/s", None))
    return rows


def seed_rows() -> list[Row]:
    """Known outcomes: how many seeds solve the circle and the spiral with the gallery's recipes."""
    rows = []
    for name, seeds, epochs in (("circle", 15, 300), ("spiral", 20, None)):
        example = load_example(name).document
        solved, results = 0, []
        for seed in range(1, seeds + 1):
            document = example.replace(seed=seed, data=dataclasses.replace(example.data, seed=seed))
            plan = resolve(document)
            trainer = choose(plan)[0].make(plan)
            trainer.train_epochs(epochs or document.training.epochs)
            found = trainer.evaluate()
            results.append(found.test_loss if name == "circle" else found.test_metric)
            solved += found.test_loss <= 0.01 if name == "circle" else found.test_metric >= 0.9
            assert math.isfinite(found.test_loss)
        wanted, what = (13, "test loss ≤ 0.01") if name == "circle" else (18, "test accuracy ≥ 90 %")
        note = f"of {seeds} seeds; {min(results):.3g} to {max(results):.3g}"
        rows.append(Row(f"{name}: seeds with {what}", (float(solved),), "seeds", wanted, at_least=True, note=note))
    return rows


def study_row() -> list[Row]:
    """A thousand seeds of the circle, 300 epochs each, on all cores, with their answers over the plane."""
    plan = resolve(load_example("circle").document)

    def once() -> float:
        start = perf_counter()
        found = sum(1 for _ in run_seeds(plan, range(1, 1001), 300, resolution=50))
        assert found == 1000
        return perf_counter() - start

    return [Row("1,000 seeds of circle, 300 epochs each", repeat(once), "s", 10)]


MEASURES = (resolve_row, map_rows, training_rows, seed_rows, study_row)
