"""The training process from inside: messages in, answers out, without a process."""

from __future__ import annotations

import math
from time import perf_counter
from typing import Annotated, Any

import numpy as np
import pytest

from engine.catalog.activations import Linear, Relu, Softmax
from engine.catalog.datasets.digits import Digits
from engine.catalog.initializers import Uniform
from engine.catalog.layers.dense import Dense
from engine.catalog.layers.reshaping import Flatten
from engine.catalog.losses import CategoricalCrossEntropy
from engine.catalog.optimizers import SGD
from engine.catalog.registry import Range, register, unregister
from engine.catalog.stopping import StopAtEpoch
from engine.document.examples import load_example
from engine.document.graph import Data
from engine.probes.curves import Curves
from engine.probes.decision import Decision
from engine.probes.probe import Arrays, Probe
from engine.training import judging
from engine.training.backends import BACKENDS
from engine.training.trainer import Trainer
from engine.worker.messages import Edit, Failure, Frame, FrameRequest, Load, Pause, Play, SetParameter, Step, Stopped
from engine.worker.session import Session
from tests.engine.training.networks import chain

CIRCLE = load_example("circle").document
DIVERGING = CIRCLE.set_training(optimizer=SGD(learning_rate=10.0))
for _node in ("dense_1", "dense_2", "dense_3"):
    DIVERGING = DIVERGING.set_layer(
        _node,
        Dense(4 if _node != "dense_3" else 1, Relu() if _node != "dense_3" else Linear(), weight_initializer=Uniform()),
    )


class Outside:
    """The window's end: keeps what it was sent."""

    def __init__(self) -> None:
        for backend in BACKENDS:
            backend.prepare()  # else the first run of a process says Starting
        self.sent: list[Any] = []
        self.session = Session(self.sent.append)

    def tell(self, *messages: Any, turns: int = 1) -> list[Any]:
        """Send, let it work, and take what it answers."""
        for message in messages:
            self.session.take(message)
        for _ in range(turns):
            self.session.turn()
        answers, self.sent[:] = list(self.sent), []
        return answers

    def frame(self, *messages: Any, probes: tuple[Probe, ...] = (), run: int = 1, snapshot: bool = False) -> Frame:
        (frame,) = self.tell(*messages, FrameRequest(run, 1, probes, snapshot))
        assert isinstance(frame, Frame)
        return frame


@pytest.fixture
def outside() -> Outside:
    outside = Outside()
    outside.session.take(Load(1, CIRCLE))
    return outside


def test_a_loaded_run_stands_at_its_start(outside: Outside) -> None:
    frame = outside.frame(probes=(Decision(20), Curves()), snapshot=True)
    assert (frame.run, frame.status.epoch, frame.status.step, frame.status.running) == (1, 0, 0, False)
    assert frame.status.backend == "numba" and frame.status.learning_rate == 0.03
    assert frame.answers[0] is not None and frame.answers[0]["image"].shape == (20, 20)
    assert frame.answers[1] is not None and frame.answers[1]["rows"].shape == (1, 6)
    assert frame.snapshot is not None and frame.snapshot.weights["dense_1.weight"].shape == (4, 2)


def test_while_nothing_changes_an_answer_waits(outside: Outside) -> None:
    outside.frame()
    assert outside.tell(FrameRequest(1, 2, ()), turns=3) == []
    assert outside.session.wait(0.0) is None
    (frame,) = outside.tell(SetParameter(1, "dense_3.bias", (0,), 2.0))
    assert frame.number == 2


def test_other_probes_and_a_wish_for_a_snapshot_are_changes(outside: Outside) -> None:
    assert outside.frame(probes=(Curves(),)).snapshot is None
    assert outside.frame(probes=(Curves(),), snapshot=True).snapshot is not None
    assert outside.tell(FrameRequest(1, 2, (Curves(),), True)) == []
    assert len(outside.frame(probes=(Curves(), Decision(8))).answers) == 2


@pytest.mark.parametrize(("unit", "place"), [("sample", (0, 1)), ("batch", (0, 1)), ("epoch", (1, 25))])
def test_a_step_trains_one_unit_and_stands(outside: Outside, unit: Any, place: tuple[int, int]) -> None:
    frame = outside.frame(Step(1, unit))
    assert ((frame.status.epoch, frame.status.step), frame.status.running) == (place, False)
    assert outside.tell(turns=3) == []
    assert outside.frame(Pause(1)).status.step == place[1]


def test_playing_trains_until_paused(outside: Outside) -> None:
    playing = outside.frame(Play(1, math.inf))
    assert playing.status.running and playing.status.step > 0
    outside.tell(turns=5)
    paused = outside.frame(Pause(1))
    assert not paused.status.running and paused.status.step > playing.status.step
    assert outside.frame(SetParameter(1, "dense_3.bias", (0,), 0.0)).status.step == paused.status.step
    assert paused.status.epochs_per_second == 0


def test_it_trains_in_whole_slices_while_nobody_asks_for_a_frame(outside: Outside) -> None:
    """An answer that is awaited cuts slices short, but only where there is a request that it could answer."""
    asked = outside.frame(Play(1, math.inf))
    outside.tell(Edit(1, CIRCLE.set_training(batch_size=5)), turns=3)
    assert outside.frame(Pause(1)).status.step > asked.status.step + 30


def test_a_slow_speed_takes_one_step_and_waits(outside: Outside) -> None:
    outside.tell(Play(1, 0.5), turns=20)
    wait = outside.session.wait(perf_counter())
    assert wait is not None and 1.0 < wait <= 2.0
    assert outside.frame(Pause(1)).status.step == 1


def test_messages_of_an_older_run_are_dropped(outside: Outside) -> None:
    outside.tell(Load(2, CIRCLE.replace(seed=9)))
    assert outside.tell(Play(1, math.inf), Step(1, "epoch"), Edit(1, CIRCLE), FrameRequest(1, 5, ())) == []
    assert outside.frame(run=2).status.step == 0


def test_a_hot_edit_goes_on_and_another_is_refused(outside: Outside) -> None:
    outside.tell(Step(1, "epoch"))
    faster = CIRCLE.set_training(optimizer=SGD(learning_rate=0.3))
    frame = outside.frame(Edit(1, faster))
    assert (frame.status.epoch, frame.status.learning_rate) == (1, 0.3)
    failure, frame = outside.tell(Edit(1, CIRCLE.set_field("dense_1", "units", 5)), FrameRequest(1, 1, ()))
    assert isinstance(failure, Failure) and failure.kind == "edit" and "start again" in str(failure.sentence)
    assert frame.status.learning_rate == 0.3


def test_a_run_resumes_from_a_snapshot(outside: Outside) -> None:
    kept = outside.frame(Step(1, "epoch"), Step(1, "sample"), snapshot=True).snapshot
    assert kept is not None
    frame = outside.frame(Load(2, CIRCLE, kept), run=2, snapshot=True)
    assert (frame.status.epoch, frame.status.step) == (1, 26)
    assert frame.snapshot is not None
    assert np.array_equal(frame.snapshot.weights["dense_1.weight"], kept.weights["dense_1.weight"])


def test_a_document_that_cannot_be_trained_fails_to_load(outside: Outside) -> None:
    (failure,) = outside.tell(Load(2, CIRCLE.remove(["dense_3"]).set_field("dense_2", "units", 7)))
    assert (failure.run, failure.kind) == (2, "load") and "units = 1, not 7" in str(failure.sentence)
    assert outside.tell(Play(2, math.inf), FrameRequest(2, 1, ()), turns=2) == []


def test_a_run_that_diverges_stands_at_its_last_finite_state(outside: Outside) -> None:
    answers = outside.tell(Load(2, DIVERGING), Play(2, math.inf))
    for _ in range(400):
        if answers:
            break
        answers += outside.tell()
    (failure,) = answers
    assert (failure.kind, failure.node in {"dense_1", "dense_2", "dense_3"}) == ("diverged", True)
    frame = outside.frame(run=2, snapshot=True)
    assert not frame.status.running and np.isfinite(frame.status.evaluation.train_loss)
    assert frame.snapshot is not None and all(np.isfinite(values).all() for values in frame.snapshot.weights.values())


@pytest.mark.parametrize("speed", [math.inf, 1e6])
def test_a_run_that_its_rule_ends_stands_and_says_why(outside: Outside, speed: float) -> None:
    document = CIRCLE.set_training(stopping=StopAtEpoch(epoch=3))
    answers = outside.tell(Load(2, document), Play(2, speed))
    for _ in range(400):
        if answers:
            break
        answers += outside.tell()
    (stopped,) = answers
    assert isinstance(stopped, Stopped) and (stopped.run, outside.session.running) == (2, False)
    assert str(stopped.sentence) == "Stopped after epoch 3, as planned"
    frame = outside.frame(run=2)
    assert (frame.status.epoch, frame.status.running) == (3, False)
    outside.tell(Play(2, math.inf), turns=4)
    frame = outside.frame(Pause(2), run=2)
    assert frame.status.epoch >= 3 and frame.status.step > 75


def test_a_step_that_ends_a_run_says_so_too(outside: Outside) -> None:
    outside.tell(Load(2, CIRCLE.set_training(stopping=StopAtEpoch(epoch=1))))
    assert [type(answer) for answer in outside.tell(Step(2, "epoch"))] == [Stopped]
    assert outside.tell(Step(2, "epoch")) == []


def test_whatever_goes_wrong_is_told_and_survived(outside: Outside) -> None:
    (failure,) = outside.tell(SetParameter(1, "dense_9.weight", (0, 0), 1.0))
    assert failure.kind == "error" and "dense_9.weight" in str(failure.sentence) and not failure.detail
    (failure,) = outside.tell(SetParameter(1, "dense_1.bias", ("a",), 1.0))  # type: ignore[arg-type]
    assert failure.kind == "error" and "Traceback" in failure.detail
    assert outside.frame(Step(1, "batch")).status.step > 0


def test_a_probe_that_fails_costs_its_own_answer_and_is_told_once(outside: Outside) -> None:
    @register
    class Broken(Probe):
        """Fails."""

        size: Annotated[int, Range(1, 2)] = 1

        def measure(self, trainer: Trainer) -> Arrays:
            raise ZeroDivisionError("no such luck")

    try:
        failure, frame = outside.tell(FrameRequest(1, 1, (Broken(), Curves())))
        assert "no such luck" in str(failure.sentence)
        assert frame.answers[0] is None and frame.answers[1] is not None
        (frame,) = outside.tell(Step(1, "batch"), FrameRequest(1, 2, (Broken(), Curves())))
        assert frame.number == 2
    finally:
        unregister(Broken)


def test_a_probe_that_does_not_fit_has_no_answer(outside: Outside) -> None:
    assert outside.frame(probes=(Decision(20, "dense_9", 0),)).answers == (None,)


def test_at_rest_what_takes_long_is_judged_in_turns_that_answer_clicks(
    outside: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(judging, "_LONG", 0)
    document = chain(Flatten(), Dense(10, Softmax()), data=Data(Digits()))
    document = document.set_training(loss=CategoricalCrossEntropy(), optimizer=SGD(learning_rate=0.1))
    outside.tell(Load(2, document))
    monkeypatch.setattr(judging, "_PART", 1)  # a sample at a time
    frame = outside.frame(Step(2, "batch"), run=2)
    assert frame.status.tested_at == 0.0 and outside.session.wait(0.0) == 0.0
    assert outside.tell(FrameRequest(2, 2, ()), turns=5) == []
    assert outside.frame(SetParameter(2, "dense_1.bias", (0,), 2.0), run=2).status.tested_at == 0.0
    monkeypatch.setattr(judging, "_PART", 10**9)
    sent = outside.tell(FrameRequest(2, 3, ()), turns=4)
    assert [message.status.tested_at for message in sent] == [None]
    assert outside.session.wait(0.0) is None


def test_a_judgement_that_fails_is_told_once(outside: Outside, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging, "_LONG", 0)
    document = chain(Flatten(), Dense(10, Softmax()), data=Data(Digits()))
    document = document.set_training(loss=CategoricalCrossEntropy(), optimizer=SGD(learning_rate=0.1))
    outside.tell(Load(2, document))
    trainer = outside.session.trainer
    monkeypatch.setattr(trainer, "_raw_answers", lambda first, last: 1 / 0)
    sent = outside.tell(Step(2, "batch"), turns=5)
    assert [type(message) for message in sent] == [Failure]
