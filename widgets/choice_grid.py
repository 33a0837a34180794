"""A few buttons of which exactly one is chosen, in as many columns as there is room for."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QButtonGroup, QFrame, QGridLayout, QSizePolicy, QToolButton, QWidget

_STEPS = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}


class ChoiceGrid(QFrame):
    """Like `Segmented`, but in rows: arrow keys move the choice."""

    chosen = Signal(str)
    """The key the user chose."""

    def __init__(
        self, options: Sequence[tuple[str, str, str]], object_name: str, columns: int, parent: QWidget | None = None
    ) -> None:
        """`options` holds (key, visible label, tool tip); the first is chosen."""
        super().__init__(parent)
        self.setProperty("class", "segmented")
        self.setObjectName(object_name)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(1, 1, 1, 1)
        self._grid.setSpacing(0)
        self._group = QButtonGroup(self)
        self._buttons: dict[str, QToolButton] = {}
        self._columns = 0
        for key, label, tip in options:
            button = QToolButton()
            button.setText(label)
            button.setToolTip(tip)
            button.setAccessibleName(label)
            button.setAccessibleDescription(tip)
            button.setCheckable(True)
            button.setProperty("class", "segment")
            button.setObjectName(f"{object_name}.{key}")
            button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            button.clicked.connect(lambda _checked, key=key: self._choose(key))
            button.installEventFilter(self)
            self._group.addButton(button)
            self._buttons[key] = button
        self.set_columns(columns)
        self.set_choice(options[0][0])

    def set_columns(self, columns: int) -> None:
        """Stand in so many columns."""
        if columns == self._columns:
            return
        self._columns = columns
        for number, button in enumerate(self._buttons.values()):
            self._grid.addWidget(button, number // columns, number % columns)

    def choice(self) -> str:
        """The key that is chosen."""
        return next(key for key, button in self._buttons.items() if button.isChecked())

    def set_choice(self, key: str) -> None:
        """Show another choice. Raises KeyError for an unknown key."""
        self._buttons[key].setChecked(True)
        for other, button in self._buttons.items():  # Tab enters once, at the choice
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus if other == key else Qt.FocusPolicy.NoFocus)

    def button(self, key: str) -> QToolButton:
        """The button of a key."""
        return self._buttons[key]

    def _choose(self, key: str) -> None:
        self.set_choice(key)
        self.chosen.emit(key)

    def eventFilter(self, watched: QToolButton, event: QEvent) -> bool:  # type: ignore[override]
        """Move the choice with the arrow keys."""
        if event.type() != QEvent.Type.KeyPress or not isinstance(event, QKeyEvent):
            return super().eventFilter(watched, event)
        steps = {**_STEPS, Qt.Key.Key_Up: -self._columns, Qt.Key.Key_Down: self._columns}
        if event.key() not in steps:
            return super().eventFilter(watched, event)
        keys = list(self._buttons)
        index = keys.index(self.choice()) + steps[Qt.Key(event.key())]
        if 0 <= index < len(keys):
            self._choose(keys[index])
            self._buttons[keys[index]].setFocus(Qt.FocusReason.TabFocusReason)
        return True
