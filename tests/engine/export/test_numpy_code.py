"""The NumPy file as its reader runs it, and as somebody reads it; random networks of all kinds."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, reject, settings
from hypothesis import strategies as st

from engine.catalog.activations import Gelu, Sigmoid, Softmax, Tanh
from engine.catalog.layers.convolution import Conv2d
from engine.catalog.layers.dense import Dense
from engine.catalog.layers.normalization import BatchNorm
from engine.catalog.layers.reshaping import Flatten, Reshape
from engine.document.errors import PlaygroundError
from engine.export import numpy_operators
from engine.export.formats.numpy_code import NumpyCode
from engine.export.numpy_code import numpy_files
from tests.engine.export import everything
from tests.engine.export.evaluated import predicted
from tests.engine.export.everything import BOUND, answers, difference, subject_of, values_of
from tests.engine.export.grown import some_network
from tests.engine.training.networks import chain

IMAGE = chain(Dense(32), Reshape("image", channels=2, height=4, width=4), Conv2d(3), BatchNorm(), Flatten(), Dense(1))


def test_the_file_is_fit_to_be_read() -> None:
    subject = subject_of(chain(Dense(4, Tanh()), Dense(3, Softmax()), Dense(1, Sigmoid())))
    files = NumpyCode().files(subject, "circle.py")
    assert list(files) == ["circle.py", "circle.npz"]
    source = NumpyCode().preview(files)
    assert source.endswith(
        "def predict(input_1):\n"
        '    """The answers, (samples, 1), for samples (samples, 2), float32."""\n'
        "    # dense_1: Dense, (samples, 4)\n"
        '    dense_1 = np.tanh(input_1 @ weights["dense_1.weight"].T + weights["dense_1.bias"])\n'
        "    # dense_2: Dense, (samples, 3)\n"
        '    dense_2 = softmax(dense_1 @ weights["dense_2.weight"].T + weights["dense_2.bias"], 1)\n'
        "    # dense_3: Dense, (samples, 1)\n"
        '    dense_3 = sigmoid(dense_2 @ weights["dense_3.weight"].T + weights["dense_3.bias"])\n'
        "    return dense_3\n"
    )
    assert "def softmax" in source and "def sigmoid" in source and "def convolve" not in source
    assert "import math" not in source and "torch" not in source
    assert "import math" in NumpyCode().preview(
        NumpyCode().files(subject_of(chain(Dense(3, Gelu()), Dense(1))), "a.py")
    )


def test_the_reader_needs_numpy_alone(tmp_path: Path) -> None:
    subject = subject_of(IMAGE)
    files = NumpyCode().files(subject, "image.py")
    assert all(len(line) <= 100 for line in files["image.py"].decode().splitlines())
    reader = NumpyCode().reader(subject)
    assert reader.packages == ("numpy",)
    for name, content in {**files, "reader.py": reader.source.encode()}.items():
        (tmp_path / name).write_bytes(content)
    values = values_of(subject, 9)
    np.save(tmp_path / "inputs.npy", everything.given(subject, values)[0])
    command = [sys.executable, "-I", "-W", "error", "reader.py", "image.py", "inputs.npy", "outputs.npy"]
    subprocess.run(command, cwd=tmp_path, check=True, timeout=120)
    output = subject.plan.output
    assert output is not None
    assert difference(np.load(tmp_path / "outputs.npy"), answers(subject, values, output)[output]) <= BOUND


def test_an_operator_that_numpy_has_no_words_for_is_refused_with_its_card(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(numpy_operators.OPERATORS, "convolution")
    with pytest.raises(PlaygroundError, match="conv2d_1 computes convolution"):
        numpy_files(subject_of(IMAGE), "image.py")


def check_some_network(seed: int, folder: Path) -> None:
    document = some_network(seed)
    assume(document is not None)
    assert document is not None
    try:
        subject = subject_of(document, seed)
        values = values_of(subject, 4)
        output = subject.plan.output
        assert output is not None
        wanted = answers(subject, values, output)[output]
    except PlaygroundError:  # an Embedding, say, to which no whole numbers come
        reject()
    assume(np.isfinite(wanted).all())
    for name, content in numpy_files(subject, "net.py").items():
        (folder / name).write_bytes(content)
    with np.errstate(all="ignore"):
        found, _ = predicted(folder / "net.py", everything.given(subject, values))
    assert difference(found[0] if isinstance(found, tuple) else found, wanted) <= BOUND


@settings(max_examples=4)
@given(st.integers(0, 2**32))
def test_some_random_networks(tmp_path_factory: pytest.TempPathFactory, seed: int) -> None:
    check_some_network(seed, tmp_path_factory.mktemp("net"))
