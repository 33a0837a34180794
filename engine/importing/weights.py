"""Arrays by name out of files of weights that other programs wrote: nothing in them is run, and they are bounded."""

from __future__ import annotations

import json
import math
import os
import re
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from engine.document.errors import FileError
from engine.importing.archives import LARGEST, MOST_ARRAYS, check_size, opened

SUFFIXES = (".safetensors", ".npz", ".pt", ".pth", ".nnp")
"""What can be read."""
_LONGEST_HEADER = 8 * 2**20
_LONGEST_TEXT = 4 * 2**20
_LONGEST_NAME = 1000
_MOST_AXES = 8
_KINDS: Mapping[str, str] = MappingProxyType(
    {
        "F64": "<f8",
        "F32": "<f4",
        "F16": "<f2",
        "BF16": "<u2",
        "I64": "<i8",
        "I32": "<i4",
        "I16": "<i2",
        "I8": "|i1",
        "U8": "|u1",
        "BOOL": "|b1",
    }
)
_METADATA = "metadata"
_LONGEST_NPY = 10_000
_NPY = re.compile(
    r"\{ *'descr': *'(?P<kind>[<>|=][a-zA-Z]\d{1,9})', *'fortran_order': *(?P<columns>True|False), *"
    r"'shape': *\((?P<shape>|\d{1,15},|\d{1,15}(?:, *\d{1,15})+,?)\),? *\} *\n?"
)
"""The header of an array, as NumPy and others write it."""
_NPY_KINDS = frozenset(
    [f"{order}{kind}" for order in "<>" for kind in ("f2", "f4", "f8", "i2", "i4", "i8", "u2", "u4", "u8")]
    + ["|b1", "|i1", "|u1"]
)


@dataclass(frozen=True, eq=False)
class ForeignWeights:
    """What a file of weights holds: arrays by name, as float32, in its order, and what it says about them."""

    file: str
    arrays: Mapping[str, NDArray[np.float32]]
    metadata: Mapping[str, Any] = field(default_factory=dict)
    layout: str = ""
    """In which order the axes of its kernels stand: "pytorch" or "keras"; empty where nothing tells."""


def read_arrays(path: str | os.PathLike[str]) -> ForeignWeights:
    """The arrays of a .safetensors, .npz, .pt, .pth or .nnp file; sizes are checked before anything is unpacked.

    Raises FileError in one sentence, and nothing else, for what is none of these or damaged.
    """
    file = Path(path)
    read = _READERS.get(file.suffix.lower())
    if read is None:
        raise FileError(
            "{file} is not a file of weights; those end in {known}", file=file.name, known=", ".join(SUFFIXES)
        )
    arrays, metadata, layout = read(file, check_size(file))
    if not arrays:
        raise FileError("{file} holds no arrays", file=file.name)
    names = [name for name in arrays if not name or len(name) > _LONGEST_NAME or not name.isprintable()]
    if names:
        raise FileError("{file} holds an array without a proper name", file=file.name)
    deep = next((name for name, array in arrays.items() if array.ndim > _MOST_AXES), None)
    if deep is not None:
        raise FileError("{name} in {file} has more than {most} axes", name=deep[:80], file=file.name, most=_MOST_AXES)
    with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite, and is refused where it is put
        found = {name: np.ascontiguousarray(array, np.float32).reshape(array.shape) for name, array in arrays.items()}
    said = metadata.get("layout")
    return ForeignWeights(file.name, found, metadata, said if said in ("pytorch", "keras") else layout)


_Found = tuple[dict[str, NDArray[Any]], Mapping[str, Any], str]


def _read_safetensors(path: Path, size: int) -> _Found:
    from safetensors import SafetensorError, deserialize

    damaged = FileError("{file} is not a safetensors file, or it is damaged", file=path.name)
    try:
        with path.open("rb") as stream:
            length = int.from_bytes(stream.read(8), "little")
            if length > _LONGEST_HEADER:
                raise damaged
            header = stream.read(length)
            if len(header) != length:
                raise damaged
            stream.seek(0)
            content = stream.read(size)
    except OSError as error:
        reason = error.strerror or str(error)
        raise FileError("{file} cannot be read: {reason}", file=str(path), reason=reason) from error
    try:
        parsed = json.loads(header, object_pairs_hook=_once)
        tensors = deserialize(content)  # type: ignore[no-untyped-call]
    except (SafetensorError, ValueError, RecursionError, OverflowError, TypeError) as error:
        raise damaged from error
    if len(tensors) > MOST_ARRAYS:
        raise damaged
    found = {}
    for name, said in sorted(tensors, key=lambda each: _natural(each[0])):
        kind = _KINDS.get(said["dtype"])
        if kind is None:
            raise FileError(
                "{name} in {file} holds {kind}, which is not read; save it as float32",
                name=name[:80],
                file=path.name,
                kind=said["dtype"],
            )
        flat = np.frombuffer(said["data"], kind)
        if said["dtype"] == "BF16":
            flat = (flat.astype(np.uint32) << 16).view(np.float32)
        try:
            found[name] = flat.reshape(said["shape"])
        except ValueError as error:  # too many axes, or a length that is none
            raise damaged from error
    return found, _texts(parsed.get("__metadata__") or {}), ""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The object of the pairs. Raises ValueError for a name that comes twice: programs differ in which they take."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name comes twice")
    return found


def _texts(said: Mapping[str, Any]) -> dict[str, Any]:
    """What a header says: texts, and JSON within them as what it stands for."""
    found: dict[str, Any] = {}
    for name, value in said.items():
        found[name] = value
        if isinstance(value, str) and value[:1] in ("{", "["):
            try:
                found[name] = json.loads(value)
            except (ValueError, RecursionError):
                continue
    return found


def _read_npz(path: Path, size: int) -> _Found:
    with opened(path, "an .npz file of NumPy") as archive:
        names = [name for name in archive.namelist() if name.endswith(".npy")]
        if not names or len(names) < len(archive.namelist()):
            raise FileError("{file} is a zip, but not one of arrays alone", file=path.name)
        found, metadata = {}, dict[str, Any]()
        for full in names:
            name = full.removesuffix(".npy")
            array = _npy(archive, full, path.name, text=name == _METADATA)
            if array.dtype.kind != "U":
                found[name] = array
                continue
            try:
                parsed = json.loads(str(array[()])) if array.ndim == 0 else None
            except (ValueError, RecursionError):
                parsed = None
            metadata = parsed if isinstance(parsed, dict) else {}
    return found, metadata, ""


def _npy(archive: zipfile.ZipFile, name: str, file: str, *, text: bool) -> NDArray[Any]:
    """An array of a zip, whose header says as many bytes as follow, before any are read."""
    refused = FileError("{name} in {file} is not an array of numbers", name=name[:80], file=file)
    info = archive.getinfo(name)
    with archive.open(info) as stream:
        start = stream.read(8)
        wide = start[6:8] != b"\x01\x00"  # versions 2 and 3 have longer lengths
        length = int.from_bytes(stream.read(4 if wide else 2), "little")
        if (
            start[:6] != b"\x93NUMPY"
            or start[6:8] not in (b"\x01\x00", b"\x02\x00", b"\x03\x00")
            or length > _LONGEST_NPY
        ):
            raise refused
        header = stream.read(length)
        said = _NPY.fullmatch(header.decode("latin-1")) if len(header) == length else None
        if said is None or not (said["kind"] in _NPY_KINDS or (text and said["kind"][:2] in ("<U", ">U"))):
            raise refused
        kind, shape = np.dtype(said["kind"]), tuple(int(size) for size in re.findall(r"\d+", said["shape"]))
        size = math.prod(shape) * kind.itemsize
        most = _LONGEST_TEXT if kind.kind == "U" else LARGEST
        if size != info.file_size - stream.tell() or size > most or len(shape) > _MOST_AXES:
            raise refused
        content = stream.read(size + 1)
    if len(content) != size:
        raise refused
    order: Literal["F", "C"] = "F" if said["columns"] == "True" else "C"
    return np.frombuffer(content, kind).reshape(shape, order=order) if size else np.zeros(shape, np.float32)


def _read_state_dict(path: Path, size: int) -> _Found:
    from engine.importing.state_dict import arrays_of

    with path.open("rb") as stream:
        start = stream.read(4)
    if start[:2] == b"\x80\x02":
        raise FileError("{file} was saved by a PyTorch before 1.6; load it there and save it again", file=path.name)
    with opened(path, "a state dict of PyTorch") as archive:
        return arrays_of(archive, path.name), {}, "pytorch"


def _read_project(path: Path, size: int) -> _Found:
    from engine.document.project import load
    from engine.export.states import snapshot_of

    snapshot = snapshot_of(load(path))
    if snapshot is None:
        raise FileError("{file} holds no weights: train it and save it first", file=path.name)
    return dict(snapshot.weights), {"title": path.stem}, "pytorch"


def _natural(name: str) -> list[tuple[int, str]]:
    """A key that sorts layer 2 before layer 10."""
    return [(int(part[:18]), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", name)]


_READERS: Mapping[str, Callable[[Path, int], _Found]] = MappingProxyType(
    {
        ".safetensors": _read_safetensors,
        ".npz": _read_npz,
        ".pt": _read_state_dict,
        ".pth": _read_state_dict,
        ".nnp": _read_project,
    }
)
