"""The outline in the real window: what the mouse does on the canvas, done with the keyboard alone."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QMenu, QWidget
from pytestqt.qtbot import QtBot

from engine.document.examples import load_example
from engine.document.graph import Edge
from playground.window import MainWindow
from tests.windows import PATIENCE, epoch
from widgets.canvas.search import LayerSearch, Spot
from widgets.outline_popup import ChoicePopup

CONTROL, SHIFT, ALT = (
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.AltModifier,
)


class Typist:
    """Presses keys where the keyboard is, and nothing else."""

    def __init__(self, window: MainWindow, qtbot: QtBot) -> None:
        self.window, self.qtbot = window, qtbot

    def key(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier, times: int = 1) -> None:
        for _ in range(times):
            self.qtbot.keyClick(self._focus(), key, modifiers)

    def choose(self, words: str) -> None:
        """Type into the list that has come up, and press Enter."""
        assert isinstance(QApplication.activePopupWidget(), ChoicePopup | LayerSearch)
        self.qtbot.keyClicks(self._focus(), words)
        self.key(Qt.Key.Key_Return)

    def walk_to(self, text: str) -> None:
        """Go down from the first row until the row of that text is reached."""
        self.key(Qt.Key.Key_Home)
        view = self.window.outline.view
        for _ in range(60):
            if view.currentIndex().data() == text:
                return
            self.key(Qt.Key.Key_Down)
        pytest.fail(f"there is no row {text!r}")

    def _focus(self) -> QWidget:
        popup = QApplication.activePopupWidget()
        if popup is not None:
            return popup.focusWidget() or popup
        return QApplication.focusWidget() or self.window


@pytest.fixture
def typist(window: MainWindow, qtbot: QtBot) -> Typist:
    window.canvas.setFocus()
    typist = Typist(window, qtbot)
    typist.key(Qt.Key.Key_L, CONTROL | SHIFT)
    assert window.outline.view.hasFocus()
    return typist


def links(window: MainWindow) -> set[tuple[str, str, int]]:
    return {(edge.source, edge.target, edge.port) for edge in window.controller.document.networks[0].edges}


def test_the_panel_waits_until_it_is_asked_for(window: MainWindow, qtbot: QtBot) -> None:
    window.reset_layout()
    assert not window.panels["dock.outline"].isVisible()
    window.actions_by_id["view.outline"].trigger()
    assert window.panels["dock.outline"].isVisible()
    assert window.outline.view.hasFocus()
    assert window.outline.panel.note() == "4 cards"
    assert window.outline.view.currentIndex().data() == "input_1"
    window.panels["dock.outline"].close()
    window.controller.append_layer("Dropout")
    assert window.outline.view.rows.rowCount() == 4  # what is not seen is not drawn up
    window.actions_by_id["view.outline"].trigger()
    assert window.outline.view.rows.rowCount() == 5


def test_a_network_with_branches_is_built_and_trained_with_the_keyboard(
    window: MainWindow, typist: Typist, qtbot: QtBot
) -> None:
    typist.key(Qt.Key.Key_N, CONTROL)
    assert not window.controller.document.nodes
    typist.key(Qt.Key.Key_Insert)
    typist.choose("input")
    for name in ("dense", "dense", "dense"):
        typist.key(Qt.Key.Key_A)
        typist.choose(name)
    assert links(window) == {("input_1", "dense_1", 0), ("dense_1", "dense_2", 0), ("dense_2", "dense_3", 0)}

    # A second branch from dense_1; Concatenate brings both together before the last card.
    typist.walk_to("dense_1")
    typist.key(Qt.Key.Key_C)
    typist.choose("dense_3")  # its input is taken: what shall become of it?
    typist.choose("concatenate")
    assert {("dense_2", "concatenate_1", 0), ("dense_1", "concatenate_1", 1), ("concatenate_1", "dense_3", 0)} <= links(
        window
    )
    typist.walk_to("concatenate_1")
    typist.key(Qt.Key.Key_Right)
    typist.walk_to("port 2 ← dense_1")
    typist.key(Qt.Key.Key_Insert)
    typist.choose("dense")
    assert {("dense_1", "dense_4", 0), ("dense_4", "concatenate_1", 1)} <= links(window)

    # A skip link around both: from the input.
    typist.walk_to("input_1")
    typist.key(Qt.Key.Key_C)
    typist.choose("concatenate_1")
    assert ("input_1", "concatenate_1", 2) in links(window)

    # A mistake: the link into dense_4 is cut; Enter on the remedy mends it.
    typist.walk_to("dense_4")
    typist.key(Qt.Key.Key_Right)
    typist.walk_to("port 1 ← dense_1")
    typist.key(Qt.Key.Key_Delete)
    assert not window.controller.plan.ready
    typist.key(Qt.Key.Key_Space)
    assert not window.session.running
    assert window.status.currentMessage() == "Nothing is connected to this card's input"
    typist.walk_to("Nothing is connected to this card's input")
    typist.key(Qt.Key.Key_Return, times=2)
    assert any(target == "dense_4" for _, target, _ in links(window))

    # What the data asks for is offered at the last card in the same way.
    for _ in range(4):
        problems = window.controller.plan.problems
        if not problems:
            break
        typist.walk_to(str(problems[0].sentence))
        typist.key(Qt.Key.Key_Return, times=2)
    assert window.controller.plan.ready
    typist.key(Qt.Key.Key_Space)
    assert window.session.running
    qtbot.waitUntil(lambda: epoch(window) >= 50, timeout=PATIENCE)
    assert window.session.status is not None
    assert window.session.status.evaluation.test_loss < 0.3
    window.activateWindow()  # there is no window manager offscreen that would, after a list has closed
    qtbot.waitUntil(window.outline.view.hasFocus)
    typist.key(Qt.Key.Key_Space)
    assert not window.session.running


def test_selection_goes_both_ways(window: MainWindow, typist: Typist) -> None:
    typist.walk_to("dense_2")
    assert window.canvas.selected == {"dense_2"}
    assert window.inspector.selection() == {"dense_2"}
    window.canvas.select(frozenset({"dense_1"}), None)
    assert window.outline.view.currentIndex().data() == "dense_1"
    typist.key(Qt.Key.Key_Right)
    typist.key(Qt.Key.Key_Down)
    assert window.canvas.selected_edge == Edge("input_1", "dense_1", 0)
    typist.key(Qt.Key.Key_Return)
    popup = QApplication.activePopupWidget()
    assert isinstance(popup, ChoicePopup)
    typist.key(Qt.Key.Key_Escape)
    typist.walk_to("dense_2")
    typist.key(Qt.Key.Key_Return)
    assert QApplication.focusWidget() is not window.outline.view  # the inspector has it


def test_another_document_begins_anew(window: MainWindow, typist: Typist) -> None:
    view = window.outline.view
    typist.walk_to("dense_1")
    typist.key(Qt.Key.Key_Right)
    assert view.isExpanded(view.rows.card("dense_1"))
    window.controller.open(load_example("circle").document)
    assert not view.isExpanded(view.rows.card("dense_1"))


def test_cards_are_deleted_one_after_the_other_and_come_back(window: MainWindow, typist: Typist) -> None:
    typist.walk_to("dense_2")
    typist.key(Qt.Key.Key_Delete, times=2)
    assert [node.id for node in window.controller.document.nodes] == ["input_1", "dense_1"]
    assert window.outline.view.hasFocus()
    typist.key(Qt.Key.Key_Z, CONTROL, times=2)
    assert len(window.controller.document.nodes) == 4


def test_blocks_and_copies_are_made_from_the_tree(window: MainWindow, typist: Typist) -> None:
    typist.walk_to("dense_1")
    typist.key(Qt.Key.Key_Down, SHIFT)
    typist.key(Qt.Key.Key_G, CONTROL)
    assert window.controller.selection == {"block_1"}
    assert window.outline.view.currentIndex().data() == "block_1"
    typist.key(Qt.Key.Key_G, CONTROL | SHIFT)
    assert "block_1" not in window.controller.plan.nodes
    typist.walk_to("dense_3")
    typist.key(Qt.Key.Key_D, CONTROL)
    assert len(window.controller.document.nodes) == 5


def test_a_card_is_renamed(window: MainWindow, typist: Typist, qtbot: QtBot) -> None:
    typist.walk_to("dense_2")
    typist.key(Qt.Key.Key_F2)
    typist.key(Qt.Key.Key_A, CONTROL)
    qtbot.keyClicks(QApplication.focusWidget(), "hidden")
    typist.key(Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: "hidden" in window.controller.plan.nodes)
    assert window.controller.selection == {"hidden"}
    assert window.outline.view.currentIndex().data() == "hidden"
    typist.key(Qt.Key.Key_F2)
    typist.key(Qt.Key.Key_A, CONTROL)
    qtbot.keyClicks(QApplication.focusWidget(), "dense_1")
    typist.key(Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: "another card is called" in window.status.currentMessage())


def test_a_second_branch_covers_no_other_card(window: MainWindow, typist: Typist) -> None:
    typist.walk_to("dense_1")
    for _ in range(2):
        window.controller.select(["input_1"])
        window.outline.view.layer_chosen.emit("Dense", Spot(0.0, 0.0, "input_1"))
    frames = [card.scene_frame for card in window.canvas.board.cards.values()]
    assert not any(one.intersects(other) for n, one in enumerate(frames) for other in frames[:n])


def test_a_card_selected_on_the_canvas_is_connected_from_there(window: MainWindow, qtbot: QtBot) -> None:
    window.panels["dock.outline"].close()
    typist = Typist(window, qtbot)
    window.canvas.setFocus()
    window.controller.select(["input_1"])
    typist.key(Qt.Key.Key_C)
    typist.choose("dense_2")
    typist.choose("instead")
    assert ("input_1", "dense_2", 0) in links(window)
    window.controller.select([])
    assert window.actions_by_id["network.connect_to"].toolTip() == "Select one card first"
    typist.key(Qt.Key.Key_Insert)
    typist.choose("dropout")
    assert ("dense_3", "dropout_1", 0) in links(window)


def test_the_menu_offers_remedies_and_actions(window: MainWindow, typist: Typist, qtbot: QtBot) -> None:
    window.controller.disconnect_cards(Edge("dense_1", "dense_2", 0))
    typist.walk_to("Nothing is connected to this card's input")
    window.outline.view.context_menu_requested.emit(window.mapToGlobal(window.rect().center()))
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    shown = [action.text() for action in menu.actions() if not action.isSeparator()]
    assert shown[:3] == ["Connect dense_1 to dense_2", "Remove dense_2", "Add a layer after…"]
    menu.actions()[0].trigger()
    menu.close()
    assert window.controller.plan.ready
