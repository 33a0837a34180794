"""A picture of an entry as a widget: painted once, kept, made only while it can be seen; with its notes below."""

from __future__ import annotations

from functools import lru_cache
from html import escape

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPixmap, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from engine.catalog.registry import Entry
from widgets import theme
from widgets.pictures import Context, Drawing, draw, has_picture
from widgets.pictures.paint import legend, pixmap
from widgets.typeset import typeset

WIDTH, HEIGHT = 220, 110
"""Of a picture beside a field, in device-independent pixels; it may be wider."""
THUMBNAIL = QSize(56, 28)


def thumbnail(entry: Entry, ratio: float, size: QSize = THUMBNAIL) -> QPixmap:
    """A tiny picture of an entry without words, on a transparent ground."""
    return _thumbnail(entry, ratio, size.width(), size.height(), theme.current().name)


@lru_cache(maxsize=512)
def _thumbnail(entry: Entry, ratio: float, width: int, height: int, _theme: str) -> QPixmap:
    return pixmap(draw(entry), width, height, ratio, axes=False)


def notes_of(drawing: Drawing, formula: str = "") -> str:
    """What stands below a picture, as rich text: a formula, the same with its numbers, a legend, the notes."""
    formulas = dict.fromkeys(part for part in (formula, drawing.filled) if part)
    return "<br>".join([*map(typeset, formulas), *filter(None, [legend(drawing)]), *map(escape, drawing.notes)])


class Picture(QWidget):
    """One drawing, as large as there is room."""

    def __init__(self, object_name: str, height: int = HEIGHT, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(object_name)
        self.setMinimumSize(120, height)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._drawing: Drawing | None = None
        self._painted: QPixmap | None = None
        self._height = height

    def sizeHint(self) -> QSize:
        """The size beside a field."""
        return QSize(WIDTH, self._height)

    def drawing(self) -> Drawing | None:
        """What is shown."""
        return self._drawing

    def set_drawing(self, drawing: Drawing | None) -> None:
        """Show something else."""
        if drawing is not self._drawing:
            self._drawing, self._painted = drawing, None
            self.update()

    def changeEvent(self, event: QEvent) -> None:
        """Paint again in the colours of another theme."""
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange):
            self._painted = None
            self.update()
        super().changeEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        ratio = self.devicePixelRatioF()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ground = QColor(theme.current().background)
        ground.setAlphaF(0.6)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ground)
        painter.drawRoundedRect(QRectF(self.rect()), theme.UNIT, theme.UNIT)
        if self._drawing is None or self._drawing.empty:
            return
        wanted = QSize(round(self.width() * ratio), round(self.height() * ratio))
        if self._painted is None or self._painted.size() != wanted:
            self._painted = pixmap(self._drawing, self.width(), self.height(), ratio)
        painter.drawPixmap(0, 0, self._painted)


class PicturePane(QWidget):
    """The picture of an entry with formula, notes and a button for the comparison; drawn only while it is shown."""

    compare_requested = Signal()

    def __init__(
        self,
        object_name: str,
        *,
        compares: bool = True,
        formula: bool = True,
        height: int = HEIGHT,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName(object_name)
        self._entry: Entry | None = None
        self._context = Context()
        self._stale = False
        self._formula = formula
        self.picture = Picture(f"{object_name}.picture", height)
        self.notes = QLabel()
        self.notes.setObjectName(f"{object_name}.notes")
        self.notes.setProperty("class", "muted")
        self.notes.setWordWrap(True)
        self.notes.setTextFormat(Qt.TextFormat.RichText)
        self.notes.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.UNIT)
        column.addWidget(self.picture)
        row = QHBoxLayout()
        column.addLayout(row)
        row.setSpacing(theme.SPACING)
        row.addWidget(self.notes, 1, Qt.AlignmentFlag.AlignTop)
        self.button = QPushButton(self.tr("Compare…"))
        self.button.setObjectName(f"{object_name}.compare")
        self.button.setAccessibleName(self.tr("Compare with others"))
        self.button.setToolTip(self.tr("Shows several of them large, side by side, with their settings"))
        self.button.setProperty("class", "chip")
        self.button.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.button.clicked.connect(self.compare_requested)
        row.addWidget(self.button, 0, Qt.AlignmentFlag.AlignTop)
        self.button.setVisible(compares)

    def entry(self) -> Entry | None:
        """What is shown."""
        return self._entry

    def set_entry(self, entry: Entry | None, context: Context) -> None:
        """Show an entry, when it can be seen."""
        if (entry, context) == (self._entry, self._context):
            return
        self._entry, self._context, self._stale = entry, context, True
        if self.isVisible():
            self._refresh()

    def showEvent(self, event: QShowEvent) -> None:
        """Draw what was put off."""
        super().showEvent(event)
        self._refresh()

    def changeEvent(self, event: QEvent) -> None:
        """The legend has the colours of the theme."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._show_notes()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Notes of a narrower pane take more lines."""
        super().resizeEvent(event)
        self._fit_notes()

    def _fit_notes(self) -> None:
        """Give the notes the height that their lines need, so that nothing squeezes them over the picture."""
        beside = 0 if self.button.isHidden() else self.button.sizeHint().width() + theme.SPACING
        width = self.width() - beside
        height = max(0, self.notes.heightForWidth(width)) if self.notes.text() else 0
        if height != self.notes.maximumHeight():
            self.notes.setFixedHeight(height)
            self.updateGeometry()

    def _refresh(self) -> None:
        if not self._stale:
            return
        self._stale = False
        entry = self._entry
        shown = draw(entry, self._context) if entry is not None and has_picture(entry.kind) else None
        self.picture.set_drawing(shown)
        self.picture.setAccessibleName(" ".join(shown.notes) if shown is not None else "")
        self._show_notes()

    def _show_notes(self) -> None:
        shown = self.picture.drawing()
        entry = self._entry if self._formula else None
        formula = theme.translate_catalog(entry.formula) if entry is not None else ""
        self.notes.setText(notes_of(shown, formula) if shown is not None else "")
        self._fit_notes()
