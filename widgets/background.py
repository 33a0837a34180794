"""What panels of long work in the background share: the button, the bar, the line that says how far it is, the ends."""

from __future__ import annotations

from PySide6.QtCore import QLocale, Qt, Signal
from PySide6.QtWidgets import (
    QBoxLayout,
    QHBoxLayout,
    QLayout,
    QProgressBar,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from widgets import theme
from widgets.controls import ElidedLabel, EmptyState

_BAR_PARTS = 100
"""Steps of the bar for one unit of the work."""


class BackgroundPanel(QWidget):
    """Starts and stops one piece of work at a time; an invitation until the first, its results from then on.

    Subclasses make their controls and results, give them to `assemble`, and say in `begin` what starting does. Values
    in by `set_…`, which emit nothing.
    """

    stopped = Signal()
    """The user has seen enough."""

    def __init__(self, name: str, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setAccessibleName(title)
        self._state = "empty"
        self._problem = ""
        self._progress = (0, 0, 0.0)
        self._reached = 0.0
        self.button = QPushButton()
        self.button.setObjectName(f"{name}.start")
        self.button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.button.clicked.connect(self._toggle)
        self.bar = QProgressBar()
        self.bar.setObjectName(f"{name}.progress")
        self.bar.setAccessibleName(self.tr("Progress"))
        self.bar.setTextVisible(False)
        self.bar.setFixedWidth(96)
        self.status = ElidedLabel()
        self.status.setObjectName(f"{name}.status")
        self.status.setProperty("class", "muted")
        self.empty = EmptyState("", self.tr("Start"))
        self.empty.button.setProperty("class", "primary")
        self.empty.clicked.connect(self._toggle)
        self._stack = QStackedWidget()
        self._head = QBoxLayout(QBoxLayout.Direction.TopToBottom)

    def assemble(self, controls: QLayout, results: QWidget) -> None:
        """Put the controls and the progress over the results, and show that nothing has begun."""
        self._stack.addWidget(self.empty)
        self._stack.addWidget(results)
        progress = QHBoxLayout()
        progress.setSpacing(theme.SPACING)
        progress.addWidget(self.bar)
        progress.addWidget(self.status, 1)
        self._head.setSpacing(theme.SPACING)
        self._head.addLayout(controls)
        self._head.addLayout(progress, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.SPACING)
        column.addLayout(self._head)
        column.addWidget(self._stack, 1)
        self._show_state()

    # --- what a kind of work says ----------------------------------------------------------------------------------

    def begin(self) -> None:
        """Start the work, as the controls say."""
        raise NotImplementedError

    def invitation(self, problem: str) -> str:
        """What the panel says before the first work; `problem` is why none can start, "" if it can."""
        raise NotImplementedError

    def ends(self) -> dict[str, str]:
        """What is said of each way the work can end that is not `finished`; {count} is how far it came."""
        return {
            "stopped": self.tr("Stopped after {count}"),
            "interrupted": self.tr("Interrupted after {count}: the engine had to be started again"),
            "failed": self.tr("Failed after {count}: see Messages"),
        }

    # --- values in -------------------------------------------------------------------------------------------------

    def set_can_start(self, problem: str) -> None:
        """Say why the network cannot be trained; "" when it can."""
        self._problem = problem
        self._show_state()

    def set_interrupted(self) -> None:
        """The work was lost with the process that did it."""
        self._set_state("interrupted")

    def set_failed(self) -> None:
        """The work ended with an error, which is told elsewhere."""
        self._set_state("failed")

    @property
    def running(self) -> bool:
        """Whether work is under way."""
        return self._state == "running"

    @property
    def begun(self) -> bool:
        """Whether there has been any work."""
        return self._progress[1] > 0

    def _advance(self, state: str, done: int, total: int, seconds: float, reached: float) -> None:
        """Say how many units of how many are done after how long, and how many the bar shows."""
        self._progress = (done, total, seconds)
        self._reached = reached
        self._set_state(state)

    def _set_state(self, state: str) -> None:
        self._state = state
        self._show_state()

    # --- what it shows ---------------------------------------------------------------------------------------------

    def _status_text(self) -> str:
        if self._state == "empty":
            return ""
        done, total, seconds = self._progress
        locale = QLocale()
        count = self.tr("{done} of {total} · {seconds} s").format(
            done=locale.toString(done), total=locale.toString(total), seconds=locale.toString(seconds, "f", 1)
        )
        return self.ends().get(self._state, "{count}").format(count=count)

    def _show_state(self) -> None:
        running = self.running
        self.button.setVisible(self.begun)
        if self.begun and self.empty.button.hasFocus():
            self.button.setFocus()
        self._stack.setCurrentIndex(1 if self.begun else 0)
        text = self.tr("Stop") if running else self.tr("Start")
        self.button.setText(text)
        self.button.setAccessibleName(text)
        for button in (self.button, self.empty.button):
            button.setEnabled(running or not self._problem)
            button.setToolTip("" if running else self._problem)
        self.empty.set_text(self.invitation(self._problem))
        self.bar.setVisible(running)
        self.bar.setRange(0, _BAR_PARTS * max(1, self._progress[1]))
        self.bar.setValue(int(_BAR_PARTS * self._reached))
        self.status.setText(self._status_text())

    def _toggle(self) -> None:
        if self.running:
            self.stopped.emit()
        else:
            self.begin()
