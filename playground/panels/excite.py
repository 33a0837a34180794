"""The panel "What would excite it"."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QWidget

from engine.plan.plan import Plan
from engine.probes.excitation import MOST_UNITS, Excitation, excitable
from engine.probes.probe import Arrays, Probe
from playground.menus import QT_TRANSLATE_NOOP
from playground.view import View

STEPS = 128
"""Steps after which the pictures change little."""


class ExciteView(View):
    """The pictures that excite the units of the chosen card most."""

    dock = "dock.excite"
    title = QT_TRANSLATE_NOOP("View", "What excites")
    order = 61
    seconds = 0.1
    with_pictures = True

    def make(self) -> QWidget:
        from widgets.excite import FOLLOW, ExcitePanel

        self._layer, self._first = "", 0
        self._start = self._moment = self._moments = self._turn = self._step = 0
        self._plan: Plan | None = None
        self._follow_key = FOLLOW
        panel = self._panel = ExcitePanel()
        panel.layer_chosen.connect(self._choose_layer)
        panel.page_chosen.connect(self._choose_page)
        panel.unit_chosen.connect(self._choose_unit)
        panel.weights_chosen.connect(self._choose_weights)
        panel.restarted.connect(self._restart)
        panel.noted.connect(self.window.panels[self.dock].set_note)
        self.window.session.running_changed.connect(self._go_on)
        return panel

    # --- what it asks for ------------------------------------------------------------------------------------------

    def probes(self, plan: Plan) -> Sequence[Probe]:
        """The next steps; once they are over, the same question, which is answered when the weights have changed."""
        if self._layer not in plan.nodes:
            return []
        shape = plan.nodes[self._layer].output_shape or (1,)
        units = tuple(range(self._first, min(self._first + MOST_UNITS, shape[0])))
        return [Excitation(self._layer, units, self._start, self._turn, self._moment, STEPS)]

    def show_answer(self, probe: Probe, answer: Arrays) -> None:
        assert isinstance(probe, Excitation)
        if (probe.node, probe.start, probe.moment) != (self._layer, self._start, self._moment):
            return
        self._panel.set_values(answer, STEPS)
        self._panel.set_current(self.window.focus.unit)
        step = int(answer["step"][0])
        if step < STEPS:
            self._turn += 1

    # --- the document ----------------------------------------------------------------------------------------------

    def follow(self, plan: Plan) -> None:
        panel, dataset, focus = self._panel, plan.document.data.dataset, self.window.focus
        if not dataset.pictures:
            panel.set_reason(self.tr("Choose images in Data to see which picture excites a unit most."))
            return
        nodes = excitable(plan)
        if not plan.ready or not nodes:
            panel.set_reason(self.tr("Which picture excites a unit most is shown once the network can train."))
            return
        layer = focus.node if focus.node in nodes else self._layer if self._layer in nodes else nodes[-1]
        shape = plan.nodes[layer].output_shape or (1,)
        first = self._first if layer == self._layer else 0
        if focus.node == layer and not first <= focus.unit < first + MOST_UNITS:
            first = focus.unit // MOST_UNITS * MOST_UNITS
        first = first if first < shape[0] else 0
        others = self._plan is None or self._plan.document.networks != plan.document.networks
        if (layer, first) != (self._layer, self._first) or others:
            self._layer, self._first, self._plan = layer, first, plan
            self._begin()
        is_answer = layer == plan.output and shape == (dataset.class_count,) and dataset.task == "classification"
        panel.set_layers(nodes, layer)
        panel.set_units(first, MOST_UNITS, shape[0], len(shape) > 1, dataset.class_names if is_answer else ())
        panel.set_current(focus.unit)

    def _begin(self) -> None:
        """Other units, or other noise, or other weights."""
        self._start += 1
        self._turn = 0

    def _choose_layer(self, node: str) -> None:
        self.window.focus.choose_unit(node)

    def _choose_page(self, first: int) -> None:
        self.window.focus.choose_unit(self._layer, first)

    def _choose_unit(self, unit: int) -> None:
        self.window.focus.choose_unit(self._layer, unit)

    def _choose_weights(self, choice: str) -> None:
        if choice == self._follow_key:
            self._moment = 0
        else:
            self._moments += 1
            self._moment = self._moments
        self._restart()

    def _restart(self) -> None:
        self._begin()
        self.window.views.live.refresh()

    def _go_on(self) -> None:
        """The network has begun to train, or stands still: what follows it goes on."""
        self._turn += 1
