"""Tools for drawing points by hand: a colour for each class, an eraser, and a clean sheet."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QToolButton, QWidget

from widgets import colors, icons, theme
from widgets.controls import FlowLayout
from widgets.heatmap import Tool

_SIDE = 24


class DrawingTools(QWidget):
    """One swatch for each class, an eraser, "clear". A second click on the tool in use puts it away."""

    tool_chosen = Signal(object)
    """The tool the user took: a class number, "erase", or None."""
    cleared = Signal()
    """All points shall go."""

    def __init__(self, object_name: str = "data.drawing", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(object_name)
        self.setAccessibleName(self.tr("Drawing tools"))
        self._tool: Tool = 0
        self._swatches: list[Swatch] = []
        self._flow = FlowLayout(self, spacing=theme.UNIT)
        self.eraser = self._button("eraser", self.tr("Erase points"))
        self.eraser.setCheckable(True)
        self.eraser.clicked.connect(lambda: self._take("erase"))
        self.clear_button = self._button("trash", self.tr("Erase all points"))
        self.clear_button.clicked.connect(self.cleared)

    def tool(self) -> Tool:
        """The tool in use: a class number, "erase", or None."""
        return self._tool

    def swatch(self, number: int) -> Swatch:
        """The swatch of a class. Raises IndexError."""
        return self._swatches[number]

    def set_class_count(self, count: int) -> None:
        """Offer so many classes; a tool that is gone gives way to class 0."""
        while len(self._swatches) > count:
            old = self._swatches.pop()
            self._flow.removeWidget(old)
            old.hide()
            old.setParent(None)
            old.deleteLater()
        for number in range(len(self._swatches), count):
            swatch = Swatch(number, f"{self.objectName()}.class_{number}", self)
            swatch.clicked.connect(lambda _checked, number=number: self._take(number))
            self._swatches.append(swatch)
        if isinstance(self._tool, int) and self._tool >= count:
            self._tool = 0
        while self._flow.takeAt(0) is not None:
            pass
        for widget in (*self._swatches, self.eraser, self.clear_button):
            self._flow.addWidget(widget)
        self._show_tool()
        self.updateGeometry()

    def set_tool(self, tool: Tool) -> None:
        """Show another tool in use."""
        self._tool = tool
        self._show_tool()

    def set_empty(self, empty: bool) -> None:
        """Whether there is anything to erase."""
        self.clear_button.setEnabled(not empty)
        self.clear_button.setToolTip(self.tr("There are no points to erase") if empty else self.tr("Erase all points"))

    def _take(self, tool: Tool) -> None:
        self.set_tool(None if tool == self._tool else tool)
        self.tool_chosen.emit(self._tool)

    def _show_tool(self) -> None:
        for swatch in self._swatches:
            swatch.setChecked(swatch.number == self._tool)
        self.eraser.setChecked(self._tool == "erase")

    def _button(self, icon_name: str, text: str) -> QToolButton:
        button = QToolButton(self)
        button.setObjectName(f"{self.objectName()}.{icon_name}")
        button.setAccessibleName(text)
        button.setToolTip(text)
        button.setProperty("class", "flat")
        button.setFixedSize(_SIDE, _SIDE)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        icons.assign(button, icon_name)
        return button


class Swatch(QAbstractButton):
    """The colour of a class, with its number."""

    def __init__(self, number: int, object_name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.number = number
        self.setObjectName(object_name)
        text = self.tr("Draw points of class {number}").format(number=number)
        self.setAccessibleName(text)
        self.setToolTip(text)
        self.setCheckable(True)
        self.setFixedSize(_SIDE, _SIDE)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def paintEvent(self, event: QPaintEvent) -> None:
        current = theme.current()
        color = colors.class_color(current, self.number)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(self.rect())
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(color)
        painter.drawRoundedRect(area.adjusted(3, 3, -3, -3), 4, 4)
        painter.setPen(readable_on(color))
        painter.setFont(theme.font(theme.SMALL))
        painter.drawText(area, Qt.AlignmentFlag.AlignCenter, str(self.number))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if self.isChecked() or self.hasFocus():
            painter.setPen(QPen(QColor(current.accent if self.isChecked() else current.muted), 2))
            painter.drawRoundedRect(area.adjusted(1, 1, -1, -1), 5, 5)
            if self.isChecked() and self.hasFocus():
                painter.setPen(QPen(QColor(current.text), 1))
                painter.drawRoundedRect(area.adjusted(3.5, 3.5, -3.5, -3.5), 3, 3)


def readable_on(ground: QColor) -> QColor:
    """Black or white, whichever is read better on a ground."""
    red, green, blue = (channel**2.2 for channel in (ground.redF(), ground.greenF(), ground.blueF()))
    light = 0.2126 * red + 0.7152 * green + 0.0722 * blue  # at 0.18 the contrasts to black and to white are equal
    return QColor("#14171c" if light > 0.18 else "#ffffff")


def _sample() -> QWidget:
    tools = DrawingTools()
    tools.set_class_count(4)
    tools.resize(240, 40)
    return tools


if __name__ == "__main__":
    theme.demo(_sample)
