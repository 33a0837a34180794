"""Models for the tests, as another program would write them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

RNG = np.random.default_rng(3)


def model_file(path: Path, operator: str = "Tanh", inputs: int = 2) -> list[NDArray[np.float32]]:
    """A network of two layers as another program would write it; its weights."""
    from onnx import TensorProto, helper, numpy_helper, save_model

    shapes = {"w1": (4, inputs), "b1": (4,), "w2": (1, 4), "b2": (1,)}
    values = {name: RNG.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}
    nodes = [
        helper.make_node("Gemm", ["x", "w1", "b1"], ["h"], "first", transB=1),
        helper.make_node(operator, ["h"], ["a"], "between"),
        helper.make_node("Gemm", ["a", "w2", "b2"], ["z"], "second", transB=1),
        helper.make_node("Tanh", ["z"], ["y"], "last"),
    ]
    graph = helper.make_graph(
        nodes,
        "network",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", inputs])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 1])],
        [numpy_helper.from_array(array, name) for name, array in values.items()],
    )
    save_model(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return list(values.values())
