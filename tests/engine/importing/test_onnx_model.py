"""ONNX files become documents that answer as the files do; what cannot become a card is named; damage is refused."""

from __future__ import annotations

import dataclasses
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from engine.catalog.activations import PRelu, Relu, Tanh
from engine.catalog.layers.dense import Dense
from engine.catalog.layers.layer import Layer
from engine.catalog.layers.merging import Add, Concatenate
from engine.catalog.layers.normalization import GroupNorm, LayerNorm, LocalResponseNorm
from engine.catalog.layers.reshaping import Flatten, Reshape
from engine.catalog.registry import entries, entry
from engine.document.errors import FileError
from engine.document.examples import examples
from engine.document.graph import Document
from engine.document.serialization import document_from_json, document_to_json
from engine.export.format import Subject
from engine.export.onnx_model import onnx_bytes
from engine.export.proof import answers, sample_inputs
from engine.importing.onnx_model import Imported, onnx_of, read_onnx
from engine.plan.resolve import resolve
from engine.training.torch_trainer import TorchTrainer
from tests.engine.export.everything import difference, subject_of
from tests.engine.export.test_onnx_model import image_network
from tests.engine.training.networks import around, chain

_BOUND = 1e-6
_RUNTIME_BOUND = 1e-5
"""Several layers of onnxruntime one behind the other, each within 1e-6; `test_every_layer` of the export is strict."""
_EXAMPLES = [name for name, example in examples().items() if not example.document.data.dataset.from_disk]
_SOON = ("blobs", "digits", "skip")
"""Examples that differ most: classes, images, two Input cards."""


def answer(imported: Imported, subject: Subject) -> Any:
    """What a network that was read answers to the samples that it was trained on."""
    plan = resolve(imported.document)
    assert plan.ready, [str(problem.sentence) for problem in plan.problems]
    assert plan.saved_shapes == {name: array.shape for name, array in imported.weights.items()}
    snapshot = dataclasses.replace(subject.snapshot, weights=imported.weights)
    again = Subject(imported.document, snapshot, "again")
    return answers(again, list(sample_inputs(again.plan, 32).values()))


def comes_back(document: Document) -> Imported:
    subject = subject_of(document)
    inputs = sample_inputs(subject.plan, 32)
    wanted = answers(subject, list(inputs.values()))
    content = onnx_bytes(subject)
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    assert difference(session.run(None, inputs)[0], wanted) <= _RUNTIME_BOUND
    imported = onnx_of(content)
    assert difference(answer(imported, subject), wanted) <= _BOUND
    return imported


@pytest.mark.parametrize(
    "name", [name if name in _SOON else pytest.param(name, marks=pytest.mark.long) for name in _EXAMPLES]
)
def test_every_example_comes_back(name: str) -> None:
    document = examples()[name].document
    imported = comes_back(document)
    assert sorted(node.id for node in imported.document.nodes) == sorted(node.id for node in document.nodes)
    assert imported.document.data == document.data and imported.document.training == document.training


def test_a_convolutional_network_with_a_normalization_comes_back_card_by_card() -> None:
    imported = comes_back(image_network())
    kinds = [(node.id, type(node.layer)) for node in image_network().nodes]
    assert [(node.id, type(node.layer)) for node in imported.document.nodes] == kinds
    assert not imported.notes and imported.title == "a test"


def test_skips_and_branches_come_back() -> None:
    document = chain(Dense(4), Dense(4, Relu()), Add(), LayerNorm(), Concatenate(), Dense(1))
    document = document.connect("dense_1", "add_1", 1).connect("dense_2", "concatenate_1", 1)
    comes_back(document)


_LAYERS = [name for name, cls in entries("layers").items() if cls.takes[1]]


def drawn_network(seed: int) -> Document:
    """A network of a few layers drawn at random, with links that skip some of them.

    Without jumps, powers of what arrives and divisions by small deviations, which make large differences of small ones.
    """
    rng = np.random.default_rng(seed)
    activations = [name for name in entries("activations") if name not in ("exponential", "formula", "sign", "step")]
    document = chain(Dense(4))
    for _ in range(int(rng.integers(2, 7))):
        ends = [node.id for node in document.nodes[1:]]
        kind = int(rng.integers(4))
        if kind == 0:
            activation = entry("activations", activations[int(rng.integers(len(activations)))])()
            document = document.append(Dense(4, activation))
        elif kind == 1:
            document = document.append(entry("layers", str(rng.choice(["BatchNorm", "Dropout", "Scale"])))())
        else:
            joint = [Add(), entry("layers", "Maximum")()][kind - 2]
            document = document.append(joint).connect(ends[int(rng.integers(len(ends)))], document.free_id(joint), 1)
    return document.append(Dense(1, Tanh()))


@pytest.mark.parametrize("seed", [*range(3), *(pytest.param(seed, marks=pytest.mark.long) for seed in range(3, 203))])
def test_networks_drawn_at_random_come_back(seed: int) -> None:
    comes_back(drawn_network(seed))


@pytest.mark.long
@pytest.mark.parametrize("name", _LAYERS)
def test_every_layer_comes_back(name: str) -> None:
    comes_back(around(entry("layers", name)()))


@pytest.mark.long
@pytest.mark.parametrize("name", list(entries("activations")))
def test_every_activation_comes_back(name: str) -> None:
    imported = comes_back(chain(Dense(4, entry("activations", name)()), Dense(1, Tanh())))
    assert len(imported.document.nodes) == 3


_WRITTEN_IN_PARTS = [
    GroupNorm(groups=2),
    GroupNorm(groups=6),
    GroupNorm(groups=1, affine=False, epsilon=0.25),
    LocalResponseNorm(),
    LocalResponseNorm(size=3, alpha=0.3, beta=1.5, offset=0.5),
    LocalResponseNorm(size=13, alpha=0.02),
]


@pytest.mark.parametrize("layer", _WRITTEN_IN_PARTS, ids=str)
@pytest.mark.parametrize("target", ["image", "sequence"])
def test_a_layer_written_as_several_operators_comes_back_as_one_card(layer: Layer, target: str) -> None:
    height = {"height": 4} if target == "image" else {}
    before = [Dense(6 * 5 * height.get("height", 1), Tanh()), Reshape(target, channels=6, width=5, **height)]
    document = chain(*before, layer, Flatten(), Dense(1))
    found = [node.layer for node in comes_back(document).document.nodes]
    assert [type(each) for each in found] == [type(node.layer) for node in document.nodes]
    for field in dataclasses.fields(layer):
        value = getattr(layer, field.name)
        expected = pytest.approx(value) if isinstance(value, float) else value  # a file has float32
        assert getattr(found[3], field.name) == expected, field.name


def changed_operators(document: Document, change: Any) -> bytes:
    """A network as ONNX whose graph something has changed."""
    changed = onnx.load_from_string(onnx_bytes(subject_of(document)))
    change(changed.graph)
    content: bytes = changed.SerializeToString()
    return content


def set_array(graph: Any, name: str, values: Any) -> None:
    """Put other numbers in the place of a stored array."""
    next(x for x in graph.initializer if x.name == name).CopyFrom(numpy_helper.from_array(np.asarray(values), name))


def test_what_only_looks_like_a_group_normalization_is_left_as_it_is() -> None:
    document = around(GroupNorm(groups=2))
    content = changed_operators(document, lambda graph: set_array(graph, "groupnorm_1.all_1", np.float32([1, 2])))
    imported = onnx_of(content)
    assert "GroupNorm" not in {node.layer.name for node in imported.document.nodes}
    subject = subject_of(document)
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    (wanted,) = session.run(None, sample_inputs(subject.plan, 32))
    assert difference(wanted, answer(imported, subject)) <= _RUNTIME_BOUND


def test_groups_that_share_a_channel_are_no_group_normalization() -> None:
    document = chain(Dense(60), Reshape("image", 3, 4, 5), GroupNorm(groups=3, affine=False), Flatten(), Dense(1))

    def in_two(graph: Any) -> None:
        set_array(graph, "groupnorm_1_groups", [0, 2, -1])
        set_array(graph, "groupnorm_1.all_1", np.ones(2, np.float32))
        set_array(graph, "groupnorm_1.all_0", np.zeros(2, np.float32))

    imported = onnx_of(changed_operators(document, in_two))
    assert "GroupNorm" not in {node.layer.name for node in imported.document.nodes}


def test_an_operator_that_no_card_computes_is_named() -> None:
    def shift(graph: Any) -> None:  # neighbours on one side only: no response normalization any more
        pool = next(each for each in graph.node if each.op_type == "AveragePool")
        next(each for each in pool.attribute if each.name == "pads").ints[:] = [1, 0, 3, 0]

    with pytest.raises(FileError, match=r"localresponsenorm_1.* \(AveragePool\)"):
        onnx_of(changed_operators(around(LocalResponseNorm()), shift))


# --- files of other programs -----------------------------------------------------------------------------------------


def model(nodes: list[Any], shape: list[Any], arrays: dict[str, Any], opset: int = 17) -> bytes:
    """A file with input x and output y."""
    made = helper.make_graph(
        nodes,
        "elsewhere",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", "k"])],
        [numpy_helper.from_array(np.asarray(array), name) for name, array in arrays.items()],
    )
    content: bytes = helper.make_model(
        made, opset_imports=[helper.make_opsetid("", opset)], ir_version=8
    ).SerializeToString()
    return content


def floats(*shape: int) -> Any:
    return np.random.default_rng(sum(shape)).standard_normal(shape).astype(np.float32) / 3


def test_products_sums_and_shapes_as_other_exporters_write_them() -> None:
    nodes = [
        helper.make_node("Transpose", ["x"], ["first"], perm=[0, 3, 1, 2]),
        helper.make_node("Conv", ["first", "w1"], ["c"], auto_pad="SAME_LOWER", strides=[2, 2]),
        helper.make_node("Add", ["c", "b1"], ["cb"]),
        helper.make_node("Sigmoid", ["cb"], ["s"]),
        helper.make_node("Mul", ["cb", "s"], ["silu"]),
        helper.make_node("Shape", ["silu"], ["shape"]),
        helper.make_node("Gather", ["shape", "zero"], ["count"]),
        helper.make_node("Concat", ["count", "rest"], ["wanted"], axis=0),
        helper.make_node("Reshape", ["silu", "wanted"], ["row"]),
        helper.make_node("MatMul", ["row", "w2"], ["m"]),
        helper.make_node("Add", ["m", "b2"], ["mb"]),
        helper.make_node("Softmax", ["mb"], ["y"], axis=-1),
    ]
    arrays = {
        "w1": floats(3, 1, 2, 2), "b1": floats(1, 3, 1, 1), "zero": np.array([0]), "rest": np.array([-1]),
        "w2": floats(48, 10), "b2": floats(10),
    }  # fmt: skip
    content = model(nodes, ["n", 8, 8, 1], arrays)
    imported = onnx_of(content)
    plan = resolve(imported.document)
    assert plan.ready and plan.document.data.dataset.name == "digits"
    kinds = [type(node.layer).__name__ for node in imported.document.nodes]
    assert kinds == ["Input", "Conv2d", "Flatten", "Dense"]
    assert imported.document.nodes[1].layer.activation.name == "silu"  # type: ignore[attr-defined]
    assert of_images(imported, content, channels_last=True) <= 1e-6
    assert str(imported.notes[0]).startswith("The file does not say")


def of_images(imported: Imported, content: bytes, channels_last: bool = False) -> float:
    """How far the answers to some digits lie apart, those of the imported network and those of the file."""
    plan = resolve(imported.document)
    images = sample_inputs(plan, 16)["x"]
    snapshot = dataclasses.replace(TorchTrainer(plan).snapshot(), weights=imported.weights)
    found = answers(Subject(imported.document, snapshot, ""), [images])
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    (wanted,) = session.run(None, {"x": images.transpose(0, 2, 3, 1) if channels_last else images})
    return difference(found, wanted)


@pytest.mark.parametrize("affine", [True, False])
def test_a_group_normalization_as_pytorch_writes_it(affine: bool) -> None:
    def constant(name: str, value: Any) -> Any:
        return helper.make_node("Constant", [], [name], value=numpy_helper.from_array(np.asarray(value)))

    nodes = [
        helper.make_node("Conv", ["x", "w1"], ["c"], pads=[1, 1, 1, 1]),
        constant("rows", [0, 3, -1]),
        helper.make_node("Reshape", ["c", "rows"], ["groups"], allowzero=0),
        constant("ones", np.ones(3, np.float32)),
        constant("zeros", np.zeros(3, np.float32)),
        helper.make_node("InstanceNormalization", ["groups", "ones", "zeros"], ["normal"], epsilon=1e-3),
        helper.make_node("Shape", ["c"], ["shape"]),
        helper.make_node("Reshape", ["normal", "shape"], ["back"], allowzero=0),
        helper.make_node("Mul", ["factor", "back"], ["scaled"]),
        helper.make_node("Add", ["scaled", "shift"], ["moved"]),
        helper.make_node("Flatten", ["moved" if affine else "back"], ["row"]),
        helper.make_node("Gemm", ["row", "w2"], ["y"]),
    ]
    arrays = {"w1": floats(6, 1, 3, 3), "w2": floats(384, 10), "factor": floats(6, 1, 1), "shift": floats(1, 6, 1, 1)}
    content = model(nodes if affine else [*nodes[:8], *nodes[10:]], ["n", 1, 8, 8], arrays)
    imported = onnx_of(content)
    kinds = [type(node.layer).__name__ for node in imported.document.nodes]
    assert kinds == ["Input", "Conv2d", "GroupNorm", "Flatten", "Dense"]
    layer = imported.document.nodes[2].layer
    assert isinstance(layer, GroupNorm) and (layer.groups, layer.affine) == (3, affine)
    assert of_images(imported, content) <= _RUNTIME_BOUND


def dense(weight: Any, **more: Any) -> bytes:
    return model([helper.make_node("Gemm", ["x", "w"], ["y"])], ["n", 2], {"w": weight, **more})


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "not an ONNX file"),
        (b"\x3a\x02\x0a\x7f", "not an ONNX file"),
        (dense(np.array([[np.nan], [1.0]], np.float32)), "w holds a number that is not finite"),
        (dense(floats(3, 1)), r"weights have shape \(1, 3\), but \(2,\) arrives"),
        (model([helper.make_node("Det", ["x"], ["y"], name="d")], ["n", 2], {}), r"no card for the node d \(Det\)"),
        (model([helper.make_node("Identity", ["x"], ["y"])], ["n", 2], {}), "no layer"),
        (
            model(
                [helper.make_node("ConstantOfShape", ["s"], ["c"]), helper.make_node("Add", ["x", "c"], ["y"])],
                ["n", 2],
                {"s": np.array([2**31, 2**31])},
            ),
            "makes more than 65,536 constants",
        ),
        (model([helper.make_node("Relu", ["x"], ["y"])], ["n", "m"], {}), "known shape"),
        (model([helper.make_node("Relu", ["x"], ["y"])], ["n", 2], {}, opset=6), "version 6"),
    ],
)
def test_what_cannot_be_read_is_said_in_one_sentence(content: bytes, sentence: str) -> None:
    with pytest.raises(FileError, match=sentence):
        onnx_of(content)


def test_nodes_in_a_circle_are_refused() -> None:
    links = (("Add", ["x", "b"], "a"), ("Relu", ["a"], "b"), ("Relu", ["b"], "y"))
    nodes = [helper.make_node(operator, reads, [gives]) for operator, reads, gives in links]
    with pytest.raises(FileError, match=r"circle|valid"):
        onnx_of(model(nodes, ["n", 2], {}))


def test_arrays_in_other_files_are_refused(tmp_path: Path) -> None:
    found = onnx.load_from_string(dense(floats(2, 1)))
    tensor = found.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="secret")
    (tmp_path / "net.onnx").write_bytes(found.SerializeToString())
    with pytest.raises(FileError, match="keeps w in another file"):
        read_onnx(tmp_path / "net.onnx")
    with pytest.raises(FileError, match="cannot be read"):
        read_onnx(tmp_path / "none.onnx")


def test_a_file_of_many_empty_parts_is_refused_before_it_is_parsed() -> None:
    graph = b"\x0a\x00" * (2**21 + 2**10)
    length = bytes([*(len(graph) >> shift & 0x7F | 0x80 for shift in (0, 7, 14)), len(graph) >> 21])
    with pytest.raises(FileError, match="not an ONNX file"):
        onnx_of(b"\x3a" + length + graph)


@cache
def whole() -> tuple[bytes, ...]:
    in_parts = (Reshape("image", 3, 2, 2), GroupNorm(groups=3), LocalResponseNorm(3), Flatten())
    documents = chain(Dense(3, PRelu()), Dense(1, Tanh())), image_network(), chain(Dense(12), *in_parts, Dense(1))
    return tuple(onnx_bytes(subject_of(document)) for document in documents)


def mutated(rng: np.random.Generator) -> bytes:
    content = bytearray(whole()[int(rng.integers(len(whole())))])
    for _ in range(int(rng.integers(1, 4))):
        place = int(rng.integers(len(content)))
        kind = int(rng.integers(4))
        if kind == 0:
            content[place] = int(rng.integers(256))
        elif kind == 1:
            content[place] ^= 1 << int(rng.integers(8))
        elif kind == 2:
            del content[place : place + int(rng.integers(1, 9))]
        else:
            content[place:place] = rng.bytes(int(rng.integers(1, 9)))
    return bytes(content)


def accepted_only_if_valid(seed: int) -> bool:
    """Whether a damaged file was read; then it is valid by ONNX's checker, and so is the document that it gave."""
    content = mutated(np.random.default_rng(seed))
    try:
        imported = onnx_of(content)
    except FileError as error:
        assert len(str(error)) < 600
        return False
    onnx.checker.check_model(content)
    assert document_from_json(document_to_json(imported.document)) == imported.document
    plan = resolve(imported.document)
    if plan.ready and not imported.notes:
        assert plan.saved_shapes == {name: array.shape for name, array in imported.weights.items()}
    assert all(np.isfinite(array).all() and array.dtype == np.float32 for array in imported.weights.values())
    return True


def test_damaged_files_are_read_if_valid_or_refused_in_a_sentence() -> None:
    found = [accepted_only_if_valid(seed) for seed in range(200)]
    assert 0 < sum(found) < 200


@pytest.mark.long
def test_five_thousand_damaged_files() -> None:
    for seed in range(200, 5200):
        accepted_only_if_valid(seed)
