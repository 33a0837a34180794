"""What a data set declares: its task, its columns, and how samples are drawn from a seed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from engine.catalog.registry import Entry, entries
from engine.document.errors import InvalidValueError

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Samples:
    """Samples and what they should be answered with.

    `values` is (samples, *shape), as the data set made them; `targets` is (samples,): class numbers (int64) or
    numbers (float64).
    """

    values: Array
    targets: Array

    def __len__(self) -> int:
        return len(self.targets)

    def take(self, indices: Any) -> Samples:
        """The samples at the indices, in their order."""
        return Samples(self.values[indices], self.targets[indices])


class Dataset(Entry, kind="datasets"):
    """Where samples come from."""

    columns: ClassVar[tuple[str, ...]] = ()
    """What an Input card can switch on and off; empty when it takes a sample whole."""
    default_columns: ClassVar[tuple[str, ...]] = ()
    plane: ClassVar[bool] = False
    """Whether samples are points of the plane, so that boundaries can be drawn over it."""

    @classmethod
    def spelling(cls, class_name: str) -> str:
        """`GaussRegression` -> `gauss-regression`: data sets are typed on the command line."""
        return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", class_name).lower()

    @property
    def task(self) -> str:
        """What is asked for: "classification" or "regression"."""
        return "classification"

    @property
    def class_count(self) -> int:
        """Number of classes; 0 for a regression."""
        return 2

    @property
    def sample_count(self) -> int:
        """How many samples `draw` gives."""
        return int(getattr(self, "samples", 0))

    def draw(self, rng: np.random.Generator) -> Samples:
        """All samples, before they are shuffled and split."""
        raise NotImplementedError

    def input_shape(self, columns: tuple[str, ...]) -> tuple[int, ...]:
        """Shape of one sample as an Input card with these columns passes it on. Raises InvalidValueError."""
        raise NotImplementedError

    def inputs(self, values: Array, columns: tuple[str, ...]) -> NDArray[np.float32]:
        """What an Input card with these columns passes on, (samples, *input_shape)."""
        raise NotImplementedError


class PlaneDataset(Dataset):
    """Points (x₁, x₂) of the plane, within [-6, 6] × [-6, 6]; columns are the features of `engine.catalog.features`."""

    plane = True
    default_columns = ("x1", "x2")
    view: ClassVar[tuple[float, float]] = (-6.0, 6.0)
    """Lower and upper bound of the square that is drawn."""

    @property
    def columns(self) -> tuple[str, ...]:  # type: ignore[override]
        """Every feature of the catalogue."""
        return tuple(entries("features"))

    def input_shape(self, columns: tuple[str, ...]) -> tuple[int, ...]:
        chosen = columns or self.default_columns
        for column in chosen:
            if column not in self.columns:
                raise InvalidValueError(
                    "{data} has no column {column}; it has {known}",
                    data=self.label,
                    column=repr(column),
                    known=", ".join(self.columns),
                )
        return (len(chosen),)

    def inputs(self, values: Array, columns: tuple[str, ...]) -> NDArray[np.float32]:
        features = entries("features")
        x1, x2 = values[:, 0], values[:, 1]
        chosen = [features[column]().value(x1, x2) for column in columns or self.default_columns]
        return np.ascontiguousarray(np.stack(chosen, axis=1), np.float32)
