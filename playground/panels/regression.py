"""The panel "Regression"."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QWidget

from engine.plan.plan import Plan
from engine.probes.probe import Arrays, Probe
from engine.probes.surface import Surface
from playground.menus import QT_TRANSLATE_NOOP
from playground.view import View


class RegressionView(View):
    """The numbers to learn and those of the network over the plane, as surfaces, contours or along a cut."""

    dock = "dock.regression"
    title = QT_TRANSLATE_NOOP("View", "Regression")
    order = 95
    seconds = 0.1

    def make(self) -> QWidget:
        from widgets.surface import RegressionPanel

        self._panel = RegressionPanel()
        return self._panel

    def probes(self, plan: Plan) -> Sequence[Probe]:
        return [Surface()]

    def show_answer(self, probe: Probe, answer: Arrays) -> None:
        self._panel.set_values(answer["network"], answer.get("target"))

    def follow(self, plan: Plan) -> None:
        dataset = plan.document.data.dataset
        if not (dataset.plane and dataset.task == "regression"):
            self._panel.set_reason(self.tr("Choose numbers over the plane in Data, such as the slope or the bumps."))
        elif not plan.ready:
            self._panel.set_reason(self.tr("The surfaces are drawn once the network can train."))
