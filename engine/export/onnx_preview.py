"""The graph of an ONNX file as text: what comes in, every node, what goes out."""

from __future__ import annotations

from typing import Any


def preview(content: bytes) -> str:
    """A table of a file's inputs, nodes, stored arrays and outputs, with shapes."""
    import onnx

    model = onnx.load_from_string(content)
    graph = model.graph
    rows = [("input", each.name, _shape(each)) for each in graph.input]
    rows += [(node.op_type, node.name, ", ".join(filter(None, node.input))) for node in graph.node]
    rows += [("output", each.name, _shape(each)) for each in graph.output]
    rows += [("array", each.name, " × ".join(map(str, each.dims)) or "1") for each in graph.initializer]
    widths = [max(len(row[place]) for row in rows) for place in (0, 1)]
    head = f"ONNX, operators of version {model.opset_import[0].version}"
    lines = [f"{kind:<{widths[0]}}  {name:<{widths[1]}}  {rest}".rstrip() for kind, name, rest in rows]
    return "\n".join([head, "", *lines])


def _shape(value: Any) -> str:
    lengths = value.type.tensor_type.shape.dim
    return " × ".join(each.dim_param or str(each.dim_value) for each in lengths)
