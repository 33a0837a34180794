"""An ONNX file as plain values: its size, what it points to and its shapes are checked before they are used."""

from __future__ import annotations

import math
import os
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.document.errors import FileError
from engine.importing.wire import DamagedError, check_structure

LARGEST = 2**28
"""Bytes that a file may have: sixty million weights."""
_MEGABYTES = LARGEST >> 20
_MOST_STRUCTURE = 2**22
"""Bytes of a file that are no numbers: names, links and shapes of some ten thousand nodes."""
MOST_NODES = 20_000
INPUTS, SETTINGS, NORMALIZATION, SCALED = "inputs", "settings", "normalization", "normalization_in"
"""What our own files say beside the graph: columns of the Input cards, data and training, what makes raw samples
numbers, and whether "nodes" do that, whose values then are called after it."""
OLDEST_OPSET = 7
_MOST_AXES = 8
_MOST_METADATA = 2**18
_NUMBERS: Mapping[int, tuple[str, str]] = {
    1: ("<f4", "float_data"),
    6: ("<i4", "int32_data"),
    7: ("<i8", "int64_data"),
    9: ("?", "int32_data"),
    10: ("<f2", ""),
    11: ("<f8", "double_data"),
}
"""NumPy's kind of number for ONNX's, and the field that holds the numbers where they are not raw."""
_EXTERNAL = 1


@dataclass(frozen=True, eq=False)
class NodeRead:
    """One operator as the file has it. Inputs that are left out are called ""."""

    name: str
    operator: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Any]

    def __str__(self) -> str:
        return f"{self.name or 'without a name'} ({self.operator})"


@dataclass(frozen=True, eq=False)
class ModelRead:
    """The graph of a file. Shapes of inputs are without the batch."""

    file: str
    nodes: tuple[NodeRead, ...]
    inputs: Mapping[str, tuple[int, ...]]
    outputs: tuple[str, ...]
    opset: int
    batch: int
    """How many samples the file fixes a batch to have; 0: any number."""
    metadata: Mapping[str, str]
    tensors: Mapping[str, Any]
    """The stored arrays by name, as the file has them."""

    @cached_property
    def uses(self) -> Mapping[str, int]:
        """How many operators and outputs read each value."""
        return Counter([name for node in self.nodes for name in node.inputs if name] + list(self.outputs))

    @cached_property
    def readers(self) -> Mapping[str, tuple[str, ...]]:
        """The operators that read each value; "" for the outside."""
        found: dict[str, tuple[str, ...]] = dict.fromkeys(self.outputs, ("",))
        for node in self.nodes:
            for name in {*node.inputs}:
                found[name] = (*found.get(name, ())[-8:], node.operator)
        return found

    def stored(self, name: str) -> NDArray[Any]:
        """The stored array of that name. Raises FileError if it is damaged."""
        return tensor_array(self.tensors[name], name)


def shown(name: str | bytes) -> str:
    """A name from a file as a sentence may hold it; a damaged one comes as bytes."""
    name = name.decode("utf-8", "replace") if isinstance(name, bytes) else name
    printable = "".join(letter if letter.isprintable() else "?" for letter in name[:81])
    return f"{printable[:80]}…" if len(name) > 80 else printable


def read_model(path: str | os.PathLike[str]) -> ModelRead:
    """The graph of a file. Raises FileError in one sentence, never another exception."""
    file = Path(path)
    try:
        if file.exists() and not file.is_file():
            raise FileError("{file} is not a file", file=str(file))
        if file.stat().st_size > LARGEST:
            raise FileError(
                "{file} is larger than {most} MB, the most that is read", file=file.name, most=LARGEST >> 20
            )
        with file.open("rb") as stream:
            content = stream.read(LARGEST + 1)
    except OSError as error:
        raise FileError("{file} cannot be read: {reason}", file=str(file), reason=error.strerror or "") from error
    return model_of(content, file.name)


def model_of(content: bytes, file: str) -> ModelRead:
    """The graph of a file's content; `file` is what a sentence calls it. Raises FileError in one sentence."""
    if len(content) > LARGEST:
        raise FileError("{file} is larger than {most} MB, the most that is read", file=file, most=_MEGABYTES)
    try:
        check_structure(content, _MOST_STRUCTURE)
    except DamagedError as error:
        raise FileError("{file} is not an ONNX file, or it is damaged", file=file) from error
    model = _parsed(content, file)
    graph = model.graph
    if len(graph.node) > MOST_NODES:
        raise FileError("{file} has more than {most} nodes", file=file, most=f"{MOST_NODES:,}")
    opsets = {each.domain: each.version for each in model.opset_import}
    opset = opsets.get("", opsets.get("ai.onnx", 0))
    if opset < OLDEST_OPSET:
        raise FileError(
            "{file} is written for version {opset} of ONNX's operators; from {oldest} on they are known here",
            file=file,
            opset=opset,
            oldest=OLDEST_OPSET,
        )
    tensors = {tensor.name: tensor for tensor in graph.initializer}
    _refuse_external(file, graph, tensors)
    _check(model, file)
    if not all(isinstance(name, str) for name in _texts(model)):
        raise FileError("{file} is damaged: a name in it is no text", file=file)
    nodes = tuple(_node(each) for each in graph.node)
    found = ModelRead(
        file,
        nodes,
        {each.name: _shape(each, file) for each in graph.input if each.name not in tensors},
        tuple(each.name for each in graph.output),
        opset,
        _batch(graph, tensors),
        _metadata(model),
        tensors,
    )
    _check_links(found)
    return found


def _parsed(content: bytes, file: str) -> Any:
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

    with warnings.catch_warnings():  # an older protobuf warns about its own generated code
        warnings.simplefilter("ignore")
        import onnx
    model = onnx.ModelProto()
    try:
        model.ParseFromString(content)
    except (DecodeError, ValueError, RecursionError) as error:
        raise FileError("{file} is not an ONNX file, or it is damaged", file=file) from error
    if not model.HasField("graph") or not len(model.graph.output):
        raise FileError("{file} is not an ONNX file, or it is damaged", file=file)
    return model


def _check(model: Any, file: str) -> None:
    """What ONNX's own checker has against a model: operators, their attributes, types."""
    import onnx

    try:
        onnx.checker.check_model(model)
    except (onnx.checker.ValidationError, ValueError, RuntimeError, UnicodeDecodeError) as error:
        reason = str(error).strip().partition("\n")[0] if not isinstance(error, UnicodeDecodeError) else ""
        raise FileError("{file} is no valid ONNX model: {reason}", file=file, reason=shown(reason)) from error


def _refuse_external(file: str, graph: Any, tensors: Mapping[str, Any]) -> None:
    """Arrays in other files are not read at all: a path in a file could lead anywhere."""
    held = [attribute.t for node in graph.node for attribute in node.attribute if attribute.HasField("t")]
    for tensor in [*tensors.values(), *held]:
        if tensor.data_location == _EXTERNAL or len(tensor.external_data):
            raise FileError(
                "{file} keeps {name} in another file; save the model as one file, with its weights inside",
                file=file,
                name=shown(tensor.name),
            )


def _shape(value: Any, file: str) -> tuple[int, ...]:
    """The shape of an input without its batch. Raises FileError where it is not known."""
    kind = value.type.tensor_type
    dims = [each.dim_value if each.HasField("dim_value") else 0 for each in kind.shape.dim]
    if kind.elem_type != 1 or not 2 <= len(dims) <= 4 or min(dims[1:]) < 1 or max(dims[1:]) > 2**20:
        raise FileError(
            "the input {name} of {file} must be float32 and have a known shape of two to four axes, the first that of "
            "the batch",
            name=shown(value.name),
            file=file,
        )
    return tuple(dims[1:])


def _texts(model: Any) -> Iterator[Any]:
    """Whatever the file has that must be text; where it is not, protobuf gives bytes."""
    graph = model.graph
    yield from (graph.name, *(each.domain for each in model.opset_import))
    yield from (text for each in model.metadata_props for text in (each.key, each.value))
    yield from (each.name for part in (graph.input, graph.output, graph.initializer) for each in part)
    for node in graph.node:
        yield from (node.name, node.op_type, node.domain, *node.input, *node.output)
        yield from (attribute.name for attribute in node.attribute)


def _batch(graph: Any, tensors: Mapping[str, Any]) -> int:
    """The length that the first axis of every input has; 0 if it is free."""
    lengths = {each.type.tensor_type.shape.dim[0].dim_value for each in graph.input if each.name not in tensors}
    return int(lengths.pop()) if len(lengths) == 1 else 0


def _metadata(model: Any) -> dict[str, str]:
    """What the file says beside its graph; long texts are left out."""
    found = {each.key: each.value for each in model.metadata_props if len(each.value) <= _MOST_METADATA}
    return {"title": model.graph.name, **found}


def _node(node: Any) -> NodeRead:
    operator = node.op_type if node.domain in ("", "ai.onnx") else f"{node.domain}.{node.op_type}"
    attributes = {each.name: _attribute(each) for each in node.attribute}
    return NodeRead(shown(node.name), shown(operator), tuple(node.input), tuple(node.output), attributes)


def _attribute(attribute: Any) -> Any:
    """The value of an attribute; None for the kinds that no operator of ours has."""
    kinds = {1: "f", 2: "i", 3: "s", 4: "t", 6: "floats", 7: "ints"}
    kind = kinds.get(attribute.type)
    if kind is None:
        return None
    value = getattr(attribute, kind)
    if kind == "s":
        return value.decode("utf-8", "replace")
    return tuple(value) if kind in ("floats", "ints") else value


def tensor_array(tensor: Any, name: str) -> NDArray[Any]:
    """The numbers of a tensor, once it is known that they are there. Raises FileError."""
    shape = tuple(tensor.dims)
    if tensor.data_type not in _NUMBERS:
        raise FileError("{name} holds numbers of a kind that is not known here", name=shown(name or tensor.name))
    kind, field = _NUMBERS[tensor.data_type]
    count = math.prod(shape) if shape else 1
    given = getattr(tensor, field) if field else ()
    present = len(tensor.raw_data) // np.dtype(kind).itemsize if tensor.HasField("raw_data") else len(given)
    rest = len(tensor.raw_data) % np.dtype(kind).itemsize
    if len(shape) > _MOST_AXES or min(shape, default=0) < 0 or present != count or rest:
        raise FileError("{name} does not hold as many numbers as its shape says", name=shown(name or tensor.name))
    if tensor.HasField("raw_data"):
        array = np.frombuffer(tensor.raw_data, kind).reshape(shape)
    else:
        array = np.array(given, kind).reshape(shape)
    return array.astype(np.float32) if array.dtype.kind == "f" and array.dtype != np.float32 else array


def _check_links(model: ModelRead) -> None:
    """Every value is made once, and before it is read."""
    known = {*model.tensors, *model.inputs, ""}
    for node in model.nodes:
        for name in node.inputs:
            if name not in known:
                raise FileError(
                    "the node {node} reads {value}, which nothing before it gives: a circle, or a damaged file",
                    node=node,
                    value=shown(name),
                )
        for name in node.outputs:
            if name and name in known:
                raise FileError("the node {node} gives {value} a second time", node=node, value=shown(name))
            known.add(name)
    for name in model.outputs:
        if name not in known:
            raise FileError("nothing gives {value}, an output of {file}", value=shown(name), file=model.file)
