"""ONNX files and exported programs give what the program's own run gives, read by onnxruntime and PyTorch."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest

from engine.catalog.activations import Linear, Relu, Softmax, Tanh
from engine.catalog.datasets.digits import Digits
from engine.catalog.layers.convolution import Conv2d
from engine.catalog.layers.dense import Dense
from engine.catalog.layers.normalization import BatchNorm
from engine.catalog.layers.output import Output
from engine.catalog.layers.pooling import MaxPool2d
from engine.catalog.layers.reshaping import Flatten
from engine.catalog.losses import CategoricalCrossEntropy
from engine.catalog.registry import entries
from engine.document.graph import Data, Document
from engine.export.format import Subject
from engine.export.formats.model import ExportedProgram, Onnx
from engine.export.onnx_model import onnx_bytes, written
from engine.export.proof import answers, sample_inputs
from tests.engine.export import everything
from tests.engine.export.everything import BOUND, NORMALIZED, NORMALIZED_BOUND, difference, subject_of
from tests.engine.export.subjects import read_back
from tests.engine.training.networks import chain


def image_network() -> Document:
    """Convolutions and a normalization over the digits."""
    document = chain(
        Conv2d(4, activation=Linear()), BatchNorm(), MaxPool2d(), Conv2d(3, kernel_size=2, activation=Relu()),
        Flatten(), Dense(10, Softmax()), data=Data(Digits()),
    )  # fmt: skip
    return document.set_training(loss=CategoricalCrossEntropy())


def ran(content: bytes, batches: Any) -> list[Any]:
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    names = [each.name for each in session.get_inputs()]
    return list(session.run(None, dict(zip(names, batches, strict=True))))


@pytest.fixture(scope="module")
def values() -> Any:
    """What onnxruntime gives for every card of a gallery, by name; computed once for all of its entries."""
    known: dict[int, dict[str, Any]] = {}

    def made(gallery: everything.Gallery) -> dict[str, Any]:
        if id(gallery) not in known:
            model = onnx.load_from_string(written(gallery.subject, gallery.operations))
            shapes = {step.name: step.shape for step in gallery.operations.steps}
            given = [node.output[0] for node in model.graph.node if node.output[0] in shapes]
            wanted = {gallery.called(card) for cards in gallery.cards.values() for card in cards}
            given = [name for name in given if name in wanted]
            del model.graph.output[:]
            for name in given:
                lengths = ["batch" if length is None else length for length in shapes[name]]
                model.graph.output.append(onnx.helper.make_tensor_value_info(name, 1, lengths))
            batches = everything.given(gallery.subject, gallery.values)
            known[id(gallery)] = dict(zip(given, ran(model.SerializeToString(), batches), strict=True))
        return known[id(gallery)]

    return made


def agrees(gallery: everything.Gallery, found: dict[str, Any], name: str) -> None:
    bound = NORMALIZED_BOUND if name in NORMALIZED else BOUND
    for card in gallery.cards[name]:
        called = gallery.called(card)
        if called in found:  # two transpositions that undo each other leave no node
            layer = gallery.subject.plan.nodes[card].layer
            assert difference(found[called], gallery.wanted[card]) <= bound, layer
    assert any(gallery.called(card) in found for card in gallery.cards[name])


@pytest.mark.parametrize("whole", everything.WHOLE)
@pytest.mark.parametrize("name", everything.LAYERS)
def test_every_layer(name: str, whole: bool, values: Any) -> None:
    gallery = everything.gallery_of(name, whole)
    agrees(gallery, values(gallery), name)


@pytest.mark.parametrize("whole", everything.WHOLE)
@pytest.mark.parametrize("name", list(entries("activations")))
def test_every_activation(name: str, whole: bool, values: Any) -> None:
    gallery = everything.activations(whole)
    agrees(gallery, values(gallery), name)


def test_the_file_says_what_it_is() -> None:
    model = onnx.load_from_string(onnx_bytes(subject_of(image_network())))
    said = {each.key: each.value for each in model.metadata_props}
    assert json.loads(said["classes"]) == list("0123456789")
    assert np.float32(json.loads(said["normalization"])["factor"][0]) == np.float32(1 / 255)
    assert said["title"] == "a test" and said["normalization_in"] == "metadata"
    assert [(node.name, node.op_type) for node in model.graph.node] == [
        ("conv2d_1", "Conv"), ("batchnorm_1", "BatchNormalization"), ("maxpool2d_1", "MaxPool"), ("conv2d_2", "Conv"),
        ("conv2d_2_Relu", "Relu"), ("flatten_1", "Flatten"), ("dense_1", "Gemm"), ("dense_1_Softmax", "Softmax"),
    ]  # fmt: skip
    lengths = model.graph.input[0].type.tensor_type.shape.dim
    assert [each.dim_param or each.dim_value for each in lengths] == ["batch", 1, 8, 8]
    assert not any(tensor.external_data for tensor in model.graph.initializer)


@pytest.mark.parametrize("normalization", ["metadata", "nodes"])
def test_onnxruntime_reads_it_back(normalization: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    subject, form = subject_of(image_network()), Onnx(normalization)
    files = form.files(subject, "net.onnx")
    found, wanted = read_back(subject, form, files, tmp_path, monkeypatch)
    assert difference(found, wanted) <= BOUND
    assert "Conv" in form.preview(files)


def test_pixels_go_in_where_nodes_scale_them() -> None:
    subject = subject_of(image_network())
    inputs = sample_inputs(subject.plan, 8)
    pixels = np.rint(inputs["input_1"] * 255).astype(np.float32)
    (found,) = ran(onnx_bytes(subject, scaled_by_nodes=True), [pixels])
    assert difference(found, answers(subject, list(inputs.values()))) <= BOUND


def test_pytorch_reads_its_program_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    subject, form = subject_of(image_network()), ExportedProgram()
    files = form.files(subject, "net.pt2")
    found, wanted = read_back(subject, form, files, tmp_path, monkeypatch)
    assert difference(found, wanted) <= BOUND
    assert "conv2d" in form.preview(files)


def test_several_outputs_come_with_the_main_one_first() -> None:
    document = chain(Dense(4), Dense(1, Tanh())).add(Dense(1, Tanh()), 0.0, 100.0).connect("dense_1", "dense_3")
    document = document.add(Output(), 0.0, 200.0).connect("dense_3", "output_1")
    subject = subject_of(document)
    content = onnx_bytes(subject)
    samples = everything.values_of(subject, 6)
    found = ran(content, everything.given(subject, samples))
    wanted = everything.answers(subject, samples, "dense_2", "dense_3")
    assert [each.name for each in onnx.load(io.BytesIO(content)).graph.output] == ["dense_2", "dense_3"]
    for each, card in zip(found, ("dense_2", "dense_3"), strict=True):
        assert difference(each, wanted[card]) <= BOUND


def test_the_same_run_gives_the_same_bytes() -> None:
    subject: Subject = subject_of(image_network())
    assert onnx_bytes(subject) == onnx_bytes(subject)
