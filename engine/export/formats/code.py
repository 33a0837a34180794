"""Source code that holds the network without this program."""

from __future__ import annotations

from collections.abc import Mapping

from engine.catalog.registry import register
from engine.export.format import Format, Subject


@register
class PytorchModule(Format):
    """The network, its loss, its optimizer and one step of training, as a module of PyTorch source."""

    name = "pytorch_module"
    label = "PyTorch module"
    group = "Code"
    suffix = ".py"
    reference = "https://docs.pytorch.org/docs/stable/nn.html"
    order = 30

    def files(self, subject: Subject, name: str) -> Mapping[str, bytes]:
        from engine.export.pytorch_code import pytorch_source

        return {name: pytorch_source(subject.plan, subject.title).encode()}

    def preview(self, files: Mapping[str, bytes]) -> str:
        return next(iter(files.values())).decode()
