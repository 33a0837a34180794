"""Exports in the training process: files made and proven in a thread of their own, beside the run."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from engine.document.errors import PlaygroundError
from engine.export.format import Subject
from engine.training.trainer import Trainer
from engine.worker.background import Background
from engine.worker.messages import Export, ExportProgress, Starting

_PREVIEW_LETTERS = 60_000
"""As much of a text is sent to be looked at; nobody reads on."""


class Exports(Background):
    """Makes one export at a time; a new one takes the place of the one before."""

    asks = Export

    def prepare(self, message: Export, trainer: Trainer | None, stop: threading.Event) -> Callable[[], None]:
        """Take the run's state here, between two of its steps."""
        if trainer is None:
            raise PlaygroundError("there is no network to export yet; mend what stands on its cards")
        if "torch" not in sys.modules:
            self._send(Starting(message.run))
        import torch  # noqa: F401  # in a thread it would hold up the loop unannounced

        subject = Subject(trainer.plan.document, trainer.snapshot(), message.title)
        self._send(ExportProgress(message.run, "making"))
        return partial(self._export, message, subject, stop)

    def _export(self, message: Export, subject: Subject, stop: threading.Event) -> None:
        from engine.worker.exporting import export, made

        preview = ""

        def tell(stage: Any, files: Mapping[str, bytes], *more: Any) -> None:
            nonlocal preview
            preview = preview or message.form.preview(files)[:_PREVIEW_LETTERS]
            if not stop.is_set():
                sizes = tuple((name, len(content)) for name, content in files.items())
                self._send(ExportProgress(message.run, stage, sizes, preview, *more))

        if not message.path:
            tell("done", made(subject, message.form, f"network{message.form.suffix}"), None, None, True)
            return
        path = Path(message.path)
        found = export(subject, message.form, path, verify=message.verify, stopped=stop.is_set, told=tell)
        proof = found.proof
        sizes = tuple((file.name, file.stat().st_size) for file in found.files)
        said, passed = (None, None) if proof is None else (proof.sentence, proof.passed)
        self._send(ExportProgress(message.run, "done", sizes, preview, said, passed, True))
