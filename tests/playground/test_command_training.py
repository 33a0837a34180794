"""`playground train` that is kept, interrupted and resumed; and that trains as the window does."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from engine.catalog.activations import RRelu
from engine.catalog.stopping import StopAtEpoch
from engine.document.examples import load_example
from engine.document.project import Project, load, save
from engine.export.states import snapshot_of
from engine.export.weights import weights_sha256
from playground.__main__ import main
from playground.worker_client import WorkerClient

CIRCLE = load_example("circle").document
SECONDS = 30_000


def report(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> dict[str, object]:
    assert main(["train", *map(str, arguments), "--json"]) == 0
    found: dict[str, object] = json.loads(capsys.readouterr().out)
    return found


def test_a_run_that_was_told_to_end_is_saved_and_goes_on(
    tmp_path: Path, qtbot: QtBot, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "kept.nnp"
    command = [sys.executable, "-m", "playground", "train", "circle", "--epochs", "5000000"]
    process = subprocess.Popen(
        [*command, "--checkpoint", str(file), "--every", "10"], stderr=subprocess.PIPE, text=True
    )
    try:
        qtbot.waitUntil(file.exists, timeout=2 * SECONDS)
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=30)[1]
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == 1
    assert "playground: stopped after" in said and f"saved in {file}: playground train {file} --resume" in said
    assert len(said.splitlines()) == 1
    standing = snapshot_of(load(file))
    assert standing is not None and standing.epoch > 0 and load(file).document.training.epochs == 5_000_000
    epochs = standing.epoch + 2
    again = report(capsys, file, "--resume", "--epochs", str(epochs), "--out", file)
    assert again["epochs"] == epochs and again["steps"] == 25 * epochs
    assert report(capsys, "circle", "--epochs", str(epochs))["weights_sha256"] == again["weights_sha256"]


@pytest.mark.parametrize("first", [signal.SIGINT, signal.SIGTERM])
def test_a_second_signal_ends_at_once(first: signal.Signals) -> None:
    program = (
        "import time\n"
        "from playground.commands.interruption import Interruption\n"
        "with Interruption() as interruption:\n"
        "    print('up', flush=True)\n"
        "    while not interruption.heard: time.sleep(0.01)\n"
        "    print('heard', flush=True)\n"
        "    time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stdout.readline() == "up\n"
        process.send_signal(first)
        assert process.stdout.readline() == "heard\n"
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == -signal.SIGINT


def test_out_is_the_checkpoint_unless_another_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, kept = tmp_path / "out.nnp", tmp_path / "kept.nnp"
    whole = report(capsys, "circle", "--epochs", "6", "--out", out, "--checkpoint", kept, "--every", "4")
    for file in (out, kept):
        found = snapshot_of(load(file))
        assert found is not None and found.epoch == 6 and weights_sha256(found.weights) == whole["weights_sha256"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["circle", "--resume"], "holds no trained network; leave --resume out"),
        (["circle", "--every", "5"], "--every needs a file"),
        (["circle", "--out", "x.nnp", "--every", "often"], "--every (=often) must be a number of epochs"),
        (["circle", "--checkpoint", "x.zip"], "--checkpoint (=x.zip) must end in .nnp"),
        (["circle", "--seeds", "3", "--checkpoint", "x.nnp"], "--checkpoint cannot be combined with --seeds"),
    ],
)
def test_what_cannot_be_kept_or_resumed(words: list[str], sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", *words]) == 2
    said = capsys.readouterr().err
    assert sentence in said and len(said.splitlines()) == 1


def test_a_run_is_resumed_with_its_own_seed_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "run.nnp"
    report(capsys, "circle", "--epochs", "2", "--seed", "4", "--out", file)
    assert main(["train", str(file), "--resume", "--epochs", "3", "--seed", "5"]) == 2
    assert "--seed (=5) is not the seed of the run to be resumed, 4" in capsys.readouterr().err
    assert main(["train", str(file), "--resume"]) == 2
    assert "epochs (=2) must be more than the 2" in capsys.readouterr().err


def test_the_window_trains_the_same_weights(tmp_path: Path, qtbot: QtBot, capsys: pytest.CaptureFixture[str]) -> None:
    kernels = CIRCLE.set_training(stopping=StopAtEpoch(epoch=4))
    documents = {"numba": kernels, "torch": kernels.set_field("dense_1", "activation", RRelu())}
    client = WorkerClient()
    try:
        for engine, document in documents.items():
            frames: list[object] = []
            client.frame.connect(frames.append)
            client.load(document)
            client.play()
            qtbot.waitUntil(
                lambda: client.snapshot is not None and client.snapshot.epoch == 4 and not client.running,
                timeout=SECONDS,
            )
            assert client.snapshot is not None and frames
            save(tmp_path / "run.nnp", Project(document))
            found = report(capsys, tmp_path / "run.nnp")
            assert (found["engine"], found["epochs"]) == (engine, 4)
            assert found["weights_sha256"] == weights_sha256(client.snapshot.weights)
    finally:
        client.stop()
