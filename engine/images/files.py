"""Files of bytes, compressed by gzip or not, read piece by piece; each fault is one sentence that names the file."""

from __future__ import annotations

import gzip
import os
import stat
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

from engine.document.errors import PlaygroundError

PIECE = 1 << 20
"""Bytes that are read at once."""
_GZIP = b"\x1f\x8b"

Stamp = tuple[str, int, int]
"""Path, size and modification time in ns of a file."""


class ImageDataError(PlaygroundError):
    """A file of images that cannot be used; says which, why, and what to do."""


def found(folder: Path, names: Sequence[str]) -> Path | None:
    """The first of these files that is in a folder, under its name or with `.gz` after it."""
    for name in names:
        for path in (folder / name, folder / f"{name}.gz"):
            if path.is_file():
                return path
    return None


def stamp_of(path: Path) -> Stamp:
    """What tells a file from another, or from what it was. Raises ImageDataError for one that is not there."""
    try:
        status = path.stat()
    except OSError as error:
        raise ImageDataError("The file {file} is not there, or cannot be reached", file=str(path)) from error
    if not stat.S_ISREG(status.st_mode):
        raise ImageDataError("{file} is not a file; put the one of that name in its place", file=str(path))
    return str(path), status.st_size, status.st_mtime_ns


def content_size(path: Path) -> int:
    """How many bytes are in a file, by what a compressed one says of itself. Raises ImageDataError for an empty one."""
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            if not size:
                raise ImageDataError("{file} is empty; remove it and download it again", file=str(path))
            if file.read(2) != _GZIP:
                return size
            file.seek(max(0, size - 4))
            return int.from_bytes(file.read(4), "little")
    except OSError as error:
        raise _unreadable(path, error) from error


class Reader:
    """The content of a file, from its beginning to its end. Raises ImageDataError for a fault in it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._raw: IO[bytes] | None = None
        self._file: Any = None

    def __enter__(self) -> Reader:
        try:
            self._file = self._raw = self._path.open("rb")
            if self._raw.read(2) == _GZIP:
                self._file = gzip.GzipFile(fileobj=self._raw)
            self._raw.seek(0)
        except OSError as error:
            raise _unreadable(self._path, error) from error
        return self

    def __exit__(self, *_: object) -> None:
        if self._raw is not None:
            self._raw.close()

    def take(self, size: int) -> bytes:
        """The next bytes, exactly so many."""
        return b"".join(self.pieces(size))

    def pieces(self, size: int) -> Iterator[bytes]:
        """The next bytes, exactly so many, a piece at a time."""
        while size:
            piece = self._read(min(size, PIECE))
            if not piece:
                raise ImageDataError("{file} is truncated; remove it and download it again", file=str(self._path))
            size -= len(piece)
            yield piece

    def end(self) -> None:
        """Check that nothing is left, and the checksum of a compressed file with it."""
        if self._read(1):
            raise ImageDataError(
                "{file} is longer than it should be; remove it and download it again", file=str(self._path)
            )

    def _read(self, size: int) -> bytes:
        try:
            piece: bytes = self._file.read(size)
        except EOFError as error:
            raise ImageDataError(
                "{file} is truncated; remove it and download it again", file=str(self._path)
            ) from error
        except (OSError, zlib.error) as error:
            if isinstance(error, OSError) and not isinstance(error, gzip.BadGzipFile):
                raise _unreadable(self._path, error) from error
            raise ImageDataError("{file} is damaged; remove it and download it again", file=str(self._path)) from error
        return piece


def _unreadable(path: Path, error: OSError) -> ImageDataError:
    return ImageDataError(
        "{file} cannot be read ({reason}); make it readable", file=str(path), reason=error.strerror or str(error)
    )
