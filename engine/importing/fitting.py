"""Data for a network from elsewhere: samples of the shape that it takes, and a loss for what it answers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from engine.catalog.activations import Activation
from engine.catalog.datasets.dataset import Dataset
from engine.catalog.datasets.folder import ImageFolder
from engine.catalog.datasets.plane import Circle
from engine.catalog.layers.layer import Shape
from engine.catalog.losses import Loss, MeanSquaredError
from engine.catalog.registry import entries
from engine.document.errors import InvalidValueError, PlaygroundError, Sentence
from engine.document.graph import Data

Columns = tuple[str, ...]


@dataclass(frozen=True)
class Fitted:
    """Data, the columns of each Input card, and whether a Flatten must follow it; `note` is what to say about it."""

    data: Data
    columns: tuple[Columns, ...]
    flattened: bool = False
    note: Sentence | None = None


def fitted(
    shapes: Sequence[Shape], units: int, named: Sequence[Columns], own: Data | None, wanted: Data | None
) -> Fitted:
    """Data whose samples have these shapes, one for each Input card.

    `named` are the columns that the file names, `own` is the data of which it says that it was trained on it, `wanted`
    what the caller has; the first that fits is taken, else a set of the catalogue with that shape.
    """
    for data in (own, wanted):
        found = None if data is None else _columns(data.dataset, shapes, named)
        if data is not None and found is not None:
            return replace(found, data=data)
    for dataset in sorted(_sets(shapes[0]), key=lambda each: (each.class_count != max(2, units), each.order)):
        found = _columns(dataset, shapes, named)
        if found is not None:
            data = Data(dataset, wanted.train_share if wanted is not None else 0.5)
            note = Sentence(
                "The file does not say what data the network is for; {data} has samples of its shape, {shape}",
                {"data": dataset.label, "shape": shapes[0]},
            )
            return replace(found, data=data, note=note)
    note = Sentence(
        "No data set here has samples of shape {shape}, which the network takes; choose data of that shape",
        {"shape": " and ".join(map(str, shapes))},
    )
    return Fitted(wanted or Data(Circle()), ((),) * len(shapes), note=note)


def _sets(shape: Shape) -> list[Dataset]:
    """The data sets to try, those that need no file of the user's first."""
    found = [cls() for cls in entries("datasets").values() if cls.order < 90]
    if len(shape) == 3 and shape[1] == shape[2] and shape[0] in (1, 3):
        try:
            found.append(ImageFolder(side=shape[1], colour=shape[0] == 3))
        except InvalidValueError:
            return found
    return found


def _columns(dataset: Dataset, shapes: Sequence[Shape], named: Sequence[Columns]) -> Fitted | None:
    """The data set with the columns that give these shapes; None if there are none."""
    data = Data(Circle())
    chosen: list[Columns] = []
    flattened = False
    for shape, columns in zip(shapes, named, strict=True):
        if _gives(dataset, columns, shape):
            chosen.append(columns)
        elif _gives(dataset, (), shape):
            chosen.append(())
        elif dataset.plane and len(shape) == 1 and shape[0] <= len(dataset.columns):
            chosen.append(dataset.columns[: shape[0]])
        elif dataset.pictures and len(shape) == 1 and math.prod(dataset.input_shape(())) == shape[0]:
            chosen.append(())
            flattened = True
        else:
            return None
    return Fitted(data, tuple(chosen), flattened)


def _gives(dataset: Dataset, columns: Columns, shape: Shape) -> bool:
    try:
        return dataset.input_shape(columns) == shape
    except PlaygroundError:
        return False


def loss_for(activation: Activation, task: str, own: Loss) -> Loss:
    """A loss that suits an answer: the one set, if it does, else the one made for the activation."""
    if task in own.tasks and own.accepts(activation):
        return own
    fitting = [cls() for cls in entries("losses").values() if task in cls.tasks and cls().accepts(activation)]
    fitting.sort(key=lambda loss: not loss.fuses)
    return fitting[0] if fitting else MeanSquaredError()
