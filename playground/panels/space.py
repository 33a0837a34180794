"""The panel "Space"."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QLocale
from PySide6.QtWidgets import QWidget

from engine.plan.plan import Plan
from engine.probes.probe import Arrays, Probe
from engine.probes.space import SAMPLES, Space, SpaceImages, space_nodes, turned
from engine.probes.warped_grid import WarpedGrid
from engine.worker.messages import EmbeddingProgress, Failure
from playground import words
from playground.menus import QT_TRANSLATE_NOOP
from playground.view import View

_PCA = "PCA"


class SpaceView(View):
    """Where the samples lie among the outputs of a card."""

    dock = "dock.space"
    title = QT_TRANSLATE_NOOP("View", "Space")
    order = 73

    def make(self) -> QWidget:
        from widgets.space import SpacePanel

        self._layer, self._method = "", _PCA
        self._plan: Plan | None = None
        self._images_of: object = None
        self._before: Arrays = {}
        panel = self._panel = SpacePanel()
        panel.layer_chosen.connect(self._choose_layer)
        panel.method_chosen.connect(self._choose_method)
        panel.sample_chosen.connect(self.window.focus.choose_sample)
        panel.noted.connect(self.window.panels[self.dock].set_note)
        embeddings = self.window.session.embeddings
        embeddings.progressed.connect(self._show_map)
        embeddings.failed.connect(self._on_failed)
        embeddings.lost.connect(self._on_lost)
        return panel

    # --- what it asks for ------------------------------------------------------------------------------------------

    def probes(self, plan: Plan) -> Sequence[Probe]:
        found: list[Probe] = []
        if self._method == _PCA and self._layer in plan.nodes:
            kind = WarpedGrid if plan.document.data.dataset.plane else Space
            found.append(kind(node=self._layer, sample=self.window.focus.sample))
        if plan.document.data.dataset.pictures and self._images_of != plan.document.data:
            found.append(SpaceImages())
        return found

    def show_answer(self, probe: Probe, answer: Arrays) -> None:
        if isinstance(probe, SpaceImages):
            self._images_of = self.window.controller.document.data
            self._panel.set_images(answer)
        elif isinstance(probe, Space) and probe.node == self._layer and self._method == _PCA:
            self._panel.set_values(self._steady(answer))

    def _steady(self, answer: Arrays) -> Arrays:
        """The same, turned so that it looks like what was shown before."""
        found, before = dict(answer), self._before.get("points")
        if before is not None and np.array_equal(self._before["places"], found["places"]):
            signs = turned(found["points"], before).astype(np.float32)
            if "grid" not in found or "kind" not in found or self._turns(found):
                found["points"] = found["points"] * signs
                if "grid" in found:
                    found["grid"] = found["grid"] * signs
        self._before = found
        return found

    def _turns(self, answer: Arrays) -> bool:
        """Whether the two directions are principal components: those of two units are as they are."""
        shape = self.window.controller.plan.nodes[self._layer].output_shape
        return shape != (2,)

    # --- the document ----------------------------------------------------------------------------------------------

    def follow(self, plan: Plan) -> None:
        panel, nodes = self._panel, space_nodes(plan)
        dataset = plan.document.data.dataset
        if self.window.focus.node in nodes and self.window.focus.node != self._layer and self._method == _PCA:
            self._leave(self.window.focus.node)
        elif self._layer not in nodes:
            hidden = [node for node in nodes if node != plan.output]
            self._leave((hidden or list(nodes) or [""])[-1])
        if self._plan is None or self._plan.document.data != plan.document.data:
            self._leave(self._layer)
        self._plan = plan
        panel.set_layers(nodes, self._layer)
        panel.set_class_names(dataset.class_names if dataset.task == "classification" else ())
        panel.set_sample(self.window.focus.sample)
        if not plan.ready or not nodes:
            panel.set_reason(self.tr("Where the samples lie in a layer is shown once the network can train."))

    def _leave(self, layer: str) -> None:
        """Begin with another card, or with other samples."""
        self._layer, self._before = layer, {}
        self._panel.map.forget_range()
        if self._method != _PCA:
            self._method = _PCA
            self._panel.set_method(_PCA)

    def _choose_layer(self, node: str) -> None:
        self._leave(node)
        self.window.focus.choose_unit(node)
        self.window.views.live.refresh()

    # --- maps that take longer -------------------------------------------------------------------------------------

    def _choose_method(self, method: str) -> None:
        if method != self._method:
            self._before = {}
            self._panel.set_method(method)
        self._method = method
        if method == _PCA:
            self.follow(self.window.controller.plan)  # another card may have been chosen meanwhile
        else:
            self._panel.set_computing(self.tr("{method} is being computed …").format(method=method))
            self._panel.set_busy(True)
            self.window.session.embed(self._layer, method, SAMPLES)
        self.window.views.live.refresh()

    def _show_map(self, progress: EmbeddingProgress) -> None:
        if not progress.finished or progress.method != self._method or progress.node != self._layer:
            return
        text = self.tr("of epoch {epoch} · took {seconds} s")
        seconds = QLocale().toString(progress.seconds, "f", 1)
        self._panel.set_values(progress.arrays)
        self._panel.set_computing(text.format(epoch=QLocale().toString(progress.epoch), seconds=seconds))
        self._panel.set_busy(False)

    def _on_failed(self, failure: Failure) -> None:
        self._panel.set_computing(self.tr("Failed: see Messages"))
        self._panel.set_busy(False)
        self.window.message("error", words.sentence(failure.sentence), failure.detail)

    def _on_lost(self) -> None:
        self._panel.set_computing(self.tr("Interrupted: the engine had to be started again"))
        self._panel.set_busy(False)
