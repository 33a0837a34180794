"""Where the panels of the window are: as delivered, as it was left, and remembered for the next time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt

from playground.settings import VERSION

if TYPE_CHECKING:
    from playground.window import MainWindow

LEFT, RIGHT, BOTTOM = 264, 328, 160
"""Widths of the panels beside the canvas and height of those below it, as delivered."""
BOTTOM_TALL = 212
"""Height that the panels below the canvas get for pictures."""
LEFT_HEIGHTS = {"dock.data": 474, "dock.library": 306}
RIGHT_HEIGHTS = {"dock.output": 344, "dock.curves": 196, "dock.inspector": 280}
HIDDEN = ("dock.messages", "dock.metrics", "dock.seeds", "dock.rate", "dock.outline")
"""Panels that wait until they are asked for."""


class Layout(QObject):
    """Gives a window its layout: the one that it was left with, or the one as delivered."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._arrange()
        self._delivered = window.saveState(VERSION)
        self._restore()

    def reset(self) -> None:
        """Put every panel back to its place, and forget that it was elsewhere."""
        self._window.restoreState(self._delivered, VERSION)
        self._arrange()
        self._window.settings.forget_layout()

    def remember(self) -> None:
        """Keep the layout for the next time, and what is open in the inspector."""
        window, settings = self._window, self._window.settings
        settings.set_layout(window.saveGeometry(), window.saveState(VERSION))
        settings.set_unfolded(window.inspector.unfolded())
        if window.inspector.compare_size is not None:
            settings.set_compare_size(window.inspector.compare_size)

    def _arrange(self) -> None:
        window, panels = self._window, self._window.panels
        for name, panel in panels.items():
            panel.setFloating(False)
            panel.setVisible(name not in HIDDEN)
        horizontal, vertical = Qt.Orientation.Horizontal, Qt.Orientation.Vertical
        window.resizeDocks([panels["dock.data"], panels["dock.output"]], [LEFT, RIGHT], horizontal)
        for heights in (LEFT_HEIGHTS, RIGHT_HEIGHTS):
            window.resizeDocks([panels[name] for name in heights], list(heights.values()), vertical)
        window.resizeDocks([panels["dock.messages"]], [BOTTOM], vertical)

    def _restore(self) -> None:
        window, settings = self._window, self._window.settings
        layout = settings.layout()
        if layout is not None and not (window.restoreGeometry(layout[0]) and window.restoreState(layout[1], VERSION)):
            window.restoreState(self._delivered, VERSION)
        unfolded = settings.unfolded()
        if unfolded is not None:
            window.inspector.set_unfolded(unfolded)
        window.inspector.compare_size = settings.compare_size()
