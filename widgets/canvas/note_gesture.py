"""Dragging a note, or its corner."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF

from engine.document.notes import LARGEST_NOTE, SMALLEST_NOTE, Note
from widgets.canvas.gesture import Gesture
from widgets.canvas.hits import Hit, Part
from widgets.canvas.style import SNAP

if TYPE_CHECKING:
    from widgets.canvas.canvas import Canvas


class ChangeNote(Gesture):
    """Moves a note, or makes it larger; in steps of the grid."""

    def __init__(self, canvas: Canvas, point: QPointF, pixel: QPoint, hit: Hit) -> None:
        super().__init__(canvas, point, pixel)
        self._index, self._resizes = hit.index, hit.part is Part.NOTE_CORNER
        self._before = self._now = canvas.board.notes[hit.index].note

    def move(self, point: QPointF, pixel: QPoint) -> None:
        if self._now is self._before and not self.is_far(pixel):
            return
        changed = self._changed(point - self.start)
        if changed != self._now:
            self._show(changed, False)

    def _changed(self, away: QPointF) -> Note:
        before = self._before
        if self._resizes:
            width, height = _snapped(before.width + away.x()), _snapped(before.height + away.y())
            low, high = SMALLEST_NOTE, LARGEST_NOTE
            return dataclasses.replace(before, width=min(max(width, low), high), height=min(max(height, low), high))
        return dataclasses.replace(before, x=_snapped(before.x + away.x()), y=_snapped(before.y + away.y()))

    def _show(self, note: Note, finished: bool) -> None:
        self._now = note
        self.canvas.board.notes[self._index].set_note(note)
        self.canvas.note_changed.emit(self._index, note, finished)

    def finish(self, point: QPointF, pixel: QPoint) -> None:
        if self._now is not self._before:
            self._show(self._now, True)

    def cancel(self) -> None:
        if self._now is not self._before:
            self._show(self._before, True)


def _snapped(value: float) -> float:
    return round(value / SNAP) * SNAP
