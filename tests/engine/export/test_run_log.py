"""The history of a run as a table, as JSON lines, and as TensorBoard's events."""

from __future__ import annotations

import csv
import importlib.util
import io
import json
import math
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from engine.catalog.registry import entry
from engine.document.errors import InvalidValueError
from engine.document.examples import load_example
from engine.export.format import Format, Subject
from engine.training.trainer import Snapshot
from engine.worker.headless import train

COLUMNS = ["epoch", "train_loss", "test_loss", "train_accuracy", "test_accuracy", "learning_rate"]
TAGS = ["loss/train", "loss/test", "accuracy/train", "accuracy/test", "learning_rate"]


@cache
def subject() -> Subject:
    """Six epochs of a small network, with a moment within an epoch at which only loss and rate are known."""
    result = train(load_example("circle").document, epochs=6)
    rows = np.insert(result.snapshot.curves, 3, [2.48, 0.5, math.nan, math.nan, math.nan, 0.03], axis=0)
    snapshot = Snapshot(result.snapshot.epoch, result.snapshot.step, 0, result.snapshot.weights, curves=rows)
    return Subject(result.document, snapshot, "a <circle>")


def content(name: str) -> tuple[Format, bytes]:
    form: Format = entry("formats", name)()
    (found,) = form.files(subject(), f"log{form.suffix}").items()
    assert found[0] == f"log{form.suffix}" and not form.proven and form.reader(subject()) is None
    return form, found[1]


def test_the_table_holds_the_curve_exactly() -> None:
    form, text = content("run_csv")
    head, *rows = csv.reader(io.StringIO(text.decode()))
    assert head == COLUMNS
    read = np.array([[float(value) if value else math.nan for value in row] for row in rows])
    np.testing.assert_array_equal(read, subject().snapshot.curves)
    assert len(rows) == 8 and rows[3][2] == ""
    assert form.preview({"log.log.csv": text}) == text.decode().rstrip("\n")


def test_json_lines_say_first_what_was_trained() -> None:
    _, text = content("run_jsonl")
    about, *rows = map(json.loads, text.decode().splitlines())
    run = about["run"]
    assert run["title"] == "a <circle>" and run["training"]["optimizer"]["type"] == "SGD" and run["epochs"] == 6
    assert run["data"]["dataset"]["type"] == "circle" and run["parameters"] == 25
    assert [list(row) for row in rows] == [COLUMNS] * 8
    read = np.array([[math.nan if value is None else value for value in row.values()] for row in rows])
    np.testing.assert_array_equal(read, subject().snapshot.curves)


def test_tensorboard_reads_the_curve_back(tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    form, events = content("tensorboard")
    (tmp_path / "log.tfevents").write_bytes(events)
    found = EventAccumulator(str(tmp_path))
    found.Reload()
    curve = subject().snapshot.curves
    assert sorted(found.Tags()["scalars"]) == sorted(TAGS)
    for number, tag in enumerate(TAGS, start=1):
        known = ~np.isnan(curve[:, number])
        read = found.Scalars(tag)
        np.testing.assert_allclose([event.value for event in read], curve[known, number], rtol=1e-6)
        # 250 samples in batches of 10 are 25 steps an epoch.
        assert [event.step for event in read] == np.rint(25 * curve[known, 0]).tolist()
    assert "loss/train" in form.preview({"log.tfevents": events})


def test_without_tensorboard_it_is_said_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    form = entry("formats", "tensorboard")()
    assert form.refusal(subject().plan) is None
    monkeypatch.setattr("engine.export.formats.run.find_spec", lambda name: None)
    assert 'pip install "neural-playground[tensorboard]"' in str(form.refusal(subject().plan))
    assert importlib.util.find_spec("tensorboard") is not None


def test_a_run_without_history_has_no_log() -> None:
    bare = Subject(subject().document, Snapshot(), "bare")
    with pytest.raises(InvalidValueError, match="train it for an epoch"):
        entry("formats", "run_csv")().files(bare, "x.log.csv")


def test_a_long_log_is_looked_at_in_part() -> None:
    form = entry("formats", "run_csv")()
    shown = form.preview({"x": b"line\n" * 1000}).splitlines()
    assert len(shown) == 401 and shown[-1] == "… 600 more lines"
