"""Where files of data lie: the user's folder for caches, and the data folder in it or wherever the user wants it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

DATA_VARIABLE = "PLAYGROUND_DATA"
"""The environment variable that names another data folder."""


def cache_folder() -> Path:
    """The program's part of the user's folder for caches. It need not be there yet."""
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or str(Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = str(Path.home() / "Library" / "Caches")
    else:
        base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "neural-playground"


def data_folder() -> Path:
    """Where published data are looked for and downloaded to; a folder in it for each. It need not be there yet."""
    chosen = os.environ.get(DATA_VARIABLE)
    return Path(chosen) if chosen else cache_folder() / "data"
