"""Curves of a run: loss, metric and learning rate over epochs, with the values under the pointer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QLocale, Qt
from PySide6.QtGui import QColor, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QToolButton, QVBoxLayout, QWidget

from widgets import curves_data, icons, theme
from widgets.controls import EmptyState, Segmented, format_number
from widgets.controls_numbers import FocusedSlider
from widgets.curves_legend import Legend
from widgets.plot import Plot

_SMOOTHING_STEPS = 20
"""Positions of the smoothing slider: weight 0, 0.05, … 0.95, then 0.98."""
_STRONGEST = 0.98
_FOOT = 0.08
"""Share of the height left free under the lowest value, for the name of the lower curve."""
_SIDE = 0.02
"""Share of the width left free on either side."""
_NEAR = 6
"""Pixels within which the pointer is on a mark."""

_SHOWN = {"loss": ("train_loss", "test_loss"), "metric": ("train_metric", "test_metric"), "rate": ("rate",)}


class CurvesView(QWidget):
    """Three plots in one: loss, metric, rate. The pointer reads values off; the wheel and drags change nothing."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("curves")
        self.setAccessibleName(self.tr("Curves"))
        self._curves: dict[str, NDArray[np.float64]] = {}
        self._marks: list[tuple[float, str]] = []
        self._metric_name = ""
        self._log = {"loss": True, "metric": False, "rate": True}
        self._stale = True
        self._ranges: tuple[float, float, float, float] | None = None
        self._hovered: float | None = None

        self.choice = Segmented(
            [("loss", self.tr("Loss")), ("metric", self.tr("Metric")), ("rate", self.tr("Rate"))], "curves.choice"
        )
        self.choice.chosen.connect(self._chosen)
        self.log_button = QToolButton()
        self.log_button.setObjectName("curves.logarithmic")
        self.log_button.setAccessibleName(self.tr("Logarithmic axis"))
        self.log_button.setToolTip(self.tr("Logarithmic axis"))
        self.log_button.setCheckable(True)
        self.log_button.setChecked(True)
        self.log_button.setProperty("class", "flat")
        self.log_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        icons.assign(self.log_button, "logarithm")
        self.log_button.clicked.connect(self._log_clicked)
        self.smoothing = FocusedSlider(Qt.Orientation.Horizontal)
        self.smoothing.setObjectName("curves.smoothing")
        self.smoothing.setAccessibleName(self.tr("Smoothing"))
        self.smoothing.setRange(0, _SMOOTHING_STEPS)
        self.smoothing.setMaximumWidth(120)
        self.smoothing.valueChanged.connect(self._smoothing_moved)
        self.legend = Legend()

        head = QHBoxLayout()
        head.setSpacing(theme.SPACING)
        head.addWidget(self.choice)
        head.addWidget(self.log_button)
        head.addStretch(1)
        head.addWidget(icons.label("smoothing"))
        head.addWidget(self.smoothing, 2)
        self._empty = EmptyState(self.tr("Press play to see the loss fall."))
        self._stack = QStackedWidget()
        self._stack.addWidget(self._empty)
        self.plot = self._make_plot()
        self._stack.addWidget(self.plot)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.UNIT)
        column.addLayout(head)
        column.addWidget(self.legend)
        column.addWidget(self._stack, 1)
        self._dress()
        self._smoothing_tip()
        self._refresh()

    def set_curves(self, curves: Mapping[str, NDArray[np.float64]]) -> None:
        """Show curves: "epoch", "train_loss", "test_loss", "train_metric", "test_metric", "rate".

        Equal-length 1-D arrays in order of epoch, at most some 2,000 points; NaN where nothing was measured.
        """
        self._curves = {name: np.asarray(values, dtype=np.float64) for name, values in curves.items()}
        self._refresh()

    def set_metric_name(self, name: str) -> None:
        """Name the metric; without a name there is none to choose."""
        self._metric_name = name
        button = self.choice.button("metric")
        button.setEnabled(bool(name))
        button.setToolTip(name or self.tr("This task has no metric besides its loss"))
        if not name and self.choice.choice() == "metric":
            self.choice.set_choice("loss")
            self._show_log()
        self._refresh()

    def set_marks(self, marks: Sequence[tuple[float, str]]) -> None:
        """Mark epochs at which something was edited, each with a short text."""
        wanted = [(float(epoch), text) for epoch, text in marks]
        if wanted != self._marks:
            self._marks = wanted
            self._refresh()

    def clear(self) -> None:
        """Forget curves and marks."""
        self._curves, self._marks, self._hovered = {}, [], None
        self._refresh()

    def weight(self) -> float:
        """Weight of the past in the smoothed curve, 0 for none."""
        return min(self.smoothing.value() / _SMOOTHING_STEPS, _STRONGEST)

    def ranges(self) -> tuple[float, float, float, float] | None:
        """Lowest and highest epoch and value on the axes, decimal logarithms on a logarithmic one; None when empty."""
        return self._ranges

    def showEvent(self, event: QShowEvent) -> None:
        """Draw what came while hidden."""
        super().showEvent(event)
        if self._stale:
            self._refresh()

    def changeEvent(self, event: QEvent) -> None:
        """Follow the theme."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_stack"):
            self._dress()
            self._refresh()

    def _make_plot(self) -> Plot:
        plot = Plot("curves.plot")
        plot.setAccessibleName(self.tr("Plot"))
        plot.hovered.connect(self._point_at)
        plot.left.connect(self._point_nowhere)
        self._raw = [pg.PlotCurveItem(antialias=False) for _ in range(2)]
        self._lines = [pg.PlotCurveItem(antialias=True) for _ in range(2)]
        self._mark_lines = pg.PlotCurveItem(connect="pairs", antialias=False)
        self._cursor = pg.InfiniteLine(angle=90, movable=False)
        self._cursor.hide()
        self._end_labels = [pg.TextItem(), pg.TextItem()]
        for item in (self._mark_lines, *self._raw, *self._lines, self._cursor, *self._end_labels):
            plot.add(item)
        return plot

    def _point_at(self, epoch: float, _value: float) -> None:
        self._hovered = epoch
        self._show_readout()

    def _point_nowhere(self) -> None:
        self._hovered = None
        self._show_readout()

    def _dress(self) -> None:
        """Take the colours of the curves from the theme."""
        colors = theme.current()
        test = QColor(colors.negative) if colors.is_dark else QColor(colors.negative).darker(130)
        self._pens = (QColor(colors.accent), test)
        for line, raw, color in zip(self._lines, self._raw, self._pens, strict=True):
            faint = QColor(color)
            faint.setAlphaF(0.3)
            line.setPen(pg.mkPen(color, width=1))  # wider pens cost Qt four times as much
            raw.setPen(pg.mkPen(faint, width=1))
        self._mark_lines.setPen(pg.mkPen(colors.muted, width=1, style=Qt.PenStyle.DotLine))
        self._cursor.setPen(pg.mkPen(colors.muted, width=1))
        ground = QColor(colors.surface)
        ground.setAlphaF(0.8)
        for label, color in zip(self._end_labels, self._pens, strict=True):
            label.setColor(color)
            label.fill = pg.mkBrush(ground)
            label.setFont(theme.font(theme.SMALL))

    def _refresh(self) -> None:
        """Draw everything again, or remember to while hidden."""
        self._stale = not self.isVisible()
        if self._stale:
            return
        epochs = self._curves.get("epoch", np.empty(0))
        series = [(name, self._curves[name]) for name in _SHOWN[self.choice.choice()] if name in self._curves]
        known = [np.isfinite(values) & (values > curves_data.TINY if self._is_log() else True) for _, values in series]
        if epochs.size < 2 or not any(mask.any() for mask in known):  # one point is no curve
            self._ranges = None
            self._stack.setCurrentIndex(0)
            self._show_readout()
            return
        drawn = [self._scaled(np.where(mask, values, np.nan)) for (_, values), mask in zip(series, known, strict=True)]
        self._set_ranges(epochs, drawn)
        self._stack.setCurrentIndex(1)
        columns = max(64, int(self.plot.box.width()))
        weight = self.weight()
        ends = []
        for k, (line, raw) in enumerate(zip(self._lines, self._raw, strict=True)):
            if k >= len(drawn):
                line.setData([], [])
                raw.setData([], [])
                continue
            line.setData(*curves_data.thin(epochs, curves_data.smooth(drawn[k], weight), columns))
            raw.setData(*(curves_data.thin(epochs, drawn[k], columns) if weight else ([], [])))
            last = np.flatnonzero(np.isfinite(drawn[k]))
            if last.size:
                ends.append((k, float(epochs[last[-1]]), float(curves_data.smooth(drawn[k], weight)[last[-1]])))
        self._place_end_labels(ends)
        self._draw_marks()
        self._show_readout()

    def _scaled(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.log10(values) if self._is_log() else values

    def _set_ranges(self, epochs: NDArray[np.float64], drawn: list[NDArray[np.float64]]) -> None:
        """Give the axes the smallest nice range that holds the curves; touch them only when it changes."""
        low = min(float(np.nanmin(values)) for values in drawn if np.isfinite(values).any())
        high = max(float(np.nanmax(values)) for values in drawn if np.isfinite(values).any())
        right = curves_data.nice_ceiling(float(epochs[-1]))
        if self._is_log():
            bottom, top = curves_data.log_range(10.0**low, 10.0**high)
        else:
            floor = min(0.0, low) if self.choice.choice() != "metric" else low
            bottom, top = curves_data.linear_range(floor, high)
        if (0.0, right, bottom, top) == self._ranges:
            return
        self._ranges = (0.0, right, bottom, top)
        self.plot.set_ranges((-_SIDE * right, (1 + _SIDE) * right), (bottom - _FOOT * (top - bottom), top))
        ticks = curves_data.log_ticks(bottom, top) if self._is_log() else curves_data.linear_ticks(bottom, top)
        self.plot.set_ticks("left", ticks)
        self.plot.set_ticks("bottom", curves_data.linear_ticks(0.0, right))

    def _place_end_labels(self, ends: list[tuple[int, float, float]]) -> None:
        """Write train and test at the ends of their curves, the higher one above, the lower one below."""
        names = (self.tr("train"), self.tr("test"))
        two = len(ends) == 2 and self.plot.box.height() > 5 * self._end_labels[0].boundingRect().height()
        highest = max((end[2] for end in ends), default=0.0)
        above_taken = False
        for label in self._end_labels:
            label.setVisible(False)
        for k, x, y in ends if two else ():
            above = y == highest and not above_taken
            above_taken |= above
            label = self._end_labels[k]
            label.setText(names[k])
            label.setAnchor((1.0, 1.0) if above else (1.0, 0.0))
            label.setPos(x, max(y, self._lowest_label()) if not above else y)
            label.setVisible(True)

    def _lowest_label(self) -> float:
        """Value at which a label that hangs under it still stands on the axis."""
        assert self._ranges is not None
        _, _, bottom, top = self._ranges
        height = self._end_labels[0].boundingRect().height()
        span = (top - bottom) * (1 + _FOOT)
        return top - span * (1 - height / max(height, self.plot.box.height()))

    def _draw_marks(self) -> None:
        if self._ranges is None:
            return
        _, right, bottom, top = self._ranges
        places = [epoch for epoch, _ in self._marks if 0.0 <= epoch <= right]
        self._mark_lines.setData(np.repeat(places, 2), np.tile([bottom, top], len(places)))

    def _show_readout(self) -> None:
        """Say the values under the pointer, or the last ones."""
        epochs = self._curves.get("epoch", np.empty(0))
        if self._ranges is None or epochs.size == 0:
            self._cursor.hide()
            self.legend.set_entries([], "")
            return
        index = epochs.size - 1
        if self._hovered is not None:
            index = int(np.abs(epochs - self._hovered).argmin())
            self._cursor.setPos(float(epochs[index]))
        self._cursor.setVisible(self._hovered is not None)
        names = {"rate": (self.tr("rate"),)}.get(self.choice.choice(), (self.tr("train"), self.tr("test")))
        entries = []
        for key, name, color in zip(_SHOWN[self.choice.choice()], names, self._pens, strict=False):
            values = self._curves[key][: index + 1] if key in self._curves else np.empty(0)
            known = np.flatnonzero(~np.isnan(values))  # within an epoch that takes long, some are measured only
            if known.size and known[-1] < index:
                at = self._epoch_text(float(epochs[known[-1]]))
                name = self.tr("{name} ({epoch})").format(name=name, epoch=at)
            entries.append((name, format_number(float(values[known[-1]]) if known.size else None), color))
        self.legend.set_entries(entries, self._place_text(float(epochs[index])))

    def _epoch_text(self, epoch: float) -> str:
        number = QLocale().toString(epoch, "f", 0 if epoch == round(epoch) else 2)
        return self.tr("epoch {number}").format(number=number)

    def _place_text(self, epoch: float) -> str:
        """The epoch the values belong to, and the mark under the pointer."""
        text = self._epoch_text(epoch)
        if self._hovered is not None and self._marks and self._ranges is not None:
            per_pixel = self._ranges[1] / max(1.0, self.plot.box.width())
            nearest = min(self._marks, key=lambda mark: abs(mark[0] - (self._hovered or 0.0)))
            if abs(nearest[0] - self._hovered) <= _NEAR * per_pixel:
                text = f"{nearest[1]} · {text}"
        return text

    def _is_log(self) -> bool:
        return self._log[self.choice.choice()]

    def _show_log(self) -> None:
        self.log_button.setChecked(self._is_log())

    def _chosen(self, _key: str) -> None:
        self._show_log()
        self._refresh()

    def _log_clicked(self, checked: bool) -> None:
        self._log[self.choice.choice()] = checked
        self._refresh()

    def _smoothing_moved(self) -> None:
        self._smoothing_tip()
        self._refresh()

    def _smoothing_tip(self) -> None:
        text = self.tr("Smoothing {weight}").format(weight=format_number(self.weight(), 2))
        self.smoothing.setToolTip(text)
        self.smoothing.setAccessibleDescription(text)


def _sample() -> QWidget:
    rng = np.random.default_rng(0)
    epoch = np.arange(1, 1501, dtype=np.float64)
    fall = 1.1 / (1 + (epoch / 200) ** 3) + 0.005
    view = CurvesView()
    view.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, theme.MARGIN)
    view.set_curves(
        {
            "epoch": epoch,
            "train_loss": fall * np.exp(0.15 * rng.standard_normal(1500)),
            "test_loss": fall + 0.006 + 0.002 * rng.random(1500),
            "train_metric": 1 - fall / 2,
            "test_metric": 0.98 - fall / 2,
            "rate": 0.03 * 0.999**epoch,
        }
    )
    view.set_metric_name("accuracy")
    view.set_marks([(600.0, "learning rate 0.01")])
    view.smoothing.setValue(14)
    view.resize(320, 260)
    return view


if __name__ == "__main__":
    theme.demo(_sample)
