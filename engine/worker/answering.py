"""A trained network asked without a window: how good its answers are, and what they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.catalog.datasets.dataset import Samples
from engine.document.errors import InvalidValueError
from engine.document.graph import Document
from engine.plan.data import in_units, split
from engine.plan.plan import Plan
from engine.plan.resolve import resolve
from engine.probes.answers_of_samples import confidences
from engine.probes.metrics import judge
from engine.training.judge import Judge
from engine.training.parameters import check_fits
from engine.training.trainer import Snapshot
from engine.worker.given import read

Array = NDArray[Any]
_CHUNK = 1024


@dataclass(frozen=True, eq=False)
class Evaluated:
    """How good the answers to some samples are: the loss, and every metric of the task as the probe Metrics has it."""

    samples: int
    loss: float
    metrics: Mapping[str, Array]


@dataclass(frozen=True, eq=False)
class Predicted:
    """The answers to some samples.

    Of a classification `labels` are the classes, and `confidence` (samples,) how sure the network is, a probability
    if `probable`; of a regression `numbers` (samples,) in the units of the data.
    """

    labels: tuple[str, ...] = ()
    confidence: Array | None = None
    probable: bool = False
    numbers: Array | None = None


def evaluate(document: Document, snapshot: Snapshot, path: Path | None) -> Evaluated:
    """Judge the run on the samples of a file; None: those that the project keeps for its test. Raises PlaygroundError.

    Loss and metrics are those of the window: of targets as they were scaled to be learnt.
    """
    plan = _ready(document)
    samples = split(document.data).test if path is None else read(document.data, path, answered=True)
    if not len(samples):
        raise InvalidValueError("the project keeps no samples for a test; give a file with DATA")
    assert plan.target is not None
    judged = Judge(plan, samples, samples.take(slice(0)), len(samples))
    raw = answers(plan, snapshot, samples.values)
    loss = float(judged.evaluations(raw[None])[0, 0])
    return Evaluated(len(samples), loss, judge(plan.target, _main(plan, raw), samples.targets))


def predict(document: Document, snapshot: Snapshot, path: Path) -> Predicted:
    """Answer the samples of a file. Raises PlaygroundError."""
    plan = _ready(document)
    samples: Samples = read(document.data, path, answered=False)
    outputs = _main(plan, answers(plan, snapshot, samples.values))
    assert plan.target is not None
    decided = plan.target.decide(outputs)
    if plan.target.task == "regression":
        return Predicted(numbers=in_units(document.data, decided.astype(np.float64)))
    names = document.data.dataset.class_names
    probable, confidence = confidences(plan, outputs)
    return Predicted(tuple(names[number] for number in decided.tolist()), confidence, probable)


def answers(plan: Plan, snapshot: Snapshot, values: Array) -> Array:
    """What the outputs' losses are computed from, side by side, (samples, units), for samples as the data set has them.

    Raises InvalidValueError where the weights are not of this network.
    """
    import torch

    from engine.training.torch_network import TorchNetwork

    check_fits(snapshot.weights, plan.saved_shapes)
    network = TorchNetwork(plan)
    for name, place in (*network.parameters.items(), *network.buffers.items()):
        place.copy_(torch.from_numpy(np.array(snapshot.weights[name], np.float32)))
    network.train(False)
    scaling, dataset = split(plan.document.data).scaling, plan.document.data.dataset
    found = []
    with torch.inference_mode():
        for start in range(0, len(values), _CHUNK):
            part = values[start : start + _CHUNK]
            arriving = []
            for name in plan.order:
                layer = plan.nodes[name].layer
                taken = None
                if layer.takes[1] == 0:
                    taken = scaling.apply(part) if scaling else dataset.inputs(part, getattr(layer, "columns", ()))
                arriving.append(None if taken is None else torch.from_numpy(taken))
            found.append(torch.cat(network.answers(arriving), 1).numpy())
    return np.concatenate(found)


def _main(plan: Plan, raw: Array) -> Array:
    """The main output, (samples, its units), after its activation."""
    assert plan.output is not None and plan.target is not None
    main = raw[:, : plan.target.units]
    activation = plan.nodes[plan.output].layer.output_activation
    return np.asarray(activation.value(main)) if plan.outputs[0].loss.fuses else main


def _ready(document: Document) -> Plan:
    plan = resolve(document)
    if plan.problems:
        raise InvalidValueError("this network cannot be asked: {problem}", problem=plan.problems[0].sentence)
    return plan
