"""The history of a run, for a spreadsheet, for scripts, for TensorBoard."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec

from engine.catalog.registry import register, shared
from engine.document.errors import Sentence
from engine.export.format import Format, Subject
from engine.plan.plan import Plan

_GROUP = "Run"


@shared
class RunLog(Format):
    """What the run has measured, in the order of time."""

    group = _GROUP
    proven = False

    def preview(self, files: Mapping[str, bytes]) -> str:
        from engine.export.run_log import head

        return head(next(iter(files.values())))


@register
class RunCsv(RunLog):
    """The run's history as a table: epoch, loss and metric on the training and the test samples, learning rate."""

    name = "run_csv"
    label = "Log as a table (CSV)"
    suffix = ".log.csv"
    reference = "https://www.rfc-editor.org/rfc/rfc4180"
    order = 50

    def files(self, subject: Subject, name: str) -> Mapping[str, bytes]:
        from engine.export.run_log import csv_bytes

        return {name: csv_bytes(subject)}


@register
class RunJsonLines(RunLog):
    """The run's history as JSON lines: the first says what was trained and how, each other one is a moment of it."""

    name = "run_jsonl"
    label = "Log as JSON lines"
    suffix = ".jsonl"
    reference = "https://jsonlines.org"
    order = 51

    def files(self, subject: Subject, name: str) -> Mapping[str, bytes]:
        from engine.export.run_log import json_lines

        return {name: json_lines(subject)}


@register
class TensorBoard(RunLog):
    """The run's history as an event file: tensorboard --logdir FOLDER shows it beside those of other programs."""

    name = "tensorboard"
    label = "TensorBoard events"
    suffix = ".tfevents"
    reference = "https://docs.pytorch.org/docs/stable/tensorboard.html"
    order = 52

    def refusal(self, plan: Plan) -> Sentence | None:
        if find_spec("tensorboard") is None:
            words = "TensorBoard is not installed; {command} brings it, then start this program again"
            return Sentence(words, {"command": 'pip install "neural-playground[tensorboard]"'})
        return None

    def files(self, subject: Subject, name: str) -> Mapping[str, bytes]:
        from engine.export.run_log import events_bytes

        return {name: events_bytes(subject)}

    def preview(self, files: Mapping[str, bytes]) -> str:
        from engine.export.run_log import events_text

        return events_text(next(iter(files.values())))
