"""Joins the panel "Learning rate" with the search that the training process makes for one."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from engine.plan.plan import Plan
from engine.worker.messages import Failure, RateProgress
from playground import words
from playground.session import difference

if TYPE_CHECKING:
    from playground.window import MainWindow
    from widgets.rate_finder import RateFinderPanel


class RateFinder(QObject):
    """A search is about the network with which it was started; the panel's head says when that has changed."""

    def __init__(self, window: MainWindow, panel: RateFinderPanel) -> None:
        super().__init__(window)
        self._panel = panel
        self._dock = window.panels["dock.rate"]
        self._controller, self._session = window.controller, window.session
        self._message = window.message
        self._searched: Plan | None = None
        self._panel.started.connect(self._start)
        self._panel.stopped.connect(self._session.stop_finding)
        self._panel.rate_chosen.connect(self._use)
        self._session.searched.connect(self._show)
        self._session.search_failed.connect(self._on_failed)
        self._session.search_lost.connect(self._panel.set_interrupted)
        self._controller.changed.connect(self._follow)
        self._follow(None, self._controller.plan)

    def _start(self, low: float, high: float, steps: int, from_weights: bool) -> None:
        self._searched = self._controller.plan
        self._show_note()
        self._session.find_rate(low, high, steps, from_weights)

    def _use(self, rate: float) -> None:
        self._controller.set_training_field("optimizer", ("learning_rate",), rate, True)

    def _show(self, progress: RateProgress) -> None:
        panel = self._panel
        done = len(progress.losses)
        panel.set_progress(done, progress.total, progress.seconds, progress.finished, progress.diverged)
        panel.set_curve(progress.rates, progress.losses, progress.smoothed, progress.steepest, progress.tenth_of_lowest)

    def _on_failed(self, failure: Failure) -> None:
        self._panel.set_failed()
        self._message("error", words.sentence(failure.sentence), failure.detail)

    # --- the document --------------------------------------------------------------------------------------------

    def _follow(self, _old: Plan | None, new: Plan) -> None:
        self._panel.set_can_start("" if new.ready else words.sentence(new.problems[0].sentence))
        self._panel.set_present(new.document.training.optimizer.learning_rate)
        self._show_note()

    def _show_note(self) -> None:
        same = self._searched is None or self._is_about(self._searched)
        self._dock.set_note("" if same else self.tr("of the network before it was changed"))

    def _is_about(self, searched: Plan) -> bool:
        """Whether the search was about the present network. What it makes no use of does not count."""
        now = self._controller.plan
        training = now.document.training
        optimizer = searched.document.training.optimizer.replace(learning_rate=training.optimizer.learning_rate)
        document = searched.document.set_training(
            optimizer=optimizer, schedule=training.schedule, stopping=training.stopping, epochs=training.epochs
        )
        return difference(dataclasses.replace(searched, document=document), now) == "none"
