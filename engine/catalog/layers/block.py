"""Block: cards folded into one, so that a pattern can be used again and again."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Annotated, Any, NamedTuple

from engine.catalog.activations import Activation, Linear
from engine.catalog.layers.layer import Buffer, Layer, Parameter, Shape
from engine.catalog.layers.output import Output
from engine.catalog.registry import Choice, Hidden, from_json, register, to_json
from engine.catalog.regularizers import NoRegularizer, Regularizer
from engine.document.errors import InvalidValueError, ShapeError
from engine.document.places import FARTHEST

MOST_CARDS = 1000
"""Cards that a block may hold."""
DEEPEST = 8
"""Blocks inside each other. What a block holds is text within the text of the one around it, each time doubled."""

_NAME = re.compile(r"[A-Za-z0-9_]{1,64}", re.ASCII)


class Part(NamedTuple):
    """A card inside a block: its name there, its layer, and which cards it reads (-1: the block's own input)."""

    name: str
    layer: Layer
    sources: tuple[int, ...]


class Stood(NamedTuple):
    """What a card was called, and where it stood around the middle of those folded with it, before it was folded."""

    name: str
    x: float
    y: float


class _Shaped(NamedTuple):
    part: Part
    arriving: tuple[Shape, ...]
    leaving: Shape


def pack(cards: Sequence[tuple[Layer, tuple[int, ...]]]) -> str:
    """Cards in order as the text that a Block holds; each names those before it that it reads, -1 the input."""
    found = [{"layer": to_json(layer), "sources": list(sources)} for layer, sources in cards]
    return json.dumps(found, sort_keys=True, separators=(",", ":"))


def same_inside(first: Layer, second: Layer) -> bool:
    """Whether two layers are equal, wherever the cards inside of a Block stood before they were folded."""
    if not (isinstance(first, Block) and isinstance(second, Block)):
        return first == second
    if first.weights != second.weights or len(first.parts) != len(second.parts):
        return False
    pairs = zip(first.parts, second.parts, strict=True)
    return all(one.sources == other.sources and same_inside(one.layer, other.layer) for one, other in pairs)


@register
class Block(Layer):
    """Several cards folded into one: made of a selection, copied like any card, taken apart again.

    The cards inside form a small network with one input, whose last card gives the output. Blocks with "own" weights
    learn independently; those with "shared" weights and the same cards inside use one set of weights together.
    """

    weights: Annotated[str, Choice(("own", "shared"))] = "own"
    cards: Annotated[str, Hidden()] = "[]"
    places: Annotated[str, Hidden()] = ""

    category = "Core"
    formula = "y = (the cards inside)(x)"
    reference = "Common practice: residual units, Inception modules, siamese networks"
    summary = ("weights",)
    examples = (((4,),), ((3, 4, 4),))
    order = 6

    def __post_init__(self) -> None:
        super().__post_init__()
        parts = self.parts
        if self.places and len(self.stood) != len(parts):
            raise InvalidValueError("the places of a block must be those of its {count} cards", count=len(parts))
        if self.depth > DEEPEST:
            raise InvalidValueError("blocks can lie inside each other at most {most} deep", most=DEEPEST)
        if parts:
            used = {source for part in parts for source in part.sources}
            idle = next((part for index, part in enumerate(parts[:-1]) if index not in used), None)
            if idle is not None:
                raise InvalidValueError("{card} leads nowhere inside the block", card=idle.name)
            output = next((part for part in parts if isinstance(part.layer, Output)), None)
            if output is not None:
                raise InvalidValueError("{card} is an answer; it must stay outside of the block", card=output.name)
            for part in parts[:-1]:
                if not isinstance(part.layer.activity_penalty, NoRegularizer):
                    raise InvalidValueError(
                        "outputs inside a block cannot be penalized; set the activity_regularizer of {card} to none",
                        card=part.name,
                    )

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """The cards inside, in order. Raises InvalidValueError where the text describes none."""
        try:
            found = json.loads(self.cards)
        except (ValueError, RecursionError) as error:
            raise InvalidValueError("the cards of a block cannot be read") from error
        if not isinstance(found, list) or len(found) > MOST_CARDS:
            raise InvalidValueError("the cards of a block must be a list of at most {most}", most=MOST_CARDS)
        numbers: Counter[str] = Counter()
        parts = []
        for index, card in enumerate(found):
            if not isinstance(card, dict) or set(card) != {"layer", "sources"}:
                raise InvalidValueError("a card of a block must have a layer and its sources")
            layer: Layer = from_json("layers", card["layer"])
            sources = card["sources"]
            if not isinstance(sources, list) or not all(
                type(source) is int and -1 <= source < index for source in sources
            ):
                raise InvalidValueError("a card of a block must read cards before it")
            numbers[layer.name] += 1
            name = f"{layer.name.lower()}_{numbers[layer.name]}"
            if not layer.takes[0] <= len(sources) <= layer.takes[1] or layer.takes[1] == 0:
                raise InvalidValueError("{card} cannot read {count} cards in a block", card=name, count=len(sources))
            parts.append(Part(name, layer, tuple(sources)))
        return tuple(parts)

    @cached_property
    def stood(self) -> tuple[Stood, ...]:
        """What each card inside was called and where it stood, around their middle; empty if that is not known.

        It says nothing about what the block computes. Raises InvalidValueError where the text describes none.
        """
        try:
            found = [Stood(str(name), float(x), float(y)) for name, x, y in json.loads(self.places or "[]")]
        except (ValueError, TypeError, RecursionError) as error:
            raise InvalidValueError("the places of a block cannot be read") from error
        if not all(_NAME.fullmatch(each.name) and max(abs(each.x), abs(each.y)) <= FARTHEST for each in found):
            raise InvalidValueError("the places of a block must be names and numbers")
        return tuple(found)

    @cached_property
    def depth(self) -> int:
        """How many blocks lie inside each other, this one included."""
        return 1 + max((part.layer.depth for part in self.parts if isinstance(part.layer, Block)), default=0)

    def __getstate__(self) -> dict[str, Any]:
        return {"weights": self.weights, "cards": self.cards, "places": self.places}

    @property
    def shares_weights(self) -> bool:
        return self.weights == "shared"

    @property
    def draws(self) -> bool:
        return any(part.layer.draws for part in self.parts)

    @property
    def output_activation(self) -> Activation:
        return self.parts[-1].layer.output_activation if self.parts else Linear()

    @property
    def activity_penalty(self) -> Regularizer:
        return self.parts[-1].layer.activity_penalty if self.parts else NoRegularizer()

    # --- what is declared: the sums over the cards inside ------------------------------------------------------------

    def _shaped(self, shape: Shape) -> Iterator[_Shaped]:
        leaving: list[Shape] = []
        for part in self.parts:
            arriving = tuple(shape if source < 0 else leaving[source] for source in part.sources)
            try:
                leaving.append(part.layer.output_shape(*arriving))
            except ShapeError as error:
                raise ShapeError(
                    "Inside the block, at {card}: {problem}",
                    remedy=("Take the block apart", "unfold"),
                    card=part.name,
                    problem=error.sentence,
                ) from error
            yield _Shaped(part, arriving, leaving[-1])

    def output_shape(self, *shapes: Shape) -> Shape:
        leaving = shapes[0]
        for shaped in self._shaped(shapes[0]):
            leaving = shaped.leaving
        return leaving

    def parameters(self, *shapes: Shape) -> Mapping[str, Parameter]:
        found: dict[str, Parameter] = {}
        for part, arriving, _ in self._shaped(shapes[0]):
            own = part.layer.parameters(*arriving)
            found |= {f"{part.name}.{name}": parameter for name, parameter in own.items()}
            if part is not self.parts[-1]:
                learned = part.layer.learned(*arriving).items()
                found |= {f"{part.name}_activation.{name}": each for name, each in learned if name not in own}
        return found

    def learned(self, *shapes: Shape) -> Mapping[str, Parameter]:
        found = dict(self.parameters(*shapes))
        for part, arriving, _ in self._shaped(shapes[0]):
            if part is self.parts[-1]:
                own = part.layer.parameters(*arriving)
                found |= {name: each for name, each in part.layer.learned(*arriving).items() if name not in own}
        return found

    def buffers(self, *shapes: Shape) -> Mapping[str, Buffer]:
        return {
            f"{part.name}.{name}": buffer
            for part, arriving, _ in self._shaped(shapes[0])
            for name, buffer in part.layer.buffers(*arriving).items()
        }

    def multiply_adds(self, *shapes: Shape) -> int:
        return sum(part.layer.multiply_adds(*arriving) for part, arriving, _ in self._shaped(shapes[0]))

    def inner_values(self, *shapes: Shape) -> int:
        shaped = list(self._shaped(shapes[0]))
        kept = sum(math.prod(each.leaving) for each in shaped[:-1])
        return kept + sum(part.layer.inner_values(*arriving) for part, arriving, _ in shaped)

    # --- what is run -------------------------------------------------------------------------------------------------

    def build(self, nn: Any, *shapes: Shape) -> Any:
        modules: dict[str, Any] = {}
        for part, arriving, leaving in self._shaped(shapes[0]):
            module = part.layer.build(nn, *arriving)
            if module is not None:
                modules[part.name] = module
            if part is not self.parts[-1]:
                activation = part.layer.output_activation
                built = activation.build(nn)
                names = activation.parameters(leaving)
                if names:  # named here first, so that they are known by the names that they are declared with
                    modules[f"{part.name}_activation"] = nn.ParameterDict(zip(names, built.parameters(), strict=True))
                modules[f"{part.name}_function"] = built
        return nn.ModuleDict(modules) if modules else None

    def forward(self, torch: Any, module: Any, *inputs: Any) -> Any:
        values: list[Any] = []
        for part in self.parts:
            arriving = [inputs[0] if source < 0 else values[source] for source in part.sources]
            own = module[part.name] if module is not None and part.name in module else None
            value = part.layer.forward(torch, own, *arriving)
            values.append(value if part is self.parts[-1] else module[f"{part.name}_function"](value))
        return values[-1] if values else inputs[0]
