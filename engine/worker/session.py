"""What the training process does between two looks at the pipe: one run, its pace, its frames."""

from __future__ import annotations

import math
import traceback
from collections.abc import Callable
from itertools import pairwise
from time import perf_counter, thread_time

import numpy as np

from engine.document.errors import PlaygroundError, Sentence
from engine.document.graph import Document
from engine.plan.plan import Plan
from engine.plan.resolve import resolve
from engine.probes.probe import Arrays, Probe
from engine.training.backends import choose
from engine.training.looking import inspection_is_loaded
from engine.training.trainer import Diverged, Snapshot, Trainer
from engine.worker.keeper import Keeper
from engine.worker.messages import (
    Edit,
    Failure,
    Frame,
    FrameRequest,
    FromWorker,
    Load,
    Pause,
    Play,
    SetParameter,
    Starting,
    Status,
    Step,
    Stopped,
    ToWorker,
)
from engine.worker.pace import FramePace, Rate, StepPace

SLICE_SECONDS = 0.008
"""Training between two looks at the pipe: so long may a click wait."""
_SHORTEST_SLICE = 0.004
"""Less would go into looking at the pipe instead of training."""


class Session:
    """Holds the run that was loaded last.

    Never raises but for a pipe that is gone: whatever goes wrong is answered with a Failure, and the run is paused.
    """

    def __init__(self, send: Callable[[FromWorker], None]) -> None:
        self._send = send
        self._run = 0
        self._trainer: Trainer | None = None
        self._backend = ("", Sentence(""))
        self._pace = StepPace()
        self._frames = FramePace()
        self._rate = Rate()
        self._request: FrameRequest | None = None
        self._changed = False
        self._snapshot_due = False
        self._awaited = self._judging = False
        self._answered: tuple[Probe, ...] | None = None
        self._failed_probes: set[Probe] = set()
        self._keeper: Keeper | None = None

    @property
    def trainer(self) -> Trainer | None:
        """The run itself, if one could be loaded."""
        return self._trainer

    @property
    def running(self) -> bool:
        """Whether it trains."""
        return self._pace.running

    @property
    def _flat_out(self) -> bool:
        return self.running and math.isinf(self._pace.steps_per_second)

    def wait(self, now: float) -> float | None:
        """Seconds until there is something to do; None: until a message comes."""
        waits = []
        if self._judging and not self.running:
            return 0.0
        if self.running:
            waits.append(self._pace.wait(now))
        if self._answer_wanted():
            waits.append(self._until_answer(now))
        return min(waits, default=None)

    # --- messages ------------------------------------------------------------------------------------------------

    def take(self, message: ToWorker) -> None:
        """Carry out a message; those about an older run are dropped."""
        if isinstance(message, Load):
            self._run = message.run
            self._guarded("load", lambda: self._load(message))
        elif isinstance(message, FrameRequest) and message.run == self._run:
            self._request = message
            self._keeper = self._keeper or Keeper(self._measure)
            self._changed = self._changed or message.probes != self._answered
        elif not isinstance(message, Load | FrameRequest) and getattr(message, "run", None) == self._run:
            self._guarded("edit" if isinstance(message, Edit) else "error", lambda: self._control(message))

    def _load(self, message: Load) -> None:
        self._pace.stop()
        before, self._trainer = self._trainer, None
        self._request = None
        self._failed_probes.clear()
        plan = resolve(message.document)
        check_ready(plan)
        backend, reason = choose(plan)
        if not backend.is_loaded:
            self._send(Starting(message.run))
        trainer = backend.make(plan)
        if message.snapshot is not None:
            trainer.restore(message.snapshot)
            if before is not None and _is_of(message.snapshot, before):
                trainer.moments = before.moments
                trainer.moments.truncate(trainer.step_count)
        self._trainer, self._backend = trainer, (_place(backend.name, trainer.device), reason)
        self._acted()

    def _control(self, message: ToWorker) -> None:
        trainer = self._trainer
        if trainer is None:
            return
        self._acted()
        if isinstance(message, Edit):
            self._edit(trainer, message.document)
        elif isinstance(message, Play):
            self._pace.start(message.steps_per_second, perf_counter())
            self._rate.restart()
        elif isinstance(message, Pause):
            self._pace.stop()
        elif isinstance(message, Step):
            self._pace.stop()
            trainer.step(message.unit)
            self._keep(trainer)
            self._tell_stop(trainer)
        elif isinstance(message, SetParameter):
            trainer.set_parameter(message.name, message.index, message.value)

    def _edit(self, trainer: Trainer, document: Document) -> None:
        plan = resolve(document)
        check_ready(plan)
        if not trainer.edit(plan):
            raise PlaygroundError("this change needs new weights, so the run has to start again")
        self._failed_probes.clear()

    def _acted(self) -> None:
        """The user did something and waits to see it: the next frame keeps no distance from the one before."""
        self._touched()
        self._awaited = self._judging = True

    def _touched(self) -> None:
        """Something a view may show has changed."""
        self._changed = self._snapshot_due = True

    # --- turns ---------------------------------------------------------------------------------------------------

    def turn(self) -> None:
        """Train for a slice if it is time to, answer if it is time to."""
        now = perf_counter()
        if self.running and self._trainer is not None:
            trainer = self._trainer
            self._guarded("error", lambda: self._train(trainer, now))
        if self._answer_wanted() and self._until_answer(perf_counter()) <= 0:
            self._answer()
        if self._judging and not self.running:
            self._judging = False  # what fails is not tried again and again
            if self._trainer is not None and self._trainer.judges_late:
                trainer = self._trainer
                self._guarded("error", lambda: self._judge(trainer))

    def _judge(self, trainer: Trainer) -> None:
        """While the run rests, judge it as it stands, in parts that keep no click waiting."""
        trainer.judge_on()
        self._judging = trainer.judges_late
        self._changed = self._changed or not self._judging

    def _keep(self, trainer: Trainer) -> None:
        """Look at the run for views that are opened later, if there is a window that has some."""
        if self._keeper is not None:
            self._keeper.keep(trainer)

    def _train(self, trainer: Trainer, now: float) -> None:
        self._keep(trainer)
        if self._flat_out:
            # It ends when a frame may be made, asked for already or while it lasts: at once if somebody waits for it.
            due = self._until_answer(now) if self._answer_wanted() else self._frames.wait(now)
            at_once = self._awaited and self._answer_wanted()
            trainer.advance(0.0 if at_once else min(SLICE_SECONDS, max(_SHORTEST_SLICE, due)))
            self._touched()
        else:
            while not self._pace.wait(perf_counter()) and perf_counter() < now + SLICE_SECONDS:
                trainer.step("batch")
                self._pace.took(perf_counter())
                self._touched()
                if trainer.stopped is not None:
                    break
        self._rate.note(perf_counter(), trainer.moment)
        self._tell_stop(trainer)

    def _tell_stop(self, trainer: Trainer) -> None:
        """Pause and say why if the stopping rule has ended the run."""
        if trainer.stopped is not None:
            self._pace.stop()
            self._acted()
            self._send(Stopped(self._run, trainer.stopped))

    def _until_answer(self, now: float) -> float:
        """Seconds until a frame may be made."""
        return 0.0 if self._awaited or not self.running else self._frames.wait(now)

    def _answer_wanted(self) -> bool:
        request = self._request
        if request is None or self._trainer is None:
            return False
        return self._changed or (request.snapshot and self._snapshot_due)

    def _answer(self) -> None:
        request, trainer = self._request, self._trainer
        assert request is not None and trainer is not None
        self._request = None
        self._changed = self._awaited = False
        self._answered = request.probes
        if request.snapshot:
            self._snapshot_due = False
        start, worked = perf_counter(), thread_time()
        frames: list[Frame] = []
        self._guarded("error", lambda: frames.append(self._frame(trainer, request, start)))
        for frame in frames:
            self._send(frame)
        # What a crowded machine makes this process wait is no cost of the frame; some clocks of threads are coarse.
        self._frames.sent(start, min(perf_counter() - start, thread_time() - worked))

    def _frame(self, trainer: Trainer, request: FrameRequest, start: float) -> Frame:
        answers: list[Arrays | None] = []
        moments = [perf_counter()]
        for probe in request.probes:
            answers.append(self._measure(trainer, probe))
            moments.append(perf_counter())
        name, reason = self._backend
        status = Status(
            trainer.epoch,
            trainer.step_count,
            self.running,
            trainer.evaluate(),
            trainer.rate(),
            self._rate.per_second if self.running else 0.0,
            name,
            reason,
            trainer.tested_at,
        )
        snapshot = trainer.snapshot() if request.snapshot else None
        costs = tuple(end - begin for begin, end in pairwise(moments))
        return Frame(self._run, request.number, status, tuple(answers), snapshot, perf_counter() - start, costs)

    def _measure(self, trainer: Trainer, probe: Probe) -> Arrays | None:
        """A probe's answer; None where it does not fit or fails. A failure is told once a run."""
        try:
            if not probe.fits(trainer.plan):
                return None
            if probe.inspects and not inspection_is_loaded():
                self._send(Starting(self._run))
            return probe.measure(trainer)
        except Exception as error:
            if probe not in self._failed_probes:
                self._failed_probes.add(probe)
                self._send(Failure(self._run, "error", words_of(error), detail=traceback.format_exc()))
            return None

    def _guarded(self, kind: str, work: Callable[[], None]) -> None:
        """Do the work; pause and send a Failure if it raises."""
        try:
            work()
        except Diverged as error:
            sentence = Sentence(
                "The loss stopped being a finite number after step {step}; the run stands at its last finite state. "
                "Lower the learning rate or choose another initializer",
                {"step": error.step},
            )
            self._fail(Failure(self._run, "diverged", sentence, error.node))
        except PlaygroundError as error:
            self._fail(Failure(self._run, kind, error.sentence))
        except Exception as error:  # whatever a run does, the process lives on and says what happened
            self._fail(Failure(self._run, kind, words_of(error), detail=traceback.format_exc()))

    def _fail(self, failure: Failure) -> None:
        self._pace.stop()
        self._touched()
        self._send(failure)


def words_of(error: Exception) -> Sentence:
    """A sentence for an error that nobody expected."""
    return Sentence("The engine could not go on: {error}", {"error": f"{type(error).__name__}: {error}"})


def check_ready(plan: Plan) -> None:
    """Raise PlaygroundError, with the first problem, for a plan that cannot be trained."""
    if plan.problems:
        raise PlaygroundError("this network cannot be trained: {problem}", problem=plan.problems[0].sentence)


def _is_of(snapshot: Snapshot, trainer: Trainer) -> bool:
    """Whether a run once was as the snapshot is: then both have the same history up to there."""
    rows = snapshot.curves
    same = {name: array.shape for name, array in snapshot.weights.items()} == trainer.plan.saved_shapes
    return same and np.array_equal(trainer.curves()[: len(rows)], rows, equal_nan=True)


def _place(backend: str, device: str) -> str:
    """What the status bar calls a backend that computes on a device."""
    return backend if device == "cpu" else f"{backend} ({device})"
