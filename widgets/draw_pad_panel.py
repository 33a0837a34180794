"""The sheet to draw on, what the network gets of it, what it answers, and how a drawing comes into the data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QLocale, QPointF, QRectF, QSignalBlocker, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QFont, QImage, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QColorDialog,
    QComboBox,
    QGridLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QSlider,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from engine.catalog.datasets.handwriting import DIGITS, PLAIN, made_like
from widgets import icons, theme
from widgets.controls import ElidedLabel, EmptyState
from widgets.draw_pad import DrawPad
from widgets.image_bars import ClassBars
from widgets.image_pixels import fitted, paint, picture

_AT_MOST_MS = 30
"""Between two looks of the network at a stroke that is being drawn."""
_THINNEST, _THICKEST = 2, 30
"""Hundredths of the side of the sheet."""
_BRUSH, _BRUSH_OF_DIGITS = 9, 15
"""So wide that lines are as wide as those of the data."""
_TALL = 1.0
"""Height over width from which the sheet stands above the rest."""
_SMALLEST, _REST = 96, 480
"""Side of the sheet at least, and what the parts beside it need."""
_INPUT = 56
_MIDDLE, _COLUMN = 88, 140
_BARS = 360


class DrawPanel(QWidget):
    """Values in by setters, which emit nothing."""

    image_changed = Signal(object)
    """What the network gets, (channels, height, width) uint8, or None for an empty sheet."""
    add_requested = Signal(object, int)
    """Such an image and the number of the class to which it belongs."""
    remove_requested = Signal()
    """All that was added shall go."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("draw")
        self.setAccessibleName(self.tr("Draw"))
        self._way, self._shape = PLAIN, (1, 28, 28)
        self._image: NDArray[np.uint8] | None = None
        self._added_last: NDArray[np.uint8] | None = None
        self._names: tuple[str, ...] = ()
        self._tall = False
        self._later = QTimer(self, singleShot=True, interval=_AT_MOST_MS)
        self._later.timeout.connect(self._look)
        self.pad = DrawPad("draw.pad")
        self.pad.drawn.connect(self._on_drawn)
        self.pad.stroke_ended.connect(self._look)
        self._make_tools()
        self._make_answer()
        self._make_adding()
        self.empty = EmptyState("")
        self._stack = QStackedWidget()
        self._stack.addWidget(self.empty)
        self._stack.addWidget(self._make_page())
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSizeConstraint(QVBoxLayout.SizeConstraint.SetNoConstraint)
        column.addWidget(self._stack)
        self._show_state()

    # --- parts -----------------------------------------------------------------------------------------------------

    def _make_tools(self) -> None:
        self.pencil = _tool("draw.pencil", "pencil", self.tr("Draw"), checkable=True)
        self.eraser = _tool("draw.eraser", "eraser", self.tr("Erase"), checkable=True)
        self.undo = _tool("draw.undo", "undo", self.tr("Take the last stroke back"))
        self.clear_button = _tool("draw.clear", "trash", self.tr("Take a new sheet"))
        self.pencil.setChecked(True)
        self.pencil.clicked.connect(lambda: self._take(False))
        self.eraser.clicked.connect(lambda: self._take(True))
        self.undo.clicked.connect(self.pad.undo_stroke)
        self.clear_button.clicked.connect(self.pad.clear)
        self.brush = QSlider(Qt.Orientation.Horizontal)
        self.brush.setObjectName("draw.brush")
        self.brush.setAccessibleName(self.tr("Width of the brush"))
        self.brush.setToolTip(self.tr("Width of the brush"))
        self.brush.setRange(_THINNEST, _THICKEST)
        self.brush.setFixedWidth(64)
        self.brush.valueChanged.connect(lambda value: self.pad.set_brush(value / 100))
        self.brush.setValue(_BRUSH)
        self.color = QPushButton(self.tr("Colour"))
        self.color.setObjectName("draw.color")
        self.color.setAccessibleName(self.tr("Colour of the brush"))
        self.color.clicked.connect(self._choose_color)
        self._tools = QWidget()
        grid = QGridLayout(self._tools)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(theme.UNIT)
        for number, button in enumerate((self.pencil, self.eraser, self.undo, self.clear_button)):
            grid.addWidget(button, number // 2, number % 2)
        grid.addWidget(self.brush, 2, 0, 1, 2)
        grid.addWidget(self.color, 3, 0, 1, 2)
        grid.setRowStretch(4, 1)

    def _make_answer(self) -> None:
        self.received = _Received("draw.received")
        self.caption = QLabel()
        self.caption.setProperty("class", "muted")
        self.caption.setWordWrap(True)
        self.answer = ElidedLabel()
        self.answer.setObjectName("draw.answer")
        self.answer.setFont(theme.font(theme.LARGE, QFont.Weight.DemiBold))
        self.bars = ClassBars("draw.bars")
        self.bars.setMaximumWidth(_BARS)

    def _make_adding(self) -> None:
        self.label = QComboBox()
        self.label.setObjectName("draw.label")
        self.label.setAccessibleName(self.tr("Class of the drawing"))
        self.add = QPushButton(self.tr("Add to the data"))
        self.add.setObjectName("draw.add")
        self.add.setAccessibleName(self.tr("Add the drawing to the data"))
        self.add.clicked.connect(self._on_add)
        self.count = ElidedLabel()
        self.count.setObjectName("draw.count")
        self.count.setProperty("class", "muted")
        self.remove = QPushButton(self.tr("Remove them"))
        self.remove.setObjectName("draw.remove")
        self.remove.setAccessibleName(self.tr("Remove the drawings from the data"))
        self.remove.clicked.connect(self.remove_requested)

    def _make_page(self) -> QWidget:
        middle, adding = QVBoxLayout(), QVBoxLayout()
        for column in (middle, adding):
            column.setSpacing(theme.UNIT)
        middle.addWidget(self.received)
        middle.addWidget(self.caption)
        middle.addSpacing(theme.UNIT)
        middle.addWidget(self.answer)
        middle.addStretch(1)
        it_is = QLabel(self.tr("It is"))
        it_is.setProperty("class", "muted")
        it_is.setBuddy(self.label)
        shown: tuple[QWidget, ...] = (it_is, self.label, self.add, self.count, self.remove)
        for widget in shown:
            adding.addWidget(widget)
        adding.addStretch(1)
        self._aside = [QWidget(), QWidget()]
        for part, layout, width in zip(self._aside, (middle, adding), (_MIDDLE, _COLUMN), strict=True):
            layout.setContentsMargins(0, 0, 0, 0)
            part.setLayout(layout)
            part.setFixedWidth(width)
        self._rest = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._rest.setSpacing(theme.MARGIN)
        self._rest.addWidget(self._tools)
        self._rest.addWidget(self._aside[0])
        self._rest.addWidget(self.bars, 1)
        self._rest.addWidget(self._aside[1])
        page = QWidget()
        self._parts = QBoxLayout(QBoxLayout.Direction.LeftToRight, page)
        self._parts.setContentsMargins(0, 0, 0, 0)
        self._parts.setSpacing(theme.MARGIN)
        self._parts.addWidget(self.pad, 0, Qt.AlignmentFlag.AlignTop)
        self._parts.addLayout(self._rest, 1)
        return page

    # --- values in -------------------------------------------------------------------------------------------------

    def set_data(self, way: str, shape: tuple[int, int, int], names: Sequence[str]) -> None:
        """How the images of the data were made, their (channels, height, width), and what their classes are called."""
        self._stack.setCurrentIndex(1)
        if (way, shape) != (self._way, self._shape):
            self._way, self._shape = way, shape
            with QSignalBlocker(self.brush):
                self.brush.setValue(_BRUSH_OF_DIGITS if way == DIGITS else _BRUSH)
            self.pad.set_brush(self.brush.value() / 100)
            if shape[0] != 3:
                self.pad.set_color((255, 255, 255))
            self._image = self._made()
            self.received.set_image(self._image)
            self._added_last = None
        if tuple(names) != self._names:
            self._names = tuple(names)
            held = self.label.currentText()
            with QSignalBlocker(self.label):
                self.label.clear()
                self.label.addItems(list(names))
                self.label.setCurrentIndex(max(0, self.label.findText(held)))
            self.bars.set_class_names(names)
        self._show_state()

    def show_nothing(self, text: str) -> None:
        """Say why nothing can be drawn."""
        self.empty.set_text(text)
        self._stack.setCurrentIndex(0)

    def set_answer(self, answer: Mapping[str, NDArray[Any]]) -> None:
        """Show what the probe Answers said of the drawing."""
        if self._image is None:
            return
        scores, number = answer["scores"], int(answer["answer"][0])
        low, high = answer["range"].tolist()
        self.bars.set_scores(scores, (low, high), bool(answer["shares"][0]), number, None)
        name = self._names[number] if number < len(self._names) else str(number)
        self.answer.setText(name)
        self.answer.setToolTip(self.tr("The network takes it for {name}").format(name=name))

    def set_added(self, count: int) -> None:
        """How many drawings are in the data."""
        self.count.setText(self.tr("%n added to the data", "", count) if count else "")
        self.remove.setVisible(bool(count))
        if not count:
            self._added_last = None
        self._show_state()

    # --- what is drawn ---------------------------------------------------------------------------------------------

    def image(self) -> NDArray[np.uint8] | None:
        """What the network gets, (channels, height, width) uint8; None for an empty sheet."""
        return self._image

    def _made(self) -> NDArray[np.uint8] | None:
        if self.pad.is_empty():
            return None
        return made_like(self.pad.raster(self._shape[0]), self._way, self._shape)

    def _on_drawn(self) -> None:
        if not self._later.isActive():
            self._later.start()

    def _look(self) -> None:
        """Show the network what is drawn now, if that is something else."""
        self._later.stop()
        image = self._made()
        same = image is None if self._image is None else image is not None and np.array_equal(image, self._image)
        self._image = image
        self._show_state()
        if not same:
            self.received.set_image(image)
            self.image_changed.emit(image)

    def _show_state(self) -> None:
        drawn, locale = self._image is not None, QLocale()
        self.undo.setEnabled(self.pad.can_undo())
        self.clear_button.setEnabled(not self.pad.is_empty())
        new = self._image is not None and (
            self._added_last is None or not np.array_equal(self._image, self._added_last)
        )
        self.add.setEnabled(new)
        self.add.setToolTip("" if new else self.tr("Draw something first"))
        self.color.setVisible(self._shape[0] == 3)
        size = self.tr("what it gets:\n{width} × {height}").format(
            width=locale.toString(self._shape[2]), height=locale.toString(self._shape[1])
        )
        self.caption.setText(size)
        if not drawn:
            self.answer.setText("")
            self.bars.set_scores(np.zeros(len(self._names), np.float32), (0.0, 1.0), True, -1, None)

    # --- what the user does ----------------------------------------------------------------------------------------

    def _take(self, eraser: bool) -> None:
        self.pencil.setChecked(not eraser)
        self.eraser.setChecked(eraser)
        self.pad.set_erasing(eraser)

    def _choose_color(self) -> None:
        chosen = QColorDialog.getColor(QColor(255, 255, 255), self, self.tr("Colour of the brush"))
        if chosen.isValid():
            self.pad.set_color((chosen.red(), chosen.green(), chosen.blue()))
            self._take(False)

    def _on_add(self) -> None:
        if self._image is not None:
            self._added_last = self._image
            self._show_state()
            self.add_requested.emit(self._image, self.label.currentIndex())

    # --- events ----------------------------------------------------------------------------------------------------

    def minimumSizeHint(self) -> QSize:
        """As low as the smallest sheet."""
        return QSize(300, 110)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put the sheet beside the rest or above it, as large as there is room."""
        super().resizeEvent(event)
        width, height = self.contentsRect().width(), self.contentsRect().height()
        tall = height > _TALL * width
        direction = QBoxLayout.Direction
        if tall != self._tall:
            self._tall = tall
            self._parts.setDirection(direction.TopToBottom if tall else direction.LeftToRight)
            for layout in (self._rest, self._parts):
                layout.removeWidget(self.bars)
            if tall:
                self._parts.addWidget(self.bars, 1)
            else:
                self._rest.insertWidget(2, self.bars, 1)
            self._rest.setStretch(self._rest.count() - 1, 0)
            self._parts.setStretch(1, 0 if tall else 1)
        side = min(height * 9 // 20, width) if tall else min(height, max(_SMALLEST, width - _REST))
        self.pad.setFixedSize(width if tall else side, side)


class _Received(QWidget):
    """What the network gets, in whole multiples of its pixels."""

    def __init__(self, object_name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(object_name)
        self.setAccessibleName(self.tr("What the network gets"))
        self.setToolTip(self.tr("What the network gets: the drawing, made like the images of the data"))
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._picture: QImage | None = None

    def set_image(self, image: NDArray[np.uint8] | None) -> None:
        """Show another one, or none."""
        self._picture = None if image is None else picture(image)
        self.update()

    def sizeHint(self) -> QSize:
        """A small square."""
        return QSize(_INPUT + 2, _INPUT + 2)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        area = QRectF(QPointF(1, 1), QSize(_INPUT, _INPUT))
        painter.fillRect(area, QColor(0, 0, 0))
        if self._picture is not None:
            paint(painter, self._picture, fitted(self._picture, area))
        painter.setPen(QColor(theme.current().line))
        painter.drawRect(QRectF(0.5, 0.5, _INPUT + 1, _INPUT + 1))

    def changeEvent(self, event: QEvent) -> None:
        """Paint in the colours of another theme."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange):
            self.update()


def _tool(object_name: str, icon: str, text: str, *, checkable: bool = False) -> QToolButton:
    button = QToolButton()
    button.setObjectName(object_name)
    button.setAccessibleName(text)
    button.setToolTip(text)
    button.setCheckable(checkable)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    icons.assign(button, icon, "text")
    return button


def _sample() -> QWidget:
    from widgets.draw_pad import Stroke

    panel = DrawPanel()
    panel.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, theme.MARGIN)
    panel.set_data("mnist", (1, 28, 28), [str(number) for number in range(10)])
    seven = ((0.3, 0.2), (0.7, 0.22), (0.55, 0.5), (0.45, 0.85))
    panel.pad._put((Stroke(tuple((x, y, 0.09) for x, y in seven)),))
    scores = np.array([0.01, 0.03, 0.02, 0.01, 0.0, 0.0, 0.0, 0.9, 0.01, 0.02], np.float32)
    panel.set_answer(
        {"scores": scores, "answer": np.array([7]), "range": np.array([0.0, 1.0]), "shares": np.array([True])}
    )
    panel.set_added(2)
    panel.resize(784, 170)
    return panel


if __name__ == "__main__":
    theme.demo(_sample)
