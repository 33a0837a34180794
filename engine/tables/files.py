"""Table files on disk: read once while they stay as they are, known again by size, time and content."""

from __future__ import annotations

import hashlib
import os
import stat
from functools import lru_cache
from pathlib import Path

from engine.tables.archive import read_archive
from engine.tables.content import Content, TableError
from engine.tables.delimited import Told, read_delimited

MOST_BYTES = 200_000_000

Stamp = tuple[int, int, str]


def read_table(path: str, header: bool | None = None, told: Told | None = None) -> Content:
    """The table in a file; `header` says whether its first line holds names (None: find out). Raises TableError.

    `told` hears now and then which share of it is read; what it raises ends the reading.
    """
    size, modified = _look(path)
    kept = _kept(path, size, modified)
    if header not in kept:
        content = _read(path, modified, header, told)
        kept.clear()
        # whoever lets the first line be judged asks for what was found the next time
        kept[header] = kept[content.header] = content
    return kept[header]


def matches(path: str, stamp: Stamp) -> bool:
    """Whether the file is the one of that stamp: the same size and time, or the same content. Raises TableError."""
    size, modified = _look(path)
    return (size, modified) == stamp[:2] or (size == stamp[0] and _digest(path, size, modified) == stamp[2])


def _look(path: str) -> tuple[int, int]:
    """Size and modification time in ns of a plain file that is not too large."""
    name = Path(path).name or path
    try:
        found = os.stat(path)
    except (OSError, ValueError) as error:  # a name that the system cannot even look up is a ValueError
        raise TableError("The file {file} is not there, or cannot be reached", file=path) from error
    if not stat.S_ISREG(found.st_mode):
        raise TableError("{file} is not a file that holds a table", file=name)
    if found.st_size > MOST_BYTES:
        raise TableError(
            "{file} has {size} MB; a table may have at most {most} MB",
            file=name,
            size=f"{found.st_size // 1_000_000:,}",
            most=MOST_BYTES // 1_000_000,
        )
    return found.st_size, found.st_mtime_ns


def _bytes(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(MOST_BYTES + 1)
    except OSError as error:
        raise TableError(
            "The file {file} cannot be read: {reason}", file=path, reason=error.strerror or str(error)
        ) from error


@lru_cache(maxsize=1)
def _kept(path: str, size: int, modified: int) -> dict[bool | None, Content]:
    """What was read of the file that was read last, by what was said about its first line."""
    return {}


def _read(path: str, modified: int, header: bool | None, told: Told | None) -> Content:
    data, suffix = _bytes(path), Path(path).suffix.lower()
    stamp = len(data), modified, hashlib.sha256(data).hexdigest()
    try:
        if suffix == ".npz":
            columns, rows, preview = read_archive(data)
            return Content(path, columns, rows, preview, stamp)
        columns, rows, preview, has_header = read_delimited(data, tabs=suffix == ".tsv", header=header, told=told)
        return Content(path, columns, rows, preview, stamp, has_header)
    except TableError as error:
        # whoever opened it sees several files: each sentence says which one it is about
        values = dict(error.sentence.values)
        if "file" not in values:
            error = TableError("{file}: " + error.sentence.template, file=Path(path).name, **values)
        raise error from None


@lru_cache(maxsize=8)
def _digest(path: str, size: int, modified: int) -> str:
    return hashlib.sha256(_bytes(path)).hexdigest()
