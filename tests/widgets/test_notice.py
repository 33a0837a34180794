from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QToolButton
from pytestqt.qtbot import QtBot

from widgets.notice import Notice
from widgets.theme import Theme


def test_it_shows_a_sentence_and_hides_when_answered(qtbot: QtBot, theme: Theme) -> None:
    notice = Notice()
    qtbot.addWidget(notice)
    assert notice.text() == ""
    notice.show_notice("warning", "The loss is infinite.", ["Lower the rate", "Reset"])
    assert notice.isVisible()
    assert notice.text() == "The loss is infinite."
    with qtbot.waitSignal(notice.chosen) as chosen:
        qtbot.mouseClick(notice.buttons()[1], Qt.MouseButton.LeftButton)
    assert chosen.args == [1]
    assert notice.isHidden()


def test_a_second_notice_takes_the_place_of_the_first(qtbot: QtBot, theme: Theme) -> None:
    notice = Notice()
    qtbot.addWidget(notice)
    notice.show_notice("warning", "One.", ["Do this"])
    notice.show_notice("info", "Two.")
    assert notice.text() == "Two."
    assert notice.buttons() == ()
    close = notice.findChild(QToolButton, "notice.close")
    with qtbot.waitSignal(notice.closed):
        qtbot.mouseClick(close, Qt.MouseButton.LeftButton)
    assert notice.isHidden()
