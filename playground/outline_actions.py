"""The rows of the table of actions that open the outline, and that add and link cards with the keyboard."""

from __future__ import annotations

from collections.abc import Iterator

from playground.menus import QT_TRANSLATE_NOOP, Action, State, translated


def outline_actions() -> Iterator[Action]:
    """Open the outline; add a layer beside the selected card; link it to others."""
    yield Action(
        "view.outline",
        QT_TRANSLATE_NOOP("actions", "Outline"),
        QT_TRANSLATE_NOOP("actions", "The network as a tree that is edited with the keyboard and can be read out"),
        "View",
        "outline.open",
        ("Ctrl+Shift+L",),
        "outline",
        group=2,
    )
    yield Action(
        "network.add_after",
        QT_TRANSLATE_NOOP("actions", "Add a layer after…"),
        QT_TRANSLATE_NOOP("actions", "Offers the layers to come after the selected card, or into the selected link"),
        "Network",
        "outline.add_after",
        ("Ins",),
        "plus",
        group=1,
    )
    yield Action(
        "network.add_before",
        QT_TRANSLATE_NOOP("actions", "Add a layer before…"),
        QT_TRANSLATE_NOOP("actions", "Offers the layers to come before the selected card"),
        "Network",
        "outline.add_before",
        ("Shift+Ins",),
        group=1,
        refusal=_one_card,
    )
    yield Action(
        "network.connect_to",
        QT_TRANSLATE_NOOP("actions", "Connect to…"),
        QT_TRANSLATE_NOOP("actions", "Offers the cards that the selected one can feed"),
        "Network",
        "outline.connect_to",
        ("C",),
        group=1,
        refusal=_one_card,
    )
    yield Action(
        "network.connect_from",
        QT_TRANSLATE_NOOP("actions", "Connect from…"),
        QT_TRANSLATE_NOOP("actions", "Offers the cards that can feed the selected one"),
        "Network",
        "outline.connect_from",
        ("Shift+C",),
        group=1,
        refusal=_one_card,
    )


def _one_card(state: State) -> str:
    return "" if state.selected == 1 else translated("Select one card first")
