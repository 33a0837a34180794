"""The run that belongs to the document: what the worker is told when the document changes or a key is pressed."""

from __future__ import annotations

import math
from time import perf_counter
from typing import Literal

from PySide6.QtCore import QObject, Signal

from engine.document.graph import Document
from engine.document.naming import renamed_since
from engine.export.format import Format
from engine.export.states import fits, renamed
from engine.plan.plan import Plan
from engine.probes.probe import Probe
from engine.training.trainer import Snapshot, Unit
from engine.worker.messages import (
    Embed,
    Export,
    Failure,
    Frame,
    Import,
    RateProgress,
    Ready,
    SeedsProgress,
    Status,
    Stopped,
    StudySeeds,
)
from playground.background import BackgroundWork
from playground.words import sentence
from playground.worker_client import WorkerClient

Change = Literal["none", "edit", "load"]
Engine = Literal["starting", "ready", "lost"]
_SETTLE_SECONDS = 0.5


def difference(old: Plan | None, new: Plan) -> Change:
    """What a change of the document means for its run.

    "load" where weights change their shape, their meaning or how they start, and for another data set, which has
    nothing in common with what was learnt; "edit" where training goes on with the weights as they are; "none" where
    only places on the canvas changed.
    """
    if old is None:
        return "load"
    before, after = old.document, new.document
    if after.moved_since(before) is not None:
        return "none"
    other_data = before.data.dataset.source != after.data.dataset.source
    if other_data or before.seed != after.seed or _starts(old) != _starts(new) or _inputs(old) != _inputs(new):
        return "load"
    same = before.data == after.data and before.training == after.training and _graph(old) == _graph(new)
    return "none" if same else "edit"


def _starts(plan: Plan) -> object:
    """Which arrays there are and how they start; regularizers may change while they are trained."""
    learned = {
        name: (parameter.shape, parameter.initializer, parameter.fan_in, parameter.fan_out)
        for name, parameter in plan.parameters.items()
    }
    return learned, plan.buffers


def _inputs(plan: Plan) -> object:
    return {node.id: node.layer for node in plan.document.nodes if node.layer.takes[1] == 0}


def _graph(plan: Plan) -> object:
    return [
        ({node.id: node.layer for node in network.nodes}, frozenset(network.edges))
        for network in plan.document.networks
    ]


class Session(QObject):
    """Drives the training process for one document at a time. What it emits is already about the present run."""

    framed = Signal(object, object)
    """A Frame with the newest numbers, and the probes that it answers."""
    running_changed = Signal(bool)
    engine_changed = Signal(str)
    """"starting", "ready" or "lost"."""
    failed = Signal(object)
    """A Failure; the run is paused."""
    said = Signal(str, str, str)
    """Severity, text, detail: something the user should know."""
    restarted = Signal()
    """The run began again because of an edit."""
    studied = Signal(object)
    """SeedsProgress: how far the study of many seeds is."""
    study_failed = Signal(object)
    """Failure: the study is over."""
    study_lost = Signal()
    """The study went down with its process."""
    searched = Signal(object)
    """RateProgress: how far the search for a learning rate is."""
    search_failed = Signal(object)
    """Failure: the search is over."""
    search_lost = Signal()
    """The search went down with its process."""

    def __init__(self, client: WorkerClient, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._client = client
        self._plan: Plan | None = None
        self._current: Plan | None = None
        self.origin: Snapshot | None = None
        """Where Reset goes back to; None: to the initial weights of the document."""
        self._speed = math.inf
        self._holding = False
        self._trained, self._since = 0.0, 0.0
        self.runs = 0
        """How many runs have begun: opened, started again or reset; a process that is replaced goes on with its run."""
        self.running = False
        self.engine: Engine = "starting"
        self.status: Status | None = None
        self.ready: Ready | None = None
        client.ready.connect(self._on_ready)
        client.starting.connect(self._on_starting)
        client.frame.connect(self._on_frame)
        client.failure.connect(self._on_failure)
        client.lost.connect(self._on_lost)
        client.restarted.connect(self._on_restarted)
        client.recovered.connect(self._on_recovered)
        client.stopped.connect(self._on_stopped)
        client.studies.progressed.connect(self._on_studied)
        client.studies.failed.connect(self._on_study_failed)
        client.studies.lost.connect(self.study_lost)
        client.rate_finder.progressed.connect(self._on_searched)
        client.rate_finder.failed.connect(self._on_search_failed)
        client.rate_finder.lost.connect(self.search_lost)
        client.embeddings.progressed.connect(self._on_recovered)
        client.embeddings.failed.connect(self._on_recovered)
        client.exports.progressed.connect(self._on_recovered)
        client.exports.failed.connect(self._on_recovered)
        client.imports.progressed.connect(self._on_recovered)
        client.imports.failed.connect(self._on_recovered)

    # --- the document --------------------------------------------------------------------------------------------

    def follow(
        self, plan: Plan, snapshot: Snapshot | None = None, *, fresh: bool = False, origin: Snapshot | None = None
    ) -> Change:
        """Bring the run in line with a plan and say how. A plan that cannot train pauses it.

        `fresh` starts a new run, at the snapshot if there is one, whatever the run before was. `origin` is where a new
        run goes back to with `reset`, if not to the initial weights of its document.
        """
        self._plan = plan
        if not plan.ready:
            self.pause()
            if fresh:
                self._current = self.status = self.origin = None
            return "none"
        change = "load" if fresh else difference(self._current, plan)
        first, before = self._current is None, self._current
        self._current = plan
        if change == "load" and not fresh and before is not None and self._carried_over(before, plan):
            return "edit"
        if change == "load":
            self.origin = origin
            self._load(plan, snapshot)
            if not first and not fresh:
                self.restarted.emit()
        elif change == "edit":
            self._client.edit(plan.document)
        return change

    def _carried_over(self, before: Plan, plan: Plan) -> bool:
        """Go on where the run stands if cards were given other names and nothing else; whether that is so."""
        names = renamed_since(before.document, plan.document)
        if not names:
            return False
        self._client.pause()
        self._holding = True  # what comes meanwhile is about cards of the old names
        self._client.settle(_SETTLE_SECONDS)
        self._holding = False
        snapshot = self._client.snapshot
        if snapshot is None or not fits(snapshot, before):
            return False
        self._client.load(plan.document, renamed(snapshot, names))
        self.origin = None
        if self.running:
            self._client.play(self._speed)
        text = self.tr("The weights go on under the new name. Reset will draw others: they depend on the name")
        self.said.emit("info", text, "")
        return True

    def _load(self, plan: Plan, snapshot: Snapshot | None = None) -> None:
        self.status = None
        self.runs += 1
        self.count_anew()
        self._client.load(plan.document, snapshot)
        if self.running:
            self._client.play(self._speed)

    @property
    def trained_seconds(self) -> float:
        """How long the run has trained since it began, or since its state was kept."""
        return self._trained + (perf_counter() - self._since if self.running else 0.0)

    def count_anew(self) -> None:
        """The state of the run is kept now: `trained_seconds` counts from here."""
        self._trained, self._since = 0.0, perf_counter()

    @property
    def flat_out(self) -> bool:
        """Whether the run trains as fast as it goes."""
        return self.running and math.isinf(self._speed)

    # --- the keys ------------------------------------------------------------------------------------------------

    def play(self) -> None:
        """Train. Before the process is up this is remembered and carried out when it is."""
        if self._plan is None or not self._plan.ready or self.running:
            return
        self._client.play(self._speed)
        self._set_running(True)

    def pause(self) -> None:
        """Stop after the running step."""
        if self.running:
            self._client.pause()
            self._set_running(False)

    def step(self, unit: Unit) -> None:
        """Train one sample, to the end of the batch, or to the end of the epoch; then stand still."""
        if self._plan is not None and self._plan.ready:
            self._client.step(unit)
            self._set_running(False)

    def reset(self) -> None:
        """Back to epoch 0 with the same initial weights, paused."""
        if self._plan is not None and self._plan.ready:
            self.pause()
            self._begin(self._plan)

    def _begin(self, plan: Plan) -> None:
        """Load the run where it began."""
        origin = self.origin
        self._load(plan, origin if origin is not None and fits(origin, plan) else None)

    def set_speed(self, steps_per_second: float) -> None:
        """Train at most this fast; infinity for as fast as it goes."""
        self._speed = steps_per_second
        if self.running:
            self._client.play(self._speed)

    def set_parameter(self, name: str, index: tuple[int, ...], value: float) -> None:
        """Set one weight or bias by hand."""
        self._client.set_parameter(name, index, value)

    def study(self, count: int, epochs: int) -> None:
        """Train the present network from so many seeds, beside its run."""
        if self._plan is not None and self._plan.ready:
            self._client.studies.begin(StudySeeds, self._plan.document, count, epochs)

    def stop_study(self) -> None:
        """End the study with what it has found."""
        self._client.studies.stop()

    def find_rate(self, low: float, high: float, steps: int, from_weights: bool) -> None:
        """Search for a learning rate of the present network, beside its run, from its weights or afresh."""
        if self._plan is not None and self._plan.ready:
            self._client.find_rate(self._plan.document, low, high, steps, from_weights=from_weights)

    def stop_finding(self) -> None:
        """End the search with what it has found."""
        self._client.rate_finder.stop()

    def embed(self, node: str, method: str, samples: int) -> None:
        """Lay out what a card of the present run gives now for so many samples; `embeddings` tells what comes of it."""
        if self._plan is not None and self._plan.ready:
            self._client.embeddings.begin(Embed, node, method, samples)

    @property
    def embeddings(self) -> BackgroundWork:
        """The map of what a card gives, beside the run."""
        return self._client.embeddings

    def export(self, title: str, form: Format, path: str = "", *, verify: bool = True) -> None:
        """Make the files of a form of export from the run as it stands; without a path, to look at them.

        `exports` tells what comes of it.
        """
        self._client.exports.begin(Export, title, form, path, verify)

    @property
    def exports(self) -> BackgroundWork:
        """The files that are taken away."""
        return self._client.exports

    @property
    def imports(self) -> BackgroundWork:
        """The file from elsewhere that is read."""
        return self._client.imports

    def read(self, path: str, document: Document) -> None:
        """Read weights for the document's network, or a model; `imports` tells what comes of it."""
        self._client.imports.begin(Import, path, document)

    def set_probes(self, probes: tuple[Probe, ...]) -> None:
        """What the next frames should answer."""
        self._client.set_probes(probes)

    def snapshot(self) -> Snapshot | None:
        """The newest state of the run that has reached this process."""
        return self._client.snapshot

    def settle(self) -> None:
        """Wait a moment, if need be, until `snapshot` holds what the user did last."""
        self._client.settle(_SETTLE_SECONDS)

    def stop(self) -> None:
        """End the process."""
        self._client.stop()

    # --- the process ---------------------------------------------------------------------------------------------

    def _on_ready(self, ready: Ready) -> None:
        self.ready = ready
        self._set_engine("ready")
        if ready.note is not None:
            self.said.emit("info", sentence(ready.note), "")

    def _on_starting(self) -> None:
        self._set_engine("starting")

    def _on_frame(self, frame: Frame) -> None:
        if self._current is None:  # it is of the document before, and the present one has no run yet
            return
        self.status = frame.status
        self._set_engine("ready")
        if self._holding:
            return
        self.framed.emit(frame, self._client.probes_of(frame))

    def _on_failure(self, failure: Failure) -> None:
        self._set_engine("ready")
        if failure.kind == "edit" and self._plan is not None and self._plan.ready:
            # The weights do not fit the changed network after all: a new run does.
            self._begin(self._plan)
            self.restarted.emit()
            return
        self._set_running(False)
        self.failed.emit(failure)

    def _on_lost(self, reason: str) -> None:
        self._set_engine("lost")
        if not self._client.running:
            self._set_running(False)
        self.said.emit("warning", reason, "")

    def _on_restarted(self, step: int, age: float) -> None:
        self._set_engine("ready")
        text = self.tr("The training process was started again; the run goes on from step {step}, {age} s back")
        self.said.emit("info", text.format(step=step, age=round(age, 1)), "")

    def _on_studied(self, progress: SeedsProgress) -> None:
        self._set_engine("ready")
        self.studied.emit(progress)

    def _on_study_failed(self, failure: Failure) -> None:
        self._set_engine("ready")
        self.study_failed.emit(failure)

    def _on_searched(self, progress: RateProgress) -> None:
        self._set_engine("ready")
        self.searched.emit(progress)

    def _on_search_failed(self, failure: Failure) -> None:
        self._set_engine("ready")
        self.search_failed.emit(failure)

    def _on_stopped(self, stopped: Stopped) -> None:
        self._set_running(False)
        self.said.emit("info", sentence(stopped.sentence), "")

    def _on_recovered(self) -> None:
        self._set_engine("ready")

    def _set_running(self, running: bool) -> None:
        if running != self.running:
            self._trained, self._since = self.trained_seconds, perf_counter()
            self.running = running
            self.running_changed.emit(running)

    def _set_engine(self, engine: Engine) -> None:
        if engine != self.engine:
            self.engine = engine
            self.engine_changed.emit(engine)
