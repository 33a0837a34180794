"""Many seeds at once from inside the training process: messages in, answers out, in a thread but without a process."""

from __future__ import annotations

import re
import threading
from typing import Any

import numpy as np
import pytest

from engine.document.examples import load_example
from engine.document.graph import Document
from engine.plan.resolve import resolve
from engine.probes.decision import LEVELS, Decision
from engine.training.numba_trainer import NumbaTrainer
from engine.worker.background import PROGRESS_SECONDS
from engine.worker.headless import train
from engine.worker.messages import Failure, SeedsProgress, StopWork, StudySeeds
from engine.worker.study import RESOLUTION, Studies
from tests.engine.worker.test_session import DIVERGING

CIRCLE = load_example("circle").document
PATIENCE = 60.0
"""Seconds to wait for a thread at most."""


class Outside:
    """The window's end: keeps what it was sent."""

    def __init__(self) -> None:
        self.sent: list[Any] = []
        self.begun = threading.Event()
        """Set once a run of a study is over."""
        self.studies = Studies(self._take)

    def _take(self, message: Any) -> None:
        self.sent.append(message)
        if getattr(message, "done", 0):
            self.begun.set()

    def study(self, document: Document, count: int, epochs: int) -> list[Any]:
        """Make a whole study, and take what it answered."""
        self.studies.take(StudySeeds(1, document, count, epochs))
        self.studies.join()
        answers, self.sent[:] = list(self.sent), []
        return answers


@pytest.fixture
def outside() -> Outside:
    return Outside()


def test_a_study_tells_how_far_it_is_and_ends(outside: Outside) -> None:
    answers = outside.study(CIRCLE, 60, 40)
    assert all(isinstance(answer, SeedsProgress) and answer.run == 1 for answer in answers)
    assert [answer.finished for answer in answers] == [False] * (len(answers) - 1) + [True]
    reached = [answer.reached for answer in answers]
    assert (reached[0], reached[-1], reached) == (0.0, 60.0, sorted(reached))
    assert all(answer.reached >= answer.done for answer in answers)
    done = [answer.done for answer in answers]
    assert (done[0], done[-1], done) == (0, 60, sorted(done))
    last = answers[-1]
    assert len(answers) <= 2 + last.seconds / PROGRESS_SECONDS
    assert last.losses.shape == last.metrics.shape == (60,) and last.losses.dtype == last.metrics.dtype == np.float32
    assert len(np.unique(last.losses)) == 60
    assert last.solved == (last.metrics >= last.threshold).sum() and 0 < last.solved < 60


def test_a_study_tells_how_far_a_single_long_seed_is(outside: Outside) -> None:
    answers = outside.study(CIRCLE, 1, 60_000)
    between = [answer.reached for answer in answers if not answer.done]
    assert len(between) > 2 and between == sorted(set(between)) and between[-1] <= 1.0
    assert any(0.1 < reached < 0.9 for reached in between)


def test_the_first_seed_is_the_documents_own(outside: Outside) -> None:
    (_, last) = outside.study(CIRCLE.replace(seed=7), 1, 5)
    assert last.losses[0] == pytest.approx(train(CIRCLE.replace(seed=7), epochs=5).evaluation.test_loss, rel=1e-6)
    assert last.losses[0] != pytest.approx(train(CIRCLE, epochs=5).evaluation.test_loss, rel=1e-3)


def test_the_highest_seed_is_followed_by_the_lowest(outside: Outside) -> None:
    both = outside.study(CIRCLE.replace(seed=2**31 - 1), 2, 3)[-1].losses
    lowest = outside.study(CIRCLE.replace(seed=0), 1, 3)[-1].losses
    assert len(both) == 2 and lowest[0] in both


def test_the_maps_of_one_seed_are_its_answer_and_no_disagreement(outside: Outside) -> None:
    last = outside.study(CIRCLE, 1, 20)[-1]
    trainer = NumbaTrainer(resolve(CIRCLE))
    trainer.train_epochs(20)
    expected = Decision(RESOLUTION).measure(trainer)["image"]
    assert last.mean is not None and last.mean.dtype == np.uint8
    assert np.abs(last.mean.astype(int) - expected).max() <= 1
    assert (last.by_class, last.low, last.high) == (False, -1.0, 1.0)
    assert last.disagreement is not None and not last.disagreement.any()


def test_the_disagreement_is_the_spread_over_the_runs(outside: Outside) -> None:
    last = outside.study(CIRCLE, 2, 20)[-1]
    answers = []
    for seed in (1, 2):
        trainer = NumbaTrainer(resolve(CIRCLE.replace(seed=seed)))
        trainer.train_epochs(20)
        answers.append(Decision(RESOLUTION).measure(trainer)["values"][0])
    expected = np.std(answers, axis=0)
    assert last.spread == pytest.approx(expected.max(), rel=1e-4)
    assert last.disagreement is not None
    np.testing.assert_allclose(last.disagreement / 255 * last.spread, expected, atol=last.spread / 255)


def test_several_classes_have_a_map_of_classes(outside: Outside) -> None:
    last = outside.study(load_example("blobs").document, 2, 2)[-1]
    assert last.by_class and last.mean is not None and last.mean.max() < 5 * LEVELS
    assert last.disagreement is not None and last.disagreement.max() == 255


def test_runs_that_diverge_are_counted(outside: Outside) -> None:
    last = outside.study(DIVERGING, 5, 20)[-1]
    assert last.finished and np.isnan(last.losses).all() and np.isnan(last.metrics).all()
    assert (last.done, last.solved, last.mean, last.disagreement) == (5, 0, None, None)


def test_a_study_stops_with_what_it_has(outside: Outside) -> None:
    outside.studies.take(StudySeeds(3, CIRCLE, 1000, 300))
    assert outside.begun.wait(PATIENCE)
    outside.studies.take(StopWork("study", 2))  # about an older one
    outside.studies.take(StopWork("study", 3))
    outside.studies.join()
    last = outside.sent[-1]
    assert last.finished and 0 < last.done < 1000 and len(last.losses) == last.done


def test_a_stop_for_an_older_study_is_not_heard(outside: Outside) -> None:
    outside.studies.take(StudySeeds(3, CIRCLE, 20, 20))
    outside.studies.take(StopWork("study", 2))
    outside.studies.join()
    assert outside.sent[-1].done == 20


def test_a_second_study_takes_the_place_of_the_first(outside: Outside) -> None:
    outside.studies.take(StudySeeds(1, CIRCLE, 1000, 300))
    assert outside.begun.wait(PATIENCE)
    first = outside.studies._thread
    outside.studies.take(StudySeeds(2, CIRCLE, 10, 10))
    outside.studies.join()
    assert first is not None
    first.join(PATIENCE)
    ends = {message.run: message.done for message in outside.sent if message.finished}
    assert ends[2] == 10 and ends[1] < 1000


@pytest.mark.parametrize(
    ("document", "count", "epochs", "sentence"),
    [
        (CIRCLE.remove(["dense_3"]).set_field("dense_2", "units", 7), 3, 3, "this network cannot be trained"),
        (CIRCLE, 1001, 3, r"seeds \(=1001\) must lie between 1 and 1000"),
        (CIRCLE, 0, 3, r"seeds \(=0\) must lie between 1 and 1000"),
        (CIRCLE, 3, 0, r"epochs \(=0\) must be at least 1"),
    ],
)
def test_what_cannot_be_studied_is_said(
    outside: Outside, document: Document, count: int, epochs: int, sentence: str
) -> None:
    failure = outside.study(document, count, epochs)[-1]
    assert isinstance(failure, Failure) and (failure.run, failure.kind, failure.detail) == (1, "study", "")
    assert re.search(sentence, str(failure.sentence))
    assert outside.study(CIRCLE, 2, 2)[-1].finished


def test_an_unexpected_error_is_told_and_survived(outside: Outside) -> None:
    failure = outside.study(CIRCLE, 2, "many")[-1]  # type: ignore[arg-type]
    assert failure.kind == "study" and "TypeError" in str(failure.sentence) and "Traceback" in failure.detail
    assert outside.study(CIRCLE, 2, 2)[-1].finished


def test_a_window_that_is_gone_ends_a_study() -> None:
    count = 0

    def send(message: Any) -> None:
        nonlocal count
        count += 1
        if count > 1:
            raise BrokenPipeError

    studies = Studies(send)
    studies.take(StudySeeds(1, CIRCLE, 1000, 300))
    studies.join()
    assert count == 2
