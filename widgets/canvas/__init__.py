"""The canvas: cards joined by links, on which a network is built and watched."""

from widgets.canvas.canvas import Canvas

__all__ = ["Canvas"]
