"""What is said of maps and units, with their numbers."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QLocale

from widgets.controls_numbers import format_number
from widgets.maps_layout import SeenLayer
from widgets.maps_values import MapValues


def shape_text(layer: SeenLayer) -> str:
    """A layer's shape as it is read: 8 × 14 × 14; or what is said of it instead."""
    if layer.facts:
        return layer.facts
    locale = QLocale()
    return " × ".join(locale.toString(length) for length in layer.shape)


def range_text(layer: SeenLayer, values: MapValues) -> str:
    """What the colours of a layer stand for: ±2, 0 … 2; nothing where each map has its own."""
    full = values.full(layer.node)
    if not full or layer.names or layer.is_input or (values.own_scale and len(layer.shape) > 1):
        return ""
    text = format_number(full, 2)
    return f"± {text}" if values.signed(layer.node) else f"0 … {text}"


def unit_name(layer: SeenLayer, unit: int) -> str:
    """What one of a layer's units or maps is called."""
    if unit < len(layer.names):
        return layer.names[unit]
    number = QLocale().toString(unit + 1)
    return (
        QCoreApplication.translate("LayersSee", "map {number}")
        if len(layer.shape) > 1
        else QCoreApplication.translate("LayersSee", "unit {number}")
    ).format(number=number)


def tile_text(layer: SeenLayer, unit: int, values: MapValues) -> str:
    """What is said of a unit under the pointer."""
    lines = [f"{layer.title} · {unit_name(layer, unit)}"]
    value = values.number(layer.node, "values", unit)
    if value is not None:
        lines.append(QCoreApplication.translate("LayersSee", "value {value}").format(value=format_number(value, 4)))
    low, high, mean = (values.number(layer.node, what, unit) for what in ("low", "high", "mean"))
    if low is not None and high is not None:
        text = QCoreApplication.translate("LayersSee", "from {low} to {high}, mean {mean}")
        lines.append(text.format(low=format_number(low), high=format_number(high), mean=format_number(mean)))
        if low == high == 0:
            lines.append(QCoreApplication.translate("LayersSee", "silent: 0 everywhere for this sample"))
    running = values.maps.get(f"{layer.node}.running")
    if running is not None and unit < running.shape[1]:
        text = QCoreApplication.translate("LayersSee", "running mean {mean}, deviation {deviation}")
        mean, deviation = running[:, unit].tolist()
        lines.append(text.format(mean=format_number(mean), deviation=format_number(deviation)))
    mask = values.maps.get(f"{layer.node}.mask")
    if mask is not None and unit < len(mask):
        share = QLocale().toString(100 * float(1 - mask[unit].mean()), "f", 0)
        lines.append(
            QCoreApplication.translate(
                "LayersSee", "silenced by a mask drawn as in training: {share} % of it; each sample has another"
            ).format(share=share)
        )
    norm = values.kernels.get(f"{layer.node}.norm")
    if norm is not None and unit < len(norm):
        scale = float(values.kernels[f"{layer.node}.scale"][unit])
        text = QCoreApplication.translate("LayersSee", "beside it: length {norm}, largest ± {scale}")
        lines.append(text.format(norm=format_number(float(norm[unit])), scale=format_number(scale)))
    return "\n".join(lines)
