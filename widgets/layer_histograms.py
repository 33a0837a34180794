"""Weights, gradients or outputs of every layer as histograms with their history, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QLocale, QObject, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from widgets import icons, theme
from widgets.controls import ElidedLabel, EmptyState
from widgets.layer_histograms_chart import LayerChart
from widgets.layer_histograms_history import LayerHistory, Row, rows_of
from widgets.layer_histograms_words import trouble


class LayerHistograms(QWidget):
    """Shows what the probe LayerHistograms measured: of "weights", "gradients" or "activations".

    Values in by `set_…`, which emit nothing. It keeps what it was shown, thinned, until a run begins anew.
    """

    card_chosen = Signal(str)
    """The card whose tile was clicked."""

    def __init__(self, quantity: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(quantity)
        names = {
            "weights": self.tr("Weights"),
            "gradients": self.tr("Gradients"),
            "activations": self.tr("Activations"),
        }
        self.setAccessibleName(names[quantity])
        self._quantity = quantity
        self._nodes: tuple[str, ...] = ()
        self._layers: dict[str, LayerHistory] = {}
        self._is_another = False
        self.mark = QLabel()
        self.mark.setFixedSize(theme.ICON, theme.ICON)
        self.sentence = ElidedLabel()
        self.sentence.setObjectName(f"{quantity}.sentence")
        self.steps = QLabel()
        self.steps.setObjectName(f"{quantity}.steps")
        self.steps.setProperty("class", "muted")
        self.chart = LayerChart(f"{quantity}.chart")
        self.chart.chosen.connect(self.card_chosen)
        self.chart.current_changed.connect(self._scroll_to)
        self._scroll = QScrollArea()
        self._scroll.setObjectName(f"{quantity}.scroll")
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setWidget(self.chart)
        self._scroll.viewport().installEventFilter(self)
        self.empty = EmptyState("")
        self._stack = QStackedWidget()
        self._stack.addWidget(self.empty)
        self._stack.addWidget(self._make_page())
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._stack)
        self.set_reason(self.tr("What is in the layers is shown once the network can train."))

    def _make_page(self) -> QWidget:
        page = QWidget()
        head = QHBoxLayout()
        head.setSpacing(theme.SPACING)
        head.addWidget(self.mark)
        head.addWidget(self.sentence, 1)
        head.addWidget(self.steps)
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.UNIT)
        column.addLayout(head)
        column.addWidget(self._scroll, 1)
        return page

    # --- values in -------------------------------------------------------------------------------------------------

    def set_reason(self, text: str) -> None:
        """Say why there is nothing to show."""
        self.empty.set_text(text)
        self._stack.setCurrentIndex(0)

    def set_nodes(self, nodes: Sequence[str]) -> None:
        """The cards that are shown, in order; what is known of others is forgotten."""
        if tuple(nodes) != self._nodes:
            self._nodes = tuple(nodes)
            self._layers = {node: self._layers[node] for node in nodes if node in self._layers}

    def set_chosen(self, node: str) -> None:
        """The card that is chosen everywhere."""
        self.chart.set_marked(node)

    def set_values(self, values: Mapping[str, NDArray[Any]]) -> None:
        """Show what the probe LayerHistograms answered, and keep it."""
        self._begin()
        rows = rows_of(values)
        for node in self._nodes:
            if node in rows:
                self._layers.setdefault(node, LayerHistory()).add(rows[node])
            else:
                self._layers.pop(node, None)  # not finite any more, or not known yet
        shown = {node: self._layers[node] for node in self._nodes if node in self._layers}
        if not shown:
            texts = {"gradients": self.tr("There are gradients once the network has taken a step.")}
            self.set_reason(texts.get(self._quantity, self.tr("No card of this network has such numbers.")))
            return
        wrong, sentence = trouble(self._quantity, {node: history.rows[-1] for node, history in shown.items()})
        self._say(sentence)
        kept = next(iter(shown.values())).rows
        locale = QLocale()
        text = self.tr("step {newest}") if kept[0].step == kept[-1].step else self.tr("steps {oldest} to {newest}")
        self.steps.setText(text.format(oldest=locale.toString(kept[0].step), newest=locale.toString(kept[-1].step)))
        self.chart.set_layers(shown, self._lines(), wrong)
        self._stack.setCurrentIndex(1)

    def forget(self) -> None:
        """What comes next is of another run; until then, that before is shown."""
        self._is_another = True

    def set_past(self, answers: Sequence[Mapping[str, NDArray[Any]]]) -> None:
        """Put in what the probe had answered before, the oldest first; it is seen with the next values."""
        self._begin()
        past: dict[str, list[Row]] = {}
        for answer in answers:
            for node, row in rows_of(answer).items():
                past.setdefault(node, []).append(row)
        for node in self._nodes:
            if node in past:
                self._layers.setdefault(node, LayerHistory()).take_past(past[node])

    def _begin(self) -> None:
        if self._is_another:
            self._is_another = False
            self._layers.clear()

    # --- what it shows ---------------------------------------------------------------------------------------------

    def history(self, node: str) -> LayerHistory:
        """What is kept of a card. Raises KeyError for one that is not shown."""
        return self._layers[node]

    def _lines(self) -> list[tuple[str, str]]:
        if self._quantity == "weights":
            return [("norm", self.tr("norm")), ("update", self.tr("update"))]
        if self._quantity == "gradients":
            return [("norm", self.tr("norm"))]
        return [("silent", self.tr("silent")), ("saturated", self.tr("saturated"))]

    def _say(self, sentence: str) -> None:
        good = {
            "weights": self.tr("Each step changes the weights by a healthy part"),
            "gradients": self.tr("The gradients reach every layer"),
            "activations": self.tr("Most units answer, and few are stuck at a bound"),
        }[self._quantity]
        if self.sentence.text() != (sentence or good):
            self.sentence.setText(sentence or good)
            self.sentence.setProperty("class", "" if sentence else "muted")
            self.sentence.style().unpolish(self.sentence)
            self.sentence.style().polish(self.sentence)
        self.mark.setPixmap(
            icons.icon("warning" if sentence else "success", "warning" if sentence else "success").pixmap(theme.ICON)
        )

    def _scroll_to(self, number: int) -> None:
        place = self.chart.tile_rect(number)
        self._scroll.ensureVisible(place.center().x(), place.center().y(), place.width() // 2, place.height() // 2)

    # --- events ----------------------------------------------------------------------------------------------------

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Let the chart fill what can be seen."""
        if event.type() == QEvent.Type.Resize:
            self.chart.set_room(self._scroll.viewport().size())
        return super().eventFilter(watched, event)

    def changeEvent(self, event: QEvent) -> None:
        """Show the mark in the colours of another theme."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and self.sentence.text():
            wrong = self.sentence.property("class") != "muted"
            self.mark.setPixmap(
                icons.icon("warning" if wrong else "success", "warning" if wrong else "success").pixmap(theme.ICON)
            )


def _sample() -> QWidget:
    random = np.random.default_rng(1)
    view = LayerHistograms("weights")
    view.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, theme.MARGIN)
    view.set_nodes(["dense_1", "dense_2", "dense_3"])
    for step in range(0, 2000, 50):
        values: dict[str, NDArray[Any]] = {"step": np.array([step])}
        for number, node in enumerate(("dense_1", "dense_2", "dense_3")):
            counts, edges = np.histogram(random.normal(step / 4000, 0.3 + step / 4000 * number, 3000), 60)
            values[f"{node}.counts"], values[f"{node}.range"] = counts, edges[[0, -1]].astype(np.float32)
            values[f"{node}.norm"] = np.array([3 + step / 500 + random.normal(0, 0.1)])
            values[f"{node}.update"] = np.array([1e-3 * np.exp(random.normal(0, 0.3))])
        view.set_values(values)
    view.resize(800, 190)
    return view


if __name__ == "__main__":
    theme.demo(_sample)
