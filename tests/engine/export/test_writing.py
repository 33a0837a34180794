"""Exported files appear all together, whole, or not at all."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from engine.document.errors import FileError
from engine.export.writing import write

FILES = {"a.onnx": b"new a", "a.onnx.proof.json": b"new b", "c.txt": b"new c"}


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_files_are_written_in_order(tmp_path: Path) -> None:
    (tmp_path / "a.onnx").write_bytes(b"old")
    assert write(FILES, tmp_path) == tuple(tmp_path / name for name in FILES)
    assert content(tmp_path) == FILES


def test_new_files_have_ordinary_permissions(tmp_path: Path) -> None:
    (tmp_path / "plain").write_bytes(b"")
    (tmp_path / "c.txt").write_bytes(b"")
    (tmp_path / "c.txt").chmod(0o600)
    write(FILES, tmp_path)
    assert (tmp_path / "a.onnx").stat().st_mode == (tmp_path / "plain").stat().st_mode
    assert (tmp_path / "c.txt").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("function", ["fsync", "replace"])
@pytest.mark.parametrize("call", [1, 2, 3])
def test_a_full_disk_leaves_what_was_there(
    function: str, call: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = {"a.onnx": b"old a", "c.txt": b"old c"}
    for name, each in old.items():
        (tmp_path / name).write_bytes(each)
    real, calls = getattr(os, function), []

    def fails(*arguments: Any) -> Any:
        calls.append(arguments)
        if len(calls) == call:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(*arguments)

    monkeypatch.setattr(os, function, fails)
    with pytest.raises(FileError, match="cannot be written: No space left on device"):
        write(FILES, tmp_path)
    assert content(tmp_path) == old


def test_disks_without_links_do_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*arguments: Any) -> None:
        raise OSError(errno.EPERM, "not here")

    monkeypatch.setattr(os, "link", none)
    test_a_full_disk_leaves_what_was_there("replace", 3, tmp_path, monkeypatch)


@pytest.mark.parametrize("name", ["../a", "b/c", "", ".."])
def test_names_stay_in_the_folder(name: str, tmp_path: Path) -> None:
    with pytest.raises(FileError, match="not the name of a file"):
        write({name: b""}, tmp_path)
    assert not content(tmp_path)


def test_a_folder_in_the_way_or_none_at_all_is_said(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="cannot be written: No such file or directory"):
        write(FILES, tmp_path / "nowhere")
    (tmp_path / "c.txt").mkdir()
    with pytest.raises(FileError, match="is a folder"):
        write(FILES, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["c.txt"]
