"""The network of a plan as NumPy source that reads its weights from a file beside it."""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np

from engine.document.errors import PlaygroundError
from engine.export.format import Subject
from engine.export.numpy_operators import HELPERS, OPERATORS
from engine.export.operations import Operations, Step, Value, operations
from engine.export.wrapping import WIDTH, wrapped
from engine.plan.plan import Plan

_BATCH = "len({x})"
"""Stands in a source for the number of samples; the first input is filled in."""
_REPEATING = frozenset({"leaky_relu", "silu", "mish", "hardswish", "gelu"})
"""Operators whose source names the operand twice, which then has to have a name."""


def numpy_files(subject: Subject, name: str) -> dict[str, bytes]:
    """The source, called `name`, and the arrays beside it. Raises PlaygroundError, naming a card, for what it lacks."""
    found = operations(subject)
    beside = f"{name.removesuffix('.py')}.npz"
    arrays = io.BytesIO()
    np.savez(arrays, **dict(found.constants))  # type: ignore[arg-type]  # its stub takes the keywords for its own flag
    return {name: numpy_source(found, subject.plan, subject.title, beside).encode(), beside: arrays.getvalue()}


def numpy_source(found: Operations, plan: Plan, title: str, beside: str) -> str:
    """The source of a module with a function `predict`. Raises PlaygroundError for what NumPy's table lacks."""
    body = _body(found, plan)
    used = _used("\n".join(body))
    names = [given.name for given in found.inputs]
    shapes = ", ".join(_shown((None, *given.shape)) for given in found.inputs)
    results = ", ".join(answer.name for answer in found.outputs)
    answered = ", ".join(_shown(answer.shape) for answer in found.outputs)
    head = [
        f'"""{title}, exported by Neural Playground: what the network answers, computed by NumPy alone."""',
        "",
        *(["import math"] if "erf" in used else []),
        "from pathlib import Path",
        "",
        "import numpy as np",
        "",
        f'weights = dict(np.load(Path(__file__).with_name("{beside}")))',
    ]
    functions = [line for name in HELPERS if name in used for line in f"\n{HELPERS[name]}".rstrip().splitlines()]
    predict = [
        "",
        "",
        f"def predict({', '.join(names)}):",
        f'    """The answers, {answered}, for samples {shapes}, float32."""',
        *(f"    {line}" for line in body),
        f"    return {results}",
    ]
    return "".join(f"{wrapped(line)}\n" for line in [*head, *functions, *predict])


def _body(found: Operations, plan: Plan) -> list[str]:
    """The lines of `predict`: a comment for each card, a line for each of its steps that is no part of another."""
    uses = Counter(value.name for step in found.steps for value in _values(step.arguments))
    uses.update(answer.name for answer in found.outputs)
    sources: dict[str, str] = {given.name: given.name for given in found.inputs}
    sources |= {name: f'weights["{name}"]' for name in found.constants}
    lines: list[str] = []
    card = ""
    for place, step in enumerate(found.steps):
        if step.card != card:
            card = step.card
            layer = plan.nodes[card].layer
            lines.append(f"# {card}: {layer.label}, {_shown((None, *(plan.nodes[card].output_shape or ())))}")
        written = _written(step, sources).replace(_BATCH, f"len({found.inputs[0].name})")
        reader = found.steps[place + 1] if place + 1 < len(found.steps) else None
        if uses[step.name] == 1 and reader is not None and _joins(step, reader, written):
            sources[step.name] = written
            continue
        lines.append(f"{step.name} = {written}")
        sources[step.name] = step.name
    return lines


def _joins(step: Step, reader: Step, written: str) -> bool:
    """Whether a result stands within the line of the step that alone needs it."""
    reads = [value.name for value in _values(reader.arguments)]
    short = len(written) + 24 < WIDTH
    return reader.card == step.card and step.name in reads and short and reader.operator not in _REPEATING


def _written(step: Step, sources: Mapping[str, str]) -> str:
    arguments = {name: _source(value, sources) for name, value in step.arguments.items()}
    try:
        return OPERATORS[step.operator](step, arguments)
    except KeyError:
        raise PlaygroundError(
            "{card} computes {operator}, which this program cannot write in NumPy; export PyTorch source instead",
            card=step.card,
            operator=step.operator,
        ) from None


def _source(value: Any, sources: Mapping[str, str]) -> Any:
    if isinstance(value, Value):
        return sources[value.name]
    if isinstance(value, tuple):
        parts = [_source(each, sources) for each in value]
        return parts if any(isinstance(each, Value) for each in value) else value
    if isinstance(value, float) and not np.isfinite(value):
        return "np.nan" if value != value else ("np.inf" if value > 0 else "-np.inf")
    return value


def _values(arguments: Any) -> list[Value]:
    """The values among arguments, each as often as it is read."""
    if isinstance(arguments, Mapping):
        arguments = tuple(arguments.values())
    if isinstance(arguments, tuple):
        return [value for each in arguments for value in _values(each)]
    return [arguments] if isinstance(arguments, Value) else []


def _used(body: str) -> set[str]:
    """The functions that a source needs, directly or through each other."""
    found: set[str] = set()
    for name in reversed(HELPERS):
        called = re.compile(rf"(?<![\w.]){name}\(")
        if called.search(body) or any(called.search(HELPERS[other]) for other in found):
            found.add(name)
    return found


def _shown(shape: tuple[int | None, ...]) -> str:
    return f"({', '.join('samples' if length is None else str(length) for length in shape)})"
