"""Project files: one `.nnp` is a zip of `document.json`, arrays in safetensors, and their SHA-256. No pickle anywhere.

A file is foreign until it is checked: sizes are bounded before anything is read, names from it only index registries,
and whatever is wrong ends in one clear sentence.
"""

from __future__ import annotations

import contextlib
import errno
import glob
import hashlib
import json
import os
import tempfile
import time
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.document.errors import FileError
from engine.document.graph import Document
from engine.document.serialization import document_from_json, document_to_json, parse_json

SUFFIX = ".nnp"

_MANIFEST, _DOCUMENT, _PROGRESS, _WEIGHTS = "manifest.json", "document.json", "progress.json", "weights.safetensors"
_STATE, _HISTORY = "state.safetensors", "history.safetensors"
_LIMITS: Mapping[str, int] = {
    _MANIFEST: 2**16,
    _DOCUMENT: 2**24,
    _PROGRESS: 2**16,
    _WEIGHTS: 2**30,
    _STATE: 2**32 - 1,
    _HISTORY: 2**20,
}
"""The members a project may have, and the most bytes that are read of each."""
_MOST_UNPACKED = 20
"""Bytes of arrays for each byte of the file. Numbers hardly shrink when somebody packs them: what unpacks to more is a
bomb, and would fill the memory before anything could be checked."""

_STALE_SECONDS = 60.0
_DATE = (1980, 1, 1, 0, 0, 0)  # equal projects make equal files

# Everything that zipfile and zlib are known to raise for bytes that are no zip.
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OverflowError)


@dataclass(frozen=True)
class Project:
    """What a project file holds.

    `weights` are the bytes of a safetensors file, None before any training; `progress` are counts such as
    `{"epoch": 12, "step": 300, "position": 0}`, empty before any training. `state` is what optimizer, schedule and
    stopping rule remember, `history` the curves of the run, both as safetensors; None where they are not kept.
    """

    document: Document
    weights: bytes | None = None
    progress: Mapping[str, int] = field(default_factory=dict)
    state: bytes | None = None
    history: bytes | None = None


def save(path: str | os.PathLike[str], project: Project) -> None:
    """Write a project so that a crash, a full disk or a cut power line leaves the old file or the new one, whole.

    Raises FileError in one sentence; the old file then stays as it was.
    """
    target = Path(os.path.realpath(path))
    members = {_DOCUMENT: _json(document_to_json(project.document))}
    if project.progress:
        members[_PROGRESS] = _json(dict(project.progress))
    for name, kept in ((_WEIGHTS, project.weights), (_STATE, project.state), (_HISTORY, project.history)):
        if kept is not None:
            members[name] = kept
    for name, content in members.items():
        if len(content) > _LIMITS[name]:
            raise FileError("{file} cannot be saved: its {member} is too large", file=target.name, member=name)
    members[_MANIFEST] = _json({"sha256": {name: _digest(content) for name, content in members.items()}})
    try:
        _remove_stale(target)
        _write_atomically(target, members)
    except OSError as error:
        raise FileError(
            "{file} cannot be saved: {reason}", file=str(target), reason=error.strerror or str(error)
        ) from error


def load(path: str | os.PathLike[str]) -> Project:
    """Read a project and check all of it. Raises FileError in one sentence, never another exception."""
    file = Path(path)
    try:
        # A pipe or a device would be waited for, or read without end.
        if file.exists() and not file.is_file():
            raise FileError("{file} is not a file", file=str(file))
        if file.stat().st_size > 2 * sum(_LIMITS.values()):
            raise FileError("{file} is too large for a project", file=str(file))
        with zipfile.ZipFile(file) as archive:
            members = _read_members(archive, file.name, _MOST_UNPACKED * file.stat().st_size)
    except FileError:
        raise
    except (OSError, *_DAMAGE) as error:
        # A zip that points before its own beginning is an invalid seek, for which the disk is not to blame.
        if not isinstance(error, OSError) or error.errno == errno.EINVAL:
            raise FileError("{file} is not a project of this program, or it is damaged", file=file.name) from error
        reason = error.strerror or str(error)
        raise FileError("{file} cannot be read: {reason}", file=str(file), reason=reason) from error
    document = document_from_json(parse_json(members[_DOCUMENT], file.name), file.name)
    progress = _progress(parse_json(members[_PROGRESS], file.name), file.name) if _PROGRESS in members else {}
    return Project(document, members.get(_WEIGHTS), progress, members.get(_STATE), members.get(_HISTORY))


def _json(data: Any) -> bytes:
    # A path of this machine may hold what is no character; JSON can write that down, UTF-8 cannot.
    return json.dumps(data, ensure_ascii=False, allow_nan=False, indent=1).encode("utf-8", "backslashreplace")


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _read_members(archive: zipfile.ZipFile, file: str, most: int) -> dict[str, bytes]:
    """The members by name, each within its limit (arrays: `most` bytes) and with the hash that the manifest says."""
    infos = archive.infolist()
    names = [info.filename for info in infos]
    if _DOCUMENT not in names or _MANIFEST not in names:
        raise FileError("{file} is not a project of this program: it holds no {member}", file=file, member=_DOCUMENT)
    if len(set(names)) < len(names):
        raise FileError("{file} is damaged: it holds one name twice", file=file)
    for info in infos:
        # A newer version may keep more in its files; what it is for is not ours to guess, so it is left alone.
        limit = _LIMITS.get(info.filename, 0)
        limit = min(limit, most) if info.filename.endswith(".safetensors") else limit
        if limit and max(info.file_size, info.compress_size) > limit:
            raise FileError("{file} is damaged: its {member} is too large", file=file, member=info.filename)
    members = {info.filename: _read_member(archive, info, file) for info in infos if info.filename in _LIMITS}
    manifest = parse_json(members.pop(_MANIFEST), file)
    hashes = manifest.get("sha256") if isinstance(manifest, dict) else None
    for name, content in members.items():
        if not isinstance(hashes, dict) or hashes.get(name) != _digest(content):
            raise FileError("{file} is damaged: its {member} is not what was saved", file=file, member=name)
    assert isinstance(hashes, dict)
    missing = sorted(name for name in hashes if name in _LIMITS and name not in members)
    if missing:
        raise FileError("{file} is damaged: its {member} is missing", file=file, member=missing[0])
    return members


def _read_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, file: str) -> bytes:
    """One member; unpacks one byte more at most than the size that the zip claims, which is within its limit."""
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or info.flag_bits & 1:
        raise FileError("{file} is damaged: its {member} is packed in an unknown way", file=file, member=info.filename)
    with archive.open(info) as stream:
        return stream.read(info.file_size + 1)


def _progress(data: Any, file: str) -> dict[str, int]:
    if isinstance(data, dict) and all(type(value) is int and 0 <= value < 2**63 for value in data.values()):
        return data
    raise FileError("{file} is damaged: its progress must be counts by name", file=file)


def _write_atomically(target: Path, members: Mapping[str, bytes]) -> None:
    handle, temporary = tempfile.mkstemp(suffix=".tmp", prefix=_prefix(target), dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
                for name, content in members.items():
                    archive.writestr(zipfile.ZipInfo(name, _DATE), content)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(temporary, _mode(target))
        os.replace(temporary, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    if os.name == "posix":  # elsewhere a folder cannot be opened, and need not be
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _mode(target: Path) -> int:
    """The permissions of the file that is replaced, else those of any new file: mkstemp's are for the owner alone."""
    with contextlib.suppress(FileNotFoundError):
        return target.stat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def _prefix(target: Path) -> str:
    return f".{target.name}."


def _remove_stale(target: Path) -> None:
    """Remove what a save that was killed left behind. A fresh one may belong to a save that still runs."""
    for left in target.parent.glob(f"{glob.escape(_prefix(target))}*.tmp"):
        with contextlib.suppress(OSError):
            if time.time() - left.stat().st_mtime > _STALE_SECONDS:
                left.unlink()
