"""From data settings to samples: drawn, shuffled and split by the seed, the same in every process."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from engine.catalog.datasets.dataset import Samples
from engine.document.graph import Data


def random_stream(seed: int, *purpose: str | int) -> np.random.Generator:
    """A generator that depends on the seed and the purpose alone, so that streams never disturb each other.

    >>> bool(random_stream(1, "weights", "dense_1").random() == random_stream(1, "weights", "dense_1").random())
    True
    """
    words = [zlib.crc32(part.encode()) if isinstance(part, str) else part for part in purpose]
    return np.random.default_rng([seed, *words])


@dataclass(frozen=True, eq=False)
class Split:
    """The samples to learn from and those kept back for the test."""

    train: Samples
    test: Samples


@lru_cache(maxsize=8)
def split(data: Data) -> Split:
    """Draw the data set's samples, shuffle them once and cut at `train_share` (at least one sample to train)."""
    samples = data.dataset.draw(random_stream(data.seed, "data"))
    order = random_stream(data.seed, "split").permutation(len(samples))
    cut = max(1, round(len(samples) * data.train_share)) if len(samples) else 0
    return Split(samples.take(order[:cut]), samples.take(order[cut:]))
