"""The panels of all views: made after the first paint, in the place where they were left."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer

from engine.plan.plan import Plan
from playground.canvas_maps import CanvasMaps
from playground.layout import BOTTOM_TALL
from playground.view import View, view_classes
from playground.view_export import Numbers, PanelExport, answers_on_plane, table_of
from widgets.panel import Panel

if TYPE_CHECKING:
    from playground.window import MainWindow


_TALL, _ROOMY = 260, 860
"""Height of a panel of pictures, and that of a window from which there is so much."""


class ViewPanels(QObject):
    """Makes a panel for every view, opens what fits the data, and keeps all views at the chosen card and sample."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self.views: dict[str, View] = {}
        """By the object name of the panel."""
        self._pictures = False
        self._came_by_themselves: set[str] = set()
        for cls in view_classes():
            self._add(cls)
        shown = window.views.live.latest
        PanelExport(window, window.panels["dock.output"], self._answers)
        PanelExport(window, window.panels["dock.curves"], lambda: shown.get("dock.curves", {}), table_of)
        PanelExport(window, window.panels["dock.metrics"], lambda: shown.get("dock.metrics", {}))
        window.views.live.add_view(CanvasMaps(window))
        window.controller.selection_changed.connect(self._follow_selection)
        window.focus.changed.connect(self._follow_focus)
        self.follow(window.controller.plan)

    def _add(self, cls: type[View]) -> None:
        window = self._window
        view = self.views[cls.dock] = cls(window)
        panel = Panel(cls.translated_title(), cls.dock)
        window.panels[cls.dock] = panel
        place_beside_messages(window, panel)
        if not window.restoreDockWidget(panel):
            panel.hide()
        window.add_panel_action(panel)
        panel.visibilityChanged.connect(partial(self._on_visibility, view))
        PanelExport(window, panel, lambda: view.latest)
        window.views.live.add_view(view)
        if panel.isVisible():
            QTimer.singleShot(0, view, view.open)

    def _answers(self) -> Numbers:
        """What Output shows: of images the answer to the chosen one, else that over the plane."""
        if self._window.controller.document.data.dataset.pictures:
            return self._window.image_data.answers.latest
        return answers_on_plane(self._window.views.live.latest.get("dock.output", {}))

    def open(self, dock: str) -> View:
        """Bring a panel up. Raises KeyError for a name that no view has."""
        view = self.views[dock]
        view.open()
        height = self._window.height()
        self._window.open_bottom(dock, _TALL if height >= _ROOMY else BOTTOM_TALL)
        return view

    def put_back(self) -> None:
        """The layout as delivered: all of them beside the messages, open where the data ask for it."""
        for name in self.views:
            panel = self._window.panels[name]
            self._window.removeDockWidget(panel)
            place_beside_messages(self._window, panel)
            panel.setFloating(False)
            panel.hide()
        self._pictures = False
        self._came_by_themselves.clear()
        self.follow(self._window.controller.plan)

    def follow(self, plan: Plan) -> None:
        """The document has changed: data that are images bring the panels for them, others take them away again."""
        pictures = plan.document.data.dataset.pictures
        if pictures == self._pictures:
            return
        self._pictures = pictures
        panels = [self._window.panels[name] for name, view in self.views.items() if view.with_pictures]
        if pictures:
            hidden = [panel for panel in panels if not panel.isVisible() and not _is_tab_behind(panel)]
            self._came_by_themselves = {panel.objectName() for panel in hidden}
            for panel in reversed(hidden):
                self.open(panel.objectName())
        else:
            for name in self._came_by_themselves:
                self._window.panels[name].hide()
            self._came_by_themselves = set()

    def _on_visibility(self, view: View, visible: bool) -> None:
        if visible:
            view.open()
        self._window.views.live.refresh()

    def _follow_selection(self) -> None:
        selection = self._window.controller.selection
        if len(selection) == 1:
            node = next(iter(selection))
            if node != self._window.focus.node:
                self._window.focus.choose_unit(node)

    def _follow_focus(self) -> None:
        for view in self.views.values():
            if view.body is not None:
                view.follow(self._window.controller.plan)
        self._window.views.live.refresh()


def place_beside_messages(window: MainWindow, panel: Panel) -> None:
    """Add a panel as a tab of those below the canvas."""
    window.addDockWidget(Qt.DockWidgetArea.BottomDockWidgetArea, panel)
    window.tabifyDockWidget(window.panels["dock.rate"], panel)


def _is_tab_behind(panel: Panel) -> bool:
    """Whether a panel is open, but covered by another tab."""
    return not panel.isHidden()
