"""A table of the user's own: a file, what its columns are for, and how they are made fit to learn from."""

from __future__ import annotations

import reprlib
from collections.abc import Hashable
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from engine.catalog.datasets.dataset import Array, Dataset, Samples
from engine.catalog.registry import Choice, Hidden, register
from engine.document.errors import InvalidValueError, Sentence
from engine.tables.content import MOST_COLUMNS, MOST_LEVELS, MOST_ROWS, Content, Roles, TableError

MOST_VALUES = 25_000_000
"""Rows times columns, categories written out: so many numbers can be kept in memory twice."""

DROP, FILL = "drop the row", "fill in"
NONE, STANDARDIZE, NORMALIZE = "none", "standardize", "normalize"


@register
class Table(Dataset):
    """Your own table: a CSV, TSV or NPZ file, its columns as inputs and as what to learn.

    Columns of texts become one input for each different text. What fills gaps and scales numbers (inputs, and a
    number that is to be learnt) is found out from the samples to train on alone.
    """

    file: Annotated[str, Hidden()] = ""
    header: Annotated[bool, Hidden()] = True
    names: Annotated[tuple[str, ...], Hidden()] = ()
    target: Annotated[str, Hidden()] = ""
    categorical: Annotated[tuple[str, ...], Hidden()] = ()
    levels: Annotated[tuple[tuple[str, ...], ...], Hidden()] = ()
    rows: Annotated[int, Hidden()] = 0
    complete: Annotated[int, Hidden()] = 0
    stamp: Annotated[tuple[Any, ...], Hidden()] = (0, 0, "")
    missing: Annotated[str, Choice((DROP, FILL))] = DROP
    scaling: Annotated[str, Choice((NONE, STANDARDIZE, NORMALIZE))] = STANDARDIZE
    stratified: bool = True

    label = "your own table"
    formula = "standardize: (x − mean) / deviation; normalize: (x − least) / (most − least), of the samples to train on"
    reference = "You"
    order = 95
    from_disk = True

    def __post_init__(self) -> None:
        super().__post_init__()
        _check(self)

    # --- what the plan needs to know: nothing of it reads the file -------------------------------------------------

    @property
    def task(self) -> str:
        return "classification" if self.target in self.categorical else "regression"

    @property
    def class_names(self) -> tuple[str, ...]:
        return self._levels_of(self.target) if self.task == "classification" else ()

    @property
    def class_count(self) -> int:
        return len(self.class_names)

    @property
    def sample_count(self) -> int:
        return self.complete if self.missing == DROP else self.rows

    @property
    def columns(self) -> tuple[str, ...]:  # type: ignore[override]
        """The columns that go in."""
        return self.names

    @property
    def default_columns(self) -> tuple[str, ...]:  # type: ignore[override]
        """All of them."""
        return self.names

    @property
    def title(self) -> str:
        return Path(self.file).name or self.label

    @property
    def source(self) -> Hashable:
        return self.name, self.stamp[2], self.names, self.target, self.categorical

    def trouble(self) -> Sentence | None:
        if not self.file:
            return Sentence("No table is opened yet; choose “Open data…” to open a file of yours")
        try:
            changed = not _matches(self.file, self.stamp)
        except TableError as error:
            return error.sentence
        if changed:
            return Sentence("The file {file} has changed since it was opened", {"file": self.file})
        if not self.sample_count:
            return Sentence(
                "Every row of {file} lacks a value; choose “{fill}” for missing values, or ignore columns with gaps",
                {"file": self.title, "fill": FILL},
            )
        return None

    def changed(self) -> bool:
        try:
            return bool(self.file) and not _matches(self.file, self.stamp)
        except TableError:
            return False

    def renewed(self) -> Table:
        return self.located(self.file)

    def located(self, path: str) -> Table:
        """The table with the content that a file has now. Raises TableError where its columns are not as they were."""
        return self.made_of(_read(path, self.header if self.file else None))

    def made_of(self, content: Content) -> Table:
        """The table with this content. Raises TableError where its columns are not as they were."""
        roles = Roles(self.names, self.target, self.categorical)
        return opened(content, roles, missing=self.missing, scaling=self.scaling, stratified=self.stratified)

    def input_shape(self, columns: tuple[str, ...]) -> tuple[int, ...]:
        chosen = columns or self.names
        for column in chosen:
            if column not in self.names:
                raise InvalidValueError(
                    "{data} has no input {column}; it has {known}",
                    data=self.title,
                    column=reprlib.repr(column),
                    known=reprlib.repr(list(self.names))[1:-1],
                )
        return (max(1, sum(self._width(column) for column in chosen)),)

    def inputs(self, values: Array, columns: tuple[str, ...]) -> NDArray[np.float32]:
        chosen = columns or self.names
        if chosen == self.names:
            return np.ascontiguousarray(values, np.float32)
        places = self._places()
        found = np.concatenate([np.arange(*places[column]) for column in chosen])
        return np.ascontiguousarray(values[:, found], np.float32)

    # --- samples ---------------------------------------------------------------------------------------------------

    def draw(self, rng: np.random.Generator) -> Samples:
        """The rows of the file; gaps are NaN. Raises TableError for a file that is gone or not what it was."""
        if not self.file:
            return Samples(np.empty((0, 0)), np.empty(0, np.int64))
        content = _read(self.file, self.header)
        if content.stamp[2] != self.stamp[2]:
            raise TableError("The file {file} has changed since it was opened; open it again", file=self.file)
        values, targets = _values(self, content), _targets(self, content)
        kept = targets != -1 if self.task == "classification" else ~np.isnan(targets)
        if self.missing == DROP:
            kept &= ~np.isnan(values).any(axis=1)
        return Samples(values[kept], targets[kept])

    def inputs_of(self, content: Content) -> Array:
        """The inputs that a table with the same columns holds, (rows, width) float64; gaps are NaN.

        Raises TableError for a column that is not there.
        """
        return _values(self, content)

    def targets_of(self, content: Content) -> Array:
        """Its targets: class numbers, -1 for a gap or a class that there is not; or numbers, NaN for a gap."""
        return _targets(self, content)

    def prepared(self, part: Samples, train: Samples) -> Samples:
        """A part with its gaps filled and its numbers scaled, as the samples to train on say."""
        values, known = part.values.copy(), train.values.copy()
        numeric = np.ones(values.shape[1], np.bool_)
        for column, (start, end) in self._places().items():
            category = column in self.categorical
            numeric[start:end] = not category
            if self.missing == FILL:
                usual = _usual(known[:, start:end], category)
                for table in (values, known):
                    gaps = np.isnan(table[:, start])
                    table[gaps, start:end] = usual
        if len(known) and numeric.any():
            shift, scale = _scale(known[:, numeric], self.scaling)
            values[:, numeric] = (values[:, numeric] - shift) / scale
        targets = part.targets
        if self.task == "regression" and len(train.targets):
            shift, scale = _scale(train.targets[:, None], self.scaling)
            targets = (targets - shift[0]) / scale[0]
        return Samples(values.astype(np.float32), targets)

    def _levels_of(self, column: str) -> tuple[str, ...]:
        return self.levels[self.categorical.index(column)]

    def _width(self, column: str) -> int:
        return len(self._levels_of(column)) if column in self.categorical else 1

    def _places(self) -> dict[str, tuple[int, int]]:
        """Where the numbers of each input stand among the values: from, to."""
        ends = np.cumsum([0, *(self._width(column) for column in self.names)]).tolist()
        return {column: (ends[place], ends[place + 1]) for place, column in enumerate(self.names)}


def _read(path: str, header: bool | None) -> Content:
    from engine.tables.files import read_table  # with all it needs, it would delay the start of every window

    return read_table(path, header)


def _matches(path: str, stamp: tuple[Any, ...]) -> bool:
    from engine.tables.files import matches

    return matches(path, stamp)


def opened(content: Content, roles: Roles, **fields: Any) -> Table:
    """The data set of a table that was read, with these roles; `fields` are missing, scaling, stratified.

    Raises TableError with the one thing that is wrong with it.
    """
    if not roles.inputs:
        raise TableError("no column is an input; choose at least one")
    if not roles.target:
        raise TableError("no column is the target; choose the one that is to be learnt")
    used = (*roles.inputs, roles.target)
    categorical = tuple(name for name in roles.categorical if name in used)
    levels = tuple(content.column(name).levels() for name in categorical)
    table = Table(
        file=content.path,
        header=content.header,
        names=roles.inputs,
        target=roles.target,
        categorical=categorical,
        levels=levels,
        stamp=content.stamp,
        **fields,
    )
    if table.task == "classification" and table.class_count < 2:
        raise TableError(
            "column “{column}” has a single value, so there is nothing to tell apart; choose another target",
            column=roles.target,
        )
    _check_size(table, content)
    known = np.ones(content.rows, np.bool_)
    present = {name: _present(table, content, name) for name in used}
    for name in roles.inputs:
        known &= present[name]
    return table.replace(rows=int(present[roles.target].sum()), complete=int((known & present[roles.target]).sum()))


def _check_size(table: Table, content: Content) -> None:
    """Raise TableError for more numbers than can be kept."""
    width = table.input_shape(())[0]
    if width * content.rows > MOST_VALUES:
        raise TableError(
            "with its categories written out the table has {width} inputs for {rows} rows, too many to keep in memory; "
            "ignore columns with many different values",
            width=f"{width:,}",
            rows=f"{content.rows:,}",
        )


def _present(table: Table, content: Content, name: str) -> NDArray[np.bool_]:
    column = content.column(name)
    if name in table.categorical:
        return column.coded(table._levels_of(name)) >= 0
    return ~np.isnan(column.as_numbers())


def _values(table: Table, content: Content) -> Array:
    """The inputs (rows, width) float64: numbers, and 0 or 1 for each level of a category; NaN for what is missing.

    Raises TableError for too many.
    """
    _check_size(table, content)
    values = np.zeros((content.rows, table.input_shape(())[0]))
    for name, (start, end) in table._places().items():
        column = content.column(name)
        if name in table.categorical:
            codes = column.coded(table._levels_of(name))
            there = codes >= 0
            values[np.flatnonzero(there), start + codes[there]] = 1.0
            values[~there, start:end] = np.nan
        else:
            values[:, start] = column.as_numbers()
    return values


def _targets(table: Table, content: Content) -> Array:
    column = content.column(table.target)
    return column.coded(table.class_names) if table.task == "classification" else column.as_numbers()


def _usual(values: Array, category: bool) -> Array:
    """What fills a gap: the mean of a number, the most frequent level of a category (the first of equal ones)."""
    known = values[~np.isnan(values[:, 0])]
    if not len(known):
        return np.zeros(values.shape[1])
    if not category:
        return known.mean(axis=0)
    return np.eye(values.shape[1])[known.sum(axis=0).argmax()]


def _scale(known: Array, scaling: str) -> tuple[Array, Array]:
    """What is taken from each column and what it is divided by then."""
    if scaling == NONE:
        return np.zeros(known.shape[1]), np.ones(known.shape[1])
    if scaling == STANDARDIZE:
        shift, scale = known.mean(axis=0), known.std(axis=0)
    else:
        shift = known.min(axis=0)
        scale = known.max(axis=0) - shift
    # a column that is the same everywhere would be divided by rounding errors
    return shift, np.where(scale > 1e-12 * np.maximum(1.0, np.abs(shift)), scale, 1.0)


def _check(table: Table) -> None:
    """Refuse what no table can be. Raises InvalidValueError."""
    for field in ("names", "categorical"):
        names = getattr(table, field)
        if not all(isinstance(name, str) for name in names) or len(set(names)) < len(names):
            raise InvalidValueError("{field} must name each column once", field=field)
    levels = table.levels
    described = all(isinstance(some, tuple) and all(isinstance(text, str) for text in some) for some in levels)
    if (
        not described
        or len(levels) != len(table.categorical)
        or any(not 0 < len(some) <= MOST_LEVELS for some in levels)
    ):
        raise InvalidValueError("levels must list the different values of each categorical column")
    used = {*table.names, table.target}
    if table.target in table.names or not set(table.categorical) <= used or len(table.names) > MOST_COLUMNS:
        raise InvalidValueError("the target (={target}) must be a column beside the inputs", target=table.target[:40])
    if not 0 <= table.complete <= table.rows <= MOST_ROWS:
        raise InvalidValueError("rows (={rows}) must lie between 0 and {most}", rows=table.rows, most=f"{MOST_ROWS:,}")
    stamp = table.stamp
    if len(stamp) != 3 or any(type(part) is not kind for part, kind in zip(stamp, (int, int, str), strict=True)):
        raise InvalidValueError("stamp must be size, time and SHA-256 of the file")
