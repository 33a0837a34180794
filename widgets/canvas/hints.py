"""What keys and mouse do on the canvas, to be listed. A test presses each of the keys."""

from __future__ import annotations

from dataclasses import dataclass


def QT_TRANSLATE_NOOP(context: str, text: str) -> str:
    """The text as it is; the name marks it for the tools that collect texts (Qt's own function has no types)."""
    return text


@dataclass(frozen=True)
class Hint:
    """What is done, by which keys, as QKeySequence spells them; `said` is how, where no list of keys says it.

    Words are translated in the context "hints" where they are shown.
    """

    words: str
    keys: tuple[str, ...] = ()
    said: str = ""


KEYS = (
    Hint(QT_TRANSLATE_NOOP("hints", "Go to the next card in a direction"), ("Left", "Right", "Up", "Down")),
    Hint(
        QT_TRANSLATE_NOOP("hints", "Move the selected cards"),
        ("Ctrl+Left", "Ctrl+Right", "Ctrl+Up", "Ctrl+Down"),
    ),
    Hint(QT_TRANSLATE_NOOP("hints", "Open the card in the inspector, or use the remedy"), ("Return", "Enter")),
    Hint(QT_TRANSLATE_NOOP("hints", "Type the number of units of the selected card"), ("1", "9"), "0 … 9"),
    Hint(QT_TRANSLATE_NOOP("hints", "Search for a layer to add here"), ("/",)),
    Hint(QT_TRANSLATE_NOOP("hints", "Zoom"), ("+", "-")),
    Hint(QT_TRANSLATE_NOOP("hints", "Select every card"), ("Ctrl+A",)),
    Hint(QT_TRANSLATE_NOOP("hints", "Delete what is selected"), ("Del", "Backspace")),
)
TAB = Hint(QT_TRANSLATE_NOOP("hints", "Go to the next card or remedy, or back"), ("Tab", "Shift+Tab"))
ESCAPE = Hint(QT_TRANSLATE_NOOP("hints", "Give up what is being drawn or typed; select nothing"), ("Esc",))
MOUSE = (
    Hint(QT_TRANSLATE_NOOP("hints", "Link two cards"), said=QT_TRANSLATE_NOOP("hints", "drag from port to port")),
    Hint(QT_TRANSLATE_NOOP("hints", "Select several cards"), said=QT_TRANSLATE_NOOP("hints", "drag over the ground")),
    Hint(QT_TRANSLATE_NOOP("hints", "Select one more"), said=QT_TRANSLATE_NOOP("hints", "Ctrl or Shift and click")),
    Hint(
        QT_TRANSLATE_NOOP("hints", "Insert a layer in a link"), said=QT_TRANSLATE_NOOP("hints", "drop it on the link")
    ),
    Hint(QT_TRANSLATE_NOOP("hints", "Set a weight by hand"), said=QT_TRANSLATE_NOOP("hints", "click on its line")),
    Hint(QT_TRANSLATE_NOOP("hints", "Zoom to the pointer"), said=QT_TRANSLATE_NOOP("hints", "Ctrl and wheel")),
    Hint(QT_TRANSLATE_NOOP("hints", "Move the view"), said=QT_TRANSLATE_NOOP("hints", "wheel, or middle button")),
    Hint(QT_TRANSLATE_NOOP("hints", "Change the number of units"), said=QT_TRANSLATE_NOOP("hints", "wheel over it")),
)
ALL = (*KEYS, TAB, ESCAPE, *MOUSE)
