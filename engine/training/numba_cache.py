"""Where compiled kernels are kept: a folder of the user's, made again when it is damaged, done without when it must be.

Numba reads a kernel that was torn by a full disk or a killed process as a damaged pickle, on every start again. And it
looks for changes in the kernels' own file only: here the folder's name depends on all they are made from.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.metadata
import os
import shutil
import sys
import tempfile
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from engine.document.errors import Sentence
from engine.images import places

_KERNELS = "engine.training.kernels"
"""The module whose functions are compiled when it is imported."""
_SOURCES = (
    "kernels",
    "interpreter",
    "dense_kernels",
    "lane_kernels",
    "vector_functions",
    "vectors",
    "instructions",
    "programs",
)
"""What they are made from."""


class Loaded(NamedTuple):
    """The kernels, and what there is to say about their cache (None: nothing)."""

    kernels: ModuleType
    note: Sentence | None


def cache_folder() -> Path:
    """A folder for this version of the kernels, in `NUMBA_CACHE_DIR` or else in the user's folder for caches."""
    chosen = os.environ.get("NUMBA_CACHE_DIR")
    base = Path(chosen) / "neural-playground" if chosen else places.cache_folder()
    digest = hashlib.sha256(importlib.metadata.version("numba").encode())
    for name in _SOURCES:
        digest.update((Path(__file__).parent / f"{name}.py").read_bytes())
    return base / f"kernels-{digest.hexdigest()[:12]}"


@cache
def load_kernels() -> Loaded:
    """Import the kernels from their cache, or compile them into it, which takes about half a minute."""
    folder = cache_folder()
    if not _writable(folder):
        return Loaded(_without_cache(), _unwritable(folder))
    for old in folder.parent.glob("kernels-*"):
        if old != folder:
            shutil.rmtree(old, ignore_errors=True)
    try:
        return Loaded(_imported(folder), None)
    except Exception:  # whatever is wrong with what lies there, compiling it again mends it
        shutil.rmtree(folder, ignore_errors=True)
    if not _writable(folder):
        return Loaded(_without_cache(), _unwritable(folder))
    note = Sentence("The compiled kernels in {folder} were damaged, and have been made again", {"folder": str(folder)})
    return Loaded(_imported(folder), note)


def _unwritable(folder: Path) -> Sentence:
    return Sentence(
        "Compiled kernels cannot be kept in {folder}, so they are made again at each start; make it writable",
        {"folder": str(folder)},
    )


def _writable(folder: Path) -> bool:
    """Make the folder, for the user alone, and try to write to it."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def _without_cache() -> ModuleType:
    """The kernels, compiled into a folder that is removed at once."""
    with tempfile.TemporaryDirectory() as folder:
        return _imported(Path(folder))


def _imported(folder: Path) -> ModuleType:
    config: Any = importlib.import_module("numba.core.config")
    config.CACHE_DIR = str(folder)
    sys.modules.pop(_KERNELS, None)  # of an attempt that failed half-way
    return importlib.import_module(_KERNELS)
