"""The exported Keras source, run by Keras, answers as the program does."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from engine.catalog.activations import PRelu
from engine.catalog.layers.dense import Dense
from engine.catalog.registry import entry
from engine.document.errors import PlaygroundError
from engine.document.examples import load_example
from engine.export.format import Subject
from engine.export.proof import answers, difference, sample_inputs
from tests.engine.export import everything
from tests.engine.training.networks import around, chain

_PROGRAM = """
import pathlib, runpy, sys
import numpy as np

for file in sorted(pathlib.Path().glob("net_*.py")):
    program = runpy.run_path(str(file))
    network = program["network"]()
    program["load"](network, file.with_suffix(".npz"))
    with np.load(f"{file.stem}.inputs.npz") as inputs:
        given = [inputs[name] for name in inputs.files]
    np.save(f"{file.stem}.answers.npy", network.predict(given, verbose=0))
    if "compiled" in program:
        program["compiled"](network)
"""


def run(subjects: Mapping[str, Subject], folder: Path) -> None:
    """Let one process of Keras answer for all of them, and compare."""
    wanted = {}
    for name, subject in subjects.items():
        for file, content in entry("formats", "keras")().files(subject, f"net_{name}.py").items():
            (folder / file).write_bytes(content)
        inputs = list(sample_inputs(subject.plan, 20).values())
        np.savez(folder / f"net_{name}.inputs.npz", *inputs)
        wanted[name] = answers(subject, inputs)
    around_it = {**os.environ, "KERAS_BACKEND": "torch", "KERAS_HOME": str(folder)}
    answer = subprocess.run(
        [sys.executable, "-c", _PROGRAM], cwd=folder, env=around_it, capture_output=True, text=True, check=False
    )
    assert answer.returncode == 0, answer.stderr
    for name, expected in wanted.items():
        bound = everything.NORMALIZED_BOUND if name in everything.NORMALIZED else everything.BOUND
        assert difference(np.load(folder / f"net_{name}.answers.npy"), expected) <= bound, name


@pytest.mark.long
def test_dense_networks_and_images(tmp_path: Path) -> None:
    subjects = {name: everything.subject_of(load_example(name).document) for name in ("circle", "digits")}
    run(subjects, tmp_path)


@pytest.mark.long
def test_networks_of_all_kinds(tmp_path: Path) -> None:
    subjects = {name: load_example(name).document for name in ("blobs", "skip")}
    subjects |= {name: around(entry("layers", name)()) for name in ("BatchNorm", "ConvTranspose2d", "Embedding")}
    subjects["slopes"] = chain(Dense(4, PRelu(slope_per_unit=True)), Dense(1))
    run({name: everything.subject_of(document) for name, document in subjects.items()}, tmp_path)


@pytest.mark.long
def test_every_layer_and_activation(tmp_path: Path) -> None:
    found, refused = {"activations": everything.activations(whole=True).subject}, []
    for name in everything.LAYERS:
        for layer, _ in everything.variants(entry("layers", name)):
            if layer != entry("layers", name)():
                continue
            subject = everything.subject_of(around(layer))
            try:
                entry("formats", "keras")().files(subject, "net.py")
            except PlaygroundError:
                refused.append(name)
            else:
                found[name] = subject
    assert refused == []
    run(found, tmp_path)


def test_what_keras_has_nothing_like_is_named() -> None:
    layer = entry("layers", "Conv2d")(stride=2, dilation=2)
    with pytest.raises(PlaygroundError, match="Keras has no counterpart of what conv2d_1 computes"):
        entry("formats", "keras")().files(everything.subject_of(around(layer)), "net.py")
