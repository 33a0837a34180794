"""The panel "Weights", and what the panels of gradients and activations share with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QWidget

from engine.plan.plan import Plan
from engine.probes.layer_histograms import LayerHistograms, shown_nodes
from engine.probes.probe import Arrays, Probe
from playground.menus import QT_TRANSLATE_NOOP
from playground.view import View

if TYPE_CHECKING:
    from playground.window import MainWindow


class Histograms:
    """What a view of histograms of every layer does, whatever is counted; to be inherited before View."""

    quantity: ClassVar[str]
    """What is counted: "weights", "gradients" or "activations"."""
    window: MainWindow

    def make(self) -> QWidget:
        """The widget."""
        from widgets.layer_histograms import LayerHistograms as Panel

        self._panel = Panel(self.quantity)
        self._panel.card_chosen.connect(self._choose)
        return self._panel

    def probes(self, plan: Plan) -> Sequence[Probe]:
        """All cards that have such numbers."""
        nodes = shown_nodes(plan, self.quantity)
        return [LayerHistograms(self.quantity, nodes)] if nodes else []

    def show_answer(self, probe: Probe, answer: Arrays) -> None:
        """Show them."""
        self._panel.set_values(answer)

    def forget(self) -> None:
        """Another run has a history of its own."""
        self._panel.forget()

    def show_past(self, answers: Sequence[Arrays]) -> None:
        """Put in the rows of the run before the panel was opened."""
        self._panel.set_past(answers)

    def follow(self, plan: Plan) -> None:
        """Show the cards that there are now."""
        nodes = shown_nodes(plan, self.quantity)
        self._panel.set_nodes(nodes)
        self._panel.set_chosen(self.window.focus.node)
        if not plan.ready:
            self._panel.set_reason(
                QCoreApplication.translate("Histograms", "What is in the layers is shown once the network can train.")
            )
        elif not nodes:
            self._panel.set_reason(
                QCoreApplication.translate(
                    "Histograms", "No card of this network learns anything; add a Dense card, for example."
                )
            )

    def _choose(self, node: str) -> None:
        if node in self.window.controller.plan.nodes:
            self.window.controller.select([node])
            self.window.focus.choose_unit(node)


class WeightsView(Histograms, View):
    """How the weights of each layer are spread."""

    dock = "dock.weights"
    title = QT_TRANSLATE_NOOP("View", "Weights")
    order = 70
    quantity = past = "weights"
