"""A folder of pictures with a folder for each class: what is in it, and its pictures made one size, within limits."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.images.files import ImageDataError
from engine.images.kept import Kept, Piece, kept

if TYPE_CHECKING:
    from PIL.Image import Image

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".ppm", ".pgm")
"""Endings of the files that are taken for pictures."""
MOST_CLASSES, MOST_FILES = 1_000, 200_000
MOST_BYTES = 100_000_000
"""Of one file."""
MOST_PIXELS = 50_000_000
"""Of one picture: decoding it takes three or four bytes for each."""
_FORMATS = ("PNG", "JPEG", "BMP", "GIF", "WEBP", "PPM")
"""What Pillow may read: no format that runs programs or has had more faults than pictures."""
_AT_ONCE = 64
_THREADS = 4
NAMED = 3
"""Files that are named of those that were left out."""

MOST_WATCHED = 5_000
"""Files that are looked at one by one for having been written; of more, every so many-th."""

Told = Callable[[float], None]
"""Hears now and then which share is done; what it raises ends the work."""
Stamp = tuple[int, int, str]


@dataclass(frozen=True, eq=False)
class Listing:
    """What is in a folder: the names of its classes, and their files in an order in which the classes take turns.

    `labels` is the place of each file's class among the names. `stamp` is how many files there are, their bytes, and
    a digest of their names, sizes and times; `moment` is that of the folder, wherever a copy of it lies.
    """

    folder: str
    classes: tuple[str, ...]
    files: tuple[str, ...]
    labels: NDArray[np.int64]
    stamp: Stamp
    moment: str


def listing(folder: str) -> Listing:
    """The pictures of a folder; looked at again when a file was added, removed or written. Raises ImageDataError.

    Of very many files, not all are asked each time whether they were written: see `MOST_WATCHED`.
    """
    state = _state(folder)
    return _listing(folder, state, _written(_watched(folder, state)))


def pictures(found: Listing, side: int, colour: bool, told: Told | None = None) -> Kept:
    """All pictures that can be read, (count, 3 or 1, side, side); the notes are the first names of those that cannot.

    Each is made as small as fits into the square; what stays free gets the colour of its edge, and what is transparent
    becomes white. They are decoded once and kept. Raises ImageDataError where there is none, or what `told` raises.
    """
    known = _known(found, side, colour)
    if not known:
        known.append(_kept(found, side, colour, told))
    return known[0]


@lru_cache(maxsize=2)
def _known(found: Listing, side: int, colour: bool) -> list[Kept]:
    """What was decoded last, once it is."""
    return []


def _kept(found: Listing, side: int, colour: bool, told: Told | None) -> Kept:
    def pieces(notes: list[str]) -> Iterator[Piece]:
        bad: list[str] = []
        for done, piece in _decoded(found, side, colour, bad):
            if told is not None:
                told(done)
            yield piece
        notes += bad[:NAMED]

    shape = (3 if colour else 1, side, side)
    # Decoding takes long, and every process needs them: even a few get a file.
    images = kept("folder", (found.stamp, found.moment, side, colour), len(found.files), shape, pieces, in_memory=0)
    if not len(images.labels):
        raise ImageDataError(
            "None of the {count} files of {folder} is a picture that can be read",
            count=f"{len(found.files):,}",
            folder=found.folder,
        )
    return images


def some(folder: str, count: int, side: int, colour: bool) -> Kept:
    """The first of a folder's pictures, in which the classes take turns; the notes are names of those that are none.

    Nothing is kept. Raises ImageDataError like `listing`.
    """
    found = listing(folder)
    first = dataclasses.replace(found, files=found.files[:count], labels=found.labels[:count])
    bad: list[str] = []
    pieces = [piece for _, piece in _decoded(first, side, colour, bad)]
    if not pieces:
        return Kept(np.empty((0, 3 if colour else 1, side, side), np.uint8), np.empty(0, np.int64), tuple(bad))
    values, labels = (np.concatenate(parts) for parts in zip(*pieces, strict=True))
    return Kept(values, labels, tuple(bad))


def picture(path: str, side: int, colour: bool) -> NDArray[np.uint8]:
    """One picture made as those of a folder are, (3 or 1, side, side). Raises ImageDataError where it cannot be."""
    found = _picture(path, side, colour)
    if found is None:
        raise ImageDataError("The file {file} is not a picture that can be read", file=path)
    return found


# --- what is there ---------------------------------------------------------------------------------------------------


def _subfolders(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            found = [
                entry for entry in islice(entries, MOST_FILES) if not entry.name.startswith(".") and entry.is_dir()
            ]
    except (OSError, ValueError) as error:
        raise ImageDataError("The folder {folder} is not there, or cannot be reached", folder=folder) from error
    return sorted(found, key=lambda entry: _by_number(entry.name))


def _state(folder: str) -> tuple[tuple[str, int], ...]:
    """When something was last added to, or removed from, each of the folders."""
    try:
        return tuple((entry.name, entry.stat().st_mtime_ns) for entry in _subfolders(folder))
    except OSError as error:
        raise ImageDataError("The folder {folder} cannot be read; make it readable", folder=folder) from error


@lru_cache(maxsize=4)
def _watched(folder: str, state: tuple[tuple[str, int], ...]) -> tuple[str, ...]:
    """The paths of files by which a change is noticed: all, or so many of them that lie evenly among them."""
    found: list[str] = []
    for name, _ in state:
        with contextlib.suppress(OSError), os.scandir(os.path.join(folder, name)) as entries:
            pictures = (entry.path for entry in entries if entry.name.lower().endswith(SUFFIXES))
            found += islice(pictures, MOST_FILES - len(found))
    return tuple(found[:: -(-len(found) // MOST_WATCHED) or 1])


def _written(files: tuple[str, ...]) -> str:
    """Changes when one of the files is written."""
    digest = hashlib.sha256()
    for file in files:
        try:
            status = os.stat(file)
        except OSError:
            continue
        digest.update(b"%d %d\n" % (status.st_size, status.st_mtime_ns))
    return digest.hexdigest()


@lru_cache(maxsize=4)
def _listing(folder: str, state: tuple[tuple[str, int], ...], written: str) -> Listing:
    classes: list[str] = []
    members: list[list[tuple[str, int, int]]] = []
    for entry in _subfolders(folder):
        files = _files(entry.path, MOST_FILES - sum(map(len, members)))
        if files:
            classes.append(entry.name)
            members.append(files)
    if len(classes) > MOST_CLASSES:
        raise ImageDataError(
            "{folder} holds {count} folders with pictures, more than the {most} classes that can be told apart",
            folder=folder,
            count=f"{len(classes):,}",
            most=f"{MOST_CLASSES:,}",
        )
    if len(classes) < 2:
        raise ImageDataError(
            "{folder} must hold a folder with pictures ({endings}) for each class, two or more; it has {count}",
            folder=folder,
            endings=", ".join(SUFFIXES[:5]),
            count=len(classes),
        )
    digest, moment = hashlib.sha256(), hashlib.sha256(os.path.abspath(folder).encode(errors="surrogateescape"))
    total = 0
    for name, files in zip(classes, members, strict=True):
        for file, size, modified in files:
            line = f"{name}/{file}\0{size}\0{modified}\n".encode(errors="surrogateescape")
            digest.update(line)
            moment.update(line)
            total += size
    # Of n files of a class, the k-th stands at (k + ½) / n of the way: of the first ones, each class has its share.
    places = np.concatenate([(np.arange(len(files)) + 0.5) / len(files) for files in members])
    labels = np.repeat(np.arange(len(classes)), [len(files) for files in members])
    order = np.argsort(places, kind="stable")
    paths = [os.path.join(name, file) for name, files in zip(classes, members, strict=True) for file, _, _ in files]
    stamp = len(paths), total, digest.hexdigest()
    files_in_order = tuple(paths[place] for place in order.tolist())
    return Listing(folder, tuple(classes), files_in_order, labels[order], stamp, moment.hexdigest())


def _files(folder: str, most: int) -> list[tuple[str, int, int]]:
    """Name, size and modification time in ns of the pictures of one class. Raises ImageDataError for too many."""
    found: list[tuple[str, int, int]] = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                hidden = entry.name.startswith(".")
                if hidden or not entry.name.lower().endswith(SUFFIXES) or not entry.is_file():
                    continue
                if len(found) == most:
                    raise ImageDataError(
                        "{folder} holds more than {most} pictures; choose a folder with fewer",
                        folder=os.path.dirname(folder),
                        most=f"{MOST_FILES:,}",
                    )
                status = entry.stat()
                found.append((entry.name, status.st_size, status.st_mtime_ns))
    except OSError as error:
        raise ImageDataError("The folder {folder} cannot be read; make it readable", folder=folder) from error
    return sorted(found, key=lambda file: _by_number(file[0]))


def _by_number(name: str) -> tuple[list[tuple[int, str]], str]:
    """Sorts `class 10` behind `class 9`."""
    parts = re.split(r"(\d+)", name.casefold())
    return [(int(part[:18]), "") if part.isdecimal() and part.isascii() else (-1, part) for part in parts], name


# --- pictures of one size --------------------------------------------------------------------------------------------


def _decoded(found: Listing, side: int, colour: bool, bad: list[str]) -> Iterator[tuple[float, Piece]]:
    """Piece by piece: the share that is done, and those that could be read; the others' names are added to `bad`."""
    from concurrent.futures import ThreadPoolExecutor  # with all it needs, it would delay the start of every window

    total = len(found.files)

    def one(file: str) -> NDArray[np.uint8] | None:
        return _picture(os.path.join(found.folder, file), side, colour)

    with ThreadPoolExecutor(min(_THREADS, os.cpu_count() or 1)) as threads:
        for start in range(0, total, _AT_ONCE):
            files = found.files[start : start + _AT_ONCE]
            read = list(threads.map(one, files))
            bad += [file for file, picture in zip(files, read, strict=True) if picture is None]
            there = [place for place, picture in enumerate(read) if picture is not None]
            if there:
                values = np.stack([picture for picture in read if picture is not None])
                yield min(1.0, (start + _AT_ONCE) / total), Piece(values, found.labels[start + np.array(there)])


def _picture(path: str, side: int, colour: bool) -> NDArray[np.uint8] | None:
    """A picture of the wanted size, (channels, side, side); None for a file that is none, is damaged or too large."""
    from PIL import Image

    mode = "RGB" if colour else "L"
    try:
        if os.path.getsize(path) > MOST_BYTES:
            return None
        with Image.open(path, formats=_FORMATS) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                return None
            picture.draft(mode, (2 * side, 2 * side))  # a JPEG can be decoded at a part of its size
            fitted = _fitted(_plain(picture, mode), side)
    except (OSError, ValueError, SyntaxError, EOFError, MemoryError, Image.DecompressionBombError):
        return None
    except (Image.DecompressionBombWarning, ArithmeticError, LookupError, TypeError):
        return None  # what Pillow's readers raise for some damaged files
    values = np.asarray(fitted, np.uint8)
    return values.transpose(2, 0, 1) if colour else values[None]


def _plain(picture: Image, mode: str) -> Image:
    """Upright, without transparency, 8 bits a channel."""
    from PIL import Image, ImageOps

    picture = ImageOps.exif_transpose(picture)
    if picture.mode.startswith("I"):
        picture = Image.fromarray((np.clip(np.asarray(picture, np.int64), 0, 65_535) // 257).astype(np.uint8))
    if picture.has_transparency_data:
        ground = Image.new("RGBA", picture.size, "white")
        picture = Image.alpha_composite(ground, picture.convert("RGBA"))
    return picture.convert(mode)


def _fitted(picture: Image, side: int) -> Image:
    """The whole picture in the middle of a square, which gets the colour of the picture's edge."""
    from PIL import Image

    scale = side / max(picture.size)
    size = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
    small = picture.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)
    if size == (side, side):
        return small
    values = np.asarray(small)
    edge = np.concatenate([values[0], values[-1], values[:, 0], values[:, -1]])
    colour = np.median(edge, axis=0).astype(int)
    square = Image.new(small.mode, (side, side), int(colour) if small.mode == "L" else tuple(colour.tolist()))
    square.paste(small, ((side - size[0]) // 2, (side - size[1]) // 2))
    return square
