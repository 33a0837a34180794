"""`playground export` of pictures and reports: the run in a window that nobody sees."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from playground.__main__ import main

Capture = pytest.CaptureFixture[str]


def test_a_report_of_an_example_that_is_trained_first(tmp_path: Path, capsys: Capture, qtbot: QtBot) -> None:
    file = tmp_path / "circle.html"
    assert main(["export", "circle", "--to", str(file), "--epochs", "3", "--seed", "5", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told == {"format": "report_html", "files": [str(file)], "bytes": file.stat().st_size, "proof": None}
    page = file.read_text()
    assert "<h1>circle</h1>" in page and "seed 5, seed of the data 5" in page
    assert "<div><b>3</b><span>epochs</span></div>" in page


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--to", "x.svg", "--code", "numpy"], "--code says nothing about a .svg file"),
        (["--to", "x.pdf", "--option", "a=1"], "--option says nothing about a .pdf file"),
        (["--to", "x.png", "--format", "loss_svg"], "must end in .svg for --format loss_svg"),
    ],
)
def test_what_a_picture_cannot_be_asked_for(words: list[str], sentence: str, capsys: Capture) -> None:
    assert main(["export", "circle", *words]) == 2
    assert sentence in capsys.readouterr().err
