"""The one table of actions: menus, transport, palette and shortcuts are made from it by `playground.menus`."""

from __future__ import annotations

from collections.abc import Iterator

from engine.catalog.registry import entries
from engine.document.examples import examples
from playground.block_actions import block_actions
from playground.edit_actions import edit_actions
from playground.file_actions import file_actions, history_actions
from playground.image_folder import folder_actions
from playground.import_actions import freeze_actions
from playground.menus import QT_TRANSLATE_NOOP, Action, State, translated
from playground.outline_actions import outline_actions
from playground.own_data import data_actions


def table() -> tuple[Action, ...]:
    """Every action, menu by menu, in the order in which menus list them."""
    network = (*_network(), *outline_actions(), *block_actions(), *edit_actions(), *freeze_actions())
    return (*_file(), *_edit(), *_view(), *network, *_train(), *_tools(), *_help())


def _file() -> Iterator[Action]:
    yield Action(
        "file.new",
        QT_TRANSLATE_NOOP("actions", "New"),
        QT_TRANSLATE_NOOP("actions", "Starts an empty project"),
        "File",
        "files.new",
        ("Ctrl+N",),
        "new",
    )
    yield Action(
        "file.open",
        QT_TRANSLATE_NOOP("actions", "Open…"),
        QT_TRANSLATE_NOOP("actions", "Opens a project file"),
        "File",
        "files.open",
        ("Ctrl+O",),
        "open",
    )
    for example in examples().values():
        yield Action(
            f"file.open_example.{example.id}",
            example.title,
            example.description,
            "File/Open example",
            "files.open_example",
            argument=example.id,
        )
    yield Action(
        "file.save",
        QT_TRANSLATE_NOOP("actions", "Save"),
        QT_TRANSLATE_NOOP("actions", "Saves the project with its weights"),
        "File",
        "files.save",
        ("Ctrl+S",),
        "save",
        1,
    )
    yield Action(
        "file.save_as",
        QT_TRANSLATE_NOOP("actions", "Save as…"),
        QT_TRANSLATE_NOOP("actions", "Saves the project to another file"),
        "File",
        "files.save_as",
        ("Ctrl+Shift+S",),
        group=1,
    )
    for which, text in (
        ("reached", QT_TRANSLATE_NOOP("actions", "The weights it has reached…")),
        ("initial", QT_TRANSLATE_NOOP("actions", "The weights it started from…")),
    ):
        tooltip = QT_TRANSLATE_NOOP("actions", "Copies weights of another run as this network's initial values")
        place = "File/Start from another run"
        yield Action(f"file.start_from.{which}", text, tooltip, place, "files.start_from_run", argument=which, group=2)
    yield from data_actions()
    yield from folder_actions()
    yield from file_actions()
    yield Action(
        "file.quit",
        QT_TRANSLATE_NOOP("actions", "Quit"),
        QT_TRANSLATE_NOOP("actions", "Closes the window"),
        "File",
        "close",
        ("Ctrl+Q",),
        group=4,
    )


def _edit() -> Iterator[Action]:
    yield Action(
        "edit.undo",
        QT_TRANSLATE_NOOP("actions", "Undo"),
        QT_TRANSLATE_NOOP("actions", "Takes the last edit back"),
        "Edit",
        "controller.undo",
        ("Ctrl+Z",),
        "undo",
        refusal=_can_undo,
    )
    yield Action(
        "edit.redo",
        QT_TRANSLATE_NOOP("actions", "Redo"),
        QT_TRANSLATE_NOOP("actions", "Brings back the edit that was taken back"),
        "Edit",
        "controller.redo",
        ("Ctrl+Y", "Ctrl+Shift+Z"),
        "redo",
        refusal=_can_redo,
    )
    yield from history_actions()
    yield Action(
        "edit.delete",
        QT_TRANSLATE_NOOP("actions", "Delete"),
        QT_TRANSLATE_NOOP("actions", "Removes what is selected"),
        "Edit",
        "controller.delete_selection",
        ("Del", "Backspace"),
        "trash",
        1,
        _has_selection,
    )
    yield Action(
        "edit.duplicate",
        QT_TRANSLATE_NOOP("actions", "Duplicate"),
        QT_TRANSLATE_NOOP("actions", "Copies the selected cards with the links between them"),
        "Edit",
        "controller.duplicate_selection",
        ("Ctrl+D",),
        "duplicate",
        1,
        _has_cards_selected,
    )
    yield Action(
        "edit.select_all",
        QT_TRANSLATE_NOOP("actions", "Select all"),
        QT_TRANSLATE_NOOP("actions", "Selects every card"),
        "Edit",
        "controller.select_all",
        ("Ctrl+A",),
        group=1,
        refusal=_has_cards,
    )


def _view() -> Iterator[Action]:
    yield Action(
        "view.fit",
        QT_TRANSLATE_NOOP("actions", "Fit the network"),
        QT_TRANSLATE_NOOP("actions", "Shows the whole network"),
        "View",
        "fit",
        ("F",),
        "fit",
    )
    themes = (
        ("dark", QT_TRANSLATE_NOOP("actions", "Dark"), QT_TRANSLATE_NOOP("actions", "Light text on a dark ground")),
        ("light", QT_TRANSLATE_NOOP("actions", "Light"), QT_TRANSLATE_NOOP("actions", "Dark text on a light ground")),
        ("system", QT_TRANSLATE_NOOP("actions", "As the system"), QT_TRANSLATE_NOOP("actions", "Follows the system")),
    )
    for choice, text, tooltip in themes:
        yield Action(
            f"view.theme.{choice}", text, tooltip, "View/Theme", "choose_theme", argument=choice, choice="view.theme"
        )
    yield Action(
        "view.theme",
        QT_TRANSLATE_NOOP("actions", "Switch dark and light"),
        QT_TRANSLATE_NOOP("actions", "Changes between the dark and the light theme"),
        "View",
        "switch_theme",
        ("Ctrl+Shift+T",),
        "moon",
    )
    yield Action(
        "view.reset_layout",
        QT_TRANSLATE_NOOP("actions", "Reset layout"),
        QT_TRANSLATE_NOOP("actions", "Puts every panel back to its place"),
        "View",
        "reset_layout",
        group=2,
    )


def _network() -> Iterator[Action]:
    yield Action(
        "network.add_layer",
        QT_TRANSLATE_NOOP("actions", "Find a layer"),
        QT_TRANSLATE_NOOP("actions", "Searches the library for a layer to add"),
        "Network",
        "editing.search",
        ("/",),
        "search",
    )
    for name, layer in entries("layers").items():
        yield Action(
            f"network.add_layer.{name}",
            layer.label,
            layer.description,
            "Network/Add layer",
            "controller.append_layer",
            argument=name,
        )


def _train() -> Iterator[Action]:
    yield Action(
        "train.play",
        QT_TRANSLATE_NOOP("actions", "Play"),
        QT_TRANSLATE_NOOP("actions", "Trains the network"),
        "Train",
        "session.play",
        ("Space",),
        "play",
        refusal=_can_play,
    )
    yield Action(
        "train.pause",
        QT_TRANSLATE_NOOP("actions", "Pause"),
        QT_TRANSLATE_NOOP("actions", "Stops after the running step"),
        "Train",
        "session.pause",
        ("Space",),
        "pause",
        refusal=_can_pause,
    )
    yield Action(
        "train.step_sample",
        QT_TRANSLATE_NOOP("actions", "Step one sample"),
        QT_TRANSLATE_NOOP("actions", "Trains on the next sample alone"),
        "Train",
        "session.step",
        ("Ctrl+.",),
        group=1,
        refusal=_can_train,
        argument="sample",
    )
    yield Action(
        "train.step_batch",
        QT_TRANSLATE_NOOP("actions", "Step one batch"),
        QT_TRANSLATE_NOOP("actions", "Trains to the end of the batch"),
        "Train",
        "session.step",
        (".",),
        "step",
        1,
        _can_train,
        "batch",
    )
    yield Action(
        "train.step_epoch",
        QT_TRANSLATE_NOOP("actions", "Step one epoch"),
        QT_TRANSLATE_NOOP("actions", "Trains to the end of the epoch"),
        "Train",
        "session.step",
        ("Shift+.",),
        "step-epoch",
        1,
        _can_train,
        "epoch",
    )
    yield Action(
        "train.reset",
        QT_TRANSLATE_NOOP("actions", "Reset"),
        QT_TRANSLATE_NOOP("actions", "Back to epoch 0 with the same initial weights"),
        "Train",
        "session.reset",
        ("R",),
        "reset",
        2,
        _can_train,
    )
    yield Action(
        "train.reroll",
        QT_TRANSLATE_NOOP("actions", "Re-roll"),
        QT_TRANSLATE_NOOP("actions", "Back to epoch 0 with other initial weights (the next seed)"),
        "Train",
        "controller.reroll",
        ("Shift+R",),
        "reroll",
        2,
    )


def _tools() -> Iterator[Action]:
    yield Action(
        "tools.palette",
        QT_TRANSLATE_NOOP("actions", "Find an action…"),
        QT_TRANSLATE_NOOP("actions", "Lists every action and searches among them"),
        "Tools",
        "open_palette",
        ("Ctrl+K",),
        "command",
        palette=False,
    )
    yield Action(
        "tools.metrics",
        QT_TRANSLATE_NOOP("actions", "Metrics"),
        QT_TRANSLATE_NOOP("actions", "How good the answers are, for each class too, and which is taken for which"),
        "Tools",
        "open_metrics",
        icon="metrics",
    )
    yield Action(
        "tools.seeds",
        QT_TRANSLATE_NOOP("actions", "Try many seeds…"),
        QT_TRANSLATE_NOOP("actions", "Trains the network from many seeds: how often it succeeds, how much was luck"),
        "Tools",
        "open_seeds",
        icon="reroll",
    )
    yield Action(
        "tools.rate",
        QT_TRANSLATE_NOOP("actions", "Find a learning rate…"),
        QT_TRANSLATE_NOOP("actions", "Trains a copy of the run while its rate rises, and shows where the loss falls"),
        "Tools",
        "open_rate_finder",
        icon="search",
    )
    yield Action(
        "tools.reset_settings",
        QT_TRANSLATE_NOOP("actions", "Forget recent files and layout"),
        QT_TRANSLATE_NOOP("actions", "Starts the next time as if for the first time"),
        "Tools",
        "forget_settings",
        icon="settings",
        group=1,
    )


def _help() -> Iterator[Action]:
    yield Action(
        "help.shortcuts",
        QT_TRANSLATE_NOOP("actions", "Keyboard shortcuts"),
        QT_TRANSLATE_NOOP("actions", "Lists the keys and what they do"),
        "Help",
        "show_shortcuts",
        ("F1",),
    )
    yield Action(
        "help.about",
        QT_TRANSLATE_NOOP("actions", "About Neural Playground"),
        QT_TRANSLATE_NOOP("actions", "Version and licence"),
        "Help",
        "show_about",
        icon="info",
    )


def _can_undo(state: State) -> str:
    return "" if state.undo is not None else translated("There is nothing to undo")


def _can_redo(state: State) -> str:
    return "" if state.redo is not None else translated("There is nothing to redo")


def _has_selection(state: State) -> str:
    return "" if state.selected or state.link else translated("Select a card or a link first")


def _has_cards_selected(state: State) -> str:
    return "" if state.selected else translated("Select a card first")


def _has_cards(state: State) -> str:
    return "" if state.cards else translated("There is no card yet")


def _can_play(state: State) -> str:
    return state.problem or (translated("It is training already") if state.running else "")


def _can_pause(state: State) -> str:
    return "" if state.running else translated("It is not training")


def _can_train(state: State) -> str:
    return state.problem
