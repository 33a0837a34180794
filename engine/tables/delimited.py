"""Delimited text (CSV, TSV): delimiter, heading, numbers and texts are found out; read in pieces of bounded size."""

from __future__ import annotations

import csv
import io
import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from engine.tables.content import MOST_CELLS, MOST_COLUMNS, MOST_LEVELS, MOST_ROWS, Array, Column, TableError

MISSING = frozenset({"", "na", "n/a", "nan", "null", "?"})
"""What a cell without a value says, whatever its case."""
PREVIEW = 100
_DELIMITERS = (",", ";", "\t", "|")
_PIECE = 4096
"""Rows that are taken apart at once."""
_LOOKED_AT = 65_536
"""Characters by which the delimiter is found out."""

Told = Callable[[float], None]
"""Hears which share of a file is read, from 0 to 1."""


def read_delimited(
    data: bytes, *, tabs: bool = False, header: bool | None = None, told: Told | None = None
) -> tuple[tuple[Column, ...], int, tuple[tuple[str, ...], ...], bool]:
    """Columns, number of rows, the first rows as written, and whether the first line holds names.

    `tabs` says that the file's name promises tabs; `header` None: find out. `told` hears which share is read. Raises
    TableError.
    """
    encoding = _encoding(data)
    start = _text(io.BytesIO(data), encoding).read(_LOOKED_AT)
    delimiter = "\t" if tabs and "\t" in start else _delimiter(start)
    try:
        names, has_header = _names(data, encoding, delimiter, header)
        columns, preview = _columns(data, encoding, delimiter, names, has_header, frozenset(), told)
        late = frozenset(place for place, column in enumerate(columns) if column.late)
        if late:  # texts appeared where numbers had been stored: read those columns as texts from the start
            again, preview = _columns(data, encoding, delimiter, names, has_header, late, told)
            for place in late:
                again[place].first_text = columns[place].first_text
            columns = again
    except csv.Error as error:
        raise TableError("this is not a table of text: {reason}", reason=str(error)) from error
    rows = len(columns[0])
    if not rows:
        raise TableError("the table has no row of data; it needs one line for each sample")
    return tuple(column.finished(name) for column, name in zip(columns, names, strict=True)), rows, preview, has_header


def _encoding(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    try:
        data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return "latin-1"
    return "utf-8-sig"


def _text(stream: io.BytesIO, encoding: str) -> io.TextIOWrapper:
    return io.TextIOWrapper(stream, encoding, errors="replace", newline="")


def _delimiter(start: str) -> str:
    """The delimiter that cuts the most lines into the same number of cells, two or more."""
    lines = [line for line in start.splitlines()[:60] if line.strip()]
    best, found = (0.0, 0), ","
    for delimiter in _DELIMITERS:
        try:
            counts = Counter(len(row) for row in csv.reader(lines, delimiter=delimiter) if row)
        except csv.Error:
            continue
        width, times = max(counts.items(), key=lambda item: (item[0] > 1, item[1]), default=(0, 0))
        score = (times / max(1, len(lines)) if width > 1 else 0.0, width)
        if score > best:
            best, found = score, delimiter
    return found


def _rows(data: bytes, encoding: str, delimiter: str, told: Told | None = None) -> Iterator[tuple[int, list[str]]]:
    """Each row that is not blank, with the line on which it ends."""
    stream = io.BytesIO(data)
    reader = csv.reader(_text(stream, encoding), delimiter=delimiter, skipinitialspace=True)
    for count, row in enumerate(reader):
        if told is not None and count % _PIECE == 0:
            told(stream.tell() / len(data))
        if row and not (len(row) == 1 and not row[0].strip()):
            yield reader.line_num, row


def _names(data: bytes, encoding: str, delimiter: str, header: bool | None) -> tuple[list[str], bool]:
    """The names of the columns, each once, and whether they were written in the first line."""
    first = next(_rows(data, encoding, delimiter), None)
    if first is None:
        raise TableError("the file is empty")
    cells = [cell.strip() for cell in first[1]]
    if len(cells) > MOST_COLUMNS:
        raise TableError(
            "line {line} has {count} cells; a table may have at most {most} columns",
            line=first[0],
            count=f"{len(cells):,}",
            most=f"{MOST_COLUMNS:,}",
        )
    if header is None:
        comma = delimiter == ";"
        header = not any(number(cell, comma) is not None for cell in cells if cell.casefold() not in MISSING)
    if not header:
        return [f"column {place + 1}" for place in range(len(cells))], False
    names: list[str] = []
    for place, cell in enumerate(cells):
        wanted = cell or f"column {place + 1}"
        name, times = wanted, 1
        while name in names:
            times += 1
            name = f"{wanted} ({times})"
        names.append(name)
    return names, True


def _columns(
    data: bytes,
    encoding: str,
    delimiter: str,
    names: Sequence[str],
    header: bool,
    texts: frozenset[int],
    told: Told | None,
) -> tuple[list[_Column], tuple[tuple[str, ...], ...]]:
    columns = [_Column(place in texts, comma=delimiter == ";") for place in range(len(names))]
    most = min(MOST_ROWS, MOST_CELLS // len(names))
    preview: tuple[tuple[str, ...], ...] = ()
    lines: list[int] = []
    piece: list[list[str]] = []
    rows = _rows(data, encoding, delimiter, told)
    if header:
        next(rows, None)
    for count, (line, row) in enumerate(rows, 1):
        if len(row) != len(names):
            raise TableError(
                "line {line} has {count} cells where {wanted} are expected, as in the first line",
                line=line,
                count=len(row),
                wanted=len(names),
            )
        if count > most:
            raise TableError(
                "the table is too large: with {columns} columns, at most {most} rows can be read",
                columns=len(names),
                most=f"{most:,}",
            )
        lines.append(line)
        piece.append(row)
        if len(piece) == _PIECE:
            preview = preview or tuple(map(tuple, piece[:PREVIEW]))
            _add(columns, piece, lines)
            piece, lines = [], []
    preview = preview or tuple(map(tuple, piece[:PREVIEW]))
    _add(columns, piece, lines)
    return columns, preview


def _add(columns: Sequence[_Column], piece: list[list[str]], lines: list[int]) -> None:
    if piece:
        for column, cells in zip(columns, zip(*piece, strict=True), strict=True):
            column.add(cells, lines)


def number(cell: str, comma: bool) -> float | None:
    """The finite number that a cell says, with a decimal comma if allowed; None if it says none."""
    if "_" in cell:
        return None
    try:
        value = float(cell.replace(",", ".") if comma else cell)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


class _Column:
    """A column while it is read: numbers until a cell is none, then texts."""

    def __init__(self, text: bool, *, comma: bool) -> None:
        self._comma = comma
        self._text = text
        self._parts: list[Array] = []
        self._places: dict[str, int] | None = {}
        self._count = self._missing = 0
        self.first_text: tuple[int, str] | None = None
        self.late = False
        """Whether a text appeared after numbers had been stored."""

    def __len__(self) -> int:
        return self._count

    def add(self, cells: Sequence[str], lines: Sequence[int]) -> None:
        """Take the cells of more rows and the lines they stand on."""
        self._count += len(cells)
        if self.late:
            return
        if not self._text:
            values = self._numbers(cells, lines)
            if values is not None:
                self._missing += int(np.isnan(values).sum())
                self._parts.append(values)
                return
            self._text, self.late = True, bool(self._parts)
            if self.late:
                self._parts.clear()
                return
        self._add_texts(cells)

    def _numbers(self, cells: Sequence[str], lines: Sequence[int]) -> Array | None:
        try:
            values = np.array([float(cell) for cell in cells])
        except ValueError:
            values = None
        if values is not None and np.isfinite(values).all() and not any("_" in cell for cell in cells):
            return values
        found = []
        for cell, line in zip(cells, lines, strict=True):
            text = cell.strip()
            value = math.nan if text.casefold() in MISSING else number(text, self._comma)
            if value is None:
                self.first_text = line, text
                return None
            found.append(value)
        return np.array(found)

    def _add_texts(self, cells: Sequence[str]) -> None:
        places = self._places
        if places is None:
            return
        codes = np.empty(len(cells), np.int32)
        for row, cell in enumerate(cells):
            text = cell.strip()
            codes[row] = -1 if text.casefold() in MISSING else places.setdefault(text, len(places))
        self._missing += int((codes < 0).sum())
        self._parts.append(codes)
        if len(places) > MOST_LEVELS:
            self._places = None
            self._parts.clear()

    def finished(self, name: str) -> Column:
        """The column once all rows are in."""
        if not self._text:
            return Column(name, np.concatenate(self._parts), missing=self._missing)
        if self._places is None:
            return Column(name, None, missing=self._missing, first_text=self.first_text)
        return Column(
            name, None, np.concatenate(self._parts), tuple(self._places), self._missing, first_text=self.first_text
        )
