"""The rows of the table of actions that bring weights in, and that keep layers from learning."""

from __future__ import annotations

from collections.abc import Iterator

from playground.menus import QT_TRANSLATE_NOOP, Action, State, translated

WEIGHTS = (".safetensors", ".npz", ".pt", ".pth", ".nnp")
"""Files that weights are taken from."""
DROPPED = (".safetensors", ".pt", ".pth")
"""Those of them that hold nothing else; what else may be in the others is more likely meant when one is dropped."""


def import_actions() -> Iterator[Action]:
    """Weights of a file for the present network."""
    yield Action(
        "file.import_weights",
        QT_TRANSLATE_NOOP("actions", "Import weights…"),
        QT_TRANSLATE_NOOP("actions", "Puts the weights of a file, or of another project, into this network"),
        "File",
        "files.importing.open",
        ("Ctrl+I",),
        group=2,
        refusal=_can_train,
    )


def freeze_actions() -> Iterator[Action]:
    """Layers that stay as they are while the others learn."""
    for name, text, tooltip, argument in (
        (
            "freeze",
            QT_TRANSLATE_NOOP("actions", "Freeze"),
            QT_TRANSLATE_NOOP("actions", "Training leaves the selected layers as they are"),
            "no",
        ),
        (
            "unfreeze",
            QT_TRANSLATE_NOOP("actions", "Unfreeze"),
            QT_TRANSLATE_NOOP("actions", "Lets the selected layers learn again"),
            "yes",
        ),
    ):
        yield Action(
            f"network.{name}",
            text,
            tooltip,
            "Network",
            "controller.set_trainable",
            group=5,
            refusal=_has_cards_selected,
            argument=argument,
        )


def _can_train(state: State) -> str:
    return state.problem


def _has_cards_selected(state: State) -> str:
    return "" if state.selected else translated("Select a card first")
