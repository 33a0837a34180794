"""A linear unit with a penalty is a model that statistics knows: its weights are those that scikit-learn computes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import ElasticNet as SklearnElasticNet
from sklearn.linear_model import Lasso, LinearRegression, Ridge

from engine.catalog.activations import Linear
from engine.catalog.datasets.functions import Saddle
from engine.catalog.layers.dense import Dense, Input
from engine.catalog.losses import MeanSquaredError
from engine.catalog.optimizers import SGD
from engine.catalog.regularizers import L1, L2, ElasticNet, NoRegularizer, Regularizer
from engine.catalog.schedules import Cosine
from engine.document.graph import Data, Document, Network, Training
from engine.plan.data import split
from engine.plan.resolve import resolve
from engine.training.numba_trainer import NumbaTrainer

SAMPLES = 60
COLUMNS = ("x1", "x2", "x1_x2", "sin_x1", "sin_x2")
STEPS = 20_000


def regression(loss: Any, regularizer: Regularizer, activation: Any, columns: tuple[str, ...] = COLUMNS) -> Document:
    """One unit on all samples at once, with a rate that falls to nothing: L1 alone would not let it come to rest."""
    data = Data(Saddle(samples=2 * SAMPLES, noise=20.0), train_share=0.5, seed=4)
    training = Training(loss, SGD(learning_rate=0.002, momentum=0.9), Cosine(), batch_size=SAMPLES, epochs=STEPS)
    document = Document((Network(),), data, training).append(Input(columns=columns))
    return document.append(Dense(1, activation, weight_regularizer=regularizer))


def trained(document: Document) -> tuple[np.ndarray, float]:
    """The weights and the bias after all steps."""
    plan = resolve(document)
    assert plan.ready, [str(problem.sentence) for problem in plan.problems]
    run = NumbaTrainer(plan, recorded=False)
    run.train_epochs(STEPS)
    return run.parameter("dense_1.weight")[0], float(run.parameter("dense_1.bias")[0])


def samples(document: Document, columns: tuple[str, ...] = COLUMNS) -> tuple[np.ndarray, np.ndarray]:
    train = split(document.data).train
    return document.data.dataset.inputs(train.values, columns).astype(float), train.targets.astype(float)


@pytest.mark.parametrize(
    ("loss", "regularizer", "model"),
    [
        (MeanSquaredError(), NoRegularizer(), LinearRegression()),
        # Ridge: Σ (y − t)² + alpha Σ w²; ours is that divided by 2n, or by n where the error is not halved.
        (MeanSquaredError(halved=True), L2(rate=3.0), Ridge(alpha=3.0 * SAMPLES)),
        (MeanSquaredError(), L2(rate=3.0), Ridge(alpha=1.5 * SAMPLES)),
        (MeanSquaredError(halved=True), L1(rate=0.05), Lasso(alpha=0.05)),
        (
            MeanSquaredError(halved=True),
            ElasticNet(rate=0.1, l1_share=0.5),
            SklearnElasticNet(alpha=0.1, l1_ratio=0.5),
        ),
        (
            MeanSquaredError(halved=True),
            ElasticNet(rate=0.5, l1_share=0.05),
            SklearnElasticNet(alpha=0.5, l1_ratio=0.05),
        ),
    ],
    ids=repr,
)
def test_penalised_least_squares(loss: MeanSquaredError, regularizer: Regularizer, model: Any) -> None:
    document = regression(loss, regularizer, Linear())
    inputs, targets = samples(document)
    assert len(inputs) == SAMPLES
    model.fit(inputs, targets)
    weight, bias = trained(document)
    np.testing.assert_allclose(weight, model.coef_, atol=2e-5)
    assert bias == pytest.approx(model.intercept_, abs=2e-5)
    plain = LinearRegression().fit(inputs, targets)
    moved = np.abs(plain.coef_ - model.coef_).max()
    assert moved > 1e-3 or isinstance(regularizer, NoRegularizer)  # the penalty shows


def test_the_lasso_drops_what_is_of_no_use() -> None:
    weight, _ = trained(regression(MeanSquaredError(halved=True), L1(rate=0.05), Linear()))
    model = Lasso(alpha=0.05).fit(*samples(regression(MeanSquaredError(), L1(), Linear())))
    assert (np.abs(weight) < 1e-5).tolist() == (model.coef_ == 0).tolist()
    assert 0 < (model.coef_ == 0).sum() < len(COLUMNS)
