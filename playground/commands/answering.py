"""Asking a network that is trained: how good its answers are, and what they are."""

from __future__ import annotations

import csv
import json
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.document.errors import InvalidValueError
from playground.commands.shared import DONE, Commands, WorkFailed, number, project_of, snapshot_of
from playground.commands.training import metrics

if TYPE_CHECKING:
    from engine.document.graph import Document
    from engine.training.trainer import Snapshot
    from engine.worker.answering import Evaluated, Predicted

_TRAIN = "train it first: playground train {source} --out FILE.nnp"


def declare(commands: Commands) -> None:
    """Add the commands of this group."""
    parser = commands.add_parser("evaluate", help="measure loss and metrics of a trained project")
    parser.add_argument("project", metavar="PROJECT", help="a project file (.nnp) with a run, or a model (.onnx)")
    parser.add_argument(
        "data", nargs="?", type=Path, metavar="DATA", help="a table (.csv, .tsv, .npz); default: its own test samples"
    )
    parser.add_argument("--json", action="store_true", help="print one line of JSON")
    parser.set_defaults(work=evaluate)

    parser = commands.add_parser("predict", help="answer samples with a trained project")
    parser.add_argument("project", metavar="PROJECT", help="a project file (.nnp) with a run, or a model (.onnx)")
    parser.add_argument("input", type=Path, metavar="INPUT", help="a table (.csv, .tsv, .npz) or a picture")
    parser.add_argument("--out", type=Path, metavar="FILE.csv", help="write the answers there")
    parser.add_argument("--json", action="store_true", help="print one line of JSON for each sample")
    parser.set_defaults(work=predict)


def evaluate(options: Namespace) -> int:
    """Judge a trained project on a file, or on the samples that it keeps for its test."""
    from engine.worker.answering import evaluate as run

    found = run(*_run_of(options.project), options.data)
    report = {
        "project": options.project,
        "data": "test" if options.data is None else str(options.data),
        "samples": found.samples,
        "loss": number(found.loss),
        "metrics": metrics(found.metrics, ""),
    }
    print(json.dumps(report) if options.json else _judged(report, found))
    return DONE


def predict(options: Namespace) -> int:
    """Answer every sample of a file, a line each."""
    from engine.worker.answering import predict as run

    if options.out is not None and options.out.suffix.lower() != ".csv":
        raise InvalidValueError("--out (={file}) must end in .csv", file=options.out)
    answers = _answers(run(*_run_of(options.project), options.input))
    if options.out is not None:
        _write(options.out, answers)
        return DONE
    for answer in answers:
        print(json.dumps(answer) if options.json else _words(answer))
    return DONE


def _run_of(source: str) -> tuple[Document, Snapshot]:
    project = project_of(source)
    return project.document, snapshot_of(source, project, _TRAIN.format(source=source))


def _judged(report: dict[str, Any], found: Evaluated) -> str:
    from engine.catalog.registry import entries

    labels = {name: metric.label for name, metric in entries("metrics").items()}
    lines = [f"{report['project']}: loss {found.loss:.5f} on {found.samples:,} samples of {report['data']}"]
    lines += [f"  {labels[name]}: {float(value[0]):.4f}" for name, value in found.metrics.items() if name in labels]
    return "\n".join(lines)


def _answers(found: Predicted) -> list[dict[str, Any]]:
    """An answer a sample: its class and how sure it is (a "score" where that is no probability), or its value."""
    if found.numbers is not None:
        return [{"value": number(value)} for value in found.numbers.tolist()]
    assert found.confidence is not None
    word = "confidence" if found.probable else "score"
    return [
        {"class": label, word: number(round(sure, 6))}
        for label, sure in zip(found.labels, found.confidence.tolist(), strict=True)
    ]


def _words(answer: dict[str, Any]) -> str:
    if "value" in answer:
        return "nan" if answer["value"] is None else f"{answer['value']:.6g}"
    label, sure = answer.values()
    return f"{label} {sure:.4f}"


def _write(path: Path, answers: list[dict[str, Any]]) -> None:
    try:
        with path.open("w", encoding="utf-8", newline="") as file:
            table = csv.DictWriter(file, ["sample", *answers[0]])
            table.writeheader()
            table.writerows({"sample": place} | answer for place, answer in enumerate(answers, 1))
    except OSError as error:
        raise WorkFailed(f"{path} cannot be written: {error.strerror or error}") from error
