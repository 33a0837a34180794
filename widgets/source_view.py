"""Source code and tables of text to read, with the colours of the theme; nothing can be typed."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QSyntaxHighlighter, QTextCharFormat
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from widgets import theme

LANGUAGES = {".py": "python", ".h": "c", ".json": "json"}
"""What is coloured, by the suffix of a file, and what Pygments calls it."""


class SourceView(QPlainTextEdit):
    """A text in a font whose letters are equally wide; lines are not broken."""

    def __init__(self, object_name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(object_name)
        self.setAccessibleName(self.tr("Preview"))
        self.setReadOnly(True)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.setTabChangesFocus(True)
        font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        font.setPixelSize(theme.SMALL + 1)
        font.setStyleHint(QFont.StyleHint.Monospace)
        self.setFont(font)
        self._colours = _Colours(self)

    def set_source(self, text: str, suffix: str = "") -> None:
        """Show a text; the suffix of its file says how it is coloured. The place stays if the text does."""
        if text != self.toPlainText() or suffix != self._colours.suffix:
            self._colours.prepare(text, suffix)
            self.setPlainText(text)

    def changeEvent(self, event: QEvent) -> None:
        """Take the colours of another theme."""
        if event.type() == QEvent.Type.PaletteChange:
            self._colours.rehighlight()
        super().changeEvent(event)


class _Colours(QSyntaxHighlighter):
    """Colours a text as Pygments reads it: whole, once, since a word may depend on lines far above."""

    def __init__(self, view: QPlainTextEdit) -> None:
        super().__init__(view.document())
        self.suffix = ""
        self._spans: list[list[tuple[int, int, str]]] = []

    def prepare(self, text: str, suffix: str) -> None:
        """Read a text that is about to be shown."""
        self.suffix, self._spans = suffix, []
        if suffix not in LANGUAGES:
            return
        from pygments.lexers import get_lexer_by_name
        from pygments.token import Token

        roles = (
            (Token.Comment, "muted"),
            (Token.Literal.String, "success"),
            (Token.Literal.Number, "warning"),
            (Token.Keyword, "accent"),
            (Token.Name.Decorator, "accent"),
            (Token.Name.Builtin.Pseudo, "accent"),
        )
        lines: list[list[tuple[int, int, str]]] = [[]]
        column = 0
        for kind, words in get_lexer_by_name(LANGUAGES[suffix], stripnl=False, ensurenl=False).get_tokens(text):
            role = next((name for token, name in roles if kind in token), "")
            for number, part in enumerate(words.split("\n")):
                if number:
                    lines.append([])
                    column = 0
                if role and part:
                    lines[-1].append((column, len(part), role))
                column += len(part)
        self._spans = lines

    def highlightBlock(self, text: str) -> None:
        line = self.currentBlock().blockNumber()
        if line >= len(self._spans):
            return
        for start, length, role in self._spans[line]:
            drawn = QTextCharFormat()
            drawn.setForeground(QColor(getattr(theme.current(), role)))
            self.setFormat(start, length, drawn)


_SAMPLE = '''"""A network."""

import numpy as np


def predict(x):  # (samples, 2)
    return np.tanh(x @ weights.T + 0.5)
'''


def _sample() -> QWidget:
    view = SourceView("sample.source")
    view.set_source(_SAMPLE, ".py")
    view.resize(480, 240)
    return view


if __name__ == "__main__":
    theme.demo(_sample)
