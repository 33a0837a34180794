"""The learning-rate finder from inside the training process: messages in, answers out, in a thread alone."""

from __future__ import annotations

import re
import threading
from typing import Any

import numpy as np
import pytest

from engine.document.examples import load_example
from engine.document.graph import Document
from engine.plan.resolve import resolve
from engine.training.finder import find_rate
from engine.training.numba_trainer import NumbaTrainer
from engine.worker.background import PROGRESS_SECONDS
from engine.worker.messages import Failure, FindRate, RateProgress, StopWork
from engine.worker.rate import RateFinder

CIRCLE = load_example("circle").document
PATIENCE = 60.0
"""Seconds to wait for a thread at most."""


class Outside:
    """The window's end: keeps what it was sent."""

    def __init__(self) -> None:
        self.sent: list[Any] = []
        self.begun = threading.Event()
        """Set once a search has told how far it is."""
        self.finder = RateFinder(self._take)

    def _take(self, message: Any) -> None:
        self.sent.append(message)
        self.begun.set()

    def search(self, document: Document, low: float = 1e-5, high: float = 10.0, steps: int = 100) -> list[Any]:
        """Make a whole search, and take what it answered."""
        self.finder.take(FindRate(1, document, low, high, steps))
        self.finder.join()
        answers, self.sent[:] = list(self.sent), []
        return answers


@pytest.fixture
def outside() -> Outside:
    return Outside()


def test_a_search_tells_how_far_it_is_and_ends(outside: Outside) -> None:
    answers = outside.search(CIRCLE, steps=5000)
    assert all(isinstance(answer, RateProgress) and (answer.run, answer.total) == (1, 5000) for answer in answers)
    assert [answer.finished for answer in answers] == [False] * (len(answers) - 1) + [True]
    done = [len(answer.losses) for answer in answers]
    assert len(done) > 1 and done == sorted(set(done)) and done[-1] == 5000
    last = answers[-1]
    assert len(answers) <= 2 + last.seconds / PROGRESS_SECONDS
    assert last.rates.dtype == last.losses.dtype == last.smoothed.dtype == np.float32
    assert last.rates.shape == last.losses.shape == last.smoothed.shape


def test_it_finds_what_the_engine_finds(outside: Outside) -> None:
    last = outside.search(CIRCLE)[-1]
    expected = find_rate(resolve(CIRCLE), steps=100)
    np.testing.assert_allclose(last.losses, expected.losses, rtol=1e-6)
    assert (last.steepest, last.tenth_of_lowest) == expected.suggestions() and not last.diverged


def test_it_can_begin_with_the_weights_of_a_run(outside: Outside) -> None:
    trainer = NumbaTrainer(resolve(CIRCLE))
    trainer.train_epochs(50)
    outside.finder.take(FindRate(1, CIRCLE, 1e-6, 1e-5, 20, trainer.snapshot()))
    outside.finder.join()
    assert outside.sent[-1].losses[0] == pytest.approx(trainer.evaluate().train_loss, abs=1e-4)


def test_a_search_stops_with_what_it_has(outside: Outside) -> None:
    outside.finder.take(FindRate(3, CIRCLE, 1e-5, 10.0, 10_000))
    assert outside.begun.wait(PATIENCE)
    outside.finder.take(StopWork("rate", 2))  # about an older one
    assert outside.finder._thread is not None and not outside.finder._stop.is_set()
    outside.finder.take(StopWork("rate", 3))
    outside.finder.join()
    last = outside.sent[-1]
    assert last.finished and 0 < len(last.losses) < 10_000


@pytest.mark.parametrize(
    ("document", "arguments", "sentence"),
    [
        (CIRCLE.remove(["dense_3"]).set_field("dense_2", "units", 7), {}, "this network cannot be trained"),
        (CIRCLE, {"steps": 3}, r"steps \(=3\) must lie between 20 and 10000"),
        (CIRCLE, {"low": 0.0}, r"the rates \(=0.0 to 10.0\) must rise"),
    ],
)
def test_what_cannot_be_searched_is_said(outside: Outside, document: Document, arguments: Any, sentence: str) -> None:
    failure = outside.search(document, **arguments)[-1]
    assert isinstance(failure, Failure) and (failure.run, failure.kind, failure.detail) == (1, "rate", "")
    assert re.search(sentence, str(failure.sentence))
    assert outside.search(CIRCLE, steps=20)[-1].finished


def test_an_unexpected_error_is_told_and_survived(outside: Outside) -> None:
    failure = outside.search(CIRCLE, steps="many")[-1]  # type: ignore[arg-type]
    assert failure.kind == "rate" and "TypeError" in str(failure.sentence) and "Traceback" in failure.detail
    assert outside.search(CIRCLE, steps=20)[-1].finished


def test_a_window_that_is_gone_ends_a_search() -> None:
    def send(message: Any) -> None:
        raise BrokenPipeError

    finder = RateFinder(send)
    finder.take(FindRate(1, CIRCLE, 1e-5, 10.0, 10_000))
    finder.join()
