"""The numbers that were learned, in the forms that other programs read."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from engine.catalog.registry import Choice, register, shared
from engine.document.errors import Sentence
from engine.export.format import Format, Reader, Subject
from engine.plan.plan import Plan

_LAYOUT = Choice(("pytorch", "keras"))


@shared
class Weights(Format):
    """Arrays under names that a person can read: dense_1.weight."""

    group = "Weights"
    most: ClassVar[int] = 0
    """The most numbers it takes; 0: any number."""

    @property
    def axes(self) -> str:
        """Where the axes of kernels stand: "pytorch" or "keras"."""
        return getattr(self, "layout", "pytorch")

    def refusal(self, plan: Plan) -> Sentence | None:
        count = sum(math.prod(shape) for shape in plan.saved_shapes.values())
        if not count:
            return Sentence("this network learns nothing, so there are no weights")
        if self.most and count > self.most:
            values = {"form": self.label, "count": f"{count:,}", "most": f"{self.most:,}"}
            return Sentence("{form} is for small networks: {count} numbers are more than {most}; take .npz", values)
        return None

    def files(self, subject: Subject, name: str) -> Mapping[str, bytes]:
        from engine.export.weight_files import named

        arrays, said = named(subject, self.axes)
        return self.written(arrays, said, name)

    def written(self, arrays: Any, said: Mapping[str, Any], name: str) -> Mapping[str, bytes]:
        """The files of arrays by name and of what is said about them."""
        raise NotImplementedError

    def reader(self, subject: Subject) -> Reader | None:
        from engine.export.weight_readers import reader

        return reader(subject, self.name)

    def shapes(self, files: Mapping[str, bytes]) -> dict[str, tuple[int, ...]]:
        """The shapes of the arrays in files that `files` has made, by name."""
        raise NotImplementedError

    def preview(self, files: Mapping[str, bytes]) -> str:
        from engine.export.weight_files import table

        return table(self.shapes(files), files)


@register
class Safetensors(Weights):
    """Weights with a header that says what they are; read by Hugging Face's libraries, PyTorch, JAX, Rust …"""

    layout: Annotated[str, _LAYOUT] = "pytorch"

    label = "safetensors"
    suffix = ".safetensors"
    reference = "https://huggingface.co/docs/safetensors"
    order = 10

    def written(self, arrays: Any, said: Mapping[str, Any], name: str) -> Mapping[str, bytes]:
        from engine.export.weight_files import safetensors_bytes

        return {name: safetensors_bytes(arrays, said)}

    def shapes(self, files: Mapping[str, bytes]) -> dict[str, tuple[int, ...]]:
        content = next(iter(files.values()))
        header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
        return {name: tuple(said["shape"]) for name, said in header.items() if name != "__metadata__"}


@register
class Npz(Weights):
    """NumPy's zip of arrays; the array "metadata" holds what is said about them, as JSON text."""

    layout: Annotated[str, _LAYOUT] = "pytorch"

    label = "NumPy arrays"
    suffix = ".npz"
    reference = "https://numpy.org/doc/stable/reference/generated/numpy.savez.html"
    order = 11

    def written(self, arrays: Any, said: Mapping[str, Any], name: str) -> Mapping[str, bytes]:
        from engine.export.weight_files import npz_bytes

        return {name: npz_bytes(arrays, said)}

    def shapes(self, files: Mapping[str, bytes]) -> dict[str, tuple[int, ...]]:
        import io

        import numpy as np

        with np.load(io.BytesIO(next(iter(files.values()))), allow_pickle=False) as content:
            return {name: content[name].shape for name in content.files if name != "metadata"}


@register
class StateDict(Weights):
    """A state dict for the exported PyTorch module: network.load_state_dict(torch.load(file, weights_only=True)).

    It holds tensors alone, in PyTorch's layout; what is said about them stands in a JSON file beside it.
    """

    label = "PyTorch state dict"
    suffix = ".pt"
    reference = "https://docs.pytorch.org/tutorials/beginner/saving_loading_models.html"
    order = 12

    def written(self, arrays: Any, said: Mapping[str, Any], name: str) -> Mapping[str, bytes]:
        from engine.export.weight_files import description_bytes, state_bytes

        return {name: state_bytes(arrays), f"{name}.json": description_bytes(said)}

    def shapes(self, files: Mapping[str, bytes]) -> dict[str, tuple[int, ...]]:
        _, about = files.values()
        return {name: tuple(said["shape"]) for name, said in json.loads(about)["arrays"].items()}


@register
class JsonWeights(Weights):
    """Weights as text that any language reads: {"metadata": …, "weights": {name: lists of numbers}}."""

    layout: Annotated[str, _LAYOUT] = "pytorch"

    label = "JSON"
    suffix = ".json"
    reference = "https://www.rfc-editor.org/rfc/rfc8259"
    order = 13
    most = 100_000

    def written(self, arrays: Any, said: Mapping[str, Any], name: str) -> Mapping[str, bytes]:
        from engine.export.weight_files import json_bytes

        return {name: json_bytes(arrays, said)}

    def shapes(self, files: Mapping[str, bytes]) -> dict[str, tuple[int, ...]]:
        arrays = json.loads(next(iter(files.values())))["metadata"]["arrays"]
        return {name: tuple(said["shape"]) for name, said in arrays.items()}


@register
class CsvWeights(Weights):
    """Tables for a spreadsheet: a zip of one CSV file an array, a row for each place on its first axis."""

    layout: Annotated[str, _LAYOUT] = "pytorch"

    label = "CSV tables"
    suffix = ".csv.zip"
    reference = "https://www.rfc-editor.org/rfc/rfc4180"
    order = 14
    most = 1_000_000

    def written(self, arrays: Any, said: Mapping[str, Any], name: str) -> Mapping[str, bytes]:
        from engine.export.weight_files import csv_bytes

        return {name: csv_bytes(arrays, said)}

    def shapes(self, files: Mapping[str, bytes]) -> dict[str, tuple[int, ...]]:
        import io
        import zipfile

        with zipfile.ZipFile(io.BytesIO(next(iter(files.values())))) as archive:
            arrays = json.loads(archive.read("metadata.json"))["arrays"]
        return {name: tuple(said["shape"]) for name, said in arrays.items()}
