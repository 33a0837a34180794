"""A field that holds a typed formula."""

from __future__ import annotations

import reprlib
from dataclasses import dataclass
from typing import Any

from engine.catalog.expressions.computing import derivative
from engine.catalog.expressions.reading import LONGEST, read
from engine.catalog.registry import Text
from engine.document.errors import InvalidValueError


@dataclass(frozen=True)
class FormulaText(Text):
    """A formula in some names, which can be computed and differentiated."""

    names: tuple[str, ...] = ("x",)

    def check(self, argument: str, value: Any) -> None:
        """Raise InvalidValueError with what is wrong and where, the first character being 1."""
        try:
            tree = read(value, self.names)
            for name in self.names:
                derivative(tree, name)
        except InvalidValueError as error:
            shown = value if len(value) <= LONGEST and value.isprintable() else reprlib.repr(value)
            raise InvalidValueError(
                "{argument} (={value}) cannot be read: {reason}", argument=argument, value=shown, reason=error.sentence
            ) from error
