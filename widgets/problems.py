"""What is wrong or could be better, one sentence each, with a button for every edit that would mend it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from engine.plan.plan import Problem
from widgets import icons, theme
from widgets.controls import FlowLayout
from widgets.form_texts import say


class ProblemList(QWidget):
    """A framed sentence for each problem. Its height is nothing while there is none."""

    remedy_chosen = Signal(object, int)
    """The problem and the index of the remedy whose button was pressed."""

    def __init__(self, object_name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(object_name)
        self.setAccessibleName(self.tr("Problems"))
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self._problems: tuple[Problem, ...] = ()
        self._frames: list[QFrame] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(theme.SPACING)
        self.hide()

    def set_problems(self, problems: Sequence[Problem]) -> None:
        """Show these problems; the frames stay, with their focus, while the sentences are the same."""
        same = tuple(problems) == self._problems
        self._problems = tuple(problems)
        if same:
            return
        for frame in self._frames:
            self._column.removeWidget(frame)
            frame.hide()
            frame.setParent(None)
            frame.deleteLater()
        self._frames = [self._frame(number, problem) for number, problem in enumerate(self._problems)]
        for frame in self._frames:
            self._column.addWidget(frame)
        self.setVisible(bool(self._frames))

    def sentences(self) -> list[str]:
        """What is said, from top to bottom."""
        return [say(problem.sentence) for problem in self._problems]

    def button(self, problem: int, remedy: int) -> QPushButton:
        """The button of a remedy. Raises IndexError."""
        return self._frames[problem].findChildren(QPushButton)[remedy]

    def _frame(self, number: int, problem: Problem) -> QFrame:
        frame = QFrame()
        frame.setProperty("class", "panel")
        frame.setObjectName(f"{self.objectName()}.{number}")
        column = QVBoxLayout(frame)
        column.setContentsMargins(theme.SPACING, theme.SPACING, theme.SPACING, theme.SPACING)
        column.setSpacing(theme.SPACING)
        sentence = QLabel(say(problem.sentence))
        sentence.setTextFormat(Qt.TextFormat.PlainText)
        sentence.setWordWrap(True)
        sentence.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        row = QHBoxLayout()
        row.setSpacing(theme.SPACING)
        row.addWidget(icons.label(problem.severity, problem.severity), 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(sentence, 1)
        column.addLayout(row)
        buttons = FlowLayout(spacing=theme.UNIT)
        for index, remedy in enumerate(problem.remedies):
            text = theme.translate_catalog(remedy.label.template).format(**remedy.label.values)
            button = QPushButton(text)
            button.setObjectName(f"{self.objectName()}.{number}.remedy_{index}")
            button.setAccessibleName(text)
            button.clicked.connect(lambda _checked, index=index: self._choose(number, index))
            buttons.addWidget(button)
        if problem.remedies:
            column.addLayout(buttons)
        return frame

    def _choose(self, number: int, index: int) -> None:
        self.remedy_chosen.emit(self._problems[number], index)


def _sample() -> QWidget:
    from engine.catalog.registry import entries
    from engine.document.graph import Data, Document, Network
    from engine.plan.resolve import resolve

    layers = entries("layers")
    document = Document((Network(),), Data(entries("datasets")["spiral"]()))
    document = document.add(layers["Input"]()).append(layers["Dense"](units=5)).add(layers["Add"](), 0.0, 200.0)
    fine = document.append(layers["Dense"](units=1)).remove(["add_1"]).set_training(batch_size=1000)
    widget = ProblemList("sample.problems")
    widget.set_problems([*resolve(document).problems, *resolve(fine).warnings])
    widget.setMinimumWidth(304)
    return widget


if __name__ == "__main__":
    theme.demo(_sample)
