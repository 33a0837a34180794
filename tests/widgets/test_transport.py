"""The transport row: buttons trigger the given actions, numbers stay in place, narrow windows lose the least."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QLocale, QPoint, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from widgets.theme import Theme
from widgets.transport import SPEEDS, Transport

NAMES = ("play", "pause", "step_sample", "step_batch", "step_epoch", "reset", "reroll")


class Desk:
    """A shown transport and a record of what its actions did."""

    def __init__(self, qtbot: QtBot) -> None:
        self.triggered: list[str] = []
        self.owner = QWidget()
        self.actions: dict[str, QAction] = {}
        for name in NAMES:
            action = QAction(name, self.owner)
            action.setObjectName(f"train.{name}")
            action.triggered.connect(lambda _checked, name=name: self.triggered.append(name))
            self.actions[f"train.{name}"] = action
        self.view = Transport(self.actions)
        qtbot.addWidget(self.owner)
        qtbot.addWidget(self.view)
        self.view.resize(1280, 40)
        self.view.show()


@pytest.fixture
def desk(qtbot: QtBot, theme: Theme) -> Iterator[Desk]:
    before = QLocale()
    QLocale.setDefault(QLocale(QLocale.Language.English, QLocale.Country.UnitedStates))
    yield Desk(qtbot)
    QLocale.setDefault(before)


def click(qtbot: QtBot, widget: QWidget) -> None:
    qtbot.mouseClick(widget, Qt.MouseButton.LeftButton, pos=QPoint(12, widget.height() // 2))


def test_each_button_triggers_its_action(qtbot: QtBot, desk: Desk) -> None:
    for button in (desk.view.play, desk.view.step, desk.view.reset, desk.view.reroll):
        click(qtbot, button)
    assert desk.triggered == ["play", "step_batch", "reset", "reroll"]


def test_the_first_button_pauses_while_running_and_keeps_its_width(qtbot: QtBot, desk: Desk) -> None:
    width = desk.view.play.width()
    desk.view.set_running(True)
    assert desk.view.play.text() == "Pause"
    assert desk.view.play.width() == width >= desk.view.play.sizeHint().width()
    qtbot.keyClick(desk.view.play, Qt.Key.Key_Space)
    assert desk.triggered == ["pause"]
    desk.view.set_running(False)
    assert desk.view.play.text() == "Play"


def test_step_offers_sample_batch_and_epoch(desk: Desk) -> None:
    offered = desk.view.step.menu().actions()
    assert [action.objectName() for action in offered] == [
        f"train.step_{unit}" for unit in ("sample", "batch", "epoch")
    ]
    offered[2].trigger()
    assert desk.triggered == ["step_epoch"]


def test_a_network_that_cannot_train_disables_training_and_says_why(qtbot: QtBot, desk: Desk) -> None:
    desk.view.set_can_play(False, "Dense 8 is not connected.")
    for button in (desk.view.play, desk.view.step):
        assert not button.isEnabled()
        assert button.toolTip() == "Dense 8 is not connected."
        assert button.accessibleDescription() == "Dense 8 is not connected."
        click(qtbot, button)
    assert desk.triggered == []
    assert desk.view.reset.isEnabled()
    desk.view.set_running(True)
    assert desk.view.play.isEnabled(), "a run can always be paused"
    desk.view.set_running(False)
    desk.view.set_can_play(True, "")
    assert desk.view.play.isEnabled()
    assert "not connected" not in desk.view.play.toolTip()


def test_buttons_follow_their_actions(desk: Desk) -> None:
    desk.actions["train.reset"].setEnabled(False)
    desk.actions["train.reroll"].setToolTip("New weights")
    desk.actions["train.reroll"].setShortcut(QKeySequence("Shift+R"))
    assert not desk.view.reset.isEnabled()
    assert desk.view.reroll.toolTip() == "New weights (Shift+R)"


def test_numbers_are_shown_in_the_locale_and_announced(desk: Desk) -> None:
    desk.view.set_numbers(412, 10_300, 0.01239, None, "test accuracy", "98.4 %")
    shown = {name: readout.text() for name, readout in desk.view.readouts.items()}
    assert shown == {
        "epoch": "000,412",
        "step": "10,300",
        "train_loss": "0.0124",
        "test_loss": "—",
        "metric": "98.4 %",
    }
    assert desk.view.readouts["epoch"].accessibleName() == "epoch 412"
    assert desk.view.findChild(QWidget, "transport.metric").accessibleName() == "test accuracy 98.4 %"


def test_nothing_moves_when_numbers_change(qtbot: QtBot, desk: Desk) -> None:
    places = []
    for epoch, loss in ((1, 1.0), (412, 1.11e-5), (9_999_999, 8.888e12)):
        desk.view.set_numbers(epoch, epoch * 10, loss, loss, "test accuracy", "8.8 %")
        qtbot.wait(1)
        places.append([readout.geometry() for readout in desk.view.readouts.values()])
    assert places[0] == places[1] == places[2]


def test_the_metric_can_be_renamed(desk: Desk) -> None:
    desk.view.set_numbers(1, 1, 0.5, 0.5, "mean absolute error", "0.25")
    assert desk.view.readouts["metric"].caption() == "mean absolute error"


def test_the_speed_slider_emits_steps_per_second_and_says_them(qtbot: QtBot, desk: Desk) -> None:
    got: list[float] = []
    desk.view.speed_changed.connect(got.append)
    assert desk.view.speed_text() == "as fast as possible"
    qtbot.keyClick(desk.view.speed, Qt.Key.Key_Home)
    qtbot.keyClick(desk.view.speed, Qt.Key.Key_Right)
    assert got == [1.0, 2.0]
    assert desk.view.speed_text() == "2 steps/s"
    qtbot.keyClick(desk.view.speed, Qt.Key.Key_End)
    assert got[-1] == math.inf


@pytest.mark.parametrize(
    ("asked", "text"), [(30, "30 steps/s"), (1, "1 step/s"), (45, "50 steps/s"), (1e9, "as fast as possible")]
)
def test_setting_a_speed_shows_the_nearest_and_emits_nothing(asked: float, text: str, desk: Desk) -> None:
    got: list[float] = []
    desk.view.speed_changed.connect(got.append)
    desk.view.set_speed(asked)
    assert desk.view.speed_text() == text
    assert got == []
    assert SPEEDS[desk.view.speed.value()] in SPEEDS


def test_the_seed_is_committed_on_enter_and_set_silently(qtbot: QtBot, desk: Desk) -> None:
    got: list[int] = []
    desk.view.seed_changed.connect(got.append)
    desk.view.set_seed(1_234_567)
    assert desk.view.seed.text() == "1234567"
    desk.view.seed.setFocus()
    desk.view.seed.selectAll()
    qtbot.keyClicks(desk.view.seed, "42")
    assert got == []
    qtbot.keyClick(desk.view.seed, Qt.Key.Key_Return)
    assert got == [42]


@pytest.mark.parametrize("width", [1600, 1280, 1000, 800, 680])
def test_everything_shown_fits_at_any_width(width: int, qtbot: QtBot, desk: Desk) -> None:
    desk.view.set_numbers(9_999_999, 99_999_999, 0.0124, 0.0150, "test accuracy", "98.4 %")
    desk.view.resize(width, 40)
    row = [desk.view.play, desk.view.step, desk.view.reset, desk.view.reroll, *desk.view.readouts.values()]
    visible = [widget for widget in row if widget.isVisible()]
    for left, right in itertools.pairwise(visible):
        assert left.geometry().right() < right.geometry().left()
    assert desk.view.seed.mapTo(desk.view, QPoint(desk.view.seed.width(), 0)).x() <= width
    assert desk.view.readouts["train_loss"].isVisible()
    assert desk.view.readouts["step"].isVisible() == (width >= 1000)


def test_words_come_back_when_there_is_room_again(desk: Desk) -> None:
    style = Qt.ToolButtonStyle
    desk.view.resize(desk.view.minimumSizeHint().width(), 40)
    assert desk.view.reset.toolButtonStyle() == style.ToolButtonIconOnly
    assert desk.view.reset.accessibleName() == "Reset"
    desk.view.resize(desk.view.sizeHint().width(), 40)
    assert desk.view.reset.toolButtonStyle() == style.ToolButtonTextBesideIcon


def test_numbers_of_an_older_network_say_of_which_epoch_they_are(desk: Desk) -> None:
    test_loss = desk.view.readouts["test_loss"]
    desk.view.set_numbers(0, 100, 0.07, 2.29, "test accuracy", "9.9 %")
    desk.view.set_tested_at(0.0)
    assert test_loss.note() == "epoch 0" and test_loss.accessibleName() == "test loss · epoch 0 2.29"
    assert desk.view.readouts["metric"].note() == "epoch 0" and desk.view.readouts["train_loss"].note() == ""
    desk.view.set_tested_at(0.44)
    assert test_loss.note() == "epoch 0.4"
    places = [readout.x() for readout in desk.view.readouts.values()]
    desk.view.set_tested_at(None)
    assert test_loss.accessibleName() == "test loss 2.29"
    desk.view.set_tested_at(0.0)  # play, pause, play: nothing may move each time
    QApplication.processEvents()
    assert [readout.x() for readout in desk.view.readouts.values()] == places
    noted = test_loss.sizeHint().width()
    desk.view.set_tested_at(None)
    test_loss.set_caption("test loss")  # another kind of data
    assert test_loss.sizeHint().width() < noted
