"""Source code that holds the network without this program."""

from __future__ import annotations

from collections.abc import Mapping

from engine.catalog.registry import register
from engine.export.format import Format, Reader, Subject


@register
class PytorchScript(Format):
    """The whole run as a script: data, network and training with the same seeds, which end with the same loss."""

    name = "pytorch"
    label = "PyTorch training script"
    group = "Code"
    suffix = ".py"
    reference = "https://docs.pytorch.org/tutorials/beginner/basics/optimization_tutorial.html"
    order = 10

    def files(self, subject: Subject, name: str) -> Mapping[str, bytes]:
        from engine.export.pytorch_script import script_files

        return script_files(subject.plan, subject.title, name)

    def preview(self, files: Mapping[str, bytes]) -> str:
        return next(iter(files.values())).decode()


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


@register
class PytorchInference(Format):
    """The trained network as a script that answers samples of a file, with its weights beside it."""

    name = "pytorch_inference"
    label = "PyTorch inference script"
    group = "Code"
    suffix = ".py"
    reference = "https://docs.pytorch.org/tutorials/beginner/saving_loading_models.html"
    order = 20

    def files(self, subject: Subject, name: str) -> Mapping[str, bytes]:
        from engine.export.pytorch_inference import inference_files

        return inference_files(subject, name)

    def reader(self, subject: Subject) -> Reader | None:
        from engine.export.pytorch_inference import reader

        return reader(subject)

    def preview(self, files: Mapping[str, bytes]) -> str:
        return next(iter(files.values())).decode()


@register
class KerasCode(Format):
    """The trained network for Keras 3, with its weights beside it in Keras's layout."""

    name = "keras"
    label = "Keras 3 code"
    group = "Code"
    suffix = ".py"
    reference = "https://keras.io/guides/functional_api/"
    order = 40

    def files(self, subject: Subject, name: str) -> Mapping[str, bytes]:
        from engine.export.keras_code import keras_files

        return keras_files(subject, name)

    def reader(self, subject: Subject) -> Reader | None:
        from engine.export.keras_code import reader

        return reader(subject)

    def preview(self, files: Mapping[str, bytes]) -> str:
        return next(iter(files.values())).decode()
