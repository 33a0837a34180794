"""Joins the panel "Seeds" with the study that the training process makes of a network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from engine.plan.plan import Plan
from engine.worker.messages import Failure, SeedsProgress
from playground import words
from playground.session import difference

if TYPE_CHECKING:
    from playground.window import MainWindow
    from widgets.seeds import SeedsPanel


class Seeds(QObject):
    """A study is about the network with which it was started; the panel's head says when that is no longer the same."""

    def __init__(self, window: MainWindow, panel: SeedsPanel) -> None:
        super().__init__(window)
        self._panel = panel
        self._dock = window.panels["dock.seeds"]
        self._controller, self._session = window.controller, window.session
        self._message = window.message
        self._studied: Plan | None = None
        self._panel.started.connect(self._start)
        self._panel.stopped.connect(self._session.stop_study)
        self._session.studied.connect(self._show)
        self._session.study_failed.connect(self._on_failed)
        self._session.study_lost.connect(self._panel.set_interrupted)
        self._controller.changed.connect(self._follow)
        self._controller.opened.connect(self._offer_epochs)
        self._offer_epochs()
        self._follow(None, self._controller.plan)

    def _start(self, count: int, epochs: int) -> None:
        self._studied = self._controller.plan
        self._show_note()
        self._session.study(count, epochs)

    def _show(self, progress: SeedsProgress) -> None:
        assert self._studied is not None
        panel, task = self._panel, self._studied.document.data.dataset.task
        panel.set_progress(progress.done, progress.total, progress.seconds, progress.finished, progress.reached)
        goal = words.goal_text(task, progress.threshold)
        panel.set_losses(progress.losses, progress.metrics >= progress.threshold, goal)
        panel.set_maps(
            progress.mean,
            progress.disagreement,
            "classes" if progress.by_class else "signed",
            (progress.low, progress.high),
            progress.spread,
        )

    def _on_failed(self, failure: Failure) -> None:
        self._panel.set_failed()
        self._message("error", words.sentence(failure.sentence), failure.detail)

    # --- the document --------------------------------------------------------------------------------------------

    def _follow(self, old: Plan | None, new: Plan) -> None:
        self._panel.set_can_start("" if new.ready else words.sentence(new.problems[0].sentence))
        if old is not None and old.document.training.epochs != new.document.training.epochs:
            self._offer_epochs()
        self._show_note()

    def _offer_epochs(self) -> None:
        self._panel.set_epochs(self._controller.document.training.epochs)

    def _show_note(self) -> None:
        same = self._studied is None or difference(self._studied, self._controller.plan) == "none"
        self._dock.set_note("" if same else self.tr("of the network before it was changed"))
