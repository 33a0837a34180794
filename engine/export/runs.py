"""What another run has learned, or started from, read from its project file."""

from __future__ import annotations

import os

import numpy as np
from numpy.typing import NDArray

from engine.document.errors import FileError
from engine.document.project import load
from engine.export.weights import decode
from engine.plan.copying import initial_weights
from engine.plan.resolve import resolve


def weights_of(path: str | os.PathLike[str], *, initial: bool = False) -> dict[str, NDArray[np.float32]]:
    """The weights of a project by "node.parameter": those it has reached, or the `initial` ones that its seed fixes.

    Raises FileError for a file that cannot be read, or holds a network that is not ready or was not trained.
    """
    project = load(path)
    plan = resolve(project.document)
    if plan.problems:
        raise FileError(
            "{file} holds a network that cannot be trained: {problem}",
            file=os.path.basename(path),
            problem=plan.problems[0].sentence,
        )
    if initial:
        return initial_weights(plan)
    if project.weights is None:
        raise FileError(
            "{file} holds no weights: train it and save it, or take its initial ones", file=os.path.basename(path)
        )
    found = decode(project.weights, plan.saved_shapes)
    return {name: found[name] for name in plan.parameters}
