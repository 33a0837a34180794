"""What a report says about a run: words and numbers in the user's language, and what its charts are painted from."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication, QDateTime, QLocale

from engine.catalog.datasets.dataset import Samples
from engine.catalog.metrics import metrics_for
from engine.catalog.registry import Entry, Hidden, form
from engine.document.graph import Document
from engine.plan.data import split
from engine.plan.plan import NodePlan, Plan
from engine.probes.curves import Curves
from engine.probes.decision import CLASSES
from engine.probes.predictions import Predictions
from engine.probes.probe import Arrays
from playground import words
from playground.commands.window import program_version
from playground.diagram import Diagram
from playground.report_answers import METRICS, PLANE, ask_pictures
from widgets.canvas.layout import layer_title
from widgets.controls import format_number
from widgets.inspector_facts import count_text, shape_text
from widgets.theme import translate_catalog

if TYPE_CHECKING:
    from playground.window import MainWindow

_MOST_RESULTS = 4
_COUNTED = ("units", "filters")
"""Fields that a layer's title tells."""

Facts = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Layer:
    """A row of the table of layers, as it is read."""

    card: str
    layer: str
    shape: str
    parameters: str


@dataclass(frozen=True, eq=False)
class Plane:
    """The answer over the plane, as the probe Decision draws it, and the samples to learn from."""

    image: NDArray[np.uint8]
    by_class: bool
    samples: Samples
    task: str


@dataclass(frozen=True, eq=False)
class Fit:
    """What a regression predicts beside what is true, (samples,) each, and which samples they are."""

    predicted: NDArray[np.float64]
    true: NDArray[np.float64]
    of: str


@dataclass(frozen=True, eq=False)
class Report:
    """All that stands on the page."""

    title: str
    subtitle: str
    date: str
    headline: Facts
    """The few numbers that are read first: what they are, and how large."""
    diagram: Diagram
    layers: tuple[Layer, ...]
    total: Layer
    data: Facts
    training: Facts
    results: tuple[tuple[str, str, str], ...]
    """A measure, on the training and on the test samples."""
    history: NDArray[np.float64]
    """Rows as `engine.training.curve` keeps them, (points, 6)."""
    classes: tuple[str, ...]
    confusion: NDArray[np.int64] | None
    confusion_of: str
    """Which samples are counted."""
    plane: Plane | None
    fit: Fit | None
    remark: str
    """What is missing, and why; nothing if all is there."""
    versions: str


def report_of(window: MainWindow) -> Report:
    """The report about the run of a window as it stands; the run is asked, and waited for a moment."""
    plan = window.controller.plan
    answers = ask_pictures(window, [METRICS, PLANE, Predictions(), Curves()])
    metrics = answers.get(METRICS, {})
    document = plan.document
    status = window.session.status
    snapshot = window.session.snapshot()
    history = answers[Curves()]["rows"] if Curves() in answers else snapshot.curves if snapshot else np.empty((0, 6))
    part = "test" if "test.confusion" in metrics and metrics["test.confusion"].sum() else "train"
    missing = _tr("The run did not answer in time, so metrics by class are left out.") if not metrics else ""
    epochs, steps = (status.epoch, status.step) if status is not None else (0, 0)
    return Report(
        window.files.name(),
        _subtitle(plan),
        QLocale().toString(QDateTime.currentDateTime(), QLocale.FormatType.ShortFormat),
        _headline(plan, status, epochs),
        Diagram(window.canvas.board),
        tuple(_layer(plan.nodes[node_id]) for node_id in plan.order),
        Layer(_tr("total"), "", "", count_text(plan.cost.parameters)),
        _data(plan),
        _training(document, epochs, steps),
        _results(plan, status, metrics),
        history,
        document.data.dataset.class_names,
        metrics.get(f"{part}.confusion"),
        _which(part == "test"),
        _plane(document, answers.get(PLANE)),
        _fit(answers.get(Predictions())),
        missing,
        _versions(window, document),
    )


# --- the parts -------------------------------------------------------------------------------------------------------


def _subtitle(plan: Plan) -> str:
    cards = count_text(len(plan.order))
    return _tr("{data} · {cards} cards · {parameters} parameters · {sums} multiply-adds a sample").format(
        data=translate_catalog(plan.document.data.dataset.title),
        cards=cards,
        parameters=count_text(plan.cost.parameters),
        sums=count_text(plan.cost.multiply_adds),
    )


def _headline(plan: Plan, status: Any, epochs: int) -> Facts:
    task = plan.document.data.dataset.task
    value = None if status is None else status.evaluation
    tested = value is not None and np.isfinite(value.test_metric)
    metric = float("nan") if value is None else value.test_metric if tested else value.train_metric
    loss = None if value is None else value.test_loss if np.isfinite(value.test_loss) else value.train_loss
    lost = _tr("test loss") if value is not None and np.isfinite(value.test_loss) else _tr("training loss")
    name = words.metric_name(task) if tested or value is None else words.metric_name(task).replace("test ", "")
    return (
        (name, words.metric_text(task, metric)),
        (lost, format_number(loss)),
        (_tr("epochs"), count_text(epochs)),
        (_tr("parameters"), count_text(plan.cost.parameters)),
    )


def _layer(node: NodePlan) -> Layer:
    said = [layer_title(node.layer)]
    for field in form(type(node.layer)):
        if field.name in node.layer.summary and field.name not in _COUNTED:
            said += _values([(field, getattr(node.layer, field.name))], entries_alone=True)
    shape = "" if node.output_shape is None else shape_text(node.output_shape)
    count = count_text(node.parameter_count) if node.parameter_count else ""
    if node.weights_of is not None:
        count = _tr("those of {card}").format(card=node.weights_of)
    return Layer(node.node.id, " · ".join(said), shape, count)


def _data(plan: Plan) -> Facts:
    data = plan.document.data
    dataset, parts = data.dataset, split(data)
    classes = _tr("classification, {count} classes").format(count=count_text(dataset.class_count))
    shapes = [node.output_shape for node in plan.nodes.values() if node.layer.takes[1] == 0 and node.output_shape]
    settings = described(dataset, alone=True)
    found = [
        (_tr("data set"), translate_catalog(dataset.title)),
        (_tr("task"), classes if dataset.task == "classification" else _tr("regression")),
        (
            _tr("samples"),
            _tr("{train} to learn from, {test} to test on").format(
                train=count_text(len(parts.train)), test=count_text(len(parts.test))
            ),
        ),
        (_tr("input"), " + ".join(map(shape_text, shapes))),
        (_tr("settings"), settings),
    ]
    return tuple((name, value) for name, value in found if value)


def _training(document: Document, epochs: int, steps: int) -> Facts:
    training = document.training
    done = _tr("{epochs} epochs, {steps} steps").format(epochs=count_text(epochs), steps=count_text(steps))
    return (
        (_tr("trained"), done),
        (_tr("loss"), described(training.loss)),
        (_tr("optimizer"), described(training.optimizer)),
        (_tr("learning rate"), described(training.schedule)),
        (_tr("batch"), _tr("{count} samples").format(count=count_text(document.batch_size))),
        (_tr("penalties"), _penalties(document)),
        (_tr("clipping"), described(training.clipping)),
        (_tr("stopping"), described(training.stopping)),
    )


def _penalties(document: Document) -> str:
    """Regularizers and constraints, each with the cards that have it."""
    cards: dict[str, list[str]] = {}
    for node in document.nodes:
        for field in form(type(node.layer)):
            if field.chooses in ("regularizers", "constraints"):
                value = getattr(node.layer, field.name)
                if value.name != "none":
                    cards.setdefault(described(value), []).append(node.id)
    return "; ".join(f"{text}: {', '.join(dict.fromkeys(ids))}" for text, ids in cards.items()) or _tr("none")


def _results(plan: Plan, status: Any, metrics: Arrays) -> tuple[tuple[str, str, str], ...]:
    found = []
    if status is not None:
        value = status.evaluation
        found.append((_tr("loss"), _number(value.train_loss), _number(value.test_loss)))
    dataset = plan.document.data.dataset
    for metric in metrics_for(dataset.task, dataset.class_count):
        if f"train.{metric.name}" in metrics and len(found) < _MOST_RESULTS:
            train, test = (float(metrics[f"{part}.{metric.name}"][0]) for part in ("train", "test"))
            found.append((translate_catalog(metric.label), _share(train, metric.percent), _share(test, metric.percent)))
    return tuple(found)


def _plane(document: Document, answer: Arrays | None) -> Plane | None:
    if answer is None:
        return None
    by_class = int(answer["kind"][0]) == CLASSES
    return Plane(answer["image"], by_class, split(document.data).train, document.data.dataset.task)


def _fit(answer: Arrays | None) -> Fit | None:
    if answer is None:
        return None
    return Fit(answer["predicted"], answer["true"], _which(bool(answer["tested"][0])))


def _which(tested: bool) -> str:
    return _tr("test samples") if tested else _tr("training samples")


def _versions(window: MainWindow, document: Document) -> str:
    ready, status = window.session.ready, window.session.status
    found = {"Python": platform.python_version(), "NumPy": np.__version__}
    if ready is not None:
        names = {"python": "Python", "torch": "PyTorch", "numba": "numba", "numpy": "NumPy"}
        found = {name: ready.versions[key] for key, name in names.items() if key in ready.versions}
    said = [f"Neural Playground {program_version()}", *(f"{name} {number}" for name, number in found.items())]
    if status is not None:
        said.append(_tr("trained by {backend}").format(backend=status.backend))
    said.append(_tr("seed {seed}, seed of the data {data}").format(seed=document.seed, data=document.data.seed))
    return " · ".join(said)


# --- words -----------------------------------------------------------------------------------------------------------


def described(item: Entry, *, alone: bool = False) -> str:
    """An entry with its fields: "Adam, learning rate 0.01, beta 1 0.9"; with `alone`, the fields only.

    Those that are 0 as always are left out.
    """
    fields = [
        (field, getattr(item, field.name)) for field in form(type(item)) if not isinstance(field.constraint, Hidden)
    ]
    said = ", ".join(_values([(field, value) for field, value in fields if value or value != field.default]))
    if alone:
        return said
    label = translate_catalog(item.label)
    return f"{label}, {said}" if said else label


def _values(fields: list[tuple[Any, Any]], *, entries_alone: bool = False) -> list[str]:
    found = []
    for field, value in fields:
        label = translate_catalog(field.label)
        if isinstance(value, Entry):
            found.append(translate_catalog(value.label) if entries_alone else f"{label} {described(value)}")
        elif isinstance(value, bool):
            found += [label] if value else []
        elif isinstance(value, int | float):
            found.append(f"{label} {QLocale().toString(float(value), 'g', 6)}")
        elif isinstance(value, str) and value and len(value) <= 40:
            found.append(f"{label} {value}")
    return found


def _number(value: float) -> str:
    return format_number(value) if np.isfinite(value) else "—"


def _share(value: float, percent: bool) -> str:
    if not percent or not np.isfinite(value):
        return _number(value)
    return _tr("{share} %").format(share=QLocale().toString(100 * value, "f", 1))


def _tr(text: str) -> str:
    return QCoreApplication.translate("report", text)
