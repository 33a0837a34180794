"""Small controls that forms and views are made of: buttons, choices, empty states, a flowing layout."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QMargins, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLayout,
    QLayoutItem,
    QPushButton,
    QSizePolicy,
    QStyle,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from widgets import theme
from widgets.controls_numbers import LabelledSlider, NumberField, format_number

__all__ = [
    "Chip",
    "ElidedLabel",
    "EmptyState",
    "FlowLayout",
    "LabelledSlider",
    "NumberField",
    "Segmented",
    "format_number",
]


class Segmented(QFrame):
    """A row of buttons of which exactly one is chosen; arrow keys move the choice.

    `options` holds (key, visible label) pairs; the first is chosen.
    """

    chosen = Signal(str)
    """The key the user chose."""

    def __init__(self, options: Sequence[tuple[str, str]], object_name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("class", "segmented")
        self.setObjectName(object_name)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        row = QHBoxLayout(self)
        row.setContentsMargins(1, 1, 1, 1)
        row.setSpacing(0)
        self._group = QButtonGroup(self)
        self._group.setExclusive(True)
        self._buttons: dict[str, QToolButton] = {}
        for key, label in options:
            button = QToolButton()
            button.setText(label)
            button.setAccessibleName(label)
            button.setCheckable(True)
            button.setProperty("class", "segment")
            button.setObjectName(f"{object_name}.{key}")
            button.clicked.connect(lambda _checked, key=key: self.chosen.emit(key))
            button.installEventFilter(self)
            self._group.addButton(button)
            self._buttons[key] = button
            row.addWidget(button)
        self.set_choice(options[0][0])

    def choice(self) -> str:
        """The key that is chosen."""
        return next(key for key, button in self._buttons.items() if button.isChecked())

    def set_choice(self, key: str) -> None:
        """Show another choice. Raises KeyError for an unknown key."""
        self._buttons[key].setChecked(True)
        for other, button in self._buttons.items():  # Tab enters the row once, at the choice
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus if other == key else Qt.FocusPolicy.NoFocus)

    def button(self, key: str) -> QToolButton:
        """The button of a key, to disable it or give it a tool tip."""
        return self._buttons[key]

    def eventFilter(self, watched: QToolButton, event: QEvent) -> bool:  # type: ignore[override]
        """Move the choice with the arrow keys, skipping disabled buttons."""
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Up: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Down: 1}
        if event.type() != QEvent.Type.KeyPress or not isinstance(event, QKeyEvent) or event.key() not in steps:
            return super().eventFilter(watched, event)
        keys = [key for key, button in self._buttons.items() if button.isEnabled()]
        index = keys.index(self.choice()) + steps[Qt.Key(event.key())] if self.choice() in keys else 0
        if 0 <= index < len(keys):
            self.set_choice(keys[index])
            self._buttons[keys[index]].setFocus(Qt.FocusReason.TabFocusReason)
            self.chosen.emit(keys[index])
        return True


class Chip(QPushButton):
    """A small rounded switch."""

    def __init__(self, text: str, object_name: str, parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setObjectName(object_name)
        self.setAccessibleName(text)
        self.setProperty("class", "chip")
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)


class EmptyState(QWidget):
    """What a view shows while it has nothing to show: one sentence and, where something can be done, one button."""

    clicked = Signal()

    def __init__(self, text: str, button_text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._label = QLabel(text)
        self._label.setProperty("class", "muted")
        self._label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._label.setWordWrap(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, theme.MARGIN)
        column.setSpacing(theme.SPACING)
        column.addStretch()
        column.addWidget(self._label)
        self.button = QPushButton(button_text, self)  # without a parent, it would flash as a window of its own
        self.button.setObjectName("empty.button")
        self.button.setAccessibleName(button_text)
        self.button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.button.setVisible(bool(button_text))
        self.button.clicked.connect(self.clicked)
        column.addWidget(self.button, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch()

    def text(self) -> str:
        """The sentence."""
        return self._label.text()

    def set_text(self, text: str) -> None:
        """Say something else."""
        self._label.setText(text)


class ElidedLabel(QLabel):
    """A label of one line that ends in … where it is cut, and then says the whole in its tool tip."""

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.setText(text)

    def shown_text(self) -> str:
        """What fits, with its … where something is cut."""
        return self.fontMetrics().elidedText(
            self.text(), Qt.TextElideMode.ElideRight, max(0, self.contentsRect().width())
        )

    def minimumSizeHint(self) -> QSize:
        """May shrink to nothing."""
        return QSize(0, super().minimumSizeHint().height())

    def event(self, event: QEvent) -> bool:
        """Offer the whole text as tool tip while it is cut."""
        if event.type() == QEvent.Type.ToolTip and self.shown_text() != self.text():
            self.setToolTip(self.text())
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw what fits."""
        painter = QPainter(self)
        self.style().drawItemText(
            painter,
            self.contentsRect(),
            self.alignment(),
            self.palette(),
            self.isEnabled(),
            self.shown_text(),
            self.foregroundRole(),
        )


class FlowLayout(QLayout):
    """Lays its items out like words: left to right, on as many lines as it takes."""

    def __init__(self, parent: QWidget | None = None, spacing: int = theme.SPACING) -> None:
        super().__init__(parent)
        self._items: list[QLayoutItem] = []
        self.setContentsMargins(QMargins(0, 0, 0, 0))
        self.setSpacing(spacing)

    def addItem(self, item: QLayoutItem) -> None:
        """Append an item."""
        self._items.append(item)

    def count(self) -> int:
        """How many items there are."""
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        """The item at an index, or None beyond the last: Qt asks until it gets None."""
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        """Remove and return the item at an index, or None."""
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def clear(self) -> None:
        """Remove every widget for good."""
        while (item := self.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.setParent(None)
                widget.deleteLater()

    def expandingDirections(self) -> Qt.Orientation:
        """Takes no more room than it needs."""
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        """The narrower, the taller."""
        return True

    def heightForWidth(self, width: int) -> int:
        """Height the items take at a width."""
        return self._arrange(QRect(0, 0, width, 0), move=False)

    def setGeometry(self, rect: QRect) -> None:
        """Place the items."""
        super().setGeometry(rect)
        self._arrange(rect, move=True)

    def sizeHint(self) -> QSize:
        """Wide enough for the widest item."""
        return self.minimumSize()

    def minimumSize(self) -> QSize:
        """Wide enough for the widest item."""
        size = QSize()
        for item in self._items:
            size = size.expandedTo(item.minimumSize())
        margins = self.contentsMargins()
        return size + QSize(margins.left() + margins.right(), margins.top() + margins.bottom())

    def _arrange(self, rect: QRect, move: bool) -> int:
        margins = self.contentsMargins()
        inner = rect.marginsRemoved(margins)
        x, y, line_height = inner.x(), inner.y(), 0
        for item in self._items:
            widget = item.widget()
            if widget is not None and widget.isHidden():
                continue
            size = item.sizeHint()
            if x > inner.x() and x + size.width() > inner.x() + inner.width():
                x, y, line_height = inner.x(), y + line_height + self.spacing(), 0
            if move:
                item.setGeometry(
                    QStyle.alignedRect(
                        Qt.LayoutDirection.LeftToRight,
                        Qt.AlignmentFlag.AlignLeft,
                        size,
                        QRect(QPoint(x, y), size),
                    )
                )
            x += size.width() + self.spacing()
            line_height = max(line_height, size.height())
        return y + line_height - rect.y() + margins.bottom()


def _sample() -> QWidget:
    from engine.catalog.registry import Range

    page = QWidget()
    column = QVBoxLayout(page)
    column.setSpacing(theme.SPACING)
    column.addWidget(Segmented([("loss", "Loss"), ("metric", "Metric"), ("rate", "Rate")], "sample.segmented"))
    flow = FlowLayout(spacing=theme.UNIT)
    for text in ("x₁", "x₂", "x₁²", "x₂²", "x₁x₂", "sin x₁", "sin x₂"):
        chip = Chip(text, f"sample.{text}")
        chip.setChecked(text in ("x₁", "x₂"))
        flow.addWidget(chip)
    column.addLayout(flow)
    rate = NumberField(Range(1e-6, 10, logarithmic=True), "sample.rate")
    rate.set_value(3e-5)
    column.addWidget(rate)
    units = NumberField(Range(1, 1024), "sample.units", integer=True)
    units.set_value(8)
    column.addWidget(units)
    slider = LabelledSlider("noise", Range(0, 50, step=5), "sample.noise")
    slider.set_value(20)
    column.addWidget(slider)
    column.addWidget(ElidedLabel("A long description of a layer that cannot possibly fit in this narrow panel"))
    column.addWidget(EmptyState("Nothing is selected.", "Select the first layer"))
    page.resize(280, 320)
    return page


if __name__ == "__main__":
    theme.demo(_sample)
