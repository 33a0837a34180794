"""What data sets of images share: kept as bytes, scaled batch by batch, parts of them chosen, changed at random."""

from __future__ import annotations

import math
import reprlib
from typing import Annotated, ClassVar, Self, cast

import numpy as np
from numpy.typing import NDArray

from engine.catalog.datasets.added import packed, unpacked
from engine.catalog.datasets.augmenting import Change, changed
from engine.catalog.datasets.dataset import Array, Dataset, Samples, Scaling
from engine.catalog.datasets.handwriting import PLAIN
from engine.catalog.registry import Choice, Group, Hidden, Range, Text, shared
from engine.document.errors import InvalidValueError, PlaygroundError, Sentence
from engine.document.frozen import frozen
from engine.images.kept import gathered

UNIT, CHANNEL, PIXEL = "0 to 1", "per channel", "per pixel"
_CHUNK = 4_000_000
"""Values that are looked at in one go where all are needed as numbers."""
_AUGMENTATION = Group("Augmentation")


@frozen(eq=False)
class Images:
    """Labelled images as a file holds them.

    `values` is (samples, channels, height, width) uint8, `labels` (samples,) int64. `train` is how many of them, the
    first ones, were published to learn from; None: the user splits them.
    """

    values: NDArray[np.uint8]
    labels: NDArray[np.int64]
    train: int | None = None


class ClassList(Text):
    """Names of classes, with commas between them."""

    def check(self, argument: str, value: str) -> None:
        if len(value) > 1000:
            raise InvalidValueError(
                "{argument} (={value}) must have at most 1,000 characters", argument=argument, value=reprlib.repr(value)
            )


@shared
class ImageDataset(Dataset):
    """Images of one size, each with its class."""

    normalization: Annotated[str, Choice((UNIT, CHANNEL, PIXEL))] = UNIT
    limit: Annotated[int, Range(0, 1_000_000, 1000)] = 0
    only_classes: Annotated[str, ClassList("3, 8")] = ""
    flip: Annotated[bool, _AUGMENTATION] = False
    shift: Annotated[int, Range(0, 16, 1, unit="px"), _AUGMENTATION] = 0
    rotation: Annotated[float, Range(0.0, 180.0, 5.0, unit="°"), _AUGMENTATION] = 0.0
    zoom: Annotated[float, Range(0.0, 50.0, 5.0, unit="%"), _AUGMENTATION] = 0.0
    noise: Annotated[float, Range(0.0, 50.0, 5.0, unit="%"), _AUGMENTATION] = 0.0
    cut_out: Annotated[int, Range(0, 32, 1, unit="px"), _AUGMENTATION] = 0
    added: Annotated[str, Hidden()] = ""

    pictures = True
    image_shape: ClassVar[tuple[int, int, int]] = (1, 28, 28)
    """Channels, height, width."""
    all_class_names: ClassVar[tuple[str, ...]] = ()
    """What its classes are called, in the order of their labels."""
    drawing: ClassVar[str] = PLAIN
    """How its images were made, so that what is drawn by hand can be made like them: see `handwriting`."""
    published: ClassVar[tuple[int, int]] = (0, 0)
    """How many samples were published to learn from and to test on; the second 0: the user splits them."""

    formula = "0 to 1: v / 255; per channel, per pixel: (v − mean) / deviation, of the samples to train on"

    def __post_init__(self) -> None:
        super().__post_init__()
        self._chosen()
        unpacked(self.added)

    # --- what a data set says --------------------------------------------------------------------------------------

    def images(self) -> Images:
        """All that there is, kept from call to call and never to be changed. Raises PlaygroundError for a bad file."""
        raise NotImplementedError

    def labels(self) -> NDArray[np.int64]:
        """The labels alone; cheaper where they lie in a file of their own. Raises PlaygroundError like `images`."""
        return self.images().labels

    def known_labels(self) -> NDArray[np.int64] | None:
        """The labels, where nobody has to wait for them: who makes a plan may not wait for a disk."""
        try:
            return self.labels()
        except PlaygroundError:  # said elsewhere, once it is needed
            return None

    def kept_labels(self) -> NDArray[np.int64] | None:
        """The classes, by their places among those that are learnt, of the samples to use; None while unknown.

        In the order in which they are drawn, so far as that is known without the images.
        """
        labels = self.known_labels()
        if labels is None:
            return None
        numbers = np.full(len(self.all_class_names), -1, np.int64)
        numbers[list(self._chosen())] = np.arange(self.class_count)
        return numbers[labels[self._kept(labels, self.published[0] if self.split_is_published else None)]]

    def few(self, count: int) -> Images:
        """At most so many images of it, to show what it is like; the others are not read, where the file allows it.

        Whatever classes and samples are chosen: labels are places among `all_class_names`. Raises PlaygroundError.
        """
        images = self.images()
        return Images(images.values[:count].copy(), images.labels[:count].copy())

    # --- what follows from it ----------------------------------------------------------------------------------------

    @property
    def class_names(self) -> tuple[str, ...]:
        return tuple(self.all_class_names[number] for number in self._chosen())

    @property
    def class_count(self) -> int:
        return len(self._chosen())

    @property
    def sample_count(self) -> int:
        return sum(self._counts()) + self.added_count

    def train_count(self, share: float) -> int:
        learnt, tested = self._counts()
        return max(1, learnt if self.split_is_published else round((learnt + tested) * share)) + self.added_count

    @property
    def split_is_published(self) -> bool:
        return self.published[1] > 0

    def trouble(self) -> Sentence | None:
        return None

    def input_shape(self, columns: tuple[str, ...]) -> tuple[int, ...]:
        if columns:
            raise InvalidValueError(
                "{data} has no column {column}; an Input card passes its images on whole",
                data=self.label,
                column=repr(columns[0]),
            )
        return self.image_shape

    def inputs(self, values: Array, columns: tuple[str, ...]) -> NDArray[np.float32]:
        """Between 0 and 1, whatever the normalization: that is only known to who has the samples."""
        return _UNIT.apply(values)

    def drawn(self, rng: np.random.Generator) -> Images:
        """The images, where they depend on chance."""
        return self.images()

    def draw(self, rng: np.random.Generator) -> Samples:
        images = self.drawn(rng)
        if not (self.only_classes or self.limit):
            return Samples(images.values, images.labels)
        kept = self._kept(images.labels, images.train)
        numbers = np.full(len(self.all_class_names), -1, np.int64)
        numbers[list(self._chosen())] = np.arange(self.class_count)
        return Samples(gathered(images.values, kept), numbers[images.labels[kept]])

    def scaling_by(self, train: Samples) -> Scaling:
        if self.normalization == UNIT or not len(train):
            return _UNIT
        return _measured(train.values, self.normalization == PIXEL)

    @property
    def augments(self) -> bool:
        return any((self.flip, self.shift, self.rotation, self.zoom, self.noise, self.cut_out))

    def augmented(self, values: Array, rng: np.random.Generator) -> Array:
        change = Change(self.flip, self.shift, self.rotation, self.zoom / 100, self.noise / 100, self.cut_out)
        return changed(values, change, rng)

    # --- samples that the user has added -----------------------------------------------------------------------------

    def with_added(self, image: NDArray[np.uint8], number: int) -> Self:
        """With one more picture (channels, height, width) of a class, to be learnt from.

        `number` is the place of the class among those that are learnt. Raises InvalidValueError for too many.
        """
        values, labels = unpacked(self.added)
        label = self._chosen()[number]
        kept = values if values.shape[1:] == self.image_shape else values[:0].reshape(0, *self.image_shape)
        text = packed(np.concatenate([kept, image[None]]), np.append(labels[: len(kept)], label))
        return cast(Self, self.replace(added=text))

    @property
    def added_count(self) -> int:
        """How many pictures were added to those to learn from."""
        return len(self.extra()) if self.added else 0

    def extra(self) -> Samples:
        values, labels = unpacked(self.added)
        if not len(labels) or values.shape[1:] != self.image_shape:
            return Samples(np.empty((0, *self.image_shape), np.uint8), np.empty(0, np.int64))
        numbers = np.full(max(len(self.all_class_names), 1 + int(labels.max(initial=0))), -1, np.int64)
        numbers[list(self._chosen())] = np.arange(self.class_count)
        known = numbers[labels] >= 0
        return Samples(values[known], numbers[labels[known]])

    # --- classes and samples that were chosen ------------------------------------------------------------------------

    def _chosen(self) -> tuple[int, ...]:
        """The numbers of the classes to learn. Raises InvalidValueError for a name that there is not."""
        known = {name.casefold(): number for number, name in enumerate(self.all_class_names)}
        named = [part.strip() for part in self.only_classes.split(",") if part.strip()]
        for name in named:
            if name.casefold() not in known:
                raise InvalidValueError(
                    "only classes (={name}) must be of {known}",
                    name=reprlib.repr(name),
                    known=", ".join(self.all_class_names),
                )
        chosen = sorted({known[name.casefold()] for name in named})
        if len(chosen) == 1:
            raise InvalidValueError("only classes (={name}) must name two classes or more", name=named[0])
        return tuple(chosen) or tuple(range(len(self.all_class_names)))

    def _kept(self, labels: NDArray[np.int64], train: int | None) -> NDArray[np.int64]:
        """The places of the samples to use: of each part of a published split, its share of the limit."""
        numbers = np.flatnonzero(np.isin(labels, self._chosen()))
        first = len(numbers) if train is None else int(np.searchsorted(numbers, train))
        learnt, tested = self._limited(first, len(numbers) - first)
        return np.concatenate([numbers[:learnt], numbers[first : first + tested]])

    def _counts(self) -> tuple[int, int]:
        """How many samples there are to learn from and to test on; (all, 0) where the user splits them."""
        learnt, tested = self.published
        if self.only_classes:
            labels, share = self.known_labels(), len(self._chosen()) / len(self.all_class_names)
            if labels is None:  # as if there were as many of each class
                return self._limited(round(learnt * share), round(tested * share))
            kept = np.isin(labels, self._chosen())
            learnt, tested = int(np.count_nonzero(kept[:learnt])), int(np.count_nonzero(kept[learnt:]))
        return self._limited(learnt, tested)

    def _limited(self, learnt: int, tested: int) -> tuple[int, int]:
        """The counts with the first at most the limit, and the second in proportion."""
        if not self.limit or self.limit >= learnt:
            return learnt, tested
        return self.limit, min(tested, max(1, round(tested * self.limit / learnt))) if tested else 0


_UNIT = Scaling(np.zeros(1, np.float32), np.full(1, 1 / 255, np.float32))


def _measured(values: Array, by_pixel: bool) -> Scaling:
    """Mean and deviation of images (samples, channels, height, width): of each channel, or the mean of each pixel.

    A pixel that is the same in most images has hardly a deviation of its own: with its mean goes that of its channel.
    """
    total, squares = np.zeros(values.shape[1:]), np.zeros(values.shape[1:])
    chunk = max(1, _CHUNK // math.prod(values.shape[1:]))
    for start in range(0, len(values), chunk):
        part = values[start : start + chunk].astype(np.float32)
        total += part.sum(0, dtype=np.float64)
        squares += np.square(part).sum(0, dtype=np.float64)
    mean, square = total / len(values), squares / len(values)
    middle = mean.mean((1, 2), keepdims=True)
    deviation = np.sqrt(np.maximum(square.mean((1, 2), keepdims=True) - middle**2, 0.0))
    factor = 1 / np.maximum(deviation, 1.0)
    return Scaling((mean if by_pixel else middle).astype(np.float32), factor.astype(np.float32))
