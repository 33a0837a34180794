"""What a table file holds: columns of numbers or of texts, and what each might be for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.document.errors import PlaygroundError

Array = NDArray[Any]

SUFFIXES = (".csv", ".tsv", ".npz")
"""Endings of the files that can be opened as a table; another text file is read like CSV."""
MOST_ROWS, MOST_COLUMNS, MOST_CELLS = 1_000_000, 1_000, 20_000_000
MOST_LEVELS = 1_000
"""The most different values of a column that is a category."""
_FEW_CLASSES = 20
"""A last column of at most so many different whole numbers is taken for classes."""
_DESCRIBED = 20_000
"""Numbers, about, by which a column is drawn: more would not change the picture to the eye."""
_TARGET_NAMES = frozenset({"target", "label", "labels", "class", "y", "outcome", "species"})


class TableError(PlaygroundError):
    """A table file that cannot be read or used as it is; says where and why."""


@dataclass(frozen=True, eq=False)
class Described:
    """The least, the largest and the mean number of a column, and numbers from all over it."""

    least: float
    largest: float
    mean: float
    some: Array


@dataclass(frozen=True, eq=False)
class Column:
    """One column: numbers (rows,) float64 with NaN where a value is missing, or texts.

    Texts are places (rows,) int32 in `texts`, -1 where a value is missing; both are empty where there are too many
    different ones.
    """

    name: str
    numbers: Array | None
    places: Array | None = None
    texts: tuple[str, ...] = ()
    missing: int = 0
    first_text: tuple[int, str] | None = None
    """Line and content of the first cell that is no number."""

    @property
    def is_number(self) -> bool:
        """Whether every cell is a number or missing."""
        return self.numbers is not None

    @property
    def known(self) -> Array:
        """The numbers that are there, without the missing ones; empty for texts."""
        return np.empty(0) if self.numbers is None else self.numbers[~np.isnan(self.numbers)]

    @cached_property
    def described(self) -> Described | None:
        """How its numbers lie; None where there are none."""
        known = self.known
        if not len(known):
            return None
        some = known[:: 1 + len(known) // _DESCRIBED]
        return Described(float(known.min()), float(known.max()), float(known.mean()), some)

    def as_numbers(self) -> Array:
        """The numbers. Raises TableError that names the first cell that is none."""
        if self.numbers is not None:
            return self.numbers
        line, cell = self.first_text or (1, "")
        raise TableError(
            "line {line}, column “{column}”: “{cell}” is not a number; mark the column as categorical or ignore it",
            line=line,
            column=self.name,
            cell=cell[:40],
        )

    def levels(self) -> tuple[str, ...]:
        """Its different values, sorted. Raises TableError for too many, or for none."""
        if self.numbers is None:
            values = None if self.places is None else sorted(self.texts)
        else:
            different = np.unique(self.known)
            values = [number_text(value) for value in different.tolist()] if len(different) <= MOST_LEVELS else None
        if values is None:
            advice = "mark it as a number or ignore it" if self.is_number else "ignore it"
            raise TableError(
                "column “{column}” has more than {most} different values, too many for a category; " + advice,
                column=self.name,
                most=f"{MOST_LEVELS:,}",
            )
        if not values:
            raise TableError("column “{column}” holds no value at all; ignore it", column=self.name)
        return tuple(values)

    def coded(self, levels: Sequence[str]) -> Array:
        """The place of each value among the levels, (rows,) int64; -1 where it is missing or none of them.

        Raises TableError for a column of texts with too many different ones.
        """
        where = {level: place for place, level in enumerate(levels)}
        if self.numbers is None:
            if self.places is None:
                self.levels()
            table = np.array([where.get(text, -1) for text in self.texts] + [-1], np.int64)
            return table[self.places]
        different, inverse = np.unique(np.nan_to_num(self.numbers), return_inverse=True)
        table = np.array([where.get(number_text(value), -1) for value in different.tolist()], np.int64)
        return np.where(np.isnan(self.numbers), -1, table[inverse]) if len(different) else np.empty(0, np.int64)


@dataclass(frozen=True, eq=False)
class Content:
    """A table as it was read. `stamp` is (size, modification time in ns, SHA-256) of the file."""

    path: str
    columns: tuple[Column, ...]
    rows: int
    preview: tuple[tuple[str, ...], ...] = ()
    """The first rows as they are written in the file."""
    stamp: tuple[int, int, str] = (0, 0, "")
    header: bool = True
    """Whether the first line holds the names of the columns."""

    @cached_property
    def suggested(self) -> Roles:
        """What the columns seem to be for: one with a telling name, else the last, is to be answered."""
        return _suggested(self)

    def describe(self) -> None:
        """Look at all columns now, so that nobody waits for it later."""
        for column in self.columns:
            _ = column.described
        _ = self.suggested

    def column(self, name: str) -> Column:
        """The column of that name. Raises TableError."""
        for column in self.columns:
            if column.name == name:
                return column
        raise TableError("there is no column “{column}” in {file}", column=name, file=self.path)


@dataclass(frozen=True)
class Roles:
    """What the columns are for: those that go in, the one to be answered, and those of them that are categories."""

    inputs: tuple[str, ...]
    target: str
    categorical: tuple[str, ...]


def suggested(content: Content) -> Roles:
    """What the columns seem to be for."""
    return content.suggested


def _suggested(content: Content) -> Roles:
    target = next(
        (column for column in content.columns if column.name.casefold() in _TARGET_NAMES), content.columns[-1]
    )
    others = [column for column in content.columns if column is not target and not _tells_nothing(column, content.rows)]
    categorical = [column.name for column in others if not column.is_number]
    if not target.is_number or _few_whole_numbers(target):
        categorical.append(target.name)
    return Roles(tuple(column.name for column in others), target.name, tuple(categorical))


def number_text(value: float) -> str:
    """A number as the name of a class: 3 for 3.0."""
    return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else repr(float(value))


def _few_whole_numbers(column: Column) -> bool:
    different = np.unique(column.known[:100_000])
    return 1 < len(different) <= _FEW_CLASSES and bool(np.all(different == np.round(different)))


def _tells_nothing(column: Column, rows: int) -> bool:
    """Whether it is empty, a running number, or a text that (almost) never repeats."""
    if column.missing == rows:
        return True
    if column.numbers is None:
        return column.places is None or (len(column.texts) > 20 and 2 * len(column.texts) > rows)
    known = column.known
    running = len(known) > 2 and bool(np.all(np.diff(known) == 1))
    return running and (column.name.casefold() in ("id", "index", "row", "no") or known[0] in (0, 1))
