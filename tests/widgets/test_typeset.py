"""Formulas in plain text, set as rich text."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QTextDocument
from pytestqt.qtbot import QtBot

from engine.catalog.registry import entries, kinds
from widgets.typeset import typeset


@pytest.mark.parametrize(
    ("plain", "rich"),
    [
        ("y = x^2", "<i>y</i> = <i>x</i><sup>2</sup>"),
        ("e^(−x/alpha)", "<i>e</i><sup>−<i>x</i>/alpha</sup>"),
        ("a = √(6 / fan_in)", "<i>a</i> = √(6 / fan<sub>in</sub>)"),
        ("w − learning_rate · g", "<i>w</i> − learning\u00a0rate · <i>g</i>"),
        ("x for x > 0; 0 otherwise", "<i>x</i> for <i>x</i> &gt; 0<br>0 otherwise"),
        ("without a loss", "without a loss"),
        ("the other run's w", "the other run's <i>w</i>"),
        ("m̂ / g_last", "<i>m̂</i> / <i>g</i><sub>last</sub>"),
        ("decay^⌊epoch / step⌋", "decay<sup>⌊epoch / step⌋</sup>"),
    ],
)
def test_what_is_raised_lowered_and_slanted(plain: str, rich: str) -> None:
    assert typeset(plain) == rich


def test_every_formula_reads_the_same_when_it_is_set(qtbot: QtBot) -> None:
    document = QTextDocument()
    marks = str.maketrans("", "", "^_{}()`;\u00a0 \n\u2028")
    for kind in kinds():
        for cls in entries(kind).values():
            document.setHtml(typeset(cls.formula))
            assert document.toPlainText().translate(marks) == cls.formula.translate(marks)
