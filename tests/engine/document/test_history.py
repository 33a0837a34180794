"""Undo and redo."""

from __future__ import annotations

from engine.catalog.datasets.plane import Circle
from engine.document.graph import Data, Document, Network
from engine.document.history import History

START = Document((Network(),), Data(Circle()))


def seeds(*numbers: int) -> list[Document]:
    return [START.replace(seed=number) for number in numbers]


def test_undo_and_redo_walk_through_the_edits() -> None:
    history = History(START)
    one, two = seeds(11, 12)
    assert history.push(one, "first") and history.push(two, "second")
    assert (history.undo_label, history.redo_label) == ("second", None)
    assert history.undo() == one
    assert (history.undo_label, history.redo_label) == ("first", "second")
    assert history.undo() == START == history.undo()
    assert history.undo_label is None
    assert history.redo() == one
    assert history.redo() == two == history.redo()


def test_a_new_edit_forgets_what_was_undone() -> None:
    history = History(START)
    one, two, three = seeds(11, 12, 13)
    history.push(one, "first")
    history.push(two, "second")
    history.undo()
    history.push(three, "third")
    assert history.redo() == three
    assert history.undo() == one


def test_what_changes_nothing_is_no_edit() -> None:
    history = History(START)
    assert not history.push(START.replace(seed=START.seed), "nothing")
    assert history.undo_label is None


def test_a_drag_is_one_edit() -> None:
    history = History(START)
    before, a, b, c, after = seeds(10, 11, 12, 13, 14)
    history.push(before, "before")
    for document in (a, b):
        history.push(document, "drag", "noise")
    history.end_merge()
    history.push(c, "drag again", "noise")
    history.push(after, "other", "rate")
    assert [history.undo() for _ in range(4)] == [c, b, before, START]


def test_a_drag_after_an_undo_is_an_edit_of_its_own() -> None:
    history = History(START)
    a, b, c = seeds(11, 12, 13)
    history.push(a, "drag", "noise")
    history.end_merge()
    history.push(b, "drag", "noise")
    history.undo()
    history.push(c, "drag", "noise")
    assert history.undo() == a
    assert history.undo() == START


def test_the_start_is_never_merged_away() -> None:
    history = History(START)
    history.push(seeds(11)[0], "drag", "noise")
    assert history.undo() == START


def test_modified_compares_with_what_was_saved() -> None:
    history = History(START)
    assert not history.modified
    history.push(seeds(11)[0], "edit")
    assert history.modified
    history.mark_saved()
    assert not history.modified
    history.undo()
    assert history.modified
    history.redo()
    assert not history.modified


def test_the_list_has_an_end() -> None:
    history = History(START, limit=5)
    for document in seeds(*range(10, 30)):
        history.push(document, "edit")
    reached = [history.undo() for _ in range(10)]
    assert reached[3:] == [seeds(25)[0]] * 7


def test_any_entry_can_be_gone_to() -> None:
    history = History(START)
    documents = seeds(11, 12, 13)
    for number, document in enumerate(documents):
        history.push(document, f"edit {number}", "key" if number == 2 else None)
    assert [entry.label for entry in history.entries] == ["", "edit 0", "edit 1", "edit 2"]
    assert [entry.document for entry in history.entries] == [START, *documents]
    assert history.index == 3
    for index in (1, 3, 0, 2):
        assert history.go_to(index) == history.entries[index].document == history.document
        assert history.index == index
    assert (history.undo_label, history.redo_label) == ("edit 1", "edit 2")
    assert history.go_to(99) == documents[2] and history.go_to(-5) == START
    history.go_to(3)
    history.push(START.replace(seed=14), "edit 3", "key")
    assert history.index == 4, "a drag that was gone back to goes on as another edit"


def test_what_no_file_holds_is_modified_however_far_one_goes_back() -> None:
    history = History(START)
    history.mark_unsaved()
    assert history.modified
    history.push(START.replace(seed=11), "edit")
    history.undo()
    assert history.modified
    history.mark_saved()
    assert not history.modified
