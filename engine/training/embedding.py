"""Maps of high-dimensional points in two dimensions that keep neighbours together; scikit-learn computes them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.document.errors import PlaygroundError

TSNE, ISOMAP = METHODS = ("t-SNE", "Isomap")


def prepare() -> None:
    """Load what computes them, which takes a second or two."""
    import sklearn.manifold  # noqa: F401  # loaded when the first map is asked for: no run needs it


def embed(values: NDArray[Any], method: str, seed: int = 0) -> NDArray[np.float32]:
    """A map (samples, 2) of values (samples, features) by "t-SNE" or "Isomap", on one core.

    Raises PlaygroundError for fewer than three samples, or for values that are not finite.
    """
    from sklearn.manifold import TSNE as Tsne
    from sklearn.manifold import Isomap
    from threadpoolctl import threadpool_limits

    values = np.asarray(values, np.float32)
    if len(values) < 3 or not np.isfinite(values).all():
        raise PlaygroundError(
            "{count} samples cannot be laid out: three or more are needed, with finite numbers", count=len(values)
        )
    with threadpool_limits(1):  # the other cores belong to the training
        if method == TSNE:
            perplexity = min(30.0, (len(values) - 1) / 3)
            made: Any = Tsne(2, perplexity=perplexity, init="pca", random_state=seed, n_jobs=1)
        else:
            made = Isomap(n_neighbors=min(10, len(values) - 1), n_components=2, n_jobs=1)
        found = np.asarray(made.fit_transform(values), np.float32)
    return found
