"""What is selected, in words and fields: a card, a link, several cards, or, with nothing selected, the training."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from numpy.typing import NDArray
from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QFocusEvent, QFont
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from engine.catalog.layers.layer import Layer
from engine.catalog.registry import Field, checked, form
from engine.document.graph import SEEDS, Document, Edge, Training
from engine.plan.plan import NodePlan, Plan, Problem
from widgets import icons, theme
from widgets.choices import QuietCombo
from widgets.facts import Fact, Facts
from widgets.form import EntryForm, FieldForm, Path, with_field
from widgets.form_texts import describe_entry
from widgets.inspector_facts import card_facts, cards_facts, link_facts, network_facts
from widgets.inspector_shared import differing_fields, not_shared
from widgets.pictures import Context, Histogram
from widgets.problems import ProblemList

_SEED = Field("seed", int, SEEDS, 1)
_NAMED = 8
"""Most cards that are named when several are selected."""
UNFOLDED = frozenset({"layer/activation.picture"})
"""The groups and pictures that are open until the user decides."""


class Inspector(QScrollArea):
    """Shows the selection and lets its fields be changed; the changes come out as signals."""

    layer_field_changed = Signal(str, tuple, object, bool)
    """Card, path of the field in its layer, value, whether the drag is finished."""
    shared_field_changed = Signal(tuple, str, object, bool)
    """Several cards, the name of a field that all have, value, whether the drag is finished."""
    training_field_changed = Signal(str, tuple, object, bool)
    """Field of the training ("loss", "optimizer", "schedule", "batch_size", "epochs"; "seed" is the document's), path
    of the field within it (empty: all of it), value, whether the drag is finished."""
    remedy_chosen = Signal(object, int)
    """A problem and the index of the remedy to apply."""
    delete_requested = Signal()
    """The selected cards, or the selected link, shall go."""
    unfolded_changed = Signal()
    """The user opened or closed a group of fields or a picture."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("inspector")
        self.setAccessibleName(self.tr("Inspector"))
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._document: Document | None = None
        self._plan: Plan | None = None
        self._selection: frozenset[str] = frozenset()
        self._edge: Edge | None = None
        self._parameters: Mapping[str, NDArray[Any]] = {}
        self._pre_activations: tuple[str, Histogram] | None = None
        self._statistics: tuple[str, Mapping[str, NDArray[Any]]] = ("", {})
        self._run: tuple[float | None, float | None] = (None, None)
        self._card_facts: list[Fact] = []
        self.compare_size: QSize | None = None
        self._title = QLabel()
        self._title.setObjectName("inspector.title")
        self._title.setFont(theme.font(theme.NORMAL, QFont.Weight.DemiBold))
        self._description = QLabel()
        self._description.setTextFormat(Qt.TextFormat.PlainText)
        self._description.setWordWrap(True)
        self._description.setObjectName("inspector.description")
        self._description.setProperty("class", "muted")
        self.problems = ProblemList("inspector.problems")
        self.problems.remedy_chosen.connect(self.remedy_chosen)
        self.layer_form = EntryForm("layer")
        self.layer_form.changed.connect(self._layer_changed)
        self.layer_form.set_context(self._layer_context)
        self.training_form = FieldForm("training", self._try_training)
        self.training_form.changed.connect(self._training_changed)
        self.training_form.set_context(self._training_context)
        for shown in (self.layer_form, self.training_form):
            shown.compare_requested.connect(partial(self._compare, shown))
            shown.unfolded_changed.connect(self.unfolded_changed)
            shown.opened.connect(self._bring_into_view)
        self.set_unfolded(UNFOLDED)
        self.facts = Facts("inspector.facts")
        self.delete_button = QPushButton()
        self.delete_button.setObjectName("inspector.delete")
        icons.assign(self.delete_button, "trash")
        self.delete_button.clicked.connect(self.delete_requested)
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.SPACING)
        head = QVBoxLayout()
        head.setSpacing(0)
        head.addWidget(self._title)
        head.addWidget(self._description)
        column.addLayout(head)
        for part in (self.problems, self.layer_form, self.training_form, self.facts):
            column.addWidget(part)
        column.addWidget(self.delete_button, 0, Qt.AlignmentFlag.AlignLeft)
        column.addStretch(1)
        self.setWidget(body)

    def set_state(self, document: Document, plan: Plan, selection: frozenset[str], edge: Edge | None) -> None:
        """Show the selected cards or link of a document, or its training when nothing is selected."""
        moved = (selection, edge) != (self._selection, self._edge)
        self._document, self._plan, self._selection, self._edge = document, plan, selection, edge
        nodes = [plan.nodes[node_id] for node_id in sorted(selection) if node_id in plan.nodes]
        if edge is not None:
            self._show_link(plan, edge)
        elif len(nodes) == 1:
            self._show_card(plan, nodes[0])
        elif nodes:
            self._show_cards(plan, nodes)
        else:
            self._show_training(document, plan)
        if moved:
            self.verticalScrollBar().setValue(0)

    def selection(self) -> frozenset[str]:
        """The cards that are shown."""
        return self._selection

    def prepare(self, layer: Layer) -> None:
        """Make the form of a layer before it is needed: the first card of its kind is then shown at once."""
        if self.layer_form.isHidden():
            self.layer_form.set_entry(layer)
            for part in self.layer_form.findChildren(QWidget):
                part.ensurePolished()
                if isinstance(part, QuietCombo):
                    part.picture()

    def set_parameters(self, parameters: Mapping[str, NDArray[Any]]) -> None:
        """The newest values of the learned arrays, by name such as "dense_1.weight"; a link sums up its own."""
        self._parameters = parameters
        if self._plan is not None and self._edge is not None:
            self.facts.set_facts(self._link_facts(self._plan, self._edge))

    # --- pictures and groups -----------------------------------------------------------------------------------------

    def unfolded(self) -> frozenset[str]:
        """The groups and pictures that are open, as "layer/activation.picture"."""
        forms = (self.layer_form, self.training_form)
        return frozenset(f"{part.objectName()}/{name}" for part in forms for name in part.unfolded())

    def set_unfolded(self, names: Iterable[str]) -> None:
        """Open these groups and pictures and close the others; emits nothing."""
        pairs = [name.partition("/") for name in names]
        for part in (self.layer_form, self.training_form):
            part.set_unfolded(name for form_name, _, name in pairs if form_name == part.objectName())

    def activation_shown(self) -> str | None:
        """The card whose activation can be seen now; None: there is no use for its pre-activations."""
        one = len(self._selection) == 1 and self._edge is None
        return next(iter(self._selection)) if one and self.layer_form.shows_picture("activation") else None

    def card_shown(self) -> str | None:
        """The one card that is shown, if it can be seen now."""
        one = len(self._selection) == 1 and self._edge is None and self.isVisible()
        return next(iter(self._selection)) if one else None

    def set_statistics(self, node_id: str, values: Mapping[str, NDArray[Any]]) -> None:
        """What the values in a card are like now: "outputs", "silent" and "gradient", as far as known."""
        self._statistics = node_id, values
        if self._plan is not None and self.card_shown() == node_id and node_id in self._plan.nodes:
            self.facts.set_facts(self._with_statistics(self._plan.nodes[node_id]))

    def set_pre_activations(self, node_id: str, edges: NDArray[Any], counts: NDArray[Any]) -> None:
        """What arrives at the activation of a card now: counts (bins,) between edges (bins + 1,)."""
        self._pre_activations = node_id, Histogram(tuple(edges.tolist()), tuple(counts.tolist()))
        self.layer_form.refresh_pictures()

    def set_run(self, epoch: float | None, learning_rate: float | None) -> None:
        """Where the run stands and the learning rate of its next step; None: nobody knows."""
        if (epoch, learning_rate) != self._run:
            self._run = epoch, learning_rate
            if self.training_form.shows_picture("schedule"):
                self.training_form.refresh_pictures()

    def _layer_context(self, path: Path) -> Context:
        node_id = next(iter(self._selection), "")
        node = self._plan.nodes.get(node_id) if self._plan is not None else None
        if node is None or self._document is None:
            return Context()
        held = self._pre_activations
        known = held[1] if held is not None and held[0] == node_id and path == ("activation",) else None
        name = path[0].removesuffix("_initializer")
        parameter = node.parameters.get(name) or next(iter(node.parameters.values()), None)
        if parameter is None:
            return Context(seed=self._document.seed, pre_activations=known)
        return Context(parameter.fan_in, parameter.fan_out, parameter.shape, self._document.seed, pre_activations=known)

    def _training_context(self, path: Path) -> Context:
        del path
        if self._document is None:
            return Context()
        training, (epoch, now) = self._document.training, self._run
        return Context(
            seed=self._document.seed,
            epochs=training.epochs,
            epoch=epoch,
            rate=training.optimizer.learning_rate,
            now=now,
        )

    def _compare(self, shown: FieldForm, path: Path) -> None:
        """Open the comparison on the choice at a path; what is used there is a change like any other."""
        from widgets.compare import CompareDialog

        entry = shown.value(*path)
        dialog = CompareDialog(entry, shown.context(path), self.compare_size, self.window())
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.used.connect(lambda used: shown.offer(path, used))
        dialog.finished.connect(lambda _result: setattr(self, "compare_size", dialog.size()))
        dialog.open()

    def _bring_into_view(self, widget: QWidget) -> None:
        """Scroll to something that was just opened, as soon as it has its place."""
        QTimer.singleShot(0, widget, lambda: self.ensureWidgetVisible(widget, 0, theme.SPACING))

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Pass the focus on to the first field."""
        shown = self.training_form if self.layer_form.isHidden() else self.layer_form
        if shown.isHidden() or not shown.paths():
            super().focusInEvent(event)
        else:
            shown.control(*shown.paths()[0]).setFocus(Qt.FocusReason.TabFocusReason)

    def note(self) -> str:
        """What is shown, for the head of the panel."""
        if self._edge is not None:
            return f"{self._edge.source} → {self._edge.target}"
        if len(self._selection) == 1:
            return next(iter(self._selection))
        if self._selection:
            return self.tr("{count} cards").format(count=len(self._selection))
        return self.tr("training")

    # --- what is shown ---------------------------------------------------------------------------------------------

    def _show(
        self, title: str, description: str, tip: str, facts: Sequence[Fact], delete_text: str, problems: Sequence[Any]
    ) -> None:
        self._title.setText(title)
        self._title.setVisible(bool(title))
        self._description.setText(description)
        self._description.setVisible(bool(description))
        for label in (self._title, self._description):
            label.setToolTip(tip)
        self.problems.set_problems(problems)
        self.facts.set_facts(facts)
        self.delete_button.setText(delete_text)
        self.delete_button.setAccessibleName(delete_text)
        self.delete_button.setVisible(bool(delete_text))

    def _show_card(self, plan: Plan, node: NodePlan) -> None:
        layer = node.layer
        translate = theme.translate_catalog
        self.training_form.hide()
        self.layer_form.set_entry(layer)
        self.layer_form.setVisible(bool(self.layer_form.paths()))
        self._card_facts = card_facts(plan, node)
        self._show(
            translate(layer.label),
            translate(layer.description),
            describe_entry(type(layer)),
            self._with_statistics(node),
            "",
            _said(plan, [node]),
        )

    def _show_cards(self, plan: Plan, nodes: Sequence[NodePlan]) -> None:
        self.training_form.hide()
        layers = [node.layer for node in nodes]
        own, differing = not_shared(layers), differing_fields(layers)
        self.layer_form.set_entry(layers[0], own)
        self.layer_form.setVisible(bool(self.layer_form.paths()))
        title = self.tr("{count} cards").format(count=len(nodes))
        ids = [node.node.id for node in nodes]
        names = ", ".join(ids[:_NAMED])
        if len(ids) > _NAMED:
            names = self.tr("{cards} and {count} more").format(cards=names, count=len(ids) - _NAMED)
        if differing:
            text = self.tr("{cards} · they differ in {fields}; shown is {card}")
            names = text.format(cards=names, fields=", ".join(differing), card=ids[0])
        facts, said = cards_facts(plan, nodes), _said(plan, nodes)
        self._show(title, names, ", ".join(ids), facts, self.tr("Delete these cards"), said)

    def _show_link(self, plan: Plan, edge: Edge) -> None:
        self.training_form.hide()
        self.layer_form.hide()
        title = self.tr("Link")
        words = self.tr("What {source} answers goes into {target}.").format(source=edge.source, target=edge.target)
        self._show(title, words, words, self._link_facts(plan, edge), self.tr("Delete link"), ())

    def _link_facts(self, plan: Plan, edge: Edge) -> list[Fact]:
        return link_facts(plan, edge, self._parameters.get(f"{edge.target}.weight"))

    def _show_training(self, document: Document, plan: Plan) -> None:
        self.layer_form.hide()
        training = document.training
        values: list[tuple[Field, Any]] = [(field, getattr(training, field.name)) for field in form(Training)]
        self.training_form.set_fields([*values, (_SEED, document.seed)])
        self.training_form.show()
        of_no_card = (warning for warning in plan.warnings if warning.node is None)
        self._show("", "", "", network_facts(plan), "", (*plan.problems, *of_no_card))

    def _with_statistics(self, node: NodePlan) -> list[Fact]:
        """The facts of the card that is shown, and what the values in it are like."""
        node_id, values = self._statistics
        if not node.sources or node.output_shape is None:
            return self._card_facts
        return self._card_facts + self.facts.of_statistics(values if node_id == node.node.id else {})

    # --- what the user changes -------------------------------------------------------------------------------------

    def _layer_changed(self, path: Path, value: Any, finished: bool) -> None:
        shown = self.layer_form.entry()
        if len(self._selection) > 1 and shown is not None:
            # Others may hold another entry there, so they get all of it.
            whole = getattr(with_field(shown, path, value), path[0])
            self.shared_field_changed.emit(tuple(sorted(self._selection)), path[0], whole, finished)
        else:
            self.layer_field_changed.emit(next(iter(self._selection)), path, value, finished)

    def _try_training(self, path: Path, value: Any) -> None:
        assert self._document is not None
        name, *rest = path
        if name == _SEED.name:
            self._document.replace(seed=value)
        elif rest:
            with_field(getattr(self._document.training, name), tuple(rest), value)
        else:
            checked(next(field for field in form(Training) if field.name == name), value)

    def _training_changed(self, path: Path, value: Any, finished: bool) -> None:
        self.training_field_changed.emit(path[0], path[1:], value, finished)


def _said(plan: Plan, nodes: Sequence[NodePlan]) -> list[Problem]:
    """The problems of some cards, and what they are warned of."""
    shown = {node.node.id for node in nodes}
    return [problem for problem in (*plan.problems, *plan.warnings) if problem.node in shown]


def _sample() -> QWidget:
    from engine.catalog.registry import entries
    from engine.document.graph import Data, Network
    from engine.plan.resolve import resolve

    layers = entries("layers")
    document = Document((Network(),), Data(entries("datasets")["spiral"]()))
    document = document.add(layers["Input"]()).append(layers["Dense"](units=8)).append(layers["Dense"](units=3))
    window = QWidget()
    row = QGridLayout(window)
    for number, selection in enumerate((frozenset({"dense_1"}), frozenset({"dense_2"}), frozenset[str]())):
        inspector = Inspector()
        inspector.set_state(document, resolve(document), selection, None)
        row.addWidget(inspector, 0, number)
    link = Inspector()
    link.set_state(document, resolve(document), frozenset(), Edge("dense_1", "dense_2"))
    row.addWidget(link, 0, 3)
    window.resize(4 * 316, 480)
    return window


if __name__ == "__main__":
    theme.demo(_sample)
