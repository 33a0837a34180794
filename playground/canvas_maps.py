"""The first maps of every convolution, on its card: what the chosen sample looks like there."""

from __future__ import annotations

from collections.abc import Sequence

from engine.plan.plan import Plan
from engine.probes.feature_maps import FeatureMaps
from engine.probes.probe import Arrays, Probe
from playground.view import View
from widgets.canvas.style import STRIP


class CanvasMaps(View):
    """Asks for the maps of the cards in sight; it has no panel of its own."""

    seconds = 0.1

    def is_seen(self) -> bool:
        """Whether the canvas is."""
        return self.window.canvas.isVisible()

    def probes(self, plan: Plan) -> Sequence[Probe]:
        """The first maps of the cards in sight that have any."""
        nodes = self.window.canvas.visible_dense_nodes(of_maps=True)
        focus = self.window.focus
        return [FeatureMaps(nodes, STRIP, sample=focus.sample, image=focus.image)] if nodes else ()

    def show_answer(self, probe: Probe, answer: Arrays) -> None:
        """Put them onto their cards."""
        self.window.canvas.set_feature_maps(answer)
