"""The comparison: what is beside each other, sliders, overlaying, and taking one as it stands."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import QPoint, QSize, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from engine.catalog.registry import entries
from widgets.compare import CompareDialog
from widgets.pictures import KINDS, Context
from widgets.theme import Theme

ACTIVATIONS = entries("activations")
_SIZE = QSize(1000, 640)


@pytest.fixture
def open_dialog(qtbot: QtBot, theme: Theme) -> Any:
    def make(entry: Any, context: Context | None = None, size: QSize = _SIZE) -> CompareDialog:
        dialog = CompareDialog(entry, context or Context(), size)
        qtbot.addWidget(dialog)
        with qtbot.waitExposed(dialog):
            dialog.show()
        dialog.activateWindow()
        qtbot.waitUntil(dialog.isActiveWindow)
        return dialog

    return make


def check(dialog: CompareDialog, name: str) -> None:
    """Click the box of an entry in the list."""
    row = list(entries(dialog._kind)).index(name)
    item = dialog.list.item(row)
    dialog.list.scrollToItem(item)
    rect = dialog.list.visualItemRect(item)
    place = QPoint(rect.left() + 12, rect.center().y())
    QTest.mouseClick(dialog.list.viewport(), Qt.MouseButton.LeftButton, pos=place)


def test_it_opens_on_the_entry_with_its_settings_and_neighbours(open_dialog: Any) -> None:
    leaky = ACTIVATIONS["leaky_relu"](negative_slope=0.4)
    dialog = open_dialog(leaky)
    assert len(dialog.names_shown()) == 4 and dialog.names_shown()[0] == "leaky_relu"
    assert dialog.chosen() == leaky
    assert dialog.use_button.text() == "Use leaky ReLU"
    card = dialog.cards["leaky_relu"]
    assert card.picture.drawing() is not None
    assert card.picture.width() >= 280


def test_checking_shows_and_unchecking_takes_away_but_never_the_last(open_dialog: Any) -> None:
    dialog = open_dialog(ACTIVATIONS["tanh"]())
    shown = dialog.names_shown()
    check(dialog, "gelu")
    assert dialog.names_shown() == [*shown, "gelu"]
    for name in dialog.names_shown():
        check(dialog, name)
    assert len(dialog.names_shown()) == 1
    assert dialog.chosen().name == dialog.names_shown()[0]


def test_the_keyboard_checks_too(open_dialog: Any) -> None:
    dialog = open_dialog(ACTIVATIONS["tanh"]())
    dialog.list.setFocus()
    row = list(ACTIVATIONS).index("mish")
    dialog.list.setCurrentRow(row)
    QTest.keyClick(dialog.list, Qt.Key.Key_Space)
    assert "mish" in dialog.names_shown()
    QTest.keyClicks(dialog.search, "soft")
    hidden = [dialog.list.item(number).isHidden() for number in range(dialog.list.count())]
    assert hidden[row] and not all(hidden)


def test_a_slider_moves_the_curve_and_chooses_its_card(open_dialog: Any) -> None:
    dialog = open_dialog(ACTIVATIONS["tanh"]())
    if "leaky_relu" not in dialog.names_shown():
        check(dialog, "leaky_relu")
    card = dialog.cards["leaky_relu"]
    before = card.picture.drawing()
    control = card.form.control("negative_slope")
    control.slider.setFocus()
    QTest.keyClick(control.slider, Qt.Key.Key_PageUp)
    assert dialog.chosen().name == "leaky_relu"
    slope = dialog.chosen().negative_slope
    assert slope > 0.05 and control.field.number() == slope
    after = card.picture.drawing()
    assert after is not before and after.curves[0].y[0] == pytest.approx(-5 * slope)


def test_enter_in_a_number_sets_it_and_leaves_the_dialog_open(open_dialog: Any) -> None:
    dialog = open_dialog(ACTIVATIONS["leaky_relu"]())
    field = dialog.cards["leaky_relu"].form.control("negative_slope").field
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, "0.25")
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert dialog.chosen().negative_slope == 0.25 and dialog.isVisible()


def test_use_gives_the_entry_with_its_settings_and_closes(open_dialog: Any, qtbot: QtBot) -> None:
    dialog = open_dialog(ACTIVATIONS["elu"](alpha=2.0))
    used: list[Any] = []
    dialog.used.connect(used.append)
    dialog.use_button.setFocus()
    QTest.keyClick(dialog.use_button, Qt.Key.Key_Space)
    assert used == [ACTIVATIONS["elu"](alpha=2.0)] and not dialog.isVisible()


def test_closing_uses_nothing(open_dialog: Any, qtbot: QtBot) -> None:
    dialog = open_dialog(ACTIVATIONS["elu"]())
    dialog.used.connect(lambda _: pytest.fail("nothing was taken"))
    qtbot.mouseClick(dialog.close_button, Qt.MouseButton.LeftButton)
    assert not dialog.isVisible()


def test_overlaid_they_share_one_picture(open_dialog: Any, qtbot: QtBot) -> None:
    dialog = open_dialog(ACTIVATIONS["tanh"]())
    qtbot.mouseClick(dialog.arrangement.button("over"), Qt.MouseButton.LeftButton)
    drawing = dialog.together.drawing()
    assert dialog.together.isVisible() and drawing is not None
    labels = [ACTIVATIONS[name].label for name in dialog.names_shown()]
    assert [curve.name for curve in drawing.curves] == labels
    assert [curve.role for curve in drawing.curves].count("main") == 1
    assert not any(card.picture.isVisible() for card in dialog.cards.values())
    other = list(dialog.cards.values())[1]
    qtbot.mouseClick(other.radio, Qt.MouseButton.LeftButton, pos=QPoint(8, other.radio.height() // 2))
    strong = [curve.name for curve in dialog.together.drawing().curves if curve.role == "main"]
    assert strong == [other.radio.text()]


def test_optimizers_can_be_compared_on_every_surface(open_dialog: Any) -> None:
    dialog = open_dialog(entries("optimizers")["Adam"]())
    assert dialog.surface.isVisible()
    before = dialog.cards["Adam"].picture.drawing()
    dialog.surface.setFocus()
    QTest.keyClick(dialog.surface, Qt.Key.Key_Down)
    assert dialog.cards["Adam"].picture.drawing().x_range != before.x_range
    assert not open_dialog(ACTIVATIONS["tanh"]()).surface.isVisible()


@pytest.mark.parametrize("kind", list(KINDS))
def test_every_kind_can_be_compared_and_tab_reaches_everything(kind: str, open_dialog: Any) -> None:
    dialog = open_dialog(next(iter(entries(kind).values()))())
    dialog.search.setFocus()
    wanted = {"compare.search", "compare.list", "compare.close", "compare.use"}
    for name, card in dialog.cards.items():
        card.form.set_unfolded(".".join(fold) for row in card.form._rows.values() for fold in row.folds)
        for path in card.form.paths():
            control = card.form.control(*path)
            wanted.add(getattr(control, "slider", control).objectName())
        assert card.radio.accessibleName()
        wanted.add(f"compare.{name}.choose") if card.radio.isChecked() else None
    visited: set[str] = set()
    for _ in range(200):
        focused = dialog.focusWidget()
        visited.add(focused.objectName())
        QTest.keyClick(focused, Qt.Key.Key_Tab)
        if dialog.focusWidget() is dialog.search:
            break
    assert wanted <= visited


def test_more_room_gives_more_columns(open_dialog: Any, qtbot: QtBot) -> None:
    dialog = open_dialog(ACTIVATIONS["tanh"](), size=QSize(620, 500))
    tops = {card.y() for card in dialog.cards.values()}
    assert len(tops) == len(dialog.cards)
    dialog.resize(1300, 700)
    qtbot.waitUntil(lambda: len({card.y() for card in dialog.cards.values()}) < len(dialog.cards))
