"""What is wrong with the layers of a network, in one sentence with what would help; nothing where all is well."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QCoreApplication, QLocale

from widgets.controls import format_number
from widgets.layer_histograms_history import Row

MANY = 0.5
"""Share of silent or saturated units from which something is said."""
FAST, SLOW = 0.1, 1e-6
"""Updates relative to the weights beyond which the rate is too high or too low."""
VANISHED, EXPLODED = 1e-4, 1e3
"""A gradient this much smaller than the largest of the network; one this large."""


def trouble(quantity: str, rows: Mapping[str, Row]) -> tuple[str, str]:
    """The layer that something is wrong with, and what it is, the worst; ("", "") where all is well.

    `quantity` is "weights", "gradients" or "activations".
    """
    found = {"weights": _updates, "gradients": _gradients}.get(quantity, _units)(rows)
    return max(found, key=lambda item: item[0])[1:] if found else ("", "")


def _units(rows: Mapping[str, Row]) -> list[tuple[float, str, str]]:
    found = []
    for node, row in rows.items():
        silent, saturated = row.share(0), row.share(1)
        if silent is not None and silent >= MANY:
            text = _text("{share} of the units of {layer} never answer: lower the rate or use another initializer")
            found.append((1 + silent, node, text.format(share=_share(silent), layer=node)))
        if saturated is not None and saturated >= MANY:
            text = _text("{share} of the units of {layer} are saturated: start from smaller weights or lower the rate")
            found.append((saturated, node, text.format(share=_share(saturated), layer=node)))
    return found


def _updates(rows: Mapping[str, Row]) -> list[tuple[float, str, str]]:
    known = {node: row.update for node, row in rows.items() if row.update is not None}
    if not known:
        return []
    fastest = max(known, key=lambda node: known[node])
    if known[fastest] > FAST:
        text = _text("A step changes the weights of {layer} by {share}: lower the rate")
        return [(known[fastest], fastest, text.format(share=_percent(known[fastest]), layer=fastest))]
    if 0 < known[fastest] < SLOW:
        text = _text("No step changes any weights by more than {share}: raise the rate")
        return [(1.0, fastest, text.format(share=_percent(known[fastest])))]
    return []


def _gradients(rows: Mapping[str, Row]) -> list[tuple[float, str, str]]:
    known = {node: row.norm for node, row in rows.items() if row.norm is not None}
    if len(known) < 2:
        return []
    least, most = min(known, key=lambda node: known[node]), max(known, key=lambda node: known[node])
    if known[most] > EXPLODED:
        text = _text("The gradient of {layer} has a norm of {norm}: clip it or lower the rate")
        return [(3.0, most, text.format(layer=most, norm=format_number(known[most])))]
    if known[most] > 0 and known[least] == 0:
        text = _text("{layer} gets no gradient: nothing of what it answers reaches the loss")
        return [(2.0, least, text.format(layer=least))]
    if known[most] > 0 and known[least] < VANISHED * known[most]:
        text = _text(
            "The gradient of {layer} is {times} times smaller than that of {other}: use ReLU or normalize between them"
        )
        times = QLocale().toString(round(float(f"{known[most] / known[least]:.1g}")))
        return [(1.5, least, text.format(layer=least, other=most, times=times))]
    return []


def _text(source: str) -> str:
    return QCoreApplication.translate("LayerHistograms", source)


def _share(value: float) -> str:
    if value >= 0.995:
        return _text("All")
    return _percent(value) if abs(value - 0.5) > 0.03 else _text("Half")


def _percent(value: float) -> str:
    digits = 0 if value >= 0.01 else 4
    return _text("{share} %").format(share=QLocale().toString(100 * value, "f", digits))
