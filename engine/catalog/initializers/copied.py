"""An initializer that draws nothing: values that another run has learned or started from."""

from __future__ import annotations

import base64
import binascii
import math
import reprlib
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from engine.catalog.initializers.initializer import Initializer, Shape, Spread
from engine.catalog.initializers.scaled import GlorotUniform
from engine.catalog.registry import Hidden, register
from engine.document.errors import InvalidValueError


@register
class FromRun(Initializer):
    """Starts from the values of another run. Where that run had none of this shape, they are drawn as `otherwise` says.

    The values travel in the document itself, so that a project trains the same on a machine that has never seen the
    other run: `values` holds float32, little-endian, as base64, `shape` their shape, `source` where they come from.
    Make one with `FromRun.of`.
    """

    otherwise: Initializer = GlorotUniform()
    values: Annotated[str, Hidden()] = ""
    shape: Annotated[tuple[int, ...], Hidden()] = ()
    source: Annotated[str, Hidden()] = ""

    formula = "w = the other run's w"
    reference = "Common practice in transfer learning"
    label = "from a run"
    order = 40

    def __post_init__(self) -> None:
        super().__post_init__()
        self._check_values()

    def _check_values(self) -> None:
        whole = all(type(length) is int and length > 0 for length in self.shape)
        try:
            content = base64.b64decode(self.values, validate=True)
        except (binascii.Error, ValueError):
            content = b"?"
        size = 4 * math.prod(self.shape) if whole and self.shape else 0
        if not whole or len(content) != size or not np.isfinite(np.frombuffer(content, "<f4")).all():
            raise InvalidValueError(
                "values (={values}) must be {count} finite numbers of the shape {shape}; copy them from the run again",
                values=reprlib.repr(self.values),
                count=size // 4,
                shape=reprlib.repr(self.shape),
            )

    @classmethod
    def of(cls, values: NDArray[Any], source: str, otherwise: Initializer | None = None) -> FromRun:
        """What starts from these values; `source` says in a few words where they come from.

        Raises InvalidValueError for values that are not finite.
        """
        text = base64.b64encode(np.ascontiguousarray(values, "<f4").tobytes()).decode()
        return cls(otherwise or GlorotUniform(), text, tuple(int(length) for length in values.shape), source)

    def holds(self, shape: Shape) -> bool:
        """Whether it has values of this shape."""
        return bool(self.shape) and tuple(shape) == self.shape

    def draw(self, rng: np.random.Generator, shape: Shape, fan_in: int, fan_out: int) -> NDArray[np.float32]:
        if not self.holds(shape):
            return self.otherwise.draw(rng, shape, fan_in, fan_out)
        values = np.frombuffer(base64.b64decode(self.values), "<f4")
        return values.astype(np.float32).reshape(shape)

    def spread(self, shape: Shape, fan_in: int, fan_out: int) -> Spread:
        if self.holds(shape):
            return super().spread(shape, fan_in, fan_out)
        return self.otherwise.spread(shape, fan_in, fan_out)

    def filled(self, shape: Shape, fan_in: int, fan_out: int) -> str:
        if self.holds(shape):
            return f"w = w of {self.source}"
        return self.otherwise.filled(shape, fan_in, fan_out)
