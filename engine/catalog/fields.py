"""What the fields of an entry may hold: ranges of numbers, choices, texts; and where a form shows them."""

from __future__ import annotations

import math
import reprlib
from dataclasses import dataclass
from typing import Any

from engine.document.errors import InvalidValueError


@dataclass(frozen=True)
class Range:
    """Allowed values of a number, both ends included.

    `step` is what one click of a spin box changes; `logarithmic` asks for a logarithmic slider; `unit` is written
    behind the number: "°", "%", "px".
    """

    low: float
    high: float
    step: float | None = None
    logarithmic: bool = False
    unit: str = ""

    @property
    def suffix(self) -> str:
        """The unit as it stands behind a number: a degree at once, others after a space."""
        return self.unit if self.unit in ("", "°") else f" {self.unit}"

    def check(self, argument: str, value: Any) -> None:
        """Raise InvalidValueError unless `low <= value <= high`."""
        if not (self.low <= value <= self.high and math.isfinite(value)):
            raise InvalidValueError(
                "{argument} (={value}) must lie between {low} and {high}" + ("{unit}" if self.unit else ""),
                argument=argument,
                value=value if isinstance(value, float) else reprlib.repr(value),
                low=self.low,
                high=self.high,
                **({"unit": self.suffix} if self.unit else {}),
            )


@dataclass(frozen=True)
class Choice:
    """The values a field may take, in the order they are offered."""

    options: tuple[str, ...]

    def check(self, argument: str, value: Any) -> None:
        """Raise InvalidValueError unless the value is one of the options."""
        if value not in self.options:
            raise InvalidValueError(
                "{argument} (={value}) must be one of {options}",
                argument=argument,
                value=value,
                options=", ".join(self.options),
            )


@dataclass(frozen=True)
class Hidden:
    """A field that a view of its own edits (hand-drawn points, columns): kept in files, absent from forms."""

    def check(self, argument: str, value: Any) -> None:
        """Any value of the declared type will do; the entry's `__post_init__` may say more."""


@dataclass(frozen=True)
class Text:
    """Text that is typed by the rules of a small language; a subclass says which, and refuses what breaks them."""

    example: str = ""
    """A text that is accepted: what a form shows while it is empty."""

    def check(self, argument: str, value: Any) -> None:
        """Raise InvalidValueError unless the text can be read."""


Constraint = Range | Choice | Hidden | Text


@dataclass(frozen=True)
class Group:
    """The heading under which a form shows a field; fields without one come first, under none."""

    title: str
