"""Words about entries, fields and sentences of the engine, in the language of the window."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import QCoreApplication, QLocale

from engine.catalog.registry import Entry, Field, Range, Text, entries
from engine.document.errors import Sentence
from widgets import theme
from widgets.controls_numbers import suffix_of
from widgets.typeset import typeset


def say(sentence: Sentence) -> str:
    """A sentence of the engine in the language of the window, ended with a full stop."""
    text = theme.translate_catalog(sentence.template).format(**sentence.values)
    return text if text.endswith((".", "!", "?")) else f"{text}."


def describe_entry(cls: type[Entry]) -> str:
    """The tool tip of an entry: what it does, its formula, where it comes from; rich text that wraps."""
    return f"<p><b>{escape(theme.translate_catalog(cls.label))}</b><br>{explain_entry(cls)}"


def explain_entry(cls: type[Entry]) -> str:
    """What an entry does, its formula, where it comes from, as rich text without its name."""
    translate = theme.translate_catalog
    parts = [escape(translate(cls.description))]
    if cls.formula:
        parts.append(typeset(translate(cls.formula)))
    if cls.reference:
        parts.append(f"<small>{escape(translate(cls.reference))}</small>")
    return "</p><p>".join(parts) + "</p>"


def describe_field(field: Field) -> str:
    """The tool tip of a field: what it is and the values it takes."""
    name = theme.translate_catalog(field.label)
    if isinstance(field.constraint, Range):
        locale = QLocale()
        low, high = (_bound(locale, end) for end in (field.constraint.low, field.constraint.high))
        template = QCoreApplication.translate("form", "{name}: from {low} to {high}")
        return template.format(name=name, low=low, high=high + suffix_of(field.constraint))
    if isinstance(field.constraint, Text) and field.constraint.example:
        template = QCoreApplication.translate("form", "{name}: for example {example}")
        return template.format(name=name, example=field.constraint.example)
    if field.chooses:
        count = len(entries(field.chooses))
        return QCoreApplication.translate("form", "{name}: {count} to choose from").format(name=name, count=count)
    return name


def _bound(locale: QLocale, value: float) -> str:
    return locale.toString(float(value), "g", 10)
