"""The rows of the table of actions that copy, insert and arrange cards, name them and write notes."""

from __future__ import annotations

from collections.abc import Iterator

from engine.document.templates import templates
from playground.menus import QT_TRANSLATE_NOOP, Action, State, translated


def edit_actions() -> Iterator[Action]:
    """What `playground.editing` carries out."""
    yield from _clipboard()
    yield from _templates()
    yield from _order()


def _clipboard() -> Iterator[Action]:
    for name, text, tooltip, key, refusal in (
        (
            "cut",
            QT_TRANSLATE_NOOP("actions", "Cut"),
            QT_TRANSLATE_NOOP("actions", "Copies the selected cards and removes them"),
            "Ctrl+X",
            _has_cards_selected,
        ),
        (
            "copy",
            QT_TRANSLATE_NOOP("actions", "Copy"),
            QT_TRANSLATE_NOOP("actions", "Copies the selected cards with the links between them"),
            "Ctrl+C",
            _has_cards_selected,
        ),
        (
            "paste",
            QT_TRANSLATE_NOOP("actions", "Paste"),
            QT_TRANSLATE_NOOP("actions", "Puts what was copied at the pointer, here or in another window"),
            "Ctrl+V",
            None,
        ),
    ):
        yield Action(f"edit.{name}", text, tooltip, "Edit", f"editing.{name}", (key,), group=2, refusal=refusal)
    yield Action(
        "edit.rename",
        QT_TRANSLATE_NOOP("actions", "Rename"),
        QT_TRANSLATE_NOOP("actions", "Gives the selected card another name, and its weights with it"),
        "Edit",
        "editing.rename",
        ("F2",),
        group=2,
        refusal=_has_one_card_selected,
    )


def _templates() -> Iterator[Action]:
    yield Action(
        "network.template",
        QT_TRANSLATE_NOOP("actions", "Insert template…"),
        QT_TRANSLATE_NOOP("actions", "Lists networks and parts of networks that are drawn for you"),
        "Network",
        "editing.open_templates",
        ("Ctrl+T",),
        group=3,
    )
    for template in templates().values():
        yield Action(
            f"network.template.{template.id}",
            template.title,
            template.description,
            "Network/Templates",
            "editing.insert_chosen_template",
            argument=template.id,
        )
    yield Action(
        "network.save_block",
        QT_TRANSLATE_NOOP("actions", "Save as my block…"),
        QT_TRANSLATE_NOOP("actions", "Keeps the selected cards in the library, to be used in any project"),
        "Network",
        "editing.save_block",
        group=3,
        refusal=_has_cards_selected,
    )
    yield Action(
        "network.add_note",
        QT_TRANSLATE_NOOP("actions", "Add a note"),
        QT_TRANSLATE_NOOP("actions", "Puts a text on the canvas"),
        "Network",
        "editing.add_note",
        ("Ctrl+Shift+N",),
        group=3,
    )


def _order() -> Iterator[Action]:
    yield Action(
        "network.arrange",
        QT_TRANSLATE_NOOP("actions", "Arrange the network"),
        QT_TRANSLATE_NOOP("actions", "Lays the cards out in layers from left to right"),
        "Network",
        "editing.arrange",
        ("Ctrl+L",),
        group=4,
        refusal=lambda state: "" if state.cards else translated("There is no card yet"),
    )
    for side, text in (
        ("left", QT_TRANSLATE_NOOP("actions", "Left edges")),
        ("center", QT_TRANSLATE_NOOP("actions", "Centres")),
        ("right", QT_TRANSLATE_NOOP("actions", "Right edges")),
        ("top", QT_TRANSLATE_NOOP("actions", "Upper edges")),
        ("middle", QT_TRANSLATE_NOOP("actions", "Middles")),
        ("bottom", QT_TRANSLATE_NOOP("actions", "Lower edges")),
    ):
        tooltip = QT_TRANSLATE_NOOP("actions", "Puts the selected cards on one line")
        yield Action(
            f"network.align.{side}",
            text,
            tooltip,
            "Network/Align",
            "editing.align",
            argument=side,
            group=0 if side in ("left", "center", "right") else 1,
            refusal=_has_two_cards_selected,
        )
    for axis, text in (
        ("across", QT_TRANSLATE_NOOP("actions", "Equal gaps from left to right")),
        ("down", QT_TRANSLATE_NOOP("actions", "Equal gaps from top to bottom")),
    ):
        tooltip = QT_TRANSLATE_NOOP("actions", "Spreads the selected cards; the outermost stay")
        yield Action(
            f"network.distribute.{axis}",
            text,
            tooltip,
            "Network/Align",
            "editing.distribute",
            argument=axis,
            group=2,
            refusal=_has_three_cards_selected,
        )


def _has_cards_selected(state: State) -> str:
    return "" if state.selected else translated("Select a card first")


def _has_one_card_selected(state: State) -> str:
    return "" if state.selected == 1 else translated("Select one card first")


def _has_two_cards_selected(state: State) -> str:
    return "" if state.selected >= 2 else translated("Select at least two cards first")


def _has_three_cards_selected(state: State) -> str:
    return "" if state.selected >= 3 else translated("Select at least three cards first")
