"""A dock panel: a calm head with title, note and buttons that show on demand, and a body under it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QEnterEvent, QFocusEvent, QFont, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QDockWidget, QFrame, QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from widgets import icons, theme
from widgets.controls import ElidedLabel

_BUTTON = 20


class Panel(QDockWidget):
    """A dock whose head carries a title and, on its right, a note (what is under the pointer, what is selected)."""

    def __init__(self, title: str, object_name: str, parent: QWidget | None = None) -> None:
        super().__init__(title, parent)
        self.setObjectName(object_name)
        self.setAccessibleName(title)
        self._title = _TitleBar(self, title)
        self.setTitleBarWidget(self._title)
        self._body = QFrame()
        self._body.setObjectName("panelBody")
        column = QVBoxLayout(self._body)
        column.setContentsMargins(theme.MARGIN, theme.UNIT, theme.MARGIN, theme.MARGIN)
        column.setSpacing(theme.SPACING)
        self.setWidget(self._body)

    def set_title(self, title: str) -> None:
        """Rename the panel, in its head, its tab and the menu that shows it."""
        self.setWindowTitle(title)
        self.setAccessibleName(title)
        self._title.title.setText(title)

    def set_note(self, text: str) -> None:
        """Say something short at the right of the head."""
        self._title.note.setText(text)

    def note(self) -> str:
        """What the head says at its right."""
        return self._title.note.text()

    def set_body(self, widget: QWidget, margin: int = theme.MARGIN) -> None:
        """Put a widget under the head, in place of the one before, `margin` pixels from the border."""
        column = self._body.layout()
        assert isinstance(column, QVBoxLayout)
        before = column.takeAt(0)
        if before is not None and (old := before.widget()) is not None:
            old.setParent(None)
        column.setContentsMargins(margin, min(margin, theme.UNIT), margin, margin)
        column.addWidget(widget)

    def add_button(self, icon_name: str, text: str, suffix: str) -> QToolButton:
        """One more button in the head; `text` says what it does to the panel {name}, `suffix` ends its object name."""
        return self._title.add_button(icon_name, text, suffix)

    def body(self) -> QWidget | None:
        """The widget under the head."""
        column = self._body.layout()
        item = column.itemAt(0) if column is not None else None
        return item.widget() if item is not None else None


class _TitleBar(QFrame):
    """Head of a panel. Its buttons lie over the note and show while the pointer or the focus is on the head."""

    def __init__(self, panel: Panel, title: str) -> None:
        super().__init__(panel)
        self._panel = panel
        self.setObjectName("panelTitle")
        self.title = QLabel(title)
        self.title.setFont(theme.font(theme.NORMAL, QFont.Weight.DemiBold))
        self.title.setProperty("class", "title")
        self.note = ElidedLabel()
        self.note.setProperty("class", "muted")
        self.note.setObjectName(f"{panel.objectName()}.note")
        self.note.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.MARGIN, theme.SPACING, theme.MARGIN, theme.UNIT)
        row.setSpacing(theme.MARGIN)
        row.addWidget(self.title)
        row.addWidget(self.note, 1)
        self.float_button = _HeadButton(self, "dock", self.tr("Float or dock the panel {name}"), "float")
        self.float_button.clicked.connect(lambda: panel.setFloating(not panel.isFloating()))
        self.close_button = _HeadButton(self, "close", self.tr("Close the panel {name}"), "close")
        self.close_button.clicked.connect(panel.close)
        self.buttons = [self.close_button, self.float_button]
        panel.featuresChanged.connect(self._show_buttons)
        self._show_buttons()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        right = self.width() - theme.SPACING
        for button in self.buttons:
            right -= _BUTTON
            button.move(right, (self.height() + theme.UNIT - _BUTTON) // 2)

    def add_button(self, icon_name: str, text: str, suffix: str) -> QToolButton:
        """One more button, to the left of the others."""
        button = _HeadButton(self, icon_name, text, suffix)
        self.buttons.append(button)
        return button

    def enterEvent(self, event: QEnterEvent) -> None:
        super().enterEvent(event)
        self.redraw_buttons()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.redraw_buttons()

    def redraw_buttons(self) -> None:
        """Show the buttons or hide them, as the pointer and the focus ask."""
        for button in self.buttons:
            button.update()

    def _show_buttons(self) -> None:
        features = self._panel.features()
        feature = QDockWidget.DockWidgetFeature
        for button, needs in (
            (self.float_button, feature.DockWidgetFloatable),
            (self.close_button, feature.DockWidgetClosable),
        ):
            button.setVisible(bool(features & needs))


class _HeadButton(QToolButton):
    """A button that is always there for the keyboard but drawn only while it is wanted."""

    def __init__(self, bar: _TitleBar, icon_name: str, text: str, suffix: str) -> None:
        super().__init__(bar)
        panel = bar.parentWidget()
        assert panel is not None
        spoken = text.format(name=panel.windowTitle())
        self._bar = bar
        self.setObjectName(f"{panel.objectName()}.{suffix}")
        self.setAccessibleName(spoken)
        self.setToolTip(spoken)
        self.setFixedSize(_BUTTON, _BUTTON)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        icons.assign(self, icon_name, "muted")

    def is_drawn(self) -> bool:
        """Whether it can be seen now."""
        return self._bar.underMouse() or any(button.hasFocus() for button in self._bar.buttons)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._bar.redraw_buttons()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._bar.redraw_buttons()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self.is_drawn():
            super().paintEvent(event)


def _sample() -> QWidget:
    from PySide6.QtWidgets import QMainWindow

    from widgets.controls import EmptyState

    window = QMainWindow()
    panel = Panel("Output", "dock.output")
    panel.set_note("x₁ 1.24   x₂ −0.80   →   0.93")
    panel.set_body(EmptyState("Press play to see what the network answers.", "Play"))
    window.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, panel)
    other = Panel("Data", "dock.data")
    other.set_body(QLabel("spiral"))
    window.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, other)
    window.setContentsMargins(theme.SPACING, theme.SPACING, theme.SPACING, theme.SPACING)
    window.resize(360, 420)
    return window


if __name__ == "__main__":
    theme.demo(_sample)
