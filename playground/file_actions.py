"""The rows of the table of actions about exports, unsaved work, links, and the list of edits."""

from __future__ import annotations

from collections.abc import Iterator

from playground.import_actions import import_actions
from playground.menus import QT_TRANSLATE_NOOP, Action


def file_actions() -> Iterator[Action]:
    """Export and import; recover unsaved work; a project as a text that can be pasted."""
    yield Action(
        "file.export",
        QT_TRANSLATE_NOOP("actions", "Export…"),
        QT_TRANSLATE_NOOP(
            "actions", "Takes weights, model, code or pictures away, with a proof that they are the same"
        ),
        "File",
        "files.exporting.open",
        ("Ctrl+E",),
        "export",
        group=2,
    )
    yield from import_actions()
    yield Action(
        "file.copy_link",
        QT_TRANSLATE_NOOP("actions", "Copy as link text"),
        QT_TRANSLATE_NOOP("actions", "Puts the project, without its weights, as a text on the clipboard"),
        "File",
        "files.links.copy",
        ("Ctrl+Shift+C",),
        group=3,
    )
    yield Action(
        "file.open_link",
        QT_TRANSLATE_NOOP("actions", "Open from link text…"),
        QT_TRANSLATE_NOOP("actions", "Opens a project from a text that was copied here or elsewhere"),
        "File",
        "files.links.open",
        ("Ctrl+Shift+O",),
        group=3,
    )
    yield Action(
        "file.recover",
        QT_TRANSLATE_NOOP("actions", "Recover unsaved work…"),
        QT_TRANSLATE_NOOP("actions", "Offers what was kept of windows that did not close in good order"),
        "File",
        "files.recovery.offer_again",
        group=3,
    )


def history_actions() -> Iterator[Action]:
    """The list of edits."""
    yield Action(
        "edit.history",
        QT_TRANSLATE_NOOP("actions", "History…"),
        QT_TRANSLATE_NOOP("actions", "Lists the edits, to go back or forward to any of them"),
        "Edit",
        "views.history.open",
        ("Ctrl+Shift+H",),
    )
