"""What a data set declares: its task, its columns, and how samples are drawn from a seed."""

from __future__ import annotations

import re
from collections.abc import Hashable
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from engine.catalog.registry import Entry, entries
from engine.document.errors import InvalidValueError, Sentence
from engine.document.frozen import frozen
from engine.images.kept import gathered

Array = NDArray[Any]


@frozen(eq=False)
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
        return Samples(gathered(self.values, indices), self.targets[indices])


@frozen(eq=False)
class Scaling:
    """How samples that are kept as small whole numbers become what a network gets: (values − offset) · factor.

    Both are float32 and broadcast against one sample. One subtraction and one product, each rounded once, so that
    every backend gets the same numbers.
    """

    offset: NDArray[np.float32]
    factor: NDArray[np.float32]

    def apply(self, values: Array) -> NDArray[np.float32]:
        """Of values (samples, *shape): (samples, *shape) float32."""
        scaled = np.array(values, np.float32, order="C")
        scaled -= self.offset
        scaled *= self.factor
        return scaled


class Dataset(Entry, kind="datasets"):
    """Where samples come from."""

    columns: ClassVar[tuple[str, ...]] = ()
    """What an Input card can switch on and off; empty when it takes a sample whole."""
    default_columns: ClassVar[tuple[str, ...]] = ()
    plane: ClassVar[bool] = False
    """Whether samples are points of the plane, so that boundaries can be drawn over it."""
    from_disk: ClassVar[bool] = False
    """Whether samples lie in a file or folder, which may take long to look at and to read."""
    pictures: ClassVar[bool] = False
    """Whether samples are images, (channels, height, width) uint8."""

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

    def train_count(self, share: float) -> int:
        """How many of the samples are there to learn from, the rest to test on: that share, and at least one."""
        return max(1, round(self.sample_count * share))

    @property
    def split_is_published(self) -> bool:
        """Whether the data itself says which samples are kept for the test: the first ones are there to learn from."""
        return False

    @property
    def class_names(self) -> tuple[str, ...]:
        """What the classes are called: their numbers, where they have no names."""
        return tuple(map(str, range(self.class_count)))

    @property
    def title(self) -> str:
        """What this data is called in the window."""
        return self.label

    @property
    def stratified(self) -> bool:
        """Whether the split leaves each class its share in both parts."""
        return False

    @property
    def source(self) -> Hashable:
        """What is learnt from: nothing that was learnt from another source is of use."""
        return self.name

    def trouble(self) -> Sentence | None:
        """Why there are no samples now, if so."""
        return None if self.sample_count else Sentence("No points are drawn yet; click or drag in Output to draw some")

    def changed(self) -> bool:
        """Whether it comes from a file that is there, but is not what it was."""
        return False

    def renewed(self) -> Dataset:
        """The data set with what its file holds now. Raises PlaygroundError."""
        return self

    def draw(self, rng: np.random.Generator) -> Samples:
        """All samples, before they are shuffled and split. Raises PlaygroundError where a file cannot give them."""
        raise NotImplementedError

    def extra(self) -> Samples | None:
        """Samples that the user has put to those to learn from, whatever the split; `sample_count` counts them, too."""
        return None

    def prepared(self, part: Samples, train: Samples) -> Samples:
        """A part of the split as it is learnt from and tested on; what it depends on is found in `train` alone."""
        return part

    def scaling_by(self, train: Samples) -> Scaling | None:
        """How samples that are kept as they are stored become numbers, found in those to learn from alone.

        None: `inputs` makes the numbers, once for all samples. Otherwise that happens batch by batch.
        """
        return None

    @property
    def augments(self) -> bool:
        """Whether samples are changed at random each time they are learnt from."""
        return False

    def augmented(self, values: Array, rng: np.random.Generator) -> Array:
        """A batch as it is learnt from once, of the same shape and kind."""
        return values

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
