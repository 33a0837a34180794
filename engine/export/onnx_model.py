"""A trained network as one ONNX file that other programs run and draw: nodes named after cards, weights inside.

Operators are those of version 17 and the file's form is version 8, which ONNX's runtimes have read since 2022.
"""

from __future__ import annotations

import json
import warnings
from typing import Any

import numpy as np

from engine.catalog.datasets.dataset import Scaling
from engine.catalog.layers.layer import Shape
from engine.document.errors import PlaygroundError
from engine.document.graph import Document, Network
from engine.document.serialization import document_to_json
from engine.export.description import PROGRAM, as_text, description, normalization, version
from engine.export.format import Subject
from engine.export.onnx_nodes import Graph
from engine.export.onnx_operators import write
from engine.export.operations import Operations, operations
from engine.importing.onnx_file import NORMALIZATION, SCALED, SETTINGS

OPSET, IR_VERSION = 17, 8
BATCH = "batch"
_LONGEST_SETTINGS = 2**16


def onnx_bytes(subject: Subject, *, scaled_by_nodes: bool = False) -> bytes:
    """The content of an ONNX file that gives the answers of a run, the main one first.

    With `scaled_by_nodes`, its inputs are samples as the data holds them (pixels from 0 to 255), and its first nodes
    make of them what the Input cards pass on. Raises PlaygroundError, naming the card, for what ONNX cannot compute.
    """
    return written(subject, operations(subject), scaled_by_nodes=scaled_by_nodes)


def written(subject: Subject, found: Operations, *, scaled_by_nodes: bool = False) -> bytes:
    """What `onnx_bytes` gives, where the operators of the run are known."""
    with warnings.catch_warnings():  # an older protobuf warns about its own generated code
        warnings.simplefilter("ignore")
        import onnx
    graph = Graph(found)
    if scaled_by_nodes:
        _scale(graph, found, subject)
    for step in found.steps:
        write(graph, step)
    outputs = _outputs(graph, found)
    graph.finish([name for name, _ in outputs])
    helper = onnx.helper
    tensors = [onnx.numpy_helper.from_array(array, name) for name, array in sorted(graph.arrays.items())]
    made = helper.make_graph(
        graph.nodes,
        subject.title or "network",
        [_value(onnx, given.name, given.shape) for given in found.inputs],
        [_value(onnx, name, shape) for name, shape in outputs],
        tensors,
    )
    model = helper.make_model(
        made,
        producer_name=PROGRAM,
        producer_version=version(),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
    )
    helper.set_model_props(model, _metadata(subject, scaled_by_nodes=scaled_by_nodes))
    onnx.checker.check_model(model, full_check=True)
    content: bytes = model.SerializeToString(deterministic=True)
    return content


def _value(onnx: Any, name: str, shape: Shape) -> Any:
    return onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [BATCH, *shape])


def _outputs(graph: Graph, found: Operations) -> list[tuple[str, Shape]]:
    """Names and shapes of the outputs; one that is another value under a new name gets a node of its own."""
    named: list[tuple[str, Shape]] = []
    inputs = {given.name for given in found.inputs}
    for answer in found.outputs:
        name = graph.renamed.get(answer.name, answer.name)
        taken = {other for other, _ in named} | inputs
        if name in taken or name != answer.name:
            wanted = answer.name
            while wanted in taken:
                wanted = f"{wanted}_again"
            name = graph.emit("Identity", [name], wanted, answer.card)
        named.append((name, tuple(length or 1 for length in answer.shape[1:])))
    return named


def _scale(graph: Graph, found: Operations, subject: Subject) -> None:
    """Write the nodes that make raw samples numbers. Raises PlaygroundError where the data cannot be read."""
    data = subject.plan.document.data
    scaling = normalization(data)
    if scaling is None:
        return
    for given in found.inputs:
        columns = getattr(subject.plan.nodes[given.card].layer, "columns", ())
        own = scaling if data.dataset.pictures else _chosen(subject, scaling, columns)
        value = given.name
        if own.offset.any():
            offset = graph.stored(own.offset, f"{NORMALIZATION}.offset")
            value = graph.emit(
                "Sub", [value, offset], f"{NORMALIZATION}_{given.name}_moved", f"{NORMALIZATION}_{given.name}"
            )
        factor = graph.stored(own.factor, f"{NORMALIZATION}.factor")
        graph.renamed[given.name] = graph.emit(
            "Mul", [value, factor], f"{NORMALIZATION}_{given.name}_scaled", f"{NORMALIZATION}_{given.name}"
        )


def _chosen(subject: Subject, scaling: Scaling, columns: tuple[str, ...]) -> Scaling:
    """The scaling of the columns that an Input card passes on."""
    dataset = subject.plan.document.data.dataset
    offset, factor = (dataset.inputs(each[None], columns)[0] for each in (scaling.offset, scaling.factor))
    return Scaling(np.asarray(offset), np.asarray(factor))


def _metadata(subject: Subject, *, scaled_by_nodes: bool) -> dict[str, str]:
    """What the file says about itself: title, classes, normalization, and how it was trained."""
    said = as_text(description(subject))
    del said["format"]
    said[SCALED] = "nodes" if scaled_by_nodes else "metadata"
    settings = _settings(subject.document)
    if settings is not None:
        said[SETTINGS] = settings
    return said


def _settings(document: Document) -> str | None:
    """Data and training as JSON; none where they name files of this computer, or hold too much."""
    dataset: Any = document.data.dataset
    if getattr(dataset, "path", "") or getattr(dataset, "file", ""):
        return None
    text = json.dumps(document_to_json(document.replace(networks=(Network(),))), ensure_ascii=False)
    return text if len(text) <= _LONGEST_SETTINGS else None


def program(subject: Subject) -> str:
    """The source of a program that runs the file with onnxruntime. Raises PlaygroundError for no network."""
    if not subject.plan.outputs:
        raise PlaygroundError("this network cannot be exported: {problem}", problem=subject.plan.problems[0].sentence)
    return _PROGRAM


_PROGRAM = '''"""Runs an ONNX file on samples: python program.py FILE INPUTS.npy OUTPUTS.npy"""

import json
import sys

import numpy as np
import onnxruntime

file, inputs, outputs = sys.argv[1:]
session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
said = session.get_modelmeta().custom_metadata_map
given = np.load(inputs, allow_pickle=False)
names = [each.name for each in session.get_inputs()]
feeds = {names[0]: given} if isinstance(given, np.ndarray) else {name: given[name] for name in names}
scaling = json.loads(said.get("normalization", "null"))
if scaling and said.get("normalization_in") == "nodes":
    # The file takes samples as they are stored, and these are scaled already.
    offset, factor = (np.array(scaling[name], np.float32) for name in ("offset", "factor"))
    factor = np.where(factor == 0, 1, factor)
    feeds = {name: (array / factor + offset).astype(np.float32) for name, array in feeds.items()}
np.save(outputs, session.run(None, feeds)[0])
'''
