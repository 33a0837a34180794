"""What a form of export declares: one registered class a form, in a module of `engine.export.formats`.

Dialog, command line, proof and the generic tests iterate `entries("formats")`. A module of that package imports plain
data only; what writes is imported inside `files`, in the training process or on the command line.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from engine.catalog.registry import Entry
from engine.document.errors import Sentence
from engine.document.graph import Document
from engine.plan.plan import Plan
from engine.plan.resolve import resolve
from engine.training.trainer import Snapshot


@dataclass(frozen=True, eq=False)
class Subject:
    """What is taken away: a document whose network is ready, the run as it stands, and what both are called."""

    document: Document
    snapshot: Snapshot
    title: str

    @cached_property
    def plan(self) -> Plan:
        """What the document means."""
        return resolve(self.document)

    @property
    def weights(self) -> Mapping[str, NDArray[np.float32]]:
        """What was learned and kept, by "node.array", as `Plan.saved_shapes` names them."""
        return self.snapshot.weights


@dataclass(frozen=True)
class Reader:
    """A program that reads an export without this one: Python source, and the packages that it imports.

    It is run as `python -I program.py FILE INPUTS OUTPUTS` in the folder of the exported files: FILE is the main one;
    INPUTS are samples, (samples, *shape) float32, as the Input card passes them on: a `.npy` file, or, where there are
    several Input cards, a `.npz` file with one array for each, under the card's identifier
    (`engine.export.pytorch_code.identifier`). It writes the main output, (samples, units) float32, after its
    activation, to OUTPUTS, a `.npy` file.
    """

    source: str
    packages: tuple[str, ...]
    beside: Mapping[str, bytes] = field(default_factory=dict)
    """Further files that it needs, such as the network's source for a file that holds weights alone."""


class Format(Entry, kind="formats"):
    """A form of export. Its fields are its options."""

    group: ClassVar[str] = ""
    """Heading in the dialog: Weights, Model, Code, Run."""
    suffix: ClassVar[str] = ""
    """How its main file's name ends; the command line chooses by it. The first of several with one suffix is meant."""

    proven: ClassVar[bool] = True
    """Whether it computes something, so that `reader` can prove it."""

    def refusal(self, plan: Plan) -> Sentence | None:
        """Why this network cannot be exported so, with the remedy; None if it can. Found without training library."""
        return None

    def files(self, subject: Subject, name: str) -> Mapping[str, bytes]:
        """The content of every file by its name, the main one, `name`, first; nothing is written.

        Raises PlaygroundError where that cannot be.
        """
        raise NotImplementedError

    def reader(self, subject: Subject) -> Reader | None:
        """The independent program that proves the export; None for what computes nothing."""
        return None

    def preview(self, files: Mapping[str, bytes]) -> str:
        """What the dialog shows of the files: the source, or names, shapes and sizes as a table of text."""
        raise NotImplementedError
