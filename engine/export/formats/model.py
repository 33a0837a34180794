"""The network itself, weights and all, in forms that other programs run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from engine.catalog.registry import Choice, register
from engine.export.format import Format, Reader, Subject

_METADATA, _NODES = "metadata", "nodes"


@register
class Onnx(Format):
    """The network for onnxruntime and the many programs that read ONNX, in one file with its weights.

    What makes numbers of raw samples (pixels from 0 to 255, columns of a table) stands in the metadata for the one who
    calls it, or is done by the first nodes.
    """

    normalization: Annotated[str, Choice((_METADATA, _NODES))] = _METADATA

    name = "onnx"
    label = "ONNX"
    group = "Model"
    suffix = ".onnx"
    reference = "https://onnx.ai/onnx/repo-docs/IR.html"
    order = 20

    def files(self, subject: Subject, name: str) -> Mapping[str, bytes]:
        from engine.export.onnx_model import onnx_bytes

        return {name: onnx_bytes(subject, scaled_by_nodes=self.normalization == _NODES)}

    def reader(self, subject: Subject) -> Reader:
        from engine.export.onnx_model import program

        return Reader(program(subject), ("numpy", "onnxruntime"))

    def preview(self, files: Mapping[str, bytes]) -> str:
        from engine.export.onnx_preview import preview

        return preview(next(iter(files.values())))


@register
class ExportedProgram(Format):
    """The network as PyTorch's exported program: run by PyTorch alone, on any device, without its source."""

    name = "pt2"
    label = "PyTorch program"
    group = "Model"
    suffix = ".pt2"
    reference = "https://docs.pytorch.org/docs/stable/export.html"
    order = 21

    def files(self, subject: Subject, name: str) -> Mapping[str, bytes]:
        from engine.export.pytorch_program import program_bytes

        return {name: program_bytes(subject)}

    def reader(self, subject: Subject) -> Reader:
        from engine.export.pytorch_program import READER

        return Reader(READER, ("numpy", "torch"))

    def preview(self, files: Mapping[str, bytes]) -> str:
        from engine.export.pytorch_program import preview

        return preview(next(iter(files.values())))
