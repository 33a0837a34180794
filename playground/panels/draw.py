"""The panel Draw: what the user draws is answered at every stroke, and every view of one sample follows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QT_TRANSLATE_NOOP

from engine.catalog.datasets.images import ImageDataset
from engine.document.graph import Document
from engine.plan.plan import Plan
from engine.probes.answers import Answers
from engine.probes.probe import Arrays, Probe
from playground.view import View
from widgets.draw_pad_panel import DrawPanel


class DrawView(View):
    """Shows the network what is drawn, and puts drawings into the data."""

    dock = "dock.draw"
    title = str(QT_TRANSLATE_NOOP("View", "Draw"))
    order = 4
    seconds = 0.1
    with_pictures = True

    body: DrawPanel | None

    def make(self) -> DrawPanel:
        panel = DrawPanel()
        panel.image_changed.connect(self._on_drawn)
        panel.add_requested.connect(self._add)
        panel.remove_requested.connect(self._remove)
        return panel

    def follow(self, plan: Plan) -> None:
        panel, dataset = self._panel(), plan.document.data.dataset
        if not isinstance(dataset, ImageDataset):
            panel.show_nothing(self.tr("Choose digits or other images in Data to draw one for the network."))
            return
        panel.set_data(dataset.drawing, dataset.image_shape, dataset.class_names)
        panel.set_added(dataset.added_count)

    def probes(self, plan: Plan) -> Sequence[Probe]:
        image = self._image()
        return [Answers(sample=self.window.focus.sample, image=image)] if image else []

    def show_answer(self, probe: Probe, answer: Arrays) -> None:
        if isinstance(probe, Answers) and probe.image == self._image() and answer:
            self._panel().set_answer(answer)

    def _image(self) -> tuple[int, ...]:
        image = self._panel().image()
        return () if image is None else tuple(image.ravel().tolist())

    def _on_drawn(self) -> None:
        """The drawing takes the place of the chosen sample, at once; an empty sheet gives it back."""
        self._due = -math.inf
        self.window.focus.draw(self._image())
        self.window.views.live.refresh()

    def _add(self, image: Any, number: int) -> None:
        shown = bool(self.window.focus.image)

        def edit(document: Document) -> Document:
            dataset = document.data.dataset
            assert isinstance(dataset, ImageDataset)
            return document.set_data(dataset=dataset.with_added(image, number))

        self.window.controller.apply(self.tr("Add a drawing to the data"), edit)
        if shown:  # other data begin with a sample of their own
            self.window.focus.draw(self._image())

    def _remove(self) -> None:
        shown = bool(self.window.focus.image)
        self.window.controller.apply(
            self.tr("Remove the drawings from the data"),
            lambda document: document.set_data(dataset=document.data.dataset.replace(added="")),
        )
        if shown:
            self.window.focus.draw(self._image())

    def _panel(self) -> DrawPanel:
        assert self.body is not None
        return self.body
