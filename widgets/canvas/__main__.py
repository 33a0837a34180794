"""The canvas alone, with a network that has learnt something."""

from widgets import theme
from widgets.canvas.sample import sample

if __name__ == "__main__":
    theme.demo(sample)
