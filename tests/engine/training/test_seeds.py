from __future__ import annotations

import math

import numpy as np
import pytest

from engine.document.errors import PlaygroundError
from engine.document.examples import load_example
from engine.document.graph import Document
from engine.plan.resolve import resolve
from engine.training.backends import choose
from engine.training.seeds import Outcome, Study, run_seeds
from engine.training.trainer import Evaluation

CIRCLE = load_example("circle").document


def alone(document: Document, seed: int, epochs: int, engine: str) -> Evaluation:
    """What an ordinary run with this seed reaches."""
    plan = resolve(document.replace(seed=seed))
    run = choose(plan, engine)[0].make(plan)
    for _ in range(epochs):
        run.step("epoch")
    return run.evaluate()


@pytest.mark.parametrize("engine", ["numba", "torch"])
def test_each_outcome_is_that_of_an_ordinary_run(engine: str) -> None:
    outcomes = list(run_seeds(resolve(CIRCLE), [3, 1, 7, 1], 6, engine=engine))
    assert sorted(outcome.seed for outcome in outcomes) == [1, 1, 3, 7]
    for outcome in outcomes:
        assert outcome.evaluation == alone(CIRCLE, outcome.seed, 6, engine)
    assert len({outcome.loss for outcome in outcomes}) == 3


def test_a_state_of_the_optimizer_is_not_handed_on() -> None:
    document = load_example("spiral").document  # Adam: means and a count of steps
    first, second = run_seeds(resolve(document), [5, 5], 3)
    assert first.evaluation == second.evaluation == alone(document, 5, 3, "numba")


def test_a_run_that_diverges_is_counted_and_the_others_go_on() -> None:
    document = load_example("plane").document
    optimizer = document.training.optimizer.replace(learning_rate=9.0)
    outcomes = list(run_seeds(resolve(document.set_training(optimizer=optimizer)), range(1, 6), 50))
    assert len(outcomes) == 5
    assert all(math.isnan(outcome.loss) and not outcome.solved for outcome in outcomes)


def test_it_stops_when_told_to() -> None:
    found: list[Outcome] = []
    for outcome in run_seeds(resolve(CIRCLE), range(1, 1001), 20, stopped=lambda: len(found) >= 3):
        found.append(outcome)
    assert 3 <= len(found) < 50


def test_mean_and_disagreement_are_those_of_the_answers() -> None:
    study, outcomes = Study(), list(run_seeds(resolve(CIRCLE), range(1, 9), 10, resolution=12))
    for outcome in outcomes:
        study.add(outcome)
    answers = np.stack([outcome.answers for outcome in outcomes if outcome.answers is not None])
    assert answers.shape == (8, 1, 12, 12)
    assert study.mean is not None and study.disagreement is not None
    np.testing.assert_allclose(study.mean, answers.mean(axis=0), atol=1e-6)
    np.testing.assert_allclose(study.disagreement, answers.std(axis=0)[0], atol=1e-6)
    assert study.solved == sum(outcome.evaluation.test_metric >= 0.9 for outcome in outcomes)
    assert all(outcome.answers is None for outcome in study.outcomes)  # a thousand of them would not fit


def test_a_network_that_cannot_be_trained_is_refused() -> None:
    with pytest.raises(PlaygroundError):
        list(run_seeds(resolve(CIRCLE.set_field("dense_3", "units", 4)), [1], 2))
    with pytest.raises(PlaygroundError, match="epochs"):
        list(run_seeds(resolve(CIRCLE), [1], 0))
