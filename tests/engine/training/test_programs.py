"""The programs of the catalogue against the NumPy formulas that they are traced from; what is simplified."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest

from engine.catalog.activations import Activation, Linear, Relu, Sigmoid, Softmax, Tanh
from engine.catalog.losses import CategoricalCrossEntropy, Loss, MeanSquaredError
from engine.catalog.optimizers import SGD, Adam, Optimizer, Rprop
from engine.catalog.regularizers import L2, NoRegularizer, Regularizer
from engine.training.formulas import activation_programs, loss_program, optimizer_program, regularizer_program
from engine.training.programs import Kind, Op
from tests.engine.training.formula_checks import (
    backward,
    check_agreement,
    every_program,
    everything,
    keeps_its_promises,
    ops,
    samples,
    traceable,
)

# --- the formulas of the catalogue ------------------------------------------------------------------------------------


@pytest.mark.parametrize("units", [1, 5])
@pytest.mark.parametrize("activation", traceable("activations"), ids=repr)
def test_an_activation_computes_what_its_formula_says(activation: Activation, units: int) -> None:
    x, gradient = samples(units), samples(units, seed=1, edges=False)
    programs = activation_programs(activation, units)
    learned = {
        name: np.linspace(-0.5, 0.7, parameter.size) for name, parameter in activation.parameters((units,)).items()
    }
    with np.errstate(all="ignore"):
        value = activation.learned_value(learned, x.T).T
        back, changes = activation.learned_pullback(learned, x.T, gradient.T)
    rows = {name: np.broadcast_to(values[:, None], (len(values), 40)) for name, values in learned.items()}
    given = {"x": x, **{name: row if len(row) == units else row[0] for name, row in rows.items()}}
    check_agreement(programs.forward.run(given)["value"], value)
    check_agreement(programs.inference.run(given)["value"], value)
    check_agreement(backward(programs, given, gradient), back.T)
    known = {**given, **programs.forward.run(given), "gradient": gradient}
    found = programs.learning.run({name: known[name] for name in programs.learning.inputs})
    assert found.keys() == {f"gradient_{name}" for name in learned}
    for name, change in changes.items():
        check_agreement(found[f"gradient_{name}"], change.T if found[f"gradient_{name}"].ndim == 2 else change[:, 0])


@pytest.mark.parametrize("units", [1, 5])
@pytest.mark.parametrize("loss", everything("losses"), ids=repr)
def test_a_loss_computes_the_gradient_its_formula_says(loss: Loss, units: int) -> None:
    prediction = samples(units)
    for target in (np.sign(samples(units, seed=2)), np.eye(units)[:, np.arange(40) % units], samples(units, seed=3)):
        with np.errstate(all="ignore"):
            expected = loss.gradient(prediction.T, target.T).T
        check_agreement(
            loss_program(loss, units).run({"prediction": prediction, "target": target})["gradient"], expected
        )


@pytest.mark.parametrize("optimizer", traceable("optimizers"), ids=repr)
def test_an_optimizer_steps_as_its_formula_says(optimizer: Optimizer) -> None:
    program = optimizer_program(optimizer)
    weight, state = samples(1)[0].clip(-50, 50), {}
    inputs = {"weight": weight.copy(), **{name: np.full_like(weight, first) for name, first in program.initial.items()}}
    assert set(program.outputs) == {"weight", *program.initial}
    for step in range(1, 8):
        gradient, rate = samples(1, seed=step, edges=step % 2 == 0)[0].clip(-1e3, 1e3), 0.3 / step
        optimizer.update(weight, gradient, state, rate, step)
        inputs = program.run({**inputs, "gradient": gradient}, {"rate": rate, "step": step})
        assert list(state) == list(program.initial)
        for name, expected in {"weight": weight, **state}.items():
            np.testing.assert_allclose(inputs[name], expected, rtol=1e-9, atol=1e-12, err_msg=name)


@pytest.mark.parametrize("regularizer", everything("regularizers"), ids=repr)
def test_a_regularizer_adds_its_gradient(regularizer: Regularizer) -> None:
    weight, gradient = samples(1)[0], samples(1, seed=1)[0]
    found = regularizer_program(regularizer).run({"weight": weight, "gradient": gradient})["gradient"]
    check_agreement(found, gradient + regularizer.gradient(np, weight))


def test_a_diverged_value_stays_visible() -> None:
    for activation in traceable("activations"):
        x = np.full((3, 2), np.nan)
        programs = activation_programs(activation, 3)
        shapes = {name: parameter.shape for name, parameter in activation.parameters((3,)).items()}
        learned = {name: np.ones(2 if shape == (1,) else (3, 2)) for name, shape in shapes.items()}
        assert np.isnan(programs.forward.run({"x": x, **learned})["value"]).all()
        assert np.isnan(backward(programs, {"x": np.ones((3, 2)), **learned}, x)).all()


def test_single_precision_programs_stay_in_single_precision() -> None:
    x = samples(3).astype(np.float32)
    found = activation_programs(Relu(), 3).forward.run({"x": x}, dtype=np.float32)
    assert all(values.dtype == np.float32 for values in found.values())


# --- what a program promises to an engine -----------------------------------------------------------------------------


def test_every_program_keeps_its_promises() -> None:
    for program in every_program():
        keeps_its_promises(program)


def test_the_gradient_may_replace_what_it_is_computed_from() -> None:
    for activation in traceable("activations"):
        for program, output in zip(activation_programs(activation, 3), ("", "gradient_in", "value"), strict=False):
            targets = [instruction.target for instruction in program.instructions]
            assert not output or not targets or targets.index(program.outputs[output]) == len(targets) - 1


def test_uniforms_are_computed_for_many_steps_at_once_in_double_precision() -> None:
    uniforms = optimizer_program(Adam(beta_2=0.999)).uniforms
    steps = np.arange(1.0, 2001.0)
    values = [uniform.evaluate({"rate": np.full(2000, 0.01), "step": steps}) for uniform in uniforms]
    assert all(value.shape == (2000,) and value.dtype == np.float64 for value in values)
    assert any(np.allclose(value, 1 / (1 - 0.999**steps), rtol=1e-14) for value in values)


def test_the_rate_reaches_every_optimizer() -> None:
    for optimizer in traceable("optimizers"):
        if isinstance(optimizer, Rprop):
            continue  # it finds its own step sizes; the rate is that of the first step alone
        program = optimizer_program(optimizer)
        inputs = {name: np.ones(4) for name in program.inputs}
        same = program.run(inputs, {"rate": 0.0, "step": 3})["weight"]
        assert np.array_equal(same, np.ones(4))
        assert not np.array_equal(program.run(inputs, {"rate": 0.5, "step": 3})["weight"], same)


# --- what is simplified -----------------------------------------------------------------------------------------------


def test_tanh_is_computed_once_and_its_slope_with_it() -> None:
    forward, back, inference, _ = activation_programs(Tanh(), 4)
    assert ops(forward) == [Op.TANH, Op.SUBTRACT_PRODUCT]
    assert ops(back) == [Op.MUL]
    assert ops(inference) == [Op.TANH]


def test_sigmoid_of_minus_x_is_not_computed_again() -> None:
    forward, back, *_ = activation_programs(Sigmoid(), 4)
    assert Counter(ops(forward))[Op.TANH] == 1 and len(forward.instructions) == 5
    assert ops(back) == [Op.MUL]


def test_softmax_saves_its_value_alone() -> None:
    forward, back, *_ = activation_programs(Softmax(), 4)
    assert set(forward.outputs) == {"value"} and set(back.inputs) == {"value", "gradient"}
    assert Counter(ops(forward))[Op.EXP] == 1


def test_what_does_nothing_has_no_instructions() -> None:
    for program, output in zip(
        activation_programs(Linear(), 4)[:3], (("x", "value"), ("gradient", "gradient_in"), ("x", "value")), strict=True
    ):
        assert not program.instructions and program.inputs[output[0]] == program.outputs[output[1]]
    assert not regularizer_program(NoRegularizer()).instructions


def test_plain_training_needs_one_instruction_for_each_purpose() -> None:
    assert ops(optimizer_program(SGD())) == [Op.SUBTRACT_PRODUCT]
    assert ops(regularizer_program(L2())) == [Op.MULTIPLY_ADD]
    assert ops(loss_program(MeanSquaredError(halved=True), 1)) == [Op.SUB]


def test_factors_of_a_whole_row_are_multiplied_before_the_units() -> None:
    program = loss_program(CategoricalCrossEntropy(), 9)
    full = [op for op, target, _ in program.instructions if program.kinds[target] is Kind.FULL]
    assert full == [Op.SUB, Op.EXP, Op.MULTIPLY_SUBTRACT]


def test_registers_are_taken_again() -> None:
    class Long(Activation):
        def value(self, x: Any) -> Any:
            for _ in range(2000):
                x = np.tanh(x) + 0.5
            return x

        def derivative(self, x: Any) -> Any:
            return np.ones_like(x)

    program = activation_programs(Long(), 2).inference
    assert len(program.instructions) == 4000 and program.register_count == 4
    x = samples(2)
    check_agreement(program.run({"x": x})["value"], Long().value(x))
