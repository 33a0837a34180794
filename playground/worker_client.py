"""The window's side of the training process: asks, listens, and puts a new process in the place of one that is lost."""

from __future__ import annotations

import math
from time import perf_counter

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from engine.document.graph import Document
from engine.probes.probe import Probe
from engine.training.trainer import Snapshot, Unit
from engine.worker.messages import (
    Edit,
    Failure,
    FindRate,
    Frame,
    FrameRequest,
    FromWorker,
    Load,
    Pause,
    Play,
    Ready,
    SetParameter,
    Starting,
    Step,
    Stopped,
    ToWorker,
)
from playground.background import BackgroundWork
from playground.worker_process import WorkerProcess

WATCH_MILLISECONDS = 250
SILENT_TICKS = 4
"""Looks without a sign of life after which the process counts as not responding: one second."""
DEAD_TICKS = 16
"""Looks without a sign of life after which it is replaced: four seconds."""
STUCK_TICKS = 240
"""Looks during which a living process has not finished one turn of its loop, after which it is replaced: a minute."""
STARTING_TICKS = 240
"""Looks that a process may take to come up."""
EAGER_RESTARTS = 5
"""Restarts in a row without progress that follow at once; the later ones wait."""
MOST_RESTARTS = 30
"""Restarts in a row without progress after which no more are tried."""
RESTART_MILLISECONDS = 2000
SNAPSHOT_SECONDS = 1.0
"""Time between the snapshots that a lost run would resume from."""


class WorkerClient(QObject):
    """Owns the training process and the run in it.

    Frames are pulled: the next is asked for when the last has been drawn. With `automatic` that is as soon as the
    slots of `frame` have run; else when `frame_drawn` is called.
    """

    ready = Signal(object)
    """Ready: the process is up."""
    starting = Signal()
    """The process loads what a run needs; an answer follows."""
    frame = Signal(object)
    """Frame: the newest numbers of the current run."""
    failure = Signal(object)
    """Failure: something went wrong in the current run, which is paused now."""
    lost = Signal(str)
    """The process is gone or silent; says why."""
    restarted = Signal(int, float)
    """A new process goes on from this step; the numbers are this many seconds old."""
    recovered = Signal()
    """The process was silent, and responds again."""
    stopped = Signal(object)
    """Stopped: the stopping rule has ended the current run, which is paused now."""
    _arrived = Signal()

    def __init__(self, process: WorkerProcess | None = None, parent: QObject | None = None) -> None:
        """Take over a process that was started early, or start one."""
        super().__init__(parent)
        self.setObjectName("worker_client")
        self.automatic = True
        self._run = 0
        self._number = 0
        self._document: Document | None = None
        self._snapshot: Snapshot | None = None
        self._snapshot_time = 0.0
        self._snapshot_wanted = True
        self._snapshot_asked = 0
        self._unsaved: list[tuple[int, SetParameter | Step]] = []
        """What was done by hand that no snapshot holds yet, each with the number of the first frame that shows it."""
        self._speed: float | None = None
        self._probes: tuple[Probe, ...] = ()
        self._asked: dict[int, tuple[Probe, ...]] = {}
        self._showing = False
        self.studies = BackgroundWork("study", self._send, self)
        """The study of many seeds."""
        self.rate_finder = BackgroundWork("rate", self._send, self)
        """The search for a learning rate."""
        self.embeddings = BackgroundWork("embedding", self._send, self)
        """The map of what a card gives."""
        self.exports = BackgroundWork("export", self._send, self)
        """The files that are taken away."""
        self.imports = BackgroundWork("import", self._send, self)
        """The file from elsewhere that is read."""
        self._beside = {work.kind: work for work in self.findChildren(BackgroundWork)}
        self._restarts = 0
        self._resumed_step = 0
        self._stopped = False
        # Queued also in this thread: of a process that was up before this object, no one else could have heard yet.
        self._arrived.connect(self._receive, Qt.ConnectionType.QueuedConnection)
        self._watch = QTimer(self)
        self._watch.setInterval(WATCH_MILLISECONDS)
        self._watch.timeout.connect(self._look)
        self._restart_timer = QTimer(self)
        self._restart_timer.setSingleShot(True)
        self._restart_timer.setInterval(RESTART_MILLISECONDS)
        self._restart_timer.timeout.connect(self._restart)
        self._adopt(process if process is not None else WorkerProcess())
        self._watch.start()

    def _adopt(self, process: WorkerProcess) -> None:
        self._process = process
        self._is_ready = False
        self._beats = (0, 0)
        self._silent_ticks = self._stuck_ticks = 0
        # the signal carries the news from the receiving thread to this one
        process.listen(self._arrived.emit)

    # --- looking -------------------------------------------------------------------------------------------------

    @property
    def process_id(self) -> int:
        """The id of the training process."""
        return self._process.process_id

    @property
    def is_ready(self) -> bool:
        """Whether the process has said that it is up."""
        return self._is_ready

    @property
    def run(self) -> int:
        """The current run; it grows with each `load`."""
        return self._run

    @property
    def running(self) -> bool:
        """Whether the run was told to train, and has not failed or been paused since."""
        return self._speed is not None

    @property
    def snapshot(self) -> Snapshot | None:
        """The newest snapshot of the run, at most about a second older than what is shown."""
        return self._snapshot

    # --- asking --------------------------------------------------------------------------------------------------

    def load(self, document: Document, snapshot: Snapshot | None = None) -> int:
        """Start a run, paused; returns its number. Frames of older runs are dropped from now on."""
        self._run += 1
        self._document, self._snapshot, self._snapshot_time = document, snapshot, perf_counter()
        self._speed = None
        self._unsaved.clear()
        self._process.send(Load(self._run, document, snapshot))
        self._ask(snapshot=True)
        return self._run

    def edit(self, document: Document) -> None:
        """Go on with a changed document, keeping the weights; `failure` says if that cannot be."""
        self._document = document
        self._process.send(Edit(self._run, document))
        self._ask(snapshot=True)

    def play(self, steps_per_second: float = math.inf) -> None:
        """Train, at most so many steps a second."""
        if self._document is None:
            return
        self._speed = steps_per_second
        self._process.send(Play(self._run, steps_per_second))
        self._ask()

    def pause(self) -> None:
        """Stand still."""
        self._speed = None
        self._process.send(Pause(self._run))
        self._ask(snapshot=True)

    def step(self, unit: Unit) -> None:
        """Train one sample, batch or epoch, then stand still."""
        self._speed = None
        self._do_by_hand(Step(self._run, unit))

    def set_parameter(self, name: str, index: tuple[int, ...], value: float) -> None:
        """Set one weight or bias by hand."""
        self._do_by_hand(SetParameter(self._run, name, index, value))

    def set_probes(self, probes: tuple[Probe, ...]) -> None:
        """Say what the visible views need; the next frame answers these."""
        if probes != self._probes:
            self._probes = probes
            if not (self._showing and self.automatic):  # else the next frame is about to be asked for
                self._ask()

    def _send(self, message: ToWorker) -> None:
        self._process.send(message)

    def find_rate(self, document: Document, low: float, high: float, steps: int, *, from_weights: bool) -> None:
        """Search for a learning rate beside the run, from its present weights or afresh."""
        snapshot = self._snapshot if from_weights else None
        self.rate_finder.begin(FindRate, document, low, high, steps, snapshot)

    def probes_of(self, frame: Frame) -> tuple[Probe, ...]:
        """The probes that a frame answers, while it is being shown."""
        return self._asked.get(frame.number, ())

    def settle(self, seconds: float) -> None:
        """Wait, at most so long, until `snapshot` holds what the user did last: a step, a weight, an edit, a pause."""
        end = perf_counter() + seconds
        while self._is_ready and not self._stopped and (self._snapshot_wanted or self._unsaved):
            left = end - perf_counter()
            if left <= 0 or self._document is None:
                return
            for message in self._process.receive(left):
                if not self._stopped:
                    self._take(message)
            self._check_ended()

    def frame_drawn(self) -> None:
        """Ask for the next frame."""
        self._ask(snapshot=self.running and perf_counter() - self._snapshot_time > SNAPSHOT_SECONDS)

    def stop(self) -> None:
        """End the process, politely at first; takes a second at most. Nothing can be asked afterwards."""
        self._stopped = True
        self._watch.stop()
        self._restart_timer.stop()
        self._process.stop()

    def _do_by_hand(self, message: SetParameter | Step) -> None:
        """Send it, and keep it for a new process: no snapshot holds it before the one asked for here."""
        self._process.send(message)
        self._ask(snapshot=True)
        if self._unsaved and _place(self._unsaved[-1][1]) == _place(message) is not None:
            self._unsaved.pop()  # a weight that is dragged has one value in the end
        self._unsaved.append((self._number, message))

    def _ask(self, snapshot: bool = False) -> None:
        if self._document is None or self._stopped:
            return
        # a request replaces the one before it, and must not lose that one's wish for a snapshot
        self._snapshot_wanted = self._snapshot_wanted or snapshot
        self._number += 1
        if snapshot:
            self._snapshot_asked = self._number
        self._asked[self._number] = self._probes
        self._process.send(FrameRequest(self._run, self._number, self._probes, self._snapshot_wanted))

    # --- listening -----------------------------------------------------------------------------------------------

    def _receive(self) -> None:
        for message in self._process.receive():
            if not self._stopped:
                self._take(message)
        self._check_ended()

    def _take(self, message: FromWorker) -> None:
        self._is_ready = not isinstance(message, Starting)
        if isinstance(message, Ready):
            self.ready.emit(message)
        elif isinstance(message, Starting):
            self.starting.emit()
        elif (work := self._beside.get(_work_of(message))) is not None:
            work.take(message)
        elif message.run != self._run:
            return
        elif isinstance(message, Failure):
            self._speed = None
            self.failure.emit(message)
        elif isinstance(message, Stopped):
            self.pause()  # if Play was on its way meanwhile, the run stands still all the same, as is shown
            self.stopped.emit(message)
        elif isinstance(message, Frame):
            self._take_frame(message)

    def _take_frame(self, frame: Frame) -> None:
        if frame.snapshot is not None:
            self._snapshot, self._snapshot_time = frame.snapshot, perf_counter()
            # one that was on its way already does not hold what came with the newest wish
            self._snapshot_wanted = frame.number < self._snapshot_asked
            self._unsaved = [made for made in self._unsaved if made[0] > frame.number]
        if frame.status.step > self._resumed_step or self._speed is None:
            self._restarts = 0
        run = self._run
        self._showing = True
        try:
            self.frame.emit(frame)
        finally:
            self._showing = False
        self._asked = {number: probes for number, probes in self._asked.items() if number > frame.number}
        if self.automatic and self._run == run:
            self.frame_drawn()

    # --- keeping it alive ----------------------------------------------------------------------------------------

    def _look(self) -> None:
        """Compare the process's beats with the last look.

        Looks are counted instead of seconds, so that a machine that slept, or a busy window, blames no process.
        """
        before, now = self._beats, self._process.beats
        self._beats = now
        if self._check_ended():
            return
        was_silent = self._silent_ticks >= SILENT_TICKS
        self._silent_ticks = self._silent_ticks + 1 if now[0] == before[0] else 0
        self._stuck_ticks = self._stuck_ticks + 1 if now[1] and now[1] == before[1] else 0
        if not self._is_ready:  # importing a library lets no other thread run
            if self._silent_ticks >= STARTING_TICKS:
                self._replace(self.tr("the engine did not start"))
            return
        if was_silent and not self._silent_ticks:
            self.recovered.emit()
        if self._silent_ticks == SILENT_TICKS:
            self.lost.emit(self.tr("the engine is not responding"))
        if self._stuck_ticks >= STUCK_TICKS:  # a step that a new process would hang on too is not asked for again
            self._unsaved = [made for made in self._unsaved if not isinstance(made[1], Step)]
        if self._silent_ticks >= DEAD_TICKS or self._stuck_ticks >= STUCK_TICKS:
            self._replace(self.tr("the engine did not answer and was ended"))

    def _check_ended(self) -> bool:
        """Replace the process if it is gone; whether it is."""
        if self._stopped or self._restart_timer.isActive():
            return True
        if self._process.ended:
            code = self._process.exit_code
            if code is not None and code < 0:
                reason = self.tr("the engine was ended by signal {number}").format(number=-code)
            else:
                reason = self.tr("the engine ended unexpectedly")
            self._replace(reason)
            return True
        return False

    def _replace(self, reason: str) -> None:
        self._process.kill()
        self._is_ready = False
        for work in self._beside.values():
            work.lose()
        if self._restarts >= MOST_RESTARTS:
            self._stopped = True
            self._watch.stop()
            self._speed = None
            template = self.tr("{reason}; it was started again {count} times in vain")
            self.lost.emit(template.format(reason=reason, count=self._restarts))
            return
        self.lost.emit(reason)
        self._restarts += 1
        if self._restarts > EAGER_RESTARTS:
            self._restart_timer.start()
        else:
            self._restart()

    def _restart(self) -> None:
        """Go on in a new process, from the newest snapshot, with what was done by hand since."""
        self._adopt(WorkerProcess())
        if self._document is None:
            return
        self._resumed_step = self._snapshot.step if self._snapshot is not None else 0
        age = perf_counter() - self._snapshot_time
        self._process.send(Load(self._run, self._document, self._snapshot))
        for _, message in self._unsaved:
            self._process.send(message)
        if self._speed is not None:
            self._process.send(Play(self._run, self._speed))
        self._ask(snapshot=True)
        self.restarted.emit(self._resumed_step, age)


def _work_of(message: FromWorker) -> str:
    """The work beside the run that a message is about; nothing for one about the run."""
    return message.kind if isinstance(message, Failure) else getattr(message, "work", "")


def _place(message: SetParameter | Step) -> tuple[str, tuple[int, ...]] | None:
    """Which number a message sets; None for one that sets none."""
    return (message.name, message.index) if isinstance(message, SetParameter) else None
