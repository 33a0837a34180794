"""What panels that look into a network share: a sentence or the content, controls beside it or above it, a stepper."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QHBoxLayout,
    QLabel,
    QLayout,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from widgets import icons, theme
from widgets.controls import ElidedLabel, EmptyState

SIDE = 168
"""Width of the controls where they stand beside the content."""
_ARROW = 28
_ANY = 16_777_215
"""Qt's word for a width without a bound."""


class LookingPanel(QWidget):
    """A sentence that says why there is nothing to see, or controls with what they are for.

    A subclass makes its parts and gives them to `arrange`. Where the controls are then beside the content, or above it,
    follows the size.
    """

    def __init__(self, object_name: str, name: str, reason: str, parent: QWidget | None = None) -> None:
        """With the name that a screen reader says, and the sentence to begin with."""
        super().__init__(parent)
        self.setObjectName(object_name)
        self.setAccessibleName(name)
        self.empty = EmptyState(reason)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.empty)
        self._side, self._from_width, self._controls = SIDE, 0, QWidget()
        self._row = QBoxLayout(QBoxLayout.Direction.TopToBottom, self._controls)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(theme.SPACING)
        page = QWidget()
        self._parts = QBoxLayout(QBoxLayout.Direction.LeftToRight, page)
        self._parts.setContentsMargins(0, 0, 0, 0)
        self._parts.setSpacing(theme.MARGIN)
        self._parts.addWidget(self._controls)
        self._stack.addWidget(page)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._stack)
        self._column = column

    def arrange(self, controls: Sequence[QWidget], content: QWidget, side: int = SIDE, from_width: int = 0) -> None:
        """Take the controls, from top to bottom, and the content.

        They stand `side` wide beside the content from a width of the panel on, in a column under each other whatever
        happens; or, where that is 0, in a wide panel, and in a tall one in a row above it.
        """
        self._side, self._from_width = side, from_width
        if from_width:  # or it never got narrow enough to turn
            self._column.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)
        for control in controls:
            self._row.addWidget(control)
        self._row.addStretch(1)
        self._parts.addWidget(content, 1)

    def set_reason(self, text: str) -> None:
        """Say why there is nothing to show."""
        self.empty.set_text(text)
        self._stack.setCurrentIndex(0)

    def shows_content(self) -> bool:
        """Whether there is something to see."""
        return self._stack.currentIndex() > 0

    def show_content(self) -> None:
        """Show it in place of the sentence."""
        self._stack.setCurrentIndex(1)

    def turned(self, beside: bool) -> None:
        """The controls stand beside the content now, or above it."""

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put the controls beside the content, or above it, as there is room."""
        super().resizeEvent(event)
        beside = self.width() >= self._from_width if self._from_width else is_wide(self)
        turn(self._parts, beside)
        if not self._from_width:
            turn(self._row, not beside)
        self._controls.setMinimumWidth(self._side if beside else 0)
        self._controls.setMaximumWidth(self._side if beside else _ANY)
        self.turned(beside)


class Stepper(QWidget):
    """Two arrows, and between them what they step through."""

    stepped = Signal(int)
    """The user asks for the next (1) or the one before (-1)."""

    def __init__(self, earlier: tuple[str, str], later: tuple[str, str], parent: QWidget | None = None) -> None:
        """With the object name of each arrow, and what it does."""
        super().__init__(parent)
        self.label = ElidedLabel()
        self.label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.label.setMinimumWidth(84)
        self.earlier = self._arrow("chevron-left", -1, *earlier)
        self.later = self._arrow("chevron-right", 1, *later)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.UNIT)
        row.addWidget(self.earlier)
        row.addWidget(self.label, 1)
        row.addWidget(self.later)

    def set_ends(self, first: bool, last: bool) -> None:
        """Whether it stands at the first, or at the last."""
        self.earlier.setEnabled(not first)
        self.later.setEnabled(not last)

    def _arrow(self, icon: str, step: int, object_name: str, text: str) -> QToolButton:
        button = QToolButton()
        button.setObjectName(object_name)
        button.setAccessibleName(text)
        button.setToolTip(text)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setAutoRepeat(True)
        button.setFixedWidth(_ARROW)
        button.setProperty("class", "flat")
        icons.assign(button, icon, "muted")
        button.clicked.connect(lambda: self.stepped.emit(step))
        return button


def heading(text: str, control: QWidget) -> QLabel:
    """Small, quiet words above a control that they name."""
    label = QLabel(text)
    label.setProperty("class", "muted")
    label.setFont(theme.font(theme.SMALL))
    label.setBuddy(control)
    return label


def is_wide(widget: QWidget) -> bool:
    """Whether there is more room beside each other than below each other."""
    return widget.width() > 1.4 * widget.height()


def turn(box: QBoxLayout, across: bool) -> None:
    """Lay the parts of a box beside each other, or below each other."""
    direction = QBoxLayout.Direction
    box.setDirection(direction.LeftToRight if across else direction.TopToBottom)


def _sample() -> QWidget:
    panel = LookingPanel("sample", "Sample", "There is nothing to see.")
    stepper = Stepper(("sample.earlier", "The one before"), ("sample.later", "The next one"))
    stepper.label.setText("filter 3 of 8")
    panel.arrange([heading("Filters", stepper), stepper], QLabel("what they are for"))
    panel.show_content()
    panel.resize(480, 160)
    return panel


if __name__ == "__main__":
    theme.demo(_sample)
