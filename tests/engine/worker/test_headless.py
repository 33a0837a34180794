from __future__ import annotations

import pytest

from engine.document.errors import InvalidValueError
from engine.document.examples import load_example
from engine.worker.headless import backends, train

CIRCLE = load_example("circle").document


def test_a_training_reports_what_it_reached() -> None:
    told: list[tuple[int, int, float]] = []
    result = train(CIRCLE, epochs=4, progress=lambda *words: told.append(words))
    assert (result.engine, result.epochs, result.steps, result.parameters) == ("numba", 4, 100, 25)
    seen = [epoch for epoch, epochs, _ in told if epochs == 4]
    assert seen == sorted(set(seen)) and len(seen) == len(told) and seen[-1] == 4
    assert told[-1][2] == result.evaluation.train_loss
    assert result.seconds > 0 and len(result.weights_sha256) == 64
    assert (result.snapshot.epoch, result.document.training.epochs) == (4, 4)


def test_the_seed_fixes_weights_and_data() -> None:
    one, again, other = (train(CIRCLE, epochs=2, seed=seed) for seed in (7, 7, 8))
    assert one.weights_sha256 == again.weights_sha256 != other.weights_sha256
    assert one.evaluation == again.evaluation != other.evaluation
    assert one.document.seed == one.document.data.seed == 7


@pytest.mark.parametrize("device", ["cuda", "mps"])
def test_a_device_that_cannot_be_used_is_said(device: str) -> None:
    with pytest.raises(
        InvalidValueError, match=rf"device \(={device}\) cannot be used by this version; use cpu or auto"
    ):
        train(CIRCLE, epochs=1, device=device)


def test_backends_are_listed() -> None:
    assert backends() == ("numba", "torch")
