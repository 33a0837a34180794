"""Sentences and the errors that carry them: argument, value, remedy, in a form that can be translated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Sentence:
    """A template in English and the values that fill it, kept apart so that another language can follow.

    >>> str(Sentence("{layer} needs an image", {"layer": "Conv2d"}))
    'Conv2d needs an image'
    """

    template: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.template.format(**self.values)


class PlaygroundError(ValueError):
    """Base of every error that is meant for the user: one clear sentence, `error.sentence`."""

    def __init__(self, template: str, **values: Any) -> None:
        self.sentence = Sentence(template, values)
        super().__init__(str(self.sentence))

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (
            type(self),
            self.sentence.template,
            dict(self.sentence.values),
        )


def _rebuild(cls: type[PlaygroundError], template: str, values: dict[str, Any]) -> PlaygroundError:
    return cls(template, **values)


class InvalidValueError(PlaygroundError):
    """A field got a value it cannot hold."""


class GraphError(PlaygroundError):
    """An edit that would leave the graph malformed: a missing card, a taken port, a cycle."""


class ShapeError(PlaygroundError):
    """A layer cannot take the shape that reaches it.

    `remedy` names the edit that would fix it, as (label template, method of Document, arguments after the
    node's id); the plan turns it into a button.
    """

    def __init__(self, template: str, remedy: tuple[Any, ...] = (), **values: Any) -> None:
        self.remedy = remedy
        super().__init__(template, **values)


class FileError(PlaygroundError):
    """A project file that cannot be read or written; says which and why."""
