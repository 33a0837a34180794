"""Images to learn from: what the Data panel shows of them, and what it does while they are not there."""

from __future__ import annotations

from functools import cached_property, partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

from engine.catalog.datasets.folder import ImageFolder
from engine.catalog.datasets.images import ImageDataset
from engine.catalog.datasets.published import PublishedImages
from engine.catalog.registry import entries
from engine.document.errors import PlaygroundError
from engine.plan.plan import Plan
from playground.errand import Errand
from playground.image_download import ImageDownload
from playground.image_samples import Few, few_of, plain, spread
from widgets.form_texts import say
from widgets.image_box import Standing
from widgets.thumbnails import MOSAIC

if TYPE_CHECKING:
    from playground.image_answer import AnswerView
    from playground.window import MainWindow

PREVIEWED = 10
"""Samples that the Data panel shows."""
_KEPT = 16
"""Data sets, or settings of one, whose images are kept."""
_LATER_MS = 200
"""After the first picture of the window, before those of data sets that nobody chose are read."""


class ImageData(QObject):
    """Shows one window what image data are like, without keeping or waiting for them."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._controller = window.controller
        self._errand = Errand("images", self)
        self._download = ImageDownload(self)
        self._download.changed.connect(self._show_standing)
        self._download.arrived.connect(self._on_arrived)
        window.data.image_box.chosen.connect(self._on_chosen)
        self._known: dict[ImageDataset, Few] = {}
        self._waiting: list[ImageDataset] = []
        self._shown: tuple[object, ...] = ()
        self._later = QTimer(self, singleShot=True, interval=_LATER_MS)
        self._later.timeout.connect(self._read_all)
        window.painted.connect(self._later.start)
        window.files.left.connect(self.stop)
        self._controller.changed.connect(self._follow)
        self._follow(None, self._controller.plan)

    def stop(self) -> None:
        """The window closes: wait for nothing."""
        self._later.stop()
        self._waiting.clear()
        self._errand.drop()
        self._download.stop()

    # --- a few images of each set ----------------------------------------------------------------------------------

    def _read_all(self) -> None:
        """Read what pictures of the data sets need, one after another."""
        known = entries("datasets")
        for name in self._window.data.thumbnails.image_sets():
            dataset = plain(known[name]())
            if all(other.name != name for other in (*self._known, *self._waiting)):
                self._waiting.append(dataset)
        self._read_next()

    def _read(self, dataset: ImageDataset) -> None:
        """Read a few images of a data set, before all others that wait."""
        self._waiting = [dataset, *(other for other in self._waiting if other.name != dataset.name)]
        self._read_next()

    def _read_next(self) -> None:
        if not self._waiting or self._errand.busy:
            return
        dataset = self._waiting.pop(0)
        self._errand.begin(partial(few_of, dataset), partial(self._on_read, dataset))

    def _on_read(self, dataset: ImageDataset, answer: Few | PlaygroundError) -> None:
        found = answer if isinstance(answer, Few) else Few(None, answer.sentence)
        self._known.pop(dataset, None)
        self._known[dataset] = found
        for oldest in list(self._known)[:-_KEPT]:
            del self._known[oldest]
        if dataset.name in self._window.data.thumbnails.image_sets():
            values = (
                None if found.images is None else spread(found.images, range(len(dataset.all_class_names)), MOSAIC)[0]
            )
            self._window.data.thumbnails.set_images(dataset.name, values)
        self._show_samples(self._controller.plan)
        self._show_standing()
        self._read_next()

    # --- the present data ------------------------------------------------------------------------------------------

    def _follow(self, _: Plan | None, plan: Plan) -> None:
        dataset = plan.document.data.dataset
        if isinstance(dataset, ImageDataset):
            known = self._known.get(plain(dataset))
            if known is None or known.trouble != plan.seen.trouble:
                self._read(plain(dataset))
        self._show_samples(plan)
        self._show_standing()
        if dataset.pictures or "answers" in vars(self):
            self.answers.show_in_output(dataset.pictures)

    @cached_property
    def answers(self) -> AnswerView:
        """What Output shows of images; made when there are some."""
        from playground.image_answer import AnswerView

        return AnswerView(self._window)

    def _show_samples(self, plan: Plan) -> None:
        """Show some samples of the classes that are learnt."""
        dataset, preview = plan.document.data.dataset, self._window.data.preview
        if not isinstance(dataset, ImageDataset):
            return
        known = self._known.get(plain(dataset))
        shown = plain(dataset), dataset.only_classes, known, plan.seen.trouble
        if shown == self._shown:
            return
        before, self._shown = self._shown, shown
        if known is None or known.images is None or plan.seen.trouble is not None:
            changed_by_hand = known is None and before and isinstance(before[0], type(dataset))
            if not changed_by_hand:  # else the new samples will be there in a moment
                preview.set_samples(None)
            return
        names = dataset.all_class_names
        chosen = [names.index(name) for name in dataset.class_names]
        values, labels = spread(known.images, chosen, PREVIEWED)
        preview.set_samples(values, [names[label] for label in labels.tolist()])

    def _show_standing(self) -> None:
        """Say what is wrong with the data, and what can be done."""
        plan, box = self._controller.plan, self._window.data.image_box
        dataset, trouble = plan.document.data.dataset, plan.seen.trouble
        if not isinstance(dataset, ImageDataset) or trouble is None or isinstance(dataset, ImageFolder):
            box.set_standing(None)  # a folder is spoken of where tables are
            return
        known = self._known.get(plain(dataset))
        if known is None or known.trouble != trouble:
            box.set_standing(Standing(say(trouble)))  # it is being looked at
        elif isinstance(dataset, PublishedImages) and known.absent:
            box.set_standing(self._download.standing(dataset, known.had))
        else:
            box.set_standing(Standing(say(trouble), "error"))

    def _on_chosen(self, key: str) -> None:
        dataset = self._controller.document.data.dataset
        if key == "cancel":
            self._download.cancel()
        elif isinstance(dataset, PublishedImages):
            self._download.begin(dataset)

    def _on_arrived(self, name: str) -> None:
        """The files of a data set are there: its picture can be drawn, and it can be learnt from."""
        dataset = self._controller.document.data.dataset
        if dataset.name == name:
            self._controller.looks.again()
        self._window.message("info", self.tr("{data} is there").format(data=entries("datasets")[name].label))
        self._read(plain(entries("datasets")[name]()))
