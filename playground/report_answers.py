"""What a picture or a report needs to know of the run now, asked for once and waited for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QEventLoop, QTimer

from engine.plan.plan import Plan
from engine.probes.decision import Decision
from engine.probes.metrics import Metrics
from engine.probes.neuron_maps import NeuronMaps
from engine.probes.parameters import Parameters
from engine.probes.probe import Arrays, Probe
from playground.view import View

if TYPE_CHECKING:
    from playground.window import MainWindow

_PATIENCE_MS = 2000
"""How long an answer is waited for; a report can do without."""
_SIDE = 200
"""Pixels of the answer over the plane."""


class Asker(View):
    """A view that nobody sees: it asks while it waits, and at no other time."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self.setObjectName("asker")
        self._waiting: list[Probe] = []
        self._loop = QEventLoop(self)
        self.answers: dict[Probe, Arrays] = {}
        window.views.live.add_view(self)

    def ask(self, probes: Sequence[Probe]) -> Mapping[Probe, Arrays]:
        """What the run answers to those that fit it; without those whose answer does not come in time."""
        plan = self.window.controller.plan
        self.answers = {}
        self._waiting = [probe for probe in probes if probe.fits(plan)]
        if self._waiting:
            live = self.window.views.live
            timer = QTimer(singleShot=True, interval=_PATIENCE_MS)
            timer.timeout.connect(self._loop.quit)
            timer.start()
            self.window.session.set_probes(())  # what others have asked for already is answered anew
            live.refresh()
            self._loop.exec(QEventLoop.ProcessEventsFlag.ExcludeUserInputEvents)
            timer.stop()
            self._waiting = []
            live.refresh()
        return self.answers

    def is_seen(self) -> bool:
        """While it waits."""
        return bool(self._waiting)

    def probes(self, plan: Plan) -> Sequence[Probe]:
        return self._waiting

    def wanted(self, plan: Plan, running: bool) -> list[Probe]:
        """All that it waits for, whenever it waits."""
        self.asked = frozenset(self._waiting)
        return list(self._waiting)

    def show_answer(self, probe: Probe, answer: Arrays) -> None:
        self.answers[probe] = answer
        if all(waiting in self.answers for waiting in self._waiting):
            self._loop.quit()


METRICS, PLANE = Metrics(), Decision(resolution=_SIDE, values=False)


def ask(window: MainWindow, probes: Sequence[Probe]) -> Mapping[Probe, Arrays]:
    """What the run of a window answers now to the probes that fit it, waited for a moment."""
    found = window.findChild(Asker)
    return (found or Asker(window)).ask(probes)


def ask_pictures(window: MainWindow, probes: Sequence[Probe] = ()) -> Mapping[Probe, Arrays]:
    """The same, while the canvas is told what all of its cards show, also those that are out of sight."""
    plan, canvas = window.controller.plan, window.canvas
    nodes = tuple(card.id for card in canvas.board.cards.values() if card.layout.tiles and not card.has_maps)
    maps = NeuronMaps(nodes=nodes, resolution=50)
    learned = Parameters(nodes=tuple(node_id for node_id in plan.order if plan.nodes[node_id].parameters))
    answers = ask(window, [*probes, maps, learned])
    if maps in answers:
        canvas.set_maps({name: image for name, image in answers[maps].items() if "." not in name})
    if learned in answers:
        canvas.set_parameters(answers[learned])
    return answers
