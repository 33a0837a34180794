"""Published files of images as a test needs them: of the right format, with what the test wants in them."""

from __future__ import annotations

import gzip
import io
import tarfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.images.cifar import ARCHIVE, RECORD, TEST, TRAIN
from engine.images.idx import header


def write_idx(path: Path, values: NDArray[np.uint8], packed: bool = True) -> Path:
    """An IDX file of bytes, with `.gz` after its name if it is packed."""
    content = header(values.shape) + values.tobytes()
    if not packed:
        path.write_bytes(content)
        return path
    path = path.with_name(f"{path.name}.gz")
    path.write_bytes(gzip.compress(content, 1))
    return path


def write_mnist(folder: Path) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The four files of MNIST, half of them packed; returns images (70000, 28, 28) and labels.

    All but the first rows of the images are black, so that they are packed and unpacked in no time.
    """
    folder.mkdir(parents=True)
    images, labels = np.zeros((70_000, 28, 28), np.uint8), np.zeros(70_000, np.uint8)
    images[:, 0, :2] = np.arange(140_000).reshape(70_000, 2) % 251
    labels[:] = np.arange(70_000) * 7 % 10
    write_idx(folder / "train-images-idx3-ubyte", images[:60_000])
    write_idx(folder / "train-labels-idx1-ubyte", labels[:60_000], packed=False)
    write_idx(folder / "t10k-images.idx3-ubyte", images[60_000:], packed=False)
    write_idx(folder / "t10k-labels-idx1-ubyte", labels[60_000:])
    return images, labels


def records(count: int, seed: int = 0) -> NDArray[np.uint8]:
    """Records of CIFAR-10, (count, 3073)."""
    found = np.random.default_rng(seed).integers(0, 256, (count, RECORD), np.uint8)
    found[:, 0] %= 10
    return found


def write_archive(path: Path, batches: dict[str, bytes], order: tuple[str, ...] = (TRAIN[0], TEST, *TRAIN[1:])) -> Path:
    """The archive of CIFAR-10 with these batches, in that order."""
    path = path / ARCHIVE
    with tarfile.open(path, "w:gz", compresslevel=1) as archive:
        for name in (name for name in order if name in batches):
            member = tarfile.TarInfo(f"cifar-10-batches-bin/{name}")
            member.size = len(batches[name])
            archive.addfile(member, io.BytesIO(batches[name]))
    return path
