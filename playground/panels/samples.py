"""The panel Samples: a gallery of samples with what the network takes them for."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QT_TRANSLATE_NOOP

from engine.plan.plan import Plan
from engine.probes.answers_of_samples import MOST, AnswersOfSamples, LossOfSample, Thumbnails
from engine.probes.neighbours import Neighbours
from engine.probes.probe import Arrays, Probe
from playground.view import View

if TYPE_CHECKING:
    from playground.window import MainWindow
    from widgets.samples import SamplesPanel


class SamplesView(View):
    """Keeps the gallery at the run, and the chosen sample the same everywhere."""

    dock = "dock.samples"
    title = str(QT_TRANSLATE_NOOP("View", "Samples"))
    order = 2
    with_pictures = True

    body: SamplesPanel | None

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._data: object = None
        self._reached = 0
        self._wanted: tuple[Any, ...] = ()
        window.metrics.cell_chosen.connect(self._filter)

    def make(self) -> SamplesPanel:
        from widgets.samples import SamplesPanel

        panel = SamplesPanel()
        panel.sample_chosen.connect(self.window.focus.choose_sample)
        panel.wishes_changed.connect(self._ask_at_once)
        panel.note_changed.connect(self.window.panels[self.dock].set_note)
        return panel

    def follow(self, plan: Plan) -> None:
        panel, data = self._panel(), plan.document.data
        dataset = data.dataset
        if data != self._data:
            self._data = data
            panel.forget()
        panel.set_class_names(dataset.class_names)
        if not dataset.pictures or dataset.task != "classification":
            panel.clear(self.tr("Choose digits or other images in Data to see each of them with its answer."))
        elif not plan.ready:
            panel.clear(self.tr("The samples, and what the network makes of them, are shown here once it can train."))
        else:
            panel.detail.set_layers([(node, plan.nodes[node].node.id) for node in plan.order])
        panel.set_chosen(self.window.focus.sample)

    def probes(self, plan: Plan) -> Sequence[Probe]:
        panel, sample = self._panel(), self.window.focus.sample
        pictures = panel.wanted_pictures()
        if panel.wants_own_picture() and sample not in pictures:
            pictures = (*pictures, sample)
        wanted = sample, panel.detail.layer_choice(), panel.part.choice()
        if wanted != self._wanted:
            self._wanted, self._reached = wanted, 0
        found: list[Probe] = [
            AnswersOfSamples(),
            LossOfSample(sample=sample),
            Neighbours(sample=sample, node=wanted[1], learnt=panel.part.choice() == "train", reached=self._reached),
        ]
        return [Thumbnails(samples=pictures[:MOST]), *found] if pictures else found

    def show_answer(self, probe: Probe, answer: Arrays) -> None:
        panel = self._panel()
        if isinstance(probe, AnswersOfSamples):
            panel.set_answers(answer, self.window.session.running)
        elif isinstance(probe, Thumbnails):
            panel.set_pictures(answer["samples"], answer["images"])
        elif isinstance(probe, LossOfSample) and probe.sample == self.window.focus.sample:
            panel.detail.set_history(answer["history"])
        elif isinstance(probe, Neighbours) and probe.sample == self.window.focus.sample:
            panel.set_neighbours(answer)
            # At rest the search goes on; while the network trains, each look is a new one.
            looked = int(answer["looked"][0]) if answer else 0
            self._reached = 0 if self.window.session.running else looked

    def _ask_at_once(self) -> None:
        """The user looks at something else: that waits for no turn."""
        self._due = -math.inf
        self.window.views.live.refresh()

    def _filter(self, part: str, cell: tuple[int, int] | None) -> None:
        """A cell was chosen in Metrics: show its samples here."""
        if self.window.controller.document.data.dataset.pictures:
            self.window.view_panels.open(self.dock)
            self._panel().set_filter(part, cell)

    def _panel(self) -> SamplesPanel:
        assert self.body is not None
        return self.body
