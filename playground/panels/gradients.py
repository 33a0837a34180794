"""The panel "Gradients"."""

from __future__ import annotations

from playground.menus import QT_TRANSLATE_NOOP
from playground.panels.weights import Histograms
from playground.view import View


class GradientsView(Histograms, View):
    """How the gradients of each layer are spread."""

    dock = "dock.gradients"
    title = QT_TRANSLATE_NOOP("View", "Gradients")
    order = 71
    quantity = past = "gradients"
