"""What the network answers to one image: the image large, its class, how strongly each class is answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLocale, QRectF, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QPainter, QPaintEvent, QPen, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from engine.catalog.registry import Range
from widgets import icons, theme
from widgets.controls import EmptyState, FlowLayout, NumberField, Segmented, format_number
from widgets.image_bars import ClassBars
from widgets.image_pixels import fitted, paint, picture

_NOTCH = 120
"""What one notch of a wheel turns."""
_NUMBER = 80
_LEAST = 96
"""Side of the smallest picture."""
_WIDE = 250
"""Width from which the picture stands beside the bars."""


class ImageAnswer(QWidget):
    """One sample at a time. Values in by `set_…`, which emit nothing; what the user wants comes out as signals."""

    sample_chosen = Signal(int)
    """Place among all samples, those to learn from first."""
    wrong_wanted = Signal(bool)
    """The next sample that is answered wrongly is wanted; True: the one before."""

    def __init__(self, object_name: str = "answer", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(object_name)
        self.setAccessibleName(self.tr("Answer to the chosen sample"))
        self._names: tuple[str, ...] = ()
        self._learnt = self._count = self._sample = 0
        self._answer: Mapping[str, NDArray[Any]] = {}
        self._make_head(object_name)
        self.picture = SamplePicture(f"{object_name}.picture")
        self.picture.stepped.connect(self._step)
        self.bars = ClassBars(f"{object_name}.bars")
        self._make_foot(object_name)
        self.empty = EmptyState(self.tr("What the network answers is shown here once it can be trained."))
        page = QWidget()
        self._middle = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._middle.setSpacing(theme.MARGIN)
        self._middle.addWidget(self.picture, 1)
        self._middle.addWidget(self.bars, 1)
        body = QVBoxLayout(page)
        body.setContentsMargins(0, 0, 0, 0)
        body.setSpacing(theme.SPACING)
        body.addLayout(self._head)
        body.addLayout(self._middle, 1)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.empty)
        self._stack.addWidget(page)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.SPACING)
        column.addWidget(self._stack, 1)
        column.addLayout(self._foot)
        self.set_samples(0, 0)

    def _make_head(self, object_name: str) -> None:
        self._signs = {name: icons.label(name, name) for name in ("success", "error")}
        self.verdict = QLabel()
        self.verdict.setObjectName(f"{object_name}.verdict")
        self.verdict.setTextFormat(Qt.TextFormat.PlainText)
        self.verdict.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._head = QHBoxLayout()
        self._head.setSpacing(theme.SPACING)
        for sign in self._signs.values():
            self._head.addWidget(sign)
        self._head.addWidget(self.verdict, 1)

    def _make_foot(self, object_name: str) -> None:
        self.part = Segmented([("train", self.tr("Train")), ("test", self.tr("Test"))], f"{object_name}.part")
        self.part.setAccessibleName(self.tr("Samples to step through"))
        self.part.chosen.connect(self._choose_part)
        self.number = NumberField(Range(1, 1), f"{object_name}.number", integer=True)
        self.number.setAccessibleName(self.tr("Number of the sample"))
        self.number.setFixedWidth(_NUMBER)
        self.number.value_committed.connect(lambda number: self._choose(self._first() + int(number) - 1))
        self.wrong = QPushButton(self.tr("Next wrong"))
        self.wrong.setObjectName(f"{object_name}.wrong")
        self.wrong.setAccessibleName(self.tr("Next wrong answer"))
        self.wrong.setToolTip(self.tr("Go to the next sample that is answered wrongly; with Shift, to the one before"))
        self.wrong.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.wrong.clicked.connect(self._want_wrong)
        self._foot = FlowLayout(spacing=theme.SPACING)
        for part in (self.part, self.number, self.wrong):
            self._foot.addWidget(part)

    # --- values in -------------------------------------------------------------------------------------------------

    def set_class_names(self, names: Sequence[str]) -> None:
        """What the classes are called, in their order."""
        if tuple(names) != self._names:
            self._names = tuple(names)
            self.bars.set_class_names(names)
            self._show_answer()

    def set_samples(self, learnt: int, count: int) -> None:
        """How many samples there are to learn from, and in all."""
        self._learnt, self._count = learnt, count
        for key, there in (("train", learnt > 0), ("test", count > learnt)):
            self.part.button(key).setEnabled(there)
        self.set_sample(min(self._sample, max(0, count - 1)))

    def set_sample(self, sample: int) -> None:
        """Which sample is shown, by its place among all; its answer follows."""
        self._sample = sample
        part = "train" if sample < self._learnt or self._count <= self._learnt else "test"
        self.part.set_choice(part)
        first, end = self._first(), self._end()
        with QSignalBlocker(self.number):
            self.number.setMaximum(max(1, end - first))
        self.number.set_value(sample - first + 1)
        text = self.tr("Number of the sample, from 1 to {count}").format(count=QLocale().toString(end - first))
        self.number.setToolTip(text)

    def set_answer(self, answer: Mapping[str, NDArray[Any]]) -> None:
        """Show what the probe Answers measured; nothing if empty."""
        self._answer = answer
        self._show_answer()

    def shown(self) -> Mapping[str, NDArray[Any]]:
        """What the probe Answers measured last."""
        return self._answer

    def set_searching(self, searching: bool) -> None:
        """Whether a wrong answer is being searched for."""
        self.wrong.setEnabled(not searching)
        self.wrong.setText(self.tr("Searching…") if searching else self.tr("Next wrong"))

    def ends(self) -> tuple[int, int]:
        """The first sample of the part that is stepped through, and the one behind its last."""
        return self._first(), self._end()

    def number_of(self) -> tuple[int, int]:
        """The number of the sample within its part, from 1, and how many there are in that."""
        return self._sample - self._first() + 1, self._end() - self._first()

    # --- what it shows ---------------------------------------------------------------------------------------------

    def _show_answer(self) -> None:
        found = self._answer
        there = bool(found) and "image" in found and len(found["scores"]) == len(self._names)
        self._stack.setCurrentIndex(1 if there else 0)
        if not there:
            return
        answer = int(found["answer"][0])
        truth = int(found["truth"][0]) if len(found["truth"]) else None
        self.picture.set_image(found["image"])
        low, high = found["range"].tolist()
        self.bars.set_scores(found["scores"], (low, high), bool(found["shares"][0]), answer, truth)
        right = truth is None or truth == answer
        self._signs["success"].setVisible(truth is not None and right)
        self._signs["error"].setVisible(not right)
        text = self._verdict(answer, truth, float(found["scores"][answer]), bool(found["shares"][0]))
        self.verdict.setText(text)
        self.picture.setAccessibleDescription(text)

    def _verdict(self, answer: int, truth: int | None, score: float, share: bool) -> str:
        how = QLocale().toString(100 * score, "f", 1) + " %" if share else format_number(score, 2).replace("-", "−")
        names = self._names
        if truth is None:
            return self.tr("drawn: answered as {answer} ({how})").format(answer=names[answer], how=how)
        if truth == answer:
            return self.tr("{truth}: answered right ({how})").format(truth=names[truth], how=how)
        text = self.tr("{truth}: answered as {answer} ({how})")
        return text.format(truth=names[truth], answer=names[answer], how=how)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put picture and bars beside or below each other, whatever leaves more room for the picture."""
        super().resizeEvent(event)
        wide = self.width() >= _WIDE and self.width() > 0.6 * self.height()
        direction = QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom
        if direction != self._middle.direction():
            self._middle.setDirection(direction)

    # --- what the user does ----------------------------------------------------------------------------------------

    def _first(self) -> int:
        return self._learnt if self.part.choice() == "test" else 0

    def _end(self) -> int:
        return self._count if self.part.choice() == "test" else min(self._learnt, self._count)

    def _choose_part(self, part: str) -> None:
        self._choose(self._learnt if part == "test" else 0)

    def _step(self, steps: int) -> None:
        self._choose(min(max(self._sample + steps, self._first()), self._end() - 1))

    def _choose(self, sample: int) -> None:
        if sample != self._sample and 0 <= sample < self._count:
            self.set_sample(sample)
            self.sample_chosen.emit(sample)

    def _want_wrong(self) -> None:
        from PySide6.QtWidgets import QApplication

        self.wrong_wanted.emit(bool(QApplication.keyboardModifiers() & Qt.KeyboardModifier.ShiftModifier))


class SamplePicture(QWidget):
    """An image as large as there is room, its pixels as squares; arrow keys and wheel step to other samples."""

    stepped = Signal(int)
    """So many samples on."""

    def __init__(self, object_name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(object_name)
        self.setAccessibleName(self.tr("The chosen sample"))
        self.setToolTip(self.tr("← and → or the wheel: other samples"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._image: QImage | None = None
        self._turned = 0

    def set_image(self, values: NDArray[np.uint8]) -> None:
        """Show an image (channels, height, width)."""
        self._image = picture(values)
        self.update()

    def sizeHint(self) -> QSize:
        """A usual size."""
        return QSize(160, 160)

    def minimumSizeHint(self) -> QSize:
        """The smallest that can be recognized."""
        return QSize(_LEAST, _LEAST)

    def place(self) -> QRectF:
        """Where the image is painted: in the middle, each pixel as many pixels of the screen as the others."""
        area = QRectF(self.rect()).adjusted(2, 2, -2, -2)
        if self._image is None:
            return area
        ratio = self.devicePixelRatioF()
        shape = fitted(self._image, area)
        factor = shape.width() * ratio / self._image.width()
        if factor >= 4:  # whole factors, so that no pixel is larger than another
            factor = int(factor)
        size = QRectF(0, 0, self._image.width() * factor / ratio, self._image.height() * factor / ratio)
        size.moveTo(round((self.width() - size.width()) / 2), round((self.height() - size.height()) / 2))
        return size

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._image is None:
            return
        painter, current, place = QPainter(self), theme.current(), self.place()
        paint(painter, self._image, place)
        painter.setPen(QPen(QColor(current.accent if self.hasFocus() else current.line), 2 if self.hasFocus() else 1))
        painter.drawRect(place.adjusted(-1, -1, 0, 0))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Step with the arrow keys, by tens with Page up and Page down."""
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_PageUp: -10, Qt.Key.Key_PageDown: 10}
        if event.key() in steps:
            self.stepped.emit(steps[Qt.Key(event.key())])
        else:
            super().keyPressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Step by one for each notch."""
        self._turned += event.angleDelta().y()
        notches = int(self._turned / _NOTCH)
        if notches:
            self._turned -= notches * _NOTCH
            self.stepped.emit(-notches)
        event.accept()


def _sample() -> QWidget:
    from engine.catalog.datasets.digits import Digits

    few = Digits().few(30)
    view = ImageAnswer()
    view.set_class_names(Digits().class_names)
    view.set_samples(10, 30)

    def show(sample: int) -> None:
        rng = np.random.default_rng(sample)
        logits = rng.normal(0, 1.2, 10) + 3 * (np.arange(10) == few.labels[sample])
        scores = np.exp(logits) / np.exp(logits).sum()
        view.set_answer(
            {
                "image": few.values[sample],
                "scores": scores.astype(np.float32),
                "range": np.array([0, 1], np.float32),
                "shares": np.array([True]),
                "answer": np.array([scores.argmax()]),
                "truth": few.labels[sample : sample + 1],
            }
        )

    view.sample_chosen.connect(show)
    view.set_sample(14)
    show(14)
    view.resize(304, 300)
    return view


if __name__ == "__main__":
    theme.demo(_sample)
