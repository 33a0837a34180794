"""The rows of the table of actions that cut links, mend problems, make blocks and take them apart."""

from __future__ import annotations

from collections.abc import Iterator

from playground.menus import QT_TRANSLATE_NOOP, Action, State, translated


def block_actions() -> Iterator[Action]:
    """Cut the selected link, mend a problem, fold the selected cards, unfold the selected blocks."""
    yield Action(
        "network.delete_link",
        QT_TRANSLATE_NOOP("actions", "Delete link"),
        QT_TRANSLATE_NOOP("actions", "Cuts the selected link"),
        "Network",
        "controller.delete_link",
        group=1,
        refusal=_has_link,
    )
    yield Action(
        "network.mend",
        QT_TRANSLATE_NOOP("actions", "Mend the first problem"),
        QT_TRANSLATE_NOOP("actions", "Applies the first remedy of the first problem"),
        "Network",
        "controller.mend",
        group=1,
        refusal=lambda state: "" if state.problem else translated("There is no problem"),
    )
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
        QT_TRANSLATE_NOOP("actions", "Puts the cards of the selected block in its place, as they were before"),
        "Network",
        "controller.unfold_selection",
        ("Ctrl+Shift+G",),
        group=2,
        refusal=_has_cards_selected,
    )


def _has_cards_selected(state: State) -> str:
    return "" if state.selected else translated("Select a card first")


def _has_link(state: State) -> str:
    return "" if state.link else translated("Select a link first")
