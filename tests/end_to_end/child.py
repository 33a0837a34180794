"""Journey one, carried out by xdotool on a real window: `python -m tests.end_to_end.child`.

The X server delivers every key and every movement, so nothing here can reach a widget that the user could not. Each
step notes what it found; one JSON line at the end holds it all, and under "error" where the journey ended early.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from typing import Any

import numpy as np
import psutil
from PySide6.QtCore import QPoint, QTimer, qInstallMessageHandler
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu, QMessageBox, QWidget

from engine.document.graph import Edge
from engine.export.weights import weights_sha256
from engine.plan.data import split
from playground.app import create_window
from playground.window import MainWindow
from tests.widgets.canvas import driving
from widgets import theme

PATIENCE = 40.0
Facts = dict[str, Any]


class Journey:
    """The window, and the hand that moves on it."""

    def __init__(self) -> None:
        self.window: MainWindow = create_window(theme="dark")
        self.window.show()
        self.canvas = self.window.canvas
        self.start_hash = ""

    # --- the hand ----------------------------------------------------------------------------------------------------

    def do(self, *words: str) -> None:
        """Let xdotool work while the window goes on."""
        with subprocess.Popen(["xdotool", *words]) as process:
            self.until(lambda: process.poll() is not None, " ".join(words))
            assert process.returncode == 0

    def press(self, keys: str) -> None:
        self.do("key", "--clearmodifiers", keys)

    def point(self, widget: QWidget, at: QPoint | None = None) -> list[str]:
        """What moves the pointer to a place of a widget, by default its middle."""
        place = widget.mapToGlobal(at if at is not None else widget.rect().center())
        return ["mousemove", str(place.x()), str(place.y()), "sleep", "0.03"]

    def click(self, widget: QWidget, at: QPoint | None = None, times: int = 1) -> None:
        self.do(*self.point(widget, at), "click", "--repeat", str(times), "--delay", "60", "1")

    def drag(self, widget: QWidget, start: QPoint, other: QWidget, end: QPoint) -> None:
        """Press, move in ten steps, release: the pauses are those of a hand."""
        first, last = widget.mapToGlobal(start), other.mapToGlobal(end)
        words = [*self.point(widget, start), "mousedown", "1"]
        for step in range(1, 11):
            place = first + (last - first) * (step / 10)
            words += ["mousemove", str(place.x()), str(place.y()), "sleep", "0.03"]
        self.do(*words, "sleep", "0.05", "mouseup", "1")

    def choose(self, name: str) -> None:
        """Click an entry of the menu that has opened."""
        self.until(lambda: isinstance(QApplication.activePopupWidget(), QMenu), "a menu")
        menu = QApplication.activePopupWidget()
        assert isinstance(menu, QMenu)
        action = next(action for action in menu.actions() if action.objectName() == name)
        self.click(menu, menu.actionGeometry(action).center())

    # --- the eye -----------------------------------------------------------------------------------------------------

    def until(self, condition: Callable[[], bool], what: str, seconds: float = PATIENCE) -> None:
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                raise TimeoutError(f"waited in vain: {what}")
            QTest.qWait(2)

    def pause_of(self, seconds: float) -> None:
        """Let the window live on for a while, to see that nothing happens."""
        QTest.qWait(round(1000 * seconds))

    def step(self) -> int:
        status = self.window.session.status
        return -1 if status is None else status.step

    def epoch(self) -> int:
        status = self.window.session.status
        return -1 if status is None else status.epoch

    def loss(self) -> float:
        assert self.window.session.status is not None
        return self.window.session.status.evaluation.train_loss

    def rests(self) -> bool:
        status = self.window.session.status
        return status is not None and not status.running and not self.window.session.running

    def weights(self) -> dict[str, np.ndarray]:
        """Those of the newest snapshot, once it is of the step that is shown."""
        self.until(self._snapshot_is_new, "a snapshot of the present step")
        snapshot = self.window.session.snapshot()
        assert snapshot is not None
        return dict(snapshot.weights)

    def _snapshot_is_new(self) -> bool:
        snapshot = self.window.session.snapshot()
        return snapshot is not None and snapshot.step == self.step()

    def hash(self) -> str:
        return weights_sha256(self.weights())

    def screen(self, widget: QWidget) -> np.ndarray:
        """What the screen shows where a widget is: (height, width, 3)."""
        place = widget.mapToGlobal(QPoint(0, 0))
        screen = QGuiApplication.primaryScreen()
        picture = screen.grabWindow(0, place.x(), place.y(), widget.width(), widget.height()).toImage()
        picture = picture.convertToFormat(QImage.Format.Format_RGB888)
        lines = np.frombuffer(picture.constBits(), np.uint8).reshape(picture.height(), -1)
        return lines[:, : 3 * picture.width()].reshape(picture.height(), picture.width(), 3).astype(int)

    # --- the journey -------------------------------------------------------------------------------------------------

    def first_picture(self) -> Facts:
        # No window manager is there to do it.
        self.do("windowfocus", "--sync", str(int(self.window.winId())))
        self.until(self.window.isActiveWindow, "the window has the keyboard")
        self.until(lambda: self.window.output.map._pixels is not None and self.rests(), "the first frame")
        map_ = self.window.output.map
        self.until(lambda: len(np.unique(self.screen(map_).reshape(-1, 3), axis=0)) > 50, "a painted map")
        self.start_hash = self.hash()
        area = self.screen(map_)
        cards = self.screen(self.canvas)
        return {
            "orange": int((area[..., 0] - area[..., 2] > 40).sum()),
            "blue": int((area[..., 2] - area[..., 0] > 40).sum()),
            "canvas_colours": len(np.unique(cards.reshape(-1, 3), axis=0)),
            "cards": sorted(self.canvas.board.cards),
        }

    def space_plays(self) -> Facts:
        loss, before = self.loss(), self.screen(self.window.output.map)
        self.press("space")
        self.until(lambda: self.epoch() >= 5, "epochs rise")
        button = self.window.transport.play.text()
        self.until(lambda: self.loss() < loss / 2, "the loss halves")
        changed = (self.screen(self.window.output.map) != before).any(axis=2).mean()
        return {"button": button, "loss": [loss, self.loss()], "epoch": self.epoch(), "changed": float(changed)}

    def edits_while_it_trains(self) -> Facts:
        """A bias typed while it trains; of the last card, whose bias no later step can take far in a moment."""
        card = self.canvas.board.cards["dense_3"]
        dot = card.bias_dot(0)
        assert dot is not None
        self.click(self.canvas.viewport(), driving.pixel(self.canvas, "dense_3", dot.center()))
        self.until(self.canvas.editor.isVisible, "the editor opens")
        edits: list[tuple[Any, ...]] = []
        self.canvas.parameter_edited.connect(lambda *what: edits.append(what))
        step = self.step()
        self.do("type", "2.5")
        self.press("Return")
        self.until(lambda: bool(edits), "the bias is handed on")
        self.until(lambda: self.step() > step + 20, "it trains on")
        return {"edits": list(edits), "running": self.window.session.running}

    def space_pauses(self) -> Facts:
        self.press("space")
        self.until(self.rests, "it rests")
        step = self.step()
        self.pause_of(0.4)
        return {"step": step, "later": self.step(), "button": self.window.transport.play.text()}

    def single_steps(self) -> Facts:
        start = self.step()
        self.press("period")
        self.until(lambda: self.step() != start, "a batch")
        batch = self.step() - start
        epoch = self.epoch()
        self.press("shift+period")
        self.until(lambda: self.epoch() > epoch and self.rests(), "an epoch")
        return {"batch": batch, "epochs": self.epoch() - epoch, "rests": self.rests()}

    def reset_and_reroll(self) -> Facts:
        window, document = self.window, self.window.controller.document
        samples = split(document.data).train.values
        self.press("r")
        self.until(lambda: self.step() == 0, "the start")
        again = self.hash()
        self.press("shift+r")
        self.until(lambda: window.controller.document.seed == 2 and self.step() == 0, "the next seed")
        other, same_data = self.hash(), window.controller.document.data == document.data
        same_samples = np.array_equal(split(window.controller.document.data).train.values, samples)
        shown = window.transport.seed.number()
        self.press("ctrl+z")
        self.until(lambda: window.controller.document.seed == 1 and self.step() == 0, "the seed before")
        return {
            "start": self.start_hash,
            "reset": again,
            "reroll": other,
            "same_data": same_data and same_samples,
            "seed_shown": shown,
            "undone": self.hash(),
        }

    def weight_by_hand(self) -> Facts:
        edge, values = Edge("input_1", "dense_1"), self.weights()
        at = driving.on_weight(self.canvas, edge, 0, 0)
        self.do(*self.point(self.canvas.viewport(), at), "sleep", "0.1")
        self.until(self.canvas.value_label.isVisible, "the weight under the pointer is read out")
        said = self.canvas.value_label.text()
        self.click(self.canvas.viewport(), at)
        self.until(self.canvas.editor.isVisible, "the editor opens")
        name, index = self.canvas.editor._name, list(self.canvas.editor._index)
        self.do("type", "1.5")
        self.press("Return")
        self.until(lambda: self.weights()[name][tuple(index)] == 1.5, "the weight has the value that was typed")
        changed = {key: int((array != values[key]).sum()) for key, array in self.weights().items()}
        return {
            "said": said,
            "parameter": [name, index],
            "changed": {key: count for key, count in changed.items() if count},
            "open": self.canvas.editor.isVisible(),
            "step": self.step(),
        }

    def neuron_shown_large(self) -> Facts:
        map_ = self.window.output.map
        whole = map_._pixels
        before = self.screen(map_)
        self.do(*self.point(self.canvas.viewport(), driving.tile(self.canvas, "dense_1", 1)))
        self.until(lambda: map_._title != "" and not np.array_equal(map_._pixels, whole), "the neuron in Output")
        title = map_._title
        self.pause_of(0.1)
        changed = (self.screen(map_) != before).any(axis=2).mean()
        self.do(*self.point(self.canvas.viewport(), driving.empty_spot(self.canvas)))
        self.until(lambda: map_._title == "" and np.array_equal(map_._pixels, whole), "the answer again")
        return {"title": title, "changed": float(changed)}

    def library_appends(self) -> Facts:
        """Double click a layer, then remove it with the key."""
        controller = self.window.controller
        before = controller.document
        list_ = self.window.library.list
        item = list_.item_of("Dense")
        list_.scrollToItem(item)
        self.click(list_.viewport(), list_.visualItemRect(item).center(), times=2)
        self.until(lambda: "dense_4" in self.canvas.board.cards, "one more card")
        linked = Edge("dense_3", "dense_4") in controller.document.networks[0].edges
        selected = sorted(controller.selection)
        self.press("Delete")
        self.until(lambda: "dense_4" not in self.canvas.board.cards, "the card is gone")
        return {"linked": linked, "selected": selected, "as_before": controller.document == before}

    def dragged_and_connected(self) -> Facts:
        """Drag a layer to an empty place, draw links to and from it, cut one, take the card out."""
        controller, canvas = self.window.controller, self.canvas
        list_, viewport = self.window.library.list, canvas.viewport()
        item = list_.item_of("Dense")
        place = QPoint(viewport.width() // 2, viewport.height() - 130)
        self.drag(list_.viewport(), list_.visualItemRect(item).center(), viewport, place)
        self.until(lambda: "dense_4" in canvas.board.cards, "the dropped card")
        dropped = canvas.mapFromScene(canvas.board.cards["dense_4"].position)
        alone = controller.plan.ready

        def edges() -> set[tuple[str, str]]:
            return {(edge.source, edge.target) for edge in controller.document.networks[0].edges}

        self.drag(viewport, driving.out_port(canvas, "dense_1"), viewport, driving.in_port(canvas, "dense_4"))
        self.until(lambda: ("dense_1", "dense_4") in edges(), "the first link")
        self.drag(viewport, driving.out_port(canvas, "dense_4"), viewport, driving.in_port(canvas, "dense_3"))
        self.choose("canvas.merging.replace")  # dense_3 reads dense_2 already
        self.until(lambda: ("dense_4", "dense_3") in edges(), "the second link")
        replaced = ("dense_2", "dense_3") not in edges()
        self.click(viewport, driving.pixel(canvas, "dense_2"))
        self.press("Delete")
        self.until(lambda: "dense_2" not in canvas.board.cards, "the card that was replaced is gone")
        self.until(lambda: controller.plan.ready and self.step() == 0, "a network that can train")
        self.press("space")
        self.until(lambda: self.epoch() >= 3, "it trains")
        self.press("space")
        self.until(self.rests, "it rests")
        return {
            "off": [dropped.x() - place.x(), dropped.y() - place.y()],
            "alone_ready": alone,
            "replaced": replaced,
            "edges": sorted(edges()),
        }

    def points_drawn(self) -> Facts:
        """Choose "drawn by hand", draw a stroke of each class, undo one, train on what is left."""
        window, map_ = self.window, self.window.output.map

        def points() -> tuple[Any, ...]:
            return getattr(window.controller.document.data.dataset, "points", ())

        thumbnail = window.data.thumbnails.button("drawn")
        self.click(thumbnail)
        self.until(lambda: window.controller.document.data.dataset.name == "drawn", "the drawn data set")
        empty = window.transport.play.toolTip()
        for number, x in ((0, -3.0), (1, 3.0)):
            swatch = window.data.tools.swatch(number)
            if not swatch.isChecked():
                self.click(swatch)
                self.until(swatch.isChecked, "the class is chosen")
            count = len(points())
            start, end = map_.to_pixels(x, -4.0).toPoint(), map_.to_pixels(x, 4.0).toPoint()
            self.drag(map_, start, map_, end)
            self.until(lambda count=count: len(points()) > count + 8, "points along the stroke")
        self.pause_of(0.1)
        found = [[x, y, number] for x, y, number in points()]
        self.press("ctrl+z")
        self.until(lambda: {number for _, _, number in points()} == {0}, "the second stroke is taken back")
        self.press("ctrl+y")
        self.until(lambda: len(points()) == len(found), "and brought back")
        self.until(lambda: window.controller.plan.ready and self.step() == 0, "drawn points can be learnt")
        loss = self.loss()
        self.press("space")
        self.until(lambda: self.loss() < loss / 2, "the drawn points are learnt")
        self.press("space")
        self.until(self.rests, "it rests")
        return {"empty": empty, "points": found}

    def theme_switched(self) -> Facts:
        window = self.window
        dark = float(self.screen(self.canvas).mean())
        self.press("ctrl+shift+t")
        self.until(lambda: theme.current().name == "light", "the light theme")
        self.until(lambda: float(self.screen(self.canvas).mean()) > 150, "a light canvas on the screen")
        bar = float(self.screen(window.menuBar()).mean())
        self.press("ctrl+shift+t")
        self.until(lambda: float(self.screen(self.canvas).mean()) < 100, "a dark canvas again")
        return {"dark": dark, "menu_bar": bar}

    def closed(self) -> Facts:
        """Closing asks about the changes; afterwards no process is left."""
        window = self.window
        processes = psutil.Process().children(recursive=True)
        trainers = [one for one in processes if "resource_tracker" not in " ".join(one.cmdline())]
        asked: list[str] = []

        def answer() -> None:
            box = QApplication.activeModalWidget()
            if isinstance(box, QMessageBox) and not asked:
                asked.append(box.text())
                button = box.button(QMessageBox.StandardButton.Discard)
                self.do(*self.point(button), "click", "1")

        # The question has an event loop of its own, in which the hand goes on.
        timer = QTimer()
        timer.timeout.connect(answer)
        timer.start(100)
        self.press("ctrl+q")
        self.until(lambda: not window.isVisible(), "the window is closed")
        timer.stop()
        _, alive = psutil.wait_procs(trainers, timeout=5)
        return {"asked": asked, "trainers": len(trainers), "alive": len(alive)}


STEPS = (
    "first_picture", "space_plays", "edits_while_it_trains", "space_pauses", "single_steps", "reset_and_reroll",
    "weight_by_hand", "neuron_shown_large", "library_appends", "dragged_and_connected", "points_drawn",
    "theme_switched", "closed",
)  # fmt: skip


def main() -> None:
    """Take every step, as far as it goes."""
    facts: Facts = {"messages": []}
    qInstallMessageHandler(lambda kind, context, text: facts["messages"].append(text))
    QApplication(sys.argv[:1])
    journey = Journey()
    try:
        for name in STEPS:
            began = time.monotonic()
            facts[name] = getattr(journey, name)()
            facts[name]["seconds"] = round(time.monotonic() - began, 2)
    except Exception:
        facts["error"] = f"in {name}:\n{traceback.format_exc()}"
    finally:
        journey.window.close_without_asking()
    print(json.dumps(facts))


if __name__ == "__main__":
    main()
