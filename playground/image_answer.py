"""Output, where the samples are images: the chosen one, and how strongly the network answers each class."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QLocale
from PySide6.QtWidgets import QStackedWidget, QWidget

from engine.plan.plan import Plan
from engine.probes.answers import LOOKED, Answers, NextWrong
from engine.probes.probe import Arrays, Probe
from playground.view import View
from widgets.image_answer import ImageAnswer

if TYPE_CHECKING:
    from playground.window import MainWindow


class AnswerView(View):
    """Stands in the panel Output in place of the map, while the data are images of classes."""

    dock = "dock.output"
    title = "Output"
    seconds = 0.1

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._search: NextWrong | None = None
        self._left = 0
        """Samples that a search has not looked at yet."""
        self._stack = QStackedWidget()
        self.widget = ImageAnswer()
        self.widget.sample_chosen.connect(window.focus.choose_sample)
        self.widget.wrong_wanted.connect(self._begin_search)
        panel = window.panels[self.dock]
        panel.set_body(self._stack)
        self._stack.addWidget(window.output)
        self._stack.addWidget(self.widget)
        self.body = self.widget
        window.focus.changed.connect(self._on_focus)
        window.views.live.add_view(self)

    def make(self) -> QWidget:
        return self.widget

    def show_in_output(self, shown: bool) -> None:
        """Take the place of the map, or give it back."""
        current = self.widget if shown else self.window.output
        if self._stack.currentWidget() is not current:
            self._stack.setCurrentWidget(current)
            self.window.panels[self.dock].set_note("")
        if shown:
            self.follow(self.window.controller.plan)
        self.window.views.live.refresh()

    # --- what it asks for ------------------------------------------------------------------------------------------

    def probes(self, plan: Plan) -> tuple[Probe, ...]:
        focus = self.window.focus
        asked: list[Probe] = [Answers(sample=focus.sample, image=focus.image)]
        return (*asked, self._search) if self._search is not None else tuple(asked)

    def show_answer(self, probe: Probe, answer: Arrays) -> None:
        focus = self.window.focus
        if probe == Answers(sample=focus.sample, image=focus.image):
            self.widget.set_answer(answer)
        elif isinstance(probe, NextWrong) and probe == self._search:
            self._go_on(probe, answer)

    def follow(self, plan: Plan) -> None:
        if self._stack.currentWidget() is not self.widget:
            return
        data = plan.document.data
        self.widget.set_class_names(data.dataset.class_names)
        self.widget.set_samples(data.dataset.train_count(data.train_share), data.dataset.sample_count)
        self._show_sample()
        if not plan.ready:
            self._end_search()
            self.widget.set_answer({})

    def _on_focus(self) -> None:
        if self._stack.currentWidget() is self.widget:
            self._end_search()
            self._show_sample()
            self.window.views.live.refresh()

    def _show_sample(self) -> None:
        self.widget.set_sample(self.window.focus.sample)
        number, count = (QLocale().toString(value) for value in self.widget.number_of())
        if self.window.focus.image:
            note = self.tr("drawn")
        elif self.widget.part.choice() == "test":
            note = self.tr("test sample {number} of {count}").format(number=number, count=count)
        else:
            note = self.tr("training sample {number} of {count}").format(number=number, count=count)
        self.window.panels[self.dock].set_note(note)

    # --- the next wrong answer -------------------------------------------------------------------------------------

    def _begin_search(self, backwards: bool) -> None:
        if not self.window.controller.plan.ready:
            return
        first, end = self.widget.ends()
        self._left = end - first
        self._search = NextWrong(self.window.focus.sample, first, end, backwards)
        self.widget.set_searching(True)
        self.window.views.live.refresh()

    def _go_on(self, search: NextWrong, answer: Arrays) -> None:
        found = int(answer["found"][0])
        if found >= 0 and found != self.window.focus.sample:
            self.window.focus.choose_sample(found)
            return
        self._left -= LOOKED
        if self._left > 0 and found < 0:
            self._search = NextWrong(int(answer["reached"][0]), search.first, search.end, search.backwards)
            self.window.views.live.refresh()
            return
        self._end_search()
        text = self.tr("No other of these samples is answered wrongly now")
        self.window.status.showMessage(text, 6000)

    def _end_search(self) -> None:
        if self._search is not None:
            self._search = None
            self.widget.set_searching(False)
