"""Every layer and example: what it declares is what the real PyTorch module does."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.catalog.layers.dense import Dense, Input
from engine.catalog.layers.layer import Layer, Shape
from engine.catalog.registry import defaults, entry
from engine.document.errors import InvalidValueError, ShapeError

BATCH = 5
CASES = [(layer, shapes) for layer in defaults("layers") if layer.takes[1] for shapes in layer.examples]
CASES += [(Dense(3, use_bias=False), ((7,),)), (Dense(1), ((1,),))]
EACH = pytest.mark.parametrize(("layer", "shapes"), CASES, ids=repr)


def inputs(shapes: tuple[Shape, ...]) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(9)
    return [torch.randn((BATCH, *shape), generator=generator) for shape in shapes]


@EACH
def test_the_declared_shape_is_the_real_one(layer: Layer, shapes: tuple[Shape, ...]) -> None:
    module = layer.build(torch.nn, *shapes)
    out = layer.forward(torch, module, *inputs(shapes))
    assert tuple(out.shape) == (BATCH, *layer.output_shape(*shapes))
    activated = layer.output_activation.build(torch.nn)(out)
    assert activated.shape == out.shape


@EACH
def test_the_declared_parameters_are_the_real_ones(layer: Layer, shapes: tuple[Shape, ...]) -> None:
    module = layer.build(torch.nn, *shapes)
    real = {name: tuple(array.shape) for name, array in module.named_parameters()} if module is not None else {}
    declared = {name: parameter.shape for name, parameter in layer.parameters(*shapes).items()}
    assert declared == real
    for parameter in layer.parameters(*shapes).values():
        assert parameter.size == int(np.prod(parameter.shape))
        assert parameter.fan_in >= 1 and parameter.fan_out >= 1


@EACH
def test_several_inputs_are_taken_only_by_merging_layers(layer: Layer, shapes: tuple[Shape, ...]) -> None:
    assert layer.takes[0] <= len(shapes) <= layer.takes[1]


@EACH
def test_the_summary_names_fields(layer: Layer, shapes: tuple[Shape, ...]) -> None:
    assert len(layer.summary) <= 3
    for name in layer.summary:
        assert hasattr(layer, name)


def test_dense_computes_the_textbook_formula() -> None:
    layer, x = Dense(3), inputs(((4,),))[0]
    module = layer.build(torch.nn, (4,))
    weight, bias = module.weight.detach().numpy(), module.bias.detach().numpy()
    expected = x.numpy() @ weight.T + bias
    np.testing.assert_allclose(layer.forward(torch, module, x).detach().numpy(), expected, rtol=1e-5, atol=1e-6)
    assert layer.multiply_adds((4,)) == 12
    assert sum(parameter.size for parameter in layer.parameters((4,)).values()) == 15


def test_only_weights_are_regularized_and_biases_start_by_their_own_initializer() -> None:
    layer = Dense(
        weight_regularizer=entry("regularizers", "l2")(), bias_initializer=entry("initializers", "constant")()
    )
    parameters = layer.parameters((4,))
    assert parameters["weight"].regularizer.name == "l2"
    assert parameters["bias"].regularizer.name == "none"
    assert parameters["bias"].initializer.name == "constant"
    assert set(Dense(use_bias=False).parameters((4,))) == {"weight"}


def test_merging_layers_add_and_lay_side_by_side() -> None:
    a, b = inputs(((2,), (2,)))
    torch.testing.assert_close(entry("layers", "Add")().forward(torch, None, a, b), a + b)
    joined = entry("layers", "Concatenate")().forward(torch, None, a, b)
    torch.testing.assert_close(joined, torch.cat([a, b], 1))


def test_dropout_scales_what_it_keeps_and_rests_at_test_time() -> None:
    layer = entry("layers", "Dropout")(rate=0.5)
    module = layer.build(torch.nn, (1000,))
    ones = torch.ones(20, 1000)
    torch.manual_seed(1)
    trained = layer.forward(torch, module.train(), ones)
    assert set(trained.unique().tolist()) == {0.0, 2.0}
    assert trained.mean().item() == pytest.approx(1.0, abs=5 / np.sqrt(20_000))
    assert torch.equal(layer.forward(torch, module.eval(), ones), ones)


@pytest.mark.parametrize(
    ("layer", "shapes"),
    [
        (Dense(), ((3, 4, 4),)),
        (entry("layers", "Add")(), ((4,), (5,))),
        (entry("layers", "Concatenate")(), ((4,), (3, 2, 2))),
        (entry("layers", "Concatenate")(), ((3, 2, 2), (3, 2, 3))),
    ],
    ids=repr,
)
def test_a_shape_that_does_not_fit_is_refused_with_an_edit(layer: Layer, shapes: tuple[Shape, ...]) -> None:
    with pytest.raises(ShapeError) as caught:
        layer.output_shape(*shapes)
    assert str(shapes[-1]) in str(caught.value) or str(shapes[0]) in str(caught.value)
    assert caught.value.remedy[1] in ("insert_before", "replace_layer")


@pytest.mark.parametrize("columns", [("x1", "x1"), ("x1", 2), ((1, 2),)])
def test_an_input_names_each_column_once(columns: tuple[object, ...]) -> None:
    with pytest.raises(InvalidValueError, match="each column once"):
        Input(columns=columns)  # type: ignore[arg-type]
