"""What of a file goes where: by name, by shape in order, turned where it is Keras's, and corrected by hand."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from engine.catalog.activations import Relu
from engine.catalog.layers.convolution import Conv2d
from engine.catalog.layers.dense import Dense
from engine.catalog.layers.normalization import BatchNorm
from engine.catalog.layers.reshaping import Flatten, Reshape
from engine.catalog.registry import entry
from engine.document.errors import InvalidValueError
from engine.importing.matching import matched
from engine.importing.table import AS_IT_IS, TURNED, Matching
from engine.importing.weights import ForeignWeights, read_arrays
from engine.plan.plan import Plan
from engine.plan.resolve import resolve
from tests.engine.export.subjects import cnn, mlp
from tests.engine.training.networks import chain

RNG = np.random.default_rng(3)


def plan_of(*layers: Any) -> Plan:
    return resolve(chain(*layers))


def foreign(layout: str = "", **shapes: tuple[int, ...]) -> ForeignWeights:
    """A file with random arrays of these shapes; two underscores stand for a dot."""
    arrays = {name.replace("__", "."): RNG.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}
    return ForeignWeights("a.npz", arrays, {}, layout)


def going(found: Matching) -> dict[str, str | None]:
    return {row.array: row.parameter for row in found.rows}


@pytest.mark.parametrize("name", ["safetensors", "npz", "state_dict"])
@pytest.mark.parametrize("layout", ["pytorch", "keras"])
@pytest.mark.parametrize("subject", [mlp, cnn])
def test_what_left_comes_back_bit_for_bit(name: str, layout: str, subject: Any, tmp_path: Path) -> None:
    run, cls = subject(), entry("formats", name)
    form = cls(layout=layout) if "layout" in cls.field_names else cls()
    for file, content in form.files(run, f"a{form.suffix}").items():
        (tmp_path / file).write_bytes(content)
    found = matched(read_arrays(tmp_path / f"a{form.suffix}"), run.plan)
    assert not found.missing and not any(row.ambiguous or row.reason for row in found.rows)
    assert any(row.turned for row in found.rows) == (layout == "keras" and name != "state_dict")
    weights = found.weights()
    assert set(weights) == set(run.weights)
    for array, values in run.weights.items():
        np.testing.assert_array_equal(weights[array], values)


def test_names_match_before_shapes() -> None:
    plan = plan_of(Dense(2), Dense(2), Dense(1))
    found = matched(foreign(dense_2__weight=(2, 2), dense_1__weight=(2, 2)), plan)
    assert going(found) == {"dense_2.weight": "dense_2.weight", "dense_1.weight": "dense_1.weight"}
    assert found.missing == ("dense_1.bias", "dense_2.bias", "dense_3.weight", "dense_3.bias")


@pytest.mark.parametrize(
    "name", ["module.dense_1.weight", "_orig_mod.module.dense_1.weight", "dense_1/kernel:0", "model.dense_1.kernel"]
)
def test_wrappers_and_words_of_others_are_understood(name: str) -> None:
    plan = plan_of(Dense(4), Dense(5), Dense(1))
    found = matched(ForeignWeights("a", {name: np.ones((4, 2), np.float32)}, {}, "pytorch"), plan)
    assert going(found) == {name: "dense_1.weight"} and found.rows[0].transformation == AS_IT_IS


def test_a_module_of_pytorch_matches_by_shape_in_order() -> None:
    plan = plan_of(Dense(72, Relu()), Reshape("image", channels=2, height=6, width=6), Conv2d(3, kernel_size=3),
                   BatchNorm(), Flatten(), Dense(1))  # fmt: skip
    torch.manual_seed(1)
    conv, normal = nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3)
    last = plan.saved_shapes["dense_2.weight"][1]
    state = nn.Sequential(nn.Linear(2, 72), nn.ReLU(), nn.Unflatten(1, (2, 6, 6)), conv, normal, nn.Flatten(),
                          nn.Linear(last, 1)).state_dict()  # fmt: skip
    found = matched(
        ForeignWeights("a.pt", {name: each.float().numpy() for name, each in state.items()}, {}, "pytorch"), plan
    )
    assert going(found) == {
        "0.weight": "dense_1.weight",
        "0.bias": "dense_1.bias",
        "3.weight": "conv2d_1.weight",
        "3.bias": "conv2d_1.bias",
        "4.weight": "batchnorm_1.weight",
        "4.bias": "batchnorm_1.bias",
        "4.running_mean": "batchnorm_1.running_mean",
        "4.running_var": "batchnorm_1.running_var",
        "4.num_batches_tracked": None,
        "6.weight": "dense_2.weight",
        "6.bias": "dense_2.bias",
    }
    assert not found.missing
    assert str(found.rows[8].reason) == "nothing in this network has shape ()"


def test_what_is_left_over_is_said() -> None:
    plan = plan_of(Dense(2), Dense(1))
    arrays = foreign("pytorch", a__weight=(2, 2), b__weight=(2, 2), c__weight=(9, 9), dense_1__bias=(7,), bad=(1, 2))
    arrays.arrays["bad"][0, 0] = np.nan
    found = matched(arrays, plan)
    assert going(found) == {
        "a.weight": "dense_1.weight",
        "b.weight": None,
        "c.weight": None,
        "dense_1.bias": None,
        "bad": None,
    }
    assert [str(row.reason) for row in found.rows[1:]] == [
        "all arrays of shape (2, 2) in this network have been given others",
        "nothing in this network has shape (9, 9)",
        "dense_1.bias has shape (2,) in this network",
        "it holds a number that is not finite",
    ]
    assert set(found.weights()) == {"dense_1.weight"}


def test_kernels_of_keras_are_recognized_by_their_shape() -> None:
    plan = plan_of(Dense(4), Dense(5), Dense(1))
    file = foreign(dense__kernel=(2, 4), dense__bias=(4,), dense_1__kernel=(4, 5), dense_9__kernel=(5, 1))
    file = ForeignWeights("a", {name.replace("dense", "layer"): each for name, each in file.arrays.items()})
    found = matched(file, plan)
    assert [row.parameter for row in found.rows] == [
        "dense_1.weight",
        "dense_1.bias",
        "dense_2.weight",
        "dense_3.weight",
    ]
    assert [row.transformation for row in found.rows] == [TURNED, AS_IT_IS, TURNED, TURNED]
    assert not any(row.ambiguous for row in found.rows)
    np.testing.assert_array_equal(found.weights()["dense_2.weight"], file.arrays["layer_1.kernel"].T)


def test_a_square_kernel_is_asked_about() -> None:
    plan = plan_of(Dense(3), Dense(3), Dense(1))
    shapes = {"a__weight": (2, 3), "b__weight": (3, 3), "c__weight": (3, 1)}
    found = matched(foreign(**shapes), plan)
    assert [(row.turned, row.ambiguous) for row in found.rows] == [(True, False), (True, True), (True, False)]
    assert [(row.turned, row.ambiguous) for row in matched(foreign("keras", **shapes), plan).rows][1] == (True, False)
    alone = matched(foreign(b__weight=(3, 3)), plan)
    assert (alone.rows[0].turned, alone.rows[0].ambiguous) == (False, True)
    other = alone.changed(0, "dense_2.weight", turned=True)
    assert not other.rows[0].ambiguous and other.rows[0].turned
    np.testing.assert_array_equal(other.weights()["dense_2.weight"], alone.weights()["dense_2.weight"].T)
    said = matched(foreign("pytorch", b__weight=(3, 3)), plan)
    assert (said.rows[0].turned, said.rows[0].ambiguous) == (False, False)


def test_a_column_is_no_question() -> None:
    """A kernel with one input or one unit holds the same numbers either way."""
    plan = plan_of(Dense(1), Dense(1), Dense(1))
    found = matched(foreign(dense_2__weight=(1, 1)), plan)
    assert not found.rows[0].ambiguous and not found.rows[0].turned


def test_rows_are_corrected_by_hand() -> None:
    plan = plan_of(Dense(2), Dense(2), Dense(1))
    file = foreign("pytorch", a__weight=(2, 2), b__weight=(2, 2), c__bias=(1,))
    found = matched(file, plan)
    assert found.choices(0) == ("dense_1.weight", "dense_2.weight") and found.choices(2) == ("dense_3.bias",)
    swapped = found.changed(0, "dense_2.weight")
    assert going(swapped) == {"a.weight": "dense_2.weight", "b.weight": None, "c.bias": "dense_3.bias"}
    assert str(swapped.rows[1].reason) == "dense_2.weight was given to another array"
    both = swapped.changed(1, "dense_1.weight")
    np.testing.assert_array_equal(both.weights()["dense_1.weight"], file.arrays["b.weight"])
    none = both.changed(2, None)
    assert going(none)["c.bias"] is None and str(none.rows[2].reason) == "left out"
    assert going(found)["a.weight"] == "dense_1.weight", "the first table stays as it was"
    with pytest.raises(InvalidValueError, match=r"does not fit dense_3\.bias"):
        found.changed(0, "dense_3.bias")
    with pytest.raises(InvalidValueError, match="does not fit nowhere"):
        found.changed(0, "nowhere")


def test_an_array_with_a_bad_number_cannot_be_put_anywhere_by_hand() -> None:
    plan = plan_of(Dense(1))
    file = foreign("pytorch", bias=(1,))
    file.arrays["bias"][0] = np.inf
    changed = matched(file, plan).changed(0, "dense_1.bias")
    assert changed.rows[0].parameter is None and not changed.weights()


def test_a_table_travels_to_another_process() -> None:
    found = matched(foreign("keras", dense_1__kernel=(2, 3)), plan_of(Dense(3), Dense(1)))
    again = pickle.loads(pickle.dumps(found))
    assert again.rows == found.rows and again.changed(0, None).rows[0].parameter is None
