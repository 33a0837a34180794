"""From data settings to samples: drawn, shuffled and split by the seed, the same in every process."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from engine.catalog.datasets.dataset import Array, Samples, Scaling
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
    values: Array
    """Those of both, the samples to learn from first; no copy where the data set allows it."""
    scaling: Scaling | None
    """How values become numbers, batch by batch; None: the data set's `inputs` makes them."""


def split(data: Data) -> Split:
    """Draw the data set's samples, shuffle them once and cut at `train_share` (at least one sample to train).

    A split that was published with the data stays as it is. What a data set fills in or scales by is found in the
    training part alone. Raises PlaygroundError where the file of a data set cannot give its samples.
    """
    large = data.dataset.pictures or data.dataset.sample_count > _LARGE
    return _large_split(data) if large else _small_split(data)


def _split(data: Data) -> Split:
    samples, cut = drawn(data)
    dataset = data.dataset
    train, test = samples.take(slice(cut)), samples.take(slice(cut, None))
    found = dataset.prepared(train, train), dataset.prepared(test, train)
    whole = found[0] is train and found[1] is test
    values = samples.values if whole else np.concatenate([part.values for part in found])
    return Split(*found, values, dataset.scaling_by(found[0]))


def drawn(data: Data) -> tuple[Samples, int]:
    """The samples as the data set holds them, shuffled; so many of the first are there to learn from.

    Raises PlaygroundError where the file of a data set cannot give its samples.
    """
    dataset = data.dataset
    samples = dataset.draw(random_stream(data.seed, "data"))
    extra = dataset.extra()
    if dataset.split_is_published:
        cut = dataset.train_count(data.train_share) - (0 if extra is None else len(extra))
    else:
        order = random_stream(data.seed, "split").permutation(len(samples))
        cut = max(1, round(len(samples) * data.train_share)) if len(samples) else 0
        if dataset.stratified and dataset.task == "classification":
            order = stratified(order, samples.targets, cut)
        samples = samples.take(order)
    if extra is not None and len(extra):
        return _inserted(samples, cut, extra), cut + len(extra)
    return samples, cut


def as_held(data: Data) -> Samples:
    """The samples to learn from as the data set holds them, before it fills gaps and scales numbers."""
    samples, cut = drawn(data)
    return samples.take(slice(cut))


def in_units(data: Data, numbers: Array) -> Array:
    """Targets of a regression, or answers to it, in the units of its file, however they were scaled to be learnt."""
    train = as_held(data)
    ends = Samples(train.values[[0, 0]], np.array([0.0, 1.0]))
    low, high = data.dataset.prepared(ends, train).targets.tolist()
    return (numbers - low) / (high - low)


def _inserted(samples: Samples, place: int, more: Samples) -> Samples:
    """The samples with others in between."""
    values = np.concatenate([samples.values[:place], more.values, samples.values[place:]])
    return Samples(values, np.concatenate([samples.targets[:place], more.targets, samples.targets[place:]]))


_LARGE = 50_000
"""Samples from which on the split of one data set alone is kept."""
_small_split = lru_cache(maxsize=8)(_split)
_large_split = lru_cache(maxsize=1)(_split)


def stratified(order: NDArray[np.int64], targets: Array, cut: int) -> NDArray[np.int64]:
    """The order with its first `cut` samples chosen so that each class has its share among them, to less than one.

    Within the parts the order stays. What is left over by rounding goes to the classes that lost most by it.

    >>> stratified(np.arange(6), np.array([0, 0, 0, 0, 1, 1]), 3).tolist()
    [0, 1, 4, 2, 3, 5]
    """
    _, classes, counts = np.unique(targets[order], return_inverse=True, return_counts=True)
    shares = counts * cut / max(1, len(order))
    wanted = np.floor(shares).astype(np.int64)
    lost = np.argsort(wanted - shares, kind="stable")
    wanted[lost[: cut - int(wanted.sum())]] += 1
    chosen = np.zeros(len(order), np.bool_)
    for number, count in enumerate(wanted.tolist()):
        chosen[np.flatnonzero(classes == number)[:count]] = True
    return np.concatenate([order[chosen], order[~chosen]])
