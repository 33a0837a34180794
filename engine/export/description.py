"""What a file of weights, or of a model, says about itself beside its numbers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib import metadata
from typing import Any

import numpy as np

from engine.catalog.datasets.dataset import Samples, Scaling
from engine.document.errors import PlaygroundError
from engine.document.graph import Data
from engine.export.format import Subject
from engine.export.pytorch_code import identifier, state_names
from engine.export.turning import KERAS, Turn
from engine.plan.data import drawn, split
from engine.plan.plan import Plan

PROGRAM = "Neural Playground"


def version() -> str:
    """Which release of this program writes; empty where it was never installed."""
    try:
        return metadata.version("neural-playground")
    except metadata.PackageNotFoundError:
        return ""


def file_names(plan: Plan) -> dict[str, str]:
    """What every array that is learned or kept is called in files, by "node.array": "dense_1.weight".

    These are the names in the state of the network that `pytorch_source` writes.
    """
    found = state_names(plan)
    for name in plan.buffers:
        node_id, _, own = name.partition(".")
        found[name] = f"{identifier(node_id)}.{own}"
    return found


def normalization(data: Data) -> Scaling | None:
    """How samples as the data holds them become what an Input card passes on: (values − offset) · factor.

    None where they are passed on as they are. Measured in what `Dataset.prepared` makes of two samples, so that it
    follows whatever a data set does with its columns. Raises PlaygroundError where the data cannot be read.
    """
    scaling = split(data).scaling
    if scaling is not None:
        return scaling
    samples, cut = drawn(data)
    train = samples.take(slice(cut))
    if not len(train) or data.dataset.prepared(train, train) is train:
        return None
    values = np.asarray(train.values, np.float64)
    known = np.where(np.isfinite(values), values, 0.0)
    middle, away = known.mean(axis=0), np.maximum(known.std(axis=0), 1e-3)
    probes = Samples(np.stack([middle, middle + away]), train.targets[[0, 0]])
    low, high = np.asarray(data.dataset.prepared(probes, train).values, np.float64)
    factor = (high - low) / away
    safe = np.where(factor == 0.0, 1.0, factor)
    offset = np.where(factor == 0.0, 0.0, middle - low / safe)
    offset[np.abs(offset) < 1e-6 * np.maximum(away, np.abs(middle))] = 0.0
    factor[np.abs(factor - 1.0) < 1e-6] = 1.0
    if not offset.any() and (factor == 1.0).all():
        return None
    return Scaling(offset.astype(np.float32), factor.astype(np.float32))


def description(subject: Subject, layout: str = "", turns: Mapping[str, Turn] | None = None) -> dict[str, Any]:
    """Title, cards, shapes, classes and normalization as plain JSON data; with a layout, its arrays too.

    `turns` are the kernels that stand turned in the file, by "node.parameter".
    """
    plan = subject.plan
    dataset = plan.document.data.dataset
    main = plan.outputs[0]
    found: dict[str, Any] = {
        "title": subject.title,
        "program": f"{PROGRAM} {version()}".strip(),
        "epochs": subject.snapshot.epoch,
        "steps": subject.snapshot.step,
        "seed": plan.document.seed,
        "inputs": {
            identifier(name): {
                "shape": list(node.output_shape or ()),
                "columns": list(getattr(node.layer, "columns", ()) or dataset.default_columns),
            }
            for name, node in plan.nodes.items()
            if node.layer.takes[1] == 0 and name in plan.order
        },
        "cards": {
            identifier(name): {
                "layer": node.layer.label,
                "activation": node.layer.output_activation.label,
                "output_shape": list(node.output_shape or ()),
                "reads": [identifier(source) for source in node.sources],
                **({"weights_of": identifier(node.weights_of)} if node.weights_of else {}),
            }
            for name, node in ((name, plan.nodes[name]) for name in plan.order)
            if node.layer.takes[1] > 0
        },
        "output": identifier(main.node),
        "output_activation": plan.nodes[main.node].layer.output_activation.label,
        "task": dataset.task,
        "classes": list(dataset.class_names) if dataset.task == "classification" else [],
        "data": dataset.title,
        "normalization": _normalization(plan.document.data),
    }
    if layout:
        found["layout"] = layout
        found["arrays"] = _arrays(plan, turns or {})
        found["axes"] = _AXES[layout == KERAS]
    return found


_AXES = (
    "PyTorch's: Dense (units, inputs), convolutions (filters, channels, height, width)",
    "Keras's: Dense (inputs, units), convolutions (height, width, channels, filters), depthwise (height, width, "
    "channels, multiplier). Flatten still gives channels, then height, then width: a Keras network needs "
    "Permute((3, 1, 2)) before it. `transpose` and `reshape` of an array give back PyTorch's",
)


def _arrays(plan: Plan, turns: Mapping[str, Turn]) -> dict[str, Any]:
    names, found = file_names(plan), {}
    for name, shape in plan.saved_shapes.items():
        turn = turns.get(name)
        said: dict[str, Any] = {"shape": list(turn.shape if turn else shape)}
        if turn is not None:
            said |= {"transpose": list(turn.back), "reshape": list(shape)}
        found[names[name]] = said
    return found


def _normalization(data: Data) -> dict[str, Any] | None:
    """As JSON; None where there is none, or where the data are not at hand to measure it."""
    try:
        found = normalization(data)
    except PlaygroundError:
        return None
    if found is None:
        return None
    return {"formula": "(value - offset) * factor", "offset": _numbers(found.offset), "factor": _numbers(found.factor)}


def _numbers(values: Any) -> Any:
    """As few digits as give the same float32 again, in lists."""
    array = np.asarray(values, np.float32)
    return [_numbers(each) for each in array] if array.ndim else float(str(array[()]))


def as_text(said: Mapping[str, Any]) -> dict[str, str]:
    """A description as texts by name: words as they are, all else as JSON. What a safetensors file's header takes."""
    found = {
        name: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False) for name, value in said.items()
    }
    return {"format": "pt", **found}
