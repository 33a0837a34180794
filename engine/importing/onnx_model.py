"""An ONNX file of a plain feed-forward network as an editable document with its weights.

What a file holds that no card computes is named in one sentence: the node, its operator, and why. Nothing of the file
is run; shapes are checked before anything is made of them.
"""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.catalog.layers.dense import Input
from engine.catalog.layers.output import Output
from engine.catalog.layers.reshaping import Flatten
from engine.document.arranging import arrange
from engine.document.errors import FileError, PlaygroundError, Sentence
from engine.document.graph import Data, Document, Edge, Network, Node
from engine.document.serialization import MOST_EDGES, document_from_json
from engine.importing import onnx_functions as functions
from engine.importing import onnx_joining
from engine.importing import onnx_layers as layers
from engine.importing import onnx_shapes as shapes
from engine.importing.building import Building, Flow, Unknown
from engine.importing.finishing import Joining, named
from engine.importing.fitting import Fitted, fitted, loss_for
from engine.importing.onnx_file import (
    INPUTS,
    NORMALIZATION,
    SCALED,
    SETTINGS,
    ModelRead,
    NodeRead,
    model_of,
    read_model,
    shown,
)
from engine.importing.onnx_patterns import GROUPS, found_layers

Array = NDArray[Any]
Rule = Callable[[Building, NodeRead], "Flow | Array"]


@dataclass(frozen=True, eq=False)
class Imported:
    """A network that was read: a document, its weights by "node.array", what there is to say about it, its name."""

    document: Document
    weights: Mapping[str, NDArray[np.float32]]
    notes: tuple[Sentence, ...]
    title: str


def read_onnx(path: str | os.PathLike[str], data: Data | None = None) -> Imported:
    """The network of an ONNX file; `data` is kept if its samples have the shape that the network takes.

    Raises FileError in one sentence, which names the node for what has no card, and never another exception.
    """
    return _imported(read_model(path), data)


def onnx_of(content: bytes, file: str = "the file", data: Data | None = None) -> Imported:
    """What `read_onnx` gives, of the content of a file; `file` is what a sentence calls it."""
    return _imported(model_of(content, file), data)


_RULES: Mapping[str, Rule] = MappingProxyType(
    {
        **dict.fromkeys(functions.ONE, functions.one_number),
        **dict.fromkeys(functions.PARAMETRIC, functions.one_number),
        **dict.fromkeys(functions.TWO, onnx_joining.two_numbers),
        **dict.fromkeys(("Sum", "Mean"), onnx_joining.two_numbers),
        **dict.fromkeys(("Softmax", "LogSoftmax"), functions.together),
        **dict.fromkeys(("MaxPool", "AveragePool"), layers.pooling),
        **dict.fromkeys(("GlobalMaxPool", "GlobalAveragePool", "ReduceMax", "ReduceMean"), layers.global_pooling),
        **dict.fromkeys(("Resize", "Upsample"), shapes.enlarge),
        "BatchNormalization": layers.batch_normalization,
        "Cast": shapes.cast,
        "Clip": functions.clip,
        "Concat": onnx_joining.concatenate,
        "Constant": shapes.constant,
        "ConstantOfShape": shapes.constant_of_shape,
        "Conv": layers.convolution,
        "ConvTranspose": layers.transposed_convolution,
        "Dropout": functions.dropout,
        "Expand": shapes.expand,
        "Flatten": shapes.flatten,
        "Gather": layers.lookup,
        "Gemm": layers.gemm,
        "GroupNormalization": layers.group_normalization,
        GROUPS: layers.found_group_normalization,
        "Identity": shapes.same,
        "InstanceNormalization": layers.instance_normalization,
        "LRN": layers.response_normalization,
        "LayerNormalization": layers.layer_normalization,
        "MatMul": layers.matmul,
        "PRelu": functions.prelu,
        "Pad": shapes.pad,
        "Reshape": shapes.reshape,
        "Round": shapes.rounded,
        "Shape": shapes.shape_of,
        "Slice": shapes.cut,
        "Squeeze": shapes.squeeze,
        "Transpose": shapes.transpose,
        "Unsqueeze": shapes.unsqueeze,
        "Where": functions.where,
    }
)
"""What makes cards of each operator."""


def _imported(model: ModelRead, data: Data | None) -> Imported:
    model = found_layers(model)
    building = Building(model)
    raw = model.metadata.get(SCALED) == "nodes"
    for name, shape in model.inputs.items():
        if not model.uses.get(name):
            continue
        if len(shape) == 3 and set(model.readers[name]) == {"Transpose"} and shape[2] < min(shape[:2]):
            # Channels last, as other libraries have them: the file itself puts them first.
            turned = building.enter(name, (shape[2], *shape[:2]))
            building.name(name, dataclasses.replace(turned, axes=(1, 2, 0)))
        else:
            building.name(name, building.enter(name, shape))
    for node in model.nodes:
        if any(map(model.uses.get, node.outputs)):
            _read_node(building, node, raw)
    outputs = [_output(building, name) for name in model.outputs]
    return _finished(building, outputs, data)


def _read_node(building: Building, node: NodeRead, raw: bool) -> None:
    """Make cards of a node. Raises FileError."""
    rule = _RULES.get(node.operator)
    if rule is None:
        raise FileError("there is no card for the node {node}", node=node)
    if any(map(building.model.uses.get, node.outputs[1:])) or not node.outputs[0]:
        raise FileError("the node {node} gives more than one value, which no card does", node=node)
    try:
        found = _without_scaling(building, node) if raw else None
        building.give(node, rule(building, node) if found is None else found)
    except Unknown as error:
        raise FileError("the node {node} cannot become a card: {reason}", node=node, reason=error.sentence) from error
    except FileError:
        raise
    except PlaygroundError as error:
        raise FileError("the node {node} cannot become a card: {reason}", node=node, reason=error.sentence) from error
    except (ValueError, TypeError, IndexError, KeyError, ArithmeticError, AttributeError) as error:
        raise FileError("the node {node} is damaged", node=node) from error


def _without_scaling(building: Building, node: NodeRead) -> Flow | None:
    """The samples themselves, for a node that subtracts or multiplies by what the data subtracts and multiplies by."""
    if node.operator not in ("Sub", "Mul") or not node.outputs[0].startswith(NORMALIZATION):
        return None
    value = building.value(node.inputs[0])
    is_input = isinstance(value, Flow) and isinstance(building.cards[value.card].layer, Input) and not value.pending
    return value if is_input and isinstance(value, Flow) else None


def _output(building: Building, name: str) -> int:
    """The card that gives an output."""
    value = building.value(name)
    if not isinstance(value, Flow):
        raise FileError("the output {value} does not depend on the samples", value=shown(name))
    try:
        card = building.plain(dataclasses.replace(value, ones=0) if value.axes is None else value).card
    except (Unknown, PlaygroundError) as error:
        raise FileError(
            "the output {value} cannot become a card: {reason}", value=shown(name), reason=error.sentence
        ) from error
    if not building.cards[card].sources:
        raise FileError(
            "{file} has no layer: its output {value} is its input", file=building.model.file, value=shown(name)
        )
    return card


def _finished(building: Building, outputs: list[int], data: Data | None) -> Imported:
    """The document of the cards."""
    model = building.model
    joining = Joining(building.cards, outputs)
    cards = [joining.cards[place] for place in joining.joined()]
    if sum(len(card.sources) for card in cards) > MOST_EDGES - 2 * len(outputs):
        raise FileError("{file} has more than {most} links", file=model.file, most=f"{MOST_EDGES:,}")
    ids = dict(zip(joining.order, named(cards), strict=True))
    entering = [place for place in joining.order if not joining.cards[place].sources]
    settings, notes = _settings(model)
    columns = _columns(model)
    units = joining.cards[joining.outputs[0]].shape[0]
    chosen = fitted(
        [joining.cards[place].shape for place in entering],
        units,
        [columns.get(joining.cards[place].name, ()) for place in entering],
        None if settings is None else settings.data,
        data,
    )
    notes += [] if chosen.note is None else [chosen.note]
    nodes, edges = _graph(joining, ids, dict(zip(entering, chosen.columns, strict=True)), chosen)
    document = Document((Network("network", tuple(nodes), tuple(edges)),), chosen.data)
    if settings is not None:
        document = document.replace(training=settings.training, seed=settings.seed)
    last = joining.cards[joining.outputs[0]].layer.output_activation
    document = document.set_training(loss=loss_for(last, chosen.data.dataset.task, document.training.loss))
    weights = {
        f"{ids[place]}.{name}": np.ascontiguousarray(array, np.float32)
        for place in joining.order
        for name, array in joining.cards[place].arrays.items()
    }
    title = model.metadata.get("title", "")
    return Imported(_arranged(document, model), MappingProxyType(weights), tuple(notes), shown(title))


def _arranged(document: Document, model: ModelRead) -> Document:
    try:
        return arrange(document)
    except PlaygroundError as error:
        raise FileError("{file} cannot be laid out: {reason}", file=model.file, reason=error.sentence) from error


def _graph(
    joining: Joining, ids: Mapping[int, str], columns: Mapping[int, tuple[str, ...]], chosen: Fitted
) -> tuple[list[Node], list[Edge]]:
    """Cards and links; behind an Input card a Flatten where images meet a network for rows of numbers."""
    nodes, edges = [], []
    gives = dict(ids)
    taken = set(ids.values())

    def free(layer: Any) -> str:
        number = next(each for each in range(1, len(taken) + 2) if f"{layer.name.lower()}_{each}" not in taken)
        taken.add(f"{layer.name.lower()}_{number}")
        return f"{layer.name.lower()}_{number}"

    for place in joining.order:
        card = joining.cards[place]
        layer = Input(columns[place]) if place in columns else card.layer
        nodes.append(Node(ids[place], layer))
        edges += [Edge(gives[source], ids[place], port) for port, source in enumerate(card.sources)]
        if place in columns and chosen.flattened:
            gives[place] = free(Flatten())
            nodes.append(Node(gives[place], Flatten()))
            edges.append(Edge(ids[place], gives[place]))
    if len(joining.outputs) > 1:
        for place in joining.outputs:
            own = free(Output())
            nodes.append(Node(own, Output()))
            edges.append(Edge(gives[place], own))
    return nodes, edges


def _settings(model: ModelRead) -> tuple[Document | None, list[Sentence]]:
    """Data and training as our own files have them, and what to say where they cannot be read."""
    text = model.metadata.get(SETTINGS)
    if text is None:
        return None, []
    try:
        return document_from_json(json.loads(text), model.file), []
    except (FileError, ValueError, RecursionError):
        return None, [Sentence("The settings of data and training in {file} cannot be read", {"file": model.file})]


def _columns(model: ModelRead) -> Mapping[str, tuple[str, ...]]:
    """The columns of each input, where the file names them."""
    try:
        found = json.loads(model.metadata.get(INPUTS, "{}"))
    except (ValueError, RecursionError):
        return {}
    if not isinstance(found, dict):
        return {}
    lists = {name: said.get("columns") for name, said in found.items() if isinstance(said, dict)}
    return {
        name: tuple(columns)
        for name, columns in lists.items()
        if isinstance(columns, list) and all(isinstance(each, str) for each in columns)
    }
