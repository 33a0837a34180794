"""The dialog of templates alone."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from engine.document.templates import templates
from engine.plan.resolve import resolve
from widgets.canvas.sample import chain
from widgets.templates import TemplateDialog
from widgets.theme import Theme


def opened(qtbot: Any, after: str = "") -> TemplateDialog:
    dialog = TemplateDialog(resolve(chain([4, 1])), after)
    qtbot.addWidget(dialog)
    with qtbot.waitExposed(dialog):
        dialog.show()
    return dialog


def test_every_template_is_listed_described_and_drawn(qtbot: Any, theme: Theme) -> None:
    dialog = opened(qtbot)
    assert dialog.list.count() == len(templates())
    for row, template in enumerate(templates().values()):
        dialog.list.setCurrentRow(row)
        assert dialog.description.text() == template.description
        assert dialog.insert.isEnabled() == (not template.images)
        assert dialog.preview.cards() >= 2  # one for images is drawn on images, if these data are none
        assert dialog.sizes.isVisible() == bool(template.sizes)


def test_it_says_what_was_chosen(qtbot: Any, theme: Theme) -> None:
    dialog = opened(qtbot, "dense_1")
    said: list[tuple[Any, ...]] = []
    dialog.chosen.connect(lambda *chosen: said.append(chosen))
    dialog.list.setCurrentRow(list(templates()).index("residual_block"))
    assert not dialog.replace.isChecked() and "dense_1" in dialog.note.text()
    QTest.mouseClick(dialog.insert, Qt.MouseButton.LeftButton)
    assert said == [("residual_block", (), "dense_1")]


@pytest.mark.parametrize(("checked", "place"), [(True, ""), (False, "dense_2")])
def test_without_a_card_it_takes_the_place_of_the_network_or_goes_to_its_end(
    checked: bool, place: str, qtbot: Any, theme: Theme
) -> None:
    dialog = opened(qtbot)
    said: list[tuple[Any, ...]] = []
    dialog.chosen.connect(lambda *chosen: said.append(chosen))
    if dialog.replace.isChecked() != checked:
        QTest.mouseClick(dialog.replace, Qt.MouseButton.LeftButton, pos=dialog.replace.rect().center() / 4)
    dialog.sizes.selectAll()
    QTest.keyClicks(dialog.sizes, "6 2")
    QTest.keyClick(dialog, Qt.Key.Key_Return)
    assert said == [("multilayer_perceptron", (6, 2), place)]
