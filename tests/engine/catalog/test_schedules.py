"""Schedules by values computed by hand, and by PyTorch where it has the same."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import pytest
import torch

from engine.catalog.registry import defaults, form, from_json, to_json
from engine.catalog.schedules import (
    ConstantRate,
    Cosine,
    CosineRestarts,
    Exponential,
    InverseTime,
    OneCycle,
    Piecewise,
    Polynomial,
    ReduceOnPlateau,
    Schedule,
    State,
    Step,
)
from engine.document.errors import InvalidValueError

SCHEDULES: list[Schedule] = list(defaults("schedules"))
EPOCHS = 100


def pytorch(make: Any, count: int, rate: float = 1.0, momentum: float = 0.9) -> np.ndarray:
    """Rate and momentum of PyTorch's schedule before each of so many steps, (2, count)."""
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=rate, momentum=momentum)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it wants steps of an optimizer in between
        scheduler = make(torch.optim.lr_scheduler, optimizer)
        found = []
        for _ in range(count):
            group = optimizer.param_groups[0]
            found.append((group["lr"], group["momentum"]))
            optimizer.step()
            scheduler.step()
    return np.array(found).T


@pytest.mark.parametrize("schedule", SCHEDULES, ids=repr)
def test_factors_are_finite_and_have_the_shape_of_the_epochs(schedule: Schedule) -> None:
    epochs = np.linspace(0, 3 * EPOCHS, 1203).reshape(3, -1)
    factors = schedule.factor(epochs, EPOCHS)
    assert factors.shape == epochs.shape and np.isfinite(factors).all()
    assert factors.min() >= 0 and factors.max() <= 1
    assert all(factors[place] == schedule.factor(epochs[place], EPOCHS) for place in ((0, 0), (1, 57), (2, 400)))
    assert schedule.factor(0, 1).shape == ()


@pytest.mark.parametrize("schedule", [s for s in SCHEDULES if not isinstance(s, OneCycle)], ids=repr)
def test_all_but_one_cycle_start_at_the_full_rate(schedule: Schedule) -> None:
    assert schedule.factor(0, EPOCHS) == 1.0


@pytest.mark.parametrize("schedule", [Polynomial(), Cosine(), OneCycle(), Cosine(warmup_epochs=10)], ids=repr)
def test_what_is_laid_out_over_the_plan_stays_at_its_end(schedule: Schedule) -> None:
    assert schedule.factor(2.5 * EPOCHS, EPOCHS) == schedule.factor(EPOCHS, EPOCHS)
    assert schedule.factor(EPOCHS, EPOCHS) == pytest.approx(getattr(schedule, "final_share", None))


# --- by hand ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("schedule", "values"),
    [
        (ConstantRate(), {0: 1, 73: 1}),
        (InverseTime(decay_epochs=20.0), {0: 1, 20: 1 / 2, 40: 1 / 3, 60: 1 / 4}),
        (InverseTime(decay_epochs=10.0, power=2.0), {10: 1 / 4, 30: 1 / 16}),
        (InverseTime(decay_epochs=50.0, power=0.5), {150: 1 / 2}),
        (Exponential(), {0: 1, 10: 0.31622776601683794, 20: 0.1, 40: 0.01, 60: 0.001}),
        (Step(decay=0.5, step_epochs=10), {0: 1, 9.99: 1, 10: 1 / 2, 19.9: 1 / 2, 20: 1 / 4, 35: 1 / 8}),
        (Piecewise(), {0: 1, 4.99: 1, 5: 0.5, 14.9: 0.5, 15: 0.1, 1000: 0.1}),
        (Piecewise(pieces=" 0.5:2 ,3:0"), {0: 1, 0.5: 2, 2.9: 2, 3: 0}),
        (Polynomial(), {0: 1, 25: 0.75, 50: 0.5, 100: 0}),
        (Polynomial(power=2.0, final_share=0.2), {0: 1, 50: 0.4, 90: 0.208, 100: 0.2}),
        (Cosine(), {0: 1, 100 / 3: 0.75, 50: 0.5, 200 / 3: 0.25, 100: 0}),
        (Cosine(final_share=0.2), {50: 0.6, 1000: 0.2}),
        (CosineRestarts(first_epochs=10.0), {0: 1, 5: 0.5, 10: 1, 20: 0.5, 30: 1, 50: 0.5, 70: 1, 110: 0.5, 150: 1}),
        (CosineRestarts(first_epochs=10.0, stretch=1.0, final_share=0.5), {5: 0.75, 10: 1, 25: 0.75, 990: 1}),
        (OneCycle(), {0: 0.1, 22.5: 0.55, 45: 1, 67.5: 0.55, 90: 0.1, 95: 0.05005, 100: 0.0001}),
        (OneCycle(shape="cosine", third_phase=False, rise=0.3), {0: 0.1, 10: 0.325, 15: 0.55, 30: 1, 65: 0.50005}),
        (ReduceOnPlateau(), {0: 1, 500: 1}),
        (Cosine(warmup_epochs=20), {0: 0, 5: 0.25, 19: 0.95, 20: 1, 60: 0.5, 100: 0}),
        (OneCycle(warmup_epochs=10, third_phase=False, rise=0.4), {5: 0.05, 10: 0.1, 46: 1}),
        (Piecewise(warmup_epochs=10), {10: 1, 14.9: 1, 15: 0.5, 25: 0.1}),
        (Exponential(warmup_epochs=200), {50: 0.25, 200: 1, 220: 0.1}),
    ],
    ids=repr,
)
def test_values_by_hand(schedule: Schedule, values: dict[float, float]) -> None:
    found = schedule.factor(list(values), EPOCHS)
    np.testing.assert_allclose(found, list(values.values()), rtol=1e-12, atol=1e-15)


def test_the_known_answers_of_the_course() -> None:
    """Piecewise 0.01, 0.005, 0.001 at epochs 5 and 15; exponential 0.01 · 0.1^(epoch / 20)."""
    epochs = np.arange(25)
    expected = [0.01] * 5 + [0.005] * 10 + [0.001] * 10
    np.testing.assert_allclose(0.01 * Piecewise().factor(epochs, 25), expected, rtol=1e-12)
    np.testing.assert_allclose(0.01 * Exponential().factor(epochs, 25), 0.01 * 0.1 ** (epochs / 20), rtol=1e-12)


def test_restarts_come_at_whole_epochs_however_the_logarithm_is_rounded() -> None:
    for first, stretch in ((1.0, 2.0), (3.0, 3.0), (7.0, 1.5), (10.0, 1.25), (10.0, 4.0)):
        begins = first * np.cumsum(stretch ** np.arange(8))
        schedule = CosineRestarts(first_epochs=first, stretch=stretch)
        np.testing.assert_allclose(schedule.factor(begins * (1 + 1e-12), EPOCHS), 1.0, atol=1e-6)
        np.testing.assert_allclose(schedule.factor(begins * (1 - 1e-9), EPOCHS), 0.0, atol=1e-6)


# --- PyTorch ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("schedule", "make"),
    [
        (ConstantRate(), lambda s, o: s.ConstantLR(o, factor=1.0)),
        (InverseTime(decay_epochs=20.0), lambda s, o: s.LambdaLR(o, lambda epoch: 20 / (20 + epoch))),
        (Exponential(), lambda s, o: s.ExponentialLR(o, gamma=0.1 ** (1 / 20))),
        (Step(decay=0.3, step_epochs=7), lambda s, o: s.StepLR(o, step_size=7, gamma=0.3)),
        (Piecewise(pieces="5: 0.5, 15: 0.25"), lambda s, o: s.MultiStepLR(o, [5, 15], gamma=0.5)),
        (Polynomial(power=1.7), lambda s, o: s.PolynomialLR(o, total_iters=EPOCHS, power=1.7)),
        (Cosine(final_share=0.1), lambda s, o: s.CosineAnnealingLR(o, T_max=EPOCHS, eta_min=0.1)),
        (
            CosineRestarts(first_epochs=6.0, final_share=0.1),
            lambda s, o: s.CosineAnnealingWarmRestarts(o, 6, 2, eta_min=0.1),
        ),
        (
            Exponential(warmup_epochs=8),
            lambda s, o: s.SequentialLR(
                o, [s.LinearLR(o, 1e-12, total_iters=8), s.ExponentialLR(o, 0.1 ** (1 / 20))], [8]
            ),
        ),
    ],
    ids=lambda item: repr(item) if isinstance(item, Schedule) else "",
)
def test_pytorch_gives_the_same_rates(schedule: Schedule, make: Any) -> None:
    expected = pytorch(make, EPOCHS + 1)[0]
    np.testing.assert_allclose(schedule.factor(np.arange(EPOCHS + 1), EPOCHS), expected, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("third", [False, True])
@pytest.mark.parametrize("shape", ["linear", "cosine"])
def test_pytorch_gives_the_same_cycle(shape: str, third: bool) -> None:
    schedule = OneCycle(rise=0.3, start_share=0.04, final_share=4e-4, shape=shape, third_phase=third)
    # PyTorch's phases end one step early: with a step more, and the share that goes with it, they end where ours do.
    expected = pytorch(
        lambda s, o: s.OneCycleLR(
            o,
            max_lr=1.0,
            total_steps=EPOCHS + 1,
            pct_start=(0.3 * EPOCHS + 1) / (EPOCHS + 1),
            anneal_strategy={"linear": "linear", "cosine": "cos"}[shape],
            div_factor=25,
            final_div_factor=100,
            three_phase=third,
        ),
        EPOCHS,
    )
    epochs = np.arange(EPOCHS)
    np.testing.assert_allclose(schedule.factor(epochs, EPOCHS), expected[0], rtol=1e-9)
    momentum = schedule.momentum(epochs, EPOCHS)
    assert momentum is not None
    np.testing.assert_allclose(momentum, expected[1], rtol=1e-9)


def test_momentum_by_hand() -> None:
    cycle = OneCycle()
    np.testing.assert_allclose(
        np.asarray(cycle.momentum([0, 22.5, 45, 90, 95, 300], EPOCHS)), [0.95, 0.9, 0.85, 0.95, 0.95, 0.95]
    )
    np.testing.assert_allclose(
        np.asarray(OneCycle(warmup_epochs=50).momentum([0, 50, 72.5], EPOCHS)), [0.95, 0.95, 0.85]
    )
    assert OneCycle(cycle_momentum=False).momentum(3, EPOCHS) is None
    assert all(schedule.momentum(3, EPOCHS) is None for schedule in SCHEDULES if not isinstance(schedule, OneCycle))


# --- what goes by the loss -------------------------------------------------------------------------------------------


def seen(schedule: Schedule, losses: list[float]) -> list[float]:
    state: State = {}
    found = []
    for epoch, loss in enumerate(losses, 1):
        schedule.look(epoch, loss, state)
        found.append(schedule.adapted(state))
    return found


def test_a_plateau_lowers_the_rate() -> None:
    plateau = ReduceOnPlateau(patience=2, smallest_improvement=0.1)
    assert seen(plateau, [3, 2, 2, 1.95, 1, 1, 1, 1, 1, 0.5]) == [1, 1, 1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.125, 0.125]
    assert seen(ReduceOnPlateau(patience=1, least_share=0.3), [1.0] * 5) == [1, 0.5, 0.3, 0.3, 0.3]
    assert seen(plateau.replace(warmup_epochs=3), [1.0] * 7) == [1, 1, 1, 1, 1, 0.5, 0.5]


@pytest.mark.parametrize("patience", [1, 5])
def test_pytorch_lowers_it_at_the_same_epochs(patience: int) -> None:
    losses = (1 + 0.1 * np.random.default_rng(3).standard_normal(80)).tolist()
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=1.0)
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(
        optimizer, factor=0.5, patience=patience - 1, threshold=0.01, threshold_mode="abs", min_lr=0.001
    )
    expected = []
    for loss in losses:
        scheduler.step(loss)
        expected.append(optimizer.param_groups[0]["lr"])
    schedule = ReduceOnPlateau(patience=patience, smallest_improvement=0.01)
    assert seen(schedule, losses) == expected and 0.001 <= expected[-1] < 0.2


def test_only_what_is_adaptive_looks() -> None:
    for schedule in SCHEDULES:
        assert (len(set(seen(schedule, [1.0] * 30))) > 1) == schedule.adaptive


# --- what may be typed -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "pieces",
    [
        *("", "5", "5:", ":0.5", "5: 0.5,", "5: 0.5, 5: 0.1", "9: 1, 3: 1", "0: 0.5", "-1: 2", "5: -1", "5: 11"),
        *("5: x", "nan: 1", "5: nan", "inf: 1", "5: 0.5; 7: 0.1", "5: 0.5: 3", "1e9: 0.5"),
        ", ".join(f"{epoch}: 1" for epoch in range(1, 102)),
    ],
)
def test_pieces_that_make_no_sense_are_refused(pieces: str) -> None:
    with pytest.raises(InvalidValueError, match="pieces") as caught:
        Piecewise(pieces=pieces)
    assert len(str(caught.value)) < 300


def test_warm_up_comes_last_in_every_form_and_old_files_have_none() -> None:
    for schedule in SCHEDULES:
        assert form(type(schedule))[-1].name == "warmup_epochs"
        data = {key: value for key, value in to_json(schedule).items() if key != "warmup_epochs"}
        assert from_json("schedules", data) == schedule
    assert math.isclose(float(Cosine(warmup_epochs=4).factor(1, 10)), 0.25)
