"""A gallery of samples with what they were taken for, the confusion of classes as its filter, and the chosen one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLocale, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QSplitter, QStackedWidget, QToolButton, QVBoxLayout, QWidget

from widgets import icons, theme
from widgets.controls import Chip, EmptyState, Segmented, format_number
from widgets.metrics_confusion import ConfusionMap
from widgets.samples_chosen import ChosenSample
from widgets.samples_gallery import SampleGallery
from widgets.samples_order import LEAST_SURE, MOST_SURE, NUMBER, TEST, TRAIN, WORST, SampleTable, sample_name

_RESTS = 2.0
"""Seconds for which an order rests while the network trains."""
_CHOSEN, _CHOSEN_WIDEST = 172, 400
"""What the chosen sample gets of height or width."""
_BAR = 306
"""What the controls above the gallery need."""
_TALL = 1.1
"""Height over width from which parts stand under each other."""


class SamplesPanel(QWidget):
    """Values in by setters, which emit nothing.

    While the network trains, what is said under the pictures follows it; their order changes now and then, and not
    while the pointer or the focus is on them.
    """

    sample_chosen = Signal(int)
    """The place, among all samples, of the one that the user chose."""
    wishes_changed = Signal()
    """Other pictures are in sight, or neighbours are wanted in another layer or part."""
    note_changed = Signal(str)
    """What is said of all samples of a part, or of the cell under the pointer: for the head of the panel."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("samples")
        self.setAccessibleName(self.tr("Samples"))
        self._table: SampleTable | None = None
        self._ordered_at = (-1.0, 0.0)
        self._names: tuple[str, ...] = ()
        self._sample = -1
        self._note = ""
        self._arranged = False
        self._make_controls()
        self.confusion = ConfusionMap("samples.confusion")
        self.confusion.set_choosable(True)
        self.confusion.chosen_changed.connect(self._on_filtered)
        self.confusion.pointed.connect(self._show_caption)
        self.gallery = SampleGallery("samples.gallery")
        self.gallery.chosen.connect(self._on_chosen)
        self.gallery.in_sight.connect(self.wishes_changed)
        self.detail = ChosenSample("samples.chosen")
        self.detail.chosen.connect(self._on_chosen)
        self.detail.layer_chosen.connect(lambda _: self.wishes_changed.emit())
        self.empty = EmptyState("")
        self._stack = QStackedWidget()
        self._stack.addWidget(self.empty)
        self._stack.addWidget(self._make_page())
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSizeConstraint(QVBoxLayout.SizeConstraint.SetNoConstraint)
        column.addWidget(self._stack)
        self.clear(self.tr("The samples, and what the network makes of them, are shown here once it can train."))

    def _make_controls(self) -> None:
        self.part = Segmented([(TRAIN, self.tr("Train")), (TEST, self.tr("Test"))], "samples.part")
        self.part.setAccessibleName(self.tr("Samples that are shown"))
        self.part.set_choice(TEST)
        self.part.setMinimumWidth(self.part.sizeHint().width())
        self.part.chosen.connect(self._on_part)
        self.order = QComboBox()
        self.order.setObjectName("samples.order")
        self.order.setAccessibleName(self.tr("Order of the samples"))
        for key, text in (
            (WORST, self.tr("Worst first")),
            (NUMBER, self.tr("By number")),
            (LEAST_SURE, self.tr("Least sure first")),
            (MOST_SURE, self.tr("Most sure first")),
        ):
            self.order.addItem(text, key)
        self.order.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.order.setMinimumContentsLength(8)
        self.order.activated.connect(lambda _: self._order_now())
        self.only_wrong = Chip(self.tr("wrong"), "samples.only_wrong")
        self.only_wrong.setAccessibleName(self.tr("Only wrong answers"))
        self.only_wrong.setToolTip(self.tr("Show only the samples that are answered wrongly"))
        self.only_wrong.toggled.connect(lambda _: self._order_now())
        self.again = QToolButton()
        self.again.setObjectName("samples.again")
        self.again.setAccessibleName(self.tr("Sort again"))
        self.again.setToolTip(self.tr("Sort again, by what the network answers now"))
        self.again.setProperty("class", "flat")
        self.again.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        icons.assign(self.again, "refresh", "muted")
        self.again.clicked.connect(self._order_now)

    def _make_page(self) -> QWidget:
        bar = QHBoxLayout()
        bar.setSpacing(theme.SPACING)
        for control in (self.part, self.order, self.only_wrong, self.again):
            bar.addWidget(control)
        bar.addStretch(1)
        middle = QWidget()
        column = QVBoxLayout(middle)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.UNIT)
        column.addLayout(bar)
        column.addWidget(self.gallery, 1)
        self._parts = QSplitter(Qt.Orientation.Horizontal)
        self._parts.setChildrenCollapsible(False)
        self._parts.setHandleWidth(theme.MARGIN)
        self._parts.splitterMoved.connect(self._keep_arranged)
        self._parts.addWidget(self.confusion)
        self._parts.addWidget(middle)
        self._parts.addWidget(self.detail)
        for number, share in enumerate((0, 3, 2)):
            self._parts.setStretchFactor(number, share)
        return self._parts

    # --- values in -------------------------------------------------------------------------------------------------

    def clear(self, text: str) -> None:
        """Show a sentence in place of samples."""
        self._table = None
        self.gallery.set_samples(None, np.empty(0, np.int64))
        self.gallery.forget_pictures()
        self.empty.set_text(text)
        self._stack.setCurrentIndex(0)

    def forget(self) -> None:
        """The samples are others now: pictures, filter and neighbours are of those before."""
        self.gallery.forget_pictures()
        self.confusion.set_chosen(None)
        self._table = None
        self.detail.set_picture(None)
        self.detail.set_neighbours({}, -1, 0)
        self.detail.set_history(np.empty((0, 2)))

    def set_class_names(self, names: Sequence[str]) -> None:
        """What the classes are called, in their order."""
        if tuple(names) != self._names:
            self._names = tuple(names)
            self.confusion.set_class_names(names)
            self.gallery.set_class_names(names)
            self.detail.set_class_names(names)

    def set_answers(self, answers: Mapping[str, NDArray[Any]], running: bool) -> None:
        """Show what the probe AnswersOfSamples answered; `running`: more will follow at once."""
        first, table = self._table is None, SampleTable.of(answers)
        if self._table is not None and table.same_as(self._table) and (running or self._ordered_at[0] == table.moment):
            return
        self._table = table
        self._stack.setCurrentIndex(1)
        if first and self.part.choice() == TEST and not len(self._table.rows(TEST)):
            self.part.set_choice(TRAIN)
        self.part.button(TEST).setEnabled(bool(len(self._table.rows(TEST))))
        held = self.gallery.underMouse() or self.gallery.hasFocus() or perf_counter() - self._ordered_at[1] < _RESTS
        if first or not running or not held:
            self._order_now()
        else:
            self.gallery.set_samples(self._table, self._rows)
        self.confusion.set_counts(self._table.confusion(self.part.choice(), len(self._names)))
        self._show_caption()
        self._show_words()

    def set_neighbours(self, answer: Mapping[str, NDArray[Any]]) -> None:
        """Show what the probe Neighbours answered about the chosen sample."""
        table = self._table
        row = table.row(self._sample) if table is not None else None
        own = -1 if table is None or row is None else int(table.truth[row])
        self.detail.set_neighbours(answer, own, 0 if table is None else table.size)

    def set_pictures(self, samples: NDArray[np.int64], images: NDArray[np.uint8]) -> None:
        """Take pictures of samples at these places."""
        if len(images):
            self.gallery.set_image_shape(*images.shape[-2:])
        self.gallery.set_pictures(samples.tolist(), images)
        for sample, image in zip(samples.tolist(), images, strict=True):
            if sample == self._sample:
                self.detail.set_picture(image)

    def set_chosen(self, sample: int) -> None:
        """Show which sample is chosen everywhere."""
        if sample != self._sample:
            self._sample = sample
            self.detail.set_picture(None)
            self.detail.set_neighbours({}, -1, 0)
            self.detail.set_history(np.empty((0, 2)))
        self.gallery.set_chosen(sample)
        self._show_words()

    def set_filter(self, part: str, cell: tuple[int, int] | None) -> None:
        """Show the samples of a cell of the confusion of one part, or all."""
        self.part.set_choice(part)
        self.confusion.set_chosen(cell)
        self._order_now()

    # --- what it shows ---------------------------------------------------------------------------------------------

    def wanted_pictures(self) -> tuple[int, ...]:
        """The places of the samples in sight whose pictures are not known."""
        return self.gallery.wanted()

    def wants_own_picture(self) -> bool:
        """Whether the picture of the chosen sample is not known."""
        return not self.detail.picture.is_known()

    def _order_now(self) -> None:
        table = self._table
        if table is None:
            return
        part, key = self.part.choice(), str(self.order.currentData())
        self._rows = table.ordered(part, key, self.confusion.chosen(), self.only_wrong.isChecked())
        self._ordered_at = table.moment, perf_counter()
        self.gallery.set_empty_text(
            self.tr("There are no samples to test on.")
            if not len(table.rows(part))
            else self.tr("No sample was answered like that.")
        )
        self.gallery.set_samples(table, self._rows)
        self._show_caption()

    def _show_caption(self) -> None:
        """How many are right and since when; or what the cell under the pointer says."""
        table = self._table
        text = self.confusion.cell_text()
        if not text and table is not None:
            rows = table.rows(self.part.choice())
            right = int(np.count_nonzero(table.answer[rows] == table.truth[rows]))
            locale = QLocale()
            text = self.tr("{right} of {count} right · as of epoch {epoch}").format(
                right=locale.toString(right), count=locale.toString(len(rows)), epoch=epoch_text(table.moment)
            )
        self._say(text)
        self.again.setEnabled(table is not None and self._ordered_at[0] != table.moment)

    def note(self) -> str:
        """What is said of all samples of a part, or of the cell under the pointer."""
        return self._note

    def _say(self, text: str) -> None:
        if text != self._note:
            self._note = text
            self.note_changed.emit(text)

    def _show_words(self) -> None:
        table, locale = self._table, QLocale()
        row = table.row(self._sample) if table is not None else None
        if table is None or row is None:
            self.detail.set_words("" if table is None else sample_name(self._sample, table.size), "", "", False)
            return
        answer, truth = int(table.answer[row]), int(table.truth[row])
        sure = float(table.confidence[row])
        confidence = (
            self.tr("{share} %").format(share=locale.toString(100 * sure, "f", 1))
            if table.shares and np.isfinite(sure)
            else format_number(sure)
        )
        said = self.tr("{answer} · {confidence}")
        true = self.tr("✗ it is {truth}") if answer != truth else self.tr("✓ it is {truth}")
        self.detail.set_words(
            sample_name(self._sample, table.size),
            said.format(answer=self._name(answer), confidence=confidence),
            true.format(truth=self._name(truth)),
            answer != truth,
        )

    def _name(self, number: int) -> str:
        return self._names[number] if 0 <= number < len(self._names) else str(number)

    # --- what the user does ----------------------------------------------------------------------------------------

    def _on_chosen(self, sample: int) -> None:
        self.set_chosen(sample)
        self.sample_chosen.emit(sample)

    def _on_filtered(self) -> None:
        self._order_now()

    def _on_part(self) -> None:
        self.confusion.set_chosen(None)
        if self._table is not None:
            self.confusion.set_counts(self._table.confusion(self.part.choice(), len(self._names)))
        self._order_now()
        self.wishes_changed.emit()

    # --- events ----------------------------------------------------------------------------------------------------

    def minimumSizeHint(self) -> QSize:
        """As low as a row of tiles under the controls."""
        return QSize(280, 120)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put the parts beside or under each other, as there is room."""
        super().resizeEvent(event)
        width, height = self.width(), self.height()
        tall = height > _TALL * width
        wanted = Qt.Orientation.Vertical if tall else Qt.Orientation.Horizontal
        if self._parts.orientation() != wanted:
            self._parts.setOrientation(wanted)
            self._arranged = False
        if not self._arranged:
            if tall:
                sizes = min(width, height // 3), 0, min(max(height // 3, _CHOSEN), _CHOSEN_WIDEST)
            else:
                aside = min(height, width // 4, max(120, width - _BAR - _CHOSEN - 2 * theme.MARGIN))
                room = width - aside - _BAR - 2 * theme.MARGIN
                sizes = aside, 0, min(max(_CHOSEN, min(room, width * 3 // 8)), _CHOSEN_WIDEST)
            rest = (height if tall else width) - sizes[0] - sizes[2]
            with QSignalBlocker(self._parts):
                self._parts.setSizes([sizes[0], max(1, rest), sizes[2]])

    def _keep_arranged(self) -> None:
        """The user has moved a border: leave it there until the parts are turned."""
        self._arranged = True


def epoch_text(moment: float) -> str:
    """A moment of a run in epochs, as it is read: 3, or 3.4 within one."""
    return QLocale().toString(moment, "f", 0 if float(moment).is_integer() else 1)


def _sample() -> QWidget:
    random, count = np.random.default_rng(1), 400
    truth = random.integers(0, 10, count)
    answer = np.where(random.random(count) < 0.85, truth, random.integers(0, 10, count))
    panel = SamplesPanel()
    panel.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, theme.MARGIN)
    panel.set_class_names([str(number) for number in range(10)])
    panel.set_answers(
        {
            "answer": answer,
            "truth": truth,
            "confidence": random.uniform(0.4, 1, count).astype(np.float32),
            "loss": random.exponential(1, count).astype(np.float32),
            "learnt": np.array([100, 1000]),
            "shares": np.array([True]),
            "moment": np.array([3.0]),
            "now": np.array([True]),
        },
        False,
    )
    panel.set_pictures(np.arange(1000, 1300), random.integers(0, 255, (300, 1, 8, 8), np.uint8))
    panel.set_chosen(1004)
    panel.resize(960, 180)
    return panel


if __name__ == "__main__":
    theme.demo(_sample)
