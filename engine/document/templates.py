"""Networks and parts of networks that need not be drawn card by card.

A template is one function with `@template`. It adds cards through a `Drawing`, which knows the shape that leaves each
of them, so that a template can suit what reaches it: a residual block of images convolves, one of numbers is dense.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from engine.catalog.activations import Activation
from engine.catalog.layers.layer import Layer, Shape
from engine.catalog.registry import entry
from engine.document.errors import GraphError, InvalidValueError, ShapeError
from engine.document.graph import CARD_GAP, Document

ROW = 176.0
"""Distance between the centres of cards above each other, scene units."""
_IMAGE = 3
_SMALLEST_SIDE = 4
_MOST_SIZES = 32


class Drawing:
    """A document to which a template adds its cards, and the shapes that leave them."""

    def __init__(self, document: Document, shapes: Mapping[str, Shape]) -> None:
        self.document = document
        self._shapes = dict(shapes)
        self.added: list[str] = []

    def shape(self, node_id: str) -> Shape:
        """What leaves a card."""
        return self._shapes[node_id]

    def add(self, layer: Layer | str, *sources: str, row: float = 0.0) -> str:
        """One more card behind its sources, so many rows below the first of them; returns its id. Raises ShapeError."""
        made: Layer = entry("layers", layer)() if isinstance(layer, str) else layer
        shape = made.output_shape(*(self._shapes[source] for source in sources))
        nodes = [self.document.node(source) for source in sources]
        new_id = self.document.free_id(made)
        network = self.document.network_of(sources[0]).name
        x = max(node.x for node in nodes) + CARD_GAP
        self.document = self.document.add(made, x, nodes[0].y + row * ROW, network=network)
        for port, source in enumerate(sources):
            self.document = self.document.connect(source, new_id, port)
        self._shapes[new_id] = shape
        self.added.append(new_id)
        return new_id

    def level_with(self, node_id: str, other: str) -> str:
        """Put a card on the row of another; returns its id."""
        node = self.document.node(node_id)
        self.document = self.document.move([(node_id, node.x, self.document.node(other).y)])
        return node_id


Build = Callable[[Drawing, str, tuple[int, ...]], str]
"""Adds the cards of a template behind a card, with sizes; returns the last of them."""


@dataclass(frozen=True)
class Template:
    """What can be inserted: words for it, the sizes that it takes, and how it is built."""

    id: str
    title: str
    description: str
    sizes: tuple[int, ...]
    """What is proposed; empty if it takes none."""
    size_words: str
    """What the sizes are."""
    images: bool
    """Whether it needs images, (channels, height, width)."""
    whole: bool
    """Whether it is a network that wants an output behind it; otherwise a part to be put between cards."""
    order: int
    build: Build

    @property
    def needs(self) -> str:
        """The data that it needs, in a few words."""
        return "images" if self.images else "any data"


@cache
def templates() -> Mapping[str, Template]:
    """Every template of this module by id, the simplest first."""
    found = [value for value in globals().values() if isinstance(value, Template)]
    return MappingProxyType({each.id: each for each in sorted(found, key=lambda each: each.order)})


def template(
    title: str,
    order: int,
    sizes: tuple[int, ...] = (),
    size_words: str = "",
    *,
    images: bool = False,
    whole: bool = True,
) -> Callable[[Build], Template]:
    """Make a template of a function; its docstring's first paragraph describes it."""

    def declare(build: Build) -> Template:
        name = getattr(build, "__name__", title)
        words = " ".join((build.__doc__ or "").split("\n\n")[0].split())
        return Template(name, title, words, sizes, size_words, images, whole, order, build)

    return declare


def read_sizes(text: str) -> tuple[int, ...]:
    """The numbers of a text such as "8, 8, 4". Raises InvalidValueError naming what is none."""
    words = text.replace(",", " ").replace(";", " ").split()
    for word in words:
        if not word.isascii() or not word.isdigit() or not 1 <= int(word) <= 65_536:
            raise InvalidValueError(
                "sizes (={size}) must be whole numbers from 1 to 65536, as in 8, 8, 4", size=repr(word)
            )
    if not 1 <= len(words) <= _MOST_SIZES:
        raise InvalidValueError(
            "sizes (={text}) must be 1 to {most} numbers, as in 8, 8, 4", text=repr(text), most=_MOST_SIZES
        )
    return tuple(int(word) for word in words)


def insert(
    document: Document, template_id: str, shapes: Mapping[str, Shape], after: str, sizes: Sequence[int] = ()
) -> tuple[Document, tuple[str, ...]]:
    """With a template behind a card, and the ids of its cards.

    What read the card reads the template's last card from then on, and moves right to make room. Where nothing did,
    a template that is a whole network gets an output: Dense with 1 unit. `shapes` holds what leaves `after`.
    Raises GraphError where the shape does not suit.
    """
    found = templates()[template_id]
    drawing = Drawing(document, shapes)
    start = document.node(after)
    readers = document.network_of(after).outputs_of(after)
    if after not in shapes:
        raise GraphError("{node} has a problem; mend it before something is put behind it", node=after)
    try:
        last = found.build(drawing, after, tuple(sizes) or found.sizes)
        if found.whole and not readers:
            last = drawing.add(_dense(1, "linear"), _flat(drawing, last))
    except ShapeError as error:
        raise GraphError(
            "{name} does not suit {shape}: {reason}",
            name=found.title,
            shape=shapes[after],
            reason=error.sentence,
        ) from error
    grown = drawing.document
    reach = grown.node(last).x - start.x
    behind = [node for node in document.network_of(after).nodes if node.x > start.x and readers]
    grown = grown.move([(node.id, node.x + reach, node.y) for node in behind])
    for edge in readers:
        grown = grown.connect(last, edge.target, edge.port)  # which takes the place of the link from the card
    return grown, tuple(drawing.added)


def started(
    document: Document,
    template_id: str,
    shapes_of: Callable[[Document], Mapping[str, Shape]],
    after: str = "",
    sizes: Sequence[int] = (),
) -> tuple[Document, tuple[str, ...]]:
    """With a template behind a card or, where none is named, behind an Input alone, in the place of the network."""
    if not after:
        inputs = [node.id for node in document.networks[0].nodes if node.layer.takes[1] == 0]
        if inputs:
            after = inputs[0]
        else:
            after = document.free_id(entry("layers", "Input")())
            document = document.add(entry("layers", "Input")())
        document = document.remove([node.id for node in document.networks[0].nodes if node.id != after])
    return insert(document, template_id, shapes_of(document), after, sizes)


# --- what templates share ----------------------------------------------------------------------------------------


def _activation(name: str) -> Activation:
    made: Activation = entry("activations", name)()
    return made


def _dense(units: int, activation: str = "relu") -> Layer:
    made: Layer = entry("layers", "Dense")(units=units, activation=_activation(activation))
    return made


def _convolution(filters: int, kernel_size: int = 3, activation: str = "relu", padding: str = "same") -> Layer:
    made: Layer = entry("layers", "Conv2d")(
        filters=filters, kernel_size=kernel_size, padding=padding, activation=_activation(activation)
    )
    return made


def _flat(drawing: Drawing, start: str) -> str:
    return drawing.add("Flatten", start) if len(drawing.shape(start)) > 1 else start


def _image(drawing: Drawing, start: str) -> str:
    """The card itself if images leave it; a Reshape behind it if its numbers fill a square. Raises ShapeError."""
    shape = drawing.shape(start)
    if len(shape) == _IMAGE:
        return start
    side = math.isqrt(math.prod(shape))
    if len(shape) > 1 or side < _SMALLEST_SIDE or side * side != shape[0]:
        raise ShapeError("it needs images (channels, height, width); choose data that are images")
    return drawing.add(entry("layers", "Reshape")(target="image", channels=1), start)


def _pooled(drawing: Drawing, start: str, layer: str = "MaxPool2d") -> str:
    """Half the height and width, where there is more than one pixel left."""
    return drawing.add(layer, start) if min(drawing.shape(start)[1:]) > 1 else start


# --- the templates -----------------------------------------------------------------------------------------------


@template("Multilayer perceptron", 0, (8, 8, 4), "units of each hidden layer")
def multilayer_perceptron(drawing: Drawing, start: str, sizes: tuple[int, ...]) -> str:
    """Dense layers one behind the other: the network that every other is compared with."""
    last = _flat(drawing, start)
    for units in sizes:
        last = drawing.add(_dense(units, "tanh"), last)
    return last


@template("Wide and deep", 1, (8, 8), "units of each layer of the deep branch")
def wide_and_deep(drawing: Drawing, start: str, sizes: tuple[int, ...]) -> str:
    """The inputs themselves beside what deep layers make of them: it remembers and generalizes.

    Cheng et al., Wide & Deep Learning for Recommender Systems, 2016.
    """
    flat = deep = _flat(drawing, start)
    for number, units in enumerate(sizes):
        deep = drawing.add(_dense(units), deep, row=0 if number else 1)
    return drawing.level_with(drawing.add("Concatenate", flat, deep), flat)


@template("Autoencoder", 2, (8, 2), "units of each layer down to the code")
def autoencoder(drawing: Drawing, start: str, sizes: tuple[int, ...]) -> str:
    """Squeezes a sample through a narrow layer, the code, and unfolds it again to as many numbers as came in.

    Hinton & Salakhutdinov, Reducing the Dimensionality of Data with Neural Networks, Science 2006.
    """
    last = _flat(drawing, start)
    count = drawing.shape(last)[0]
    for units in (*sizes, *reversed(sizes[:-1])):
        last = drawing.add(_dense(units, "tanh"), last)
    return drawing.add(_dense(count, "tanh"), last)  # a linear card before the answer would be none


@template("Small CNN", 3, (8, 16), "filters of each stage", images=True)
def small_cnn(drawing: Drawing, start: str, sizes: tuple[int, ...]) -> str:
    """Stages of convolution and pooling, then one dense layer: a first network for small images."""
    last = _image(drawing, start)
    for filters in sizes:
        last = _pooled(drawing, drawing.add(_convolution(filters), last))
    return drawing.add(_dense(32), _flat(drawing, last))


@template("LeNet-5", 4, (6, 16, 120, 84), "filters of both convolutions, units of both dense layers", images=True)
def lenet_5(drawing: Drawing, start: str, sizes: tuple[int, ...]) -> str:
    """Two convolutions with pooling and two dense layers: it read the digits on cheques in 1998.

    LeCun et al., Gradient-Based Learning Applied to Document Recognition, 1998.
    """
    if len(sizes) != 4:
        raise ShapeError("it takes 4 sizes, as in 6, 16, 120, 84, but got {count}", count=len(sizes))
    last = drawing.add(_convolution(sizes[0], 5, "tanh"), _image(drawing, start))
    last = _pooled(drawing, last, "AveragePool2d")
    padding = "valid" if min(drawing.shape(last)[1:]) >= 10 else "same"
    last = drawing.add(_convolution(sizes[1], 5, "tanh", padding), last)
    last = _flat(drawing, _pooled(drawing, last, "AveragePool2d"))
    for units in sizes[2:]:
        last = drawing.add(_dense(units, "tanh"), last)
    return last


@template("Residual block", 5, (), whole=False)
def residual_block(drawing: Drawing, start: str, sizes: tuple[int, ...]) -> str:
    """Two layers beside a skip link that passes them by; what they learn is added to what came in.

    He et al., Deep Residual Learning, CVPR 2016.
    """
    shape = drawing.shape(start)
    if len(shape) == _IMAGE:
        first = drawing.add(_convolution(shape[0]), start, row=1)
        second = drawing.add(_convolution(shape[0], activation="linear"), first)
    elif len(shape) == 1:
        first = drawing.add(_dense(shape[0]), start, row=1)
        second = drawing.add(_dense(shape[0], "linear"), first)
    else:
        raise ShapeError("it needs images or numbers; put Flatten before it")
    added = drawing.level_with(drawing.add("Add", start, second), start)
    return drawing.add(entry("layers", "Activation")(activation=_activation("relu")), added)


@template(
    "Inception block", 6, (4, 8, 4, 4), "filters of the branches 1×1, 3×3, 5×5 and pool", images=True, whole=False
)
def inception_block(drawing: Drawing, start: str, sizes: tuple[int, ...]) -> str:
    """Small, middle and large filters and a pool side by side: the next layer chooses between the scales.

    Szegedy et al., Going Deeper with Convolutions, CVPR 2015.
    """
    if len(sizes) != 4:
        raise ShapeError("it takes 4 sizes, as in 4, 8, 4, 4, but got {count}", count=len(sizes))
    image = _image(drawing, start)
    pool = entry("layers", "MaxPool2d")(pool_size=3, stride=1, padding="same")
    narrow = drawing.add(_convolution(sizes[0], 1), image, row=-1.5)
    middle = drawing.add(_convolution(sizes[1]), drawing.add(_convolution(sizes[1], 1), image, row=-0.5))
    large = drawing.add(_convolution(sizes[2], 5), drawing.add(_convolution(sizes[2], 1), image, row=0.5))
    pooled = drawing.add(_convolution(sizes[3], 1), drawing.add(pool, image, row=1.5))
    return drawing.level_with(drawing.add("Concatenate", narrow, middle, large, pooled), image)


@template("Squeeze and excitation", 7, (4,), "units of the narrow layer", images=True, whole=False)
def squeeze_and_excitation(drawing: Drawing, start: str, sizes: tuple[int, ...]) -> str:
    """Looks at each channel as a whole, then says for each how much of it passes.

    Hu, Shen & Sun, Squeeze-and-Excitation Networks, CVPR 2018.
    """
    image = _image(drawing, start)
    channels = drawing.shape(image)[0]
    squeezed = drawing.add("GlobalAveragePool2d", image, row=1)
    gate = drawing.add(_dense(channels, "sigmoid"), drawing.add(_dense(sizes[0]), squeezed))
    return drawing.level_with(drawing.add("Multiply", image, gate), image)
