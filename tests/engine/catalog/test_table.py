from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.impute import SimpleImputer
from sklearn.model_selection import StratifiedShuffleSplit
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from engine.catalog.datasets.table import FILL, NORMALIZE, STANDARDIZE, Table, opened
from engine.catalog.registry import from_json, to_json
from engine.document.errors import InvalidValueError
from engine.document.graph import Data, Document, Network
from engine.plan.data import _split, split, stratified
from engine.plan.resolve import resolve
from engine.tables.content import Roles, TableError, suggested
from engine.tables.files import read_table


def flowers(folder: Path, rows: int = 90, gaps: bool = False) -> str:
    """A table with two numbers, a category of three levels and classes that are not equally frequent."""
    rng = np.random.default_rng(3)
    path = folder / "flowers.csv"
    lines = ["width,height,colour,kind"]
    for row in range(rows):
        width, height = rng.normal(100, 20), rng.normal(-3, 0.5)
        cells = [
            f"{width:.3f}",
            f"{height:.3f}",
            rng.choice(["red", "blue", "white"]),
            "abc"[(row % 9 > 3) + (row % 9 > 7)],
        ]
        if gaps and row % 7 == 0:
            cells[row % 3] = ""
        lines.append(",".join(cells))
    path.write_text("\n".join(lines) + "\n")
    return str(path)


def table_of(path: str, **fields: Any) -> Table:
    content = read_table(path)
    return opened(content, suggested(content), **fields)


def numbers(path: str) -> np.ndarray[Any, Any]:
    """Width and height, read by NumPy."""
    return np.genfromtxt(path, delimiter=",", skip_header=1, usecols=(0, 1))


def test_a_table_says_what_it_holds(tmp_path: Path) -> None:
    table = table_of(flowers(tmp_path))
    assert (table.task, table.class_count, table.class_names) == ("classification", 3, ("a", "b", "c"))
    assert table.columns == table.default_columns == ("width", "height", "colour")
    assert table.input_shape(()) == (5,)
    assert table.input_shape(("colour",)) == (3,)
    assert table.sample_count == 90
    assert table.title == "flowers.csv"
    with pytest.raises(InvalidValueError, match=r"flowers.csv has no input 'x1'; it has 'width', 'height', 'colour'"):
        table.input_shape(("x1",))


def test_a_number_is_a_regression(tmp_path: Path) -> None:
    content = read_table(flowers(tmp_path))
    table = opened(content, Roles(("height", "colour"), "width", ("colour",)))
    assert (table.task, table.class_count, table.class_names) == ("regression", 0, ())
    parts = split(Data(table))
    assert parts.train.targets.mean() == pytest.approx(0.0, abs=1e-9)
    assert parts.train.targets.std() == pytest.approx(1.0)
    raw = split(Data(table.replace(scaling="none")))
    scaler = StandardScaler().fit(raw.train.targets[:, None])
    np.testing.assert_allclose(scaler.transform(raw.test.targets[:, None])[:, 0], parts.test.targets)


@pytest.mark.parametrize(("scaling", "oracle"), [(STANDARDIZE, StandardScaler), (NORMALIZE, MinMaxScaler)])
def test_scaling_knows_the_training_part_alone(tmp_path: Path, scaling: str, oracle: Any) -> None:
    path = flowers(tmp_path)
    table = table_of(path, scaling=scaling)
    raw, scaled = split(Data(table.replace(scaling="none"))), split(Data(table))
    fitted = oracle().fit(raw.train.values[:, :2].astype(np.float64))
    for part in ("train", "test"):
        before, after = getattr(raw, part).values, getattr(scaled, part).values
        np.testing.assert_allclose(fitted.transform(before[:, :2]), after[:, :2], atol=1e-4)
        np.testing.assert_array_equal(before[:, 2:], after[:, 2:])
        assert set(np.unique(after[:, 2:])) == {0.0, 1.0}
    everything = oracle().fit(numbers(path)).transform(raw.train.values[:, :2])
    assert np.abs(everything - scaled.train.values[:, :2]).max() > 1e-3


def test_gaps_are_filled_from_the_training_part_alone(tmp_path: Path) -> None:
    table = table_of(flowers(tmp_path, gaps=True), missing=FILL, scaling="none")
    data = Data(table)
    drawn = table.draw(np.random.default_rng(1))
    assert np.isnan(drawn.values).any() and len(drawn) == 90
    parts = split(data)
    assert not np.isnan(parts.train.values).any() and not np.isnan(parts.test.values).any()
    # the same split of what was drawn: stratified, with the same seed
    unfilled = split(Data(table.replace(scaling="none")))
    assert unfilled.train.targets.tolist() == parts.train.targets.tolist()
    from engine.plan.data import random_stream

    order = stratified(random_stream(1, "split").permutation(90), drawn.targets, 45)
    train, test = drawn.values[order[:45]], drawn.values[order[45:]]
    mean = SimpleImputer().fit(train[:, :2])
    np.testing.assert_allclose(mean.transform(test[:, :2]), parts.test.values[:, :2], rtol=1e-6)
    usual = np.eye(3)[np.nansum(train[:, 2:], axis=0).argmax()]
    gaps = np.isnan(test[:, 2])
    assert gaps.any()
    np.testing.assert_array_equal(parts.test.values[gaps, 2:], np.broadcast_to(usual, (gaps.sum(), 3)))


def test_rows_with_gaps_are_dropped(tmp_path: Path) -> None:
    table = table_of(flowers(tmp_path, gaps=True))
    drawn = table.draw(np.random.default_rng(1))
    assert len(drawn) == table.sample_count == 90 - 13
    assert not np.isnan(drawn.values).any()
    assert table.replace(missing=FILL).sample_count == 90


def test_a_constant_column_stays_finite(tmp_path: Path) -> None:
    path = tmp_path / "constant.csv"
    path.write_text("a,b,c\n" + "".join(f"0.1,{row},{row % 2}\n" for row in range(20)))
    for scaling in (STANDARDIZE, NORMALIZE):
        parts = split(Data(table_of(str(path), scaling=scaling)))
        assert np.isfinite(parts.train.values).all()
        assert np.abs(parts.train.values[:, 0]).max() < 1e-6


@pytest.mark.parametrize("share", [0.1, 0.33, 0.5, 0.9])
def test_a_stratified_split_has_the_shares_of_scikit_learn(tmp_path: Path, share: float) -> None:
    table = table_of(flowers(tmp_path))
    parts = split(Data(table, share, seed=4))
    all_targets = np.concatenate([parts.train.targets, parts.test.targets])
    other = StratifiedShuffleSplit(1, train_size=len(parts.train), random_state=0)
    ours = np.bincount(parts.train.targets, minlength=3)
    theirs = np.bincount(all_targets[next(other.split(all_targets, all_targets))[0]], minlength=3)
    exact = np.bincount(all_targets) * len(parts.train) / 90
    assert np.abs(ours - theirs).max() <= 1
    assert np.abs(ours - exact).max() < 1
    assert len(parts.train) == round(90 * share)


def test_a_split_depends_on_its_seed(tmp_path: Path) -> None:
    table = table_of(flowers(tmp_path))
    first, again, other = (_split(Data(table, seed=seed)).train.values for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_inputs_are_picked_by_name(tmp_path: Path) -> None:
    table = table_of(flowers(tmp_path))
    values = split(Data(table)).train.values
    np.testing.assert_array_equal(table.inputs(values, ("colour", "width")), values[:, [2, 3, 4, 0]])
    assert table.inputs(values, ()).shape == (45, 5)


def test_it_travels_in_a_file(tmp_path: Path) -> None:
    table = table_of(flowers(tmp_path))
    assert from_json("datasets", json.loads(json.dumps(to_json(table)))) == table


@pytest.mark.parametrize(
    ("roles", "sentence"),
    [
        (Roles((), "kind", ("kind",)), "no column is an input; choose at least one"),
        (Roles(("width",), "", ()), "no column is the target; choose the one that is to be learnt"),
        (Roles(("colour",), "kind", ("kind",)), "line 2, column “colour”: “.*” is not a number; mark the column as"),
        (Roles(("width",), "gone", ("gone",)), "there is no column “gone”"),
    ],
)
def test_what_cannot_be_learnt_from_is_said(tmp_path: Path, roles: Roles, sentence: str) -> None:
    with pytest.raises(TableError, match=sentence):
        opened(read_table(flowers(tmp_path)), roles)


def test_too_many_numbers_are_refused_before_they_are_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = flowers(tmp_path)
    table = table_of(path)
    monkeypatch.setattr("engine.catalog.datasets.table.MOST_VALUES", 400)
    with pytest.raises(TableError, match="written out the table has 5 inputs for 90 rows, too many to keep in memory"):
        table_of(path)
    with pytest.raises(TableError, match="too many to keep in memory"):
        table.draw(np.random.default_rng(1))


def test_a_single_class_is_said(tmp_path: Path) -> None:
    path = tmp_path / "one.csv"
    path.write_text("a,b\n1,x\n2,x\n")
    with pytest.raises(TableError, match="column “b” has a single value, so there is nothing to tell apart"):
        table_of(str(path))


def test_a_file_that_is_gone_is_a_problem_of_the_data_alone(tmp_path: Path) -> None:
    path = flowers(tmp_path)
    document = Document((Network(),), Data(table_of(path)))
    assert [problem.kind for problem in resolve(document).problems] == ["empty"]
    moved = tmp_path / "elsewhere.csv"
    os.rename(path, moved)
    problem = resolve(document).problems[0]
    assert problem.kind == "no_samples" and str(problem.sentence).endswith("is not there, or cannot be reached")
    with pytest.raises(TableError, match="is not there"):
        _split(document.data)
    table = document.data.dataset
    assert isinstance(table, Table)
    found = table.located(str(moved))
    assert found == table.replace(file=str(moved), stamp=found.stamp)
    assert found.source == table.source
    assert not [p for p in resolve(document.set_data(dataset=found)).problems if p.kind == "no_samples"]


def test_a_file_that_has_changed_is_read_again_by_a_remedy(tmp_path: Path) -> None:
    path = flowers(tmp_path)
    document = Document((Network(),), Data(table_of(path)))
    flowers(tmp_path, rows=60)
    problem = resolve(document).problems[0]
    assert str(problem.sentence) == f"The file {path} has changed since it was opened"
    with pytest.raises(TableError, match="has changed since it was opened; open it again"):
        _split(document.data)
    remedy = problem.remedies[0]
    assert str(remedy.label) == "Read the file again"
    assert remedy.edit(document).data.dataset.sample_count == 60


def test_a_table_without_a_file_asks_for_one() -> None:
    problem = resolve(Document((Network(),), Data(Table()))).problems[0]
    assert str(problem.sentence) == "No table is opened yet; choose “Open data…” to open a file of yours"
    assert len(split(Data(Table())).train) == 0


@pytest.mark.parametrize(
    "fields",
    [
        {"names": ["a", "a"]},
        {"names": ["a", 3]},
        {"target": "a"},
        {"categorical": ["b"]},
        {"categorical": ["a"], "levels": []},
        {"categorical": ["a"], "levels": [[]]},
        {"categorical": ["a"], "levels": [[1]]},
        {"rows": 3, "complete": 4},
        {"rows": 10**9},
        {"stamp": [1, 2]},
        {"stamp": [1, 2, 3]},
        {"scaling": "whiten"},
    ],
)
def test_a_forged_table_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(InvalidValueError):
        from_json("datasets", {"type": "table", "names": ["a"], "target": "c"} | fields)
