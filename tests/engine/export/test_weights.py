"""Weights as safetensors: whole or refused."""

from __future__ import annotations

import numpy as np
import pytest
import safetensors.numpy
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.document.errors import FileError
from engine.export.weights import decode, encode, weights_sha256

RNG = np.random.default_rng(1)
WEIGHTS = {
    "dense_1.weight": RNG.standard_normal((4, 2)).astype(np.float32),
    "dense_1.bias": RNG.standard_normal(4).astype(np.float32),
}
SHAPES = {name: array.shape for name, array in WEIGHTS.items()}


def test_weights_come_back_as_they_were() -> None:
    found = decode(encode(WEIGHTS), SHAPES)
    assert list(found) == list(SHAPES)
    for name, array in WEIGHTS.items():
        np.testing.assert_array_equal(found[name], array)
        assert found[name].flags.writeable
    assert decode(encode({}), {}) == {}


def test_other_programs_read_them() -> None:
    from safetensors.torch import load

    found = load(encode(WEIGHTS))
    assert torch.equal(found["dense_1.bias"], torch.from_numpy(WEIGHTS["dense_1.bias"]))


def test_views_and_other_layouts_are_written_as_they_look() -> None:
    view = np.arange(12, dtype=np.float64).reshape(3, 4).T[::2]
    found = decode(encode({"a": view}), {"a": view.shape})
    np.testing.assert_array_equal(found["a"], view)


@pytest.mark.parametrize(
    ("weights", "sentence"),
    [
        ({**WEIGHTS, "other.weight": WEIGHTS["dense_1.bias"]}, "hold other.weight, which this network has not"),
        ({"dense_1.bias": WEIGHTS["dense_1.bias"]}, "lack dense_1.weight"),
        ({**WEIGHTS, "dense_1.bias": np.zeros(3, np.float32)}, r"shape \(3,\) in the weights, but \(4,\)"),
        ({**WEIGHTS, "dense_1.bias": np.zeros(4, np.float64)}, "float64 in the weights"),
        ({**WEIGHTS, "dense_1.bias": np.zeros(4, np.int32)}, "int32 in the weights"),
        ({**WEIGHTS, "dense_1.bias": np.array([0, 0, np.nan, 0], np.float32)}, "not finite"),
        ({**WEIGHTS, "dense_1.bias": np.array([0, 0, np.inf, 0], np.float32)}, "not finite"),
    ],
)
def test_weights_of_another_network_are_refused(weights: dict[str, np.ndarray], sentence: str) -> None:
    with pytest.raises(FileError, match=sentence):
        decode(safetensors.numpy.save(weights), SHAPES)


def test_number_types_that_numpy_lacks_are_refused() -> None:
    from safetensors.torch import save

    content = save({name: torch.from_numpy(array).bfloat16() for name, array in WEIGHTS.items()})
    with pytest.raises(FileError):
        decode(content, SHAPES)


def test_size_is_bounded_before_parsing() -> None:
    with pytest.raises(FileError, match="larger than this network's: 1000000 bytes"):
        decode(b"\x00" * 1_000_000, SHAPES)


@settings(max_examples=300)
@given(st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), min_size=1, max_size=6), st.integers(0, 400))
def test_mutated_bytes_give_weights_or_a_sentence(changes: list[tuple[int, int]], cut: int) -> None:
    content = bytearray(encode(WEIGHTS))
    for place, value in changes:
        content[place % len(content)] = value
    if cut < len(content):
        del content[cut:]
    try:
        found = decode(bytes(content), SHAPES)
    except FileError as error:
        assert "\n" not in str(error)
    else:
        assert {name: array.shape for name, array in found.items()} == SHAPES
        assert all(np.isfinite(array).all() for array in found.values())


def test_the_hash_is_over_names_shapes_and_numbers() -> None:
    digest = weights_sha256(WEIGHTS)
    assert digest == weights_sha256(dict(reversed(WEIGHTS.items())))
    assert digest == weights_sha256({name: np.asfortranarray(array) for name, array in WEIGHTS.items()})
    others = [
        {**WEIGHTS, "dense_1.weight": WEIGHTS["dense_1.weight"].reshape(2, 4)},
        {"dense_1.weight": WEIGHTS["dense_1.weight"], "dense_2.bias": WEIGHTS["dense_1.bias"]},
        {**WEIGHTS, "dense_1.bias": np.nextafter(WEIGHTS["dense_1.bias"], np.float32(9))},
    ]
    assert len({digest, *(weights_sha256(other) for other in others)}) == 4
    assert weights_sha256({}) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
