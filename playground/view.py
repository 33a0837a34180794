"""A panel that shows what probes measured: one class in one file of `playground.panels`, found there."""

from __future__ import annotations

import importlib
import math
import pkgutil
from collections.abc import Sequence
from time import perf_counter
from typing import TYPE_CHECKING, Any, ClassVar

from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication, QObject
from PySide6.QtWidgets import QWidget

from engine.plan.plan import Plan
from engine.probes.past import Past, moments
from engine.probes.probe import Arrays, Probe

if TYPE_CHECKING:
    from playground.window import MainWindow

SHARE = 0.08
"""Part of the training process's time that all views together may take while it trains."""


class View(QObject):
    """Asks for what its panel needs while it is seen, and hands the answers on.

    A subclass is found by its module's place in `playground.panels`. It imports its widget in `make`, so that a panel
    that nobody opens costs nothing.
    """

    dock: ClassVar[str]
    """Object name of the panel: "dock.layers_see"."""
    title: ClassVar[str]
    """What the panel is called, marked for translation in the context "View"."""
    order: ClassVar[int] = 100
    """Place among the tabs, smallest first."""
    seconds: ClassVar[float] = 0.25
    """Least time between two answers while the network trains."""
    past: ClassVar[str] = ""
    """What the run keeps for it while it is not seen, as the probe Past calls it."""
    with_pictures: ClassVar[bool] = False
    """Whether the panel comes up with data that are images, and goes with them."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self.window = window
        self.body: QWidget | None = None
        """The widget, once the panel was seen."""
        self.asked: frozenset[Probe] = frozenset()
        self.latest: dict[str, NDArray[Any]] = {}
        """The arrays of its last answers, by name: what it shows, as numbers."""
        self._due = -math.inf
        self._missed = True
        self._run = -1

    @classmethod
    def translated_title(cls) -> str:
        """The title in the language of the window."""
        return QCoreApplication.translate("View", cls.title)

    # --- what a subclass adds --------------------------------------------------------------------------------------

    def make(self) -> QWidget:
        """The widget, its signals connected."""
        raise NotImplementedError

    def probes(self, plan: Plan) -> Sequence[Probe]:
        """What it needs to know of a plan that is ready, with its widget made. Those that do not fit are left out."""
        raise NotImplementedError

    def show_answer(self, probe: Probe, answer: Arrays) -> None:
        """Show what a probe of `probes` measured."""
        raise NotImplementedError

    def forget(self) -> None:
        """Another run has begun: what was kept of the one before is not its own. The widget is there."""

    def show_past(self, answers: Sequence[Arrays]) -> None:
        """Take up what was kept of the run while the panel was not seen, the oldest first."""

    def follow(self, plan: Plan) -> None:
        """The document, the chosen sample or the chosen unit has changed, or the panel was opened. Ready or not."""

    # --- what the window does with it ------------------------------------------------------------------------------

    def open(self) -> None:
        """Make the widget, if that has not been done, and fill it."""
        if self.body is None:
            self.body = self.make()
            self.window.panels[self.dock].set_body(self.body)
            self.follow(self.window.controller.plan)

    def take(self, probe: Probe, answer: Arrays) -> None:
        """Show an answer, and keep it for who wants the numbers."""
        if isinstance(probe, Past):
            self._missed = False
            self.show_past(moments(answer))
        else:
            self.latest.update(answer)
            self.show_answer(probe, answer)

    def is_seen(self) -> bool:
        """Whether the user can see it now."""
        return self.body is not None and self.body.isVisible() and not self.body.visibleRegion().isEmpty()

    def wanted(self, plan: Plan, running: bool) -> list[Probe]:
        """What to ask for now; nothing where it was answered a moment ago and the network trains."""
        if self.window.session.runs != self._run and self.body is not None:
            self._run, self._missed = self.window.session.runs, True
            self.forget()
        seen = self.is_seen()
        self._missed = self._missed or not seen
        if not seen or (running and perf_counter() < self._due):
            return []
        found = [probe for probe in self.probes(plan) if probe.fits(plan)]
        if found and self.past and self._missed:
            found.insert(0, Past(what=self.past))
        asked = frozenset(found)
        if asked != self.asked:
            self.asked = asked
            self.latest.clear()
        return found

    def answered(self, cost: float, seen: int) -> None:
        """Its answers cost the training process so many seconds; so many views share what there is."""
        self._due = perf_counter() + max(self.seconds, cost * seen / SHARE)


def view_classes() -> list[type[View]]:
    """Every view there is a module for in `playground.panels`, in their order."""
    import playground.panels as package

    for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        importlib.import_module(module.name)
    found = [cls for cls in View.__subclasses__() if cls.__module__.startswith(f"{package.__name__}.")]
    return sorted(found, key=lambda cls: (cls.order, cls.dock))
