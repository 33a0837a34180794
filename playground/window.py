"""The main window: canvas in the middle, panels around it, the run above, what is going on below."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import QEvent, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QCloseEvent, QDragEnterEvent, QDropEvent, QKeyEvent, QPaintEvent, QShortcut
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QMainWindow,
    QSizePolicy,
    QToolBar,
    QVBoxLayout,
    QWidget,
)

from engine.catalog.layers.dense import Dense
from playground import dialogs, words
from playground.actions import table
from playground.controller import Controller
from playground.dropping import file_in, opener_of
from playground.editing import Editing
from playground.files import Files
from playground.focus import Focus
from playground.image_data import ImageData
from playground.image_folder import ImageFolders
from playground.layout import BOTTOM_TALL, Layout
from playground.menus import Actions, State
from playground.outline import Outline
from playground.own_data import OwnData
from playground.session import Session
from playground.settings import Settings
from playground.statusbar import StatusBar
from playground.views import Views
from widgets import theme
from widgets.canvas.canvas import Canvas
from widgets.data import DataPanel
from widgets.inspector import Inspector
from widgets.library import LibraryPanel
from widgets.messages import MessagesView
from widgets.notice import Notice
from widgets.output import OutputView
from widgets.panel import Panel
from widgets.transport import Transport

if TYPE_CHECKING:
    from playground.view_panels import ViewPanels
    from widgets.curves import CurvesView
    from widgets.metrics import MetricsPanel
    from widgets.rate_finder import RateFinderPanel
    from widgets.seeds import SeedsPanel

Body = TypeVar("Body", bound=QWidget)

SIZE = QSize(1440, 900)


class MainWindow(QMainWindow):
    """The window of one project. `controller` holds the document, `session` the run."""

    painted = Signal()
    """It was seen for the first time."""

    def __init__(self, controller: Controller, settings: Settings) -> None:
        super().__init__()
        self.setObjectName("window")
        self.controller = controller
        self.session: Session = controller.session
        self.focus = Focus(self)
        self.settings = settings
        self.actions_by_id = Actions(table(), self)
        self.transport = Transport(self.actions_by_id.mapping("train."))
        self.canvas = Canvas()
        self.data = DataPanel()
        self.library = LibraryPanel()
        self.output = OutputView()
        self._finished = False
        self.inspector = Inspector()
        self.messages = MessagesView()
        self.notice = Notice()
        self.status = StatusBar()
        for shortcut in self.library.findChildren(QShortcut):
            shortcut.setEnabled(False)  # its key is that of an action here, and a key of two is nobody's
        self.setStatusBar(self.status)
        self._build_center()
        self._build_transport()
        self.panels = self._build_panels()
        self.outline = Outline(self)
        self.files = Files(controller, settings, self)
        self.own_data = OwnData(self)
        self.image_folders = ImageFolders(self)
        self.editing = Editing(self)
        self.views = Views(self)
        self.image_data = ImageData(self)
        self._build_menus()
        self.setAcceptDrops(True)
        self.resize(SIZE)
        self._layout = Layout(self)
        self.actions_by_id.check(f"view.theme.{settings.theme()}")
        self.show_state()

    # --- parts ---------------------------------------------------------------------------------------------------

    def _build_center(self) -> None:
        center = QWidget()
        center.setObjectName("center")
        column = QVBoxLayout(center)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.SPACING)
        column.addWidget(self.notice)
        column.addWidget(self.canvas, 1)
        self.setCentralWidget(center)
        self.setContentsMargins(theme.SPACING, 0, theme.SPACING, 0)

    def _build_transport(self) -> None:
        bar = QToolBar(self.tr("Training"))
        bar.setObjectName("toolbar.transport")
        bar.setMovable(False)
        bar.setFloatable(False)
        bar.toggleViewAction().setEnabled(False)
        bar.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        self.transport.setContentsMargins(0, theme.UNIT, 0, theme.SPACING)
        self.transport.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        bar.addWidget(self.transport)
        self.addToolBar(Qt.ToolBarArea.TopToolBarArea, bar)

    def _build_panels(self) -> dict[str, Panel]:
        area = Qt.DockWidgetArea
        panels = {}
        for name, title, body, place in (
            ("dock.data", self.tr("Data"), self.data, area.LeftDockWidgetArea),
            ("dock.library", self.tr("Library"), self.library, area.LeftDockWidgetArea),
            ("dock.output", self.tr("Output"), self.output, area.RightDockWidgetArea),
            ("dock.curves", self.tr("Curves"), QWidget(), area.RightDockWidgetArea),
            ("dock.inspector", self.tr("Inspector"), self.inspector, area.RightDockWidgetArea),
            ("dock.messages", self.tr("Messages"), self.messages, area.BottomDockWidgetArea),
            ("dock.metrics", self.tr("Metrics"), QWidget(), area.BottomDockWidgetArea),
            ("dock.seeds", self.tr("Seeds"), QWidget(), area.BottomDockWidgetArea),
            ("dock.rate", self.tr("Learning rate"), QWidget(), area.BottomDockWidgetArea),
        ):
            panel = Panel(title, name)
            panel.set_body(body)
            self.addDockWidget(place, panel)
            panels[name] = panel
        self.tabifyDockWidget(panels["dock.messages"], panels["dock.metrics"])
        self.tabifyDockWidget(panels["dock.metrics"], panels["dock.seeds"])
        self.tabifyDockWidget(panels["dock.seeds"], panels["dock.rate"])
        for corner, place in (
            (Qt.Corner.TopLeftCorner, area.LeftDockWidgetArea),
            (Qt.Corner.BottomLeftCorner, area.LeftDockWidgetArea),
            (Qt.Corner.TopRightCorner, area.RightDockWidgetArea),
            (Qt.Corner.BottomRightCorner, area.RightDockWidgetArea),
        ):
            self.setCorner(corner, place)
        return panels

    def _build_menus(self) -> None:
        self.menus = menus = self.actions_by_id.fill(self.menuBar())
        self.files.fill_recent(menus["File"], self.actions_by_id["file.save"])
        panels = menus["View"].addMenu(self.tr("Panels"))
        panels.setObjectName("menu.view.panels")
        self._panels_menu = panels
        for panel in self.panels.values():
            self.add_panel_action(panel)

    def add_panel_action(self, panel: Panel) -> None:
        """Offer a panel in the menu."""
        action = panel.toggleViewAction()
        action.setObjectName(f"view.{panel.objectName()}")
        self._panels_menu.addAction(action)

    def _finish(self) -> None:
        """Make what the first picture does without, and what the user would wait for later."""
        if not self._finished:
            self._finished = True
            self.inspector.prepare(Dense())
            for body in (self.curves, self.metrics, self.seeds, self.rate_finder):
                body.show()
            self.view_panels.follow(self.controller.plan)
            self.painted.emit()

    # The bodies of these panels are made after the first paint, or when they are first asked for.

    @cached_property
    def view_panels(self) -> ViewPanels:
        """The panels that look into the network."""
        from playground.view_panels import ViewPanels

        return ViewPanels(self)

    @cached_property
    def curves(self) -> CurvesView:
        """The curves; their library takes a third of a second to import."""
        from widgets.curves import CurvesView

        view = self._fill("dock.curves", CurvesView())
        self.views.live.show_curves_in(view)
        return view

    @cached_property
    def metrics(self) -> MetricsPanel:
        """How good the answers are."""
        from widgets.metrics import MetricsPanel

        view = self._fill("dock.metrics", MetricsPanel())
        self.views.live.show_metrics_in(view)
        return view

    @cached_property
    def seeds(self) -> SeedsPanel:
        """The study of many seeds."""
        from playground.seeds import Seeds
        from widgets.seeds import SeedsPanel

        panel = self._fill("dock.seeds", SeedsPanel())
        Seeds(self, panel)
        return panel

    @cached_property
    def rate_finder(self) -> RateFinderPanel:
        """The search for a learning rate."""
        from playground.rate_finder import RateFinder
        from widgets.rate_finder import RateFinderPanel

        panel = self._fill("dock.rate", RateFinderPanel())
        RateFinder(self, panel)
        return panel

    def _fill(self, name: str, body: Body) -> Body:
        self.panels[name].set_body(body)
        return body

    def palette_actions(self) -> list[QAction]:
        """Every action that the palette offers."""
        offered = [self.actions_by_id[row.id] for row in self.actions_by_id.rows.values() if row.palette]
        return offered + [panel.toggleViewAction() for panel in self.panels.values()]

    # --- state ---------------------------------------------------------------------------------------------------

    def show_state(self) -> None:
        """Bring title, actions and transport in line with document, selection and run."""
        controller, plan = self.controller, self.controller.plan
        problem = words.sentence(plan.problems[0].sentence) if plan.problems else ""
        history = controller.history
        self.actions_by_id.show(
            State(
                selected=len(controller.selection),
                link=controller.edge is not None,
                cards=len(plan.nodes),
                undo=history.undo_label,
                redo=history.redo_label,
                running=self.session.running,
                problem=problem,
            )
        )
        self.transport.set_can_play(not problem, problem)
        self.transport.set_running(self.session.running)
        self.setWindowTitle(self.tr("{name}[*] — Neural Playground").format(name=self.files.name()))
        if self.isWindowModified() != history.modified:  # Qt would give the title to the screen anew
            self.setWindowModified(history.modified)
        self.status.set_saved(not history.modified)

    def message(self, severity: str, text: str, detail: str = "") -> None:
        """Tell the user: in the status bar and in Messages, which comes up for an error."""
        self.messages.add(severity, text, detail)
        self.status.showMessage(text, 8000)
        if severity == "error":
            self.panels["dock.messages"].show()
            self.panels["dock.messages"].raise_()

    # --- handlers of actions -------------------------------------------------------------------------------------

    def fit(self) -> None:
        """Show the whole network."""
        self.canvas.fit()

    def choose_theme(self, choice: str) -> None:
        """Wear the dark or the light theme, or follow the system."""
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        theme.apply(application, choice)
        self.settings.set_theme(choice)
        self.actions_by_id.check(f"view.theme.{choice}")

    def switch_theme(self) -> None:
        """From dark to light or back."""
        self.choose_theme("light" if theme.current().is_dark else "dark")

    def reset_layout(self) -> None:
        """Every panel in its place."""
        self._layout.reset()
        self.view_panels.put_back()

    def find_layer(self) -> None:
        """Put the cursor into the search field of the library."""
        panel = self.panels["dock.library"]
        panel.show()
        panel.raise_()
        self.library.focus_search()

    def open_seeds(self) -> None:
        """Bring the panel up that tries many seeds."""
        self.open_bottom("dock.seeds")
        self.seeds.count.setFocus()

    def open_metrics(self) -> None:
        """Bring the panel up that says how good the answers are."""
        self.open_bottom("dock.metrics")

    def open_rate_finder(self) -> None:
        """Bring the panel up that searches for a learning rate."""
        self.open_bottom("dock.rate")
        self.rate_finder.low.setFocus()

    def open_bottom(self, name: str, tall: int = BOTTOM_TALL) -> None:
        """Bring a panel up, at least so tall."""
        panel = self.panels[name]
        panel.show()
        panel.raise_()
        if not panel.isFloating() and panel.height() < tall:
            self.resizeDocks([panel], [tall], Qt.Orientation.Vertical)

    def open_palette(self) -> None:
        """Search among all actions."""
        from playground.palette import Palette

        Palette(self.palette_actions(), self).open_over(self)

    def forget_settings(self) -> None:
        """Forget what was remembered for the next start."""
        self.settings.forget()
        self.message("info", self.tr("Layout, theme and recent files are forgotten from the next start on"))

    def show_shortcuts(self) -> None:
        """List the keys."""
        dialogs.show_shortcuts(self, list(self.actions_by_id.by_id.values()))

    def show_about(self) -> None:
        """Say what this is."""
        dialogs.show_about(self, self.session.ready)

    # --- events --------------------------------------------------------------------------------------------------

    def event(self, event: QEvent) -> bool:
        """Let a button that was reached with the keyboard have its space bar; otherwise it plays and pauses."""
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and event.key() == Qt.Key.Key_Space
            and isinstance(QApplication.focusWidget(), QAbstractButton | QComboBox)
            and self.testAttribute(Qt.WidgetAttribute.WA_KeyboardFocusChange)
        ):
            event.accept()
            return True
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Once the window has been seen, make what had to wait."""
        super().paintEvent(event)
        if not self._finished:
            QTimer.singleShot(0, self, self._finish)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Say why the space bar does nothing when the network cannot train."""
        reason = self.actions_by_id["train.play"].toolTip()
        if event.key() == Qt.Key.Key_Space and not self.actions_by_id["train.play"].isEnabled():
            self.status.showMessage(reason, 8000)
        else:
            super().keyPressEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if file_in(event) is not None:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        path = file_in(event)
        if path is not None:
            event.acceptProposedAction()
            opener_of(self, path).open_path(path)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ask about unsaved changes, remember the layout, end the training process."""
        if not self.files.may_go_on():
            event.ignore()
            return
        self.files.left.emit()
        self._layout.remember()
        self.views.stop()
        self.session.stop()
        super().closeEvent(event)

    def close_without_asking(self) -> None:
        """Close; what was not saved is lost."""
        self.files.give_up()
        self.close()
