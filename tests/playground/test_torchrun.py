"""One training shared by several processes, started as a user starts it, by PyTorch's `torchrun`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from engine.catalog.activations import RRelu
from engine.catalog.clipping import ClipByNorm
from engine.catalog.layers.dense import Dense
from engine.catalog.layers.normalization import BatchNorm
from engine.catalog.layers.regularizing import AlphaDropout, Dropout, GaussianNoise
from engine.catalog.optimizers import LBFGS, SGD, Adam
from engine.catalog.regularizers import L1, NoRegularizer
from engine.catalog.schedules import ReduceOnPlateau
from engine.catalog.stopping import EarlyStopping
from engine.document.examples import load_example
from engine.document.graph import Document
from engine.document.project import Project, load, save
from engine.export.states import snapshot_of
from engine.worker.headless import train

SECONDS = 120
"""Until processes that wait for each other are ended."""
CIRCLE = load_example("circle").document.set_training(epochs=3)
MIXED = (
    CIRCLE.insert_before("dense_2", BatchNorm())
    .insert_before("dense_3", Dropout(rate=0.4))
    .set_layer("dense_2", Dense(5, RRelu(), weight_regularizer=L1(0.01), activity_regularizer=L1(0.001)))
    # 250 samples to learn from: the last batch has one row, and none for one of the two processes
    .set_training(optimizer=SGD(learning_rate=0.1), batch_size=83, clipping=ClipByNorm())
)
ALL = """
import sys
from torch import distributed
from playground.__main__ import main
distributed.init_process_group("gloo")
for project in sys.argv[1:]:
    if main(["train", project, "--out", project]):
        sys.exit(project)
distributed.destroy_process_group()
"""


def torchrun(processes: int, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """What `torchrun` does with a command line; all of its processes have ended."""
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"]
    around = {**os.environ, "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(
        [*command, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=around,
        start_new_session=True,
    )
    try:
        out, err = process.communicate(timeout=SECONDS)
    finally:
        if process.poll() is None:
            process.terminate()  # it ends those that it started
            process.communicate()
    return subprocess.CompletedProcess(command, process.returncode, out, err)


def apart(document: Document, file: Path) -> float:
    """The largest difference between the weights in a file and those that one process trains, relative to these."""
    alone, shared = train(document, engine="torch").snapshot, snapshot_of(load(file))
    assert shared is not None and (shared.epoch, shared.step) == (alone.epoch, alone.step)
    assert shared.weights.keys() == alone.weights.keys()
    return max(
        float(np.abs(shared.weights[name] - values).max() / max(1e-3, np.abs(values).max()))
        for name, values in alone.weights.items()
    )


def test_two_processes_give_the_weights_of_one(tmp_path: Path) -> None:
    file, out = tmp_path / "mixed.nnp", tmp_path / "out.nnp"
    save(file, Project(MIXED))
    answer = torchrun(2, "-m", "playground", "train", file, "--out", out, "--json")
    assert answer.returncode == 0, answer.stderr
    report = json.loads(answer.stdout)  # one of the two speaks
    assert (report["engine"], report["epochs"], report["steps"]) == ("torch", 3, 12)
    assert apart(MIXED, out) < 1e-5


@pytest.mark.long
def test_all_that_looks_at_batches_or_draws_gives_the_weights_of_one_process(tmp_path: Path) -> None:
    digits, plain = load_example("digits").document, MIXED.set_field("dense_2", "activity_regularizer", NoRegularizer())
    documents = {
        "search": CIRCLE.set_training(optimizer=LBFGS(), epochs=4),
        "noise": CIRCLE.insert_before("dense_2", GaussianNoise(0.3)).insert_before("dense_3", AlphaDropout()),
        "adaptive": CIRCLE.set_training(
            optimizer=Adam(), epochs=60, schedule=ReduceOnPlateau(patience=1), stopping=EarlyStopping(patience=3)
        ),
        "augmented": digits.set_data(
            dataset=digits.data.dataset.replace(limit=200, rotation=10.0, noise=5.0)
        ).set_training(epochs=2),
        "folded": plain.fold(("batchnorm_1", "dense_2", "dropout_1")),
    }
    for name, document in documents.items():
        save(tmp_path / f"{name}.nnp", Project(document))
    program = tmp_path / "all.py"
    program.write_text(ALL)
    answer = torchrun(3, program, *(tmp_path / f"{name}.nnp" for name in documents))
    assert answer.returncode == 0, answer.stderr
    found = {name: apart(document, tmp_path / f"{name}.nnp") for name, document in documents.items()}
    assert max(found.values()) < 1e-5, found


def test_what_one_process_alone_can_do_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from playground.__main__ import main

    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("RANK", "0")
    assert main(["train", "circle", "--engine", "numba"]) == 2
    assert "engine (=numba) trains in one process alone" in capsys.readouterr().err
    monkeypatch.setenv("RANK", "1")
    assert main(["train", "circle", "--engine", "numba"]) == 2
    assert capsys.readouterr().err == ""  # the first one has said it
