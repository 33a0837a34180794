"""The gallery: documents that come with the program, each with what it must learn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from engine.document.errors import InvalidValueError
from engine.document.graph import Document
from engine.document.serialization import document_from_json, parse_json


@dataclass(frozen=True)
class Example:
    """A document of the gallery.

    `check` says when it has been learnt: `{"epochs": n}` with `"test_loss_at_most"` or `"test_accuracy_at_least"`.
    """

    id: str
    title: str
    description: str
    check: Mapping[str, float]
    content: Mapping[str, Any] = field(repr=False)
    """The document as it stands in the file."""

    @cached_property
    def document(self) -> Document:
        """The document; read when it is first wanted, so that a window need not wait for those it does not open."""
        return document_from_json(self.content, self.id)


@cache
def examples() -> Mapping[str, Example]:
    """Every example by id, the simplest first."""
    folder = files("assets") / "examples"
    found = []
    for file in folder.iterdir():
        name = file.name
        if name.endswith(".json"):
            data = parse_json(file.read_bytes(), name)
            found.append((data["order"], _example(name.removesuffix(".json"), data)))
    return MappingProxyType({example.id: example for _, example in sorted(found, key=lambda item: item[0])})


def _example(example_id: str, data: Any) -> Example:
    return Example(example_id, data["title"], data["description"], MappingProxyType(data["check"]), data["document"])


def load_example(example_id: str) -> Example:
    """The example of that id. Raises InvalidValueError naming the closest id that exists."""
    import difflib

    known = examples()
    if example_id in known:
        return known[example_id]
    close = difflib.get_close_matches(example_id, known, 1)
    raise InvalidValueError(
        "there is no example {name}; " + ("did you mean {close}?" if close else "known are {close}"),
        name=repr(example_id),
        close=close[0] if close else ", ".join(known),
    )
