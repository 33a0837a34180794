"""The table of what goes where when weights are brought in: plain data, to be shown, corrected and sent about."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.document.errors import InvalidValueError, Sentence
from engine.export.turning import Turn, ambiguous

AS_IT_IS, TURNED = Sentence("as it is"), Sentence("Keras kernel, axes turned")


@dataclass(frozen=True)
class Row:
    """An array of the file and where it goes: to `parameter`, "node.array", or nowhere, for a `reason`."""

    array: str
    shape: tuple[int, ...]
    parameter: str | None = None
    turned: bool = False
    """Whether it is a kernel of Keras, whose axes are turned."""
    ambiguous: bool = False
    """Whether its shape fits either way, and nothing in the file tells: somebody has to be asked."""
    reason: Sentence | None = None

    @property
    def transformation(self) -> Sentence | None:
        """What is done with its axes, in words; None where it goes nowhere."""
        return None if self.parameter is None else TURNED if self.turned else AS_IT_IS


@dataclass(frozen=True, eq=False)
class Matching:
    """A file of weights laid beside a network. Plain data: it can be sent to another process."""

    file: str
    rows: tuple[Row, ...]
    arrays: Mapping[str, NDArray[np.float32]]
    shapes: Mapping[str, tuple[int, ...]]
    """What the network learns and keeps, by "node.array"."""
    turns: Mapping[str, Turn]
    layout: str
    """The file's: "pytorch", "keras", or empty where it does not say."""

    @property
    def missing(self) -> tuple[str, ...]:
        """The arrays of the network that get nothing, and stay as they are."""
        given = {row.parameter for row in self.rows}
        return tuple(name for name in self.shapes if name not in given)

    def choices(self, row: int) -> tuple[str, ...]:
        """The arrays of the network that a row's array fits, as it is or turned."""
        shape = self.rows[row].shape
        return tuple(name for name in self.shapes if self.fits(name, shape))

    def changed(self, row: int, parameter: str | None, *, turned: bool | None = None) -> Matching:
        """With another place for an array, or none; whoever had that place before loses it.

        `turned` says whether its axes are turned; None: as its shape tells, or as the row had it.
        Raises InvalidValueError where it does not fit.
        """
        old, rows = self.rows[row], list(self.rows)
        if parameter is None:
            chosen = Sentence("left out")
            rows[row] = Row(old.array, old.shape, reason=chosen)
            return dataclasses.replace(self, rows=tuple(rows))
        ways = self.fits(parameter, old.shape) if parameter in self.shapes else ()
        wanted = turned if turned is not None else old.turned if old.turned in ways else True in ways
        if wanted not in ways:
            raise InvalidValueError(
                "{array} has shape {shape}; it does not fit {parameter}, which has {needed}",
                array=old.array,
                shape=old.shape,
                parameter=parameter,
                needed=self.shapes.get(parameter, ()),
            )
        for place, other in enumerate(rows):
            if other.parameter == parameter and place != row:
                taken = Sentence("{parameter} was given to another array", {"parameter": parameter})
                rows[place] = Row(other.array, other.shape, reason=taken)
        bad = not_finite(self.arrays[old.array])
        rows[row] = Row(old.array, old.shape, None if bad else parameter, wanted, reason=bad)
        return dataclasses.replace(self, rows=tuple(rows))

    def weights(self) -> dict[str, NDArray[np.float32]]:
        """The arrays to put into the network, by "node.array", in its shapes."""
        found = {}
        for row in self.rows:
            if row.parameter is not None:
                values, shape = self.arrays[row.array], self.shapes[row.parameter]
                turned = self.turns[row.parameter].returned(values, shape) if row.turned else values
                found[row.parameter] = np.array(turned, np.float32)
        return found

    def fits(self, parameter: str, shape: tuple[int, ...]) -> tuple[bool, ...]:
        """In which ways an array of a shape fits: as it is (False), turned (True)."""
        turn = self.turns.get(parameter)
        ways = [False] if shape == self.shapes[parameter] else []
        return (*ways, True) if turn is not None and shape == turn.shape and _differs(turn) else tuple(ways)


def _differs(turn: Turn) -> bool:
    """Whether turning changes more than the way a shape is written."""
    return turn.shape != turn.split or ambiguous(turn, turn.shape)


def not_finite(values: NDArray[np.float32]) -> Sentence | None:
    """Why an array cannot be put into a network, where it holds what is no number."""
    return None if np.isfinite(values).all() else Sentence("it holds a number that is not finite")
