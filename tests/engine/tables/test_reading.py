from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.catalog.datasets.table import opened
from engine.document.errors import PlaygroundError
from engine.tables import delimited
from engine.tables.content import Roles, TableError, suggested
from engine.tables.files import matches, read_table

PEOPLE = "age,height,colour,answer\n41,1.72,red,yes\n38,1.66,blue,no\n,1.80,red,yes\n52,NA,green,no\n"


def write(folder: Path, text: str | bytes, name: str = "people.csv") -> str:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return str(path)


def test_numbers_texts_and_gaps(tmp_path: Path) -> None:
    content = read_table(write(tmp_path, PEOPLE))
    assert content.rows == 4 and content.header
    age, height, colour, answer = content.columns
    np.testing.assert_array_equal(age.as_numbers(), [41, 38, np.nan, 52])
    np.testing.assert_array_equal(height.as_numbers(), [1.72, 1.66, 1.8, np.nan])
    assert (age.missing, height.missing, colour.missing) == (1, 1, 0)
    assert colour.levels() == ("blue", "green", "red")
    assert colour.coded(colour.levels()).tolist() == [2, 0, 2, 1]
    assert answer.levels() == ("no", "yes")
    assert content.preview[3] == ("52", "NA", "green", "no")
    assert suggested(content) == Roles(("age", "height", "colour"), "answer", ("colour", "answer"))


@pytest.mark.parametrize("gap", ["", "NA", "na", "n/a", "nan", "NaN", "null", "?", "  "])
def test_what_a_gap_says(tmp_path: Path, gap: str) -> None:
    content = read_table(write(tmp_path, f"a,b\n1,x\n{gap},{gap}\n3,y\n"))
    assert content.column("a").missing == content.column("b").missing == 1
    assert content.column("b").coded(("x", "y")).tolist() == [0, -1, 1]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_out(tmp_path: Path, delimiter: str) -> None:
    text = PEOPLE.replace(",", delimiter)
    content = read_table(write(tmp_path, text, "people.tsv" if delimiter == "\t" else "people.csv"))
    assert [column.name for column in content.columns] == ["age", "height", "colour", "answer"]


def test_a_decimal_comma_beside_semicolons(tmp_path: Path) -> None:
    content = read_table(write(tmp_path, "a;b\n1,5;2\n-0,25;3,0\n"))
    np.testing.assert_array_equal(content.column("a").as_numbers(), [1.5, -0.25])
    np.testing.assert_array_equal(content.column("b").as_numbers(), [2, 3])


def test_no_decimal_comma_beside_tabs(tmp_path: Path) -> None:
    assert not read_table(write(tmp_path, "a\tb\n1,234\t2\n", "few.tsv")).column("a").is_number


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "utf-16"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    content = read_table(write(tmp_path, "größe,straße\n1,Allée\n2,Fußweg\n".encode(encoding)))
    assert [column.name for column in content.columns] == ["größe", "straße"]
    assert content.column("straße").levels() == ("Allée", "Fußweg")


def test_a_heading_is_found_out_or_told(tmp_path: Path) -> None:
    path = write(tmp_path, "1,2\n3,4\n")
    found = read_table(path)
    assert not found.header and found.rows == 2
    assert [column.name for column in found.columns] == ["column 1", "column 2"]
    told = read_table(path, header=True)
    assert told.rows == 1 and [column.name for column in told.columns] == ["1", "2"]


def test_names_are_given_once(tmp_path: Path) -> None:
    content = read_table(write(tmp_path, "a,a,,b\n1,2,3,x\n"))
    assert [column.name for column in content.columns] == ["a", "a (2)", "column 3", "b"]


def test_quotes_hold_delimiters_and_line_ends(tmp_path: Path) -> None:
    content = read_table(write(tmp_path, 'text,number\n"one, two\nlines",1\nother,abc\n'))
    assert content.column("text").levels() == ("one, two\nlines", "other")
    with pytest.raises(TableError, match="line 4, column “number”: “abc” is not a number; mark the column as"):
        content.column("number").as_numbers()


@pytest.mark.parametrize("text", ["1_000", "inf", "1e999", "0x10", "1,5"])
def test_what_is_no_number(tmp_path: Path, text: str) -> None:
    content = read_table(write(tmp_path, f'a,b\n1,2\n"{text}",3\n'))
    assert not content.column("a").is_number
    with pytest.raises(TableError, match="line 3, column “a”"):
        content.column("a").as_numbers()


def test_a_text_far_down_makes_the_whole_column_texts(tmp_path: Path) -> None:
    rows = [str(number % 7) for number in range(10_000)] + ["unknown"]
    content = read_table(write(tmp_path, "a,b\n" + "".join(f"{cell},1\n" for cell in rows)))
    assert content.column("a").levels() == ("0", "1", "2", "3", "4", "5", "6", "unknown")
    assert content.column("a").coded(("0", "3", "unknown")).tolist()[:4] == [0, -1, -1, 1]
    assert content.column("a").first_text == (10_002, "unknown")
    assert content.column("b").is_number


def test_numbers_can_be_categories(tmp_path: Path) -> None:
    column = read_table(write(tmp_path, "a,b\n3,1\n1,1\n,1\n2.5,1\n")).column("a")
    assert column.levels() == ("1", "2.5", "3")
    assert column.coded(column.levels()).tolist() == [2, 0, -1, 1]


def test_too_many_categories_is_said(tmp_path: Path) -> None:
    rows = "".join(f"{number},word{number}\n" for number in range(1500))
    content = read_table(write(tmp_path, "a,b\n" + rows))
    with pytest.raises(TableError, match="column “b” has more than 1,000 different values, too many for a category"):
        content.column("b").levels()
    with pytest.raises(TableError, match="mark it as a number"):
        content.column("a").levels()
    assert suggested(content).inputs == ()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "people.csv: the file is empty"),
        ("a,b\n", "people.csv: the table has no row of data; it needs one line for each sample"),
        ("a,b\n1,2\n3\n", "people.csv: line 3 has 1 cells where 2 are expected, as in the first line"),
        ("a,b\n1,2\n3,4,5\n", "people.csv: line 3 has 3 cells where 2 are expected, as in the first line"),
        (",".join("abcdefghij" * 101), "people.csv: line 1 has 1,010 cells; a table may have at most 1,000 columns"),
    ],
)
def test_what_is_wrong_is_one_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(TableError) as caught:
        read_table(write(tmp_path, text))
    assert str(caught.value) == sentence


def test_limits_of_rows_and_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delimited, "MOST_ROWS", 10)
    with pytest.raises(TableError, match="too large: with 2 columns, at most 10 rows can be read"):
        read_table(write(tmp_path, "a,b\n" + "1,2\n" * 11))
    path = tmp_path / "large.csv"
    with path.open("wb") as file:
        file.truncate(200_000_001)
    with pytest.raises(TableError, match=r"large.csv has 200 MB; a table may have at most 200 MB"):
        read_table(str(path))


def test_what_is_no_file_is_one_sentence(tmp_path: Path) -> None:
    for path in (str(tmp_path / "none.csv"), "no\0name.csv"):
        with pytest.raises(TableError, match="is not there, or cannot be reached"):
            read_table(path)
    with pytest.raises(TableError, match="is not a file that holds a table"):
        read_table(str(tmp_path))
    pipe = tmp_path / "pipe.csv"
    os.mkfifo(pipe)
    with pytest.raises(TableError, match="is not a file that holds a table"):
        read_table(str(pipe))


def test_a_file_is_known_by_its_content(tmp_path: Path) -> None:
    path = write(tmp_path, PEOPLE)
    stamp = read_table(path).stamp
    os.utime(path, (1, 1))
    assert matches(path, stamp)
    write(tmp_path, PEOPLE.replace("41", "42"))
    assert not matches(path, stamp)
    assert read_table(path).column("age").as_numbers()[0] == 42


# --- archives of NumPy ------------------------------------------------------------------------------------------------


def archive(folder: Path, **arrays: Any) -> str:
    path = folder / "data.npz"
    np.savez(path, **arrays)
    return str(path)


@pytest.mark.parametrize(("x", "y"), [("X", "y"), ("x", "target"), ("data", "labels")])
def test_an_archive_is_a_table(tmp_path: Path, x: str, y: str) -> None:
    values = np.arange(12, dtype=np.float32).reshape(4, 3)
    content = read_table(archive(tmp_path, **{x: values, y: np.array([[0], [1], [1], [0]])}))
    assert [column.name for column in content.columns] == [f"{x} 1", f"{x} 2", f"{x} 3", y]
    np.testing.assert_array_equal(content.column(f"{x} 2").as_numbers(), values[:, 1])
    assert suggested(content).target == y and y in suggested(content).categorical


def test_targets_may_be_texts(tmp_path: Path) -> None:
    content = read_table(archive(tmp_path, X=np.ones((3, 2, 2)), y=np.array(["b", "a", "b"])))
    assert len(content.columns) == 5
    assert content.column("y").coded(("a", "b")).tolist() == [1, 0, 1]


@pytest.mark.parametrize(
    ("arrays", "sentence"),
    [
        ({"X": np.ones((3, 2))}, "no array of targets: one of y, target, targets, labels, label is needed, it has X"),
        ({"y": np.ones(3)}, "no array of inputs"),
        ({"X": np.ones((3, 2)), "y": np.ones(4)}, r"y has shape \(4,\); for the 3 rows of X it needs one value each"),
        ({"X": np.array([[None]]), "y": np.ones(1)}, "array X is damaged, or of a kind that is never read"),
        ({"X": np.ones((2, 1001)), "y": np.ones(2)}, "1 to 1,000 values"),
        ({"X": np.full((2, 2), np.inf), "y": np.ones(2)}, "infinite"),
        ({"X": np.ones((2, 2), complex), "y": np.ones(2)}, "must hold numbers"),
        ({"X": np.ones((0, 2)), "y": np.ones(0)}, "a table has 1 to"),
    ],
)
def test_what_is_wrong_with_an_archive(tmp_path: Path, arrays: dict[str, Any], sentence: str) -> None:
    with pytest.raises(TableError, match=sentence):
        read_table(archive(tmp_path, **arrays))


def test_a_forged_header_takes_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "forged.npz"
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f8", "fortran_order": False, "shape": (10**9, 1000)})
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("X.npy", header.getvalue())
        made.writestr("y.npy", header.getvalue())
    with pytest.raises(TableError, match="array X is damaged"):
        read_table(str(path))


def test_an_archive_that_points_before_its_start_is_damaged(tmp_path: Path) -> None:
    path = archive(tmp_path, X=np.ones((4, 3)), y=np.array([0, 1, 1, 0]))
    data = bytearray(Path(path).read_bytes())
    data[-4] = 128  # where the list of members begins
    Path(path).write_bytes(bytes(data))
    with pytest.raises(TableError, match="no archive of NumPy arrays"):
        read_table(path)


# --- whatever a file holds --------------------------------------------------------------------------------------------


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_damaged_table_is_a_table_or_one_sentence(tmp_path: Path, data: st.DataObject) -> None:
    good = PEOPLE.encode() * 3
    if data.draw(st.booleans()):
        stream = io.BytesIO()
        np.savez(stream, X=np.ones((4, 3)), y=np.array([0, 1, 1, 0]))
        good = stream.getvalue()
    damaged = bytearray(good)
    for _ in range(data.draw(st.integers(0, 5))):
        place = data.draw(st.integers(0, len(damaged) - 1))
        damaged[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=4))
        damaged = damaged or bytearray(b",")
    damaged = damaged[: data.draw(st.integers(0, len(damaged)))]
    suffix = data.draw(st.sampled_from([".csv", ".tsv", ".npz"]))
    path = write(tmp_path, bytes(damaged), f"damaged{suffix}")
    try:
        content = read_table(path)
        table = opened(content, suggested(content))
    except PlaygroundError as error:
        assert "\n" not in str(error).replace(path, "") and len(str(error)) < 400
        return
    assert table.sample_count <= content.rows
    samples = table.draw(np.random.default_rng(1))
    assert len(samples) == table.sample_count
