"""The dialog that lists templates: what each is, how it looks on these data, and its sizes."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QIcon, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from engine.catalog.layers.layer import Shape
from engine.document.arranging import arrange
from engine.document.errors import PlaygroundError
from engine.document.graph import Document, Network
from engine.document.templates import Template, read_sizes, started, templates
from engine.plan.plan import Plan
from engine.plan.resolve import resolve
from widgets import icons, theme
from widgets.canvas.layout import layer_title
from widgets.canvas.link import wire

_SIZE = QSize(820, 520)
_LIST_WIDTH = 216
_CARD = (124.0, 44.0)
"""Width and height of a card in the preview, before it is scaled to fit."""
_MARGIN = 16.0
_IMAGE = (1, 28, 28)
"""What a template is shown on that does not suit the data."""
_LONGEST_ROW = 6
"""Columns of cards in the preview."""
_TURN = 12.0
"""How far a link goes on at the end of a row."""
_ID = Qt.ItemDataRole.UserRole


class TemplateDialog(QDialog):
    """A list of templates with a preview. Emits `chosen` and closes."""

    chosen = Signal(str, tuple, str)
    """Id of the template, its sizes, and the card that it goes behind; "" puts it in the place of the network."""

    def __init__(self, plan: Plan, after: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setObjectName("dialog.templates")
        self.setWindowTitle(self.tr("Insert template"))
        self._plan, self._after = plan, after
        self.list = QListWidget()
        self.list.setObjectName("dialog.templates.list")
        self.list.setAccessibleName(self.tr("Templates"))
        self.list.setFixedWidth(_LIST_WIDTH)
        self.list.setSpacing(2)
        for template in templates().values():
            item = QListWidgetItem(theme.translate_catalog(template.title), self.list)
            item.setData(_ID, template.id)
            item.setToolTip(theme.translate_catalog(template.description))
            item.setSizeHint(QSize(0, 32))
        self.list.itemDoubleClicked.connect(lambda _item: self._accept())
        self.preview = Preview()
        self.description = QLabel()
        self.description.setWordWrap(True)
        self.note = QLabel()
        self.note.setWordWrap(True)
        self.note.setObjectName("dialog.templates.note")
        self.sizes = QLineEdit()
        self.sizes.setObjectName("dialog.templates.sizes")
        self.sizes.textEdited.connect(lambda _text: self._show())
        self._sizes_label = QLabel()
        self._sizes_label.setProperty("class", "muted")
        self._sizes_label.setBuddy(self.sizes)
        self.replace = QCheckBox(self.tr("In the place of the network"))
        self.replace.setObjectName("dialog.templates.replace")
        self.replace.setAccessibleName(self.replace.text())
        self.replace.toggled.connect(lambda _checked: self._show())
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.buttons.button(QDialogButtonBox.StandardButton.Cancel).setIcon(QIcon())
        self.insert = self.buttons.addButton(self.tr("Insert"), QDialogButtonBox.ButtonRole.AcceptRole)
        self.insert.setObjectName("dialog.templates.insert")
        self.insert.setProperty("class", "primary")
        self.insert.setDefault(True)
        self.buttons.accepted.connect(self._accept)
        self.buttons.rejected.connect(self.reject)
        self._lay_out()
        self.list.currentItemChanged.connect(lambda _now, _before: self._choose())
        self.list.setCurrentRow(0)
        self.resize(_SIZE)

    def _lay_out(self) -> None:
        right = QVBoxLayout()
        right.setSpacing(theme.SPACING)
        right.addWidget(self.description)
        right.addWidget(self.preview, 1)
        right.addWidget(self.note)
        fields = QHBoxLayout()
        fields.setSpacing(theme.SPACING)
        fields.addWidget(self._sizes_label)
        fields.addWidget(self.sizes, 1)
        right.addLayout(fields)
        right.addWidget(self.replace)
        columns = QHBoxLayout()
        columns.setSpacing(theme.MARGIN)
        columns.addWidget(self.list)
        columns.addLayout(right, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, theme.MARGIN)
        column.setSpacing(theme.MARGIN)
        column.addLayout(columns, 1)
        column.addWidget(self.buttons)

    def template(self) -> Template:
        """The one that is chosen."""
        return templates()[self.list.currentItem().data(_ID)]

    def _choose(self) -> None:
        template = self.template()
        self.description.setText(theme.translate_catalog(template.description))
        self.sizes.setText(", ".join(str(size) for size in template.sizes))
        words = theme.translate_catalog(template.size_words)
        self._sizes_label.setText(words[:1].upper() + words[1:])
        self.sizes.setAccessibleName(words)
        self.sizes.setVisible(bool(template.sizes))
        self._sizes_label.setVisible(bool(template.sizes))
        empty = not self._plan.document.networks[0].nodes
        self.replace.setVisible(not empty)
        behind = bool(self._after) and not (template.whole and self._leads_nowhere())
        self.replace.setChecked(empty or not behind)
        self._show()

    def _leads_nowhere(self) -> bool:
        return self._after == self._plan.output

    def place(self) -> str:
        """The card that the template goes behind; "" if it takes the place of the network."""
        if self.replace.isChecked():
            return ""
        return self._after or self._plan.output or self._last()

    def _last(self) -> str:
        nodes = self._plan.document.networks[0].nodes
        return max(nodes, key=lambda node: node.x).id if nodes else ""

    def _show(self) -> None:
        """Build it, and show it or say why it cannot be built."""
        template, place = self.template(), self.place()
        document = self._plan.document
        try:
            sizes = read_sizes(self.sizes.text()) if template.sizes else ()
            grown, added = started(document, template.id, _shapes, place, sizes)
        except PlaygroundError as error:
            self.preview.set_document(*self._elsewhere(template), {})
            self.note.setText(theme.translate_catalog(error.sentence.template).format(**error.sentence.values))
            self.note.setProperty("class", "warning")
            self.insert.setEnabled(False)
        else:
            self.preview.set_document(grown, added, _shapes(grown))
            text = self.tr("Goes behind {card}.") if place else self.tr("Takes the place of the network.")
            fitted = self.tr("Its output is fitted to the data.") if template.whole else ""
            self.note.setText(f"{text.format(card=place)} {fitted}".strip())
            self.note.setProperty("class", "muted")
            self.insert.setEnabled(True)
        self.note.style().unpolish(self.note)
        self.note.style().polish(self.note)

    def _elsewhere(self, template: Template) -> tuple[Document | None, tuple[str, ...]]:
        """How it would look on images; nothing where its sizes are the trouble."""
        empty = self._plan.document.replace(networks=(Network(),))
        try:
            sizes = read_sizes(self.sizes.text()) if template.sizes else ()
            return started(
                empty, template.id, lambda document: dict.fromkeys(document.networks[0].by_id, _IMAGE), "", sizes
            )
        except PlaygroundError:
            return None, ()

    def _accept(self) -> None:
        if self.insert.isEnabled():
            sizes = read_sizes(self.sizes.text()) if self.template().sizes else ()
            self.chosen.emit(self.template().id, sizes, self.place())
            self.accept()


class Preview(QWidget):
    """The cards of a template, small, with what leaves each."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("dialog.templates.preview")
        self.setAccessibleName(self.tr("Preview"))
        self.setMinimumSize(360, 200)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._places: dict[str, QPointF] = {}
        self._words: dict[str, tuple[str, str, str]] = {}
        self._links: list[tuple[str, str]] = []

    def set_document(self, document: Document | None, added: tuple[str, ...], shapes: Mapping[str, Shape]) -> None:
        """Show these cards of a document, with what leaves them, and those right before them."""
        self._places, self._words, self._links = {}, {}, []
        if document is not None:
            edges = document.networks[0].edges
            shown = set(added) | {edge.source for edge in edges if edge.target in added}
            rest = [node.id for node in document.nodes if node.id not in shown]
            laid = arrange(document.remove(rest), dict.fromkeys(shown, _CARD))
            self._places = _in_rows({node.id: QPointF(node.x, node.y) for node in laid.nodes})
            for node in laid.nodes:
                shape = str(shapes[node.id]) if node.id in shapes else ""
                self._words[node.id] = (icons.of_layer(node.layer.name), layer_title(node.layer), shape)
            self._links = [(edge.source, edge.target) for edge in laid.networks[0].edges]
            spoken = ", ".join(title for _, title, _ in self._words.values())
            self.setAccessibleDescription(spoken)
        self.update()

    def cards(self) -> int:
        """How many cards are shown."""
        return len(self._places)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Links, then cards, as large as they fit."""
        now, painter = theme.current(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(now.line), 1.0))
        painter.setBrush(QColor(now.background))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), theme.RADIUS, theme.RADIUS)
        if not self._places:
            return
        width, height = _CARD
        content = QRectF()
        for place in self._places.values():
            content = content.united(QRectF(place.x() - width / 2, place.y() - height / 2, width, height))
        content.adjust(-_TURN, 0.0, _TURN, 0.0)
        room = QRectF(self.rect()).adjusted(_MARGIN, _MARGIN, -_MARGIN, -_MARGIN)
        zoom = min(room.width() / content.width(), room.height() / content.height(), 1.0)
        painter.translate(room.center())
        painter.scale(zoom, zoom)
        painter.translate(-content.center())
        painter.setPen(QPen(QColor(now.muted), 1.2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for source, target in self._links:
            across = QPointF(width / 2, 0.0)
            start, end = self._places[source] + across, self._places[target] - across
            painter.drawPath(wire(start, end) if start.x() < end.x() else _turned(start, end))
        for node_id, place in self._places.items():
            self._paint_card(painter, place, *self._words[node_id])

    def _paint_card(self, painter: QPainter, place: QPointF, icon: str, title: str, shape: str) -> None:
        now, (width, height) = theme.current(), _CARD
        frame = QRectF(place.x() - width / 2, place.y() - height / 2, width, height)
        painter.setPen(QPen(QColor(now.line), 1.0))
        painter.setBrush(QColor(now.surface))
        painter.drawRoundedRect(frame, theme.RADIUS, theme.RADIUS)
        picture = icons.pixmap(icon, QColor(now.muted), theme.ICON, 2 * self.devicePixelRatioF())
        painter.drawPixmap(QRectF(frame.left() + 8, frame.top() + 6, 16, 16), picture, QRectF(picture.rect()))
        font = theme.font(theme.NORMAL, QFont.Weight.DemiBold)
        painter.setFont(font)
        painter.setPen(QColor(now.text))
        words = QRectF(frame.left() + 28, frame.top() + 4, width - 34, 20)
        text = QFontMetricsF(font).elidedText(title, Qt.TextElideMode.ElideRight, words.width())
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter, text)
        painter.setFont(theme.font(theme.SMALL))
        painter.setPen(QColor(now.muted))
        painter.drawText(frame.adjusted(10, 22, -8, -4), Qt.AlignmentFlag.AlignVCenter, shape)


def _turned(start: QPointF, end: QPointF) -> QPainterPath:
    """A line from the end of one row to the beginning of the next."""
    path, middle = QPainterPath(start), (start.y() + end.y()) / 2
    for point in (
        QPointF(start.x() + _TURN, start.y()),
        QPointF(start.x() + _TURN, middle),
        QPointF(end.x() - _TURN, middle),
        QPointF(end.x() - _TURN, end.y()),
        end,
    ):
        path.lineTo(point)
    return path


def _in_rows(places: Mapping[str, QPointF]) -> dict[str, QPointF]:
    """The places, a long network in two rows: on one line its words would be too small to read."""
    columns = sorted({place.x() for place in places.values()})
    if len(columns) <= _LONGEST_ROW:
        return dict(places)
    second = columns[(len(columns) + 1) // 2]
    heights = [place.y() for place in places.values()]
    down = QPointF(columns[0] - second, max(heights) - min(heights) + 2 * _CARD[1])
    return {node_id: place + down if place.x() >= second else place for node_id, place in places.items()}


def _shapes(document: Document) -> Mapping[str, Shape]:
    nodes = resolve(document).nodes
    return {node_id: node.output_shape for node_id, node in nodes.items() if node.output_shape is not None}


def _sample() -> QWidget:
    from widgets.canvas.sample import chain

    return TemplateDialog(resolve(chain([8, 1])), "")


if __name__ == "__main__":
    theme.demo(_sample)
