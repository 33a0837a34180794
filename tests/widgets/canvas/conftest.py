"""A canvas to drive."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from engine.document.graph import Document
from engine.plan.resolve import resolve
from tests.widgets.canvas.driving import (
    Show,
    give_values,
)
from widgets.canvas import Canvas
from widgets.theme import Theme


@pytest.fixture
def show(qtbot: Any, theme: Theme) -> Iterator[Show]:
    """Show a document on a canvas of 1000×600."""

    def shown(document: Document, values: bool = True) -> Canvas:
        canvas = Canvas()
        qtbot.addWidget(canvas)
        canvas.resize(1000, 600)
        with qtbot.waitExposed(canvas):
            canvas.show()
        canvas.activateWindow()
        plan = resolve(document)
        canvas.set_plan(None, plan)
        if values:
            give_values(canvas, plan)
        return canvas

    yield shown
