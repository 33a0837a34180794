"""The panel One filter, many samples: the chosen filter on every class, and on what excites it most."""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter

import numpy as np
from PySide6.QtCore import QLocale
from PySide6.QtWidgets import QWidget

from engine.plan.plan import Plan
from engine.probes.filter_samples import FilterMaps, FilterSearch
from engine.probes.probe import Arrays, Probe
from playground.menus import QT_TRANSLATE_NOOP
from playground.view import View
from widgets.canvas.layout import layer_title
from widgets.controls_numbers import format_number

_BEST = 9
_SOONEST = 2.0
"""Seconds between the ends of two searches while the network trains."""
_CHEAP, _DEAR = 0.006, 0.015
"""Seconds of the training process that a part of a search should take."""
_FEWEST, _MOST = 8, 500
"""Samples of a part."""


class OneFilterView(View):
    """Asks for the chosen filter's maps, and searches the test samples in parts for those that excite it most."""

    dock = "dock.one_filter"
    title = QT_TRANSLATE_NOOP("View", "One filter")
    order = 3
    seconds = 0.25
    with_pictures = True

    def make(self) -> QWidget:
        """The panel's widget."""
        from widgets.one_filter import OneFilterPanel

        self._best: tuple[int, ...] = ()
        self._filter: tuple[str, int] = ("", 0)
        self._begin()
        self._count = 32
        self._ended = -_SOONEST
        self._key: object = None
        self.panel = OneFilterPanel()
        self.panel.samples.sample_chosen.connect(self.window.focus.choose_sample)
        self.panel.unit_stepped.connect(self._step_unit)
        return self.panel

    def _begin(self) -> None:
        """Search from the start."""
        self._strengths: list[np.ndarray] = []
        self._first, self._offset = 0, 0
        self._searching = True

    def probes(self, plan: Plan) -> Sequence[Probe]:
        """The maps, and the next part of the search."""
        if not self.panel.shows_content():
            return ()
        node, unit = self._filter
        found: list[Probe] = [FilterMaps(node, unit, self._best)]
        running = self.window.session.running
        if not self._searching and running and perf_counter() - self._ended >= _SOONEST:
            self._begin()
        if self._searching:
            found.append(FilterSearch(node, unit, self._first, self._count))
        return found

    def show_answer(self, probe: Probe, answer: Arrays) -> None:
        """Show the maps; go on with the search."""
        if isinstance(probe, FilterMaps) and (probe.node, probe.unit) == self._filter:
            self.panel.samples.set_answer(answer)
            if answer:
                scale = format_number(float(answer["scale"][0]), 2)
                self.panel.set_range(f"± {scale}" if answer["signed"][0] else f"0 … {scale}")
        elif isinstance(probe, FilterSearch) and (probe.node, probe.unit) == self._filter and self._searching:
            self._take(probe, answer)

    def _take(self, probe: FilterSearch, answer: Arrays) -> None:
        if not answer or probe.first != self._first:
            return
        if not self._strengths:
            self._offset = int(answer["first"][0])
        self._strengths.append(answer["strongest"])
        self._first += len(answer["strongest"])
        end = int(answer["end"][0])
        if self._first < end and len(answer["strongest"]):
            if not self._best:
                share = QLocale().toString(100 * self._first // end)
                text = self.tr("Looking for what excites it most: {share} %")
                self.panel.samples.set_searched(text.format(share=share))
            return
        strengths = np.concatenate(self._strengths)
        best = np.argsort(-np.nan_to_num(strengths, nan=-np.inf), kind="stable")[:_BEST]
        self._best = tuple((best + self._offset).tolist())
        self.panel.samples.set_searched(
            self.tr("Of {count} samples, these excite it most").format(count=QLocale().toString(len(strengths)))
        )
        self._searching, self._ended = False, perf_counter()

    def answered(self, cost: float, seen: int) -> None:
        """Larger parts where they are cheap, smaller ones where they are dear."""
        super().answered(cost, seen)
        if cost > _DEAR:
            self._count = max(_FEWEST, self._count // 2)
        elif cost < _CHEAP:
            self._count = min(_MOST, 2 * self._count)

    def follow(self, plan: Plan) -> None:
        """Show the chosen filter; without one, the first of the first convolution."""
        focus = self.window.focus
        node, unit = focus.node, focus.unit
        if not plan.ready or not _has_units(plan, node):
            node, unit = next((name for name in plan.order if len(plan.nodes[name].parameters) and plan.ready), ""), 0
        if not plan.ready or not plan.document.data.dataset.pictures or not node:
            self.panel.set_reason(self._reason(plan))
            return
        shape = plan.nodes[node].output_shape
        assert shape is not None
        unit = min(unit, shape[0] - 1)
        locale = QLocale()
        text = self.tr("filter {number} of {count}") if len(shape) > 1 else self.tr("unit {number} of {count}")
        shown = text.format(number=locale.toString(unit + 1), count=locale.toString(shape[0]))
        self.panel.set_filter(layer_title(plan.nodes[node].layer), shown, unit == 0, unit + 1 == shape[0])
        self.panel.samples.set_names(plan.document.data.dataset.class_names)
        self.panel.samples.set_chosen(-1 if focus.image else focus.sample)
        wanted = (node, unit)
        key = (wanted, plan.document.data)
        if key != self._key:
            self._key = key
            self._filter, self._best = wanted, ()
            self.panel.samples.set_answer({})
            self.panel.samples.set_searched("")
            self._begin()

    def _reason(self, plan: Plan) -> str:
        if not plan.document.data.dataset.pictures:
            return self.tr("Choose data that are images, and see here what excites a filter.")
        if not plan.ready:
            return self.tr("What a filter answers to many samples is shown here once the network can be trained.")
        return self.tr("No layer of this network has filters; add a Conv2d to see what excites one.")

    def _step_unit(self, step: int) -> None:
        node, unit = self._filter
        self.window.focus.choose_unit(node, unit + step)


def _has_units(plan: Plan, node: str) -> bool:
    found = plan.nodes.get(node)
    return found is not None and found.output_shape is not None
