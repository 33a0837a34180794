"""Networks that hold all layers and activations: written down by PyTorch in few goes, looked at by card."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import numpy as np
import pytest

from engine.catalog.activations import Linear, Sigmoid
from engine.catalog.activations.typed import Formula
from engine.catalog.layers.dense import Activation, Dense, Input
from engine.catalog.layers.layer import Layer, Shape
from engine.catalog.layers.merging import Concatenate
from engine.catalog.layers.reshaping import Flatten, Reshape
from engine.catalog.registry import Choice, entries, form
from engine.document.errors import PlaygroundError
from engine.document.graph import Document, Network, Training
from engine.export.format import Subject
from engine.export.operations import Operations, operations
from engine.plan.resolve import resolve
from engine.training.torch_trainer import TorchTrainer
from tests.engine.training.networks import DATA

_MOST = 64  # cards that one Concatenate takes
BOUND = 1e-6
"""Of the difference of answers."""
NORMALIZED = {"GroupNorm", "InstanceNorm", "LayerNorm"}
"""onnxruntime and Keras sum up means and variances in another order than PyTorch. Where what arrives hardly differs, it
is divided by a small deviation, and the last digits of the sums with it."""
NORMALIZED_BOUND = 1e-5
FORMULAS = (
    "exp(-abs(x)) + log(1 + x^2) * sqrt(abs(x))",
    "where(x > 0.3, x, sin(x)) - (x < -0.5)",
    "max(x, 0.2) / (1 + min(x, 0)^2) + sign(x) * cos(x)",
    "tanh(x) + sigmoid(x) * relu(x) + erf(x)",
    "softplus(x) + sinh(x / 3) + cosh(x / 3) + tan(x / 9)",
    "expm1(x / 3) + log1p(x^2) + 2^(x / 3)",
)
"""Between them, every function that a formula may use."""
WHOLE = (False, pytest.param(True, marks=pytest.mark.long))
"""Whether the galleries are whole, for tests that look at both."""
ALONE = ("Output",)
"""What makes an answer, and so is no card among others."""


def subject_of(document: Document, seed: int = 0) -> Subject:
    """The document with weights that are no initial ones: biases, averages and factors that matter."""
    plan = resolve(document)
    assert plan.ready, [str(problem.sentence) for problem in plan.problems]
    run = TorchTrainer(plan)
    snapshot = run.snapshot()
    rng = np.random.default_rng(seed)
    for name, array in snapshot.weights.items():
        noise = rng.normal(0.0, 0.2, array.shape).astype(np.float32)
        array[...] = array + (np.abs(noise) if name.endswith("running_var") else noise)
    return Subject(document, snapshot, "a test")


def values_of(subject: Subject, count: int) -> Any:
    """Samples as the data set holds them."""
    return np.random.default_rng(count).uniform(-3, 3, (count, 2))


def answers(subject: Subject, values: Any, *cards: str) -> dict[str, Any]:
    """What the program's own run gives for samples as the data set holds them, by card."""
    run = TorchTrainer(subject.plan)
    run.restore(subject.snapshot)
    return run.outputs(values, cards)


def given(subject: Subject, values: Any) -> list[Any]:
    """What each Input card passes on of samples."""
    plan, dataset = subject.plan, subject.document.data.dataset
    layers = [plan.nodes[name].layer for name in plan.order if not plan.nodes[name].layer.takes[1]]
    return [dataset.inputs(values, getattr(layer, "columns", ())) for layer in layers]


def difference(found: Any, wanted: Any) -> float:
    """The largest difference of answers, relative to the largest answer, or to 1 if that is smaller."""
    assert found.shape == wanted.shape and found.dtype == np.float32
    if not wanted.size:
        return 0.0
    return float(np.abs(found.astype(np.float64) - wanted).max() / max(1.0, float(np.abs(wanted).max())))


def variants(cls: type[Layer]) -> Iterator[tuple[Layer, tuple[Shape, ...]]]:
    """A layer as it comes for each of its examples, and with each choice, all switches, larger numbers for one of them.

    The larger numbers come with each padding: that is where convolution and pooling differ most.
    """
    for example in cls.examples:
        yield cls(), example
    fields = [field for field in form(cls) if field.name != "trainable"]
    choices = {field.name: field.constraint.options for field in fields if isinstance(field.constraint, Choice)}
    larger = {field.name: field.default + 1 for field in fields if field.kind is int}
    changes: list[dict[str, Any]] = [{name: option} for name, options in choices.items() for option in options]
    changes.append({field.name: not field.default for field in fields if field.kind is bool})
    for padding in choices.get("padding", ()):
        changes += [{name: value, "padding": padding} for name, value in larger.items() if name == "stride"]
        changes += [{**larger, "groups": 1, "padding": padding}, {"groups": 2, "padding": padding}]
    changes += [{name: value} for name, value in larger.items()] if "padding" not in choices else []
    made: list[Layer] = []
    for change in changes:
        change = {name: value for name, value in change.items() if hasattr(cls, name)}
        for example in reversed(cls.examples):
            try:
                layer = cls().replace(**change)
                layer.output_shape(*example)
            except PlaygroundError:
                continue
            if layer not in (cls(), *made):
                made.append(layer)
                yield layer, example
            break


class Growing:
    """A document while cards are added to it."""

    def __init__(self) -> None:
        self.document = Document((Network(),), DATA, Training(), seed=1).add(Input(), 0.0, 0.0)
        self._sources: dict[Any, str] = {}

    def add(self, layer: Layer, *sources: str) -> str:
        self.document = self.document.add(layer, 0.0, 0.0)
        name = self.document.nodes[-1].id
        for port, source in enumerate(sources):
            self.document = self.document.connect(source, name, port)
        return name

    def source(self, shape: Shape, port: int, activation: Any) -> str:
        """A card that gives a shape."""
        key = shape, port, activation.name
        if key not in self._sources:
            found = self.add(Dense(math.prod(shape), activation), "input_1")
            if len(shape) > 1:
                sides = {"height": shape[1]} if len(shape) == 3 else {}
                target = "image" if len(shape) == 3 else "sequence"
                found = self.add(Reshape(target, channels=shape[0], width=shape[-1], **sides), found)
            self._sources[key] = found
        return self._sources[key]

    def joined(self, cards: list[str]) -> Document:
        """With one answer that is computed from all of these."""
        plan = resolve(self.document)
        sides: dict[Shape, list[str]] = {}
        for card in cards:
            sides.setdefault((plan.nodes[card].output_shape or ())[1:], []).append(card)
        ends = []
        for length, alike in sides.items():
            end = self._side_by_side(alike)
            ends.append(self.add(Flatten(), end) if length else end)
        self.add(Dense(1, Linear()), self._side_by_side(ends))
        return self.document

    def _side_by_side(self, cards: list[str]) -> str:
        while len(cards) > 1:
            groups = [cards[start : start + _MOST] for start in range(0, len(cards), _MOST)]
            cards = [self.add(Concatenate(), *group) if len(group) > 1 else group[0] for group in groups]
        return cards[0]


PARTS = 8
"""In so many networks all layers are spread: PyTorch takes more time for each step the more there are."""


@dataclass(frozen=True, eq=False)
class Gallery:
    """One network, the cards of each entry in it, and what PyTorch writes down of it."""

    subject: Subject
    cards: dict[str, tuple[str, ...]]

    @cached_property
    def operations(self) -> Operations:
        return operations(self.subject)

    @cached_property
    def values(self) -> Any:
        return values_of(self.subject, 5)

    @cached_property
    def wanted(self) -> dict[str, Any]:
        return answers(self.subject, self.values, *self.subject.plan.order)

    def called(self, card: str) -> str:
        """What gives a card's value: the card itself, or, where it does nothing at test time, the one before it."""
        while card not in {step.name for step in self.operations.steps}:
            card = self.subject.plan.nodes[card].sources[0]
        return card

    def check(self, found: Mapping[str, Any], name: str) -> None:
        """Every card of the entry gives in `found` what it gives in the program's own run."""
        assert self.cards[name]
        for card in self.cards[name]:
            assert difference(found[self.called(card)], self.wanted[card]) <= BOUND, self.subject.plan.nodes[card].layer


LAYERS = tuple(name for name, cls in entries("layers").items() if cls.takes[1] and name not in ALONE)


def gallery_of(layer: str, whole: bool = False) -> Gallery:
    """A network that the layer is in: as it comes on its first example, or, of the whole galleries, in all its ways."""
    return _layers(LAYERS.index(layer) % PARTS, whole)


@cache
def _layers(part: int, whole: bool) -> Gallery:
    growing, found = Growing(), dict[str, tuple[str, ...]]()
    for name in LAYERS[part::PARTS]:
        cls = entries("layers")[name]
        cards = []
        for layer, example in variants(cls) if whole else [(cls(), cls.examples[0])]:
            activation = Sigmoid() if cls.checks_values else Linear()  # whole numbers, 0 or 1, for an Embedding
            sources = [growing.source(shape, port, activation) for port, shape in enumerate(example)]
            cards.append(growing.add(layer, *sources))
        found[name] = tuple(cards)
    return Gallery(subject_of(growing.joined([card for cards in found.values() for card in cards])), found)


@cache
def activations(whole: bool = False) -> Gallery:
    """A network of all activations behind Dense cards; with the whole gallery, on images, and with their choices."""
    growing, found = Growing(), dict[str, tuple[str, ...]]()
    for name, cls in entries("activations").items():
        made = [cls()]
        for field in form(cls):
            if whole and isinstance(field.constraint, Choice):
                made += [cls().replace(**{field.name: option}) for option in field.constraint.options]
        made += [Formula(text) for text in FORMULAS] if cls is Formula else []
        cards = [growing.add(Dense(4, activation), "input_1") for activation in made]
        if whole:
            cards.append(growing.add(Activation(cls()), growing.source((3, 4, 4), 0, Linear())))
        found[name] = tuple(cards)
    return Gallery(subject_of(growing.joined([card for cards in found.values() for card in cards])), found)
