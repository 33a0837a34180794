"""Views: a panel each, asked for only while it is seen, in step with document, sample and unit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pytest
from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

from engine.catalog.datasets.digits import Digits
from engine.plan.plan import Plan
from engine.probes.parameters import Parameters
from engine.probes.probe import Arrays, Probe
from playground import view_panels
from playground.view import View, view_classes
from playground.view_panels import ViewPanels
from playground.window import MainWindow

PATIENCE = 30_000


class Norms(View):
    """Shows how large the weights of the chosen card are."""

    dock = "dock.norms"
    title = "Norms"
    with_pictures = True

    def make(self) -> QWidget:
        self.label = QLabel()
        self.followed: list[tuple[str, int]] = []
        return self.label

    def probes(self, plan: Plan) -> Sequence[Probe]:
        return [Parameters(nodes=(self.window.focus.node or plan.order[-1],))]

    def show_answer(self, probe: Probe, answer: Arrays) -> None:
        if self.body is None:  # the test is over: an answer may have waited for its turn
            return
        self.label.setText(" ".join(f"{name} {np.linalg.norm(value):.6f}" for name, value in answer.items()))

    def follow(self, plan: Plan) -> None:
        self.followed.append((self.window.focus.node, self.window.focus.sample))


@pytest.fixture
def views(window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, View]]:
    """The window's panels of views, for the time of a test the one above alone."""
    monkeypatch.setattr(view_panels, "view_classes", lambda: [Norms])
    before = window.view_panels
    window.view_panels = ViewPanels(window)
    made = window.view_panels.views
    yield made
    window.view_panels.deleteLater()
    window.view_panels = before
    made["dock.norms"].body = None  # it is no longer seen, so nothing is asked for it
    panel = window.panels.pop("dock.norms")
    window.removeDockWidget(panel)
    panel.deleteLater()


def test_every_panel_has_a_name_of_its_own() -> None:
    found = [cls for cls in view_classes() if cls.__module__.startswith("playground.panels.")]
    assert len({cls.dock for cls in found}) == len(found) and len({cls.title for cls in found}) == len(found)
    assert all(cls.dock.startswith("dock.") for cls in found)


def test_a_view_is_made_when_it_is_opened_and_asks_while_it_is_seen(
    window: MainWindow, views: dict[str, View], qtbot: QtBot
) -> None:
    view = views["dock.norms"]
    panel = window.panels["dock.norms"]
    assert view.body is None and not panel.isVisible()
    window.view_panels.open("dock.norms")
    qtbot.waitUntil(lambda: "weight" in view.label.text(), timeout=PATIENCE)
    before = view.label.text()
    window.actions_by_id["train.step_epoch"].trigger()
    qtbot.waitUntil(lambda: view.label.text() != before, timeout=PATIENCE)
    panel.hide()
    assert view.wanted(window.controller.plan, False) == []


def test_it_follows_the_chosen_card(window: MainWindow, views: dict[str, View], qtbot: QtBot) -> None:
    view = window.view_panels.open("dock.norms")
    first = window.controller.plan.order[1]
    window.controller.select({first})
    assert window.focus.node == first and view.followed[-1][0] == first
    qtbot.waitUntil(lambda: view.label.text().startswith(first), timeout=PATIENCE)
    assert views["dock.norms"] is view


def test_panels_for_images_come_and_go_with_them(window: MainWindow, views: dict[str, View], qtbot: QtBot) -> None:
    panel = window.panels["dock.norms"]
    window.controller.set_data("Choose data", None, True, dataset=Digits())
    qtbot.waitUntil(panel.isVisible)
    assert window.focus.sample == round(1797 * window.controller.document.data.train_share)
    window.controller.undo()
    assert panel.isHidden() and window.focus.sample == 250


def test_a_view_that_costs_much_is_asked_seldom(window: MainWindow, views: dict[str, View]) -> None:
    view = window.view_panels.open("dock.norms")
    plan = window.controller.plan
    assert view.wanted(plan, True) if view.is_seen() else True
    view.answered(cost=60.0, seen=1)
    assert view.wanted(plan, True) == []
    assert bool(view.wanted(plan, False)) == view.is_seen()
