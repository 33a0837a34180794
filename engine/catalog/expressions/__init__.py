"""Formulas that the user types: read, simplified, computed in NumPy and PyTorch, differentiated."""

from engine.catalog.expressions.computing import derivative, tensor_value, value
from engine.catalog.expressions.reading import read

__all__ = ["derivative", "read", "tensor_value", "value"]
