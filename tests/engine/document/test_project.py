"""Project files: whole or refused, and the old one intact whatever goes wrong while saving."""

from __future__ import annotations

import dataclasses
import errno
import json
import os
import stat
import subprocess
import sys
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.catalog.registry import to_json
from engine.document.errors import FileError
from engine.document.examples import load_example
from engine.document.project import Project, load, save
from engine.document.serialization import VERSION
from engine.plan.resolve import resolve

DATA = Path(__file__).resolve().parents[2] / "data"
PROGRESS = {"epoch": 12, "step": 300, "position": 20}
OLD = Project(load_example("skip").document, b"weights \x00 bytes" * 50, PROGRESS)
PROJECT = Project(OLD.document, OLD.weights, PROGRESS, b"state \x01 bytes" * 50, b"history \x02 bytes" * 9)
OTHER = Project(load_example("xor").document)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "mine.nnp"
    save(path, PROJECT)
    return path


def members(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def write(path: Path, content: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> None:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, part in content.items():
            archive.writestr(name, part)


def test_a_project_comes_back_as_it_was(tmp_path: Path, file: Path) -> None:
    assert load(file) == PROJECT
    save(file, OTHER)
    assert load(file) == OTHER
    assert load(str(file)).weights is None
    assert os.listdir(tmp_path) == ["mine.nnp"]


def test_the_file_is_a_plain_zip_with_a_hash_of_every_member(file: Path) -> None:
    with zipfile.ZipFile(file) as archive:
        assert {info.compress_type for info in archive.infolist()} == {zipfile.ZIP_STORED}
    found = members(file)
    arrays = {"weights.safetensors", "state.safetensors", "history.safetensors"}
    assert set(found) == {"manifest.json", "document.json", "progress.json", *arrays}
    assert set(json.loads(found["manifest.json"])["sha256"]) == set(found) - {"manifest.json"}
    assert json.loads(found["document.json"])["version"] == VERSION


def test_equal_projects_make_equal_files(tmp_path: Path, file: Path) -> None:
    save(tmp_path / "again.nnp", PROJECT)
    assert (tmp_path / "again.nnp").read_bytes() == file.read_bytes()


def test_files_of_version_1_are_read_for_ever() -> None:
    project = load(DATA / "version_1.nnp")
    document = project.document
    assert dataclasses.replace(project, document=OLD.document) == OLD
    assert [node.id for node in document.nodes] == [
        *("input_1", "input_2", "dense_1", "dense_2", "add_1", "dense_3", "concatenate_1", "dense_4")
    ]
    assert len(document.networks[0].edges) == 8
    assert (document.seed, document.data.seed, document.data.train_share) == (1, 1, 0.5)
    assert (document.training.epochs, document.training.batch_size) == (500, 25)
    assert to_json(document.training.optimizer)["learning_rate"] == 0.02
    assert to_json(document.data.dataset) == {"type": "spiral", "samples": 500, "noise": 0.0}
    assert resolve(document).ready


def test_a_file_packed_again_by_hand_is_read(file: Path) -> None:
    write(file, members(file), zipfile.ZIP_DEFLATED)
    assert load(file) == PROJECT


# --- damaged, hostile, newer -----------------------------------------------------------------------------------------


def with_document(edit: Callable[[dict[str, Any]], Any]) -> Callable[[dict[str, bytes]], Any]:
    """Change document.json and make its hash fit again: what a newer or a hostile program would write."""

    def change(found: dict[str, bytes]) -> None:
        import hashlib

        data = json.loads(found["document.json"])
        edit(data)
        found["document.json"] = json.dumps(data).encode()
        manifest = json.loads(found["manifest.json"])
        manifest["sha256"]["document.json"] = hashlib.sha256(found["document.json"]).hexdigest()
        found["manifest.json"] = json.dumps(manifest).encode()

    return change


REFUSED: list[tuple[str, Callable[[dict[str, bytes]], Any]]] = [
    (
        r"mine\.nnp was made by a newer version \(3\); this one reads up to 2",
        with_document(lambda d: d.update(version=3)),
    ),
    ("no 'swash' among", with_document(lambda d: d["training"].update(optimizer={"type": "swash"}))),
    ("weights.safetensors is not what was saved", lambda m: m.update({"weights.safetensors": b"other"})),
    ("document.json is not what was saved", lambda m: m.update({"document.json": m["document.json"] + b" "})),
    ("state.safetensors is missing", lambda m: m.pop("state.safetensors")),
    ("history.safetensors is not what was saved", lambda m: m.update({"history.safetensors": b"other"})),
    ("weights.safetensors is missing", lambda m: m.pop("weights.safetensors")),
    ("holds no document.json", lambda m: m.pop("document.json")),
    ("holds no document.json", lambda m: m.clear()),
    ("holds no", lambda m: m.pop("manifest.json")),
    ("not what was saved", lambda m: m.update({"manifest.json": b"[]"})),
    ("not what was saved", lambda m: m.update({"manifest.json": b'{"sha256": []}'})),
    ("not JSON", lambda m: m.update({"manifest.json": b"\xff"})),
    ("manifest.json is too large", lambda m: m.update({"manifest.json": b" " * 2**17})),
    ("document.json is too large", lambda m: m.update({"document.json": b" " * (2**24 + 1)})),
]


@pytest.mark.parametrize(("sentence", "change"), REFUSED, ids=[sentence for sentence, _ in REFUSED])
@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_what_is_wrong_is_said_in_one_sentence(
    file: Path, sentence: str, change: Callable[[dict[str, bytes]], Any], compression: int
) -> None:
    content = members(file)
    change(content)
    write(file, content, compression)
    with pytest.raises(FileError, match=sentence):
        load(file)


def test_a_zip_that_lies_about_a_size_is_not_unpacked(file: Path) -> None:
    """A bomb: 17 MiB of blanks behind a header that promises a thousand bytes."""
    content = members(file)
    content["document.json"] = b" " * (2**24 + 2**20)
    write(file, content, zipfile.ZIP_DEFLATED)
    raw = file.read_bytes()
    size = len(content["document.json"]).to_bytes(4, "little")
    assert raw.count(size) >= 2
    file.write_bytes(raw.replace(size, (1000).to_bytes(4, "little")))
    with pytest.raises(FileError):
        load(file)


@pytest.mark.parametrize("member", ["weights.safetensors", "state.safetensors"])
def test_a_small_file_cannot_fill_the_memory(file: Path, member: str) -> None:
    write(file, members(file) | {member: bytes(2**22)}, zipfile.ZIP_DEFLATED)
    assert file.stat().st_size < 2**15
    tracemalloc.start()
    with pytest.raises(FileError, match="too large"):
        load(file)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 2**22


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_one_name_twice_is_refused(file: Path) -> None:
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr("document.json", b"{}")
    with pytest.raises(FileError, match="one name twice"):
        load(file)


def test_unknown_members_are_left_alone(file: Path) -> None:
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr("../../escape.txt", b"x")
        archive.writestr("notes.txt", b"x")
    assert load(file) == PROJECT
    assert not (file.parent.parent / "escape.txt").exists()


def test_other_packings_are_refused(file: Path) -> None:
    write(file, members(file), zipfile.ZIP_BZIP2)
    with pytest.raises(FileError, match="unknown way"):
        load(file)


def test_progress_holds_counts_only(tmp_path: Path) -> None:
    path = tmp_path / "bad.nnp"
    save(path, Project(OTHER.document, None, {"epoch": -1}))
    with pytest.raises(FileError, match="counts by name"):
        load(path)


def test_places_that_hold_no_file_are_said(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="No such file"):
        load(tmp_path / "nothing.nnp")
    with pytest.raises(FileError, match="is not a file"):
        load(tmp_path)
    with pytest.raises(FileError, match="not a project"):
        load("mine\0.nnp")
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.nnp")
        with pytest.raises(FileError, match="is not a file"):
            load(tmp_path / "pipe.nnp")


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_mutated_bytes_give_the_project_or_a_sentence(tmp_path: Path, data: st.DataObject) -> None:
    path = tmp_path / "mutated.nnp"
    save(path, PROJECT)
    content = bytearray(path.read_bytes())
    match data.draw(st.sampled_from(["flip", "flip", "cut", "insert", "overwrite"])):
        case "flip":
            for place in data.draw(st.lists(st.integers(0, len(content) - 1), min_size=1, max_size=8)):
                content[place] ^= 1 << data.draw(st.integers(0, 7))
        case "cut":
            del content[data.draw(st.integers(0, len(content) - 1)) :]
        case "insert":
            place = data.draw(st.integers(0, len(content)))
            content[place:place] = data.draw(st.binary(min_size=1, max_size=40))
        case "overwrite":
            place = data.draw(st.integers(0, len(content) - 1))
            content[place : place + 16] = data.draw(st.binary(min_size=1, max_size=16))
    path.write_bytes(content)
    try:
        found = load(path)
    except FileError as error:
        assert "\n" not in str(error)
    else:
        assert found.document == PROJECT.document, "what was changed must be noticed or harmless"
        assert found.weights in (PROJECT.weights, None)


# --- saving goes wrong -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", ["fsync", "replace", "chmod"])
def test_a_full_disk_leaves_the_old_file(file: Path, step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, step, fail)
        with pytest.raises(FileError, match="cannot be saved: No space left on device"):
            save(file, OTHER)
    assert load(file) == PROJECT
    assert os.listdir(file.parent) == ["mine.nnp"]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits the size of a file as Linux does")
@pytest.mark.parametrize("limit", [0, 1, 500, 1500])
def test_a_write_that_fails_midway_leaves_the_old_file(file: Path, limit: int) -> None:
    """The real thing: the kernel refuses to let the new file grow beyond so many bytes."""
    script = (
        "import resource, signal, sys\n"
        "from engine.document.project import Project, save\n"
        "from engine.document.examples import load_example\n"
        "from engine.document.errors import FileError\n"
        "project = Project(load_example('xor').document)\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))\n"
        "try:\n"
        f"    save({str(file)!r}, project)\n"
        "except FileError as error:\n"
        "    print(error)\n"
    )
    root = Path(__file__).resolve().parents[3]
    result = subprocess.run(
        [sys.executable, "-c", script], cwd=root, capture_output=True, text=True, timeout=60, check=True
    )
    assert "cannot be saved: File too large" in result.stdout
    assert load(file) == PROJECT
    assert os.listdir(file.parent) == ["mine.nnp"]


def test_a_folder_that_is_missing_is_said(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"cannot be saved: No such file or directory"):
        save(tmp_path / "no" / "mine.nnp", PROJECT)


def test_what_a_killed_save_left_is_removed_once_it_is_old(file: Path) -> None:
    old, fresh, foreign = (file.parent / name for name in (".mine.nnp.a1.tmp", ".mine.nnp.b2.tmp", ".other.nnp.a.tmp"))
    for path in (old, fresh, foreign):
        path.write_bytes(b"x")
    for path in (old, foreign):
        os.utime(path, (1, 1))
    save(file, OTHER)
    assert (old.exists(), fresh.exists(), foreign.exists()) == (False, True, True)


def test_names_with_wildcards_are_only_names(tmp_path: Path) -> None:
    foreign = tmp_path / ".b.nnp.x.tmp"
    foreign.write_bytes(b"x")
    os.utime(foreign, (1, 1))
    save(tmp_path / "*.nnp", OTHER)
    save(tmp_path / "[b].nnp", OTHER)
    assert foreign.exists()
    assert load(tmp_path / "[b].nnp") == OTHER


@pytest.mark.skipif(os.name != "posix", reason="permissions and links as POSIX has them")
def test_permissions_and_links_are_kept(file: Path) -> None:
    os.chmod(file, 0o640)
    link = file.parent / "link.nnp"
    link.symlink_to(file)
    save(link, OTHER)
    assert link.is_symlink()
    assert load(file) == OTHER
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    mask = os.umask(0o022)
    try:
        save(file.parent / "new.nnp", OTHER)
    finally:
        os.umask(mask)
    assert stat.S_IMODE((file.parent / "new.nnp").stat().st_mode) == 0o644
