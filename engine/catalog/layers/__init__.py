"""Layers: what the cards of a network can be."""
