"""The learning-rate finder: its rates, what it trains, where it ends, what it suggests."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from engine.catalog.layers.dense import Dense
from engine.catalog.optimizers import SGD, Adam
from engine.catalog.registry import entry
from engine.catalog.schedules import Exponential
from engine.catalog.stopping import StopAtEpoch
from engine.document.errors import InvalidValueError
from engine.document.examples import load_example
from engine.document.graph import Document, Training
from engine.plan.data import split
from engine.plan.resolve import resolve
from engine.training.backends import choose
from engine.training.finder import HIGH, LOW, STEPS, Finding, find_rate, rates, smooth
from engine.training.trainer import Evaluation
from tests.engine.training.networks import chain, small

CIRCLE = load_example("circle").document
BOTH = pytest.mark.parametrize("engine", ["numba", "torch"])


def test_the_known_answer() -> None:
    """From 1e-5 to 10 in 500 steps: each rate is the one before times exp(ln(1e6) / 499)."""
    assert (LOW, HIGH, STEPS) == (1e-5, 10.0, 500)
    found = find_rate(resolve(CIRCLE)).rates
    assert found.shape == (500,) and (found[0], found[-1]) == (1e-5, 10.0)
    np.testing.assert_allclose(found[1:] / found[:-1], math.exp(math.log(1e6) / 499), rtol=1e-9)
    assert rates().tolist() == found.tolist()


@BOTH
@pytest.mark.parametrize("batch", [7, 10, 1000])
def test_each_step_is_taken_with_its_rate(engine: str, batch: int) -> None:
    """Against a run whose rate is edited before every step; whatever schedule and rule the document has, they wait."""
    document = small(training=Training(optimizer=SGD(learning_rate=0.3), batch_size=batch))
    own = document.set_training(schedule=Exponential(), stopping=StopAtEpoch(epoch=1))
    found = find_rate(resolve(own), low=1e-3, high=1.0, steps=40, engine=engine)
    run = choose(resolve(document), engine)[0].make(resolve(document))
    expected = []
    for rate in np.geomspace(1e-3, 1.0, 40):
        assert run.edit(resolve(document.set_training(optimizer=SGD(learning_rate=float(rate)))))
        run.step("batch")
        expected.append(run.evaluate().train_loss)
    np.testing.assert_allclose(found.losses, expected, rtol=1e-5, atol=1e-6)


def test_full_batch_optimizers_and_searches_have_a_rate_too() -> None:
    for name in ("gradient_descent", "LBFGS", "random_search"):
        try:
            optimizer = entry("optimizers", name)()
        except InvalidValueError:
            continue
        found = find_rate(resolve(small(training=Training(optimizer=optimizer))), steps=30)
        assert 0 < len(found.losses) <= 30 and np.isfinite(found.losses).all()


@BOTH
def test_it_starts_from_a_snapshot_and_leaves_its_run_alone(engine: str) -> None:
    plan = resolve(small(training=Training(optimizer=Adam())))
    run = choose(plan, engine)[0].make(plan)
    run.train_epochs(30)
    before, loss = run.snapshot(), run.evaluate().train_loss
    found = find_rate(plan, low=1e-6, high=1e-3, steps=20, snapshot=before, engine=engine)
    fresh = find_rate(plan, low=1e-6, high=1e-3, steps=20, engine=engine)
    assert found.losses[0] == pytest.approx(loss, abs=1e-4) and fresh.losses[0] > loss + 0.05
    assert run.snapshot().weights.keys() == before.weights.keys()
    assert all(np.array_equal(run.parameter(name), values) for name, values in before.weights.items())


def test_it_ends_where_the_run_diverges() -> None:
    linear = entry("activations", "linear")()
    document = chain(Dense(8, linear), Dense(8, linear), Dense(1, linear), training=Training(optimizer=SGD()))
    found = find_rate(resolve(document))
    assert found.diverged and 20 < len(found.losses) == len(found.rates) < 500
    assert np.isfinite(found.losses).all() and found.losses[-1] > found.losses[0]
    steepest, tenth = found.suggestions()
    assert steepest is not None and tenth is not None and tenth < 0.2


def test_it_stops_when_told_to_and_tells_how_far_it_is() -> None:
    told: list[int] = []
    found = find_rate(
        resolve(CIRCLE), stopped=lambda: len(told) >= 25, progress=lambda found: told.append(len(found.losses))
    )
    assert told == list(range(1, 26)) and len(found.losses) == 25 and not found.diverged and found.total == 500


def test_the_loss_is_that_of_the_training_samples() -> None:
    for engine in ("numba", "torch"):
        plan = resolve(load_example("blobs").document)
        run = choose(plan, engine)[0].make(plan)
        run.train_epochs(1)
        whole: Evaluation = run.evaluate()
        assert run.training_loss(10**6) == pytest.approx(whole.train_loss, rel=1e-6)
        few = run.training_loss(7)
        values = split(plan.document.data).train.values[:7]
        assert few != pytest.approx(whole.train_loss, rel=1e-3) and len(values) == 7
        assert run.evaluate() == whole


# --- what it suggests ------------------------------------------------------------------------------------------------


def finding(losses: Any) -> Finding:
    return Finding(rates()[: len(losses)], np.asarray(losses, float), STEPS)


def test_suggestions_of_a_curve_that_is_known() -> None:
    """A fall around 1e-3, the lowest point at 0.1, then a rise."""
    place = np.log10(rates())
    losses = 1 / (1 + np.exp(4 * (place + 3))) + np.where(place > -1, (place + 1) ** 2, 0.0)
    steepest, tenth = finding(losses).suggestions()
    # The smoothing draws some of the rise into the flat valley before it.
    assert steepest == pytest.approx(1e-3, rel=0.05) and 0.005 < tenth < 0.01
    noisy = losses + 0.02 * np.random.default_rng(1).standard_normal(500)
    steepest, tenth = finding(noisy).suggestions()
    assert steepest == pytest.approx(1e-3, rel=0.6) and 0.002 < tenth < 0.01


@pytest.mark.parametrize("losses", [[], [1.0], np.ones(500), np.linspace(1, 3, 500), np.linspace(1, 0.995, 500)])
def test_without_a_fall_there_is_no_suggestion(losses: Any) -> None:
    assert finding(losses).suggestions() == (None, None)


def test_suggestions_are_rates_that_every_optimizer_takes() -> None:
    for name in ("circle", "spiral", "plane", "blobs"):
        for rate in find_rate(resolve(load_example(name).document)).suggestions():
            assert rate is not None and Adam(learning_rate=rate).learning_rate == float(f"{rate:.2g}")


def test_smoothing_keeps_what_is_straight_and_moves_nothing() -> None:
    line = np.linspace(-1, 1, 101)
    np.testing.assert_allclose(smooth(line, 2.0)[10:-10], line[10:-10], atol=1e-12)
    np.testing.assert_allclose(smooth(np.full(30, 3.0), 5.0), 3.0)
    bump = smooth(np.eye(1, 101, 50)[0], 2.0)
    assert bump.argmax() == 50 and bump[50] == pytest.approx(1 / (2 * math.sqrt(2 * math.pi)), rel=0.01)
    np.testing.assert_allclose(bump, bump[::-1], atol=1e-15)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"low": 1.0, "high": 0.1}, r"rates \(=1.0 to 0.1\) must rise"),
        ({"low": 0.0}, r"\(=0.0 to 10.0\) must rise, between 1e-06 and 10.0"),
        ({"high": 11.0}, "must rise"),
        ({"low": math.nan}, "must rise"),
        ({"steps": 5}, r"steps \(=5\) must lie between 20 and 10000"),
        ({"steps": 10**6}, "steps"),
    ],
)
def test_what_makes_no_sense_is_said(arguments: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InvalidValueError, match=sentence):
        find_rate(resolve(CIRCLE), **arguments)


def test_a_network_that_cannot_be_trained_is_refused() -> None:
    broken: Document = CIRCLE.set_field("dense_3", "units", 4)
    with pytest.raises(ValueError, match="cannot be trained"):
        find_rate(resolve(broken))
