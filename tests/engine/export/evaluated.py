"""Operations computed by PyTorch, one by one; NumPy source run with what its variables came to."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import torch

from engine.export.operations import Batch, Operations, Value


def evaluate(operations: Operations, batches: Sequence[Any]) -> dict[str, Any]:
    """Every input, constant and result by its name, each of the shape that was announced."""
    values = {name: torch.from_numpy(np.array(array)) for name, array in operations.constants.items()}
    values |= {given.name: torch.from_numpy(batch) for given, batch in zip(operations.inputs, batches, strict=True)}
    size = len(batches[0])

    def meant(argument: Any) -> Any:
        if isinstance(argument, Value):
            return values[argument.name]
        if isinstance(argument, tuple):
            return [meant(each) for each in argument]
        return size if argument is Batch.SIZE else argument

    for step in operations.steps:
        operator = getattr(getattr(torch.ops.aten, step.operator), step.overload)
        arguments = {name: meant(argument) for name, argument in step.arguments.items()}
        for declared in operator._schema.arguments:
            argument = arguments[declared.name]
            if str(declared.type) == "Tensor" and isinstance(argument, int | float):
                arguments[declared.name] = torch.tensor(argument)
            if declared.name == "dtype" and isinstance(argument, str):
                arguments[declared.name] = getattr(torch, argument)
        found = operator(**arguments)
        assert tuple(found.shape) == tuple(size if length is None else length for length in step.shape), step
        values[step.name] = found
    return {name: value.numpy() for name, value in values.items()}


def predicted(path: Path, batches: Sequence[Any]) -> tuple[Any, dict[str, Any]]:
    """What the function `predict` of a file gives, and every variable of it when it ended."""
    names: dict[str, Any] = {"__file__": str(path)}
    exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), names)
    variables: dict[str, Any] = {}

    def look(frame: FrameType, event: str, _: Any) -> None:
        if event == "return" and frame.f_code is names["predict"].__code__:
            variables.update(frame.f_locals)

    before = sys.getprofile()
    sys.setprofile(look)
    try:
        found = names["predict"](*batches)
    finally:
        sys.setprofile(before)
    return found, variables
