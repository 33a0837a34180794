"""Panels that look at the run: a module each, with one subclass of `playground.view.View`."""
