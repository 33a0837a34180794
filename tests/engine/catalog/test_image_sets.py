"""Every set of images: what it says of itself without its files, and what it gives with them."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from engine.catalog.datasets import cifar as cifar_entry
from engine.catalog.datasets import mnist as mnist_entry
from engine.catalog.datasets import published
from engine.catalog.datasets.cifar import Cifar10
from engine.catalog.datasets.digits import Digits
from engine.catalog.datasets.folder import ImageFolder, opened
from engine.catalog.datasets.glyphs import Glyphs
from engine.catalog.datasets.images import CHANNEL, PIXEL, UNIT, ImageDataset
from engine.catalog.datasets.mnist import FashionMnist, Mnist
from engine.catalog.registry import entries, from_json, to_json
from engine.document.errors import InvalidValueError
from engine.document.graph import Data
from engine.images.cifar import RECORD, TEST, TRAIN
from engine.images.files import ImageDataError
from engine.images.places import DATA_VARIABLE, cache_folder, data_folder
from engine.plan.data import split
from tests.engine.images.files_of_images import records, write_idx, write_mnist

PUBLISHED = [Mnist, FashionMnist, Cifar10]


def forget() -> None:
    """As another process: nothing that was read before is known."""
    for cached in (
        *(mnist_entry._images, mnist_entry._labels, mnist_entry._checked, cifar_entry._images, cifar_entry._count),
        published._seen,
    ):
        cached.cache_clear()


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A data folder with MNIST and some of CIFAR-10."""
    root = tmp_path_factory.mktemp("data")
    write_mnist(root / "mnist")
    (root / "cifar10").mkdir()
    for name, count in ((TRAIN[0], 700), (TRAIN[3], 300), (TEST, 200)):
        (root / "cifar10" / f"{name}.gz").write_bytes(gzip.compress(records(count, count).tobytes(), 1))
    caches = tmp_path_factory.mktemp("caches")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(DATA_VARIABLE, str(root))
        patch.setenv("XDG_CACHE_HOME", str(caches))
        yield root
    forget()


@pytest.fixture
def here(data: Path, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Path:
    monkeypatch.setenv(DATA_VARIABLE, str(data))
    return data


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Pictures of three classes: 4, 8 and 12 of them, each in a grey of its own."""
    root = tmp_path / "pictures"
    for number, name in enumerate(("dark", "grey", "light")):
        (root / name).mkdir(parents=True)
        for place in range(4 * (number + 1)):
            Image.new("L", (10, 10), 80 * number + place).save(root / name / f"{place}.png")
    return root


def make(name: str, folder: Path) -> ImageDataset:
    return opened(str(folder), side=8)[0] if name == "image-folder" else entries("datasets")[name]()


EACH = pytest.mark.parametrize("name", [name for name, cls in entries("datasets").items() if cls.pictures])


# --- all of them -----------------------------------------------------------------------------------------------------


@EACH
def test_every_set_keeps_its_word(name: str, here: Path, folder: Path) -> None:
    dataset = make(name, folder)
    if name == "fashion-mnist":  # its files are not there
        assert dataset.trouble() is not None
        return
    assert dataset.trouble() is None
    samples = dataset.draw(np.random.default_rng(1))
    assert samples.values.shape == (dataset.sample_count, *dataset.input_shape(()))
    assert samples.values.dtype == np.uint8 and samples.targets.dtype == np.int64
    assert samples.values.flags.writeable
    assert set(samples.targets.tolist()) == set(range(dataset.class_count))
    assert len(dataset.class_names) == dataset.class_count == len(set(dataset.class_names))
    again = dataset.draw(np.random.default_rng(1))
    np.testing.assert_array_equal(samples.values, again.values)
    few = dataset.few(7)
    assert few.values.shape == (7, *dataset.input_shape(())) and len(few.labels) == 7
    assert from_json("datasets", json.loads(json.dumps(to_json(dataset)))) == dataset
    with pytest.raises(InvalidValueError, match="has no column"):
        dataset.input_shape(("x1",))


@EACH
def test_classes_and_samples_can_be_chosen(name: str, here: Path, folder: Path) -> None:
    dataset = make(name, folder)
    if name == "fashion-mnist":
        return
    first, second = dataset.class_names[2], dataset.class_names[0]
    some = dataset.replace(only_classes=f"{first.upper()}, {second}")
    assert some.class_names == (second, first) and some.trouble() is None
    drawn, everything = some.draw(np.random.default_rng(1)), dataset.draw(np.random.default_rng(1))
    assert len(drawn) == some.sample_count
    for number, label in enumerate((0, 2)):
        np.testing.assert_array_equal(
            drawn.values[drawn.targets == number], everything.values[everything.targets == label]
        )
    few = some.replace(limit=6)
    drawn = few.draw(np.random.default_rng(1))
    assert len(drawn) == few.sample_count < some.sample_count
    assert few.train_count(0.5) == (6 if few.split_is_published else 3)
    with pytest.raises(InvalidValueError, match="only classes"):
        dataset.replace(only_classes="nobody, nothing")
    with pytest.raises(InvalidValueError, match="two classes or more"):
        dataset.replace(only_classes=first)


@EACH
@pytest.mark.parametrize("normalization", [UNIT, CHANNEL, PIXEL])
def test_scaling_is_numpys(name: str, normalization: str, here: Path, folder: Path) -> None:
    if name in ("fashion-mnist", "mnist"):
        return
    dataset = make(name, folder).replace(normalization=normalization)
    parts = split(Data(dataset, train_share=0.7))
    train = parts.train.values.astype(np.float64)
    found = parts.scaling.apply(parts.train.values) if parts.scaling else np.empty(0)
    assert found.dtype == np.float32
    deviation = np.maximum(train.std((0, 2, 3), keepdims=True), 1.0)
    wanted = {
        UNIT: train / 255,
        CHANNEL: (train - train.mean((0, 2, 3), keepdims=True)) / deviation,
        PIXEL: (train - train.mean(0)) / deviation,
    }[normalization]
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-5)
    tested = parts.scaling.apply(parts.test.values) if parts.scaling else np.empty(0)
    assert tested.shape == parts.test.values.shape


# --- those that were published ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("cls", PUBLISHED)
def test_absent_files_are_said_to_be_absent(cls: type[Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(DATA_VARIABLE, str(tmp_path))
    dataset = cls()
    words = f"{cls.label} is not there yet; choose Download, or put "
    assert str(dataset.trouble()).startswith(words) and str(tmp_path) in str(dataset.trouble())
    assert dataset.is_absent() and dataset.sample_count in (60_000, 70_000)
    for use in (dataset.images, dataset.labels, lambda: dataset.draw(np.random.default_rng(1))):
        with pytest.raises(ImageDataError, match="is not there yet"):
            use()
    assert dataset.replace(only_classes=", ".join(dataset.class_names[:2])).sample_count in (12_000, 14_000)


def test_mnist_is_as_its_files_say(here: Path) -> None:
    dataset = Mnist()
    images = dataset.images()
    assert images.values.shape == (70_000, 1, 28, 28) and images.train == 60_000
    rows = np.arange(140_000).reshape(70_000, 2) % 251
    np.testing.assert_array_equal(images.values[:, 0, 0, :2], rows)
    assert not images.values[:, 0, 1:].any()
    np.testing.assert_array_equal(images.labels, np.arange(70_000) * 7 % 10)
    np.testing.assert_array_equal(dataset.labels(), images.labels)
    assert dataset.images().values is images.values
    parts = split(Data(dataset, train_share=0.3))  # the split is the published one
    assert (len(parts.train), len(parts.test)) == (60_000, 10_000)
    assert parts.values.base is not None and np.shares_memory(parts.values, images.values)


def test_labels_need_no_images(here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    forget()
    with monkeypatch.context() as patch:
        patch.setattr(mnist_entry, "_images", None)
        dataset = Mnist(only_classes="3, 8", limit=500)
        assert dataset.trouble() is None
        assert dataset.sample_count == 500 + round(2000 * 500 / 12_000)
    forget()


def test_some_batches_are_enough(here: Path) -> None:
    forget()
    dataset = Cifar10()
    assert dataset.sample_count == 60_000  # nobody has looked yet
    assert dataset.trouble() is None
    assert (dataset.sample_count, dataset.train_count(0.5)) == (1200, 1000)
    images = dataset.images()
    wanted = np.concatenate([records(count, count) for count in (700, 300, 200)])
    np.testing.assert_array_equal(images.labels, wanted[:, 0])
    np.testing.assert_array_equal(images.values.reshape(1200, -1), wanted[:, 1:])
    (here / "cifar10" / TRAIN[1]).write_bytes(records(50, 50).tobytes())
    assert dataset.trouble() is None and dataset.train_count(0.5) == 1050
    assert dataset.images().labels[700:705].tolist() == records(50, 50)[:5, 0].tolist()
    (here / "cifar10" / TRAIN[1]).unlink()


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("train-labels-idx1-ubyte", b"", "is empty"),
        ("train-labels-idx1-ubyte", b"x" * 60_008, "is not a file in the format IDX"),
        ("t10k-images-idx3-ubyte", b"\0\0\x08\x03" + bytes(12), "holds 0 × 0 × 0 bytes, not 10,000 × 28 × 28"),
        ("train-images-idx3-ubyte.gz", b"\x1f\x8b\x08", "is truncated|is damaged"),
    ],
)
def test_a_file_with_a_fault_is_named_before_it_is_read(
    here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, content: bytes, words: str
) -> None:
    import re

    for source in (here / "mnist").iterdir():
        (tmp_path / "mnist").mkdir(exist_ok=True)
        (tmp_path / "mnist" / source.name).symlink_to(source)
    for old in (name, f"{name}.gz", name.replace("-idx", ".idx")):
        (tmp_path / "mnist" / old).unlink(missing_ok=True)
    (tmp_path / "mnist" / name).write_bytes(content)
    monkeypatch.setenv(DATA_VARIABLE, str(tmp_path))
    trouble = str(Mnist().trouble())
    assert re.search(words, trouble) and name in trouble and "\n" not in trouble
    with pytest.raises(ImageDataError):
        Mnist().images()


def test_labels_beyond_nine_are_no_digits(here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mnist").mkdir()
    for source in (here / "mnist").iterdir():
        if not source.name.startswith("train-labels"):
            (tmp_path / "mnist" / source.name).symlink_to(source)
    write_idx(tmp_path / "mnist" / "train-labels-idx1-ubyte", np.full(60_000, 11, np.uint8))
    monkeypatch.setenv(DATA_VARIABLE, str(tmp_path))
    assert Mnist().trouble() is None
    with pytest.raises(ImageDataError, match="labels beyond 9"):
        Mnist().images()


def test_a_batch_of_cifar_with_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cifar10").mkdir()
    (tmp_path / "cifar10" / TRAIN[0]).write_bytes(bytes(RECORD * 2 - 1))
    (tmp_path / "cifar10" / TEST).write_bytes(bytes(RECORD))
    monkeypatch.setenv(DATA_VARIABLE, str(tmp_path))
    assert "does not hold whole records" in str(Cifar10().trouble())
    with pytest.raises(ImageDataError, match="does not hold whole records"):
        Cifar10().draw(np.random.default_rng(1))


def test_where_data_are_looked_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(DATA_VARIABLE, raising=False)
    assert data_folder() == cache_folder() / "data" and Mnist.folder() == data_folder() / "mnist"
    monkeypatch.setenv(DATA_VARIABLE, str(tmp_path))
    assert data_folder() == tmp_path


# --- digits and glyphs -----------------------------------------------------------------------------------------------


def test_digits_are_scikit_learns() -> None:
    known = load_digits()
    images = Digits().images()
    np.testing.assert_array_equal(images.labels, known.target)
    np.testing.assert_array_equal(images.values[:, 0], np.rint(known.images * 255 / 16))


def test_glyphs_follow_the_seed_and_their_fields() -> None:
    dataset = Glyphs(samples=260, symbols="letters")
    one, other = (dataset.draw(np.random.default_rng(seed)) for seed in (1, 2))
    assert dataset.class_count == 26 and np.bincount(one.targets).tolist() == [10] * 26
    assert (one.values != other.values).any()
    still = dataset.replace(drawn_shift=0, drawn_rotation=0.0, drawn_noise=0.0, drawn_thickness=0.0)
    assert (still.draw(np.random.default_rng(1)).values != one.values).any()
    assert Glyphs(symbols="shapes").class_names[0] == "circle"


# --- a folder of one's own -------------------------------------------------------------------------------------------


def test_a_folder_is_remembered_by_what_is_in_it(folder: Path, tmp_path: Path) -> None:
    assert "No folder is opened yet" in str(ImageFolder().trouble()) and ImageFolder().sample_count == 0
    dataset, note = opened(str(folder), side=8, colour=False)
    assert note is None and dataset.counts == (4, 8, 12) and dataset.title == "pictures"
    assert dataset.image_shape == (1, 8, 8) and dataset.class_names == ("dark", "grey", "light")
    samples = dataset.draw(np.random.default_rng(1))
    assert sorted((samples.targets * 80).tolist()) == sorted((samples.values[:, 0, 0, 0] // 80 * 80).tolist())
    assert np.bincount(dataset.replace(limit=6).draw(np.random.default_rng(1)).targets).tolist() == [1, 2, 3]
    Image.new("L", (4, 4)).save(folder / "dark" / "new.png")
    assert "has changed since it was opened" in str(dataset.trouble()) and dataset.changed()
    with pytest.raises(ImageDataError, match="has changed since it was opened"):
        dataset.draw(np.random.default_rng(1))
    assert dataset.renewed().counts == (5, 8, 12) and dataset.renewed().trouble() is None
    (folder / "dark" / "new.png").unlink()
    assert dataset.trouble() is None and not dataset.changed()
    moved = folder.rename(tmp_path / "elsewhere")
    assert "is not there" in str(dataset.trouble()) and not dataset.changed()
    assert dataset.located(str(moved)) == dataset.replace(path=str(moved))
    assert dataset.located(str(moved)).source == dataset.source
    (moved / "grey").rename(moved / "green")
    with pytest.raises(ImageDataError, match=r"[Tt]he folders in .* are 'dark', 'green', 'light', not 'dark', 'grey'"):
        dataset.located(str(moved))


def test_files_that_cannot_be_read_are_said_in_one_sentence(folder: Path) -> None:
    for number in range(5):
        (folder / "grey" / f"bad{number}.png").write_bytes(b"no picture")
    dataset, note = opened(str(folder))
    assert dataset.counts == (4, 8, 12) and dataset.trouble() is None
    assert str(note).startswith("5 of 29 files could not be read and were left out: grey") and "and 2 more" in str(note)
    assert len(dataset.draw(np.random.default_rng(1))) == 24


def test_a_large_folder_lies_in_a_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many there are, neither they nor their shuffled split need memory of their own."""
    from engine.images import kept

    dataset, _ = opened(str(folder), side=16)
    small = split(Data(dataset, train_share=0.5))
    split.__globals__["_large_split"].cache_clear()
    monkeypatch.setattr(kept, "IN_MEMORY", 1000)
    large = split(Data(dataset, train_share=0.5))
    for one, other in ((small.train, large.train), (small.test, large.test)):
        np.testing.assert_array_equal(one.values, other.values)
        np.testing.assert_array_equal(one.targets, other.targets)
    assert large.values is not small.values
    owner = large.values
    while isinstance(owner, np.ndarray) and owner.base is not None:
        owner = owner.base
    assert type(owner).__name__ in ("mmap", "memoryview")


@pytest.mark.parametrize(
    "fields",
    [
        {"classes": ["a"], "counts": [1]},
        {"classes": ["a", "a"], "counts": [1, 1]},
        {"classes": ["a", 5], "counts": [1, 1]},
        {"classes": ["a", "b"], "counts": [1]},
        {"classes": ["a", "b"], "counts": [1, -1]},
        {"classes": ["a", "b"], "counts": [1, 10**9]},
        {"stamp": [1, 2]},
        {"stamp": ["", 2, 3]},
        {"side": 10_000},
    ],
)
def test_what_no_folder_can_be_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(InvalidValueError):
        from_json("datasets", {"type": "image-folder", **fields})
