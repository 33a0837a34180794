"""Every layer and example: what it declares is what the real PyTorch module does."""

from __future__ import annotations

import contextlib
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils.flop_counter import FlopCounterMode

from engine.catalog.layers.dense import Dense, Input
from engine.catalog.layers.embedding import Embedding
from engine.catalog.layers.layer import Layer, Shape
from engine.catalog.layers.weighted import Weighted
from engine.catalog.registry import Choice, Field, Range, defaults, entries, entry, form
from engine.document.errors import InvalidValueError, ShapeError

BATCH = 5
CASES = [(layer, shapes) for layer in defaults("layers") if layer.takes[1] for shapes in layer.examples]
CASES += [(Dense(3, use_bias=False), ((7,),)), (Dense(1), ((1,),))]
EACH = pytest.mark.parametrize(("layer", "shapes"), CASES, ids=repr)


def inputs(shapes: tuple[Shape, ...], layer: Layer | None = None) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(9)
    if isinstance(layer, Embedding):
        return [torch.randint(layer.vocabulary_size, (BATCH, *shape), generator=generator).float() for shape in shapes]
    return [torch.randn((BATCH, *shape), generator=generator) for shape in shapes]


def build(layer: Layer, shapes: tuple[Shape, ...]) -> Any:
    """The module as PyTorch builds it."""
    return layer.build(torch.nn, *shapes)


def check_declarations(layer: Layer, shapes: tuple[Shape, ...]) -> None:
    """Shape, parameters, buffers and cost are those of the module as PyTorch runs it."""
    module = build(layer, shapes)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        out = layer.forward(torch, module, *inputs(shapes, layer))
    assert tuple(out.shape) == (BATCH, *layer.output_shape(*shapes))
    assert out.isfinite().all()
    real = {name: tuple(array.shape) for name, array in module.named_parameters()} if module is not None else {}
    assert {name: parameter.shape for name, parameter in layer.parameters(*shapes).items()} == real
    kept = dict(module.named_buffers()) if module is not None else {}
    for name, buffer in layer.buffers(*shapes).items():
        assert tuple(kept[name].shape) == buffer.shape
    if layer.category in ("Convolution", "Core") and isinstance(layer, Weighted):
        assert 2 * BATCH * layer.multiply_adds(*shapes) == counter.get_total_flops()
    assert layer.multiply_adds(*shapes) >= 0


@EACH
def test_what_is_declared_is_what_pytorch_does(layer: Layer, shapes: tuple[Shape, ...]) -> None:
    check_declarations(layer, shapes)
    out = layer.forward(torch, build(layer, shapes), *inputs(shapes, layer))
    assert layer.output_activation.build(torch.nn)(out).shape == out.shape
    for parameter in layer.parameters(*shapes).values():
        assert parameter.size == int(np.prod(parameter.shape))
        assert parameter.fan_in >= 1 and parameter.fan_out >= 1


def drawn_field(field: Field) -> st.SearchStrategy[Any]:
    """A value of a field; numbers stay small, so that tensors do."""
    if isinstance(field.constraint, Range):
        low, high = field.constraint.low, field.constraint.high
        if field.kind is int:
            return st.integers(int(low), int(min(high, low + 6)))
        return st.sampled_from([low, field.default, (low + high) / 2, high])
    if isinstance(field.constraint, Choice):
        return st.sampled_from(field.constraint.options)
    return st.booleans() if field.kind is bool else st.just(field.default)


def drawn_shape(axes: int) -> st.SearchStrategy[Shape]:
    return st.tuples(st.integers(1, 6), *[st.integers(1, 9)] * (axes - 1))


@pytest.mark.parametrize("name", [name for name, cls in entries("layers").items() if cls.takes[1]])
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_fields_and_any_shape_do_what_they_declare_or_are_refused_with_an_edit(
    name: str, data: st.DataObject
) -> None:
    cls = entry("layers", name)
    layer = cls(**{field.name: data.draw(drawn_field(field), label=field.name) for field in form(cls)})
    axes = data.draw(st.integers(1, 3), label="axes")
    shapes = (data.draw(drawn_shape(axes), label="shape"),)
    if layer.takes[1] > 1:
        others = st.one_of(st.just(shapes[0]), st.just(shapes[0][:1]), st.integers(1, 3).flatmap(drawn_shape))
        shapes += tuple(data.draw(st.lists(others, min_size=1, max_size=3), label="other shapes"))
    try:
        given_out = layer.output_shape(*shapes)
    except ShapeError as error:
        mended = mend(layer, shapes, error)
        assert mended != (layer, shapes)
        with contextlib.suppress(ShapeError):  # another problem may be behind this one, but not the same again
            mended[0].output_shape(*mended[1])
            return
        with pytest.raises(ShapeError) as second:
            mended[0].output_shape(*mended[1])
        assert second.value.sentence.template != error.sentence.template
        return
    assert all(length >= 1 for length in given_out)
    check_declarations(layer, shapes)


def mend(layer: Layer, shapes: tuple[Shape, ...], error: ShapeError) -> tuple[Layer, tuple[Shape, ...]]:
    """The layer and what reaches it after the edit that an error offers."""
    _, method, argument = error.remedy
    if method == "set_layer":
        assert isinstance(argument, type(layer))
        return argument, shapes
    if method == "replace_layer":
        return entry("layers", argument)(), shapes
    assert method == "insert_before"
    before = entry("layers", argument)() if isinstance(argument, str) else argument
    return layer, tuple(before.output_shape(shape) for shape in shapes)


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
        (entry("layers", "Multiply")(), ((3, 2, 2), (4,))),
        (entry("layers", "Conv2d")(), ((4,),)),
        (entry("layers", "Conv2d")(groups=2), ((3, 4, 4),)),
        (entry("layers", "Conv2d")(padding="valid", kernel_size=5), ((3, 4, 4),)),
        (entry("layers", "Conv1d")(), ((3, 4, 4),)),
        (entry("layers", "MaxPool2d")(pool_size=5), ((3, 4, 4),)),
        (entry("layers", "GlobalAveragePool1d")(), ((4,),)),
        (entry("layers", "GroupNorm")(groups=2), ((3, 4, 4),)),
        (entry("layers", "InstanceNorm")(), ((3, 1, 1),)),
        (entry("layers", "Reshape")(channels=5), ((4,),)),
        (entry("layers", "Permute")(), ((3, 4, 4),)),
        (entry("layers", "RepeatVector")(), ((3, 4, 4),)),
        (entry("layers", "Embedding")(), ((3, 4, 4),)),
        (entry("layers", "Crop")(left=2, right=2), ((3, 4, 4),)),
    ],
    ids=repr,
)
def test_a_shape_that_does_not_fit_is_refused_with_an_edit(layer: Layer, shapes: tuple[Shape, ...]) -> None:
    with pytest.raises(ShapeError) as caught:
        layer.output_shape(*shapes)
    said = str(caught.value)
    assert any(words in said for words in (str(shapes[-1]), str(shapes[0]), f"got {shapes[0][0]} channels"))
    mended, arriving = mend(layer, shapes, caught.value)
    with contextlib.suppress(ShapeError):
        mended.output_shape(*arriving)
        return
    with pytest.raises(ShapeError) as second:
        mended.output_shape(*arriving)
    mended, arriving = mend(mended, arriving, second.value)
    mended.output_shape(*arriving)


@pytest.mark.parametrize("columns", [("x1", "x1"), ("x1", 2), ((1, 2),)])
def test_an_input_names_each_column_once(columns: tuple[object, ...]) -> None:
    with pytest.raises(InvalidValueError, match="each column once"):
        Input(columns=columns)  # type: ignore[arg-type]
