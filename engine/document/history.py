"""Undo and redo: an index into a list of documents. Frozen documents share structure, so a long list is cheap."""

from __future__ import annotations

from dataclasses import dataclass

from engine.document.graph import Document


@dataclass(frozen=True)
class Entry:
    """A document and the words for the edit that made it; edits with one merge key in a row become one entry."""

    document: Document
    label: str
    merge_key: str | None = None


class History:
    """The documents the user went through, and where among them he is."""

    def __init__(self, document: Document, limit: int = 1000) -> None:
        self._entries = [Entry(document, "")]
        self._index = 0
        self._saved: Document | None = document
        self._limit = limit

    @property
    def document(self) -> Document:
        """The document as it is now."""
        return self._entries[self._index].document

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Every document that undo and redo lead to, the oldest first; that one has no label."""
        return tuple(self._entries)

    @property
    def index(self) -> int:
        """Which of the entries is the present."""
        return self._index

    @property
    def modified(self) -> bool:
        """Whether the document differs from the one last saved."""
        return self.document != self._saved

    @property
    def undo_label(self) -> str | None:
        """Words for the edit that undo would take back; None if there is none."""
        return self._entries[self._index].label if self._index else None

    @property
    def redo_label(self) -> str | None:
        """Words for the edit that redo would bring back; None if there is none."""
        return self._entries[self._index + 1].label if self._index + 1 < len(self._entries) else None

    def push(self, document: Document, label: str, merge_key: str | None = None) -> bool:
        """Make `document` the present; what was undone is forgotten. Returns False when nothing changed.

        A `merge_key` equal to the last entry's replaces it, so that a drag is one undo.
        """
        if document == self.document:
            return False
        top = self._entries[self._index]
        del self._entries[self._index + 1 :]
        if merge_key is not None and merge_key == top.merge_key and self._index:
            self._entries[self._index] = Entry(document, label, merge_key)
        else:
            self._entries.append(Entry(document, label, merge_key))
            self._index += 1
        if len(self._entries) > self._limit:
            del self._entries[0]
            self._index -= 1
        return True

    def end_merge(self) -> None:
        """The drag is over: the next push with the same key is an edit of its own."""
        top = self._entries[self._index]
        self._entries[self._index] = Entry(top.document, top.label)

    def undo(self) -> Document:
        """The document before the last edit; the same one when there is nothing to undo."""
        return self.go_to(self._index - 1)

    def redo(self) -> Document:
        """The document after the edit last undone; the same one when there is nothing to redo."""
        return self.go_to(self._index + 1)

    def go_to(self, index: int) -> Document:
        """The document of an entry, as so many undos or redos would give it; the nearest one beyond either end."""
        self._index = min(max(0, index), len(self._entries) - 1)
        self.end_merge()
        return self.document

    def mark_saved(self) -> None:
        """The present document is what the file holds."""
        self._saved = self.document

    def mark_unsaved(self) -> None:
        """No file holds any of these documents."""
        self._saved = None
