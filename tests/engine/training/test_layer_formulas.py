"""Layers that are formulas: their programs against PyTorch, and networks of them on both backends."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from engine.catalog.activations import Linear, Sigmoid, Tanh
from engine.catalog.datasets.plane import Circle
from engine.catalog.layers.dense import Activation, Dense, Input
from engine.catalog.layers.layer import Layer
from engine.catalog.layers.merging import Average, Maximum, Multiply
from engine.catalog.layers.normalization import LayerNorm
from engine.catalog.layers.scaling import Scale
from engine.catalog.optimizers import SGD
from engine.catalog.registry import defaults
from engine.document.graph import Data, Document, Network, Training
from engine.plan.resolve import resolve
from engine.training.layer_formulas import has_formula, layer_programs
from engine.training.numba_plans import refuses
from engine.training.tracing import NotTraceable
from tests.engine.training.agreement import check_agreement as check_training
from tests.engine.training.formula_checks import check_agreement, keeps_its_promises
from tests.engine.training.networks import chain

SAMPLES = 40

LAYERS: list[Layer] = [layer for layer in defaults("layers") if has_formula(layer)] + [
    Scale(factor=-0.7, fixed=True),
    Scale(factor=1.5, use_bias=True),
    Scale(factor=1.5, per_channel=False, use_bias=True),
    LayerNorm(affine=False, epsilon=0.1),
]


def test_these_layers_have_formulas() -> None:
    assert {layer.name for layer in LAYERS} >= {"Add", "LayerNorm", "Scale"}  # else nothing is tested below


@pytest.mark.parametrize("units", [1, 5])
@pytest.mark.parametrize("layer", LAYERS, ids=repr)
def test_a_layers_programs_are_pytorchs_forward_and_backward(layer: Layer, units: int) -> None:
    count = 3 if layer.takes[1] > 1 else 1
    rng = np.random.default_rng(7)
    inputs = rng.standard_normal((count, units, SAMPLES))
    declared = layer.parameters(*((units,),) * count)
    learned = {name: rng.standard_normal(parameter.shape) for name, parameter in declared.items()}
    gradient = rng.standard_normal((units, SAMPLES))
    value, changes = by_pytorch(layer, inputs, learned, gradient)
    np.testing.assert_allclose(layer.flat_value(learned, *(x.T for x in inputs)).T, value, rtol=1e-9, atol=1e-9)
    programs = layer_programs(layer, count, units)
    for program in programs:
        keeps_its_promises(program)
    given = {f"x{number}": x for number, x in enumerate(inputs)}
    for name, array in learned.items():
        rows = np.broadcast_to(array[:, None], (len(array), SAMPLES))
        given[name] = rows if len(rows) == units else rows[0]
    check_agreement(programs.inference.run(given)["value"], value)
    known = {**given, **programs.forward.run(given), "gradient": gradient}
    check_agreement(known["value"], value)
    found = programs.backward.run({name: known[name] for name in programs.backward.inputs})
    assert found.keys() == {f"gradient_{name}" for name in given}
    for name, change in changes.items():
        of_samples = found[f"gradient_{name}"]
        summed = of_samples if name.startswith("x") else of_samples.reshape(-1, SAMPLES).sum(axis=1)
        np.testing.assert_allclose(summed, change, rtol=1e-9, atol=1e-9)


def by_pytorch(layer: Layer, inputs: Any, learned: Any, gradient: Any) -> tuple[Any, dict[str, Any]]:
    """Value and gradients by autograd; units first, as programs have them."""
    shapes = [(inputs.shape[1],)] * len(inputs)
    module = layer.build(torch.nn, *shapes)
    tensors = {f"x{number}": torch.from_numpy(x.T.copy()).requires_grad_() for number, x in enumerate(inputs)}
    given = list(tensors.values())
    if module is not None:
        module.double()
        for name, parameter in module.named_parameters():
            parameter.data = torch.from_numpy(learned[name])
            tensors[name] = parameter
    value = layer.forward(torch, module, *given)
    value.backward(torch.from_numpy(gradient.T.copy()))
    changes = {name: tensor.grad.numpy().T for name, tensor in tensors.items() if tensor.grad is not None}
    return value.detach().numpy().T, changes


def test_parameters_of_another_size_are_refused() -> None:
    class Odd(type(LAYERS[0])):  # type: ignore[misc]
        label = "odd"

        def parameters(self, *shapes: Any) -> Any:
            scale = Scale().parameters((2,))["weight"]
            return {"weight": scale}

    with pytest.raises(NotTraceable, match="neither one for each unit nor one for all"):
        layer_programs(Odd(), 2, 5)


# --- in a network -----------------------------------------------------------------------------------------------------

CALM = Training(optimizer=SGD(learning_rate=0.01), batch_size=10)


@pytest.mark.parametrize(
    "layer",
    [
        Scale(factor=1.5, use_bias=True),
        Scale(factor=0.5, per_channel=False),
        Scale(factor=-2.0, fixed=True),
        Scale(factor=1.5, trainable=False),
        Scale(rate_factor=3.0),
        LayerNorm(),
        LayerNorm(affine=False),
    ],
    ids=repr,
)
def test_a_formula_between_cards_agrees(layer: Layer) -> None:
    check_training(chain(Dense(5), layer, Dense(4), Dense(1), training=CALM))


@pytest.mark.parametrize("layer", [Multiply(), Average(), Maximum()], ids=repr)
def test_branches_that_meet_in_a_formula_agree(layer: Layer) -> None:
    document = Document((Network(),), Data(Circle(samples=90), seed=2), CALM, seed=5)
    document = document.add(Input()).add(Dense(5, Tanh())).add(Dense(5, Sigmoid())).add(layer)
    document = document.add(Activation(Tanh())).add(Dense(1, Linear()))
    node = document.nodes[3].id
    for source, target in (
        ("input_1", "dense_1"),
        ("dense_1", "dense_2"),
        ("dense_1", node),
        ("dense_2", node),
        (node, "activation_1"),
        ("activation_1", "dense_3"),
    ):
        document = document.connect(source, target)
    document = document.connect("dense_1", node, 2)  # a second time
    plan = resolve(document)
    assert plan.ready and refuses(plan) is None and len(plan.nodes[node].sources) == 3
    check_training(document)
