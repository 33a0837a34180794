"""scikit-learn's handwritten digits, which come with that library."""

from __future__ import annotations

import gzip
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from engine.catalog.datasets.handwriting import DIGITS
from engine.catalog.datasets.images import ImageDataset, Images
from engine.catalog.registry import register
from engine.document.errors import PlaygroundError


@register
class Digits(ImageDataset):
    """1,797 digits of 43 people, 8 × 8 pixels in 17 shades of grey; small enough for a network to learn in seconds."""

    image_shape = (1, 8, 8)
    all_class_names = tuple("0123456789")
    drawing = DIGITS
    published = (1797, 0)
    label = "digits 8 × 8"
    reference = "Alpaydin & Kaynak, optical recognition of handwritten digits, UCI, 1998"
    order = 40

    def images(self) -> Images:
        return _digits()


@lru_cache(maxsize=1)
def _digits() -> Images:
    """The file of scikit-learn, without importing that library: it takes longer than reading."""
    spec = find_spec("sklearn")
    if spec is None or spec.origin is None:
        raise PlaygroundError("the digits come with scikit-learn, which is not installed; install it to use them")
    path = Path(spec.origin).parent / "datasets" / "data" / "digits.csv.gz"
    try:
        with gzip.open(path) as file:
            rows = np.loadtxt(file, delimiter=",", dtype=np.int64)
    except (OSError, EOFError, ValueError) as error:
        raise PlaygroundError("the digits of scikit-learn cannot be read ({problem})", problem=str(error)) from error
    values = np.rint(rows[:, :64] * (255 / 16)).astype(np.uint8).reshape(-1, 1, 8, 8)
    return Images(values, rows[:, 64])
