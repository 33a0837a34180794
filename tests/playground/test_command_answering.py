"""`playground evaluate` and `playground predict`: what scripts read, and what a file that does not fit is told."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.catalog.activations import Linear, Softmax
from engine.catalog.datasets.table import FILL, opened
from engine.catalog.layers.dense import Dense
from engine.catalog.losses import CategoricalCrossEntropy, MeanSquaredError
from engine.document.examples import load_example
from engine.document.graph import Data, Document
from engine.document.project import Project, load, save
from engine.plan.data import split
from engine.tables.content import suggested
from engine.tables.files import read_table
from engine.worker.given import read
from playground.__main__ import main

Capture = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def circle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("answers") / "circle.nnp"
    assert main(["train", "circle", "--epochs", "60", "--out", str(file)]) == 0
    return file


def said(capsys: Capture, *words: str | Path, code: int = 0) -> str:
    assert main(list(map(str, words))) == code
    found = capsys.readouterr()
    assert found.out == "" if code else found.err == ""
    return found.err if code else found.out


def table(path: Path, rows: list[list[object]]) -> Path:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    return path


def own_table(tmp_path: Path, target: str) -> tuple[Path, Document]:
    """A trained project that learns a column of a table from the others."""
    rng = np.random.default_rng(1)
    size, colour = rng.uniform(10, 20, 60), rng.choice(["red", "green"], 60)
    price = 100 * size + 500 * (colour == "red")
    rows = zip(size.tolist(), colour.tolist(), price.tolist(), strict=True)
    source = table(tmp_path / "source.csv", [["size", "colour", "price"], *map(list, rows)])
    content = read_table(str(source))
    roles = suggested(content)
    inputs = tuple(name for name in ("size", "colour", "price") if name != target)
    roles = type(roles)(inputs, target, ("colour",))
    regression = target == "price"
    document = load_example("plane").document.replace(data=Data(opened(content, roles, missing=FILL), seed=1))
    document = document.set_layer("dense_3", Dense(1 if regression else 2, Linear() if regression else Softmax()))
    document = document.set_training(loss=MeanSquaredError() if regression else CategoricalCrossEntropy(), epochs=200)
    for node in document.nodes:
        if node.layer.name == "Input":
            document = document.set_field(node.id, "columns", ())
    save(tmp_path / "own.nnp", Project(document))
    assert main(["train", str(tmp_path / "own.nnp"), "--out", str(tmp_path / "own.nnp")]) == 0
    return tmp_path / "own.nnp", document


def test_the_test_samples_are_judged_as_training_judges_them(circle: Path, capsys: Capture) -> None:
    trained = json.loads(said(capsys, "train", "circle", "--epochs", "60", "--json"))
    found = json.loads(said(capsys, "evaluate", circle, "--json"))
    assert (found["data"], found["samples"]) == ("test", 250)
    assert found["loss"] == pytest.approx(trained["test"]["loss"], rel=1e-5)
    assert found["metrics"].keys() == trained["test"]["metrics"].keys()
    assert found["metrics"]["accuracy"] == trained["test"]["accuracy"]
    assert "loss 0." in (words := said(capsys, "evaluate", circle)) and "accuracy" in words


def test_a_file_of_the_same_samples_is_judged_the_same(circle: Path, tmp_path: Path, capsys: Capture) -> None:
    test = split(load(circle).document.data).test
    rows = [[x1, kind, x2] for (x1, x2), kind in zip(test.values.tolist(), test.targets.tolist(), strict=True)]
    file = table(tmp_path / "again.csv", [["x1", "label", "x2"], *rows])
    archive = tmp_path / "again.npz"
    np.savez(archive, X=test.values, y=test.targets)
    own = json.loads(said(capsys, "evaluate", circle, "--json"))
    for data in (file, archive):
        found = json.loads(said(capsys, "evaluate", circle, data, "--json"))
        assert found["loss"] == pytest.approx(own["loss"], rel=1e-5) and found["metrics"] == own["metrics"]
    answers = [json.loads(line) for line in said(capsys, "predict", circle, archive, "--json").splitlines()]
    right = sum(answer["class"] == str(truth) for answer, truth in zip(answers, test.targets, strict=True))
    assert right / len(test) == own["metrics"]["accuracy"] and "score" in answers[0]


def test_answers_are_written_as_a_table(circle: Path, tmp_path: Path, capsys: Capture) -> None:
    points = table(tmp_path / "points.csv", [["x2", "x1"], [0, 0], [0, 5]])
    words = said(capsys, "predict", circle, points).splitlines()
    assert said(capsys, "predict", circle, points, "--out", tmp_path / "out.csv") == ""
    with (tmp_path / "out.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["sample"] for row in rows] == ["1", "2"]
    assert [f"{row['class']} {float(row['score']):.4f}" for row in rows] == words
    assert [line.split()[0] for line in words] == ["1", "0"]


def test_numbers_come_in_the_units_of_the_table(tmp_path: Path, capsys: Capture) -> None:
    project, _ = own_table(tmp_path, "price")
    capsys.readouterr()
    rows = table(tmp_path / "new.csv", [["colour", "size"], ["red", 12], ["green", 18], ["red", ""]])
    found = [float(line) for line in said(capsys, "predict", project, rows).splitlines()]
    assert found[:2] == pytest.approx([1700, 1800], rel=0.05) and 1500 < found[2] < 2500


def test_classes_of_a_table_have_their_names(tmp_path: Path, capsys: Capture) -> None:
    project, document = own_table(tmp_path, "colour")
    capsys.readouterr()
    rows = table(tmp_path / "new.csv", [["price", "size", "colour"], [1500, 10, "red"], [1900, 19, "green"]])
    answers = [json.loads(line) for line in said(capsys, "predict", project, rows, "--json").splitlines()]
    assert [answer["class"] for answer in answers] == ["red", "green"]
    assert all(0.5 <= answer["confidence"] <= 1 for answer in answers)
    assert json.loads(said(capsys, "evaluate", project, rows, "--json"))["metrics"]["accuracy"] == 1
    own = read(document.data, tmp_path / "source.csv", answered=True)
    parts = split(document.data)
    known = {row.tobytes() for row in np.concatenate([parts.train.values, parts.test.values])}
    assert {row.tobytes() for row in own.values} == known  # filled and scaled by what the training part says


def test_pictures_are_answered(tmp_path: Path, capsys: Capture) -> None:
    project = tmp_path / "digits.nnp"
    assert main(["train", "digits", "--epochs", "1", "--out", str(project)]) == 0
    capsys.readouterr()
    test = split(load(project).document.data).test
    np.savez(tmp_path / "some.npz", X=test.values[:20], y=test.targets[:20])
    np.savez(tmp_path / "shares.npz", X=test.values[:20, 0] / 255)
    lines = said(capsys, "predict", project, tmp_path / "some.npz").splitlines()
    assert said(capsys, "predict", project, tmp_path / "shares.npz").splitlines() == lines and len(lines) == 20
    Image.fromarray(test.values[3, 0]).save(tmp_path / "one.png")
    assert said(capsys, "predict", project, tmp_path / "one.png") == lines[3] + "\n"
    right = [line.split()[0] == str(truth) for line, truth in zip(lines, test.targets[:20], strict=True)]
    found = json.loads(said(capsys, "evaluate", project, tmp_path / "some.npz", "--json"))
    assert found["metrics"]["accuracy"] == np.mean(right)
    (tmp_path / "two.png").write_bytes(b"no picture")
    assert "two.png is not a picture" in said(capsys, "predict", project, tmp_path / "two.png", code=2)


@pytest.mark.parametrize(
    ("command", "rows", "sentence"),
    [
        ("predict", [["a", "x2"], [1, 2]], "has no column “x1”: it needs x1, x2, and has a, x2"),
        ("predict", [["x1", "x2"], [1, "here"]], "“here” is not a number"),
        ("predict", [["x1", "x2"], [1, 2], ["", 2]], "row 2 of rows.csv lacks a value"),
        ("evaluate", [["x1", "x2"], [1, 2]], "no column with what is to be answered"),
        ("evaluate", [["x1", "x2", "label"], [1, 2, 7]], "row 1 of rows.csv names no class; known are 0, 1"),
    ],
)
def test_a_table_that_does_not_fit_is_refused_in_one_sentence(
    command: str, rows: list[list[object]], sentence: str, circle: Path, tmp_path: Path, capsys: Capture
) -> None:
    words = said(capsys, command, circle, table(tmp_path / "rows.csv", rows), code=2)
    assert sentence in words and len(words.splitlines()) == 1


def test_a_project_without_a_run_or_a_strange_file_is_refused(circle: Path, tmp_path: Path, capsys: Capture) -> None:
    assert "holds no trained network; train it first" in said(capsys, "evaluate", "circle", code=2)
    assert "must be a table" in said(capsys, "predict", circle, tmp_path / "x.png", code=2)
    assert "is not there" in said(capsys, "predict", circle, tmp_path / "x.csv", code=2)
    (tmp_path / "x.npz").write_bytes(b"PK no archive")
    assert "no archive of NumPy arrays" in said(capsys, "predict", circle, tmp_path / "x.npz", code=2)
    np.savez(tmp_path / "wide.npz", X=np.zeros((3, 5)))
    assert "have shape (3, 5)" in said(capsys, "predict", circle, tmp_path / "wide.npz", code=2)
