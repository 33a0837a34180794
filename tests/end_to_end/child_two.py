"""Journey two, carried out by xdotool on a real window: `python -m tests.end_to_end.child_two WAY FOLDER`.

WAY is "mouse" or "keyboard": from an empty canvas to a trained network with two branches and a skip link, on a table of
the user's own, saved and closed. "reopen" goes on with what was saved. One JSON line at the end holds what was found.
"""

from __future__ import annotations

import json
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from PySide6.QtCore import QTimer, qInstallMessageHandler
from PySide6.QtWidgets import QApplication, QFileDialog, QWidget

from engine.catalog.datasets.table import Table
from playground.app import create_window
from tests.end_to_end.child import Facts, Journey
from tests.widgets.canvas import driving


def write_table(path: Path) -> None:
    """Three kinds that a network can tell apart by two of three numbers."""
    rng = np.random.default_rng(5)
    lines = ["width,height,noise,kind"]
    for row in range(120):
        kind = row % 3
        width, height = rng.normal(kind, 0.2), rng.normal(20 * (kind == 1), 2)
        lines.append(f"{width:.3f},{height:.2f},{rng.normal():.3f},{('rose', 'lily', 'iris')[kind]}")
    path.write_text("\n".join(lines) + "\n")


class Builder(Journey):
    """What both ways to build have in common."""

    steps: ClassVar[tuple[str, ...]] = (
        "empty_canvas", "own_data", "cards", "second_branch", "skip_link", "mistake", "trained", "saved", "closed",
    )  # fmt: skip

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.table, self.project = folder / "flowers.csv", folder / "flowers.nnp"
        write_table(self.table)

    # --- the hand and the eye ----------------------------------------------------------------------------------------

    def focus(self, window: QWidget) -> None:
        """Give a window the keyboard, as a window manager would."""
        self.do("windowfocus", "--sync", str(int(window.winId())))
        self.until(window.isActiveWindow, "the window has the keyboard")

    def name_file(self, keys: str, path: Path) -> None:
        """Press the keys that ask for a file, and type its name."""
        named: list[QFileDialog] = []

        def answer() -> None:
            dialog = QApplication.activeModalWidget()
            if isinstance(dialog, QFileDialog) and not named:
                named.append(dialog)
                self.focus(dialog)
                self.press("ctrl+a")
                self.do("type", "--delay", "8", str(path))
                self.press("Return")

        # The dialog has an event loop of its own, in which the hand goes on.
        timer = QTimer()
        timer.timeout.connect(answer)
        timer.start(100)
        self.press(keys)
        self.until(lambda: bool(named) and QApplication.activeModalWidget() not in named, "the file is named")
        timer.stop()
        if self.window.own_data.dialog is None:
            self.focus(self.window)

    def edges(self) -> list[tuple[str, str, int]]:
        found = self.window.controller.document.networks[0].edges
        return sorted((edge.source, edge.target, edge.port) for edge in found)

    def problems(self) -> list[str]:
        return [str(problem.sentence) for problem in self.window.controller.plan.problems]

    # --- the journey -------------------------------------------------------------------------------------------------

    def empty_canvas(self) -> Facts:
        self.focus(self.window)
        self.until(self.rests, "the first frame")
        self.press("ctrl+n")
        self.until(lambda: not self.canvas.board.cards, "an empty canvas")
        self.press("space")
        self.pause_of(0.2)
        return {"running": self.window.session.running, "play": self.window.transport.play.isEnabled()}

    def own_data(self) -> Facts:
        self.name_file("ctrl+shift+d", self.table)
        dialog = self.window.own_data.dialog
        assert dialog is not None
        self.until(dialog.isVisible, "the table is shown")
        verdict = dialog.verdict.text()
        self.take(dialog)
        self.until(lambda: isinstance(self.window.controller.document.data.dataset, Table), "the table is taken")
        self.focus(self.window)
        return {"verdict": verdict, "note": self.window.data.note()}

    def take(self, dialog: Any) -> None:
        raise NotImplementedError

    def trained(self) -> Facts:
        self.until(lambda: self.window.session.status is not None and self.rests(), "a network that can train")
        loss = self.loss()
        self.press("space")
        self.until(lambda: self.epoch() >= 20 and self.loss() < 0.7 * loss, "the table is learnt")
        self.press("space")
        self.until(self.rests, "it rests")
        return {"loss": [loss, self.loss()], "epoch": self.epoch(), "engine": self.window.session.engine}

    def saved(self) -> Facts:
        digest = self.hash()
        self.name_file("ctrl+s", self.project)
        self.until(self.project.exists, "the file")
        self.until(lambda: not self.window.controller.history.modified, "it is saved")
        return {"hash": digest, "step": self.step(), "loss": self.loss(), "title": self.window.windowTitle()}

    def closed(self) -> Facts:
        self.press("ctrl+q")
        self.until(lambda: not self.window.isVisible(), "the window is closed without a question")
        return {}


class ByMouse(Builder):
    """Cards from the library, links by dragging, remedies on the cards."""

    def take(self, dialog: Any) -> None:
        self.click(dialog.use)

    def cards(self) -> Facts:
        """Double clicks in the library put a chain together."""
        list_ = self.window.library.list
        for name, node_id in (
            ("Input", "input_1"), ("Dense", "dense_1"), ("Concatenate", "concatenate_1"), ("Dense", "dense_2"),
        ):  # fmt: skip
            item = list_.item_of(name)
            list_.scrollToItem(item)
            self.pause_of(0.6)  # or the next two clicks would be one with these
            self.click(list_.viewport(), list_.visualItemRect(item).center(), times=2)
            self.until(lambda node_id=node_id: node_id in self.canvas.board.cards, node_id)
        return {"edges": self.edges()}

    def link(self, source: str, target: str, port: int) -> None:
        """Drag from the output of a card to an input of another."""
        viewport, canvas = self.canvas.viewport(), self.canvas
        self.drag(viewport, driving.out_port(canvas, source), viewport, driving.in_port(canvas, target, port))
        self.until(lambda: (source, target, port) in self.edges(), f"the link from {source} to {target}")

    def second_branch(self) -> Facts:
        """A card dragged to an empty place, and links to and from it."""
        list_, viewport = self.window.library.list, self.canvas.viewport()
        item = list_.item_of("Dense")
        list_.scrollToItem(item)
        place = driving.pixel(self.canvas, "dense_1")
        place.setY(viewport.height() - 160)
        self.drag(list_.viewport(), list_.visualItemRect(item).center(), viewport, place)
        self.until(lambda: "dense_3" in self.canvas.board.cards, "the dropped card")
        said = self.problems()
        self.link("input_1", "dense_3", 0)
        self.link("dense_3", "concatenate_1", 1)
        return {"said": said, "edges": self.edges()}

    def skip_link(self) -> Facts:
        self.link("input_1", "concatenate_1", 2)
        return {"edges": self.edges()}

    def mistake(self) -> Facts:
        """The last card has four units, the table three kinds: it is said, and the button on the card mends it."""
        said, labels = self.problems(), []
        self.until(lambda: bool(self.canvas.board.boxes), "what is wrong is said on the card")
        while self.problems():
            before = self.window.controller.document
            box = next(iter(self.canvas.board.boxes.values()))
            labels.append(box.label(0))
            at = self.canvas.mapFromScene(box.mapToScene(box.buttons[0][0].center()))
            assert self.canvas.viewport().rect().contains(at), "the button is in sight"
            self.click(self.canvas.viewport(), at)
            self.until(lambda before=before: self.window.controller.document is not before, "it is mended")
        return {"said": said, "pressed": labels, "ready": self.window.controller.plan.ready}


class ByKeyboard(Builder):
    """The outline alone: no movement of a pointer from here to the end."""

    def take(self, dialog: Any) -> None:
        self.focus(dialog)
        self.press("Return")

    def choose(self, words: str) -> None:
        """Type into the list that has come up."""
        self.until(lambda: QApplication.activePopupWidget() is not None, f"a list with {words}")
        popup = QApplication.activePopupWidget()
        self.do("type", "--delay", "8", words)
        self.press("Return")
        self.until(lambda: QApplication.activePopupWidget() is not popup, f"{words} is chosen")  # another may follow

    def walk_to(self, text: str) -> None:
        """Go down from the first row of the outline until the one of that text."""
        view = self.window.outline.view
        self.until(view.hasFocus, "the keyboard is in the outline")
        self.press("Home")
        for _ in range(60):
            if view.currentIndex().data() == text:
                return
            self.press("Down")
        raise LookupError(f"there is no row {text!r}")

    def cards(self) -> Facts:
        self.press("ctrl+shift+l")
        self.until(self.window.outline.view.hasFocus, "the keyboard is in the outline")
        self.press("Insert")
        self.choose("input")
        for number in (1, 2, 3):
            self.press("a")
            self.choose("dense")
            self.until(lambda number=number: f"dense_{number}" in self.canvas.board.cards, "one more card")
        return {"edges": self.edges()}

    def second_branch(self) -> Facts:
        """From the input past dense_1: its link lands on a taken port, and Concatenate joins both."""
        self.walk_to("dense_1")
        self.press("c")
        self.choose("dense_3")
        self.choose("concatenate")
        self.until(lambda: ("dense_1", "concatenate_1", 1) in self.edges(), "both are joined")
        self.walk_to("concatenate_1")
        self.press("Right")
        self.walk_to("port 2 ← dense_1")
        self.press("Insert")
        self.choose("dense")
        self.until(lambda: ("dense_4", "concatenate_1", 1) in self.edges(), "a card in the second branch")
        return {"said": self.problems(), "edges": self.edges()}

    def skip_link(self) -> Facts:
        self.walk_to("input_1")
        self.press("c")
        self.choose("concatenate_1")
        self.until(lambda: ("input_1", "concatenate_1", 2) in self.edges(), "the skip link")
        return {"edges": self.edges()}

    def mistake(self) -> Facts:
        said, pressed = self.problems(), []
        while self.problems():
            before = self.window.controller.document
            self.walk_to(self.problems()[0])
            pressed.append(str(self.window.controller.plan.problems[0].remedies[0].label))
            self.press("Return")
            self.press("Return")
            self.until(lambda before=before: self.window.controller.document is not before, "it is mended")
        return {"said": said, "pressed": pressed, "ready": self.window.controller.plan.ready}


class Reopened(Builder):
    """The next day: the file on the command line."""

    steps = ("found_again", "trained_on", "closed")

    def __init__(self, folder: Path) -> None:
        self.project = folder / "flowers.nnp"
        self.window = create_window(str(self.project), theme="dark")
        self.window.show()
        self.canvas = self.window.canvas

    def found_again(self) -> Facts:
        self.focus(self.window)
        self.until(lambda: self.rests() and self.step() > 0, "the run stands where it stood")
        return {"hash": self.hash(), "step": self.step(), "loss": self.loss(), "edges": self.edges()}

    def trained_on(self) -> Facts:
        step = self.step()
        self.press("space")
        self.until(lambda: self.step() > step + 200, "it trains on")
        self.press("space")
        self.until(self.rests, "it rests")
        return {"loss": self.loss(), "step": self.step()}


def main(ways: Mapping[str, Callable[[Path], Builder]]) -> None:
    """Take every step of the way that the command line names, as far as it goes."""
    facts: Facts = {"messages": []}
    qInstallMessageHandler(lambda kind, context, text: facts["messages"].append(text))
    application = QApplication(sys.argv[:1])
    application.setQuitOnLastWindowClosed(False)
    way, folder = sys.argv[1], Path(sys.argv[2])
    journey = ways[way](folder)
    name = "the start"
    try:
        for name in journey.steps:
            began = time.monotonic()
            facts[name] = getattr(journey, name)()
            facts[name]["seconds"] = round(time.monotonic() - began, 2)
    except Exception:
        facts["error"] = f"in {name}:\n{traceback.format_exc()}"
        journey.window.grab().save(str(folder / f"{way}.png"))
    finally:
        journey.window.close_without_asking()
    print(json.dumps(facts))


if __name__ == "__main__":
    main({"mouse": ByMouse, "keyboard": ByKeyboard, "reopen": Reopened})
