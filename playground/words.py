"""Sentences and numbers of the engine in the user's language."""

from __future__ import annotations

import math

from PySide6.QtCore import QCoreApplication, QLocale

from engine.document.errors import Sentence
from widgets.theme import translate_catalog


def sentence(item: Sentence) -> str:
    """A sentence of the engine, translated, with its values filled in."""
    return translate_catalog(item.template).format(**item.values)


def metric_name(task: str) -> str:
    """What the metric of a task is called, on the test samples."""
    if task == "regression":
        return QCoreApplication.translate("words", "test R²")
    return QCoreApplication.translate("words", "test accuracy")


def metric_text(task: str, value: float) -> str:
    """A metric as it is read: 98.4 % for an accuracy, 0.934 for R²; a dash where there is none."""
    if math.isnan(value):
        return "—"
    if task == "regression":
        return QLocale().toString(value, "f", 3).replace("-", "−")
    return QCoreApplication.translate("words", "{percent} %").format(percent=QLocale().toString(100 * value, "f", 1))


def goal_text(task: str, threshold: float) -> str:
    """What a run has to reach to count as one that succeeded."""
    if task == "regression":
        value = QLocale().toString(threshold, "g", 3)
    else:
        value = QCoreApplication.translate("words", "{percent} %").format(
            percent=QLocale().toString(100 * threshold, "g", 3)
        )
    return QCoreApplication.translate("words", "{metric} ≥ {value}").format(metric=metric_name(task), value=value)


def rate_text(epochs_per_second: float) -> str:
    """A training speed for the status bar."""
    digits = 0 if epochs_per_second >= 10 else 1
    number = QLocale().toString(epochs_per_second, "f", digits)
    return QCoreApplication.translate("words", "{number} epochs/s").format(number=number)
