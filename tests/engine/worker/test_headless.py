from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.catalog.registry import entries, entry
from engine.catalog.stopping import StopAtEpoch
from engine.document.errors import InvalidValueError
from engine.document.examples import load_example
from engine.plan.resolve import resolve
from engine.training.devices import choose_device
from engine.worker.headless import Standing, backends, search_rate, study, train

CIRCLE = load_example("circle").document


def test_a_training_reports_what_it_reached() -> None:
    told: list[Standing] = []
    result = train(CIRCLE, epochs=4, progress=told.append)
    assert (result.engine, result.epochs, result.steps, result.parameters) == ("numba", 4, 100, 25)
    seen = [standing.epoch for standing in told if standing.epochs == 4]
    assert seen == sorted(set(seen)) and len(seen) == len(told) and seen[-1] == 4
    assert told[-1].loss == result.evaluation.train_loss
    assert told[-1].steps_per_second > 0 and told[-1].seconds_left == 0
    assert result.seconds > 0 and len(result.weights_sha256) == 64
    assert (result.snapshot.epoch, result.document.training.epochs) == (4, 4)


def test_a_rule_ends_a_training() -> None:
    document = CIRCLE.set_training(stopping=StopAtEpoch(epoch=3))
    result = train(document, epochs=50)
    assert (result.epochs, result.snapshot.epoch) == (3, 3)
    assert str(result.stopped) == "Stopped after epoch 3, as planned" and train(document, epochs=2).stopped is None


def test_a_search_for_a_rate_reports_curve_and_suggestions() -> None:
    told: list[tuple[int, int]] = []
    found = search_rate(CIRCLE, steps=300, seed=3, progress=lambda *numbers: told.append(numbers)).report()
    assert told == [(step, 300) for step in range(1, len(told) + 1)]
    assert (found["engine"], found["seed"], found["steps"], found["planned_steps"]) == ("numba", 3, len(told), 300)
    assert found["rates"] == pytest.approx(np.geomspace(1e-5, 10, 300)[: len(told)].tolist())
    assert len(found["losses"]) == len(found["smoothed"]) == len(told) > 200 and found["present_rate"] == 0.03
    assert (
        0.001 < found["tenth_of_lowest"] < 1
        and 0.001 < found["steepest"] < 10
        and found["diverged"] == (len(told) < 300)
    )


def test_the_seed_fixes_weights_and_data() -> None:
    one, again, other = (train(CIRCLE, epochs=2, seed=seed) for seed in (7, 7, 8))
    assert one.weights_sha256 == again.weights_sha256 != other.weights_sha256
    assert one.evaluation == again.evaluation != other.evaluation
    assert one.document.seed == one.document.data.seed == 7


def test_a_study_starts_at_the_documents_own_seed_as_the_panel_does() -> None:
    own = study(CIRCLE.replace(seed=7), 2, epochs=2)
    assert sorted(outcome.seed for outcome in own.study.outcomes) == [7, 8] and own.report()["first_seed"] == 7
    assert own.document.data.seed == CIRCLE.data.seed
    highest = study(CIRCLE.replace(seed=2**31 - 1), 2, epochs=2)
    assert sorted(outcome.seed for outcome in highest.study.outcomes) == [0, 2**31 - 1]
    told = study(CIRCLE.replace(seed=7), 2, epochs=2, seed=3)
    assert sorted(outcome.seed for outcome in told.study.outcomes) == [3, 4] and told.document.data.seed == 3


def test_a_study_tells_how_far_it_is() -> None:
    told: list[tuple[int, int, float]] = []
    study(CIRCLE, 1, epochs=60_000, progress=lambda *numbers: told.append(numbers))
    assert {(done, total) for done, total, _ in told} == {(0, 1)}
    assert any(0.1 < reached < 0.9 for _, _, reached in told) and told[-1][2] == 1.0


@pytest.mark.parametrize("device", ["cuda", "mps"])
def test_a_device_that_is_not_there_is_said(device: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.training.devices.present", lambda: ("cpu",))
    with pytest.raises(InvalidValueError, match=rf"device \(={device}\) is not present on this machine"):
        train(CIRCLE, epochs=1, device=device)
    with pytest.raises(InvalidValueError, match=r"engine \(=numba\) runs on the processor alone"):
        train(CIRCLE, epochs=1, engine="numba", device=device)


def test_a_graphics_card_is_for_large_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.training.devices.present", lambda: ("cpu", "cuda"))
    wide = CIRCLE.set_field("dense_1", "units", 2000).set_field("dense_2", "units", 2000)
    assert [choose_device(resolve(document)) for document in (CIRCLE, wide)] == ["cpu", "cuda"]
    assert choose_device(resolve(wide), "cpu") == "cpu" and choose_device(resolve(CIRCLE), "cuda") == "cuda"


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device is here")
@pytest.mark.parametrize("optimizer", list(entries("optimizers")))
def test_cuda_trains_like_the_processor(optimizer: str) -> None:
    document = CIRCLE.set_training(optimizer=entry("optimizers", optimizer)())
    one, other = (train(document, epochs=3, engine="torch", device=device) for device in ("cpu", "cuda"))
    for name, values in one.snapshot.weights.items():
        np.testing.assert_allclose(other.snapshot.weights[name], values, rtol=1e-3, atol=1e-4)
    assert other.snapshot.optimizer.keys() == one.snapshot.optimizer.keys()


def test_backends_are_listed() -> None:
    assert backends() == ("numba", "torch")
