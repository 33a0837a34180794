"""Maps beside the run: what scikit-learn makes of what a card gives, and what goes wrong."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.manifold import TSNE, Isomap

from engine.catalog.activations import Tanh
from engine.catalog.datasets.plane import Circle
from engine.catalog.layers.dense import Dense
from engine.document.errors import PlaygroundError
from engine.document.graph import Data
from engine.plan.resolve import resolve
from engine.probes.space import outputs
from engine.training import embedding
from engine.training.numba_trainer import NumbaTrainer
from engine.worker.embedding import Embeddings
from engine.worker.messages import Embed, EmbeddingProgress, Failure, Starting
from tests.engine.training.networks import chain


@pytest.fixture
def run() -> NumbaTrainer:
    made = NumbaTrainer(resolve(chain(Dense(4, Tanh()), Dense(1), data=Data(Circle(samples=60)))))
    made.train_epochs(3)
    return made


def answers(message: Embed, trainer: Any) -> list[Any]:
    sent: list[Any] = []
    maps = Embeddings(sent.append)
    maps.take(message, trainer)
    maps.join()
    return [item for item in sent if not isinstance(item, Starting)]


@pytest.mark.parametrize("method", embedding.METHODS)
def test_a_map_is_the_one_of_scikit_learn(run: NumbaTrainer, method: str) -> None:
    begun, finished = answers(Embed(4, "dense_1", method, 60), run)
    assert isinstance(begun, EmbeddingProgress) and not begun.finished and not begun.arrays
    assert finished.finished and (finished.run, finished.node, finished.method, finished.epoch) == (
        4,
        "dense_1",
        method,
        3,
    )
    values, _ = outputs(run, "dense_1", finished.arrays["places"])
    made = TSNE(2, perplexity=59 / 3, init="pca", random_state=0) if method == "t-SNE" else Isomap(n_neighbors=10)
    np.testing.assert_allclose(finished.arrays["points"], made.fit_transform(values), rtol=1e-4, atol=1e-4)
    assert set(finished.arrays) == {"points", "places", "targets", "answers"}


def test_what_cannot_be_mapped_is_said(run: NumbaTrainer) -> None:
    for message, trainer in ((Embed(1, "gone", "t-SNE", 50), run), (Embed(1, "dense_1", "t-SNE", 50), None)):
        (failure,) = answers(message, trainer)
        assert isinstance(failure, Failure) and failure.kind == "embedding" and failure.run == 1
    (failure,) = answers(Embed(2, "dense_1", "magic", 50), run)
    assert "magic" in str(failure.sentence)
    for values in (np.zeros((2, 5)), np.full((9, 2), np.nan)):
        with pytest.raises(PlaygroundError, match="three"):
            embedding.embed(values, "t-SNE")


def test_a_map_that_is_not_wanted_any_more_is_not_sent(run: NumbaTrainer) -> None:
    sent: list[Any] = []
    maps = Embeddings(sent.append)
    maps.take(Embed(1, "dense_1", "t-SNE", 60), run)
    maps.stop()
    maps.join()
    assert not [item for item in sent if isinstance(item, EmbeddingProgress) and item.finished]
