"""Normalization, scaling, merging, noise and embedding: values against NumPy formulas and numbers worked by hand."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch

from engine.catalog.initializers import Zeros
from engine.catalog.layers.embedding import Embedding
from engine.catalog.layers.layer import Layer, Shape
from engine.catalog.layers.merging import Average, Maximum, Multiply
from engine.catalog.layers.normalization import BatchNorm, GroupNorm, InstanceNorm, LayerNorm, LocalResponseNorm
from engine.catalog.layers.regularizing import AlphaDropout, GaussianDropout, GaussianNoise
from engine.catalog.layers.scaling import Scale
from engine.document.errors import InvalidValueError

RNG = np.random.default_rng(4)
SHAPES: tuple[Shape, ...] = ((6,), (4, 5), (4, 3, 2))


def built(layer: Layer, shape: Shape, training: bool = True) -> Any:
    """The module in float64, its weight and bias far from where they start."""
    module = layer.build(torch.nn, shape).double().train(training)
    for number, (_, array) in enumerate(sorted(module.named_parameters())):
        array.data = 2.0 * number + torch.linspace(0.5, 1.5, array.numel(), dtype=torch.float64).view(array.shape)
    return module


def run(layer: Layer, module: Any, *batches: Any) -> np.ndarray:
    with torch.no_grad():
        answer: np.ndarray = layer.forward(torch, module, *(torch.as_tensor(np.asarray(x)) for x in batches)).numpy()
    return answer


def normalized(x: np.ndarray, axes: tuple[int, ...], epsilon: float = 1e-5) -> np.ndarray:
    centred = x - x.mean(axes, keepdims=True)
    return centred / np.sqrt((centred**2).mean(axes, keepdims=True) + epsilon)


def affine(module: Any, x: np.ndarray, shape: Shape) -> np.ndarray:
    """weight · x + bias, both laid along the channels."""
    along = (*shape, *(1,) * (x.ndim - 1 - len(shape)))
    return module.weight.detach().numpy().reshape(along) * x + module.bias.detach().numpy().reshape(along)


@pytest.mark.parametrize("shape", SHAPES)
def test_batch_norm_measures_while_training_and_remembers_afterwards(shape: Shape) -> None:
    layer = BatchNorm(update_rate=0.25)
    module, x = built(layer, shape), RNG.normal(3, 2, (8, *shape))
    axes = (0, *range(2, x.ndim))
    expected = affine(module, normalized(x, axes), shape[:1])
    np.testing.assert_allclose(run(layer, module, x), expected, rtol=1e-10)
    # the running averages start at 0 and 1, and move a quarter of the way; the variance is that of n − 1
    mean, variance = 0.25 * x.mean(axes), 0.75 + 0.25 * x.var(axes, ddof=1)
    np.testing.assert_allclose(module.running_mean.numpy(), mean, rtol=1e-10)
    np.testing.assert_allclose(module.running_var.numpy(), variance, rtol=1e-10)
    along = (-1, *(1,) * (x.ndim - 2))
    kept = (x - mean.reshape(along)) / np.sqrt(variance.reshape(along) + 1e-5)
    np.testing.assert_allclose(run(layer, module.eval(), x), affine(module, kept, shape[:1]), rtol=1e-10)
    np.testing.assert_allclose(module.running_mean.numpy(), mean, rtol=1e-10)


def test_batch_norm_uses_its_averages_where_there_is_nothing_to_measure() -> None:
    x = RNG.normal(3, 2, (1, 6))
    for layer, batch in ((BatchNorm(affine=False), x), (BatchNorm(affine=False, trainable=False), x.repeat(5, 0))):
        module = built(layer, (6,))
        np.testing.assert_allclose(run(layer, module, batch), batch / np.sqrt(1 + 1e-5), rtol=1e-10)
        assert module.running_mean.tolist() == [0.0] * 6
    layer, image = BatchNorm(affine=False), RNG.normal(size=(1, 2, 3, 3))  # one image, but nine values a channel
    np.testing.assert_allclose(run(layer, built(layer, (2, 3, 3)), image), normalized(image, (0, 2, 3)), rtol=1e-10)


@pytest.mark.parametrize("shape", SHAPES)
def test_layer_norm(shape: Shape) -> None:
    x = RNG.normal(3, 2, (5, *shape))
    whole, channels = LayerNorm(), LayerNorm("channels")
    module = built(whole, shape)
    expected = affine(module, normalized(x, tuple(range(1, x.ndim))), shape)
    np.testing.assert_allclose(run(whole, module, x), expected, rtol=1e-10)
    module = built(channels, shape)
    np.testing.assert_allclose(run(channels, module, x), affine(module, normalized(x, (1,)), shape[:1]), rtol=1e-10)


@pytest.mark.parametrize("shape", SHAPES)
def test_group_norm_and_instance_norm(shape: Shape) -> None:
    x = RNG.normal(3, 2, (5, *shape))
    layer = GroupNorm(2)
    module = built(layer, shape)
    grouped = normalized(x.reshape(5, 2, -1), (2,)).reshape(x.shape)
    np.testing.assert_allclose(run(layer, module, x), affine(module, grouped, shape[:1]), rtol=1e-10)
    if len(shape) > 1:
        instance = InstanceNorm()
        module = built(instance, shape)
        expected = affine(module, normalized(x, tuple(range(2, x.ndim))), shape[:1])
        np.testing.assert_allclose(run(instance, module, x), expected, rtol=1e-10)


@pytest.mark.parametrize("size", [1, 3, 5])
def test_local_response_norm_sums_the_squares_of_its_neighbours(size: int) -> None:
    x, layer = RNG.normal(size=(2, 4, 3, 2)), LocalResponseNorm(size, alpha=0.3, beta=0.6, offset=1.5)
    expected = np.empty_like(x)
    for c in range(4):
        near = [k for k in range(4) if abs(k - c) <= size // 2]
        expected[:, c] = x[:, c] / (1.5 + 0.3 * (x[:, near] ** 2).sum(1)) ** 0.6
    np.testing.assert_allclose(run(layer, layer.build(torch.nn, (4, 3, 2)), x), expected, rtol=1e-10)


def test_every_norm_starts_by_changing_nothing_but_mean_and_variance() -> None:
    for layer in (BatchNorm(), LayerNorm(), GroupNorm(), InstanceNorm()):
        parameters = layer.parameters((4, 3, 2))
        draws = {
            name: array.initializer.draw(np.random.default_rng(1), array.shape, 1, 1)
            for name, array in parameters.items()
        }
        assert np.all(draws["weight"] == 1) and np.all(draws["bias"] == 0)
        changed = layer.replace(weight_initializer=Zeros()).parameters((4, 3, 2))["weight"]  # a residual branch at rest
        assert not changed.initializer.draw(np.random.default_rng(1), changed.shape, 1, 1).any()
        assert layer.replace(affine=False).parameters((4, 3, 2)) == {}
        assert layer.replace(trainable=False).parameters((4, 3, 2))["weight"].rate_factor == 0
        assert layer.replace(rate_factor=0.5).parameters((4, 3, 2))["bias"].rate_factor == 0.5


@pytest.mark.parametrize("shape", SHAPES)
def test_scale(shape: Shape) -> None:
    x = RNG.normal(size=(3, *shape))
    fixed, learned, single = Scale(0.5, fixed=True), Scale(0.5, use_bias=True), Scale(0.5, per_channel=False)
    assert fixed.parameters(shape) == {}
    np.testing.assert_allclose(run(fixed, fixed.build(torch.nn, shape), x), 0.5 * x)
    module = learned.build(torch.nn, shape).double()
    module["weight"].data, module["bias"].data = torch.arange(shape[0]) + 2.0, torch.full(shape[:1], 7.0)
    along = np.arange(shape[0]).reshape(-1, *(1,) * (len(shape) - 1)) + 2.0
    np.testing.assert_allclose(run(learned, module, x), along * x + 7)
    assert {name: array.size for name, array in single.parameters(shape).items()} == {"weight": 1}
    start = single.parameters(shape)["weight"].initializer.draw(np.random.default_rng(1), (1,), 1, 1)
    assert start.tolist() == [0.5]


def test_merging_by_hand() -> None:
    a, b, c = np.array([[1.0, 2.0]]), np.array([[3.0, -4.0]]), np.array([[5.0, 6.0]])
    assert run(Multiply(), None, a, b, c).tolist() == [[15.0, -48.0]]
    assert run(Average(), None, a, b, c).tolist() == [[3.0, 4.0 / 3]]
    assert run(Maximum(), None, a, b, c).tolist() == [[5.0, 6.0]]
    image, gate = RNG.normal(size=(2, 3, 4, 5)), RNG.normal(size=(2, 3))
    for order in ((image, gate), (gate, image)):
        assert np.array_equal(run(Multiply(), None, *order), image * gate[:, :, None, None])
    assert Multiply().output_shape((3,), (3, 4, 5), (3,)) == (3, 4, 5)
    assert Multiply().output_shape((3,), (3,)) == (3,)


def test_noise_acts_while_training_only_and_has_the_promised_spread() -> None:
    ones = torch.ones(40, 1000)
    count, four = ones.numel(), 4.0
    for layer, spread in ((GaussianNoise(0.3), 0.3), (GaussianDropout(0.2), math.sqrt(0.2 / 0.8))):
        module = layer.build(torch.nn, (1000,))
        torch.manual_seed(1)
        noisy = layer.forward(torch, module.train(), ones)
        assert noisy.mean().item() == pytest.approx(1, abs=four * spread / math.sqrt(count))
        assert noisy.std().item() == pytest.approx(spread, abs=four * spread / math.sqrt(2 * count))
        assert torch.equal(layer.forward(torch, module.eval(), ones), ones)
        assert layer.stochastic
    halved = GaussianDropout(0.5)
    doubled = halved.forward(torch, halved.build(torch.nn, (1000,)).train(), 2 * ones)
    assert doubled.std().item() == pytest.approx(2, abs=four * 2 / math.sqrt(2 * count))


def test_alpha_dropout_keeps_mean_and_variance_of_standard_inputs() -> None:
    layer = AlphaDropout(0.3)
    module = layer.build(torch.nn, (1000,))
    torch.manual_seed(2)
    x = torch.randn(200, 1000)
    noisy = layer.forward(torch, module.train(), x)
    assert noisy.mean().item() == pytest.approx(0, abs=0.02)
    assert noisy.var().item() == pytest.approx(1, abs=0.02)
    # what is silenced takes a · α′ + b: α′ = −λα, q = 0.7, a = (q + α′²q(1 − q))^(−1/2), b = −a(1 − q)α′
    low, q = -1.0507009873554805 * 1.6732632423543772, 0.7
    a = (q + low**2 * q * (1 - q)) ** -0.5
    silenced = a * low - a * (1 - q) * low
    values, counts = noisy.unique(return_counts=True)
    assert values[counts.argmax()].item() == pytest.approx(silenced, rel=1e-5)
    assert counts.max().item() / x.numel() == pytest.approx(0.3, abs=0.01)
    assert torch.equal(layer.forward(torch, module.eval(), x), x)


def test_embedding_looks_up_rows() -> None:
    layer = Embedding(4, 3)
    module = layer.build(torch.nn, (2,))
    table = module.weight.detach().numpy()
    answer = run(layer, module, np.array([[0.0, 3.0], [1.2, -0.4]], np.float32))
    assert np.array_equal(answer, np.stack([table[[0, 3]].T, table[[1, 0]].T]))
    draws = layer.parameters((2,))["weight"].initializer.draw(np.random.default_rng(1), (1000, 10), 1, 1)
    assert np.abs(draws).max() <= 0.05


@pytest.mark.parametrize("value", [-1.0, 4.0, 3.6, math.nan, math.inf])
def test_embedding_refuses_what_is_no_number_of_a_category(value: float) -> None:
    layer = Embedding(4, 3)
    with pytest.raises(InvalidValueError, match=rf"from 0 to 3, but {value:g} arrived; raise vocabulary_size"):
        run(layer, layer.build(torch.nn, (2,)), np.array([[0.0, value]], np.float32))
