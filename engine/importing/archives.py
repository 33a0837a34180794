"""Zip files from anywhere: looked through before anything of them is unpacked, so that none can fill the memory."""

from __future__ import annotations

import errno
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from engine.document.errors import FileError

LARGEST = 512 * 2**20
"""The most bytes that a file of weights may have, packed or not."""
MOST_ARRAYS = 20_000
_DIRECTORY = 8 * 2**20
"""The most bytes that the list of members may take: each costs ten times as many in memory."""
_PACKED, _SMALL = 64, 16 * 2**20
"""Numbers hardly shrink when they are packed: so many bytes may come out of each, or so many altogether."""
_END, _END_SIZE, _LONGEST_COMMENT = b"PK\x05\x06", 22, 65_535
_LARGE_END, _LARGE_SIZE = b"PK\x06\x06", 76
"""The record of archives that may be large, with the pointer to it; it stands before the end."""

# Everything that zipfile and zlib are known to raise for bytes that are no zip.
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    KeyError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    OverflowError,
)


def check_size(path: Path, largest: int = LARGEST) -> int:
    """The size of a file that can be read. Raises FileError for one that is none, or too large, before it is opened."""
    try:
        size = path.stat().st_size
    except OSError as error:
        raise FileError(
            "{file} cannot be read: {reason}", file=str(path), reason=error.strerror or str(error)
        ) from error
    if not path.is_file():  # a pipe or a device would be waited for, or read without end
        raise FileError("{file} is not a file", file=str(path))
    if size > largest:
        raise FileError(
            "{file} is too large: {size} MB; weights of up to {most} MB can be read",
            file=path.name,
            size=size // 2**20,
            most=largest // 2**20,
        )
    return size


@contextmanager
def opened(path: Path, what: str) -> Iterator[zipfile.ZipFile]:
    """A zip whose members, together, are within the limits; `what` it should be is said where it is none.

    Raises FileError in one sentence, also for what goes wrong while it is read.
    """
    size = check_size(path)
    damaged = FileError("{file} is not {what}, or it is damaged", file=path.name, what=what)
    try:
        with path.open("rb") as stream:
            _check_end(stream, size, damaged)
            stream.seek(0)
            with zipfile.ZipFile(stream) as archive:
                _check_members(archive, path.name, size, damaged)
                yield archive
    except FileError:
        raise
    except OSError as error:
        if (
            error.errno is None or error.strerror is None or error.errno == errno.EINVAL
        ):  # a seek before the file's beginning
            raise damaged from error
        raise FileError("{file} cannot be read: {reason}", file=str(path), reason=error.strerror) from error
    except _DAMAGE as error:
        raise damaged from error


def _check_end(stream: BinaryIO, size: int, damaged: FileError) -> None:
    """Look at the size of the list of members before it is read."""
    stream.seek(max(0, size - _END_SIZE - _LONGEST_COMMENT - _LARGE_SIZE))
    tail = stream.read()
    place = tail.rfind(_END)
    if place < 0 or len(tail) - place < _END_SIZE:
        raise damaged
    (directory,) = struct.unpack_from("<L", tail, place + 12)
    if place >= _LARGE_SIZE and tail[place - _LARGE_SIZE :].startswith(_LARGE_END):
        directory = max(directory, *struct.unpack_from("<Q", tail, place - _LARGE_SIZE + 40))
    if directory > _DIRECTORY:
        raise damaged


def _check_members(archive: zipfile.ZipFile, file: str, size: int, damaged: FileError) -> None:
    infos = archive.infolist()
    if len(infos) > MOST_ARRAYS or len({info.filename for info in infos}) < len(infos):
        raise damaged
    for info in infos:
        # What is marked as a folder has no content for PyTorch, which then reads what lies in memory.
        folder = not info.filename or info.filename.endswith("/") or info.external_attr & 0x10
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or info.flag_bits & 1 or folder:
            raise damaged
    total = sum(info.file_size for info in infos)
    if total > LARGEST or total > max(_SMALL, _PACKED * size):
        raise FileError("{file} unpacks to {size} MB, which is too much", file=file, size=total // 2**20)


def member(archive: zipfile.ZipFile, name: str, most: int) -> bytes:
    """The content of a member that says it has at most so many bytes. Raises what `opened` turns into a FileError."""
    info = archive.getinfo(name)
    if info.file_size > most:
        raise ValueError(name)
    with archive.open(info) as stream:
        content = stream.read(info.file_size + 1)
    if len(content) != info.file_size:
        raise ValueError(name)
    return content
