"""Arrays on their way to the window."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from engine.document.errors import Sentence
from engine.probes.packing import pack, unpack
from engine.training.trainer import Evaluation
from engine.worker.messages import Frame, Status

NUMBERS = npst.boolean_dtypes() | npst.integer_dtypes() | npst.floating_dtypes() | npst.unicode_string_dtypes(max_len=9)
SHAPES = npst.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5)


@given(st.dictionaries(st.text(max_size=5), npst.arrays(NUMBERS, SHAPES), max_size=6))
def test_arrays_arrive_as_they_left(arrays: dict[str, np.ndarray]) -> None:
    found = unpack(pickle.loads(pickle.dumps(pack(arrays))))
    assert list(found) == list(arrays)
    for name, array in arrays.items():
        assert found[name].dtype == array.dtype and found[name].shape == array.shape
        assert found[name].tobytes() == array.tobytes()
        assert found[name].flags.writeable and found[name].flags.aligned and found[name].flags.c_contiguous


def test_what_lies_apart_in_memory_arrives_in_order() -> None:
    values = np.arange(12.0).reshape(3, 4)
    found = unpack(pack({"columns": values.T, "every second": values[:, ::2]}))
    np.testing.assert_array_equal(found["columns"], values.T)
    np.testing.assert_array_equal(found["every second"], values[:, ::2])


def test_an_array_that_is_kept_keeps_no_other() -> None:
    found = unpack(pack({"large": np.zeros(1000), "small": np.ones(1)}))
    assert not np.shares_memory(found["large"], found["small"])
    assert found["small"].base is None


def test_objects_are_refused_by_name() -> None:
    with pytest.raises(TypeError, match="'words' holds Python objects"):
        pack({"words": np.array(["a", None], object)})


def test_a_frame_arrives_with_what_was_not_answered() -> None:
    status = Status(1, 2, True, Evaluation(1.0, 2.0, 3.0, 4.0), 0.1, 5.0, "numba", Sentence("Why"), None)
    frame = Frame(3, 4, status, ({"image": np.eye(3, dtype=np.uint8)}, None, {}), None, 0.5, (0.2, 0.0, 0.1))
    found = pickle.loads(pickle.dumps(frame))
    assert (found.run, found.number, found.status, found.snapshot) == (3, 4, status, None)
    assert (found.seconds, found.costs) == (0.5, (0.2, 0.0, 0.1))
    np.testing.assert_array_equal(found.answers[0]["image"], np.eye(3))
    assert found.answers[1] is None and found.answers[2] == {}
