"""The panel Kernels: the weights of every layer as images, and the film of one of them over the run."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from engine.plan.plan import Plan
from engine.probes.kernels import START, WEIGHTS, Kernels
from engine.probes.past import KERNELS
from engine.probes.probe import Arrays, Probe
from engine.probes.weights import has_kernels, kernel_shape
from playground.menus import QT_TRANSLATE_NOOP
from playground.view import View
from widgets.canvas.layout import layer_title
from widgets.kernels_values import Film, layers_of
from widgets.maps_layout import SeenLayer

if TYPE_CHECKING:
    from playground.window import MainWindow

_FILMED = 60_000
"""Weights of all layers together up to which the film is of all kernels: of more, of the chosen layer's."""


def kernel_layers(plan: Plan) -> list[SeenLayer]:
    """Every card of a plan that weighs its inputs, in the order of the network."""
    found = []
    for node_id in plan.order:
        node = plan.nodes[node_id]
        if has_kernels(node):
            shape = kernel_shape(plan, node_id)
            facts = " × ".join(map(str, shape[1:] if shape[2] > 1 else (math.prod(shape[1:]),)))
            found.append((node_id, layer_title(node.layer), shape, facts))
    return layers_of(found)


class KernelsView(View):
    """Asks for the kernels in sight, and keeps moments of the run for the film."""

    dock = "dock.kernels"
    title = QT_TRANSLATE_NOOP("View", "Kernels")
    order = 2
    with_pictures = True
    past = KERNELS

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self.film = Film()

    def make(self) -> QWidget:
        """The panel's widget."""
        from widgets.kernels import KernelsPanel

        self.panel = KernelsPanel(self.film)
        self.panel.chosen.connect(self.window.focus.choose_unit)
        self.panel.wants_changed.connect(self.window.views.live.refresh)
        return self.panel

    def probes(self, plan: Plan) -> Sequence[Probe]:
        """What is shown of the layers in sight, and the weights for the film."""
        if not self.panel.shows_content():
            return ()
        seen = tuple(node for node in self.panel.strip.layers_in_sight() if node in plan.nodes)
        found: list[Probe] = [Kernels(seen, self.panel.what.choice())] if seen else []
        filmed = self._filmed(plan)
        if filmed:
            missing = tuple(node for node in filmed if not self.film.has_start(node))
            found += [Kernels(filmed, WEIGHTS), *([Kernels(missing, START)] if missing else ())]
        return list(dict.fromkeys(found))

    def _filmed(self, plan: Plan) -> tuple[str, ...]:
        nodes = [node for node in plan.order if has_kernels(plan.nodes[node])]
        if sum(math.prod(kernel_shape(plan, node)) for node in nodes) <= _FILMED:
            return tuple(nodes)
        return (self.window.focus.node,) if self.window.focus.node in nodes else ()

    def show_answer(self, probe: Probe, answer: Arrays) -> None:
        """Show what was measured, and keep it for the film."""
        if not isinstance(probe, Kernels):
            return
        if probe.what == START:
            self.film.note(answer, start=True)
        if probe.what == WEIGHTS and probe.nodes == self._filmed(self.window.controller.plan):
            self.film.note(answer)
        if probe.what == self.panel.what.choice():
            self.panel.set_kernels(answer)
        self.panel.film.update()

    def forget(self) -> None:
        """Another run is another film."""
        self.film.forget()

    def show_past(self, answers: Sequence[Arrays]) -> None:
        """Put the moments before the panel was opened into the film."""
        self.film.take_past(answers)
        self.panel.film.update()

    def follow(self, plan: Plan) -> None:
        """Show the kernels of a plan, and the chosen one."""
        layers = kernel_layers(plan) if plan.ready else []
        if not layers:
            text = self.tr("No layer of this network has kernels; add a Dense or a Conv2d to see its weights.")
            if not plan.ready:
                text = self.tr("The weights of the network are shown here once it can be trained.")
            self.panel.set_reason(text)
            return
        self.panel.set_layers(layers)
        self.panel.set_chosen(self.window.focus.node, self.window.focus.unit)
