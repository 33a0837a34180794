"""What the commands share: where projects come from, how work fails, and words for numbers."""

from __future__ import annotations

import math
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from engine.document.errors import InvalidValueError

if TYPE_CHECKING:
    from engine.document.graph import Document
    from engine.document.project import Project
    from engine.training.trainer import Snapshot

DONE, FAILED = 0, 1
SUFFIX, MODEL = ".nnp", ".onnx"
ENGINES, DEVICES = ("auto", "numba", "torch"), ("auto", "cpu", "cuda", "mps")


class Commands(Protocol):
    """Where a group adds its commands."""

    def add_parser(self, name: str, *, help: str) -> ArgumentParser:
        """A new command."""


class WorkFailed(Exception):
    """The command was understood, but what it asked for did not succeed; one sentence."""


def add_source(parser: ArgumentParser) -> None:
    """The argument that says which project or example is meant."""
    parser.add_argument(
        "source",
        metavar="PROJECT|EXAMPLE",
        help="a project file (.nnp), a model (.onnx), or the id of an example",
    )


def project_of(source: str) -> Project:
    """What a project file, an ONNX file or an example holds. Raises PlaygroundError."""
    from engine.document.examples import load_example
    from engine.document.project import Project, load

    if source.lower().endswith(MODEL):
        from engine.worker.importing import project_of_model

        return project_of_model(Path(source))
    if source.endswith(SUFFIX) or Path(source).is_file():
        return load(source)
    return Project(load_example(source).document)


def document_of(source: str) -> Document:
    """The document of a project file or an example. Raises PlaygroundError."""
    return project_of(source).document


def snapshot_of(source: str, project: Project, remedy: str) -> Snapshot:
    """The run that a project holds. Raises InvalidValueError with a remedy where it holds none."""
    from engine.export.states import snapshot_of as kept

    found = kept(project)
    if found is None:
        raise InvalidValueError(
            "the project (={source}) holds no trained network; {remedy}", source=source, remedy=remedy
        )
    return found


def number(value: float) -> float | None:
    """As JSON can say it: None for what is not finite."""
    return value if math.isfinite(value) else None


def written(path: Path, write: Callable[[], Any]) -> None:
    """Write something into a file, or below it. Raises WorkFailed where that cannot be."""
    try:
        write()
    except OSError as error:
        raise WorkFailed(f"{path} cannot be written: {error.strerror or error}") from error
