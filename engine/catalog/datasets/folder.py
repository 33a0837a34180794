"""Pictures of the user's own: a folder that holds a folder for each class."""

from __future__ import annotations

import reprlib
from collections.abc import Hashable
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from engine.catalog.datasets.images import ImageDataset, Images
from engine.catalog.registry import Hidden, Range, check_fields, register
from engine.document.errors import InvalidValueError, Sentence
from engine.images import folders
from engine.images.files import ImageDataError


@register
class ImageFolder(ImageDataset):
    """Your own pictures: a folder that holds a folder for each class, with PNG, JPEG, BMP, GIF or WebP files.

    Each picture is made as small as fits into a square, in the middle of it; what stays free gets the colour of the
    picture's edge.
    """

    path: Annotated[str, Hidden()] = ""
    classes: Annotated[tuple[str, ...], Hidden()] = ()
    counts: Annotated[tuple[int, ...], Hidden()] = ()
    stamp: Annotated[tuple[Any, ...], Hidden()] = (0, 0, "")
    side: Annotated[int, Range(8, 256, 4, unit="px")] = 32
    colour: bool = True
    stratified: bool = True

    label = "your own pictures"
    reference = "You"
    order = 96
    from_disk = True

    def __post_init__(self) -> None:
        check_fields(self)
        _check(self)
        super().__post_init__()

    # --- what the plan needs to know: nothing of it reads the folder ------------------------------------------------

    @property
    def image_shape(self) -> tuple[int, int, int]:  # type: ignore[override]
        """Channels, height, width."""
        return (3 if self.colour else 1), self.side, self.side

    @property
    def all_class_names(self) -> tuple[str, ...]:  # type: ignore[override]
        """The names of the folders."""
        return self.classes

    @property
    def published(self) -> tuple[int, int]:  # type: ignore[override]
        """All of them are split by the user."""
        return sum(self.counts), 0

    @property
    def title(self) -> str:
        return Path(self.path).name or self.label

    @property
    def source(self) -> Hashable:
        return self.name, self.stamp[2], self.side, self.colour

    def known_labels(self) -> NDArray[np.int64] | None:
        return np.repeat(np.arange(len(self.counts)), self.counts)

    # --- the folder ----------------------------------------------------------------------------------------------

    def trouble(self) -> Sentence | None:
        if not self.path:
            return Sentence("No folder is opened yet; choose “Open image folder…” to open a folder of yours")
        try:
            changed = self.changed_now()
        except ImageDataError as error:
            return error.sentence
        return (
            Sentence("The folder {folder} has changed since it was opened", {"folder": self.path}) if changed else None
        )

    def changed_now(self) -> bool:
        """Whether the folder holds other files than it did. Raises ImageDataError where it cannot be looked at."""
        return folders.listing(self.path).stamp != self.stamp

    def changed(self) -> bool:
        try:
            return bool(self.path) and self.changed_now()
        except ImageDataError:
            return False

    def renewed(self) -> ImageFolder:
        return self.located(self.path)

    def located(self, path: str, told: folders.Told | None = None) -> ImageFolder:
        """With what a folder holds now. Raises ImageDataError where its classes are not as they were."""
        made = opened(path, told, side=self.side, colour=self.colour)[0]
        if self.classes and made.classes != self.classes:
            raise ImageDataError(
                "The folders in {folder} are {found}, not {wanted}; open it as new data",
                folder=path,
                found=reprlib.repr(list(made.classes))[1:-1],
                wanted=reprlib.repr(list(self.classes))[1:-1],
            )
        kept: ImageFolder = self.replace(path=made.path, classes=made.classes, counts=made.counts, stamp=made.stamp)
        return kept

    def few(self, count: int) -> Images:
        found = folders.some(self.path, count, self.side, self.colour)
        return Images(found.values, found.labels)

    def images(self) -> Images:
        if not self.path:
            return Images(np.empty((0, *self.image_shape), np.uint8), np.empty(0, np.int64))
        found = folders.listing(self.path)
        images = folders.pictures(found, self.side, self.colour)
        counts = np.bincount(images.labels, minlength=len(found.classes))
        if found.stamp != self.stamp or tuple(counts.tolist()) != self.counts:
            raise ImageDataError("The folder {folder} has changed since it was opened; open it again", folder=self.path)
        return Images(images.values, images.labels)


def opened(path: str, told: folders.Told | None = None, **fields: Any) -> tuple[ImageFolder, Sentence | None]:
    """The data set of a folder, and what there is to say about files in it that cannot be read.

    Its pictures are decoded on the way; `told` hears which share is done, and what it raises ends it. `fields` are
    side, colour and those of every set of images. Raises ImageDataError for a folder that holds no classes.
    """
    found = folders.listing(path)
    made = ImageFolder(**fields)
    images = folders.pictures(found, made.side, made.colour, told)
    counts = tuple(np.bincount(images.labels, minlength=len(found.classes)).tolist())
    made = made.replace(path=path, classes=found.classes, counts=counts, stamp=found.stamp)
    left_out = len(found.files) - len(images.labels)
    if not left_out:
        return made, None
    more = left_out - len(images.notes)
    template = "{count} of {all} files could not be read and were left out: {names}"
    return made, Sentence(
        template + (" and {more} more" if more else ""),
        {
            "count": f"{left_out:,}",
            "all": f"{len(found.files):,}",
            "names": ", ".join(images.notes),
            "more": f"{more:,}",
        },
    )


def _check(folder: ImageFolder) -> None:
    """Refuse what no folder can be. Raises InvalidValueError."""
    classes, counts, stamp = folder.classes, folder.counts, folder.stamp
    if not all(isinstance(name, str) for name in classes) or len(set(classes)) < len(classes) or len(classes) == 1:
        raise InvalidValueError("classes must name two folders or more, each once")
    numbers = all(type(count) is int and 0 <= count <= folders.MOST_FILES for count in counts)
    if not numbers or len(counts) != len(classes) or sum(counts) > folders.MOST_FILES:
        raise InvalidValueError("counts must say how many pictures each class has")
    if len(stamp) != 3 or any(type(part) is not kind for part, kind in zip(stamp, (int, int, str), strict=True)):
        raise InvalidValueError("stamp must be number, bytes and SHA-256 of the files")
