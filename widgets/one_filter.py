"""The panel of one filter: which it is, and what it gives for many samples."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QLabel, QStackedWidget, QToolButton, QVBoxLayout, QWidget

from widgets import icons, theme
from widgets.controls import ElidedLabel, EmptyState
from widgets.filter_samples import FilterSamples

_SIDE, _ARROW = 168, 28
"""Width of the words where they stand beside the samples, and of a button that steps."""


class OneFilterPanel(QWidget):
    """One filter and many samples. Values in by `set_…`, which emit nothing."""

    unit_stepped = Signal(int)
    """The user asks for the next filter of the layer (1) or the one before (-1)."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("one_filter")
        self.setAccessibleName(self.tr("One filter, many samples"))
        self.samples = FilterSamples()
        self.empty = EmptyState("")
        self._stack = QStackedWidget()
        self._stack.addWidget(self.empty)
        self._stack.addWidget(self._make_page())
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._stack)

    def _make_page(self) -> QWidget:
        page = QWidget()
        self._controls = QWidget()
        self.title = ElidedLabel()
        self.title.setObjectName("one_filter.title")
        self.title.setProperty("class", "title")
        self.unit = ElidedLabel()
        self.unit.setObjectName("one_filter.unit")
        self.unit.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.unit.setMinimumWidth(84)
        self.earlier = self._arrow("chevron-left", self.tr("The filter before"), "one_filter.earlier", -1)
        self.later = self._arrow("chevron-right", self.tr("The next filter"), "one_filter.later", 1)
        stepper = QWidget()
        row = QHBoxLayout(stepper)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.UNIT)
        row.addWidget(self.earlier)
        row.addWidget(self.unit, 1)
        row.addWidget(self.later)
        self.range = QLabel()
        self.range.setObjectName("one_filter.range")
        self.range.setProperty("class", "muted")
        self._controls_box = QBoxLayout(QBoxLayout.Direction.TopToBottom, self._controls)
        self._controls_box.setContentsMargins(0, 0, 0, 0)
        self._controls_box.setSpacing(theme.SPACING)
        for widget in (self.title, stepper, self.range):
            self._controls_box.addWidget(widget)
        self._controls_box.addStretch(1)
        self._box = QBoxLayout(QBoxLayout.Direction.LeftToRight, page)
        self._box.setContentsMargins(0, 0, 0, 0)
        self._box.setSpacing(theme.MARGIN)
        self._box.addWidget(self._controls)
        self._box.addWidget(self.samples, 1)
        return page

    def _arrow(self, icon: str, text: str, object_name: str, step: int) -> QToolButton:
        button = QToolButton()
        button.setObjectName(object_name)
        button.setAccessibleName(text)
        button.setToolTip(text)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setFixedWidth(_ARROW)
        button.setProperty("class", "flat")
        icons.assign(button, icon, "muted")
        button.clicked.connect(lambda: self.unit_stepped.emit(step))
        return button

    # --- values in -------------------------------------------------------------------------------------------------

    def set_empty(self, text: str) -> None:
        """Show a sentence in place of the samples."""
        self.empty.set_text(text)
        self._stack.setCurrentIndex(0)

    def set_filter(self, title: str, unit: str, first: bool, last: bool) -> None:
        """Name the filter, and say whether it is the first or the last of its layer."""
        self.title.setText(title)
        self.unit.setText(unit)
        self.earlier.setEnabled(not first)
        self.later.setEnabled(not last)
        self._stack.setCurrentIndex(1)

    def set_range(self, text: str) -> None:
        """Say what the colours of the maps stand for."""
        self.range.setText(text)

    def shows_samples(self) -> bool:
        """Whether a filter is shown."""
        return self._stack.currentIndex() == 1

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put the words beside the samples, or above them, as there is room."""
        super().resizeEvent(event)
        wide = self.width() > 1.4 * self.height()
        direction = QBoxLayout.Direction
        self._box.setDirection(direction.LeftToRight if wide else direction.TopToBottom)
        self._controls_box.setDirection(direction.TopToBottom if wide else direction.LeftToRight)
        self._controls.setMinimumWidth(_SIDE if wide else 0)
        self._controls.setMaximumWidth(_SIDE if wide else 16_777_215)


def _sample() -> QWidget:
    panel = OneFilterPanel()
    panel.set_filter("Conv2d 8", "filter 3 of 8", False, False)
    panel.resize(800, 170)
    return panel


if __name__ == "__main__":
    theme.demo(_sample)
