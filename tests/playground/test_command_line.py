"""The command line from outside: what scripts read, and what a mistake is answered with."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.catalog.activations import Linear
from engine.catalog.stopping import StopAtEpoch
from engine.document.examples import examples, load_example
from engine.document.graph import Document
from engine.document.project import Project, load, save
from engine.export.weights import decode, weights_sha256
from engine.plan.resolve import resolve
from playground.__main__ import main

KEYS = [
    "example",
    "engine",
    "epochs",
    "steps",
    "seconds",
    "train",
    "test",
    "parameters",
    "stopped_by",
    "weights_sha256",
]


def outside(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """The program as a user runs it."""
    command = [sys.executable, "-m", "playground", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def report(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert main(["train", *arguments, "--json"]) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    answer = json.loads(printed.out.splitlines()[-1])
    assert list(answer) == KEYS
    return answer  # type: ignore[no-any-return]


def test_training_prints_one_line_that_scripts_can_read() -> None:
    answer = outside("train", "circle", "--epochs", "5", "--seed", "1", "--json")
    assert (answer.returncode, answer.stderr) == (0, "")
    assert len(answer.stdout.splitlines()) == 1
    found = json.loads(answer.stdout)
    assert list(found) == KEYS
    assert (found["example"], found["engine"], found["epochs"], found["steps"]) == ("circle", "numba", 5, 125)
    assert found["parameters"] == 25 and len(found["weights_sha256"]) == 64
    for part in ("train", "test"):
        assert list(found[part])[:2] == ["loss", "accuracy"]
        assert 0 < found[part]["loss"] < 1 and 0 <= found[part]["accuracy"] <= 1


def test_the_seed_decides_the_weights(capsys: pytest.CaptureFixture[str]) -> None:
    one, again, other = (report(capsys, "circle", "--epochs", "3", "--seed", seed) for seed in ("4", "4", "5"))
    assert one["weights_sha256"] == again["weights_sha256"] != other["weights_sha256"]
    assert one["test"] == again["test"] != other["test"]


def test_a_regression_has_no_accuracy(capsys: pytest.CaptureFixture[str]) -> None:
    answer = report(capsys, "plane", "--epochs", "2")
    assert answer["train"]["accuracy"] is answer["test"]["accuracy"] is None
    assert answer["test"]["loss"] > 0
    assert list(answer["test"]["metrics"]) == ["r2", "mae", "rmse"]


def test_every_metric_of_the_test_samples_is_reported(capsys: pytest.CaptureFixture[str]) -> None:
    answer = report(capsys, "rings", "--epochs", "20")
    found = answer["test"]["metrics"]
    assert {"accuracy", "balanced_accuracy", "top_k", "precision", "recall", "f1", "roc_auc"} < set(found)
    assert found["accuracy"] == answer["test"]["accuracy"]
    table = found["confusion"]
    assert sum(table[k][k] for k in range(3)) / sum(map(sum, table)) == pytest.approx(found["accuracy"])
    assert found["recall.classes"] == pytest.approx([table[k][k] / sum(table[k]) for k in range(3)])


def test_without_json_it_says_the_same_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "xor", "--epochs", "2"]) == 0
    words = capsys.readouterr().out
    assert words.startswith("xor: 2 epochs, ") and "test loss" in words and "accuracy" in words


def test_a_trained_project_can_be_saved_and_trained_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "trained.nnp"
    first = report(capsys, "circle", "--epochs", "3", "--out", str(out))
    project = load(out)
    assert project.weights is not None and dict(project.progress) == {"epoch": 3, "step": 75, "position": 0}
    shapes = {name: parameter.shape for name, parameter in resolve(project.document).parameters.items()}
    assert weights_sha256(decode(project.weights, shapes)) == first["weights_sha256"]
    again = report(capsys, str(out))
    assert (again["example"], again["epochs"]) == (str(out), 3)
    assert again["weights_sha256"] == first["weights_sha256"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["train"], "required: PROJECT|EXAMPLE"),
        (["train", "cricle"], "did you mean circle?"),
        (["train", "no/such.nnp"], "no/such.nnp cannot be read"),
        (["train", "circle", "--epochs", "0"], "epochs (=0) must lie between 1 and"),
        (["train", "circle", "--epochs", "x"], "invalid int value: 'x'"),
        (["train", "circle", "--seed", "-1"], "seed (=-1) must lie between 0 and"),
        (["train", "circle", "--device", "tpu"], "invalid choice: 'tpu'"),
        (["train", "circle", "--out", "x.zip"], "must end in .nnp"),
        (["examples", "--check", "cricle"], "did you mean circle?"),
        (["export", "circle", "--to", "circle.txt"], "must end in one of .py, .safetensors, .npz"),
        (["export", "cricle", "--to", "circle.py"], "did you mean circle?"),
        (["screenshot", "out.jpg"], "must end in .png"),
        (["screenshot", "out.png", "--size", "10x10"], "is not a size such as 1440x900"),
        (["screenshot", "out.png", "--train", "-1"], "must be a number of seconds"),
        (["screenshot", "out.png", "cricle"], "did you mean circle?"),
        (["--nonsense"], "unrecognized arguments: --nonsense"),
    ],
    ids=" ".join,
)
def test_bad_input_is_one_sentence_and_code_2(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert words in printed.err and len(printed.err.splitlines()) == 1 and "Traceback" not in printed.err


def test_a_damaged_project_is_bad_input(tmp_path: Path) -> None:
    file = tmp_path / "broken.nnp"
    file.write_bytes(b"PK\x03\x04 nothing of the kind")
    answer = outside("train", file)
    assert answer.returncode == 2
    assert len(answer.stderr.splitlines()) == 1 and "broken.nnp" in answer.stderr


def project(tmp_path: Path, document: Document) -> str:
    file = tmp_path / "document.nnp"
    save(file, Project(document))
    return str(file)


def test_a_network_that_cannot_be_trained_is_bad_input(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = load_example("circle").document.set_field("dense_3", "units", 5)
    assert main(["train", project(tmp_path, broken)]) == 2
    assert "cannot be trained" in capsys.readouterr().err


def test_a_loss_that_explodes_is_failed_work(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document = load_example("plane").document
    for node in document.nodes[1:]:
        document = document.set_field(node.id, "activation", Linear())
    rate = document.training.optimizer.replace(learning_rate=10.0)
    assert main(["train", project(tmp_path, document.set_training(optimizer=rate, epochs=200))]) == 1
    words = capsys.readouterr().err
    assert "stopped being a finite number" in words and "lower the learning rate" in words
    assert len(words.splitlines()) == 1


def test_a_place_that_cannot_be_written_is_failed_work(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "circle", "--epochs", "1", "--out", "/no/such/folder/out.nnp"]) == 1
    assert "cannot be saved" in capsys.readouterr().err


def test_the_gallery_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["examples"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(examples())
    assert {
        "circle",
        "xor",
        "gauss",
        "spiral",
        "plane",
        "gauss-regression",
        "moons",
        "rings",
        "blobs",
        "checkerboard",
    } <= {line.split()[0] for line in lines}


def test_examples_are_checked_against_their_promise(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["examples", "--check", "gauss", "plane"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in lines] == [["gauss", "ok"], ["plane", "ok"]]


def test_an_example_that_breaks_its_promise_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import dataclasses

    impossible = dataclasses.replace(load_example("gauss"), check={"epochs": 1, "test_loss_at_most": -1.0})
    monkeypatch.setattr("engine.document.examples.load_example", lambda name: impossible)
    assert main(["examples", "--check", "gauss"]) == 1
    printed = capsys.readouterr()
    assert "FAILED" in printed.out and "gauss" in printed.err


@pytest.mark.long
def test_every_example_keeps_its_promise(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["examples", "--check"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == len(examples())


def test_info_lists_versions_paths_backends_and_catalogue(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["backends"] == ["numba", "torch"] and facts["libraries"]["torch"].startswith("2.")
    assert {"Dense", "Add", "Dropout"} <= set(facts["catalog"]["layers"])
    assert {"tanh", "relu"} <= set(facts["catalog"]["activations"]) and "circle" in facts["catalog"]["datasets"]
    assert facts["paths"]["settings"].endswith(".ini")
    assert main(["info"]) == 0
    assert "layers: Input, Dense" in capsys.readouterr().out


def test_help_and_version_are_no_errors(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments, words in (
        (["--help"], "train, evaluate, predict, find-rate"),
        (["train", "--help"], "--epochs"),
        (["--version"], "playground "),
    ):
        assert main(arguments) == 0
        assert words in capsys.readouterr().out


def test_settings_are_forgotten_on_request(capsys: pytest.CaptureFixture[str]) -> None:
    from playground.settings import stored

    stored().set_theme("light")
    assert main(["--reset-settings"]) == 0
    assert "forgotten" in capsys.readouterr().out
    assert stored().theme() == "system"


def test_an_interruption_is_one_word(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted(*arguments: Any, **more: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("engine.worker.headless.train", interrupted)
    assert main(["train", "circle"]) == 1
    assert capsys.readouterr().err == "playground: stopped\n"


def test_what_nobody_thought_of_is_one_sentence_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def surprised(*arguments: Any, **more: Any) -> None:
        raise RuntimeError("the moon\nfell down")

    monkeypatch.setattr("engine.worker.headless.train", surprised)
    assert main(["train", "circle"]) == 1
    assert capsys.readouterr().err == "playground: unexpected RuntimeError: the moon fell down\n"


def test_the_command_line_loads_no_training_library_before_it_trains() -> None:
    program = (
        "import sys; from playground.__main__ import main; code = main(['examples']); "
        "print(code, 'torch' in sys.modules, file=sys.stderr)"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert answer.stderr.split() == ["0", "False"]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has machines without a screen")
def test_without_a_screen_the_window_is_refused_in_one_sentence() -> None:
    bare = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")}
    command = [sys.executable, "-m", "playground"]
    answer = subprocess.run(command, env=bare, capture_output=True, text=True, check=False)
    assert answer.returncode == 1
    assert answer.stderr.startswith("playground: there is no screen") and len(answer.stderr.splitlines()) == 1


def test_many_seeds_are_summed_up(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "circle", "--seeds", "12", "--epochs", "40", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["example"], report["engine"], report["seeds"], report["epochs"]) == ("circle", "numba", 12, 40)
    assert 0 < report["solved"] <= 12 and report["solved_share"] == report["solved"] / 12
    assert report["first_seed"] == 1
    assert report["diverged"] == 0 and report["criterion"] == "accuracy >= 0.9"
    spread = list(report["loss"].values())
    assert spread == sorted(spread) and spread[0] > 0


def test_the_outcome_of_many_seeds_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "circle", "--seeds", "3", "--epochs", "5"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("circle: 3 seeds from 1 on, 5 epochs each, in") and "median" in said


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--seeds", "0"], "seeds (=0) must lie between 1 and 1000"),
        (["--seeds", "4", "--out", "x.nnp"], "--out cannot be combined with --seeds"),
    ],
)
def test_a_study_that_makes_no_sense(words: list[str], sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "circle", *words]) == 2
    assert sentence in capsys.readouterr().err


def test_a_rate_is_searched_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["find-rate", "spiral", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["example"], report["engine"], report["present_rate"]) == ("spiral", "numba", 0.02)
    steps = report["steps"]  # where the loss grows without bounds, if it does, the last digit of a sum decides
    assert 300 < steps <= 500
    assert report["rates"] == pytest.approx((1e-5 * 1e6 ** (np.arange(steps) / 499)).tolist(), rel=1e-6)
    assert 1e-3 < report["tenth_of_lowest"] < 0.1 and 1e-5 < report["steepest"] < 0.1
    assert main(["find-rate", "spiral"]) == 0
    said = capsys.readouterr().out
    assert said.startswith(f"spiral: {steps} of 500 steps in") and f"{report['tenth_of_lowest']:g}" in said


def test_a_search_that_stays_where_it_trains_goes_all_the_way(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["find-rate", "circle", "--high", "0.01", "--steps", "50", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["steps"] == len(report["rates"]) == 50
    assert (report["rates"][0], report["rates"][-1]) == (1e-5, pytest.approx(0.01))


def test_a_search_that_makes_no_sense(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["find-rate", "circle", "--steps", "3"]) == 2
    assert "steps (=3) must lie between 20 and 10000" in capsys.readouterr().err
    assert main(["find-rate", "circle", "--low", "2", "--high", "1"]) == 2
    assert "must rise" in capsys.readouterr().err


def test_training_obeys_the_stopping_rule(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document = load_example("circle").document.set_training(stopping=StopAtEpoch(epoch=4))
    save(tmp_path / "short.nnp", Project(document))
    answer = report(capsys, str(tmp_path / "short.nnp"))
    assert (answer["epochs"], answer["stopped_by"]) == (4, "stop_at_epoch")
    assert report(capsys, "circle", "--epochs", "2")["stopped_by"] is None
    assert main(["train", str(tmp_path / "short.nnp")]) == 0
    assert "  Stopped after epoch 4, as planned\n" in capsys.readouterr().out
