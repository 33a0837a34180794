"""The C header, compiled by the system's compiler, gives what the program's own run gives."""

from __future__ import annotations

import ctypes
import dataclasses
import itertools
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.catalog.activations import Sigmoid, Softmax, Tanh
from engine.catalog.layers.convolution import Conv2d
from engine.catalog.layers.dense import Dense
from engine.catalog.layers.embedding import Embedding
from engine.catalog.layers.normalization import BatchNorm, LayerNorm
from engine.catalog.layers.reshaping import Flatten, Reshape
from engine.catalog.layers.scaling import Scale
from engine.catalog.registry import entry
from engine.document.errors import PlaygroundError
from engine.document.graph import Document
from engine.export.c_header import c_header, prefix_of
from engine.export.format import Subject
from engine.export.formats.c_header import CHeader
from engine.export.operations import Answer, operations
from engine.export.proof import answers as own_answers
from engine.export.proof import sample_inputs
from engine.plan.resolve import resolve
from tests.engine.export.everything import (
    BOUND,
    Gallery,
    activations,
    answers,
    difference,
    given,
    subject_of,
    values_of,
)
from tests.engine.export.grown import some_network
from tests.engine.training.networks import chain

needs_compiler = pytest.mark.skipif(
    next(filter(None, map(shutil.which, ("cc", "gcc", "clang"))), None) is None, reason="there is no C compiler"
)
STRICT = ["-std=c99", "-pedantic", "-Wall", "-Wextra", "-Werror"]


def joined() -> Document:
    """A skip link, a gate and a concatenation."""
    document = chain(Dense(4, Tanh()), Dense(4, Tanh()))
    for layer, first, second in (("Add", "dense_1", "dense_2"), ("Multiply", "add_1", "dense_1")):
        document = document.add(entry("layers", layer)(), 0.0, 0.0)
        name = document.nodes[-1].id
        document = document.connect(first, name, 0).connect(second, name, 1)
    document = document.add(entry("layers", "Concatenate")(), 0.0, 0.0).add(Dense(1, Tanh()), 0.0, 0.0)
    document = document.connect("multiply_1", "concatenate_1", 0).connect("dense_2", "concatenate_1", 1)
    return document.connect("concatenate_1", "dense_3")


def headers(folder: Path) -> dict[str, tuple[Gallery | Subject, str]]:
    """A header for each activation card of one network, and for two networks of other flat cards."""
    found: dict[str, tuple[Gallery | Subject, str]] = {}
    gallery = activations()
    for cards in gallery.cards.values():
        for card in cards:
            answer = Answer(card, card, (None, 4))
            part = dataclasses.replace(gallery.operations, outputs=(answer,))
            (folder / f"{card}.h").write_text(c_header(part, gallery.subject.plan, "a test", card), encoding="utf-8")
            found[card] = gallery, card
    norms = [Dense(4, Tanh()), BatchNorm(), LayerNorm(), Scale(), Scale(factor=0.5, fixed=True), Dense(3, Softmax())]
    for name, document in {"norms": chain(*norms, Dense(1)), "joined": joined()}.items():
        subject = subject_of(document)
        assert CHeader().refusal(subject.plan) is None and subject.plan.output is not None
        source = c_header(operations(subject), subject.plan, "a test", name)
        (folder / f"{name}.h").write_text(source, encoding="utf-8")
        found[name] = subject, subject.plan.output
    return found


def compiled(names: Iterable[str], folder: Path) -> ctypes.CDLL:
    """One library of all headers of the folder, in which run_<name> computes the answer of each."""
    lines = [
        f'#include "{name}.h"\nvoid run_{name}(const float *x, float *y) {{ {name}_predict(x, y); }}\n'
        for name in names
    ]
    (folder / "all.c").write_text("".join(lines), encoding="utf-8")
    command = ["cc", *STRICT, "-shared", "-fPIC", str(folder / "all.c"), "-o", str(folder / "all.so"), "-lm"]
    subprocess.run(command, check=True, timeout=600)
    return ctypes.CDLL(str(folder / "all.so"))


def answered(library: ctypes.CDLL, name: str, inputs: Any, wanted: Any) -> Any:
    """What one of its networks answers, in an array like the one that is wanted."""
    found, pointer = np.full(wanted.shape, np.nan, np.float32), ctypes.POINTER(ctypes.c_float)
    for sample, answer in zip(inputs, found, strict=True):
        getattr(library, f"run_{name}")(sample.ctypes.data_as(pointer), answer.ctypes.data_as(pointer))
    return found


@needs_compiler
def test_every_activation_and_what_works_on_flat_numbers(tmp_path: Path) -> None:
    found = headers(tmp_path)
    library = compiled(found, tmp_path)
    for name, (of, card) in found.items():
        subject = of.subject if isinstance(of, Gallery) else of
        values = of.values if isinstance(of, Gallery) else values_of(subject, 5)
        wanted = of.wanted[card] if isinstance(of, Gallery) else answers(subject, values, card)[card]
        inputs = given(subject, values)[0]
        assert difference(answered(library, name, inputs, wanted), wanted) <= BOUND, subject.plan.nodes[card].layer


@needs_compiler
@pytest.mark.long
@pytest.mark.timeout(1800)
def test_many_random_networks(tmp_path: Path) -> None:
    found: dict[str, tuple[Any, Any]] = {}
    for seed in itertools.count():
        document = some_network(seed)
        if document is None or CHeader().refusal(resolve(document)) is not None:
            continue
        name = f"net_{seed}"
        try:
            subject = subject_of(document, seed)
            (inputs,) = sample_inputs(subject.plan, 5).values()
            wanted = own_answers(subject, [inputs])
            content = CHeader().files(subject, f"{name}.h")[f"{name}.h"]
        except PlaygroundError:  # what is not flat within a Block; an Embedding to which no whole numbers come
            continue
        if not np.isfinite(wanted).all():
            continue
        (tmp_path / f"{name}.h").write_bytes(content)
        found[name] = inputs, wanted
        if len(found) == 200:
            break
    library = compiled(found, tmp_path)
    away = {name: difference(answered(library, name, *each), each[1]) for name, each in found.items()}
    assert max(away.values()) <= BOUND, {name: each for name, each in away.items() if each > BOUND}


@needs_compiler
def test_the_reader_compiles_the_header_by_itself(tmp_path: Path) -> None:
    subject = subject_of(chain(Dense(4, Tanh()), Dense(1, Tanh())))
    files = CHeader().files(subject, "my net.h")
    assert list(files) == ["my net.h"] and CHeader().preview(files).startswith("/* a test, exported")
    values = values_of(subject, 9)
    reader = CHeader().reader(subject)
    for name, content in {**files, "reader.py": reader.source.encode()}.items():
        (tmp_path / name).write_bytes(content)
    np.save(tmp_path / "inputs.npy", given(subject, values)[0])
    command = [sys.executable, "-I", "reader.py", "my net.h", "inputs.npy", "outputs.npy"]
    subprocess.run(command, cwd=tmp_path, check=True, timeout=120)
    assert difference(np.load(tmp_path / "outputs.npy"), answers(subject, values, "dense_2")["dense_2"]) <= BOUND
    nowhere = subprocess.run(
        command, cwd=tmp_path, env={"PATH": str(tmp_path)}, capture_output=True, text=True, timeout=120, check=False
    )
    assert nowhere.returncode == 3 and "no C compiler" in nowhere.stderr


def test_what_is_not_flat_is_refused_in_words() -> None:
    image = chain(Dense(16), Reshape("image", channels=1, height=4, width=4), Conv2d(2), Flatten(), Dense(1))
    assert "gives" in str(CHeader().refusal(resolve(image)))
    embedding = chain(Dense(4, Sigmoid()), Embedding(), Flatten(), Dense(1))
    for document in (image, embedding):
        with pytest.raises(PlaygroundError, match="NumPy code instead"):
            CHeader().files(subject_of(document), "net.h")


def test_names_become_names_of_c() -> None:
    assert prefix_of("net-1.h") == "net_1" and prefix_of("7.h") == "network_7" and prefix_of(".h") == "network"
