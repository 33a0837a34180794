"""The panel "Why this answer"."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QLocale
from PySide6.QtWidgets import QWidget

from engine.plan.plan import Plan
from engine.probes.attribution import ALL, PARTS, Attribution, cam_node, cam_nodes
from engine.probes.probe import Arrays, Probe
from playground.menus import QT_TRANSLATE_NOOP
from playground.view import View


class WhyView(View):
    """Which pixels of the chosen sample speak for a class, and which against it."""

    dock = "dock.why"
    title = QT_TRANSLATE_NOOP("View", "Why")
    order = 60
    with_pictures = True

    def make(self) -> QWidget:
        from widgets.why import WhyPanel

        self._class, self._layer, self._turn = -1, "", 0
        self._panel = WhyPanel()
        self._panel.class_chosen.connect(self._choose_class)
        self._panel.layer_chosen.connect(self._choose_layer)
        self._panel.noted.connect(self.window.panels[self.dock].set_note)
        return self._panel

    def probes(self, plan: Plan) -> Sequence[Probe]:
        """While it trains, one part after the other: all of them would hold it up for too long."""
        focus = self.window.focus
        part = PARTS[self._turn % len(PARTS)] if self.window.session.running else ALL
        question = Attribution(class_number=self._class, node=self._layer, part=part)
        return [question.replace(sample=focus.sample, image=focus.image)]

    def show_answer(self, probe: Probe, answer: Arrays) -> None:
        self._turn += 1
        self._panel.set_values(answer)

    def follow(self, plan: Plan) -> None:
        panel, dataset = self._panel, plan.document.data.dataset
        if not (dataset.pictures and dataset.task == "classification"):
            panel.set_reason(self.tr("Choose images in Data to see which pixels an answer comes from."))
            return
        if not plan.ready:
            panel.set_reason(self.tr("Which pixels an answer comes from is shown once the network can train."))
            return
        panel.set_class_names(dataset.class_names)
        if self._class >= dataset.class_count:
            self._class = -1
        panel.set_class(self._class)
        self._layer = self._layer if self._layer in plan.nodes else ""
        panel.set_layers(cam_nodes(plan), cam_node(plan, self._layer))
        if self.window.focus.image:
            panel.set_sample(self.tr("your drawing"))
        else:
            learnt, sample = dataset.train_count(plan.document.data.train_share), self.window.focus.sample
            text = self.tr("training sample {number}") if sample < learnt else self.tr("test sample {number}")
            number = QLocale().toString(sample + 1 if sample < learnt else sample + 1 - learnt)
            panel.set_sample(text.format(number=number))

    def _choose_class(self, number: int) -> None:
        self._class = number
        self.window.views.live.refresh()

    def _choose_layer(self, node: str) -> None:
        self._layer = node
        self.follow(self.window.controller.plan)
        self.window.views.live.refresh()
