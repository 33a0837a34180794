"""Every metric against scikit-learn on random data, against numbers worked by hand, and where it is not defined."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import pytest
from sklearn import metrics as sklearn_metrics

from engine.catalog.metrics import (
    F1,
    Accuracy,
    BalancedAccuracy,
    MeanAbsoluteError,
    Metric,
    Precision,
    Recall,
    RocAuc,
    RootMeanSquaredError,
    RSquared,
    TopK,
    confusion,
    metric_for,
    metrics_for,
)
from engine.catalog.registry import defaults
from engine.plan.target import Target

TASKS = {"classification": 3, "regression": 0}
BY_CLASS: list[Metric] = [Precision(), Recall(), F1()]


def answers(seed: int, samples: int, classes: int, *, coarse: bool = False) -> tuple[Any, Any, Any]:
    """Decisions, truth and scores that add up to 1; coarse ones have many ties."""
    rng = np.random.default_rng(seed)
    scores = rng.integers(1, 4, (samples, classes)) if coarse else rng.exponential(size=(samples, classes))
    scores = scores / scores.sum(axis=1, keepdims=True)
    truth = rng.integers(0, classes, samples)
    truth[:classes] = np.arange(classes)
    return scores.argmax(axis=1), truth, scores


ORACLES: dict[str, Any] = {
    "accuracy": lambda a, t, s: sklearn_metrics.accuracy_score(t, a),
    "balanced_accuracy": lambda a, t, s: sklearn_metrics.balanced_accuracy_score(t, a),
    # of equal scores it prefers the higher class, so it is shown the classes the other way round
    "top_k": lambda a, t, s: sklearn_metrics.top_k_accuracy_score(
        s.shape[1] - 1 - t, s[:, ::-1], k=2, labels=range(s.shape[1])
    ),
    "precision": lambda a, t, s: sklearn_metrics.precision_score(t, a, average="macro", zero_division=0),
    "recall": lambda a, t, s: sklearn_metrics.recall_score(t, a, average="macro", zero_division=0),
    "f1": lambda a, t, s: sklearn_metrics.f1_score(t, a, average="macro", zero_division=0),
    "roc_auc": lambda a, t, s: sklearn_metrics.roc_auc_score(
        t, s[:, 1] if s.shape[1] == 2 else s, multi_class="ovr", average="macro"
    ),
    "r2": lambda a, t, s: sklearn_metrics.r2_score(t, a),
    "mae": lambda a, t, s: sklearn_metrics.mean_absolute_error(t, a),
    "rmse": lambda a, t, s: sklearn_metrics.root_mean_squared_error(t, a),
}


def test_every_metric_has_an_oracle() -> None:
    assert {metric.name for metric in defaults("metrics")} == set(ORACLES)


@pytest.mark.parametrize("metric", metrics_for("classification", 3), ids=lambda item: item.name)
@pytest.mark.parametrize(
    ("samples", "classes", "coarse"), [(200, 3, False), (57, 7, False), (200, 3, True), (31, 2, False)]
)
def test_classifications_are_judged_as_by_scikit_learn(
    metric: Metric, samples: int, classes: int, coarse: bool
) -> None:
    answer, truth, scores = answers(1, samples, classes, coarse=coarse)
    expected = 1.0 if (metric.name, classes) == ("top_k", 2) else ORACLES[metric.name](answer, truth, scores)
    assert metric.value(answer, truth, scores) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("metric", metrics_for("regression", 0), ids=lambda item: item.name)
def test_regressions_are_judged_as_by_scikit_learn(metric: Metric) -> None:
    rng = np.random.default_rng(2)
    truth = rng.normal(3, 2, 100)
    answer = truth + rng.normal(0.5, 1, 100)
    assert metric.value(answer, truth) == pytest.approx(ORACLES[metric.name](answer, truth, None), abs=1e-12)


@pytest.mark.parametrize("metric", list(defaults("metrics")), ids=lambda item: item.name)
def test_many_states_are_judged_at_once(metric: Metric) -> None:
    """As a run judges all epochs that a slice recorded."""
    if metric.tasks == ("classification",):
        stacked = [answers(seed, 40, 4, coarse=True) for seed in range(6)]
        truth = stacked[0][1]
        answer, scores = np.stack([item[0] for item in stacked]), np.stack([item[2] for item in stacked])
    else:
        answer, truth = np.random.default_rng(3).normal(size=(6, 40)), np.arange(40.0)
        scores = answer[..., None]
    together = metric.value(answer.reshape(2, 3, 40), truth, scores.reshape(2, 3, 40, -1))
    apart = [metric.value(one, truth, lean) for one, lean in zip(answer, scores, strict=True)]
    np.testing.assert_array_equal(together, np.reshape(apart, (2, 3)))
    assert len(set(np.ravel(apart).tolist())) > 1


# --- classes ---------------------------------------------------------------------------------------------------------


def test_the_confusion_is_scikit_learns() -> None:
    answer, truth, _ = answers(4, 300, 5)
    table = confusion(answer, truth, 6)
    np.testing.assert_array_equal(table, sklearn_metrics.confusion_matrix(truth, answer, labels=range(6)))
    both = confusion(np.stack([answer, truth]), truth, 6)
    assert both.shape == (2, 6, 6) and (both[0] == table).all()
    assert (both[1] == np.diag(np.bincount(truth, minlength=6))).all()
    assert confusion(np.array([], int), np.array([], int), 2).tolist() == [[0, 0], [0, 0]]
    assert confusion(np.zeros((0, 3), int), np.zeros(3, int), 2).shape == (0, 2, 2)


@pytest.mark.parametrize("metric", BY_CLASS, ids=lambda item: item.name)
def test_each_class_is_judged_as_by_scikit_learn(metric: Metric) -> None:
    answer, truth, _ = answers(5, 90, 4)
    answer[answer == 2] = 3  # never answered
    oracle = getattr(sklearn_metrics, f"{metric.name}_score")
    expected = oracle(truth, answer, average=None, labels=range(6), zero_division=0)  # two classes do not occur
    np.testing.assert_allclose(metric.per_class(answer, truth, 6), expected, atol=1e-12)
    assert metric.value(answer, truth) == pytest.approx(oracle(truth, answer, average="macro", zero_division=0))


def test_classes_by_hand() -> None:
    """Ten samples: class 0 is called 0, 0, 0, 1; class 1 is called 1, 1, 0, 2, 2; class 2 is called 2."""
    truth = np.array([0, 0, 0, 0, 1, 1, 1, 1, 1, 2])
    answer = np.array([0, 0, 0, 1, 1, 1, 0, 2, 2, 2])
    assert confusion(answer, truth, 3).tolist() == [[3, 1, 0], [1, 2, 2], [0, 0, 1]]
    np.testing.assert_allclose(Precision().per_class(answer, truth, 3), [3 / 4, 2 / 3, 1 / 3])
    np.testing.assert_allclose(Recall().per_class(answer, truth, 3), [3 / 4, 2 / 5, 1])
    np.testing.assert_allclose(F1().per_class(answer, truth, 3), [3 / 4, 1 / 2, 1 / 2])
    assert Precision().value(answer, truth) == pytest.approx(7 / 12)
    assert Recall().value(answer, truth) == BalancedAccuracy().value(answer, truth) == pytest.approx(43 / 60)
    assert F1().value(answer, truth) == pytest.approx(7 / 12)
    assert Accuracy().value(answer, truth) == pytest.approx(0.6)


def test_a_class_without_samples_counts_where_it_is_answered() -> None:
    truth, answer = np.array([0, 0, 1]), np.array([0, 2, 1])
    assert Recall().value(answer, truth) == pytest.approx((1 / 2 + 1 + 0) / 3)
    assert Precision().value(answer, truth) == pytest.approx((1 + 1 + 0) / 3)
    assert BalancedAccuracy().value(answer, truth) == pytest.approx((1 / 2 + 1) / 2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert ORACLES["recall"](answer, truth, None) == pytest.approx(1 / 2)
        assert ORACLES["balanced_accuracy"](answer, truth, None) == pytest.approx(3 / 4)


# --- scores ----------------------------------------------------------------------------------------------------------


def test_the_best_k_by_hand() -> None:
    scores = np.array([[0.5, 0.3, 0.2], [0.5, 0.3, 0.2], [0.5, 0.3, 0.2], [0.2, 0.2, 0.2], [0.2, 0.2, 0.2]])
    truth = np.array([0, 1, 2, 1, 2])
    answer = scores.argmax(axis=1)
    assert TopK(2).value(answer, truth, scores) == pytest.approx(3 / 5)
    assert TopK(1).value(answer, truth, scores) == Accuracy().value(answer, truth) == pytest.approx(1 / 5)
    assert TopK(3).value(answer, truth, scores) == 1.0
    assert TopK(1).value(np.array([0]), np.array([0]), np.array([[math.nan, 0.0]])) == 0.0


def test_scores_rank_by_hand() -> None:
    """Of the four pairs of one sample of class 1 and one of class 0, three are in order; of two equal ones, half."""
    truth = np.array([0, 0, 1, 1])
    for lean, expected in (
        ([0.1, 0.4, 0.35, 0.8], 3 / 4),
        ([0.1, 0.4, 0.4, 0.8], 7 / 8),
        ([0.0, 0.0, 0.0, 0.0], 1 / 2),
    ):
        column = np.array(lean)[:, None]
        scores = np.concatenate([-column, column], axis=1)
        assert RocAuc().value(scores.argmax(1), truth, scores) == pytest.approx(expected)
        assert sklearn_metrics.roc_auc_score(truth, lean) == pytest.approx(expected)


def test_a_class_without_samples_has_no_curve() -> None:
    truth = np.array([0, 0, 1, 1])
    scores = np.array([[0.9, 0.1, 0], [0.2, 0.3, 0.5], [0.3, 0.4, 0.3], [0, 0.2, 0.8]])
    of_zero, of_one = (sklearn_metrics.roc_auc_score(truth == k, scores[:, k]) for k in (0, 1))
    assert RocAuc().value(scores.argmax(1), truth, scores) == pytest.approx((of_zero + of_one) / 2)
    assert math.isnan(RocAuc().value(np.zeros(2, int), np.zeros(2, int), scores[:2]))


@pytest.mark.parametrize(("off", "on"), [(0.0, 1.0), (-1.0, 1.0)])
def test_a_single_unit_leans_to_the_class_it_decides_for(off: float, on: float) -> None:
    target = Target("classification", 2, 1, off, on)
    output = np.linspace(off, on, 11, dtype=np.float32)[None, :, None]
    scores = target.scores(output)
    assert scores.shape == (1, 11, 2)
    np.testing.assert_array_equal(scores.argmax(axis=-1), target.decide(output))
    assert (np.diff(scores[0, :, 1]) > 0).all()
    many = Target("classification", 3, 3)
    lean = np.random.default_rng(1).normal(size=(4, 3))
    np.testing.assert_array_equal(many.scores(lean), lean)


# --- what fits, and what is not defined ------------------------------------------------------------------------------


def test_what_is_offered_for_a_task() -> None:
    names = {classes: [metric.name for metric in metrics_for("classification", classes)] for classes in (2, 3)}
    assert names[2] == ["accuracy", "balanced_accuracy", "precision", "recall", "f1", "roc_auc"]
    assert names[3] == ["accuracy", "balanced_accuracy", "top_k", "precision", "recall", "f1", "roc_auc"]
    assert [metric.name for metric in metrics_for("regression", 0)] == ["r2", "mae", "rmse"]
    assert (metric_for("classification"), metric_for("regression")) == (Accuracy(), RSquared())


def test_regressions_by_hand() -> None:
    truth, answer = np.array([1.0, 2.0, 3.0]), np.array([1.0, 4.0, 2.0])
    assert MeanAbsoluteError().value(answer, truth) == 1.0
    assert RootMeanSquaredError().value(answer, truth) == pytest.approx(math.sqrt(5 / 3))
    assert RSquared().value(answer, truth) == pytest.approx(1 - 5 / 2)
    assert math.isnan(RSquared().value(np.array([1.0, 2.0]), np.array([1.0, 1.0])))
    assert not MeanAbsoluteError.larger_is_better and not RootMeanSquaredError.larger_is_better


@pytest.mark.parametrize("metric", list(defaults("metrics")), ids=lambda item: item.name)
def test_nothing_is_said_about_no_samples(metric: Metric) -> None:
    found = metric.value(np.zeros((2, 0), int), np.zeros(0, int), np.zeros((2, 0, 3)))
    assert found.shape == (2,) and np.isnan(found).all()
    if metric.by_class:
        assert metric.per_class(np.zeros(0, int), np.zeros(0, int), 3).tolist() == [0, 0, 0]
