"""From data settings to samples: drawn, shuffled and split by the seed, the same in every process."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from engine.catalog.datasets.dataset import Samples
from engine.document.graph import Data


def random_stream(seed: int, *purpose: str | int) -> np.random.Generator:
    """A generator that depends on the seed and the purpose alone, so that streams never disturb each other.

    >>> bool(random_stream(1, "weights", "dense_1").random() == random_stream(1, "weights", "dense_1").random())
    True
    """
    words = [zlib.crc32(part.encode()) if isinstance(part, str) else part for part in purpose]
    return np.random.default_rng([seed, *words])


_BLOCK_EPOCHS, _BLOCK_VALUES = 256, 65_536


def epoch_order(seed: int, epoch: int, size: int) -> NDArray[np.int32]:
    """The order in which an epoch goes through `size` samples, (size,) int32.

    Orders are drawn for a block of epochs at once: a generator takes longer to set up than a small network to train.

    >>> epoch_order(1, 0, 5).tolist() == epoch_order(1, 0, 5).tolist() != epoch_order(1, 1, 5).tolist()
    True
    """
    epochs = block_epochs(size)
    order: NDArray[np.int32] = epoch_orders(seed, epoch // epochs, size)[epoch % epochs]
    return order


def block_epochs(size: int) -> int:
    """How many epochs of so many samples have their orders drawn at once."""
    return max(1, min(_BLOCK_EPOCHS, _BLOCK_VALUES // max(1, size)))


@lru_cache(maxsize=4)
def epoch_orders(seed: int, block: int, size: int) -> NDArray[np.int32]:
    """The orders of a block of epochs, (epochs, size) int32, read-only."""
    drawn = np.tile(np.arange(size), (block_epochs(size), 1))  # NumPy permutes 64-bit integers almost twice as fast
    orders = random_stream(seed, "shuffle", block).permuted(drawn, axis=1, out=drawn).astype(np.int32)
    orders.flags.writeable = False
    return orders


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
