"""Tool tips with a picture: what an entry does, drawn and in words, with its formula and its paper."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QPoint
from PySide6.QtWidgets import QToolTip, QWidget

from engine.catalog.registry import Entry, form
from widgets import theme
from widgets.form_texts import explain_entry
from widgets.pictures import PLAIN, Context, draw, has_picture
from widgets.pictures.paint import pixmap
from widgets.pictures.view import HEIGHT, WIDTH, notes_of


def tip(entry: Entry, context: Context = PLAIN, ratio: float = 1.0) -> str:
    """Rich text: name, picture, description, formula, where it comes from. Without a picture for other kinds."""
    parts = [f"<p><b>{escape(theme.translate_catalog(entry.label))}</b></p>"]
    pictured = _pictured(entry)
    if pictured is not None and not (drawing := draw(pictured, context)).empty:
        data = QByteArray()
        buffer = QBuffer(data)
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        # A tool tip shows images pixel by pixel: a finer one is scaled down by its size.
        pixmap(drawing, WIDTH + 40, HEIGHT + 10, ratio).save(buffer, "PNG")
        encoded = bytes(data.toBase64().data()).decode()
        parts.append(f'<p><img src="data:image/png;base64,{encoded}" width="{WIDTH + 40}" height="{HEIGHT + 10}"></p>')
        if notes := notes_of(drawing):
            parts.append(f"<p><small>{notes}</small></p>")
    return "".join(parts) + f"<p>{explain_entry(type(entry))}"


def _pictured(entry: Entry) -> Entry | None:
    """What is drawn of an entry: itself, or the choice that it is all about (the activation of an Activation)."""
    if has_picture(entry.kind):
        return entry
    first = next(iter(form(type(entry))), None)
    return getattr(entry, first.name) if first is not None and has_picture(first.chooses) else None


def show_tip(place: QPoint, entry: Entry, context: Context, widget: QWidget) -> None:
    """Show the tip of an entry at a point of the screen; drawn only now."""
    QToolTip.showText(place, tip(entry, context, widget.devicePixelRatioF()), widget)
