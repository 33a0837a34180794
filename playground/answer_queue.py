"""Answers on their way to the views that asked: one view's in each turn of the window's event loop."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal

from engine.probes.probe import Arrays, Probe
from playground.view import View


class AnswerQueue(QObject):
    """Keeps what a frame brought until it is the view's turn.

    All views of a crowded window would take longer to show and to paint than a click may wait. So each is shown by
    itself, and whatever else has happened meanwhile comes between. What is newer takes the place of what waits.
    """

    emptied = Signal()
    """Everything is shown."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._waiting: dict[View, tuple[dict[Probe, Arrays], float, int]] = {}
        self._coming = False
        """Whether a turn is on its way."""

    def put(self, view: View, answers: dict[Probe, Arrays], cost: float, seen: int) -> None:
        """Let a view wait with answers that cost the training process so many seconds, of `seen` that are looked at."""
        before, paid, _ = self._waiting.get(view, ({}, 0.0, 0))
        self._waiting[view] = {**before, **answers}, paid + cost, seen
        self._go_on()

    def holds(self, view: View) -> bool:
        """Whether a view has not been shown its answers yet."""
        return view in self._waiting

    def clear(self) -> None:
        """What waits is about what is no more."""
        self._waiting.clear()

    def _go_on(self) -> None:
        if self._waiting and not self._coming:
            self._coming = True
            # After none at all it would come last, wherever frames follow each other without a pause.
            QTimer.singleShot(1, self, self._show_next)

    def _show_next(self) -> None:
        self._coming = False
        if not self._waiting:
            return
        view = next(iter(self._waiting))
        answers, cost, seen = self._waiting.pop(view)
        self._go_on()
        for probe, answer in answers.items():
            view.take(probe, answer)
        view.answered(cost, seen)
        if not self._waiting:
            self.emptied.emit()
