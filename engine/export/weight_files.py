"""The weights of a run as the bytes of files, in five forms, under names that a person can read."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.export.description import as_text, description, file_names
from engine.export.format import Subject
from engine.export.layouts import turns
from engine.export.turning import KERAS, PYTORCH, Turn

_DATE = (1980, 1, 1, 0, 0, 0)  # equal weights make equal files
_DIGITS = "%.9g"
"""Nine digits give the same float32 again."""
METADATA = "metadata"
"""What the description is called among arrays, and, with ".json" behind it, among files."""

Arrays = dict[str, NDArray[np.float32]]


def named(subject: Subject, layout: str = PYTORCH) -> tuple[Arrays, dict[str, Any]]:
    """The arrays by their names in files, as the layout has them, and what is said about them."""
    plan = subject.plan
    turned: Mapping[str, Turn] = turns(plan) if layout == KERAS else {}
    names, arrays = file_names(plan), {}
    place = {node_id: number for number, node_id in enumerate(plan.order)}
    for name in sorted(
        plan.saved_shapes, key=lambda name: place[name.partition(".")[0]]
    ):  # what a card keeps, together
        values = np.asarray(subject.weights[name], np.float32)
        arrays[names[name]] = turned[name].turned(values) if name in turned else np.ascontiguousarray(values)
    return arrays, description(subject, layout, turned)


def safetensors_bytes(arrays: Arrays, said: Mapping[str, Any]) -> bytes:
    """A safetensors file, with the description in its header."""
    from safetensors.numpy import save

    content = save(arrays, as_text(said))
    start = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:start])
    # The library keeps texts in an order that is another each time; equal weights make equal files.
    header = {"__metadata__": dict(sorted(header.pop("__metadata__").items())), **header}
    written = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    written += b" " * (-len(written) % 8)
    return len(written).to_bytes(8, "little") + written + content[start:]


def npz_bytes(arrays: Arrays, said: Mapping[str, Any]) -> bytes:
    """NumPy's zip of arrays; the description is the array "metadata", a JSON text."""
    text = np.array(json.dumps(said, ensure_ascii=False))
    return _zip((f"{name}.npy", _npy(array)) for name, array in [*arrays.items(), (METADATA, text)])


def state_bytes(arrays: Arrays) -> bytes:
    """A state dict of PyTorch, as `torch.save` writes it: tensors by name and nothing else."""
    import torch

    stream = io.BytesIO()
    torch.save({name: torch.from_numpy(array.copy()) for name, array in arrays.items()}, stream)
    return stream.getvalue()


def description_bytes(said: Mapping[str, Any]) -> bytes:
    """The description as a JSON file of its own."""
    return (json.dumps(said, ensure_ascii=False, indent=1) + "\n").encode()


def json_bytes(arrays: Arrays, said: Mapping[str, Any]) -> bytes:
    """A JSON file: {"metadata": …, "weights": {name: lists of numbers}}, an array a line."""
    lines = [f"  {json.dumps(name, ensure_ascii=False)}: {json.dumps(_lists(array))}" for name, array in arrays.items()]
    about = json.dumps(said, ensure_ascii=False, indent=1).replace("\n", "\n ")
    weights = ",\n".join(lines)
    return f'{{\n "{METADATA}": {about},\n "weights": {{\n{weights}\n }}\n}}\n'.encode()


def csv_bytes(arrays: Arrays, said: Mapping[str, Any]) -> bytes:
    """A zip of one CSV file an array, a row for each place on its first axis, and of the description as JSON.

    The first line numbers the columns by their places on the other axes: "0.2.1".
    """
    members = [(f"{name}.csv", _table(array).encode()) for name, array in arrays.items()]
    return _zip([(f"{METADATA}.json", description_bytes(said)), *members], zipfile.ZIP_DEFLATED)


def _table(array: NDArray[np.float32]) -> str:
    places = [".".join(map(str, place)) for place in np.ndindex(*array.shape[1:])]
    stream = io.StringIO()
    rows = array.reshape(len(array), -1) if array.ndim else array.reshape(1, 1)
    np.savetxt(stream, rows, _DIGITS, ",", header=",".join(places if array.ndim > 1 else ["value"]), comments="")
    return stream.getvalue()


def _lists(array: NDArray[np.float32]) -> Any:
    flat = iter([float(_DIGITS % value) for value in array.ravel()])

    def nested(shape: tuple[int, ...]) -> Any:
        return [nested(shape[1:]) for _ in range(shape[0])] if shape else next(flat)

    return nested(array.shape)


def _npy(array: NDArray[Any]) -> bytes:
    stream = io.BytesIO()
    np.lib.format.write_array(stream, array, allow_pickle=False)
    return stream.getvalue()


def _zip(members: Any, method: int = zipfile.ZIP_STORED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, content in members:
            archive.writestr(zipfile.ZipInfo(name, _DATE), content, method)
    return stream.getvalue()


def table(arrays: Mapping[str, tuple[int, ...]], files: Mapping[str, bytes]) -> str:
    """Names, shapes, numbers and bytes as text in columns, for people; the sizes of the files below."""
    rows = [("name", "shape", "numbers", "bytes")]
    sizes = {name: int(np.prod(shape, dtype=np.int64)) for name, shape in arrays.items()}
    rows += [(name, _shape(shape), f"{sizes[name]:,}", f"{4 * sizes[name]:,}") for name, shape in arrays.items()]
    total = sum(sizes.values())
    rows.append(("", "", f"{total:,}", f"{4 * total:,}"))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    return "\n".join(
        [*_aligned(rows, widths), "", *(f"{name}: {len(content):,} bytes" for name, content in files.items())]
    )


def _aligned(rows: Sequence[tuple[str, ...]], widths: list[int]) -> Iterator[str]:
    for name, shape, *numbers in rows:
        right = "  ".join(number.rjust(width) for number, width in zip(numbers, widths[2:], strict=True))
        yield f"{name.ljust(widths[0])}  {shape.ljust(widths[1])}  {right}"


def _shape(shape: tuple[int, ...]) -> str:
    return " × ".join(map(str, shape)) or "1"
