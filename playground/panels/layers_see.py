"""The panel Layers see: what every layer gives for the chosen sample, live."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QLocale
from PySide6.QtWidgets import QWidget

from engine.plan.plan import Plan
from engine.probes.feature_maps import FeatureMaps
from engine.probes.kernels import CHANGE, GRADIENT, WEIGHTS, Kernels
from engine.probes.probe import Arrays, Probe
from engine.probes.terms import Terms
from engine.probes.weights import has_kernels
from playground.menus import QT_TRANSLATE_NOOP
from playground.view import View
from widgets import maps_values, theme
from widgets.canvas.layout import layer_title
from widgets.maps_layout import SeenLayer

if TYPE_CHECKING:
    from playground.window import MainWindow

_WHAT = {maps_values.KERNELS: WEIGHTS, maps_values.GRADIENTS: GRADIENT, maps_values.CHANGE: CHANGE}


def seen_layers(plan: Plan) -> list[SeenLayer]:
    """Every card of a plan that gives something, in the order of the network."""
    found = []
    for node_id in plan.order:
        node = plan.nodes[node_id]
        if node.output_shape is None:
            continue
        activation = node.layer.output_activation
        classes = plan.document.data.dataset.class_names
        answers = node_id == plan.output and plan.target is not None and plan.target.units == len(classes) > 1
        found.append(
            SeenLayer(
                node_id,
                layer_title(node.layer),
                node.output_shape,
                classes if answers and node.output_shape == (len(classes),) else (),
                weighs=has_kernels(node),
                is_input=node.layer.takes[1] == 0,
                activation="" if activation.name == "linear" else theme.translate_catalog(activation.label),
                source=node.sources[0] if len(node.sources) == 1 else "",
            )
        )
    return found


def sample_text(plan: Plan, sample: int, drawn: bool) -> tuple[str, str]:
    """What a sample is called, and the same at length."""
    if drawn:
        text = QCoreApplication.translate("View", "drawn")
        return text, QCoreApplication.translate("View", "The picture that was drawn")
    data = plan.document.data
    learnt, count = data.dataset.train_count(data.train_share), data.dataset.sample_count
    tested = sample >= learnt
    number = sample - learnt if tested else sample
    of = count - learnt if tested else learnt
    if tested:
        short = QCoreApplication.translate("View", "test {number}")
        long = QCoreApplication.translate("View", "Test sample {number} of {count}")
    else:
        short = QCoreApplication.translate("View", "train {number}")
        long = QCoreApplication.translate("View", "Training sample {number} of {count}")
    locale = QLocale()
    shown = {"number": locale.toString(number + 1), "count": locale.toString(of)}
    return short.format(**shown), long.format(**shown)


class LayersSeeView(View):
    """Asks for the maps in sight, the kernels beside them, and the value that is written out."""

    dock = "dock.layers_see"
    title = QT_TRANSLATE_NOOP("View", "Layers see")
    order = 1
    seconds = 0.1
    with_pictures = True

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        window.canvas.neuron_clicked.connect(self._on_card_clicked)

    def make(self) -> QWidget:
        """The panel's widget."""
        from widgets.maps import LayersSee

        self.panel = LayersSee()
        focus, refresh = self.window.focus, self.window.views.live.refresh
        self.panel.opened.connect(focus.choose_unit)
        self.panel.sample_stepped.connect(self._step_sample)
        for signal in (self.panel.wants_changed, self.panel.pixel_asked):
            signal.connect(refresh)
        return self.panel

    def probes(self, plan: Plan) -> Sequence[Probe]:
        """Maps and kernels of the layers in sight; of one that is open, its input and its value."""
        if not self.panel.shows_content():
            return ()
        focus = self.window.focus
        probe = partial(FeatureMaps, sample=focus.sample, image=focus.image)
        if self.panel.is_open():
            node, unit, row, column = self.panel.detail.pixel()
            if node not in plan.nodes:
                return ()
            terms = Terms(node, unit, row, column, sample=focus.sample, image=focus.image)
            return [probe(nodes=(*plan.nodes[node].sources[:1], node)), terms]
        seen = self.panel.strip.layers_in_sight()
        known = [node for node in seen if node in plan.nodes]
        asked = dict.fromkeys([*(source for node in known for source in plan.nodes[node].sources[:1]), *known])
        what = _WHAT.get(self.panel.beside.choice())
        found: list[Probe] = [probe(nodes=tuple(asked))]
        weighing = tuple(
            node for node in known if has_kernels(plan.nodes[node]) and len(plan.nodes[node].output_shape or ()) > 1
        )
        if what is not None and weighing:
            found.append(Kernels(weighing, what))
        return found

    def show_answer(self, probe: Probe, answer: Arrays) -> None:
        """Hand on what was measured, unless it is about another sample than is looked at now."""
        focus = self.window.focus
        if isinstance(probe, FeatureMaps) and (probe.sample, probe.image) == (focus.sample, focus.image):
            self.panel.set_maps(answer)
        elif isinstance(probe, Terms) and (probe.sample, probe.image) == (focus.sample, focus.image):
            self.panel.set_terms(probe.node, probe.unit, probe.row, probe.column, answer)
        elif isinstance(probe, Kernels) and probe.what == _WHAT.get(self.panel.beside.choice()):
            self.panel.set_kernels(answer)

    def follow(self, plan: Plan) -> None:
        """Show the layers of a plan, and the chosen sample and unit."""
        if not plan.ready or not plan.document.data.dataset.pictures:
            self.panel.set_reason(self._reason(plan))
            return
        focus = self.window.focus
        self.panel.set_layers(seen_layers(plan))
        self.panel.set_sample(*sample_text(plan, focus.sample, bool(focus.image)))
        self.panel.set_chosen(focus.node, focus.unit)

    def _reason(self, plan: Plan) -> str:
        if not plan.document.data.dataset.pictures:
            return self.tr("Choose data that are images, such as the digits, and see what each layer makes of them.")
        return self.tr("What each layer sees is shown here once the network can be trained.")

    def _on_card_clicked(self, node: str, unit: int) -> None:
        """A map on the canvas was clicked: it opens here."""
        found = self.window.controller.plan.nodes.get(node)
        if found is not None and len(found.output_shape or ()) == 3:
            self.window.focus.choose_unit(node, unit)
            self.window.view_panels.open(self.dock)
            self.panel.open_map(node, unit)

    def _step_sample(self, step: int) -> None:
        focus, dataset = self.window.focus, self.window.controller.document.data.dataset
        if focus.image:
            focus.draw(())
        elif dataset.sample_count:
            focus.choose_sample((focus.sample + step) % dataset.sample_count)
