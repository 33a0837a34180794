"""Files from elsewhere, read in the training process: a thread of its own, beside the run."""

from __future__ import annotations

import dataclasses
import sys
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

from engine.document.project import Project
from engine.export.states import project_of
from engine.importing.begin import begun, whole
from engine.importing.table import Matching, not_finite
from engine.plan.plan import Plan
from engine.plan.resolve import resolve
from engine.training.trainer import Trainer
from engine.worker.background import Background
from engine.worker.messages import Import, ModelRead, Starting, WeightsRead
from engine.worker.session import check_ready

MODEL_SUFFIX = ".onnx"


class Imports(Background):
    """Reads one file at a time; a new one takes the place of the one before."""

    asks = Import

    def prepare(self, message: Import, trainer: Trainer | None, stop: threading.Event) -> Callable[[], None]:
        """Load here what reads: in a thread it would hold up the loop unannounced."""
        is_model = Path(message.path).suffix.lower() == MODEL_SUFFIX
        if ("onnx" if is_model else "torch") not in sys.modules:
            self._send(Starting(message.run))
        if is_model:
            import onnx  # noqa: F401

            return partial(self._read_model, message, stop)
        import torch  # noqa: F401

        plan = resolve(message.document)
        check_ready(plan)
        return partial(self._read_weights, message, plan, stop)

    def _read_weights(self, message: Import, plan: Plan, stop: threading.Event) -> None:
        from engine.importing.matching import matched
        from engine.importing.weights import read_arrays

        found = _fitting(matched(read_arrays(message.path), plan))
        if not stop.is_set():
            self._send(WeightsRead(message.run, found))

    def _read_model(self, message: Import, stop: threading.Event) -> None:
        from engine.importing.onnx_model import read_onnx

        found = read_onnx(message.path, message.document.data)
        if not stop.is_set():
            self._send(ModelRead(message.run, found.document, dict(found.weights), found.notes))


def project_of_model(path: Path) -> Project:
    """An ONNX file as a project that stands at its weights. Raises FileError, or InvalidValueError for the weights."""
    from engine.importing.onnx_model import read_onnx

    found = read_onnx(path)
    plan = resolve(found.document)
    start = begun(plan, found.weights, path.name)
    after = resolve(start.document)
    return project_of(start.document, start.snapshot or (whole(after, {}) if after.ready else None))


def _fitting(matching: Matching) -> Matching:
    """The same, with the values of those arrays alone that can be used: nobody can choose a place for the others."""
    names = [row.array for place, row in enumerate(matching.rows) if matching.choices(place)]
    kept = {name: matching.arrays[name] for name in names if not_finite(matching.arrays[name]) is None}
    return dataclasses.replace(matching, arrays=kept, turns=dict(matching.turns), shapes=dict(matching.shapes))
