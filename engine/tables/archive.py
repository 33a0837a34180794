"""NumPy archives (.npz): an array of inputs and one of targets, sizes checked before anything is read."""

from __future__ import annotations

import io
import math
import zipfile
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.lib import format as npy

from engine.tables.content import MOST_CELLS, MOST_COLUMNS, MOST_LEVELS, MOST_ROWS, Array, Column, TableError
from engine.tables.delimited import PREVIEW

_INPUTS, _TARGETS = ("X", "x", "data", "inputs", "features"), ("y", "target", "targets", "labels", "label")
_MOST_BYTES = 400_000_000
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError, KeyError, ValueError)
"""What `zipfile` raises for damaged archives; ValueError where a header points to before the start."""


def read_archive(data: bytes) -> tuple[tuple[Column, ...], int, tuple[tuple[str, ...], ...]]:
    """Columns (those of the inputs, then the target), number of rows, and the first rows. Raises TableError."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            inputs, name = _array(archive, _INPUTS, "inputs")
            targets, target = _array(archive, _TARGETS, "targets")
    except TableError:
        raise
    except _DAMAGE as error:
        raise TableError("this is no archive of NumPy arrays, or it is damaged") from error
    rows = len(inputs)
    if targets.ndim == 2 and targets.shape[1] == 1:
        targets = targets[:, 0]
    if targets.ndim != 1 or len(targets) != rows:
        raise TableError(
            "{target} has shape {found}; for the {rows} rows of {name} it needs one value each",
            target=target,
            found=targets.shape,
            name=name,
            rows=f"{rows:,}",
        )
    flat = inputs.reshape(rows, -1).astype(np.float64)
    if np.isinf(flat).any():
        raise TableError("{name} holds a value that is infinite; a table needs finite numbers", name=name)
    columns = [
        Column(f"{name} {place + 1}", flat[:, place], missing=int(np.isnan(flat[:, place]).sum()))
        for place in range(flat.shape[1])
    ]
    columns.append(_target_column(target, targets))
    shown = zip(flat[:PREVIEW].tolist(), targets[:PREVIEW].tolist(), strict=True)
    preview = tuple((*(f"{value:.6g}" for value in row), str(value)) for row, value in shown)
    return tuple(columns), rows, preview


def read_arrays(data: bytes) -> tuple[Array, Array | None]:
    """The inputs as they lie in an archive, of any shape, and the targets if it has some. Raises TableError."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            inputs, _ = _array(archive, _INPUTS, "inputs", wide=True)
            there = {info.filename.removesuffix(".npy") for info in archive.infolist()}
            return inputs, _array(archive, _TARGETS, "targets")[0] if there.intersection(_TARGETS) else None
    except TableError:
        raise
    except _DAMAGE as error:
        raise TableError("this is no archive of NumPy arrays, or it is damaged") from error


def _array(archive: zipfile.ZipFile, names: Sequence[str], what: str, *, wide: bool = False) -> tuple[Array, str]:
    """The first array of one of these names; a `wide` one may have more values in a row than a table has columns."""
    members = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
    name = next((name for name in names if name in members), None)
    if name is None:
        raise TableError(
            "the archive has no array of {what}: one of {names} is needed, it has {found}",
            what=what,
            names=", ".join(names),
            found=", ".join(sorted(members)[:10]) or "none",
        )
    info = members[name]
    if info.file_size > _MOST_BYTES:
        raise TableError(
            "array {name} holds {size} MB; at most {most} MB can be read",
            name=name,
            size=info.file_size // 1_000_000,
            most=_MOST_BYTES // 1_000_000,
        )
    with archive.open(info) as file:
        raw = file.read(_MOST_BYTES + 1)
    return _decoded(raw, name, what, wide), name


def _decoded(raw: bytes, name: str, what: str, wide: bool) -> Array:
    """The array of a member, if its header says no more than what is there."""
    stream = io.BytesIO(raw)
    try:
        version = npy.read_magic(stream)
        header: Any = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, _, dtype = header(stream, max_header_size=10_000)
        count = math.prod(shape)
        if dtype.hasobject or count * dtype.itemsize != len(raw) - stream.tell():
            raise ValueError
    except (ValueError, TypeError, SyntaxError, OverflowError, MemoryError, RecursionError) as error:
        raise TableError("array {name} is damaged, or of a kind that is never read", name=name) from error
    allowed = "biuf" if what == "inputs" else "biufU"
    if dtype.kind not in allowed or not shape:
        raise TableError("array {name} (of {kind}) must hold numbers", name=name, kind=str(dtype))
    width = count // shape[0] if shape[0] else 0
    too_wide = not wide and (width > MOST_COLUMNS or count > MOST_CELLS)
    if not count or shape[0] > MOST_ROWS or too_wide:
        raise TableError(
            "array {name} has shape {shape}; a table has 1 to {rows} rows of 1 to {columns} values, {cells} in all",
            name=name,
            shape=shape,
            rows=f"{MOST_ROWS:,}",
            columns=f"{MOST_COLUMNS:,}",
            cells=f"{MOST_CELLS:,}",
        )
    stream.seek(0)
    return npy.read_array(stream, allow_pickle=False)


def _target_column(name: str, values: Array) -> Column:
    if values.dtype.kind in "biuf":
        numbers = values.astype(np.float64)
        if np.isinf(numbers).any():
            raise TableError("{name} holds a value that is infinite; a table needs finite numbers", name=name)
        return Column(name, numbers, missing=int(np.isnan(numbers).sum()))
    texts, places = np.unique(values, return_inverse=True)
    if len(texts) > MOST_LEVELS:
        return Column(name, None, first_text=(1, str(values[0])))
    return Column(name, None, places.astype(np.int32), tuple(map(str, texts.tolist())), first_text=(1, str(values[0])))
