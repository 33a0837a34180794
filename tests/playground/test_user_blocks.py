"""The folder of the user's own blocks: damaged files are passed over, what goes wrong is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.document.errors import FileError, InvalidValueError
from playground.user_blocks import UserBlocks


def test_blocks_are_kept_renamed_and_forgotten(tmp_path: Path) -> None:
    blocks = UserBlocks(tmp_path / "new" / "blocks")
    assert blocks.names() == [] and blocks.free_name() == "block 1"
    blocks.save("  my   stem ", "{}")
    blocks.save("block 1", "[]")
    assert blocks.names() == ["block 1", "my stem"] and blocks.free_name() == "block 2"
    assert blocks.text("my stem") == "{}"
    blocks.rename("my stem", "stem")
    assert UserBlocks(tmp_path / "new" / "blocks").names() == ["block 1", "stem"]
    with pytest.raises(InvalidValueError, match="already"):
        blocks.rename("stem", "block 1")
    blocks.delete("stem")
    with pytest.raises(FileError, match="no block"):
        blocks.text("stem")


@pytest.mark.parametrize("name", ["", "   ", "x" * 61, "a\x00b"])
def test_names_that_are_none_are_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidValueError, match="1 to 60"):
        UserBlocks(tmp_path).save(name, "{}")


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"name": 3, "cards": "x"}', b"\xff\xfe", b"[" * 100_000])
def test_files_that_are_no_blocks_are_passed_over(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "bad.block.json").write_bytes(content)
    blocks = UserBlocks(tmp_path)
    blocks.save("good", "{}")
    assert blocks.names() == ["good"]


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(FileError, match="could not be kept"):
        UserBlocks(tmp_path / "file" / "blocks").save("x", "{}")
