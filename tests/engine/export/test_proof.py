"""An export is proven by another process; what is wrong with it shows."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import psutil
import pytest

from engine.catalog.activations import Tanh
from engine.catalog.layers.dense import Dense, Input
from engine.catalog.layers.merging import Concatenate
from engine.catalog.registry import entries, entry
from engine.export import proof
from engine.export.format import Format, Reader, Subject
from engine.export.proof import LIMIT, Proof, difference, proof_name, prove
from engine.export.weight_readers import reader as weight_reader
from tests.engine.export.subjects import mlp, trained
from tests.engine.training.networks import chain

_QUICK = """
import sys
import numpy as np

file, inputs, outputs = sys.argv[1:]
given = np.load(inputs)
"""


class _Form(Format, kind="formats"):
    """A form of the tests, with a reader of its own; it is not registered."""

    def __init__(self, source: str, packages: tuple[str, ...] = ("numpy",)) -> None:
        self._reader = Reader(_QUICK + source, packages, {"beside.txt": b"here"})

    def reader(self, subject: Subject) -> Reader | None:
        return self._reader


FILES: Mapping[str, bytes] = {"a.bin": b"1234", "b.txt": b"5"}


def two_inputs() -> Subject:
    """Two Input cards with other columns each."""
    document = chain(Dense(3, Tanh()), Dense(2, Tanh()), Dense(1))
    (link,) = document.networks[0].inputs_of("dense_2")
    document = document.insert_between(link, Concatenate()).add(Input(columns=("x1",)), x=0.0, y=200.0)
    return trained(document.connect(document.nodes[-1].id, "concatenate_1", 1))


@pytest.mark.parametrize(("subject", "name"), [(mlp, "npz"), (two_inputs, "numpy")])
def test_a_fresh_process_gives_the_same_answers(subject: Callable[[], Subject], name: str) -> None:
    run, form = subject(), entry("formats", name)()
    found = prove(run, form, form.files(run, f"a{form.suffix}"), samples=70)
    assert found is not None and found.trouble is None, found and str(found.trouble)
    assert found.passed and found.samples == 70 and found.difference <= 1e-6
    assert found.reader.startswith("numpy ") and (", torch 2." in found.reader) == (name == "npz")
    said = json.loads(found.text())
    assert said["passed"] is True and said["largest_relative_difference"] == found.difference
    assert said["file"] == f"a{form.suffix}" and len(said["sha256"]) == 64
    assert "same answers" in str(found.sentence)


def test_another_number_in_the_file_fails() -> None:
    changed = dict(mlp().weights)
    changed["dense_1.weight"] = changed["dense_1.weight"] + np.float32(0.01)
    form = entry("formats", "numpy")()
    files = form.files(Subject(mlp().document, dataclasses.replace(mlp().snapshot, weights=changed), "x"), "a.py")
    found = prove(mlp(), form, files)
    assert found is not None and found.trouble is None
    assert not found.passed and found.difference > LIMIT
    assert "FAILED" in str(found.sentence) and json.loads(found.text())["passed"] is False


def test_the_reader_gets_what_was_promised() -> None:
    check = """
import os
assert sorted(os.listdir()) == ["a.bin", "b.txt", "beside.txt", "independent_reader.py", "inputs.npy", "said.txt"]
assert file == "a.bin" and open(file, "rb").read() == b"1234"
assert given.shape == (100, 2) and given.dtype == np.float32
assert sys.flags.isolated and not [name for name in os.environ if name.startswith("PYTHON")]
np.save(outputs, np.zeros((100, 1), np.float32))
"""
    found = prove(mlp(), _Form(check), FILES)
    assert found is not None and found.trouble is None, found and str(found.trouble)
    assert not found.passed


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("raise SystemExit('no such operator')", "the reader failed: no such operator"),
        ("raise ValueError('broken')", "the reader failed: ValueError: broken"),
        ("sys.exit(3)", "it ended with status 3"),
        ("pass", "the reader wrote no answers"),
        ("np.save(outputs, np.zeros((3, 1)))", "the answers have shape (3, 1) in the reader, but (100, 1) here"),
    ],
)
def test_a_reader_that_fails_is_said(source: str, sentence: str) -> None:
    found = prove(mlp(), _Form(source), FILES)
    assert found is not None and not found.passed
    assert sentence in str(found.trouble) and "could not be proven" in str(found.sentence)
    assert json.loads(found.text())["largest_relative_difference"] is None


def test_a_package_that_is_missing_is_said() -> None:
    found = prove(mlp(), _Form("", ("no-such-package",)), FILES)
    assert found is not None and str(found.trouble) == "no-such-package is not installed"


def test_a_reader_that_is_stopped_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "pid"
    monkeypatch.setenv("PLACE", str(place))

    def stopped() -> bool:
        return place.exists() and bool(place.read_text())

    start = "import os, time\nopen(os.environ['PLACE'], 'w').write(str(os.getpid()))\ntime.sleep(600)"
    found = prove(mlp(), _Form(start), FILES, stopped=stopped)
    assert found is not None and str(found.trouble) == "it was stopped"
    assert not psutil.pid_exists(int(place.read_text()))


def test_a_reader_that_takes_too_long_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proof, "SECONDS", 0.3)
    found = prove(mlp(), _Form("import time\ntime.sleep(600)"), FILES)
    assert found is not None and "took longer than" in str(found.trouble)


def test_what_computes_nothing_has_no_proof() -> None:
    form = _Form("")
    form._reader = None  # type: ignore[assignment]
    assert prove(mlp(), form, FILES) is None


def test_the_difference_is_relative_to_large_answers_alone() -> None:
    assert difference(np.array([101.0]), np.array([100.0])) == 0.01
    assert difference(np.array([0.02]), np.array([0.01])) == pytest.approx(0.01)
    assert difference(np.array([math.nan]), np.array([0.01])) == math.inf
    assert difference(np.array([math.nan]), np.array([math.nan])) == 0.0
    assert difference(np.array([math.inf]), np.array([1.0])) == math.inf


def test_a_difference_at_the_limit_passes() -> None:
    assert Proof("a", "", 1, LIMIT, "x").passed and not Proof("a", "", 1, 1.01 * LIMIT, "x").passed
    assert not Proof("a", "", 0, math.nan, "x").passed
    assert proof_name("a.onnx") == "a.onnx.proof.json"


def test_the_network_that_the_optimizer_cannot_follow_is_read_all_the_same() -> None:
    optimizer = next(cls for cls in entries("optimizers").values() if cls.closure_based)
    document = mlp().document.set_training(optimizer=optimizer())
    assert (
        b"class Network" in weight_reader(Subject(document, mlp().snapshot, "x"), "npz").beside["exported_network.py"]
    )
