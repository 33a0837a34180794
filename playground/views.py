"""Joins views and controller: what a view asks for becomes an edit, a changed document goes down to every view."""

from __future__ import annotations

from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer

from engine.catalog.registry import entry
from engine.document.graph import Document
from engine.plan.data import split
from engine.plan.plan import Plan
from engine.worker.messages import Failure
from playground.live import Live
from playground.words import sentence
from widgets.heatmap import Tool

if TYPE_CHECKING:
    from playground.history import EditList
    from playground.window import MainWindow

_SLOWER = 0.3
"""What the learning rate is multiplied with after the loss has become infinite."""
_LATER_MS = 60
"""How long the inspector of another card waits when an edit brought it: a form takes longer to draw than a new run to
its first frame, and on the canvas the eye is."""


class Views(QObject):
    """All connections of one window. The views themselves know neither controller nor run."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._controller = window.controller
        self._session = window.session
        self._tool: Tool = None
        self._selection_shown: tuple[object, ...] = ()
        self._later = QTimer(self, singleShot=True, interval=_LATER_MS)
        self._later.timeout.connect(self._show_inspector)
        self.live = Live(window)
        self._connect_canvas()
        self._connect_panels()
        self._connect_data()
        self._connect_run()
        self._controller.changed.connect(self._show)
        self._controller.selection_changed.connect(self._on_selection_changed)
        self._controller.opened.connect(self._on_opened)
        self._controller.said.connect(window.message)
        self._session.said.connect(window.message)
        self._remedies: list[Any] = []
        window.notice.chosen.connect(lambda number: self._remedies[number]())
        self._show(None, self._controller.plan)

    @cached_property
    def history(self) -> EditList:
        """The list of edits; made when it is first asked for."""
        from playground.history import EditList

        return EditList(self._window)

    def stop(self) -> None:
        """Show nothing more: the window closes."""
        self._later.stop()
        self.live.stop()

    # --- what the user does --------------------------------------------------------------------------------------

    def _connect_canvas(self) -> None:
        canvas, controller = self._window.canvas, self._controller
        canvas.selection_changed.connect(controller.select)
        canvas.moved.connect(controller.move)
        canvas.connect_requested.connect(controller.connect_cards)
        canvas.disconnect_requested.connect(controller.disconnect_cards)
        canvas.delete_requested.connect(controller.delete_selection)
        canvas.remedy_chosen.connect(controller.remedy)
        canvas.append_requested.connect(lambda source: controller.append_layer("Dense", source))
        canvas.open_library_requested.connect(self._window.find_layer)
        canvas.parameter_edited.connect(self._session.set_parameter)
        canvas.neuron_hovered.connect(self.live.focus)
        canvas.neuron_left.connect(self.live.leave)
        canvas.card_activated.connect(self._open_inspector)

    def _connect_panels(self) -> None:
        window, controller = self._window, self._controller
        window.inspector.layer_field_changed.connect(controller.set_layer_field)
        window.inspector.shared_field_changed.connect(controller.set_shared_field)
        window.inspector.training_field_changed.connect(controller.set_training_field)
        window.inspector.remedy_chosen.connect(controller.remedy)
        window.inspector.delete_requested.connect(controller.delete_selection)
        window.inspector.unfolded_changed.connect(self.live.refresh)
        window.output.read_out_changed.connect(window.panels["dock.output"].set_note)
        window.messages.unread_changed.connect(self._show_unread)
        for panel in window.panels.values():
            panel.visibilityChanged.connect(self.live.refresh)

    def _connect_data(self) -> None:
        data, output, controller = self._window.data, self._window.output, self._controller
        data.dataset_chosen.connect(self._choose_dataset)
        data.data_field_changed.connect(controller.set_data_field)
        data.train_share_changed.connect(self._set_train_share)
        data.batch_size_changed.connect(lambda size: controller.set_training_field("batch_size", (), size, True))
        data.data_seed_changed.connect(lambda seed: controller.set_data(self.tr("Draw new data"), seed=seed))
        data.column_toggled.connect(self._toggle_column)
        data.drawing_changed.connect(lambda _: self._show_tool())
        data.clear_drawn.connect(partial(self._draw, "clear"))
        output.points_drawn.connect(lambda points, number: self._draw("add", points, number))
        output.points_erased.connect(lambda x, y, radius: self._draw("erase", x, y, radius))
        output.stroke_finished.connect(controller.end_merge)

    def _connect_run(self) -> None:
        transport, session = self._window.transport, self._session
        transport.speed_changed.connect(session.set_speed)
        transport.speed_changed.connect(self._window.settings.set_speed)
        transport.seed_changed.connect(self._controller.set_seed)
        session.running_changed.connect(self._window.show_state)
        session.failed.connect(self._on_failure)
        session.restarted.connect(self._on_restarted)

    def _choose_dataset(self, name: str) -> None:
        """Take another data set; a network that could be trained is fitted to it, so that it still can."""

        def edit(document: Document) -> Document:
            held, fresh = document.data.dataset, entry("datasets", name)()
            same = ("samples", "noise") if held.plane and fresh.plane else ()  # images mean other things by them
            kept = {field: getattr(held, field) for field in same if hasattr(held, field)}
            fields = {field: value for field, value in kept.items() if hasattr(fresh, field)}
            return document.set_data(dataset=fresh.replace(**fields) if held.name != name else held)

        self._controller.take_data(self.tr("Choose data"), edit)

    def _set_train_share(self, share: float, finished: bool) -> None:
        label = self.tr("Change train share")
        self._controller.set_data(label, "data.train_share", finished, train_share=share)

    def _toggle_column(self, column: str) -> None:
        node_id = self._input()
        if node_id is not None:
            label = self.tr("Switch an input")
            self._controller.apply(label, lambda document: document.toggle_column(node_id, column))

    def _draw(self, method: str, *arguments: Any) -> None:
        """Call a method of the hand-drawn data set; one stroke is one edit."""

        def edit(document: Document) -> Document:
            dataset = document.data.dataset
            if not hasattr(dataset, method):
                return document
            return document.set_data(dataset=getattr(dataset, method)(*arguments))

        self._controller.apply(self.tr("Draw points"), edit, "draw", finished=method == "clear")

    def _open_inspector(self, node_id: str) -> None:
        self._controller.select([node_id])
        panel = self._window.panels["dock.inspector"]
        panel.show()
        panel.raise_()
        self._window.inspector.setFocus()

    # --- what has changed ----------------------------------------------------------------------------------------

    def _on_opened(self) -> None:
        self._window.canvas.clear_live()
        self.live.clear_curves()
        self._window.notice.hide()
        self.live.begin()
        self._window.canvas.fit()

    def _on_restarted(self) -> None:
        if self._session.engine == "ready":
            self._window.canvas.hold()
        self.live.begin()
        self._window.status.showMessage(self.tr("The network changed, so training began again at epoch 0"), 6000)

    def _show(self, old: Plan | None, new: Plan) -> None:
        window, document = self._window, new.document
        before = old.document if old is not None else None
        window.focus.follow(new)
        window.canvas.set_plan(old, new)
        edited = old is new or document is not before  # else what is known of the data has changed
        if before is not None and edited and document.moved_since(before) is not None:
            window.show_state()  # cards in other places: no other view says where they are
            self._selection_shown = new, *self._selection_shown[1:]
            return
        window.transport.set_seed(document.seed)
        if before is None or before.data != document.data:
            self._show_samples(document)
        if not new.ready:
            window.output.set_image(None)
        self.live.follow(old, new)
        if "view_panels" in vars(window):
            window.view_panels.follow(new)
        self._show_selection()

    def _show_samples(self, document: Document) -> None:
        dataset = document.data.dataset
        self._window.output.set_plane(dataset.plane)
        if not dataset.plane:
            return
        parts = split(document.data)
        self._window.output.set_samples(
            parts.train.values,
            parts.train.targets,
            parts.test.values,
            parts.test.targets,
            dataset.task,
            dataset.class_count,
        )

    def _on_selection_changed(self) -> None:
        """Show it, unless that was done with the change of the document that brought it about."""
        controller = self._controller
        if self._selection_shown != (controller.plan, controller.selection, controller.edge):
            self._show_selection()

    def _show_selection(self) -> None:
        window, controller = self._window, self._controller
        document, selection, edge = controller.document, controller.selection, controller.edge
        edited = self._selection_shown[:1] not in ((), (controller.plan,))
        self._selection_shown = controller.plan, selection, edge
        window.canvas.set_selection(selection, edge)
        if edited and self._inspector_may_wait():
            self._later.start()
        else:
            self._show_inspector()
        window.data.set_document(document, self._input())
        self._show_tool()
        window.panels["dock.data"].set_note(window.data.note())
        window.show_state()

    def _inspector_may_wait(self) -> bool:
        """Whether a frame is on its way, and what the inspector shows is another card that is still there."""
        controller, shown = self._controller, self._window.inspector.selection()
        still_there = all(node_id in controller.plan.nodes for node_id in shown)
        return self._session.running and controller.plan.ready and still_there and shown != controller.selection

    def _show_inspector(self) -> None:
        window, controller = self._window, self._controller
        self._later.stop()
        window.inspector.set_state(controller.document, controller.plan, controller.selection, controller.edge)
        window.panels["dock.inspector"].set_note(window.inspector.note())
        self.live.refresh()  # another card, another picture

    def _show_tool(self) -> None:
        """Give Output the tool of the Data panel; again and again would cut a stroke short."""
        tool = self._window.data.drawing_tool()
        if tool != self._tool:
            self._tool = tool
            self._window.output.set_drawing(tool)

    def _show_unread(self, count: int) -> None:
        title = self.tr("Messages ({count})").format(count=count) if count else self.tr("Messages")
        self._window.panels["dock.messages"].set_title(title)

    def _input(self) -> str | None:
        """The Input card whose columns the Data panel shows: a selected one, else the first."""
        inputs = [node.id for node in self._controller.document.nodes if node.layer.takes[1] == 0]
        chosen = [node_id for node_id in inputs if node_id in self._controller.selection]
        return next(iter(chosen or inputs), None)

    # --- what goes wrong -----------------------------------------------------------------------------------------

    def _on_failure(self, failure: Failure) -> None:
        text = sentence(failure.sentence)
        if failure.kind != "diverged":
            self._window.message("error", text, failure.detail)
            return
        self._window.messages.add("warning", text, failure.detail)
        if failure.node is not None and failure.node in self._controller.plan.nodes:
            self._controller.select([failure.node])
        rate = float(f"{self._controller.document.training.optimizer.learning_rate * _SLOWER:.2g}")
        self._remedies = [partial(self._slow_down, rate, True), partial(self._slow_down, rate, False)]
        self._window.notice.show_notice(
            "warning",
            text,
            [
                self.tr("Lower the rate to {rate} and start again").format(rate=rate),
                self.tr("Lower it and go on"),
            ],
        )

    def _slow_down(self, rate: float, again: bool) -> None:
        self._controller.set_training_field("optimizer", ("learning_rate",), rate, True)
        if again:
            self._session.reset()
            self.live.begin()
        self._session.play()
