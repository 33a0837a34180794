"""What is wrong with a card, said below it in one sentence, with a button for each remedy."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from engine.plan.plan import Problem
from widgets import theme
from widgets.canvas.style import Style, sentence_text

_WIDTH = 216.0
_INSET = 10.0
_BUTTON = 24.0
_GAP = 6.0
_WRAP = int(Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)


class ProblemBox(QGraphicsItem):
    """The problems of one card; its origin is the middle of its upper edge."""

    def __init__(self, problems: Sequence[Problem], style: Style) -> None:
        super().__init__()
        self.problems = tuple(problems)
        self.buttons: list[tuple[QRectF, Problem, int]] = []
        """Rectangle, problem and number of each remedy."""
        self.hovered: int | None = None
        self.focused: int | None = None
        self.pressed: int | None = None
        self._sentences: list[tuple[QRectF, str]] = []
        self._style = style
        self._frame = QRectF()
        self.setZValue(6)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)
        self.restyle(style)

    def set_problems(self, problems: Sequence[Problem]) -> None:
        """Take over problems of another plan."""
        self.problems = tuple(problems)
        self.restyle(self._style)

    def restyle(self, style: Style) -> None:
        """Wear another theme, or speak another language: texts are laid out again."""
        self.prepareGeometryChange()
        self._style = style
        self.buttons, self._sentences = [], []
        left, y = -_WIDTH / 2 + _INSET, _INSET
        text_left = left + theme.ICON + _GAP
        for problem in self.problems:
            text = sentence_text(problem.sentence)
            room = QRectF(0, 0, _WIDTH / 2 - _INSET - text_left, 400)
            height = style.small_metrics.boundingRect(room, _WRAP, text).height()
            self._sentences.append((QRectF(text_left, y, room.width(), max(height, theme.ICON)), text))
            y += max(height, theme.ICON) + _GAP + 2
            for index in range(len(problem.remedies)):
                self.buttons.append((QRectF(left, y, _WIDTH - 2 * _INSET, _BUTTON), problem, index))
                y += _BUTTON + _GAP
            y += _GAP
        self._frame = QRectF(-_WIDTH / 2, 0, _WIDTH, y - 2 * _GAP + _INSET)
        self.update()

    @property
    def frame(self) -> QRectF:
        """Its rectangle around its own origin."""
        return self._frame

    def area(self, place: QPointF | None = None) -> QRectF:
        """Its rectangle in the scene, where it is or at another place."""
        corner, size = self._frame.topLeft() * self.scale(), self._frame.size() * self.scale()
        return QRectF(corner, size).translated(self.pos() if place is None else place)

    def button_at(self, point: QPointF) -> int | None:
        """The number of the button at a point of its own coordinates."""
        return next((k for k, (rect, _, _) in enumerate(self.buttons) if rect.contains(point)), None)

    def label(self, button: int) -> str:
        """The words of a button."""
        _, problem, index = self.buttons[button]
        return sentence_text(problem.remedies[index].label)

    def text(self) -> str:
        """Every sentence, for those who listen."""
        return " ".join(text for _, text in self._sentences)

    def set_state(self, hovered: int | None, focused: int | None, pressed: int | None) -> None:
        """Which button the pointer is over, has the keyboard, and is held down."""
        if (hovered, focused, pressed) != (self.hovered, self.focused, self.pressed):
            self.hovered, self.focused, self.pressed = hovered, focused, pressed
            self.update()

    def boundingRect(self) -> QRectF:
        return self._frame.adjusted(-2, -2, 2, 2)

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        style = self._style
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(style.error_thin_pen)
        painter.setBrush(style.surface)
        painter.drawRoundedRect(self._frame, theme.RADIUS, theme.RADIUS)
        painter.setFont(style.small_font)
        icon = style.icon("error", "error", painter.device().devicePixelRatioF())
        for rect, text in self._sentences:
            place = QRectF(rect.left() - theme.ICON - _GAP, rect.top() - 1, theme.ICON, theme.ICON)
            painter.drawPixmap(place, icon, QRectF(icon.rect()))
            painter.setPen(style.text)
            painter.drawText(rect, _WRAP, text)
        for number, (rect, _, _) in enumerate(self.buttons):
            self._paint_button(painter, number, rect)

    def _paint_button(self, painter: QPainter, number: int, rect: QRectF) -> None:
        style = self._style
        focused = number == self.focused
        painter.setPen(style.accent_pen if focused or number == self.hovered else style.line_pen)
        painter.setBrush(style.line if number == self.pressed else style.raised)
        painter.drawRoundedRect(rect, theme.RADIUS - 1, theme.RADIUS - 1)
        painter.setPen(style.text)
        inner = rect.adjusted(6, 0, -6, 0)
        text = style.small_metrics.elidedText(self.label(number), Qt.TextElideMode.ElideMiddle, inner.width())
        painter.drawText(inner, Qt.AlignmentFlag.AlignCenter, text)
