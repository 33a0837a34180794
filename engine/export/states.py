"""A run as a project file holds it: all that it needs to go on as if it had never been closed."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.document.errors import FileError
from engine.document.graph import Document
from engine.document.project import Project
from engine.export.weights import decode, encode
from engine.plan.plan import Plan
from engine.plan.resolve import resolve
from engine.training.curve import COLUMNS, LIMIT, stride
from engine.training.trainer import Snapshot

BEST = "best."
"""Stands before the names of the weights that a stopping rule remembers."""
_OPTIMIZER, _WATCH, _CURVES = "optimizer/", "watch/", "curves"
_STATE_BASE, _STATE_FACTOR = 2**20, 256
"""The most bytes of state: a base for names and counts, and so many times the weights (L-BFGS keeps 200 of them)."""

Arrays = Mapping[str, NDArray[Any]]


def project_of(document: Document, snapshot: Snapshot | None) -> Project:
    """A document with the run that stands at a snapshot of it, ready to be saved."""
    if snapshot is None:
        return Project(document)
    progress = {"epoch": snapshot.epoch, "step": snapshot.step, "position": snapshot.position}
    state = {_OPTIMIZER + name: array for name, array in snapshot.optimizer.items()}
    state.update((_WATCH + name, array) for name, array in snapshot.watch.items())
    return Project(
        document,
        encode(snapshot.weights),
        progress,
        _pack(state) if state else None,
        _pack({_CURVES: snapshot.curves}) if len(snapshot.curves) else None,
    )


def snapshot_of(project: Project) -> Snapshot | None:
    """The state of training that a file holds, None before any training. Raises FileError if it does not fit.

    Files of older versions hold weights and progress alone: the optimizer then starts anew.
    """
    plan = resolve(project.document)
    if project.weights is None or not plan.ready:
        return None
    weights = decode(project.weights, plan.saved_shapes)
    counts: Mapping[str, int] = project.progress
    epoch, step, position = (counts.get(name, 0) for name in ("epoch", "step", "position"))
    optimizer, watch = _state(project.state, plan)
    return Snapshot(epoch, step, position, weights, optimizer, _curves(project.history, epoch), watch)


def renamed(snapshot: Snapshot, names: Mapping[str, str]) -> Snapshot:
    """The same state of a network whose cards are called otherwise; `names` are the old and the new ones."""

    def called(name: str) -> str:
        prefix = BEST if name.startswith(BEST) else ""
        card, dot, rest = name.removeprefix(prefix).partition(".")
        return prefix + names.get(card, card) + dot + rest if dot else name

    parts = (snapshot.weights, snapshot.optimizer, snapshot.watch)
    weights, optimizer, watch = ({called(name): array for name, array in part.items()} for part in parts)
    return dataclasses.replace(snapshot, weights=weights, optimizer=optimizer, watch=watch)


def fits(snapshot: Snapshot, plan: Plan) -> bool:
    """Whether the weights are those of this network: the newest ones may be of the one before the last edit."""
    return plan.ready and plan.saved_shapes == {name: array.shape for name, array in snapshot.weights.items()}


def _pack(arrays: Arrays) -> bytes:
    from safetensors.numpy import save

    return save({name: np.array(array, order="C") for name, array in sorted(arrays.items())})


def _unpack(content: bytes, what: str) -> dict[str, NDArray[Any]]:
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        found = load(content)
    except (SafetensorError, ValueError, KeyError, TypeError, OverflowError, AttributeError) as error:
        raise FileError("the {what} is not a safetensors file, or it is damaged", what=what) from error
    return {name: np.array(array) for name, array in found.items()}


def _state(content: bytes | None, plan: Plan) -> tuple[dict[str, NDArray[Any]], dict[str, NDArray[Any]]]:
    """What the optimizer, and what schedule and stopping rule remember."""
    if content is None:
        return {}, {}
    numbers = sum(4 * int(np.prod(shape, dtype=np.int64)) for shape in plan.saved_shapes.values())
    if len(content) > _STATE_BASE + _STATE_FACTOR * numbers:
        raise FileError("the state of training is larger than this network's: {size} bytes", size=len(content))
    found = _unpack(content, "state of training")
    optimizer, watch = (
        {name.removeprefix(part): array for name, array in found.items() if name.startswith(part)}
        for part in (_OPTIMIZER, _WATCH)
    )
    for name, array in optimizer.items():
        belongs = plan.saved_shapes.get(name.rpartition(".")[0])
        _check(name, array, None if "." not in name else belongs or (-1,))
        if not np.isfinite(array).all():
            raise FileError("{name} of the state of training is not finite", name=name[:80])
    for name, array in watch.items():
        best = name.removeprefix("best.")
        _check(name, array, () if best == name else plan.saved_shapes.get(best, (-1,)))
        if np.isnan(array).any():
            raise FileError("{name} of the state of training is not a number", name=name[:80])
    return optimizer, watch


def _check(name: str, array: NDArray[Any], shape: tuple[int, ...] | None) -> None:
    """Raise FileError for an array that is not of the shape that belongs to its name (None: any), or not of numbers."""
    if array.dtype.kind not in "fi" or (shape is not None and array.shape != shape):
        raise FileError("{name} of the state of training does not fit this network", name=name[:80])


def _curves(content: bytes | None, epoch: int) -> NDArray[np.float64]:
    """The rows of the run's history up to an epoch; none where the file keeps none."""
    if content is None:
        return np.empty((0, COLUMNS), np.float64)
    rows = _unpack(content, "history of training").get(_CURVES, np.empty(0))
    if rows.dtype != np.float64 or rows.ndim != 2 or rows.shape[1] != COLUMNS or not len(rows):
        raise FileError("the history of training is damaged")
    epochs = rows[:, 0]
    rising = np.isfinite(epochs).all() and epochs[0] >= 0 and epochs[-1] < epoch + 1 and (np.diff(epochs) > 0).all()
    whole = epochs[epochs % 1 == 0]  # epochs that take long have rows within, too
    if not rising or len(rows) > 2 * LIMIT or (whole % stride(int(epochs[-1]))).any():
        raise FileError("the history of training is damaged: its epochs are not those of a run")
    return rows
