"""The row above the canvas: play, step, reset, speed, and the numbers of the run."""

from __future__ import annotations

import math
from collections.abc import Mapping

from PySide6.QtCore import QEvent, QLocale, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QAction, QKeySequence, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from engine.catalog.registry import Range
from widgets import icons, theme
from widgets.controls import NumberField, format_number
from widgets.controls_numbers import FocusedSlider
from widgets.readout import Readout

SPEEDS = (1.0, 2.0, 3.0, 5.0, 10.0, 20.0, 30.0, 50.0, 100.0, 200.0, 500.0, 1e3, 2e3, 5e3, 1e4, math.inf)
"""Steps per second the slider offers; the last is as fast as possible."""
SEEDS = Range(0, 2**31 - 1)


class Transport(QWidget):
    """Drives a run and shows where it stands.

    `actions` holds what the buttons trigger: train.play, train.pause, train.step_sample, train.step_batch,
    train.step_epoch, train.reset, train.reroll. A button is enabled while its action is. As the row gets narrower the
    buttons lose their words, then the least important readouts go.
    """

    speed_changed = Signal(float)
    """Steps per second; infinity for as fast as possible."""
    seed_changed = Signal(int)

    def __init__(self, actions: Mapping[str, QAction], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("transport")
        self.setAccessibleName(self.tr("Training"))
        self._actions = dict(actions)
        self._running = False
        self._reason = ""
        self._can_play = True
        self._level = 0
        self._known_widths: tuple[int, ...] = ()
        self._row = row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.SPACING)
        row.setSizeConstraint(QHBoxLayout.SizeConstraint.SetNoConstraint)  # what is shown follows the width instead

        self.play = self._button("transport.play", "play", self.tr("Play"), "primary")
        self.play.clicked.connect(self._play_or_pause)
        self.step = self._button("transport.step", "step", self.tr("Step"))
        self.step.clicked.connect(self._actions["train.step_batch"].trigger)
        menu = QMenu(self.step)
        for name in ("train.step_sample", "train.step_batch", "train.step_epoch"):
            menu.addAction(self._actions[name])
        self.step.setMenu(menu)
        self.step.setPopupMode(QToolButton.ToolButtonPopupMode.MenuButtonPopup)
        self.reset = self._button("transport.reset", "reset", self.tr("Reset"))
        self.reset.clicked.connect(self._actions["train.reset"].trigger)
        self.reroll = self._button("transport.reroll", "reroll", self.tr("Re-roll"))
        self.reroll.clicked.connect(self._actions["train.reroll"].trigger)
        for button in (self.play, self.step, self.reset, self.reroll):
            row.addWidget(button)
        row.addSpacing(theme.UNIT)
        row.addWidget(self._speed_box())
        row.addStretch(1)

        self.readouts = {
            "epoch": Readout(self.tr("epoch"), "0,000,000", "transport.epoch"),
            "step": Readout(self.tr("step"), "000,000,000", "transport.step_count"),
            "train_loss": Readout(self.tr("train loss"), "0.00e-00", "transport.train_loss"),
            "test_loss": Readout(self.tr("test loss"), "0.00e-00", "transport.test_loss"),
            "metric": Readout(self.tr("test accuracy"), "100.0 %", "transport.metric"),
        }
        for readout in self.readouts.values():
            row.addWidget(readout)
        row.addWidget(self._seed_box())

        for action in self._actions.values():
            action.changed.connect(self._show_state)
        self.set_numbers(0, 0, None, None, self.tr("test accuracy"), "—")
        self.set_speed(math.inf)
        self._show_state()
        self._widen_play()

    def set_running(self, running: bool) -> None:
        """Show that a run goes on (the first button pauses it) or rests (it plays)."""
        self._running = running
        self._show_state()

    def set_can_play(self, possible: bool, reason: str) -> None:
        """Enable the buttons that train, or disable them and say why in their tool tips."""
        self._can_play = possible
        self._reason = "" if possible else reason
        self._show_state()

    def set_numbers(
        self,
        epoch: int,
        step: int,
        train_loss: float | None,
        test_loss: float | None,
        metric_name: str,
        metric_text: str,
    ) -> None:
        """Show where the run stands; None shows as a dash."""
        locale = QLocale()
        epoch_text = _grouped(locale, epoch, 6)
        self.readouts["epoch"].set_value(epoch_text, leading=_leading(epoch_text))
        self.readouts["step"].set_value(_grouped(locale, step, 1))
        self.readouts["train_loss"].set_value(format_number(train_loss))
        self.readouts["test_loss"].set_value(format_number(test_loss))
        self.readouts["metric"].set_value(metric_text)
        if self.readouts["metric"].caption() != metric_name:
            self.readouts["metric"].set_caption(metric_name)
            self._known_widths = ()
            self._fit()

    def set_tested_at(self, epoch: float | None) -> None:
        """Say of which epoch test loss and metric are; None: of the network as it is."""
        note = ""
        if epoch is not None:
            number = QLocale().toString(float(epoch), "f", 0 if epoch % 1 == 0 else 1)
            note = self.tr("epoch {number}").format(number=number)
        changed = [self.readouts[name].set_note(note) for name in ("test_loss", "metric")]
        if any(changed):
            self._known_widths = ()
            self._fit()

    def set_seed(self, seed: int) -> None:
        """Show a seed."""
        self.seed.set_value(seed)

    def set_speed(self, steps_per_second: float) -> None:
        """Show a speed: the nearest the slider offers."""
        distances = [abs(_log(speed) - _log(steps_per_second)) for speed in SPEEDS]
        with QSignalBlocker(self.speed):
            self.speed.setValue(distances.index(min(distances)))
        self._show_speed()

    def speed_text(self) -> str:
        """The speed in words, as shown over the slider."""
        return self._speed_label.text()

    def minimumSizeHint(self) -> QSize:
        """Width of the narrowest arrangement."""
        return QSize(self._widths()[-1], super().minimumSizeHint().height())

    def sizeHint(self) -> QSize:
        """Width of the arrangement with everything in it."""
        return QSize(self._widths()[0], super().sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Show as much as there is room for."""
        super().resizeEvent(event)
        self._fit()

    def event(self, event: QEvent) -> bool:
        """Measure again when words, font or style may have changed."""
        handled = super().event(event)
        if event.type() in _MEASURED_ANEW:
            self._widen_play()
            self._known_widths = ()
            self._fit()
        return handled

    def _button(self, name: str, icon: str, text: str, look: str = "") -> QToolButton:
        button = QToolButton()
        button.setObjectName(name)
        button.setText(text)
        button.setAccessibleName(text)
        button.setProperty("class", look)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        icons.assign(button, icon, "on_accent" if look == "primary" else "text")
        return button

    def _speed_box(self) -> QWidget:
        box = QWidget()
        column = QVBoxLayout(box)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self._speed_label = QLabel()
        self._speed_label.setProperty("class", "muted")
        self.speed = FocusedSlider(Qt.Orientation.Horizontal)
        self.speed.setObjectName("transport.speed")
        self.speed.setAccessibleName(self.tr("Speed"))
        self.speed.setRange(0, len(SPEEDS) - 1)
        self.speed.setPageStep(3)
        self.speed.valueChanged.connect(self._speed_moved)
        column.addWidget(self._speed_label)
        column.addWidget(self.speed)
        self._speed_column = box
        return box

    def _seed_box(self) -> QWidget:
        box = QWidget()
        column = QVBoxLayout(box)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        label = QLabel(self.tr("seed"))
        label.setProperty("class", "muted")
        self.seed = NumberField(SEEDS, "transport.seed", integer=True)
        self.seed.setGroupSeparatorShown(False)
        self.seed.setAccessibleName(self.tr("Seed"))
        self.seed.setToolTip(
            self.tr("Fixes data, split, first weights, order of samples and dropout: same seed, same numbers")
        )
        self.seed.setProperty("class", "readout")
        self.seed.setFixedSize(96, 22)
        self.seed.value_committed.connect(self.seed_changed.emit)
        label.setBuddy(self.seed)
        label.setContentsMargins(theme.SPACING, 0, 0, 0)
        column.addWidget(label)
        column.addWidget(self.seed)
        self._seed_column = box
        return box

    def _play_or_pause(self) -> None:
        self._actions["train.pause" if self._running else "train.play"].trigger()

    def _speed_moved(self) -> None:
        self._show_speed()
        self.speed_changed.emit(SPEEDS[self.speed.value()])

    def _show_speed(self) -> None:
        speed = SPEEDS[self.speed.value()]
        if math.isinf(speed):
            text = self.tr("as fast as possible")
        else:
            text = (self.tr("{count} step/s") if speed == 1 else self.tr("{count} steps/s")).format(
                count=QLocale().toString(int(speed))
            )
        self._speed_label.setText(text)
        self.speed.setAccessibleDescription(text)
        self.speed.setToolTip(text)

    def _show_state(self) -> None:
        word, icon = (self.tr("Pause"), "pause") if self._running else (self.tr("Play"), "play")
        if self.play.text() != word:
            self.play.setText(word)
            self.play.setAccessibleName(word)
            icons.assign(self.play, icon, "on_accent")
        self._mirror(self.play, "train.pause" if self._running else "train.play", blocked=not self._running)
        self._mirror(self.step, "train.step_batch", blocked=True)
        self._mirror(self.reset, "train.reset", blocked=False)
        self._mirror(self.reroll, "train.reroll", blocked=False)

    def _mirror(self, button: QToolButton, action_name: str, blocked: bool) -> None:
        """Show the state of an action on its button; `blocked` buttons also need a network that can train."""
        action = self._actions[action_name]
        refused = blocked and not self._can_play
        keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        tip = self._reason if refused else action.toolTip() + (f" ({keys})" if keys else "")
        button.setEnabled(action.isEnabled() and not refused)
        button.setToolTip(tip)
        button.setAccessibleDescription(tip)

    def _widen_play(self) -> None:
        """Give the first button room for either of its words, so that nothing moves when it changes."""
        now = self.play.text()
        widths = []
        for word in (self.tr("Play"), self.tr("Pause")):
            self.play.setText(word)
            widths.append(self.play.sizeHint().width())
        self.play.setText(now)
        self.play.setFixedWidth(max(widths))

    def _fit(self) -> None:
        """Choose the fullest arrangement that fits."""
        level = next((k for k, width in enumerate(self._widths()) if width <= self.width()), _LEVELS - 1)
        if level != self._level:
            self._arrange(level)
            self._row.activate()  # now, or the row would be painted once with pieces over each other

    def _widths(self) -> tuple[int, ...]:
        """Width that each arrangement takes, fullest first."""
        if not self._known_widths:
            widths = []
            before = self._level
            for level in range(_LEVELS):
                self._arrange(level)
                widths.append(self._row.minimumSize().width())
            self._known_widths = tuple(widths)
            self._arrange(before)
        return self._known_widths

    def _arrange(self, level: int) -> None:
        self._level = level
        style = Qt.ToolButtonStyle
        for button in (self.step, self.reset, self.reroll):
            button.setToolButtonStyle(style.ToolButtonTextBesideIcon if level == 0 else style.ToolButtonIconOnly)
        self._speed_column.setFixedWidth(_SPEED_WIDTHS[level])
        for name, hidden_from in _HIDDEN_FROM.items():
            self.readouts[name].setVisible(level < hidden_from)
        self._row.invalidate()


_LEVELS = 5
_SPEED_WIDTHS = (144, 128, 112, 112, 112)
_HIDDEN_FROM = {"step": 2, "metric": 3, "test_loss": 4}
"""Level of narrowness from which a readout is left out."""
_MEASURED_ANEW = (QEvent.Type.Polish, QEvent.Type.FontChange, QEvent.Type.StyleChange)


def _log(speed: float) -> float:
    """Place of a speed on the slider's logarithmic scale; infinity lies one decade beyond the fastest."""
    fastest = SPEEDS[-2]
    return math.log10(fastest) + 1 if math.isinf(speed) else math.log10(max(speed, 1e-9))


def _grouped(locale: QLocale, number: int, digits: int) -> str:
    """A number with leading zeros and the locale's thousands separators: 412 -> 000,412."""
    plain = str(number).zfill(digits)
    head = len(plain) % 3
    groups = ([plain[:head]] if head else []) + [plain[k : k + 3] for k in range(head, len(plain), 3)]
    return locale.groupSeparator().join(groups)


def _leading(text: str) -> int:
    """How many characters of a padded number come before the number itself."""
    return next((k for k, character in enumerate(text) if character in "123456789"), len(text) - 1)


def _sample() -> QWidget:
    actions = {}
    for name in ("play", "pause", "step_sample", "step_batch", "step_epoch", "reset", "reroll"):
        action = QAction(name.replace("_", " ").capitalize())
        actions[f"train.{name}"] = action
    view = Transport(actions)
    view.set_numbers(12_480, 124_800, 0.0124, 0.0150, "test accuracy", "98.4 %")
    view.set_seed(7)
    view.set_running(True)
    view.setContentsMargins(theme.SPACING, theme.SPACING, theme.SPACING, theme.SPACING)
    view.resize(1280, 56)
    return view


if __name__ == "__main__":
    theme.demo(_sample)
