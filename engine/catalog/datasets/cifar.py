"""CIFAR-10: photos of ten kinds of things, in as many batches as are there."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from engine.catalog.datasets.images import Images
from engine.catalog.datasets.published import PublishedImages
from engine.catalog.registry import register
from engine.images import cifar
from engine.images.files import ImageDataError, Stamp, content_size, stamp_of
from engine.images.kept import Kept, Piece, kept
from engine.images.remotes import everywhere


class _Files(NamedTuple):
    """What lies in a folder, and how many records it holds to learn from and to test on."""

    learnt: tuple[Stamp, ...]
    tested: Stamp | None
    """None: all is in one archive."""
    counts: tuple[int, int]


@register
class Cifar10(PublishedImages):
    """CIFAR-10: photos of ten kinds of animals and vehicles, 32 × 32 pixels in colour; 50,000 to learn from."""

    name = "cifar10"
    label = "CIFAR-10"
    image_shape = cifar.SHAPE
    all_class_names = (*("plane", "car", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"),)
    folder_name = "cifar10"
    downloads = (
        everywhere(
            cifar.ARCHIVE,
            170_052_171,
            "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
            "https://www.cs.toronto.edu/~kriz",
        ),
    )
    reference = "Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009"
    order = 44

    @property
    def published(self) -> tuple[int, int]:  # type: ignore[override]
        """What the batches held when they were looked at last; before that, what all of them hold."""
        seen = self.seen().counts
        return _ALL if seen is None else seen

    def is_absent(self) -> bool:
        folder = self.folder()
        return cifar.batches(folder) is None and cifar.archive(folder) is None

    def check(self) -> None:
        self.seen().counts = self._files().counts

    def read(self) -> Images:
        files = self._files()
        self.seen().counts = files.counts
        images = _images(files)
        return Images(images.values, images.labels, files.counts[0])

    def few(self, count: int) -> Images:
        first = self._files()
        path = Path(first.learnt[0][0])
        pieces = cifar.read_archive(path) if first.tested is None else cifar.read(path, _count(first.learnt[0]))
        piece = next(pieces)
        return Images(piece.values[:count], piece.labels[:count])

    def _files(self) -> _Files:
        """What is there. Raises ImageDataError where that is nothing, or cannot be what it should be."""
        folder = self.folder()
        batches, archive = cifar.batches(folder), cifar.archive(folder)
        if batches is not None:
            learnt, tested = tuple(map(stamp_of, batches[0])), stamp_of(batches[1])
            return _Files(learnt, tested, (sum(map(_count, learnt)), _count(tested)))
        if archive is None:
            raise self.absence()
        if not content_size(archive):
            raise ImageDataError("{file} is empty; remove it and download it again", file=str(archive))
        return _Files((stamp_of(archive),), None, _ALL)


_ALL = (5 * cifar.BATCH, cifar.BATCH)


@lru_cache(maxsize=16)
def _count(stamp: Stamp) -> int:
    return cifar.count(Path(stamp[0]))


@lru_cache(maxsize=1)
def _images(files: _Files) -> Kept:
    """All images, those to learn from first."""

    def pieces(_: list[str]) -> Iterator[Piece]:
        if files.tested is None:
            yield from cifar.read_archive(Path(files.learnt[0][0]))
            return
        for stamp in (*files.learnt, files.tested):
            yield from cifar.read(Path(stamp[0]), _count(stamp))

    return kept("cifar10", files, sum(files.counts), cifar.SHAPE, pieces)
