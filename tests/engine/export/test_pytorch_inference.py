"""The exported inference script, run beside its weights, answers as the program does."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.catalog.datasets.table import opened
from engine.catalog.layers.dense import Dense
from engine.catalog.losses import MeanSquaredError
from engine.catalog.registry import entry
from engine.document.examples import load_example
from engine.document.graph import Data, Training
from engine.export.format import Subject
from engine.export.proof import answers, difference, prove, sample_inputs
from engine.plan.data import split
from engine.tables.content import Roles
from engine.tables.files import read_table
from tests.engine.export import everything
from tests.engine.training.networks import chain

BOUND = 1e-6


def run(subject: Subject, folder: Path) -> dict[str, Any]:
    """The names of the script, as a file beside its weights."""
    for name, content in entry("formats", "pytorch_inference")().files(subject, "net.py").items():
        (folder / name).write_bytes(content)
    return runpy.run_path(str(folder / "net.py"))


@pytest.mark.parametrize("whole", everything.WHOLE)
@pytest.mark.parametrize("layer", everything.LAYERS[: everything.PARTS])
def test_every_layer(layer: str, whole: bool, tmp_path: Path) -> None:
    agrees(everything.gallery_of(layer, whole).subject, tmp_path)


@pytest.mark.parametrize("whole", everything.WHOLE)
def test_every_activation(whole: bool, tmp_path: Path) -> None:
    agrees(everything.activations(whole).subject, tmp_path)


def agrees(subject: Subject, folder: Path) -> None:
    inputs = list(sample_inputs(subject.plan, 20).values())
    assert difference(run(subject, folder)["answers_to"](*inputs), answers(subject, inputs)) <= BOUND


def test_points_and_images_are_taken_as_they_are(tmp_path: Path) -> None:
    for example in ("circle", "digits"):
        subject = everything.subject_of(load_example(example).document)
        parts = split(subject.document.data)
        raw = np.asarray(parts.test.values[:9])
        script = run(subject, tmp_path)
        given = sample_inputs(subject.plan, 9)
        assert np.allclose(script["prepared"](raw)[0], next(iter(given.values())), atol=1e-6)
        wanted = subject.plan.outputs[0].target.decide(answers(subject, list(given.values())))
        assert script["predict"](raw) == [str(number) for number in wanted]


@pytest.mark.parametrize("target", ["price", "kind"])
def test_a_table_is_read_as_it_was_collected(target: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    rows = [
        f"{100 + 30 * rng.normal():.3f},{'red' if x > 0.5 else 'blue'},{50 * x:.2f},{'abc'[int(3 * x)]}"
        for x in rng.random(60)
    ]
    table = tmp_path / "table.csv"
    table.write_text("\n".join(["size,colour,price,kind", *rows]))
    roles = Roles(("size", "colour"), target, ("colour", "kind"))
    dataset = opened(read_table(str(table), True), roles)
    units = 1 if target == "price" else 3
    document = chain(Dense(3), Dense(units), data=Data(dataset), training=Training(loss=MeanSquaredError()))
    subject = everything.subject_of(document)
    script = run(subject, tmp_path)
    read = script["read"](str(table))
    samples = dataset.draw(np.random.default_rng(0))
    assert np.array_equal(read, samples.values)
    train = split(document.data).train
    whole = dataset.prepared(samples, train) if target == "kind" else None
    answer = answers(subject, [script["prepared"](read)[0].astype(np.float32)])
    if whole is None:
        found = np.array(script["predict"](read))
        scale = np.polyfit(answer[:, 0], found, 1)
        assert scale[0] == pytest.approx(float(samples.targets.std()), rel=0.3)
    else:
        assert script["predict"](read) == ["abc"[number] for number in answer.argmax(1)]


def test_it_is_proven() -> None:
    form, subject = entry("formats", "pytorch_inference")(), everything.subject_of(load_example("circle").document)
    proof = prove(subject, form, form.files(subject, "net.py"))
    assert proof is not None and proof.passed and proof.difference <= BOUND
