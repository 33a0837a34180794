"""Networks of every layer train as they promise: the same numbers again, running averages in every state."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.catalog.layers.convolution import Conv2d
from engine.catalog.layers.dense import Dense
from engine.catalog.layers.embedding import Embedding
from engine.catalog.layers.normalization import BatchNorm
from engine.catalog.layers.pooling import MaxPool2d
from engine.catalog.layers.regularizing import GaussianNoise
from engine.catalog.layers.reshaping import Flatten, Reshape
from engine.catalog.optimizers import Adam
from engine.catalog.registry import entries, entry
from engine.document.errors import InvalidValueError
from engine.document.graph import Document, Training
from engine.export.weights import decode, encode
from engine.plan.cost import cost_of
from engine.plan.resolve import resolve
from engine.training.backends import choose
from engine.training.torch_trainer import TorchTrainer
from tests.engine.training.networks import around, chain, equal, same, trainer

LAYERS = [name for name, cls in entries("layers").items() if cls.takes[1]]
COMPILED = {
    *("Dense", "Activation", "Dropout", "Flatten", "Add", "Average", "Concatenate", "LayerNorm", "Maximum", "Multiply"),
    *("Output", "Scale"),
}


@pytest.mark.parametrize("name", LAYERS)
def test_a_network_around_each_layer_learns_the_same_twice_and_goes_on_where_it_stood(name: str) -> None:
    document = around(entry("layers", name)(), training=Training(optimizer=Adam(learning_rate=0.01)))
    one, other = trainer(document), trainer(document)
    for run in (one, other):
        for _ in range(2):
            run.step("epoch")
        run.step("sample")  # a batch of one sample
    assert same(one, other)
    assert set(one.snapshot().weights) == set(resolve(document).saved_shapes)
    resumed = trainer(document)
    resumed.restore(one.snapshot())
    for run in (one, resumed):
        run.step("batch")
        run.step("epoch")
    assert same(one, resumed)
    assert np.isfinite(one.evaluate().train_loss)


@pytest.mark.parametrize("name", LAYERS)
def test_what_has_no_compiled_form_is_given_to_pytorch_with_a_reason(name: str) -> None:
    layer = entry("layers", name)()
    backend, reason = choose(resolve(around(layer)))
    if len(layer.examples[0][0]) == 1 and name in COMPILED:
        assert backend.name == "numba"
    else:
        assert backend.name == "torch"
        assert str(reason) == f"{'Reshape' if len(layer.examples[0][0]) > 1 else name} has no compiled form"


@pytest.mark.parametrize("name", LAYERS)
def test_every_learned_value_gets_a_gradient(name: str) -> None:
    layer = entry("layers", name)()
    run = trainer(around(layer))
    run.step("batch")
    node_id = run.plan.order[-3]
    for parameter in run.plan.nodes[node_id].parameters:
        assert run._network.flat_gradient[run._network.slices[f"{node_id}.{parameter}"]].abs().sum() > 0


def convolutional(*extra: object, **arguments: object) -> Document:
    layers = (Dense(16), Reshape(), Conv2d(4), BatchNorm(), *extra, MaxPool2d(), Flatten(), Dense(1))
    return chain(*layers, **arguments)  # type: ignore[arg-type]


def test_a_small_convolutional_network_learns_the_circle() -> None:
    run = trainer(convolutional(training=Training(optimizer=Adam(learning_rate=0.01))))
    before = run.evaluate()
    run.train_epochs(60)
    after = run.evaluate()
    assert after.train_loss < 0.2 * before.train_loss
    assert after.train_metric > 0.95


# --- running statistics ----------------------------------------------------------------------------------------------


def test_batch_norm_keeps_its_averages_like_pytorch_alone() -> None:
    """A network of plain PyTorch, on the same batches, ends with the same averages."""
    run = trainer(chain(Dense(3, trainable=False), BatchNorm(), Dense(1)))
    norm = torch.nn.BatchNorm1d(3)
    inputs = run._network.outputs(run._batch(50)[0], ("dense_1",))["dense_1"].detach()
    for start in range(0, 50, 10):
        norm(inputs[start : start + 10])
    run.step("epoch")
    np.testing.assert_allclose(run.parameter("batchnorm_1.running_mean"), norm.running_mean.numpy(), rtol=1e-5)
    np.testing.assert_allclose(run.parameter("batchnorm_1.running_var"), norm.running_var.numpy(), rtol=1e-5)


def test_looking_does_not_change_the_averages() -> None:
    run = trainer(convolutional())
    run.step("epoch")
    kept = run.parameter("batchnorm_1.running_mean")
    assert np.any(kept != 0)
    run.evaluate()
    run.outputs(np.random.default_rng(1).normal(size=(30, 2)), ("batchnorm_1",))
    assert np.array_equal(run.parameter("batchnorm_1.running_mean"), kept)


def test_averages_are_part_of_snapshots_files_and_edits() -> None:
    document = convolutional()
    run = trainer(document)
    run.train_epochs(2)
    weights = run.snapshot().weights
    assert {"batchnorm_1.running_mean", "batchnorm_1.running_var", "batchnorm_1.weight"} <= set(weights)
    read = decode(encode(weights), run.plan.saved_shapes)
    assert equal(read, weights)
    assert run.edit(resolve(document.set_training(batch_size=7)))
    assert equal(run.snapshot().weights, weights)
    assert run.edit(resolve(document.set_field("batchnorm_1", "update_rate", 0.5)))
    assert equal(run.snapshot().weights, weights)
    assert not run.edit(resolve(document.replace_layer("batchnorm_1", "GroupNorm")))
    run.set_parameter("batchnorm_1.running_mean", (0,), 2.5)
    assert run.parameter("batchnorm_1.running_mean")[0] == 2.5


def test_another_card_that_keeps_values_but_learns_none_is_a_new_run() -> None:
    document = chain(Dense(3), BatchNorm(affine=False), Dense(1))
    run = trainer(document)
    assert not run.edit(resolve(document.replace_layer("batchnorm_1", "Activation")))
    with pytest.raises(InvalidValueError, match=r"batchnorm_1\.running_mean is missing in the saved weights"):
        run.restore(trainer(chain(Dense(3), Dense(1))).snapshot())


def test_starting_over_forgets_the_averages() -> None:
    run = trainer(convolutional())
    run.step("epoch")
    run.start_over(1)
    assert not run.parameter("batchnorm_1.running_mean").any()
    assert (run.parameter("batchnorm_1.running_var") == 1).all()


def test_a_run_that_diverges_falls_back_with_its_averages() -> None:
    run = trainer(convolutional())
    run.step("epoch")
    state, kept = run._state(), run.parameter("batchnorm_1.running_var")
    run.step("epoch")
    assert not np.array_equal(run.parameter("batchnorm_1.running_var"), kept)
    run._put_state(state)
    assert np.array_equal(run.parameter("batchnorm_1.running_var"), kept)
    run.set_parameter("batchnorm_1.running_var", (0,), float(np.finfo(np.float32).max))
    assert run._is_finite()
    run._network.buffers["batchnorm_1.running_var"][0] = torch.inf
    assert not run._is_finite()


def test_kept_values_are_counted_apart_and_need_memory_once() -> None:
    plan = resolve(convolutional())
    norm = plan.nodes["batchnorm_1"]
    assert (norm.parameter_count, norm.buffer_count) == (8, 8)
    without = cost_of(plan.document, [plan.nodes[name] for name in plan.order if name != "batchnorm_1"])
    values = 2 * 10 * 4 * 4 * 4  # a batch of ten, forward and backward
    assert plan.cost.memory_bytes - without.memory_bytes == 4 * (4 * 8 + 8 + values)
    assert plan.cost.parameters - without.parameters == 8


def test_a_frozen_batch_norm_stands_still() -> None:
    run = trainer(convolutional().set_field("batchnorm_1", "trainable", False))
    before = run.snapshot().weights
    run.step("epoch")
    after = run.snapshot().weights
    assert all(np.array_equal(before[name], after[name]) for name in before if name.startswith("batchnorm_1"))
    assert not np.array_equal(before["conv2d_1.weight"], after["conv2d_1.weight"])


# --- what is drawn, what is refused ----------------------------------------------------------------------------------


def test_noise_depends_on_seed_and_step_alone() -> None:
    document = convolutional(GaussianNoise(0.5))
    run = trainer(document)
    run.step("epoch")
    again = TorchTrainer(run.plan)
    again.restore(run.snapshot())
    torch.rand(7)  # whoever else draws numbers in between
    for each in (run, again):
        each.step("batch")
    assert same(run, again)
    other = trainer(document.set_field("gaussiannoise_1", "standard_deviation", 0.0))
    other.step("epoch")
    assert not np.array_equal(other.parameter("dense_1.weight"), run.parameter("dense_1.weight"))


def test_an_embedding_of_what_is_no_category_says_so() -> None:
    with pytest.raises(InvalidValueError, match="takes whole numbers from 0 to 9, but -"):
        trainer(chain(Dense(4), Embedding(), Flatten(), Dense(1)))
