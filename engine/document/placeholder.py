"""Layers that this version does not know: their cards are kept as they are, so that a newer one finds them again."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Annotated, Any

from engine.catalog.layers.layer import Layer, Shape
from engine.catalog.registry import Hidden, entries, from_json, shared
from engine.document.errors import FileError, ShapeError

MOST_INPUTS = 256
"""Input ports that a card of an unknown layer may have."""
_TYPE = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}", re.ASCII)


@shared  # and not registered, so that no library offers it
class Placeholder(Layer):
    """Stands for a layer that this version does not know. Its settings are kept and saved as they came."""

    type_name: Annotated[str, Hidden()] = ""
    content: Annotated[str, Hidden()] = "{}"
    inputs: Annotated[int, Hidden()] = 1

    field_names = ("type_name", "content", "inputs")
    name = "Unknown"
    label = "unknown layer"
    description = "Stands for a layer that this version does not know."
    category = "Core"
    takes = (0, 1)

    def __post_init__(self) -> None:
        super().__post_init__()
        # What is said of the card is of this one, not of its class: each may stand for another layer.
        object.__setattr__(self, "label", self.type_name)
        object.__setattr__(self, "takes", (0, self.inputs))

    def as_json(self) -> dict[str, Any]:
        """The layer as it was found in the file."""
        return {"type": self.type_name, **json.loads(self.content)}

    def output_shape(self, *shapes: Shape) -> Shape:
        """Raises ShapeError: what it gives is not known."""
        raise ShapeError("This version does not know the layer {layer}", layer=self.type_name)


def read_layer(data: Any, inputs: int = 1) -> Layer:
    """The layer that JSON data describes; a Placeholder with so many input ports where its type is unknown.

    Raises InvalidValueError for a known layer with fields or values that it cannot have, and FileError for a type that
    can be no layer's.
    """
    if _is_known(data):
        found: Layer = from_json("layers", data)
        return found
    name = data["type"]
    if not _TYPE.fullmatch(name):
        raise FileError("there is no layer of this name; a name has letters, digits and underscores, at most 64")
    fields = {key: value for key, value in data.items() if key != "type"}
    content = json.dumps(fields, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return Placeholder(type_name=name, content=content, inputs=min(max(1, inputs), MOST_INPUTS))


def _is_known(data: Any) -> bool:
    """Whether every layer that is named is known; what is no layer at all is left to `from_json`, to be refused."""
    if not isinstance(data, Mapping) or not isinstance(data.get("type"), str):
        return True
    if data["type"] not in entries("layers"):
        return False
    if data["type"] != "Block" or not isinstance(data.get("cards"), str):
        return True
    try:
        cards = json.loads(data["cards"])
        inside = [card.get("layer") for card in cards if isinstance(card, dict)] if isinstance(cards, list) else []
        return all(_is_known(layer) for layer in inside)
    except (ValueError, RecursionError):
        return True
