"""Twenty digits drawn with the mouse in a real window: `python -m tests.end_to_end.child_draw PROJECT`.

The project's network has learnt MNIST. One JSON line at the end says what each digit was read as, and how surely.
"""

from __future__ import annotations

import json
import sys
import traceback
from itertools import pairwise
from pathlib import Path

import numpy as np
from PySide6.QtCore import QPoint, qInstallMessageHandler
from PySide6.QtWidgets import QApplication

from playground.app import create_window
from playground.panels.draw import DrawView
from tests.end_to_end.child import Facts, Journey
from tests.end_to_end.handwritings import ROUND, SLANTED, Stroke
from widgets.draw_pad_panel import DrawPanel

_PIECES = 3
"""Movements of the mouse between two places of a stroke."""


class Drawer(Journey):
    """A hand that draws, and an eye on the answer."""

    def __init__(self, project: Path) -> None:
        self.window = create_window(project, theme="dark")
        self.window.show()
        self.canvas = self.window.canvas
        self.start_hash = ""

    def draw(self, panel: DrawPanel, strokes: tuple[Stroke, ...]) -> None:
        area = panel.pad.area()

        def at(x: float, y: float) -> QPoint:
            return QPoint(round(area.left() + x * area.width()), round(area.top() + y * area.height()))

        for stroke in strokes:
            words = [*self.point(panel.pad, at(*stroke[0])), "mousedown", "1"]
            for (x, y), (to_x, to_y) in pairwise(stroke):
                for piece in range(1, _PIECES + 1):
                    share = piece / _PIECES
                    words += self.point(panel.pad, at(x + (to_x - x) * share, y + (to_y - y) * share))
            self.do(*words, "mouseup", "1")

    def wait_for_answer(self, view: DrawView, panel: DrawPanel, strokes: int) -> None:
        self.until(lambda: len(panel.pad.strokes()) == strokes, "all is drawn")
        image = panel.image()

        def answered() -> bool:
            found = view.latest.get("image")
            return found is not None and image is not None and np.array_equal(found, image)

        self.until(answered, "the network has answered")

    def read(self) -> Facts:
        window = self.window
        self.until(lambda: window.session.status is not None, "the run stands")
        view = window.view_panels.open("dock.draw")
        assert isinstance(view, DrawView) and isinstance(view.body, DrawPanel)
        panel = view.body
        self.until(panel.pad.isVisible, "the sheet is there")
        found: Facts = {"accuracy": window.session.status.evaluation.test_metric}  # type: ignore[union-attr]
        for name, digits in (("round", ROUND), ("slanted", SLANTED)):
            for digit, strokes in enumerate(digits):
                self.do(*self.point(panel.clear_button), "click", "1")
                self.until(panel.pad.is_empty, "the sheet is empty")
                view.latest.clear()
                self.draw(panel, strokes)
                self.wait_for_answer(view, panel, len(strokes))
                scores = view.latest["scores"]
                found.setdefault(name, []).append(int(scores.argmax()))
                found.setdefault("sure", []).append(round(float(scores.max()), 3))
                assert panel.answer.text() == str(int(scores.argmax())), digit
        return found


def main() -> None:
    messages: list[str] = []
    qInstallMessageHandler(lambda _kind, _context, text: messages.append(text))
    application = QApplication(sys.argv[:1])
    drawer = Drawer(Path(sys.argv[1]))
    found: Facts = {"error": None}
    try:
        found |= drawer.read()
    except Exception:
        found["error"] = traceback.format_exc()
    finally:
        drawer.window.close_without_asking()
        drawer.window.deleteLater()
        application.processEvents()
    print(json.dumps(found | {"messages": messages}))


if __name__ == "__main__":
    main()
