"""Which note is selected, and the field in which one is written."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF

from engine.document.notes import Note
from widgets.canvas.notes import NoteEditor

if TYPE_CHECKING:
    from widgets.canvas.canvas import Canvas


class NoteDesk:
    """The notes of a canvas, as the user handles them."""

    def __init__(self, canvas: Canvas) -> None:
        self._canvas = canvas
        self.selected: int | None = None
        self._written: int | None = None
        self.editor = NoteEditor(canvas.viewport())
        self.editor.written.connect(self._take)

    def select(self, index: int | None) -> None:
        """Outline a note, and only that."""
        self.selected = index
        for number, item in enumerate(self._canvas.board.notes):
            item.set_selected(number == index)

    def forget_missing(self) -> None:
        """After a change of the plan: let go of a note that is gone."""
        count = len(self._canvas.board.notes)
        self.select(self.selected if self.selected is not None and self.selected < count else None)
        if self._written is not None and self._written >= count:
            self._written = None
            self.editor.hide()

    def write(self, index: int) -> None:
        """Open the field over a note."""
        item = self._canvas.board.notes[index]
        self.select(index)
        self._canvas.camera.reveal(item.sceneBoundingRect())
        self._written = index
        area = QRectF(item.pos(), item.rect().size())
        self.editor.open_over(item.note.text, self._canvas.mapFromScene(area).boundingRect())

    def go_to(self, index: int) -> bool:
        """The keyboard goes to a note; returns whether there is one. Without one, none is selected."""
        notes = self._canvas.board.notes
        found = 0 <= index < len(notes)
        self.select(index if found else None)
        if found:
            self._canvas.select(frozenset(), None)
            self._canvas.camera.reveal(notes[index].sceneBoundingRect())
            self._canvas.describe(notes[index].note.text)
        return found

    def nudge(self, dx: float, dy: float) -> None:
        """Move the selected note, if there is one."""
        if self.selected is not None:
            note: Note = self._canvas.board.notes[self.selected].note
            moved = dataclasses.replace(note, x=note.x + dx, y=note.y + dy)
            self._canvas.note_changed.emit(self.selected, moved, True)

    def remove_selected(self) -> None:
        """The user wants the selected note away, if there is one."""
        if self.selected is not None:
            self._canvas.note_removed.emit(self.selected)

    def _take(self, text: str) -> None:
        """What was written becomes the note's text; an empty note goes."""
        index, self._written = self._written, None
        if index is None or index >= len(self._canvas.board.notes):
            return
        note: Note = self._canvas.board.notes[index].note
        if not text.strip():
            self._canvas.note_removed.emit(index)
        elif text != note.text:
            self._canvas.note_changed.emit(index, dataclasses.replace(note, text=text), True)
