"""`playground export`: the form chosen by suffix, trained where it must be, written and proven."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from engine.document.examples import load_example
from engine.document.project import Project, save
from engine.export.proof import proof_name
from playground.__main__ import main

Capture = pytest.CaptureFixture[str]


def test_an_example_is_trained_written_and_proven(tmp_path: Path, capsys: Capture) -> None:
    file = tmp_path / "circle.npz"
    words = ["export", "circle", "--to", str(file), "--epochs", "2", "--seed", "3"]
    assert main([*words, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["format"] == "npz" and report["bytes"] == file.stat().st_size
    assert report["proof"]["passed"] and report["proof"]["difference"] < 1e-5
    assert report["files"] == [str(file), str(tmp_path / proof_name("circle.npz"))]
    assert json.loads((tmp_path / proof_name("circle.npz")).read_text())["passed"] is True
    once = file.read_bytes()
    assert main([*words, "--no-verify"]) == 0
    assert capsys.readouterr().out == f"{file}\n" and file.read_bytes() == once


def test_a_project_is_written_as_source_that_runs(tmp_path: Path, capsys: Capture) -> None:
    project, file = tmp_path / "wide.nnp", tmp_path / "wide.py"
    save(project, Project(load_example("circle").document.set_field("dense_1", "units", 5)))
    words = ["export", str(project), "--to", str(file), "--format", "pytorch_module", "--epochs", "1", "--no-verify"]
    assert main(words) == 0
    ask = "import wide, torch; print(list(wide.Network()(torch.zeros(3, 2)).shape))"
    answer = subprocess.run([sys.executable, "-c", ask], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert answer.stdout == "[3, 1]\n"


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["--to", "x.txt"], 2, "must end in one of"),
        (["--to", "x.npz", "--code", "numpy"], 2, "--code (=numpy) writes source code"),
        (["--to", "x.npz", "--format", "safetensors"], 2, "must end in .safetensors for --format safetensors"),
        (["--to", "x.npz", "--format", "npc"], 2, "did you mean npz?"),
        (["--to", "x.npz", "--option", "layout"], 2, "must read NAME=VALUE"),
        (["--to", "x.npz", "--option", "layout=sideways"], 2, "layout (=sideways) must be one of"),
        (["--to", "x.npz", "--option", "height=3"], 2, "has no field 'height'"),
        (["--to", "no/such/x.npz", "--no-verify"], 1, "cannot be written"),
    ],
)
def test_what_cannot_be_exported_is_one_sentence(words: list[str], code: int, sentence: str, capsys: Capture) -> None:
    assert main(["export", "circle", "--epochs", "1", *words]) == code
    said = capsys.readouterr().err
    assert sentence in said and len(said.splitlines()) == 1
