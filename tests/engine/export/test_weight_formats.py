"""Every form in which weights leave gives back the same numbers, read by its own library."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors import safe_open

from engine.catalog.activations import PRelu, Softmax, Tanh
from engine.catalog.datasets.table import NONE, NORMALIZE, STANDARDIZE
from engine.catalog.layers.dense import Dense
from engine.catalog.layers.normalization import BatchNorm
from engine.catalog.registry import entries, entry
from engine.document.examples import load_example
from engine.document.graph import Data
from engine.export.description import file_names, normalization
from engine.export.layouts import turns
from engine.export.proof import answers, difference, sample_inputs
from engine.export.turning import ambiguous
from engine.plan.data import drawn, split
from engine.plan.resolve import resolve
from tests.engine.catalog.test_table import flowers, table_of
from tests.engine.export.exported import Exported
from tests.engine.export.subjects import FORMS, cnn, mlp, read_back, trained
from tests.engine.training.networks import around, chain

SUBJECTS = {"mlp": mlp, "cnn": cnn}


def form_of(name: str, layout: str) -> Any:
    cls = entry("formats", name)
    return cls(layout=layout) if "layout" in cls.field_names else cls()


@pytest.mark.parametrize("subject", SUBJECTS)
@pytest.mark.parametrize("layout", ["pytorch", "keras"])
@pytest.mark.parametrize("name", FORMS)
def test_a_round_trip(name: str, layout: str, subject: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    form, run = form_of(name, layout), SUBJECTS[subject]()
    files = form.files(run, f"weights{form.suffix}")
    assert form.refusal(run.plan) is None
    found, expected = read_back(run, form, files, tmp_path, monkeypatch)
    assert found.shape == expected.shape and difference(found, expected) <= 1e-6
    assert np.ptp(expected) > 1e-3, "answers that are all the same prove nothing"
    preview = form.preview(files)
    assert all(array in preview for array in file_names(run.plan).values())


def test_equal_weights_make_equal_files() -> None:
    for name in FORMS:
        form = form_of(name, "keras")
        one, other = (dict(form.files(mlp(), f"weights{form.suffix}")) for _ in range(2))
        assert one == other


def test_kernels_of_keras_have_its_axes() -> None:
    shapes = {name: turn.shape for name, turn in turns(cnn().plan).items()}
    assert shapes["dense_1.weight"] == (2, 72)
    assert shapes["conv2d_1.weight"] == (3, 3, 2, 3)
    assert shapes["depthwiseconv2d_1.weight"] == (3, 3, 3, 2)
    assert shapes["separableconv2d_1.weight"] == (3, 3, 6, 1)
    assert shapes["separableconv2d_1.pointwise_weight"] == (1, 1, 6, 4)
    assert shapes["convtranspose2d_1.weight"] == (3, 3, 3, 4)


def test_a_turn_and_back_is_nothing() -> None:
    for name, turn in turns(cnn().plan).items():
        kernel = np.asarray(cnn().weights[name])
        np.testing.assert_array_equal(turn.returned(turn.turned(kernel), kernel.shape), kernel)
        assert turn.turned(kernel).shape == turn.shape
    square = turns(chain_plan())["dense_2.weight"]
    assert ambiguous(square, square.shape)


def chain_plan() -> Any:
    return resolve(chain(Dense(3), Dense(3), Dense(1)))


@pytest.mark.long
@pytest.mark.parametrize("name", [name for name, cls in entries("layers").items() if cls.takes[1]])
def test_every_kernel_of_every_layer_is_known(name: str) -> None:
    """Whatever has axes to turn is given to an operator that says how; an embedding is a table, not a kernel."""
    plan = resolve(around(entry("layers", name)()))
    known = turns(plan)
    assert [array for array, shape in plan.saved_shapes.items() if len(shape) > 1 and array not in known] in (
        [],
        ["embedding_1.weight"],
    )


def test_names_are_those_of_the_exported_module() -> None:
    for subject in (mlp(), cnn()):
        kept = {name for name in Exported(subject.document).network.state_dict() if "num_batches" not in name}
        assert set(file_names(subject.plan).values()) == kept
    assert file_names(mlp().plan)["batchnorm_1.running_mean"] == "batchnorm_1.running_mean"


@pytest.mark.parametrize("layout", ["pytorch", "keras"])
def test_a_file_says_what_it_is(layout: str, tmp_path: Path) -> None:
    (tmp_path / "a.safetensors").write_bytes(
        form_of("safetensors", layout).files(mlp(), "a.safetensors")["a.safetensors"]
    )
    with safe_open(tmp_path / "a.safetensors", framework="np") as content:
        header = content.metadata()
    content = np.load(io.BytesIO(form_of("npz", layout).files(mlp(), "a.npz")["a.npz"]), allow_pickle=False)
    about = json.loads(str(content["metadata"]))
    assert header["layout"] == about["layout"] == layout
    assert header["title"] == about["title"] == "a test"
    assert about["program"].startswith("Neural Playground")
    assert about["cards"]["dense_1"] == {
        "layer": "Dense",
        "activation": about["cards"]["dense_1"]["activation"],
        "output_shape": [5],
        "reads": ["input_1"],
    }
    assert about["inputs"] == {"input_1": {"shape": [2], "columns": ["x1", "x2"]}}
    assert about["output"] == "dense_3" and about["classes"] == ["0", "1"]
    assert about["arrays"]["dense_1.weight"]["shape"] == ([5, 2] if layout == "pytorch" else [2, 5])
    assert content["dense_1.weight"].shape == tuple(about["arrays"]["dense_1.weight"]["shape"])


def test_a_state_dict_holds_tensors_alone_and_its_description_lies_beside() -> None:
    files = form_of("state_dict", "").files(mlp(), "a.pt")
    assert list(files) == ["a.pt", "a.pt.json"]
    state = torch.load(io.BytesIO(files["a.pt"]), weights_only=True)
    assert type(state) is dict and all(isinstance(value, torch.Tensor) for value in state.values())
    network = Exported(mlp().document).network
    assert not network.load_state_dict(state).missing_keys
    assert json.loads(files["a.pt.json"])["layout"] == "pytorch"


def test_tables_open_in_a_spreadsheet() -> None:
    with zipfile.ZipFile(io.BytesIO(form_of("csv_weights", "pytorch").files(cnn(), "a.csv.zip")["a.csv.zip"])) as found:
        lines = found.read("conv2d_1.weight.csv").decode().splitlines()
    assert len(lines) == 4 and lines[0].startswith("0.0.0,0.0.1,") and len(lines[1].split(",")) == 18


def test_what_is_too_large_for_text_is_refused() -> None:
    plan = resolve(chain(Dense(400), Dense(400), Dense(1)))
    assert "JSON is for small networks: 162,001 numbers" in str(form_of("json_weights", "pytorch").refusal(plan))
    assert form_of("csv_weights", "pytorch").refusal(plan) is None
    nothing = resolve(load_example("circle").document)
    assert form_of("npz", "pytorch").refusal(nothing) is None


def test_a_softmax_that_belongs_to_the_loss_is_applied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = load_example("blobs").document.data
    count = data.dataset.class_count
    document = chain(Dense(3, Tanh()), Dense(count, Softmax()), data=data)
    run = trained(document.set_training(loss=entry("losses", "categorical_cross_entropy")()))
    assert run.plan.outputs[0].loss.fuses
    form = form_of("npz", "keras")
    found, expected = read_back(run, form, form.files(run, "a.npz"), tmp_path, monkeypatch)
    assert difference(found, expected) <= 1e-6
    np.testing.assert_allclose(found.sum(axis=1), 1.0, rtol=1e-5)


@pytest.mark.long
@pytest.mark.parametrize("name", ["safetensors", "npz", "state_dict"])
@pytest.mark.parametrize(
    ("kind", "what"),
    [("layers", name) for name, cls in entries("layers").items() if cls.takes[1]]
    + [("activations", name) for name in entries("activations")],
)
def test_every_layer_and_activation(
    kind: str, what: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = entry(kind, what)()
    run = trained(around(made) if kind == "layers" else chain(Dense(4, made), Dense(1, Tanh())))
    form = form_of(name, "keras")
    found, expected = read_back(run, form, form.files(run, f"a{form.suffix}"), tmp_path, monkeypatch)
    assert difference(found, expected) <= 1e-6


@pytest.mark.parametrize("weights", ["own", "shared"])
def test_cards_within_a_block_keep_their_names(weights: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folded = chain(Dense(4, Tanh()), Dense(4, PRelu()), BatchNorm(), Dense(4, PRelu()), Dense(1)).fold(
        ["dense_2", "batchnorm_1", "dense_3"]
    )
    block = next(node for node in folded.nodes if node.layer.name == "Block")
    folded = folded.set_field(block.id, "weights", weights)
    link = folded.networks[0].outputs_of(block.id)[0]
    run, form = trained(folded.insert_between(link, folded.node(block.id).layer)), form_of("npz", "keras")
    found, expected = read_back(run, form, form.files(run, "a.npz"), tmp_path, monkeypatch)
    assert difference(found, expected) <= 1e-6


@pytest.mark.long
@pytest.mark.timeout(300)
@pytest.mark.filterwarnings("ignore")
def test_keras_computes_the_same_with_the_kernels_in_its_layout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    keras = pytest.importorskip("keras")
    layers, run = keras.layers, cnn()
    kernels = {name: turn.turned(np.asarray(run.weights[name])) for name, turn in turns(run.plan).items()}
    values = torch.from_numpy(np.random.default_rng(1).normal(size=(2, 7, 8, 8)).astype(np.float32))
    plain = torch.nn.functional
    cases = [
        ("conv2d_1", layers.Conv2D(3, 3, use_bias=False), 2, plain.conv2d),
        ("depthwiseconv2d_1", layers.DepthwiseConv2D(3, depth_multiplier=2, use_bias=False), 3,
         lambda x, weight: plain.conv2d(x, weight, groups=3)),
        ("separableconv2d_1", layers.SeparableConv2D(4, 3, use_bias=False), 6,
         lambda x, weight: plain.conv2d(plain.conv2d(x, weight, groups=6), pointwise)),
        ("convtranspose2d_1", layers.Conv2DTranspose(3, 3, use_bias=False), 4, plain.conv_transpose2d),
        ("dense_1", layers.Dense(72, use_bias=False), 2, None),
    ]  # fmt: skip
    pointwise = torch.from_numpy(np.array(run.weights["separableconv2d_1.pointwise_weight"]))
    for card, layer, channels, compute in cases:
        weight = torch.from_numpy(np.array(run.weights[f"{card}.weight"]))
        found = [kernels[name] for name in kernels if name.startswith(f"{card}.")]
        if compute is None:
            inputs = values[:, :channels, 0, 0]
            layer.build(inputs.shape)
            layer.set_weights(found)
            given, expected = layer(inputs), plain.linear(inputs, weight)
        else:
            inputs = values[:, :channels]
            layer.build((2, 8, 8, channels))
            layer.set_weights(found)
            given, expected = layer(inputs.movedim(1, -1)).movedim(-1, 1), compute(inputs, weight)
        np.testing.assert_allclose(given.detach().cpu().numpy(), expected.numpy(), rtol=1e-5, atol=1e-5, err_msg=card)


def test_normalization_of_images_is_said() -> None:
    data = load_example("digits").document.data
    scaling = normalization(data)
    assert scaling is not None
    values = split(data).train.values[:4]
    np.testing.assert_allclose(scaling.apply(values).max(), 1.0, atol=0.1)


@pytest.mark.parametrize("scaling", [NONE, STANDARDIZE, NORMALIZE])
def test_normalization_of_tables_is_measured(scaling: str, tmp_path: Path) -> None:
    data = Data(table_of(flowers(tmp_path), scaling=scaling), seed=2)
    found, (raw, _) = normalization(data), drawn(data)
    if scaling == NONE:
        assert found is None
        return
    assert found is not None
    np.testing.assert_allclose(found.apply(raw.values), split(data).values, rtol=1e-5, atol=1e-5)


def test_samples_of_the_test_come_first() -> None:
    inputs = sample_inputs(mlp().plan, 60)["input_1"]
    parts, dataset = split(mlp().document.data), mlp().document.data.dataset
    both = np.concatenate([parts.test.values, parts.train.values])[:60]
    np.testing.assert_array_equal(inputs, dataset.inputs(both, ()))
    raw = answers(mlp(), [inputs])
    assert raw.shape == (60, 1) and (raw > 0).all() and (raw < 1).all()
