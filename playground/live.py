"""The numbers that move: asks for what the visible views need, and hands each frame to them."""

from __future__ import annotations

import math
from functools import lru_cache
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QObject, QTimer

from engine.plan.plan import Plan
from engine.probes.curves import Curves
from engine.probes.decision import CLASSES, Decision
from engine.probes.metrics import Metrics
from engine.probes.neuron_maps import NeuronMaps
from engine.probes.parameters import Parameters
from engine.probes.pre_activations import PreActivations
from engine.probes.probe import Arrays, Probe
from engine.probes.statistics import Statistics
from engine.worker.messages import Frame
from playground import words
from playground.answer_queue import AnswerQueue
from playground.session import difference

if TYPE_CHECKING:
    from playground.view import View
    from playground.window import MainWindow
    from widgets.curves import CurvesView
    from widgets.metrics import MetricsPanel

_CANVAS_SECONDS = 0.025
"""Between two looks at the canvas while training flat out: its small pictures take turns with Output, which is looked
at in the two frames between, and the run has the time."""
_CURVES_SECONDS = 0.1
"""Between two looks at the curves while training: a curve of 2,000 points does not change faster to the eye."""
_NUMBERS_SECONDS = 0.05
"""Between two changes of the numbers above while training: figures that change faster cannot be read."""
_SLOW_SECONDS = 0.25
"""Between two looks at what is read and compared rather than watched: histograms, metrics."""
_TEXT_SECONDS = 0.25
"""Between two changes of the status bar, which is read and not watched."""
_COLUMNS = ("epoch", "train_loss", "test_loss", "train_metric", "test_metric", "rate")


class Live(QObject):
    """What is seen of a run."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._session = window.session
        self._focus: tuple[str, int] | None = None
        self._curves: CurvesView | None = None
        self._metrics: MetricsPanel | None = None
        self._views: list[View] = []
        self.latest: dict[str, Arrays] = {}
        """What the panels that are no views were last told, by their names."""
        self._queue = AnswerQueue(self)
        self._queue.emptied.connect(self._ask_on)
        self._marks: list[tuple[float, str]] = []
        self._frames = 0
        self._counted_since = perf_counter()
        self._canvas_at = self._output_at = -math.inf
        self._curves_at = self._numbers_at = self._texts_at = self._slow_at = -math.inf
        self._clock = QTimer(self)
        self._clock.setInterval(500)
        self._clock.timeout.connect(self._tick)
        self._clock.start()
        self._session.framed.connect(self._on_frame)
        self._session.engine_changed.connect(self._show_engine)
        self._session.running_changed.connect(self._show_engine)
        self._session.running_changed.connect(self.refresh)

    def stop(self) -> None:
        """Ask for nothing more."""
        self._clock.stop()
        self._queue.clear()
        self._session.framed.disconnect(self._on_frame)

    # --- what is asked for ---------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Ask for what the views need that can be seen now."""
        self._session.set_probes(self._probes())

    def _probes(self) -> tuple[Probe, ...]:
        window, plan = self._window, self._window.controller.plan
        if not plan.ready:
            return ()
        probes: list[Probe] = []
        canvas, flat_out = window.canvas.isVisible(), self._session.flat_out
        crowded = flat_out and perf_counter() - self._canvas_at < _CANVAS_SECONDS
        # Where frames are so slow that the canvas is due in each of them, Output is not left out for ever.
        waits = flat_out and canvas and not crowded and self._output_at > self._canvas_at
        if window.output.isVisible() and not waits:
            node, unit = self._focus or ("", -1)
            # Flat out, the numbers behind the picture are sent while the pointer asks for one of them.
            numbers = not flat_out or window.output.map.probe() is not None
            probes.append(_probe(Decision, node=node, unit=unit, values=numbers))
        if canvas and not crowded:
            nodes = tuple(window.canvas.visible_dense_nodes())
            probes.append(_probe(NeuronMaps, nodes=nodes, resolution=_RESOLUTION))
            learned = tuple(node_id for node_id in plan.order if plan.nodes[node_id].parameters)
            probes.append(_probe(Parameters, nodes=learned))
        # While training it is left out of most frames; at rest it stays, so that nothing changes and no frame is made.
        due = not self._session.running or perf_counter() - self._curves_at >= _CURVES_SECONDS
        if self._curves is not None and self._curves.isVisible() and due:
            probes.append(Curves())
        if not self._session.running or perf_counter() - self._slow_at >= _SLOW_SECONDS:
            probes += self._slow_probes(plan)
        running = self._session.running
        for view in self._views:
            if not (running and self._queue.holds(view)):  # a view that is behind is asked no more questions
                probes += [probe for probe in view.wanted(plan, running) if probe not in probes]
        return tuple(probes)

    def _slow_probes(self, plan: Plan) -> list[Probe]:
        """What is worth a look four times a second."""
        probes: list[Probe] = []
        node_id = self._window.inspector.activation_shown()
        if node_id is not None:
            probes.append(PreActivations(nodes=(node_id,)))
        shown = self._window.inspector.card_shown()
        if shown is not None:
            probes.append(Statistics(nodes=(shown,)))
        if self._metrics is not None and self._metrics.isVisible():
            probes.append(Metrics())
        return [probe for probe in probes if probe.fits(plan)]

    def add_view(self, view: View) -> None:
        """Ask for what a view needs, too, while it is seen."""
        self._views.append(view)

    def focus(self, node_id: str, unit: int) -> None:
        """Show one neuron large in Output."""
        self._focus = (node_id, unit)
        title = self.tr("{node} · unit {unit}").format(node=node_id, unit=unit + 1)
        self._window.output.set_focus(title)
        self.refresh()

    def leave(self) -> None:
        """Show the network's answer again."""
        self._focus = None
        self._window.output.set_focus(None)
        self.refresh()

    # --- what changes --------------------------------------------------------------------------------------------

    def follow(self, old: Plan | None, new: Plan) -> None:
        """The document changed."""
        self._canvas_at = self._output_at = -math.inf
        change = difference(old, new)
        if change != "none":
            self._queue.clear()  # the run answers again
        if not new.ready:
            self.latest.clear()
        document = new.document
        task = document.data.dataset.task
        if self._curves is not None and (old is None or old.document.data.dataset.task != task):
            self._curves.set_metric_name(words.metric_name(task))
        status = self._session.status
        if old is not None and old.ready and status is not None and status.epoch and change == "edit":
            self._marks.append((float(status.epoch), self._window.controller.history.undo_label or ""))
            self._show_marks()
        if self._focus is not None and self._focus[0] not in new.nodes:
            self.leave()
        for view in self._views:
            if view.body is not None:
                view.follow(new)
        if self._metrics is not None:
            self._metrics.set_class_names(document.data.dataset.class_names)
            self._metrics.set_cells_choosable(document.data.dataset.pictures)
            if not new.ready:
                self._metrics.set_values({})
        if status is None:
            name, text = words.metric_name(task), words.metric_text(task, math.nan)
            self._window.transport.set_numbers(0, 0, None, None, name, text)
            self._window.transport.set_tested_at(None)
            self._window.inspector.set_run(0.0, None)
        self.refresh()

    def begin(self) -> None:
        """A run begins: no edit has been made in it yet."""
        self._queue.clear()
        self.latest.clear()
        self._marks.clear()
        self._show_marks()
        self._canvas_at = self._output_at = self._numbers_at = -math.inf
        self._curves_at = perf_counter()  # a curve of one point can wait: the network is what is looked for now
        self.refresh()

    def clear_curves(self) -> None:
        """Forget the curves of the run before."""
        if self._curves is not None:
            self._curves.clear()

    def show_curves_in(self, view: CurvesView) -> None:
        """The view that the curves are for; until it is there none are asked for."""
        self._curves = view
        view.set_metric_name(words.metric_name(self._window.controller.document.data.dataset.task))
        self._show_marks()
        self.refresh()

    def show_metrics_in(self, view: MetricsPanel) -> None:
        """The view that the metrics are for; until it is there none are asked for."""
        self._metrics = view
        dataset = self._window.controller.document.data.dataset
        view.set_class_names(dataset.class_names)
        view.set_cells_choosable(dataset.pictures)

    def _show_marks(self) -> None:
        if self._curves is not None:
            self._curves.set_marks(self._marks)

    # --- frames --------------------------------------------------------------------------------------------------

    def _on_frame(self, frame: Frame, probes: tuple[Probe, ...]) -> None:
        self._frames += 1
        if self._window.controller.plan.ready:  # else it is about the network before the last edit
            for probe, answer in zip(probes, frame.answers, strict=True):
                if answer is not None:
                    self._show(probe, answer)
            self._put_before_views(frame, probes)
        self._show_numbers()
        self.refresh()

    def _show(self, probe: Probe, answer: Arrays) -> None:
        window = self._window
        if isinstance(probe, Decision):
            self._output_at = perf_counter()
            self._show_decision(probe, answer)
        elif isinstance(probe, NeuronMaps):
            self._canvas_at = perf_counter()
            window.canvas.set_maps({name: image for name, image in answer.items() if "." not in name})
        elif isinstance(probe, Parameters):
            window.canvas.set_parameters(answer)
            window.inspector.set_parameters(answer)
        elif isinstance(probe, PreActivations):
            self._slow_at = perf_counter()
            for node_id in probe.nodes:
                if f"{node_id}.counts" in answer:
                    window.inspector.set_pre_activations(
                        node_id, answer[f"{node_id}.edges"], answer[f"{node_id}.counts"]
                    )
        elif isinstance(probe, Statistics):
            self._slow_at = perf_counter()
            for node_id in probe.nodes:
                start = f"{node_id}."
                found = {name.removeprefix(start): part for name, part in answer.items() if name.startswith(start)}
                window.inspector.set_statistics(node_id, found)
        elif isinstance(probe, Metrics):
            self._slow_at = perf_counter()
            self.latest["dock.metrics"] = answer
            window.metrics.set_values(answer)
        elif isinstance(probe, Curves) and self._curves is not None:
            self._curves_at = perf_counter()
            columns = {name: answer["rows"][:, column] for column, name in enumerate(_COLUMNS)}
            self.latest["dock.curves"] = columns
            self._curves.set_curves(columns)

    def _put_before_views(self, frame: Frame, probes: tuple[Probe, ...]) -> None:
        """Let every view have its answers, each in a turn of its own."""
        seen = [view for view in self._views if view.is_seen()]
        for view in seen:
            mine = [part for part in zip(probes, frame.answers, frame.costs, strict=True) if part[0] in view.asked]
            if mine:
                answers = {probe: answer for probe, answer, _ in mine if answer is not None}
                self._queue.put(view, answers, sum(seconds for _, _, seconds in mine), len(seen))

    def _ask_on(self) -> None:
        """At rest, ask what the answers lead to; while the network trains, each frame does."""
        if not self._session.running:
            self.refresh()

    def _show_decision(self, probe: Decision, answer: Arrays) -> None:
        window, by_class = self._window, int(answer["kind"][0]) == CLASSES
        if (probe.node, probe.unit) == (self._focus or ("", -1)):
            self.latest["dock.output"] = answer
            window.output.set_image(answer["image"], "classes" if by_class else "signed", float(answer["scale"][0]))
            window.output.set_values(answer.get("values"))
        output = window.controller.plan.output
        if by_class and not probe.node and output is not None:
            window.canvas.set_class_thumbnail(output, answer["image"], True)

    def _show_numbers(self) -> None:
        status, window = self._session.status, self._window
        if status is None:
            return
        now = perf_counter()
        if now - self._numbers_at >= _NUMBERS_SECONDS or not status.running:
            self._numbers_at = now
            task = window.controller.document.data.dataset.task
            value = status.evaluation
            window.inspector.set_run(float(status.epoch), status.learning_rate)
            window.transport.set_numbers(
                status.epoch,
                status.step,
                _finite(value.train_loss),
                _finite(value.test_loss),
                words.metric_name(task),
                words.metric_text(task, value.test_metric),
            )
            window.transport.set_tested_at(status.tested_at)
        if now - self._texts_at >= _TEXT_SECONDS or not status.running:
            self._texts_at = now
            window.status.set_backend(status.backend, words.sentence(status.backend_reason))
            window.status.set_speed(words.rate_text(status.epochs_per_second) if self._session.running else "")

    def _show_engine(self) -> None:
        training = self._session.running and self._session.engine == "ready"
        self._window.status.set_engine("training" if training else self._session.engine)
        if not self._session.running:
            self._window.status.set_speed("")
            self._window.status.set_frames(0)

    def _tick(self) -> None:
        now = perf_counter()
        seconds, self._counted_since = now - self._counted_since, now
        frames, self._frames = self._frames, 0
        self._window.status.set_frames(round(frames / seconds) if self._session.running else 0)
        self.refresh()  # what the canvas shows may have been scrolled or zoomed


_RESOLUTION = 50


@lru_cache(maxsize=32)
def _probe(kind: type[Probe], **fields: Any) -> Probe:
    """A probe: the same few are asked for in every frame, and making one checks all its fields."""
    return kind(**fields)


def _finite(value: Any) -> float | None:
    return float(value) if np.isfinite(value) else None
