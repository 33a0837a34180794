"""Metrics: what people read beside the loss; computed on the network's answers, never trained on."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from engine.catalog.registry import Entry, Range, register

Array = NDArray[Any]


class Metric(Entry, kind="metrics"):
    """A number that says how good the answers are."""

    tasks: ClassVar[tuple[str, ...]] = ()
    larger_is_better: ClassVar[bool] = True
    needs_scores: ClassVar[bool] = False
    """Whether it judges how strongly the network leans to each class, and not only which class it decides for."""
    by_class: ClassVar[bool] = False
    """Whether it has a value for each class, of which `value` is the mean."""
    percent: ClassVar[bool] = False
    """Whether it is a share, read as 98.4 %."""

    def fits(self, task: str, class_count: int) -> bool:
        """Whether it says something about such a task."""
        return task in self.tasks

    def value(self, answer: Array, truth: Array, scores: Array | None = None) -> Array:
        """From the decided classes or predicted numbers, (..., samples), and the true ones, (samples,): (...).

        `scores`, (..., samples, classes), say how strongly the network leans to each class, as `Target.scores` gives
        them; a metric that `needs_scores` cannot do without. NaN where the metric is not defined.
        """
        raise NotImplementedError

    def per_class(self, answer: Array, truth: Array, class_count: int) -> Array:
        """The value for each class, (..., classes), of a metric that has one `by_class`."""
        raise NotImplementedError


def confusion(answer: Array, truth: Array, class_count: int) -> NDArray[np.int64]:
    """How often which class, the row, was answered as which, the column: (..., classes, classes).

    Of decided classes (..., samples) and true ones (samples,), all from 0 to `class_count` - 1.

    >>> confusion(np.array([0, 1, 1, 1]), np.array([0, 0, 1, 1]), 2).tolist()
    [[1, 1], [0, 2]]
    """
    before = answer.shape[:-1]
    sets = int(np.prod(before, dtype=np.int64))
    cells = class_count * class_count
    places = np.arange(sets)[:, None] * cells + truth.astype(np.int64) * class_count + answer.reshape(sets, len(truth))
    return np.bincount(places.ravel().astype(np.int64), minlength=sets * cells).reshape(
        *before, class_count, class_count
    )


@register
class Accuracy(Metric):
    """The share of samples whose class is decided right."""

    tasks = ("classification",)
    percent = True
    formula = "right answers / all answers"
    reference = "Common practice"
    order = 1

    def value(self, answer: Array, truth: Array, scores: Array | None = None) -> Array:
        return np.mean(answer == truth, axis=-1) if len(truth) else _unknown(answer)


@register
class BalancedAccuracy(Metric):
    """Accuracy in which each class counts the same, however few its samples: the mean recall.

    Classes without samples do not count.
    """

    tasks = ("classification",)
    percent = True
    formula = "mean of recall over the classes that have samples"
    reference = "Brodersen et al., ICPR 2010"
    label = "balanced accuracy"
    order = 2

    def value(self, answer: Array, truth: Array, scores: Array | None = None) -> Array:
        table = _table(answer, truth)
        right, true, _ = _counts(table)
        return _mean(_ratio(right, true), true > 0)


@register
class TopK(Metric):
    """The share of samples whose class is among the k classes that the network leans to most.

    Of equal scores the lower class comes first, as in a decision; so k = 1 would be accuracy.
    """

    k: Annotated[int, Range(1, 1000, 1)] = 2

    tasks = ("classification",)
    percent = True
    needs_scores = True
    formula = "answers with the true class among the k best / all answers"
    reference = "Russakovsky et al., ImageNet, IJCV 2015"
    name = "top_k"
    label = "top-k accuracy"
    order = 3

    def fits(self, task: str, class_count: int) -> bool:
        return super().fits(task, class_count) and self.k < class_count

    def value(self, answer: Array, truth: Array, scores: Array | None = None) -> Array:
        assert scores is not None
        if not len(truth):
            return _unknown(answer)
        classes = np.arange(scores.shape[-1])
        own = np.take_along_axis(scores, np.broadcast_to(truth[:, None], (*scores.shape[:-1], 1)), axis=-1)
        # Asked for in the negative, so that a score that is not a number never makes an answer right.
        before = ~(scores <= own) | ((scores == own) & (classes < truth[:, None]))
        return np.mean(before.sum(axis=-1) < self.k, axis=-1)


class _ByClass(Metric):
    """A share of samples for each class, and their mean over the classes that occur, in truth or among the answers."""

    tasks = ("classification",)
    by_class = True
    percent = True

    def _shares(self, right: Array, true: Array, answered: Array) -> Array:
        """The share of each class, from counts (..., classes) of right answers, samples and answers."""
        raise NotImplementedError

    def value(self, answer: Array, truth: Array, scores: Array | None = None) -> Array:
        right, true, answered = _counts(_table(answer, truth))
        return _mean(self._shares(right, true, answered), (true > 0) | (answered > 0))

    def per_class(self, answer: Array, truth: Array, class_count: int) -> Array:
        return self._shares(*_counts(confusion(answer, truth, class_count)))


@register
class Precision(_ByClass):
    """Of the samples that are called a class, the share that is of it; the mean over classes.

    0 for a class that is never answered, as in scikit-learn. Classes that occur neither in truth nor among the
    answers do not count for the mean.
    """

    formula = "TP / (TP + FP)"
    reference = "van Rijsbergen, Information Retrieval, 1979"
    order = 4

    def _shares(self, right: Array, true: Array, answered: Array) -> Array:
        return _ratio(right, answered)


@register
class Recall(_ByClass):
    """Of the samples of a class, the share that is called so; the mean over classes.

    0 for a class without samples that is answered all the same, as in scikit-learn. Classes that occur neither in
    truth nor among the answers do not count for the mean.
    """

    formula = "TP / (TP + FN)"
    reference = "van Rijsbergen, Information Retrieval, 1979"
    order = 5

    def _shares(self, right: Array, true: Array, answered: Array) -> Array:
        return _ratio(right, true)


@register
class F1(_ByClass):
    """The harmonic mean of precision and recall: high only where both are; the mean over classes.

    0 for a class that is never decided right, as in scikit-learn. Classes that occur neither in truth nor among the
    answers do not count for the mean.
    """

    formula = "F₁ = 2 TP / (2 TP + FP + FN)"
    reference = "van Rijsbergen, Information Retrieval, 1979"
    label = "F₁"
    order = 6

    def _shares(self, right: Array, true: Array, answered: Array) -> Array:
        return _ratio(2 * right, true + answered)


@register
class RocAuc(Metric):
    """How well the scores rank: the chance that a sample of a class scores higher for it than one of another class.

    Each class against the rest, the mean over classes; equal scores count half. Classes that no sample or every
    sample belongs to do not count, where scikit-learn refuses to answer; NaN if none is left.
    """

    tasks = ("classification",)
    needs_scores = True
    formula = "AUC = (Σ ranks of the class − n₊(n₊ + 1) / 2) / (n₊ n₋), one class against the rest"
    reference = "Hanley & McNeil, Radiology 143, 1982; Fawcett, Pattern Recognition Letters 27, 2006"
    name = "roc_auc"
    label = "ROC-AUC"
    order = 7

    def value(self, answer: Array, truth: Array, scores: Array | None = None) -> Array:
        assert scores is not None
        member = truth[:, None] == np.arange(scores.shape[-1])
        inside = member.sum(axis=0)
        outside = len(truth) - inside
        total = np.where(member, _ranks(scores), 0.0).sum(axis=-2) - inside * (inside + 1) / 2
        counted = np.broadcast_to((inside > 0) & (outside > 0), total.shape)
        return _mean(_ratio(total, inside * outside), counted)


@register
class RSquared(Metric):
    """The share of the targets' variance that the answers explain: 1 is perfect, 0 no better than their mean.

    NaN where all targets are equal, so that there is nothing to explain; scikit-learn then says 1 or 0.
    """

    tasks = ("regression",)
    name = "r2"
    label = "R²"
    formula = "R² = 1 − Σ (t − y)² / Σ (t − mean t)²"
    reference = "Wright, Correlation and Causation, 1921"
    order = 10

    def value(self, answer: Array, truth: Array, scores: Array | None = None) -> Array:
        total = np.sum((truth - truth.mean()) ** 2) if len(truth) else 0.0
        return 1 - np.sum((truth - answer) ** 2, axis=-1) / total if total else _unknown(answer)


@register
class MeanAbsoluteError(Metric):
    """How far the answers are off on average, in the units of the targets."""

    tasks = ("regression",)
    larger_is_better = False
    name = "mae"
    label = "MAE"
    formula = "MAE = mean |t − y|"
    reference = "Common practice"
    order = 11

    def value(self, answer: Array, truth: Array, scores: Array | None = None) -> Array:
        return np.mean(np.abs(truth - answer), axis=-1) if len(truth) else _unknown(answer)


@register
class RootMeanSquaredError(Metric):
    """How far the answers are off, in the units of the targets; large errors weigh more than in MAE."""

    tasks = ("regression",)
    larger_is_better = False
    name = "rmse"
    label = "RMSE"
    formula = "RMSE = √ mean (t − y)²"
    reference = "Common practice"
    order = 12

    def value(self, answer: Array, truth: Array, scores: Array | None = None) -> Array:
        return np.sqrt(np.mean((truth - answer) ** 2, axis=-1)) if len(truth) else _unknown(answer)


def _table(answer: Array, truth: Array) -> Array:
    """The confusion of as many classes as occur."""
    highest = max(int(answer.max(initial=0)), int(truth.max(initial=0)))
    return confusion(answer, truth, highest + 1)


def _counts(table: Array) -> tuple[Array, Array, Array]:
    """Right answers, samples and answers of each class, (..., classes)."""
    return np.diagonal(table, axis1=-2, axis2=-1), table.sum(axis=-1), table.sum(axis=-2)


def _ratio(part: Array, whole: Array) -> Array:
    """part / whole; 0 where the whole is 0."""
    return part / np.where(whole == 0, 1, whole)


def _mean(values: Array, counted: Array) -> Array:
    """The mean over the last axis of what is counted; NaN where nothing is."""
    number = counted.sum(axis=-1)
    return np.where(number > 0, np.where(counted, values, 0.0).sum(axis=-1) / np.maximum(number, 1), np.nan)


def _ranks(scores: Array) -> Array:
    """The places of the samples, counted from 1, in the order of their scores; equal scores share the mean place."""
    order = np.argsort(scores, axis=-2)
    ordered = np.take_along_axis(scores, order, axis=-2)
    count = scores.shape[-2]
    places = np.broadcast_to(np.arange(count)[:, None], scores.shape)
    step = ordered[..., 1:, :] != ordered[..., :-1, :]
    edge = np.ones((*scores.shape[:-2], 1, scores.shape[-1]), np.bool_)
    first = np.maximum.accumulate(np.where(np.concatenate([edge, step], axis=-2), places, 0), axis=-2)
    last = np.where(np.concatenate([step, edge], axis=-2), places, count)
    last = np.flip(np.minimum.accumulate(np.flip(last, -2), axis=-2), -2)
    ranks = np.empty(scores.shape)
    np.put_along_axis(ranks, order, (first + last) / 2 + 1, axis=-2)
    return ranks


def _unknown(answer: Array) -> Array:
    """NaN for each set of answers."""
    return np.full(answer.shape[:-1], np.nan)


def metric_for(task: str) -> Metric:
    """The metric shown for a task: the first that fits it."""
    from engine.catalog.registry import entries

    found: Metric = next(cls() for cls in entries("metrics").values() if task in cls.tasks)
    return found


def metrics_for(task: str, class_count: int) -> tuple[Metric, ...]:
    """Every metric that fits a task, with its default fields, in the order in which they are offered."""
    from engine.catalog.registry import defaults

    return tuple(metric for metric in defaults("metrics") if metric.fits(task, class_count))
