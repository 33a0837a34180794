"""A network as operators of PyTorch gives what the program's own run gives, and so does NumPy source made of them."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from engine.catalog.activations import PRelu, Sigmoid, Tanh
from engine.catalog.layers.dense import Dense, Input
from engine.catalog.layers.output import Output
from engine.catalog.layers.regularizing import Dropout
from engine.catalog.losses import MeanSquaredError
from engine.catalog.registry import entries, entry
from engine.document.errors import PlaygroundError
from engine.document.graph import Document
from engine.document.naming import rename
from engine.export.format import Subject
from engine.export.numpy_code import numpy_source
from engine.export.operations import Operations, exported_program, operations
from engine.plan.resolve import resolve
from engine.training.torch_trainer import TorchTrainer
from tests.engine.export import everything
from tests.engine.export.evaluated import evaluate, predicted
from tests.engine.export.everything import BOUND, Gallery, difference
from tests.engine.training.networks import chain


def in_numpy(subject: Subject, found: Operations, batches: Any, folder: Path) -> tuple[Any, dict[str, Any]]:
    """What the NumPy source of the operations gives, and its variables."""
    arrays = io.BytesIO()
    np.savez(arrays, **dict(found.constants))
    (folder / "net.npz").write_bytes(arrays.getvalue())
    (folder / "net.py").write_text(numpy_source(found, subject.plan, subject.title, "net.npz"), encoding="utf-8")
    return predicted(folder / "net.py", batches)


def check(document: Document, folder: Path) -> Operations:
    """Operators and NumPy give for one sample and for several what the program's own run gives, at every answer."""
    subject = everything.subject_of(document)
    found = operations(subject)
    for count in (1, 6):
        values = everything.values_of(subject, count)
        batches = everything.given(subject, values)
        wanted = everything.answers(subject, values, *(answer.card for answer in found.outputs))
        computed = evaluate(found, batches)
        written, _ = in_numpy(subject, found, batches, folder)
        written = written if isinstance(written, tuple) else (written,)
        for answer, own in zip(found.outputs, written, strict=True):
            assert difference(computed[answer.name], wanted[answer.card]) <= BOUND
            assert difference(own, wanted[answer.card]) <= BOUND
    return found


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What PyTorch and NumPy make of a gallery: every value by name; computed once for all of its entries."""
    known: dict[int, tuple[dict[str, Any], dict[str, Any]]] = {}

    def made(gallery: Gallery) -> tuple[dict[str, Any], dict[str, Any]]:
        if id(gallery) not in known:
            batches = everything.given(gallery.subject, gallery.values)
            _, variables = in_numpy(gallery.subject, gallery.operations, batches, tmp_path_factory.mktemp("numpy"))
            known[id(gallery)] = evaluate(gallery.operations, batches), variables
        return known[id(gallery)]

    return made


@pytest.mark.parametrize("whole", everything.WHOLE)
@pytest.mark.parametrize("name", everything.LAYERS)
def test_every_layer(name: str, whole: bool, both: Any) -> None:
    gallery = everything.gallery_of(name, whole)
    for values in both(gallery):
        gallery.check(values, name)


@pytest.mark.parametrize("whole", everything.WHOLE)
@pytest.mark.parametrize("name", list(entries("activations")))
def test_every_activation(name: str, whole: bool, both: Any) -> None:
    gallery = everything.activations(whole)
    for values in both(gallery):
        gallery.check(values, name)


def test_what_is_random_while_training_is_not_there_at_test_time(tmp_path: Path) -> None:
    found = check(chain(Dense(4, Tanh()), Dropout(0.5), Dense(1, Tanh())), tmp_path)
    assert [(step.name, step.operator, step.card) for step in found.steps] == [
        ("dense_1_linear", "linear", "dense_1"),
        ("dense_1", "tanh", "dense_1"),
        ("dense_2_linear", "linear", "dense_2"),
        ("dense_2", "tanh", "dense_2"),
    ]
    assert list(found.constants) == ["dense_1.weight", "dense_1.bias", "dense_2.weight", "dense_2.bias"]


@pytest.mark.parametrize("weights", ["own", "shared"])
def test_blocks_with_weights_of_their_own_or_shared(weights: str, tmp_path: Path) -> None:
    document = chain(Dense(4, Tanh()), Dense(4, Tanh()), Dense(4, PRelu()), Dense(1)).fold(["dense_2", "dense_3"])
    block = next(node for node in document.nodes if node.layer.name == "Block")
    document = document.set_field(block.id, "weights", weights)
    document = document.insert_between(document.networks[0].outputs_of(block.id)[0], document.node(block.id).layer)
    found = check(document, tmp_path)
    assert f"{block.id}.dense_1.weight" in found.constants
    assert len(found.constants) == (9 if weights == "shared" else 14)


def test_several_inputs_and_answers_after_their_activation(tmp_path: Path) -> None:
    document = chain(Dense(4, Tanh()), Dense(1, Sigmoid()))
    document = document.set_training(loss=entry("losses", "binary_cross_entropy")())
    document = document.add(Input(columns=("x1_x2", "sin_x1", "x2")), 0.0, 100.0).add(Dense(4, Tanh()), 0.0, 200.0)
    document = document.connect("input_2", "dense_3").add(entry("layers", "Add")(), 0.0, 300.0)
    first = document.networks[0].inputs_of("dense_2")[0]
    document = document.disconnect(first).connect("dense_1", "add_1", 0).connect("dense_3", "add_1", 1)
    document = document.connect("add_1", "dense_2").add(Dense(1, Tanh()), 0.0, 400.0).connect("dense_3", "dense_4")
    document = document.add(Output(weight=0.5, own_loss=True, loss=MeanSquaredError()), 0.0, 500.0)
    document = document.connect("dense_4", document.nodes[-1].id)
    found = check(document, tmp_path)
    assert [(given.name, given.shape) for given in found.inputs] == [("input_1", (2,)), ("input_2", (3,))]
    assert [answer.shape for answer in found.outputs] == [(None, 1), (None, 1)]


def test_the_exported_program_holds_the_weights_and_takes_batches_of_any_size() -> None:
    subject = everything.subject_of(chain(Dense(4, PRelu()), Dense(1, Tanh())))
    program = exported_program(subject)
    assert sorted(program.state_dict) == [
        "dense_1.bias", "dense_1.weight", "dense_1_activation.weight", "dense_2.bias", "dense_2.weight",
    ]  # fmt: skip
    for count in (1, 7):
        values = everything.values_of(subject, count)
        (found,) = program.module()(*map(torch.from_numpy, everything.given(subject, values)))
        assert difference(found.numpy(), everything.answers(subject, values, "dense_2")["dense_2"]) <= BOUND


def test_a_network_that_cannot_train_is_refused() -> None:
    document = chain(Dense(3))
    plan = resolve(document)
    assert not plan.ready
    with pytest.raises(PlaygroundError, match="cannot be exported"):
        operations(Subject(document, TorchTrainer(resolve(chain(Dense(1)))).snapshot(), "a test"))


def test_names_of_cards_that_python_or_pytorch_keep_for_themselves(tmp_path: Path) -> None:
    document = chain(Dense(4, PRelu()), Dense(3, Tanh()), Dense(1, Tanh()))
    for old, new in {"dense_1": "forward", "dense_2": "class", "dense_3": "forward__activation"}.items():
        document = rename(document, old, new)
    found = check(document, tmp_path)
    assert [step.name for step in found.steps][-1] == found.outputs[0].name
    assert {step.card for step in found.steps} == {"forward", "class", "forward__activation"}
