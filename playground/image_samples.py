"""A few images of a data set, to show what it is like."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.catalog.datasets.images import ImageDataset, Images
from engine.catalog.datasets.published import PublishedImages
from engine.document.errors import Sentence

_READ = 200
"""Images that are read to choose them from, so that each class is among them."""


def plain(dataset: ImageDataset) -> ImageDataset:
    """The data set with all that does not change what its images look like as it is by default."""
    usual = {field.name: field.default for field in dataclasses.fields(ImageDataset)}
    found: ImageDataset = dataset.replace(**usual)
    return found


@dataclass(frozen=True, eq=False)
class Few:
    """What was read of a data set."""

    images: Images | None
    """A few images, or None where they are not there."""
    trouble: Sentence | None = None
    """Why not."""
    absent: bool = False
    """Whether they can be downloaded."""
    had: int = 0
    """Bytes of the download that are there already."""


def few_of(dataset: ImageDataset) -> Few:
    """A few images of a data set, however long that takes. Raises PlaygroundError."""
    trouble = dataset.trouble()
    if trouble is None:
        return Few(dataset.few(_READ))
    if isinstance(dataset, PublishedImages) and dataset.is_absent():
        return Few(None, trouble, True, had(dataset))
    return Few(None, trouble)


def had(dataset: PublishedImages) -> int:
    """How many bytes of a data set's files are there already, whole or in part."""
    found = 0
    for remote in dataset.downloads:
        for name in (remote.name, f"{remote.name}.part"):
            try:
                found += min(remote.size, (dataset.folder() / name).stat().st_size)
            except OSError:
                continue
            break
    return found


def spread(images: Images, chosen: Iterable[int], count: int) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """So many images with their labels, the first of each chosen class, then the second of each, and so on."""
    places: list[int] = []
    of_class = [np.flatnonzero(images.labels == number).tolist() for number in chosen]
    for turn in range(count):
        places += [found[turn] for found in of_class if turn < len(found)]
        if len(places) >= count:
            break
    return images.values[places[:count]], images.labels[places[:count]]
