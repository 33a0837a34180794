"""The panel "Activations"."""

from __future__ import annotations

from playground.menus import QT_TRANSLATE_NOOP
from playground.panels.weights import Histograms
from playground.view import View


class ActivationsView(Histograms, View):
    """How the outputs of each layer are spread."""

    dock = "dock.activations"
    title = QT_TRANSLATE_NOOP("View", "Activations")
    order = 72
    quantity = past = "activations"
