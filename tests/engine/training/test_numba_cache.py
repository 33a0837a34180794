from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PROGRAM = """
import json, time
from engine.training.numba_cache import cache_folder, load_kernels
start = time.perf_counter()
loaded = load_kernels()
folder = cache_folder()
print(json.dumps({
    "note": str(loaded.note) if loaded.note else "",
    "works": callable(loaded.kernels.train) and len(loaded.kernels.train.nopython_signatures) == 1,
    "hits": sum(loaded.kernels.train.stats.cache_hits.values()),
    "folder": str(folder),
    "files": len(list(folder.rglob("*.nbc"))) if folder.is_dir() else 0,
}))
"""


def load(home: Path) -> dict[str, Any]:
    """What a new process finds whose caches lie in this folder."""
    environment = {**os.environ, "XDG_CACHE_HOME": str(home), "HOME": str(home), "LOCALAPPDATA": str(home)}
    environment.pop("NUMBA_CACHE_DIR", None)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROGRAM], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A user's folder in which kernels have been compiled once."""
    home = tmp_path_factory.mktemp("home")
    first = load(home)
    assert first["works"] and not first["note"] and first["files"] >= 3
    assert not first["hits"]  # there was nothing yet
    return home


def kept(home: Path) -> Path:
    """Where the kernels lie in it."""
    (folder,) = home.rglob("kernels-*")
    return folder


def test_a_second_start_compiles_nothing(home: Path) -> None:
    again = load(home)
    assert again["works"] and again["hits"] == 1 and not again["note"]


@pytest.mark.parametrize("ending", [pytest.param(".nbi", marks=pytest.mark.long), ".nbc"])
def test_a_damaged_cache_is_made_again(home: Path, ending: str) -> None:
    folder = kept(home)
    for file in folder.rglob(f"*{ending}"):
        file.write_bytes(file.read_bytes()[:100])
    mended = load(home)
    assert mended["works"] and "damaged" in mended["note"]
    assert load(home)["hits"] == 1


def test_a_folder_that_cannot_be_written_to_is_done_without(tmp_path: Path) -> None:
    (tmp_path / "neural-playground").write_text("a file where the folder should be")
    found = load(tmp_path)
    assert found["works"] and "cannot be kept" in found["note"]
    assert found["files"] == 0


def test_kernels_of_another_version_are_cleared_away(home: Path) -> None:
    folder = kept(home)
    old = folder.parent / "kernels-000000000000"
    old.mkdir()
    assert load(home)["folder"] == str(folder)
    assert not old.exists() and folder.exists()
