"""Every form of export that computes something: its reader answers as the program does, or it is refused in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, reject, settings
from hypothesis import strategies as st

from engine.catalog.activations import Linear, Relu, Sigmoid, Softmax, Tanh
from engine.catalog.layers.convolution import Conv2d
from engine.catalog.layers.dense import Dense
from engine.catalog.layers.normalization import BatchNorm
from engine.catalog.layers.pooling import MaxPool2d
from engine.catalog.layers.reshaping import Flatten
from engine.catalog.losses import CategoricalCrossEntropy
from engine.catalog.registry import entries, entry
from engine.document.errors import PlaygroundError, Sentence
from engine.document.examples import load_example
from engine.document.graph import Document
from engine.export import c_header, keras_code, numpy_code, onnx_model
from engine.export.format import Format, Subject
from engine.export.operations import operations
from engine.export.proof import answers, difference, sample_inputs
from tests.engine.export import everything
from tests.engine.export.everything import BOUND, LAYERS, NORMALIZED, NORMALIZED_BOUND, subject_of
from tests.engine.export.grown import some_network
from tests.engine.export.reading import Placed, found, placed, read_elsewhere, read_here
from tests.engine.training.networks import chain

FORMS = {name: cls for name, cls in entries("formats").items() if cls.reader is not Format.reader}
SWEPT = ("safetensors", "npz", "state_dict", "onnx", "pytorch_inference", "numpy")
"""The forms that take every layer, every activation, and networks of any shape."""


def classes() -> Document:
    """Dense layers, and a softmax that belongs to the loss."""
    return load_example("blobs").document


def images() -> Document:
    """Convolutions, a normalization and a pooling over the digits."""
    layers = [Conv2d(4, activation=Linear()), BatchNorm(), MaxPool2d(), Conv2d(3, kernel_size=2, activation=Relu())]
    document = chain(*layers, Flatten(), Dense(10, Softmax()), data=load_example("digits").document.data)
    return document.set_training(loss=CategoricalCrossEntropy())


def branches() -> Document:
    """Two Input cards, two branches that meet, and a link around both."""
    return load_example("skip").document


def numbers() -> Document:
    """A gate and a skip link behind one Input card; the answer is a number."""
    document = chain(Dense(4, Tanh()), Dense(4, Sigmoid()), data=load_example("gauss-regression").document.data)
    document = document.append(entry("layers", "Multiply")()).connect("dense_1", "multiply_1", 1)
    document = document.append(Dense(3, Tanh())).append(entry("layers", "Concatenate")())
    return document.connect("dense_1", "concatenate_1", 1).append(Dense(1, Linear()))


NETWORKS: dict[str, Callable[[], Document]] = {each.__name__: each for each in (classes, images, branches, numbers)}
_DRAWS = 8
"""How often inputs are moved by their last digit to see what a network makes of it."""
FLAT_ONLY = {"c_header": ("classes", "numbers")}
"""What a form does not refuse, where it is not all of them."""


class Outcome:
    """What came of every network in every form: answers, or why it was refused."""

    def __init__(self, folder: Path) -> None:
        self.wanted: dict[str, Any] = {}
        self.read: dict[tuple[str, str], Placed | Sentence] = {}
        for network, make in NETWORKS.items():
            subject = subject_of(make())
            inputs = sample_inputs(subject.plan, 24)
            self.wanted[network] = answers(subject, list(inputs.values()))
            for name, cls in FORMS.items():
                self.read[name, network] = placed(subject, cls(), inputs, folder / f"{name}_{network}")
        read_elsewhere([each for each in self.read.values() if isinstance(each, Placed)], folder)


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    once = cache(operations)  # the dearest part, and the same for each form
    with pytest.MonkeyPatch.context() as patch:
        for module in (c_header, keras_code, numpy_code, onnx_model):
            patch.setattr(module, "operations", once)
        return Outcome(tmp_path_factory.mktemp("forms"))


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("name", FORMS)
def test_an_independent_reader_answers_the_same(name: str, network: str, outcome: Outcome) -> None:
    read = outcome.read[name, network]
    if network not in FLAT_ONLY.get(name, NETWORKS):
        assert not isinstance(read, Placed) and is_a_sentence(str(read))
        return
    assert isinstance(read, Placed), str(read)
    answered, wanted = found(read), outcome.wanted[network]
    assert answered.shape == wanted.shape and answered.dtype == np.float32
    assert np.ptp(wanted) > 1e-3, "answers that are all the same prove nothing"
    assert difference(answered, wanted) <= BOUND


def is_a_sentence(text: str) -> bool:
    return len(text) > 10 and "\n" not in text and "{" not in text


# --- long: all layers, all activations, networks of any shape --------------------------------------------------------


def bound_of(name: str, subject: Subject, inputs: list[Any], wanted: Any) -> float:
    """The largest difference that may be, which is `BOUND` but for two reasons.

    One is `NORMALIZED`. The other is a network that magnifies rounding: where inputs that differ in their last digit
    alone change the program's own answers by more, no other order of sums can come closer.
    """
    chance, magnified = np.random.default_rng(0), 0.0
    for _ in range(_DRAWS):  # in one of them, what moves the answers may cancel
        signs = [np.float32(2**-23) * chance.choice([-1, 1], each.shape) for each in inputs]
        moved = [(each * (1 + sign)).astype(np.float32) for each, sign in zip(inputs, signs, strict=True)]
        magnified = max(magnified, 4 * difference(answers(subject, moved), wanted))
    cards = {type(node.layer).__name__ for node in subject.plan.nodes.values()}
    normalized = NORMALIZED_BOUND if name == "onnx" and cards & NORMALIZED else BOUND
    return max(normalized, magnified)


def sweep(subject: Subject, folder: Path, record: Callable[[str, object], None]) -> set[str]:
    """Let every swept form be read, and return those that refuse; what differs is recorded for the report."""
    inputs = sample_inputs(subject.plan, 8)
    given = list(inputs.values())
    wanted = answers(subject, given)
    assert np.isfinite(wanted).all()
    refused = set()
    for name in SWEPT:
        read = placed(subject, FORMS[name](), inputs, folder / name)
        if not isinstance(read, Placed):
            assert is_a_sentence(str(read))
            record("refused", f"{name}: {read}")
            refused.add(name)
            continue
        with np.errstate(all="ignore"):
            away = difference(read_here(read), wanted)
        record(name, away)
        if away > BOUND:
            record("looser", f"{name}: {away}")
            assert away <= bound_of(name, subject, given, wanted), name
    return refused


def of_layer(name: str) -> Iterator[Subject]:
    """A network around the layer for each of its examples."""
    cls = entry("layers", name)
    for example in cls.examples:
        growing = everything.Growing()
        activation = Sigmoid() if cls.checks_values else Linear()  # whole numbers, 0 or 1, for an Embedding
        sources = [growing.source(shape, port, activation) for port, shape in enumerate(example)]
        yield subject_of(growing.joined([growing.add(cls(), *sources)]))


@pytest.mark.long
@pytest.mark.parametrize("name", LAYERS)
def test_every_layer(name: str, tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    for number, subject in enumerate(of_layer(name)):
        assert sweep(subject, tmp_path / str(number), record_property) < set(SWEPT), "every form refuses it"


@pytest.mark.long
@pytest.mark.parametrize("name", list(entries("activations")))
def test_every_activation(name: str, tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    subject = subject_of(chain(Dense(4, entry("activations", name)()), Dense(1, Tanh())))
    assert sweep(subject, tmp_path, record_property) < set(SWEPT), "every form refuses it"


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("part", range(10))
@settings(max_examples=20, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**32))
def test_networks_of_any_shape(
    part: int, seed: int, tmp_path_factory: pytest.TempPathFactory, record_property: Callable[[str, object], None]
) -> None:
    document = some_network(seed)
    assume(document is not None)
    assert document is not None
    try:
        subject = subject_of(document, seed)
        own = answers(subject, list(sample_inputs(subject.plan, 8).values()))
    except PlaygroundError:  # an Embedding, say, to which no whole numbers come
        reject()
    assume(np.isfinite(own).all())
    assert sweep(subject, tmp_path_factory.mktemp("net"), record_property) < set(SWEPT)
