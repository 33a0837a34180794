"""Files with samples for a network that is trained: tables, archives and pictures, made what it learnt from."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.catalog.datasets.dataset import Samples
from engine.catalog.datasets.table import DROP, Table
from engine.document.errors import FileError, InvalidValueError
from engine.document.graph import Data
from engine.images.folders import SUFFIXES as PICTURES
from engine.images.folders import picture
from engine.plan.data import as_held
from engine.tables.archive import read_arrays
from engine.tables.content import Column, Content, number_text
from engine.tables.files import MOST_BYTES, read_table

Array = NDArray[Any]
TABLES, ARCHIVES = (".csv", ".tsv"), (".npz",)
_NAMED = 10
"""Names that a sentence lists at most."""


def read(data: Data, path: Path, *, answered: bool) -> Samples:
    """The samples in a file, made as those of the training part were: filled, scaled, resized by what was found there.

    With `answered`, their targets are read, too, and rows that lack a value are left out as in training; else targets
    are 0, and such a row is an error. Raises PlaygroundError that names file, value and remedy.
    """
    suffix, dataset = path.suffix.lower(), data.dataset
    if suffix in PICTURES and dataset.pictures and not answered:
        return _one_picture(data, path)
    if suffix not in (*TABLES, *ARCHIVES):
        more = ", or a picture (.png, .jpg)" if dataset.pictures and not answered else ""
        raise InvalidValueError("the file (={file}) must be a table (.csv, .tsv, .npz)" + more, file=path)
    if dataset.pictures:
        found = _pictures(data, path, answered)
    elif isinstance(dataset, Table):
        found = _rows(dataset, path, answered)
    else:
        found = _points(data, path, answered)
    if not len(found):
        raise InvalidValueError("the file (={file}) holds no sample without a gap; fill the gaps in", file=path)
    return dataset.prepared(found, as_held(data)) if isinstance(dataset, Table) else found


# --- tables ----------------------------------------------------------------------------------------------------------


def _rows(table: Table, path: Path, answered: bool) -> Samples:
    """Rows of a table with the columns of the one that was learnt from, found by their names."""
    content = _content(table, path, answered)
    wanted = (*table.names, table.target) if answered else table.names
    _require(content, wanted, path)
    for name in set(table.categorical) & set(wanted):
        _check_levels(content.column(name), table, path)
    values = table.inputs_of(content)
    gaps = np.isnan(values).any(axis=1)
    if not answered:
        if table.missing == DROP and gaps.any():
            row = int(np.flatnonzero(gaps)[0]) + 1
            raise InvalidValueError(
                "row {row} of {file} lacks a value; fill it in, or leave the row out", row=row, file=path.name
            )
        return Samples(values, _nothing(table.task, content.rows))
    targets = table.targets_of(content)
    kept = targets >= 0 if table.task == "classification" else ~np.isnan(targets)
    if table.missing == DROP:
        kept &= ~gaps
    return Samples(values[kept], targets[kept])


def _content(table: Table, path: Path, answered: bool) -> Content:
    """What the file holds, under the names of the table; where it names nothing, its order says which is which."""
    if path.suffix.lower() in ARCHIVES:
        inputs, targets = _arrays(path, answered)
        flat = inputs.reshape(len(inputs), -1)
        if flat.shape[1] != len(table.names):
            raise InvalidValueError(
                "the inputs in {file} have {count} columns; the project's table has {wanted}: {names}",
                file=path.name,
                count=flat.shape[1],
                wanted=len(table.names),
                names=_listed(table.names),
            )
        columns = [Column(name, flat[:, place].astype(np.float64)) for place, name in enumerate(table.names)]
        if targets is not None:
            columns.append(_column(table.target, targets))
        return Content(str(path), tuple(columns), len(flat))
    content = read_table(str(path), table.header)
    if not table.header and not answered and len(content.columns) == len(table.names):
        renamed = [
            Column(name, column.numbers, column.places, column.texts, column.missing, column.first_text)
            for name, column in zip(table.names, content.columns, strict=True)
        ]
        return Content(content.path, tuple(renamed), content.rows)
    return content


def _require(content: Content, names: tuple[str, ...], path: Path) -> None:
    """Raise InvalidValueError for a column that is not there."""
    there = [column.name for column in content.columns]
    for name in names:
        if name not in there:
            raise InvalidValueError(
                "{file} has no column “{column}”: it needs {wanted}, and has {found}",
                file=path.name,
                column=name,
                wanted=_listed(names),
                found=_listed(there),
            )


def _check_levels(column: Column, table: Table, path: Path) -> None:
    """Raise InvalidValueError for a text that the network has never seen."""
    known = table.levels[table.categorical.index(column.name)]
    new = [level for level in column.levels() if level not in known]
    if new:
        raise InvalidValueError(
            "column “{column}” of {file} holds “{value}”, which was not there to learn from; known are {known}",
            column=column.name,
            file=path.name,
            value=new[0][:40],
            known=_listed(known),
        )


# --- points of the plane ---------------------------------------------------------------------------------------------


def _points(data: Data, path: Path, answered: bool) -> Samples:
    """Points with the columns x1 and x2, or without names in this order, then what is to be answered."""
    if path.suffix.lower() in ARCHIVES:
        inputs, targets = _arrays(path, answered)
        if inputs.ndim != 2 or inputs.shape[1] != 2:
            raise InvalidValueError(
                "the inputs in {file} have shape {shape}; points of the plane have shape (samples, 2)",
                file=path.name,
                shape=inputs.shape,
            )
        return _finite(inputs, _targets(data, targets, len(inputs), path), path)
    content = read_table(str(path))
    names = ("x1", "x2")
    if not content.header and len(content.columns) == 2 + answered:
        names = (content.columns[0].name, content.columns[1].name)
    _require(content, names, path)
    values = np.stack([content.column(name).as_numbers() for name in names], axis=1)
    column = _answer_column(content, set(names), path) if answered else None
    return _finite(values, _coded(data, column, content.rows, path), path)


def _answer_column(content: Content, others: set[str], path: Path) -> Column:
    """The column with what is to be answered: one with a telling name, else the last."""
    column = content.column(content.suggested.target)
    if column.name in others:
        raise InvalidValueError("{file} has no column with what is to be answered, such as “target”", file=path.name)
    return column


def _finite(values: Array, targets: Array, path: Path) -> Samples:
    gaps = np.isnan(values).any(axis=1)
    if gaps.any():
        row = int(np.flatnonzero(gaps)[0]) + 1
        raise InvalidValueError(
            "row {row} of {file} lacks a value; fill it in, or leave the row out", row=row, file=path.name
        )
    return Samples(values.astype(np.float64), targets)


# --- pictures --------------------------------------------------------------------------------------------------------


def _one_picture(data: Data, path: Path) -> Samples:
    channels, height, width = data.dataset.input_shape(())
    values = picture(str(path), max(height, width), channels == 3)
    top, left = (values.shape[1] - height) // 2, (values.shape[2] - width) // 2
    return Samples(values[None, :, top : top + height, left : left + width], np.zeros(1, np.int64))


def _pictures(data: Data, path: Path, answered: bool) -> Samples:
    """Pictures as arrays, or a row of pixels for each."""
    shape = data.dataset.input_shape(())
    if path.suffix.lower() in ARCHIVES:
        values, labels = _arrays(path, answered)
        return Samples(_pixels(values, shape, path), _targets(data, labels, len(values), path))
    content = read_table(str(path))
    column = _answer_column(content, set(), path) if answered else None
    pixels = [each for each in content.columns if each is not column]
    if len(pixels) != math.prod(shape):
        raise InvalidValueError(
            "{file} has {count} columns of pixels; a picture of {shape} has {wanted}",
            file=path.name,
            count=len(pixels),
            shape=shape,
            wanted=math.prod(shape),
        )
    values = np.stack([each.as_numbers() for each in pixels], axis=1)
    return Samples(_pixels(values, shape, path), _coded(data, column, content.rows, path))


def _pixels(values: Array, shape: tuple[int, ...], path: Path) -> NDArray[np.uint8]:
    """Pictures (samples, channels, height, width) from 0 to 255; fractions stand for parts of 255."""
    channels, height, width = shape
    if values.shape[1:] == (height, width, channels) != shape:
        values = values.transpose(0, 3, 1, 2)
    if values.shape[1:] not in (shape, (math.prod(shape),), (height, width) if channels == 1 else shape):
        raise InvalidValueError(
            "the pictures in {file} have shape {found}; the network takes (samples, {channels}, {height}, {width})",
            file=path.name,
            found=values.shape,
            channels=channels,
            height=height,
            width=width,
        )
    numbers = values.astype(np.float32)
    if values.dtype.kind == "f" and numbers.size and numbers.max() <= 1:
        numbers = numbers * 255
    if not (np.isfinite(numbers).all() and numbers.min() >= 0 and numbers.max() <= 255):
        raise InvalidValueError("the pixels in {file} must lie between 0 and 255", file=path.name)
    return np.rint(numbers).astype(np.uint8).reshape(len(values), *shape)


# --- targets ---------------------------------------------------------------------------------------------------------


def _arrays(path: Path, answered: bool) -> tuple[Array, Array | None]:
    """Inputs of an archive and, where they are wanted, its targets."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise FileError("{file} is larger than the {most} MB that are read", file=path, most=MOST_BYTES // 10**6)
        inputs, targets = read_arrays(path.read_bytes())
    except OSError as error:
        raise FileError("{file} cannot be read: {reason}", file=path, reason=error.strerror or str(error)) from error
    if answered and (targets is None or targets.reshape(len(targets), -1).shape != (len(inputs), 1)):
        raise InvalidValueError(
            "{file} needs an array y with one target for each of its {count} inputs", file=path.name, count=len(inputs)
        )
    return inputs, targets.ravel() if answered and targets is not None else None


def _targets(data: Data, targets: Array | None, count: int, path: Path) -> Array:
    return _coded(data, None if targets is None else _column("y", targets), count, path)


def _column(name: str, values: Array) -> Column:
    if values.dtype.kind in "biuf":
        return Column(name, values.astype(np.float64))
    texts, places = np.unique(values, return_inverse=True)
    return Column(name, None, places.astype(np.int64), tuple(map(str, texts.tolist())), first_text=(1, str(values[0])))


def _coded(data: Data, column: Column | None, count: int, path: Path) -> Array:
    """Targets as the data set has them: class numbers or numbers; zeros where there are none."""
    dataset = data.dataset
    if column is None:
        return _nothing(dataset.task, count)
    if dataset.task == "regression":
        return column.as_numbers()
    codes = column.coded(dataset.class_names)
    if column.is_number and not set(column.levels()) <= set(dataset.class_names):
        codes = column.coded([number_text(float(number)) for number in range(dataset.class_count)])
    if (codes < 0).any():
        row = int(np.flatnonzero(codes < 0)[0]) + 1
        raise InvalidValueError(
            "row {row} of {file} names no class; known are {known}",
            row=row,
            file=path.name,
            known=_listed(dataset.class_names),
        )
    return codes


def _nothing(task: str, count: int) -> Array:
    return np.zeros(count, np.int64 if task == "classification" else np.float64)


def _listed(names: Any) -> str:
    shown = list(map(str, names))
    return ", ".join(shown[:_NAMED]) + (f" and {len(shown) - _NAMED} more" if len(shown) > _NAMED else "")
