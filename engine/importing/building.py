"""The network as it is found, node by node: cards, what they read, and what is still to be done to a card's value.

A value on its way is a `Flow`: what a card gives, a function of each of its numbers, and how its axes stand. Nothing
becomes a card before it is known that it must: a transposition that another takes back leaves no trace, and a function
becomes the activation of the card before it.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.catalog.activations import Activation
from engine.catalog.layers.dense import Activation as ActivationLayer
from engine.catalog.layers.dense import Input
from engine.catalog.layers.layer import Layer, Shape
from engine.catalog.layers.reshaping import Permute, Reshape, ZeroPad
from engine.catalog.layers.shapes import IMAGE, SEQUENCE
from engine.document.errors import FileError, InvalidValueError, Sentence
from engine.document.graph import MOST_NODES
from engine.importing.functions import recognized
from engine.importing.onnx_file import ModelRead, NodeRead, shown, tensor_array

Array = NDArray[Any]
BATCH = -(2**61)
"""Stands for the number of samples in shapes that the file computes: nothing that is reckoned from it is a length."""
MOST_COMPUTED, _MOST_COMPUTED_IN_ALL = 2**16, 2**24
"""Values of an array that is computed while reading, and of all of them."""


@dataclass(frozen=True)
class Flow:
    """What a card gives, and what is still to be done to it."""

    card: int
    shape: Shape
    """The card's, of one sample."""
    function: str = "x"
    """What is computed of each number, as a typed formula."""
    activation: Activation | None = None
    """What of the catalogue that function is, where the file has an operator for it."""
    axes: Shape | None = None
    """Axis i of the value is the card's axis axes[i]; None: as the card's."""
    ones: int = 0
    """Further axes of length 1 behind the card's."""
    pads: tuple[tuple[int, int], ...] = ()
    """Values before and behind each axis but the channels'; only of values whose axes stand as the card's."""
    pad_value: float = 0.0

    @property
    def seen(self) -> Shape:
        """The shape that the file sees, without the batch."""
        turned = self.shape if self.axes is None else tuple(self.shape[axis] for axis in self.axes)
        if self.pads:
            sides = (length + sum(pair) for length, pair in zip(turned[1:], self.pads, strict=True))
            turned = (*turned[:1], *sides)
        return turned + (1,) * self.ones

    @property
    def pending(self) -> bool:
        """Whether a function waits to be applied."""
        return self.function != "x"


@dataclass
class Card:
    """A card to be: its layer, what it reads, its arrays."""

    layer: Layer
    sources: list[int]
    shape: Shape
    name: str
    arrays: dict[str, Array] = field(default_factory=dict)


class Unknown(Exception):
    """What a rule cannot make a card of; says why."""

    def __init__(self, template: str, **values: Any) -> None:
        self.sentence = Sentence(template, values)
        super().__init__(str(self.sentence))


class Building:
    """Cards and values so far."""

    def __init__(self, model: ModelRead) -> None:
        self.model = model
        self.cards: list[Card] = []
        self.values: dict[str, Flow | Array] = {}
        self._made: dict[tuple[Any, ...], int] = {}
        self._left = dict(model.uses)
        self._named: dict[int, list[str]] = {}
        self._read: set[int] = set()
        self._computed = 0

    # --- what a node reads ---------------------------------------------------------------------------------------

    def value(self, name: str) -> Flow | Array:
        """What a name stands for: a value on its way, or an array that the file holds."""
        if name not in self.values:
            self.values[name] = self.model.stored(name)
        return self.values[name]

    def flow(self, node: NodeRead, place: int = 0) -> Flow:
        """An input that must depend on the samples."""
        found = self.value(node.inputs[place]) if place < len(node.inputs) else None
        if not isinstance(found, Flow):
            raise Unknown("its input {number} is a constant", number=place + 1)
        return found

    def array(self, node: NodeRead, place: int) -> Array | None:
        """An input that must be stored in the file; None if it is left out."""
        if place >= len(node.inputs) or not node.inputs[place]:
            return None
        found = self.value(node.inputs[place])
        if isinstance(found, Flow):
            raise Unknown("its input {number} is computed from the samples", number=place + 1)
        return found

    def weights(self, node: NodeRead, place: int) -> Array | None:
        """Numbers that are learned, float32 and finite."""
        found = self.array(node, place)
        if found is None:
            return None
        if found.dtype != np.float32 or not found.size:
            raise Unknown("{name} holds no float32 numbers", name=shown(node.inputs[place]))
        if not np.isfinite(found).all():
            raise FileError("{name} holds a number that is not finite", name=shown(node.inputs[place]))
        return found

    def needed(self, node: NodeRead, place: int) -> Array:
        """Numbers that are learned and may not be left out."""
        found = self.weights(node, place)
        if found is None:
            raise Unknown("its input {number} is left out", number=place + 1)
        return found

    def whole(self, node: NodeRead, attribute: str, place: int) -> tuple[int, ...] | None:
        """Whole numbers that an attribute or, in later versions, an input gives."""
        if attribute in node.attributes:
            return tuple(node.attributes[attribute])
        found = self.array(node, place)
        if found is None:
            return None
        if found.dtype.kind != "i" or found.size > MOST_COMPUTED:
            raise Unknown("its input {number} must be whole numbers", number=place + 1)
        return tuple(int(each) for each in found.ravel())

    def tensor(self, node: NodeRead, attribute: str) -> Array:
        """The array that an attribute holds."""
        return tensor_array(node.attributes[attribute], node.name)

    def readers(self, node: NodeRead) -> tuple[str, ...]:
        """The operators that read what a node gives; "" for an output of the network."""
        return self.model.readers.get(node.outputs[0], ())

    # --- what a node gives ---------------------------------------------------------------------------------------

    def give(self, node: NodeRead, found: Flow | Array) -> None:
        """Keep what a node gives; its inputs are read by one node less."""
        for name in filter(None, node.inputs):
            self._left[name] -= 1
        name = node.outputs[0]
        if isinstance(found, Flow):
            if self.model.uses[name] > 1:  # what several read is what a card gives
                found = self.applied(found)
            self.name(name, found)
            return
        self._computed += found.size if found.base is None else 0
        if self._computed > _MOST_COMPUTED_IN_ALL:
            raise Unknown("the file computes more than {most} constants", most=f"{_MOST_COMPUTED_IN_ALL:,}")
        self.values[name] = found

    def name(self, name: str, flow: Flow) -> None:
        """Call a value by the name that the file has for it."""
        self.values[name] = flow
        self._named.setdefault(flow.card, []).append(name)

    def is_lone(self, flow: Flow) -> bool:
        """Whether nothing but the present node needs what a card gives, so that the card may be changed."""
        left = sum(self._left.get(name, 0) for name in self._named.get(flow.card, ()))
        return left == 1 and flow.card not in self._read and not flow.pending and not flow.pads

    # --- cards -----------------------------------------------------------------------------------------------------

    def add(self, layer: Layer, flows: list[Flow], node: NodeRead | None, **arrays: Array | None) -> Flow:
        """One more card that reads values as they are, and its own value."""
        return self._add(layer, [self.plain(flow).card for flow in flows], node.name if node else "", arrays)

    def _add(self, layer: Layer, sources: list[int], name: str, arrays: Mapping[str, Array | None]) -> Flow:
        if len(self.cards) >= MOST_NODES:
            raise FileError("{file} has more than {most} layers", file=self.model.file, most=f"{MOST_NODES:,}")
        least, most = layer.takes
        if not least <= len(sources) <= most:
            raise Unknown("it joins {count} values; {most} are the most", count=len(sources), most=most)
        shape = layer.output_shape(*(self.cards[source].shape for source in sources))
        self._read.update(sources)
        held = {name: array for name, array in arrays.items() if array is not None}
        self.cards.append(Card(layer, sources, shape, name, held))
        return Flow(len(self.cards) - 1, shape)

    def enter(self, name: str, shape: Shape) -> Flow:
        """An Input card."""
        self.cards.append(Card(Input(), [], shape, name))
        return Flow(len(self.cards) - 1, shape)

    def applied(self, flow: Flow) -> Flow:
        """The value with its function made a card of its own, which may later be joined with the one before it."""
        if not flow.pending:
            return flow
        key = (flow.card, flow.function, flow.activation)
        if key not in self._made:
            card = flow.card
            for layer, arrays in recognized(flow.function, flow.activation):
                card = self._add(layer, [card], "", arrays).card
            self._made[key] = card
        return dataclasses.replace(flow, card=self._made[key], function="x", activation=None)

    def activated(self, flow: Flow, activation: Activation, node: NodeRead, **arrays: Array) -> Flow:
        """The value behind an activation that learns, or that looks at all units together."""
        base = self.applied(flow)
        made = self._add(ActivationLayer(activation), [base.card], node.name, arrays)
        return dataclasses.replace(base, card=made.card)

    def padded(self, flow: Flow) -> Flow:
        """The value with its zeros made a card."""
        if not any(map(any, flow.pads)):
            return dataclasses.replace(flow, pads=())
        if flow.pad_value != 0.0:
            raise Unknown("it pads with {value}, and only zeros can be put around an image", value=flow.pad_value)
        (top, bottom), (left, right) = (ZeroPad().top, ZeroPad().bottom), flow.pads[-1]
        if len(flow.pads) == 2:
            top, bottom = flow.pads[0]
        return self._add(ZeroPad(top, bottom, left, right), [flow.card], "", {})

    def standing(self, flow: Flow) -> Flow:
        """The value with nothing more to do but zeros to put around it."""
        flow = self.applied(flow)
        if flow.axes is not None:
            order = " ".join(str(axis + 1) for axis in flow.axes)
            turned = (flow.card, order)
            if turned not in self._made:
                self._made[turned] = self._add(Permute(order), [flow.card], "", {}).card
            flow = Flow(self._made[turned], self.cards[self._made[turned]].shape, ones=flow.ones)
        if flow.ones:
            longer = (flow.card, flow.ones)
            if longer not in self._made:
                self._made[longer] = self.laid_out(Flow(flow.card, flow.shape), flow.seen).card
            flow = Flow(self._made[longer], flow.seen)
        return flow

    def plain(self, flow: Flow) -> Flow:
        """The value as a card gives it, with nothing more to do."""
        return self.padded(self.standing(flow))

    def laid_out(self, flow: Flow, shape: Shape) -> Flow:
        """The value in another shape of as many numbers, as an image or a sequence."""
        if len(shape) == IMAGE:
            return self.add(Reshape("image", *shape), [flow], None)
        if len(shape) == SEQUENCE:
            return self.add(Reshape("sequence", shape[0], 0, shape[1]), [flow], None)
        raise Unknown("it gives {count} axes; cards give one to three", count=len(shape))


def zeros_around(card: Card) -> list[tuple[int, int]] | None:
    """How many zeros a ZeroPad puts before and behind each axis but the channels'; None for another card."""
    layer = card.layer
    if not isinstance(layer, ZeroPad):
        return None
    across = (layer.left, layer.right)
    return [across] if len(card.shape) == SEQUENCE else [(layer.top, layer.bottom), across]


def small(array: Array) -> Array:
    """An array that may be computed with while reading."""
    if array.size > MOST_COMPUTED:
        raise Unknown("it computes more than {most} constants", most=f"{MOST_COMPUTED:,}")
    return array


def number_of(array: Array) -> float:
    """The one finite number that an array holds."""
    if array.size != 1 or array.dtype.kind not in "fi":
        raise Unknown("it needs a single number where {shape} are", shape=array.shape)
    value = float(array.ravel()[0])
    if not math.isfinite(value):
        raise Unknown("it has {value} where it needs a number", value=value)
    return value


def choice(layer: type, **fields: Any) -> Any:
    """A layer or activation with these fields; None where one is out of range."""
    try:
        return layer(**fields)
    except InvalidValueError:
        return None


def _broadcast(flow: Flow, array: Array) -> Shape:
    """An array's shape with the axes that it leaves out."""
    return (1,) * (1 + len(flow.seen) - array.ndim) + array.shape


def is_per_channel(flow: Flow, array: Array) -> bool:
    """Whether an array has one number for each channel."""
    channel = 0 if flow.axes is None else flow.axes.index(0)
    wanted = tuple(length if axis == channel else 1 for axis, length in enumerate(flow.seen))
    return _broadcast(flow, array) == (1, *wanted)


def is_one_number(flow: Flow, array: Array) -> bool:
    """Whether an array holds the same number everywhere, and no axis that what arrives has not."""
    fits = zip(_broadcast(flow, array), (1, *flow.seen), strict=False)
    small_enough = array.ndim <= 1 + len(flow.seen) and all(each in (1, length) for each, length in fits)
    return small_enough and array.size > 0 and bool((array == array.ravel()[0]).all())


def per_channel(flow: Flow, array: Array) -> Array:
    """The numbers of an array that has one for each channel."""
    if not is_per_channel(flow, array) or array.dtype != np.float32:
        raise Unknown(
            "{shape} constants meet a value of {seen}; a card has one for each channel",
            shape=array.shape,
            seen=flow.seen,
        )
    if not np.isfinite(array).all():
        raise Unknown("a constant is not finite")
    return array.ravel()
