"""The list of messages: order, unread count, details, copying."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel, QToolButton
from pytestqt.qtbot import QtBot

from widgets.messages import MessagesView
from widgets.theme import Theme


@pytest.fixture
def view(qtbot: QtBot, theme: Theme) -> MessagesView:
    view = MessagesView()
    qtbot.addWidget(view)
    view.resize(400, 300)
    return view


def visible_texts(view: MessagesView) -> list[str]:
    labels = [label for label in view.findChildren(QLabel) if label.isVisible() and label.text()]
    return [label.text() for label in sorted(labels, key=lambda label: label.mapTo(view, label.rect().topLeft()).y())]


def test_an_empty_list_says_so_and_offers_nothing_to_copy(view: MessagesView) -> None:
    view.show()
    assert visible_texts(view) == ["Nothing to report."]
    assert not view.copy_button.isEnabled() and not view.clear_button.isEnabled()


def test_the_newest_message_is_on_top(qtbot: QtBot, view: MessagesView) -> None:
    view.show()
    view.add("info", "first")
    view.add("error", "second")
    assert [message.text for message in view.messages()] == ["second", "first"]
    qtbot.waitUntil(lambda: "second" in visible_texts(view))
    texts = visible_texts(view)
    assert texts.index("second") < texts.index("first")


def test_messages_are_unread_until_the_view_is_seen(view: MessagesView) -> None:
    counts: list[int] = []
    view.unread_changed.connect(counts.append)
    view.add("warning", "one")
    view.add("warning", "two")
    assert (view.unread(), counts) == (2, [1, 2])
    view.show()
    assert (view.unread(), counts) == (0, [1, 2, 0])
    view.add("warning", "three")
    assert view.unread() == 0


def test_a_detail_unfolds(qtbot: QtBot, view: MessagesView) -> None:
    view.show()
    view.add("error", "The loss became infinite.", "dense_2 was first")
    fold = view.findChild(QToolButton, "messages.detail")
    assert "dense_2 was first" not in visible_texts(view)
    qtbot.keyClick(fold, Qt.Key.Key_Space)
    assert "dense_2 was first" in visible_texts(view)
    qtbot.keyClick(fold, Qt.Key.Key_Space)
    assert "dense_2 was first" not in visible_texts(view)


def test_copying_takes_every_message_with_time_severity_and_detail(qtbot: QtBot, view: MessagesView) -> None:
    view.show()
    view.add("info", "first")
    view.add("error", "second", "why")
    qtbot.mouseClick(view.copy_button, Qt.MouseButton.LeftButton)
    lines = QGuiApplication.clipboard().text().splitlines()
    assert [line[9:] for line in (lines[0], lines[2])] == ["error second", "info first"]
    assert lines[1] == "why"


def test_clearing_empties_list_and_count(qtbot: QtBot, view: MessagesView) -> None:
    view.add("info", "first")
    view.show()
    qtbot.mouseClick(view.clear_button, Qt.MouseButton.LeftButton)
    assert view.messages() == ()
    assert visible_texts(view) == ["Nothing to report."]


def test_texts_are_never_read_as_markup(qtbot: QtBot, view: MessagesView) -> None:
    view.show()
    view.add("info", "<b>bold</b> & co")
    label = next(label for label in view.findChildren(QLabel) if label.text() == "<b>bold</b> & co")
    assert label.textFormat() == Qt.TextFormat.PlainText


def test_old_messages_are_dropped(view: MessagesView) -> None:
    for k in range(205):
        view.add("info", str(k))
    assert len(view.messages()) == 200
    assert view.messages()[-1].text == "5"


def test_an_unknown_severity_is_refused(view: MessagesView) -> None:
    with pytest.raises(ValueError, match=r"severity \(='fatal'\) must be one of info, warning, error"):
        view.add("fatal", "x")
