"""MNIST, and Fashion-MNIST in the same files: 60,000 images to learn from and 10,000 to test on."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.catalog.datasets.handwriting import MNIST
from engine.catalog.datasets.images import Images
from engine.catalog.datasets.published import PublishedImages
from engine.catalog.registry import register
from engine.images import idx
from engine.images.files import ImageDataError, Stamp, found, stamp_of
from engine.images.kept import Kept, Piece, kept
from engine.images.remotes import everywhere

_SIDE = 28
_TRAIN, _TEST = 60_000, 10_000
_AT_ONCE = 1_000
_NAMES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
_SHAPES: tuple[tuple[int, ...], ...] = ((_TRAIN, _SIDE, _SIDE), (_TRAIN,), (_TEST, _SIDE, _SIDE), (_TEST,))


class _Part(NamedTuple):
    """The two files of one part, and how many samples they hold."""

    images: Stamp
    labels: Stamp
    samples: int


class _IdxImages(PublishedImages):
    """Four files of the format IDX: images and labels to learn from, and to test on."""

    published = (_TRAIN, _TEST)

    def is_absent(self) -> bool:
        return any(path is None for path in self._paths())

    def check(self) -> None:
        for path, shape in zip(self._paths(), _SHAPES, strict=True):
            if path is not None:
                _checked(stamp_of(path), shape)

    def read(self) -> Images:
        images = _images(self.name, self._parts())
        return Images(images.values, images.labels, _TRAIN)

    def labels(self) -> NDArray[np.int64]:
        return _labels(self._parts())

    def few(self, count: int) -> Images:
        first = self._parts()[0]
        values = next(idx.rows(Path(first.images[0]), (first.samples, _SIDE, _SIDE), count))
        labels = next(idx.rows(Path(first.labels[0]), (first.samples,), count))
        return Images(values[:, None], labels.astype(np.int64))

    def _paths(self) -> list[Path | None]:
        folder = self.folder()
        return [found(folder, (name, name.replace("-idx", ".idx"))) for name in _NAMES]

    def _parts(self) -> tuple[_Part, _Part]:
        stamps = []
        for path in self._paths():
            if path is None:
                raise self.absence()
            stamps.append(stamp_of(path))
        return _Part(stamps[0], stamps[1], _TRAIN), _Part(stamps[2], stamps[3], _TEST)


@lru_cache(maxsize=16)
def _checked(stamp: Stamp, shape: tuple[int, ...]) -> None:
    idx.check(Path(stamp[0]), shape)


@lru_cache(maxsize=1)
def _images(name: str, parts: tuple[_Part, ...]) -> Kept:
    """All images, those to learn from first, (70000, 1, 28, 28)."""

    def pieces(_: list[str]) -> Iterator[Piece]:
        labels = _labels(parts)
        first = 0
        for part in parts:
            for rows in idx.rows(Path(part.images[0]), (part.samples, _SIDE, _SIDE), _AT_ONCE):
                yield Piece(rows[:, None], labels[first : first + len(rows)])
                first += len(rows)

    return kept(name, parts, sum(part.samples for part in parts), (1, _SIDE, _SIDE), pieces)


@lru_cache(maxsize=2)
def _labels(parts: tuple[_Part, ...]) -> NDArray[np.int64]:
    found = []
    for part in parts:
        path = Path(part.labels[0])
        (labels,) = idx.rows(path, (part.samples,), part.samples)
        if labels.max() > 9:
            raise ImageDataError("{file} holds labels beyond 9; remove it and download it again", file=str(path))
        found.append(labels.astype(np.int64))
    return np.concatenate(found)


@register
class Mnist(_IdxImages):
    """MNIST: 70,000 handwritten digits, 28 × 28 pixels in grey; the classic of image recognition."""

    name = "mnist"
    label = "MNIST"
    all_class_names = tuple("0123456789")
    drawing = MNIST
    folder_name = "mnist"
    downloads = tuple(
        everywhere(
            f"{name}.gz",
            size,
            digest,
            "https://ossci-datasets.s3.amazonaws.com/mnist",
            "https://storage.googleapis.com/cvdf-datasets/mnist",
        )
        for name, size, digest in zip(
            _NAMES,
            (9_912_422, 28_881, 1_648_877, 4_542),
            (
                "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
                "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
                "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
                "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
            ),
            strict=True,
        )
    )
    reference = "LeCun, Cortes & Burges, The MNIST database of handwritten digits, 1998"
    order = 42


@register
class FashionMnist(_IdxImages):
    """Fashion-MNIST: 70,000 pictures of clothes in the files of MNIST; ten kinds, harder to tell apart than digits."""

    label = "Fashion-MNIST"
    all_class_names = (
        *("T-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot"),
    )
    folder_name = "fashion-mnist"
    downloads = tuple(
        everywhere(
            f"{name}.gz",
            size,
            digest,
            "https://fashion-mnist.s3.eu-central-1.amazonaws.com",
            "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com",
            "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion",
        )
        for name, size, digest in zip(
            _NAMES,
            (26_421_880, 29_515, 4_422_102, 5_148),
            (
                "08dc20ab1689590a0bcd66e874647b6ee8464e2d501b5a3f1f78831db19a3fdc",
                "b0197879cbda89f3dc7b894f9fd52b858e68ea4182b6947c9d8c2b67e5f18dcc",
                "78dcbbfb5a27efaf1b6c1d616caca68560be8766c5bffcb2791df9273a534229",
                "42bd18137a62d5998cdeae52bf3a0676ac6b706f5cf8439b47bb5b151ae3dccf",
            ),
            strict=True,
        )
    )
    reference = "Xiao, Rasul & Vollgraf, Fashion-MNIST, 2017"
    order = 43
