"""A network with made-up maps and weights, to look at the canvas without training anything."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.catalog.registry import entry
from engine.document.graph import Data, Document, Network
from engine.plan.plan import Plan
from engine.plan.resolve import resolve
from widgets.canvas.canvas import Canvas

_STEP = 176.0


def sample() -> Canvas:
    """A canvas with a network 2-8-8-8-1."""
    canvas = Canvas()
    canvas.resize(960, 640)
    plan = resolve(chain([8, 8, 8, 1]))
    canvas.set_plan(None, plan)
    show_values(canvas, plan, np.random.default_rng(3))
    canvas.set_selection(frozenset({"dense_2"}), None)
    return canvas


def chain(units: Sequence[int], dataset: str = "circle", columns: Sequence[str] = ()) -> Document:
    """An Input followed by Dense layers of these numbers of units."""
    document = Document((Network(),), Data(entry("datasets", dataset)()))
    document = document.add(entry("layers", "Input")(columns=tuple(columns)))
    for count in units:
        document = document.append(entry("layers", "Dense")(units=count), _STEP)
    return document


def show_values(canvas: Canvas, plan: Plan, rng: np.random.Generator) -> None:
    """Give every open card plausible maps, weights and biases."""
    parameters = {name: rng.normal(0.0, 1.0, parameter.shape) for name, parameter in plan.parameters.items()}
    canvas.set_parameters(parameters)
    canvas.set_maps(maps(plan, parameters))


def maps(plan: Plan, parameters: dict[str, NDArray[Any]], side: int = 40) -> dict[str, NDArray[np.uint8]]:
    """What the units of every card answer over the plane, by a plain forward pass: (units, side, side)."""
    axis = np.linspace(-6, 6, side)
    x1, x2 = np.meshgrid(axis, axis[::-1])
    points = np.stack([x1.ravel(), x2.ravel()], axis=1)
    answers: dict[str, NDArray[Any]] = {}
    for node_id in plan.order:
        node = plan.nodes[node_id]
        if node.layer.takes[1] == 0:
            answers[node_id] = plan.document.data.dataset.inputs(points, getattr(node.layer, "columns", ())) / 3
        elif parameters.get(f"{node_id}.weight", np.zeros(0)).ndim == 2 and node.sources[0] in answers:
            weights = parameters[f"{node_id}.weight"]
            bias = parameters.get(f"{node_id}.bias", np.zeros(len(weights)))
            answers[node_id] = np.tanh(answers[node.sources[0]] @ weights.T + bias)
        elif node.output_shape is not None:
            found = [answers[source] for source in node.sources]
            joined = np.concatenate(found, axis=1)
            answers[node_id] = joined if joined.shape[1] == node.output_shape[0] else sum(found[1:], found[0])
    return {
        node_id: np.clip(np.rint(answer.T.reshape(-1, side, side) * 127.5 + 127.5), 0, 255).astype(np.uint8)
        for node_id, answer in answers.items()
    }
