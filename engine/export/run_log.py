"""The history of a run as files that other programs read: a table, JSON lines, TensorBoard's events."""

from __future__ import annotations

import csv
import io
import json
import math
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from engine.catalog.metrics import metric_for
from engine.catalog.registry import to_json
from engine.document.errors import InvalidValueError
from engine.export.format import Subject

SHOWN = 400
"""Lines of a log that a preview shows."""


def columns(subject: Subject) -> tuple[str, ...]:
    """What the columns of the history are called: those of a metric by the metric's name, such as "test_accuracy"."""
    metric = metric_for(subject.document.data.dataset.task).name
    return ("epoch", "train_loss", "test_loss", f"train_{metric}", f"test_{metric}", "learning_rate")


def rows(subject: Subject) -> list[list[float]]:
    """The history, a list of numbers a row, in the order of `columns`; NaN where nothing was measured.

    Raises InvalidValueError for a run without one.
    """
    found: list[list[float]] = subject.snapshot.curves.tolist()
    if not found:
        raise InvalidValueError("the run has no history yet; train it for an epoch")
    return found


def csv_bytes(subject: Subject) -> bytes:
    """A table with the names of the columns above; what was not measured stays empty, numbers are exact."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns(subject))
    for row in rows(subject):
        writer.writerow(["" if math.isnan(value) else value for value in row])
    return text.getvalue().encode()


def json_lines(subject: Subject) -> bytes:
    """A line {"run": …} that says what was trained and how, and then a line for each row of the history.

    What was not measured, or is not finite, is null.
    """
    names = columns(subject)
    lines = [json.dumps({"run": _about(subject)}, ensure_ascii=False)]
    for row in rows(subject):
        known = (value if math.isfinite(value) else None for value in row)
        lines.append(json.dumps(dict(zip(names, known, strict=True))))
    return "\n".join(lines).encode() + b"\n"


def _about(subject: Subject) -> dict[str, Any]:
    document, training = subject.document, subject.document.training
    return {
        "title": subject.title,
        "seed": document.seed,
        "data": {
            "dataset": to_json(document.data.dataset),
            "train_share": document.data.train_share,
            "seed": document.data.seed,
        },
        "training": {
            "loss": to_json(training.loss),
            "optimizer": to_json(training.optimizer),
            "schedule": to_json(training.schedule),
            "clipping": to_json(training.clipping),
            "stopping": to_json(training.stopping),
            "batch_size": document.batch_size,
        },
        "parameters": subject.plan.cost.parameters,
        "epochs": subject.snapshot.epoch,
        "steps": subject.snapshot.step,
    }


def tags(subject: Subject) -> tuple[str, ...]:
    """What TensorBoard calls the columns after the epoch: training and test beside each other, in one chart."""
    _, *names = columns(subject)
    return tuple("/".join(reversed(name.split("_", 1))) if name != "learning_rate" else name for name in names)


def steps_per_epoch(subject: Subject) -> int:
    """Optimizer steps of one epoch, by which TensorBoard's axis counts."""
    document = subject.document
    train = document.data.dataset.train_count(document.data.train_share)
    return max(1, math.ceil(train / document.batch_size))


def events_bytes(subject: Subject) -> bytes:
    """An event file of TensorBoard, by PyTorch's own writer; its steps are those of the optimizer."""
    from torch.utils.tensorboard import SummaryWriter

    history, per_epoch, names = rows(subject), steps_per_epoch(subject), tags(subject)
    with tempfile.TemporaryDirectory() as folder:
        writer: Any = SummaryWriter(folder)
        for epoch, *values in history:
            for name, value in zip(names, values, strict=True):
                if not math.isnan(value):
                    writer.add_scalar(name, value, round(epoch * per_epoch))
        writer.close()
        (file,) = Path(folder).iterdir()
        return file.read_bytes()


def events_text(content: bytes) -> str:
    """What an event file holds, as a table: each curve's name, how many points it has, and where it ends."""
    lines = [f"{'curve':<24}{'points':>8}{'last step':>12}{'last value':>16}"]
    for name, found in events(content).items():
        step, value = found[-1]
        lines.append(f"{name:<24}{len(found):>8}{step:>12}{value:>16.6g}")
    return "\n".join(lines)


def events(content: bytes) -> dict[str, list[tuple[int, float]]]:
    """The curves of an event file by name: (step, value), read by TensorBoard itself."""
    from tensorboard.backend.event_processing.event_file_loader import EventFileLoader  # type: ignore[import-untyped]
    from tensorboard.util import tensor_util  # type: ignore[import-untyped]

    found: dict[str, list[tuple[int, float]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "log.tfevents"
        file.write_bytes(content)
        for event in EventFileLoader(str(file)).Load():
            for value in event.summary.value:
                number = float(tensor_util.make_ndarray(value.tensor))
                found.setdefault(value.tag, []).append((event.step, number))
    return found


def head(content: bytes) -> str:
    """The first lines of a text, and how many follow."""
    lines: Iterator[str] = iter(content.decode().splitlines())
    shown = [line for _, line in zip(range(SHOWN), lines, strict=False)]
    more = sum(1 for _ in lines)
    return "\n".join([*shown, f"… {more:,} more lines"] if more else shown)
