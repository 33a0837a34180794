"""Exports as their readers read them: many in one process that knows nothing of this program, or one in this one."""

from __future__ import annotations

import contextlib
import os
import runpy
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from engine.document.errors import PlaygroundError, Sentence
from engine.export.format import Format, Subject

_READER, _OUTPUTS = "reader.py", "outputs.npy"
_ELSEWHERE = f"""
import os, pathlib, runpy, sys, traceback
for line in open("folders.txt", encoding="utf-8"):
    folder, *arguments = line.rstrip("\\n").split("\\t")
    os.chdir(folder)
    sys.argv = ["{_READER}", *arguments]
    try:
        runpy.run_path("{_READER}", run_name="__main__")
    except BaseException:
        pathlib.Path("trouble.txt").write_text(traceback.format_exc())
known = {{"engine", "playground", "widgets", "tests"}} & set(sys.modules)
assert not known, known
"""


@dataclass(frozen=True)
class Placed:
    """A folder with an export, its reader and the samples; `arguments` are those of the reader."""

    folder: Path
    arguments: tuple[str, ...]


def placed(subject: Subject, form: Format, inputs: Mapping[str, Any], folder: Path) -> Placed | Sentence:
    """Write an export, its reader and what the Input cards pass on; why it is refused, where it is."""
    refusal = form.refusal(subject.plan)
    if refusal is not None:
        return refusal
    try:
        files, reader = form.files(subject, f"net{form.suffix}"), form.reader(subject)
    except PlaygroundError as error:
        return error.sentence
    assert reader is not None
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in {**files, **reader.beside, _READER: reader.source.encode()}.items():
        (folder / name).write_bytes(content)
    if len(inputs) == 1:
        given = "inputs.npy"
        np.save(folder / given, next(iter(inputs.values())))
    else:
        given = "inputs.npz"
        np.savez(folder / given, **inputs)
    return Placed(folder, (next(iter(files)), given, _OUTPUTS))


def read_elsewhere(exports: Sequence[Placed], folder: Path) -> None:
    """Let one isolated process run all readers, one after the other; each leaves answers or its trouble."""
    lines = ["\t".join([str(each.folder), *each.arguments]) for each in exports]
    (folder / "folders.txt").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    around = {**os.environ, "KERAS_HOME": str(folder), "KERAS_BACKEND": "torch"}
    command = [sys.executable, "-I", "-c", _ELSEWHERE]
    done = subprocess.run(command, cwd=folder, env=around, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stderr


def read_here(export: Placed) -> Any:
    """What the reader answers, run in this process as its program."""
    with _at(export.folder, [_READER, *export.arguments]):
        runpy.run_path(_READER, run_name="__main__")
    return found(export)


def found(export: Placed) -> Any:
    """The answers that a reader has left. Fails with what went wrong if it has left none."""
    trouble = export.folder / "trouble.txt"
    assert not trouble.exists(), trouble.read_text()
    return np.load(export.folder / _OUTPUTS, allow_pickle=False)


@contextlib.contextmanager
def _at(folder: Path, arguments: list[str]) -> Iterator[None]:
    """In a folder, with the arguments of a program."""
    before, arguments_before = Path.cwd(), sys.argv
    os.chdir(folder)
    sys.argv = arguments
    try:
        yield
    finally:
        os.chdir(before)
        sys.argv = arguments_before
