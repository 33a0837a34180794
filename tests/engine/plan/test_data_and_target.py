"""From data settings to samples, from classes to numbers and back."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from engine.catalog.datasets.drawn import Drawn
from engine.catalog.datasets.plane import Circle, Rings
from engine.document.graph import Data
from engine.plan.data import random_stream, split
from engine.plan.target import Target

ROOT = Path(__file__).resolve().parents[3]


def rows(points: np.ndarray) -> set[tuple[float, ...]]:
    return {tuple(row) for row in points}


def test_a_split_is_the_whole_data_set_cut_once() -> None:
    data = Data(Circle(), 0.5, 3)
    parts, whole = split(data), data.dataset.draw(random_stream(3, "data"))
    assert (len(parts.train), len(parts.test)) == (250, 250)
    assert not rows(parts.train.values) & rows(parts.test.values)
    assert rows(parts.train.values) | rows(parts.test.values) == rows(whole.values)
    assert 80 < parts.train.targets.sum() < 170, "shuffled before it is cut"


def test_every_sample_keeps_its_target() -> None:
    data = Data(Rings(), 0.3, 4)
    whole = data.dataset.draw(random_stream(4, "data"))
    target_of = {tuple(point): target for point, target in zip(whole.values, whole.targets, strict=True)}
    for part in (split(data).train, split(data).test):
        assert [target_of[tuple(point)] for point in part.values] == part.targets.tolist()


@pytest.mark.parametrize(
    ("samples", "share", "train"), [(500, 0.9, 450), (500, 0.1, 50), (10, 0.1, 1), (10, 0.5, 5), (30, 0.35, 10)]
)
def test_the_share_is_rounded(samples: int, share: float, train: int) -> None:
    parts = split(Data(Circle(samples=samples), share))  # type: ignore[call-arg]
    assert (len(parts.train), len(parts.test)) == (train, samples - train)


@pytest.mark.parametrize("count", [0, 1, 2])
def test_a_few_drawn_points_can_be_split(count: int) -> None:
    parts = split(Data(Drawn().add([(0.5, number) for number in range(count)], 1), 0.1))
    assert (len(parts.train), len(parts.test)) == (min(count, 1), max(count - 1, 0))
    assert parts.train.values.shape == (min(count, 1), 2)


def test_streams_depend_on_seed_and_purpose_alone() -> None:
    def first(seed: int, *purpose: str | int) -> float:
        return float(random_stream(seed, *purpose).random())

    assert first(1, "data") == first(1, "data")
    assert (
        len({first(1, "data"), first(2, "data"), first(1, "split"), first(1, "shuffle", 0), first(1, "shuffle", 1)})
        == 5
    )


def test_another_process_draws_the_same_numbers() -> None:
    """Nothing hangs on the order of a set or on hash(), which differs from process to process."""
    code = (
        "from engine.catalog.datasets.plane import Circle; from engine.document.graph import Data\n"
        "from engine.plan.data import split\n"
        "print(repr(split(Data(Circle(), 0.5, 7)).train.values.sum()))"
    )
    expected = repr(split(Data(Circle(), 0.5, 7)).train.values.sum())
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, check=True)
        assert run.stdout.decode().strip() == expected


def test_one_unit_stands_for_class_1() -> None:
    target = Target("classification", 2, 1, -1.0, 1.0)
    encoded = target.encode(np.array([1, 0]))
    np.testing.assert_array_equal(encoded, [[1.0], [-1.0]])
    assert encoded.dtype == np.float32
    assert target.decide(np.array([[0.1], [-0.1], [0.0]])).tolist() == [1, 0, 0]
    assert Target("classification", 2, 1, 0.0, 1.0).decide(np.array([[0.6], [0.4]])).tolist() == [1, 0]


def test_a_unit_per_class() -> None:
    target = Target("classification", 3, 3, 0.0, 1.0)
    np.testing.assert_array_equal(target.encode(np.array([2, 0])), [[0, 0, 1], [1, 0, 0]])
    assert target.decide(np.array([[0.2, 0.5, 0.3], [3.0, 1.0, 2.0]])).tolist() == [1, 0]
    signed = Target("classification", 2, 2, -1.0, 1.0)
    np.testing.assert_array_equal(signed.encode(np.array([1])), [[-1, 1]])


@pytest.mark.parametrize("units", [1, 2, 4])
def test_what_is_encoded_is_decided_back(units: int) -> None:
    classes = max(2, units)
    targets = np.arange(20) % classes
    for off, on in ((0.0, 1.0), (-1.0, 1.0)):
        target = Target("classification", classes, units, off, on)
        np.testing.assert_array_equal(target.decide(target.encode(targets)), targets)


def test_numbers_are_passed_on() -> None:
    target = Target("regression", 0, 1)
    encoded = target.encode(np.array([0.5, -2.0]))
    np.testing.assert_array_equal(encoded, [[0.5], [-2.0]])
    np.testing.assert_array_equal(target.decide(encoded), [0.5, -2.0])
