"""The rows of the table of actions that make blocks and take them apart."""

from __future__ import annotations

from collections.abc import Iterator

from playground.menus import QT_TRANSLATE_NOOP, Action, State, translated


def block_actions() -> Iterator[Action]:
    """Fold the selected cards, unfold the selected blocks."""
    yield Action(
        "network.fold",
        QT_TRANSLATE_NOOP("actions", "Make a block"),
        QT_TRANSLATE_NOOP("actions", "Folds the selected cards into one that can be copied"),
        "Network",
        "controller.fold_selection",
        ("Ctrl+G",),
        group=2,
        refusal=_has_cards_selected,
    )
    yield Action(
        "network.unfold",
        QT_TRANSLATE_NOOP("actions", "Take the block apart"),
        QT_TRANSLATE_NOOP("actions", "Puts the cards of the selected block in its place"),
        "Network",
        "controller.unfold_selection",
        ("Ctrl+Shift+G",),
        group=2,
        refusal=_has_cards_selected,
    )


def _has_cards_selected(state: State) -> str:
    return "" if state.selected else translated("Select a card first")
