"""Warnings about the data, and about what does not go with it: scales, shares of classes, batches, ranges of answers.

What they look at is drawn once and remembered; a plan is made on every edit.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np

from engine.catalog.activations import Activation, Linear
from engine.catalog.datasets.dataset import Array, Scaling
from engine.catalog.datasets.images import ImageDataset
from engine.catalog.layers.normalization import BatchNorm
from engine.catalog.losses import Loss
from engine.catalog.registry import entries, entry
from engine.document.errors import PlaygroundError, Sentence
from engine.document.graph import Data, Document
from engine.document.inserting import inserted
from engine.plan.data import random_stream, split, stratified
from engine.plan.plan import NodePlan, OutputPlan, Plan, Problem, Remedy

FAR = 10.0
"""Mean or standard deviation of a column, either sign, beyond which it is called unscaled."""
RATIO = 10.0
"""How many times as many samples the largest class has as the smallest before that is called imbalance."""

_MOST, _MOST_VALUES = 10_000, 2_000_000
"""Samples that a column is judged by, and their values: they are in no order."""
_SHAPING = frozenset({"Flatten", "Reshape", "Permute", "Activation", "Dropout"})
"""Layers that leave the scale as it is, an Activation only if it is linear."""
_RESCALING = ("Scale", "Embedding")
"""Layers, beside those of the category Normalization, for which the scale of what arrives does not count."""


@dataclass(frozen=True)
class Facts:
    """What is known of the samples to learn from: their number, that of each class, the range of targets."""

    count: int
    of_class: tuple[int, ...] = ()
    least: float = math.nan
    most: float = math.nan
    first: Array = field(default_factory=lambda: np.empty((0, 0)), compare=False)
    """The values of the first of them, copied: the others need not be kept."""
    scaling: Scaling | None = field(default=None, compare=False)


@lru_cache(maxsize=4)
def facts(data: Data) -> Facts | None:
    """Facts about the training part; None where there are no samples to be had.

    Of pictures it is what is known without them: their number and, where the labels are at hand, that of each class.
    """
    if isinstance(data.dataset, ImageDataset):
        return _of_pictures(data, data.dataset)
    try:
        parts = split(data)
    except (PlaygroundError, OSError):
        return None
    train = parts.train
    targets = np.asarray(train.targets)
    width = math.prod(train.values.shape[1:])
    known = Facts(
        len(train), first=train.values[: min(_MOST, _MOST_VALUES // max(1, width))].copy(), scaling=parts.scaling
    )
    if not len(train) or targets.ndim != 1:
        return known
    if data.dataset.task == "classification":
        counts = np.bincount(targets, minlength=data.dataset.class_count)
        return replace(known, of_class=tuple(counts.tolist()))
    return replace(known, least=float(targets.min()), most=float(targets.max()))


def _of_pictures(data: Data, dataset: ImageDataset) -> Facts:
    """Number and classes of the pictures to learn from, split as they will be."""
    count, labels = dataset.train_count(data.train_share), dataset.kept_labels()
    if labels is None:
        return Facts(count)
    extra = dataset.extra().targets
    cut = count - dataset.added_count
    if not dataset.split_is_published:
        order = random_stream(data.seed, "split").permutation(len(labels))
        labels = labels[stratified(order, labels, cut) if dataset.stratified else order]
    learnt = np.concatenate([labels[:cut], extra])
    return Facts(len(learnt), tuple(np.bincount(learnt, minlength=dataset.class_count).tolist()))


@lru_cache(maxsize=16)
def column_scales(data: Data, columns: tuple[str, ...]) -> tuple[tuple[float, float], ...]:
    """Mean and standard deviation of each column to learn from; of images, of all their values together."""
    known = facts(data)
    if known is None:
        return ()
    scaling = known.scaling
    try:
        inputs = data.dataset.inputs(known.first, columns) if scaling is None else scaling.apply(known.first)
    except PlaygroundError:
        return ()
    if not inputs.size:
        return ()
    values = inputs if inputs.ndim == 2 else inputs.reshape(-1, 1)
    with np.errstate(all="ignore"):
        means, deviations = values.mean(axis=0, dtype=np.float64), values.std(axis=0, dtype=np.float64)
    return tuple(zip(means.tolist(), deviations.tolist(), strict=True))


def find(plan: Plan) -> tuple[Problem, ...]:
    """The warnings of a plan that is ready; none before its samples are at hand."""
    if not plan.seen.at_hand:
        return ()
    known = facts(plan.document.data)
    if known is None:
        return ()
    found = [*_ranges(plan, known), *_unscaled(plan), *_imbalance(plan, known), *_batch(plan.document, known)]
    return tuple(found)


def _warning(kind: str, sentence: Sentence, node_id: str | None, *remedies: Remedy) -> Problem:
    return Problem(kind, sentence, node_id, remedies, "warning")


# --- answers that cannot reach their targets -------------------------------------------------------------------------


def _ranges(plan: Plan, known: Facts) -> Iterator[Problem]:
    """Outputs of a regression whose activation ends before the targets do."""
    span = known.most - known.least
    for output in plan.outputs:
        node = _activated(plan, plan.nodes[output.node])
        low, high = node.layer.output_activation.bounds
        short = known.least < low - span / 100, known.most > high + span / 100
        if not any(short):
            continue
        values = {
            "activation": node.layer.output_activation.label,
            "low": _number(low),
            "high": _number(high),
            "least": _number(known.least),
            "most": _number(known.most),
        }
        template = {
            (True, False): "{activation} answers nothing below {low}, but the targets go down to {least}",
            (False, True): "{activation} answers nothing above {high}, but the targets go up to {most}",
            (True, True): "{activation} answers only from {low} to {high}, but the targets go from {least} to {most}",
        }[short]
        yield _warning("range", Sentence(template, values), node.node.id, *_reaching(node, output, known))


def _activated(plan: Plan, node: NodePlan) -> NodePlan:
    """The card whose activation decides about a card's answers: itself, or one before it that has one."""
    while not hasattr(node.layer, "activation") and len(node.sources) == 1 and node.layer.name in _SHAPING:
        node = plan.nodes[node.sources[0]]
    return node


def _reaching(node: NodePlan, output: OutputPlan, known: Facts) -> list[Remedy]:
    """The straight line, or what the loss wants where it takes none, if that reaches the targets."""
    activation: Activation = Linear()
    if not output.loss.accepts(activation):
        activation = entry("activations", output.loss.wanted("regression"))()
    low, high = activation.bounds
    if not hasattr(node.layer, "activation") or not low <= known.least <= known.most <= high:
        return []
    label = Sentence("Set the activation to {activation}", {"activation": activation.label})
    return [Remedy(label, lambda document: document.set_field(node.node.id, "activation", activation))]


# --- inputs ----------------------------------------------------------------------------------------------------------


def _unscaled(plan: Plan) -> Iterator[Problem]:
    """Input cards with a column far from mean 0 and standard deviation 1, unless what follows brings it there."""
    if plan.document.data.dataset.pictures:  # they are scaled, whatever they show
        return
    for node_id in plan.order:
        node = plan.nodes[node_id]
        if node.layer.takes[1] or not _reads_scales(plan, node_id):
            continue
        columns = getattr(node.layer, "columns", ())
        scales = column_scales(plan.document.data, columns)
        far = [number for number, scale in enumerate(scales) if max(map(abs, scale)) > FAR]
        if not far:
            continue
        worst = max(far, key=lambda number: max(map(abs, scales[number])))
        template = "{column} has mean {mean} and standard deviation {deviation}; networks learn best from about 0 and 1"
        if len(far) > 1:
            template = (
                "{count} columns are unscaled: {column} has mean {mean} and standard deviation {deviation}; networks "
                "learn best from about 0 and 1"
            )
        values = {
            "count": len(far),
            "column": _column(plan.document, columns, worst),
            "mean": _number(scales[worst][0]),
            "deviation": _number(scales[worst][1]),
        }
        yield _warning("unscaled", Sentence(template, values), node_id, _scaling(plan.document, node_id))


def _reads_scales(plan: Plan, node_id: str) -> bool:
    """Whether any card takes what an Input card gives as it is."""
    network = plan.document.network_of(node_id)
    waiting = [edge.target for edge in network.outputs_of(node_id)]
    while waiting:
        target = waiting.pop()
        layer = plan.nodes[target].layer
        if layer.name in _SHAPING and isinstance(layer.output_activation, Linear):
            waiting += [edge.target for edge in network.outputs_of(target)]
        elif layer.category != "Normalization" and layer.name not in _RESCALING:
            return True
    return False


def _column(document: Document, columns: tuple[str, ...], number: int) -> str:
    """The name of the column that one of the inputs comes from; a category is several inputs."""
    dataset = document.data.dataset
    features = entries("features")
    behind = 0
    for name in columns or dataset.default_columns:
        behind += dataset.input_shape((name,))[0]
        if number < behind:
            return features[name].label if name in features else name
    return dataset.label


def _scaling(document: Document, node_id: str) -> Remedy:
    """Let the data set scale its columns, if it can; else put a card behind the Input card that does."""
    dataset = document.data.dataset
    if getattr(dataset, "scaling", "") == "none":
        scaled = dataset.replace(scaling="standardize")
        return Remedy(Sentence("Standardize the columns"), lambda document: document.set_data(dataset=scaled))
    label = Sentence("Insert {layer} behind it", {"layer": BatchNorm.label})
    return Remedy(label, lambda document: _normalized(document, node_id))


def _normalized(document: Document, node_id: str) -> Document:
    """With one BatchNorm card between an Input card and all that read it."""
    first, *others = document.network_of(node_id).outputs_of(node_id)
    layer = BatchNorm()
    new_id = document.free_id(layer)
    document = inserted(document, first, layer)
    for edge in others:
        document = document.connect(new_id, edge.target, edge.port)
    return document


# --- classes and batches ---------------------------------------------------------------------------------------------


def _imbalance(plan: Plan, known: Facts) -> Iterator[Problem]:
    """Classes with far fewer samples to learn from than another, unless the loss makes up for it."""
    if len(known.of_class) < 2 or not plan.outputs:
        return
    loss = plan.outputs[0].loss
    counts = np.array(known.of_class)
    few, many = int(counts.argmin()), int(counts.argmax())
    names = [name if name.isdigit() else f"“{name}”" for name in plan.document.data.dataset.class_names]
    if not counts[few]:
        sentence = Sentence(
            "None of the {count} training samples is of class {few}", {"count": known.count, "few": names[few]}
        )
        yield _warning("imbalance", sentence, None)
    elif counts[many] >= RATIO * counts[few] and not _weighs(loss):
        sentence = Sentence(
            "Class {many} has {ratio} times as many training samples as class {few} ({most} and {least}), so the "
            "network may learn to answer {many} and little else",
            {
                "many": names[many],
                "few": names[few],
                "ratio": _number(counts[many] / counts[few]),
                "most": int(counts[many]),
                "least": int(counts[few]),
            },
        )
        yield _warning("imbalance", sentence, None, *_weighing(plan.document, loss, counts))


def _weighs(loss: Loss) -> bool:
    """Whether a loss already lets rare samples count for more."""
    return bool(loss.weights) or getattr(loss, "positive_weight", 1.0) != 1.0 or hasattr(loss, "gamma")


def _weighing(document: Document, loss: Loss, counts: np.ndarray[tuple[int], np.dtype[np.int64]]) -> list[Remedy]:
    """Let rare classes count for more, where the loss can do that."""
    if loss != document.training.loss:
        return []
    if hasattr(loss, "class_weights"):
        shares = np.minimum(counts.max() / counts, 1000.0)
        weighed = loss.replace(class_weights=", ".join(f"{share:.3g}" for share in shares))
    elif hasattr(loss, "positive_weight") and len(counts) == 2:
        weighed = loss.replace(positive_weight=float(np.clip(float(f"{counts[0] / counts[1]:.3g}"), 0.01, 100.0)))
    else:
        return []
    label = Sentence("Let rare classes count for more", {})
    return [Remedy(label, lambda document: document.set_training(loss=weighed))]


def _batch(document: Document, known: Facts) -> Iterator[Problem]:
    """A batch that there are not enough samples for."""
    size, count = document.training.batch_size, known.count
    if document.training.optimizer.full_batch or size <= count or not count:
        return
    sentence = Sentence(
        "The batch size of {size} is larger than the {count} training samples: every batch is all of them",
        {"size": size, "count": count},
    )
    label = Sentence("Set the batch size to {count}", {"count": count})
    yield _warning("batch", sentence, None, Remedy(label, lambda document: document.set_training(batch_size=count)))


def _number(value: float) -> str:
    """At most three figures, without an exponent where that can be read; a true minus sign."""
    text = f"{value:.3g}" if abs(value) < 1000 else f"{value:,.0f}"
    return text.replace("-", "−")
