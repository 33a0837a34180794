"""How gradients fare on their way through ten layers: the story that textbooks tell, as it really is.

Saturation alone does not make gradients vanish: with N(0, 1) weights the large weights make up for the small slopes.
They vanish where slopes and weights are both small (sigmoid with Glorot), and explode where weights are large and some
slopes are not small (tanh with N(0, 1)).
"""

from __future__ import annotations

import numpy as np
import pytest

from engine.catalog.activations import Activation
from engine.catalog.initializers import Initializer
from engine.catalog.registry import entry

LAYERS, UNITS, SAMPLES = 10, 100, 500


def gradient_ratio(activation: Activation, initializer: Initializer, seed: int) -> float:
    """Root mean square of the gradient before the first layer's activation, over that before the last one's."""
    rng = np.random.default_rng(seed)
    weights = [initializer.draw(rng, (UNITS, UNITS), UNITS, UNITS).astype(np.float64) for _ in range(LAYERS)]
    output, sums = rng.standard_normal((SAMPLES, UNITS)), []
    for weight in weights:
        sums.append(output @ weight.T)
        output = activation.value(sums[-1])
    gradient = rng.standard_normal((SAMPLES, UNITS))
    sizes = []
    for weight, total in zip(weights[::-1], sums[::-1], strict=True):
        delta = activation.pullback(total, gradient)
        sizes.append(float(np.sqrt(np.mean(delta**2))))
        gradient = delta @ weight
    return sizes[-1] / sizes[0]


@pytest.mark.parametrize(
    ("activation", "initializer", "ratio"),
    [
        ("sigmoid", entry("initializers", "normal")(standard_deviation=1.0), 0.74),
        ("sigmoid", entry("initializers", "glorot_uniform")(), 2e-6),
        ("tanh", entry("initializers", "normal")(standard_deviation=1.0), 2e3),
        ("tanh", entry("initializers", "glorot_uniform")(), 0.285),
        ("relu", entry("initializers", "he_normal")(), 1.08),
    ],
    ids=["saturated sigmoid", "vanishing", "exploding", "tanh", "relu"],
)
def test_the_gradient_of_the_first_of_ten_layers(activation: str, initializer: Initializer, ratio: float) -> None:
    found = [gradient_ratio(entry("activations", activation)(), initializer, seed) for seed in range(5)]
    assert ratio / 3 < float(np.median(found)) < ratio * 3, found
