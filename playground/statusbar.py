"""The line below: what just happened, the training process, its speed, frames a second, saved or not."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QStatusBar, QWidget

from widgets import theme


class Dot(QWidget):
    """A small disc in a colour of the theme."""

    def __init__(self, object_name: str) -> None:
        super().__init__()
        self.setObjectName(object_name)
        self._role = "muted"
        self.setFixedSize(QSize(8, 8))

    def set_role(self, role: str) -> None:
        """The name of the theme's colour to show."""
        if role != self._role:
            self._role = role
            self.update()

    def role(self) -> str:
        """The name of the theme's colour shown."""
        return self._role

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QColor(0, 0, 0, 0))
        painter.setBrush(QColor(getattr(theme.current(), self._role)))
        painter.drawEllipse(self.rect())

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange):
            self.update()


class StatusBar(QStatusBar):
    """Messages on the left; on the right a dot for the state of the process and what it does."""

    cancelled = Signal()
    """The user does not want to wait for what is being done beside the window."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("status")
        self.setSizeGripEnabled(False)
        self._text: dict[str, str] = {}
        self.dot = Dot("status.dot")
        self.facts = QLabel()
        self.facts.setObjectName("status.facts")
        self.facts.setAccessibleName(self.tr("State of the training process"))
        self.facts.setFont(theme.font(theme.SMALL))
        self.addPermanentWidget(self.dot)
        self.addPermanentWidget(self.facts)
        self._work = QWidget()
        self._work.setObjectName("status.work")
        self._work.setFixedHeight(18)
        self._work_text = QLabel()
        self._work_text.setFont(theme.font(theme.SMALL))
        self._share = QProgressBar()
        self._share.setObjectName("status.share")
        self._share.setRange(0, 100)
        self._share.setFixedSize(QSize(120, 14))
        self._share.setTextVisible(False)
        self.cancel = QPushButton(self.tr("Cancel"))
        self.cancel.setObjectName("status.cancel")
        self.cancel.setFont(theme.font(theme.SMALL))
        self.cancel.setStyleSheet("padding: 0 8px")  # no taller than a line, or the bar would grow
        self.cancel.setFixedHeight(18)
        self.cancel.clicked.connect(self.cancelled)
        row = QHBoxLayout(self._work)
        row.setContentsMargins(theme.SPACING, 0, 0, 0)
        row.setSpacing(theme.SPACING)
        for part in (self._work_text, self._share, self.cancel):
            row.addWidget(part)
        self.addWidget(self._work)
        self._work.hide()
        self.set_engine("starting")

    def show_work(self, text: str) -> None:
        """Say what is being done beside the window, with a bar and a button that says `cancelled`."""
        self.clearMessage()  # it would hide the bar
        self._work_text.setText(text)
        self._share.setValue(0)
        self._share.setAccessibleName(text)
        self.cancel.setAccessibleName(self.tr("Cancel: {work}").format(work=text))
        self._work.show()

    def set_share(self, share: float) -> None:
        """How much of the work is done, from 0 to 1."""
        self._share.setValue(round(100 * share))

    def hide_work(self) -> None:
        """It is over."""
        self._work.hide()

    def set_engine(self, state: str) -> None:
        """The process is "starting", "ready", "training" or "lost"."""
        words = {
            "starting": self.tr("starting the engine…"),
            "ready": "",
            "training": "",
            "lost": self.tr("the engine does not answer"),
        }
        roles = {"starting": "warning", "ready": "muted", "training": "success", "lost": "error"}
        self.dot.set_role(roles[state])
        self._set("engine", words[state])

    def set_backend(self, name: str, reason: str) -> None:
        """Which backend trains, and why."""
        self._set("backend", name)
        self.facts.setToolTip(reason)

    def set_speed(self, text: str) -> None:
        """Training speed in words; "" while it rests."""
        self._set("speed", text)

    def set_frames(self, frames_per_second: int) -> None:
        """Frames shown in the last second; 0 shows nothing."""
        self._set("frames", self.tr("{count} fps").format(count=frames_per_second) if frames_per_second else "")

    def set_saved(self, saved: bool) -> None:
        """Whether the file holds what is on the screen."""
        self._set("saved", self.tr("saved") if saved else self.tr("not saved"))

    def _set(self, key: str, text: str) -> None:
        if self._text.get(key) == text:
            return
        self._text[key] = text
        order = ("engine", "backend", "speed", "frames", "saved")
        self.facts.setText(" · ".join(words for name in order if (words := self._text.get(name, ""))))
