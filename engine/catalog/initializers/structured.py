"""Initializers of whole matrices: what counts is how the values of one parameter stand to each other."""

from __future__ import annotations

import math
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from engine.catalog.initializers.initializer import Initializer, Shape, Spread, bell, number
from engine.catalog.registry import Range, register


def _rows_and_columns(shape: Shape) -> tuple[int, int]:
    """A parameter as a matrix: one row for each output, all else in the columns; a row of biases is one column."""
    return shape[0], math.prod(shape[1:])


@register
class Orthogonal(Initializer):
    """A random rotation: signals keep their length however deep the network; gain stretches them.

    The weights of a convolution count as a matrix with one row for each output channel. Where it is not square, its
    rows or its columns, whichever are fewer, are orthogonal to each other. A row of biases becomes a random
    direction of length `gain`. Values are the same for a seed on one machine; another machine's linear algebra may
    round the last digit otherwise.
    """

    gain: Annotated[float, Range(0.01, 10.0, 0.1)] = 1.0

    formula = "W Wᵀ = gain² · I, or Wᵀ W = gain² · I"
    reference = "Saxe et al., ICLR 2014; Mezzadri, Notices of the AMS 54, 2007"
    order = 20

    def draw(self, rng: np.random.Generator, shape: Shape, fan_in: int, fan_out: int) -> NDArray[np.float32]:
        rows, columns = _rows_and_columns(shape)
        q, r = np.linalg.qr(rng.standard_normal((max(rows, columns), min(rows, columns))))
        # Without these signs the rotations would not be evenly distributed.
        q *= np.where(np.diagonal(r) < 0, -1.0, 1.0)
        return np.ascontiguousarray(self.gain * (q if rows >= columns else q.T), np.float32).reshape(shape)

    def spread(self, shape: Shape, fan_in: int, fan_out: int) -> Spread:
        return Spread(0.0, self.gain / math.sqrt(max(_rows_and_columns(shape))), -self.gain, self.gain)

    def filled(self, shape: Shape, fan_in: int, fan_out: int) -> str:
        rows, columns = _rows_and_columns(shape)
        squared = f"{number(self.gain)}²"
        product = f"W Wᵀ = {squared} · I ({rows} × {rows})"
        if rows > columns:
            product = f"Wᵀ W = {squared} · I ({columns} × {columns})"
        return f"{product}, variance {squared} / {max(rows, columns)} = {number(self.gain**2 / max(rows, columns))}"


@register
class Identity(Initializer):
    """Hands inputs on as they are, as far as there are outputs; gain multiplies them. Biases start at 0.

    The weights of a convolution are 0 but for the middle of one filter for each output channel (Dirac). Where it
    has more output channels than a filter reads, as with groups, they begin again with the first: right for each
    group that gives as many channels as it reads. PyTorch's `dirac_` has to be told the groups.
    """

    gain: Annotated[float, Range(-10.0, 10.0, 0.1)] = 1.0

    formula = "w[i, j] = gain if i = j, else 0; b = 0"
    reference = "Le, Jaitly & Hinton, arXiv 1504.00941, 2015"
    order = 21

    def draw(self, rng: np.random.Generator, shape: Shape, fan_in: int, fan_out: int) -> NDArray[np.float32]:
        values = np.zeros(shape, np.float32)
        outputs = np.arange(self._ones(shape))
        if outputs.size:
            place: tuple[Any, ...] = (outputs, outputs % shape[1], *(length // 2 for length in shape[2:]))
            values[place] = self.gain
        return values

    def _ones(self, shape: Shape) -> int:
        """How many outputs hand on an input."""
        if len(shape) == 1:
            return 0
        return min(shape) if len(shape) == 2 else shape[0]

    def spread(self, shape: Shape, fan_in: int, fan_out: int) -> Spread:
        share = self._ones(shape) / max(1, math.prod(shape))
        ends = (0.0, self.gain) if share else (0.0, 0.0)
        deviation = abs(self.gain) * math.sqrt(share * (1 - share))
        return Spread(self.gain * share, deviation, min(ends), max(ends))

    def filled(self, shape: Shape, fan_in: int, fan_out: int) -> str:
        if len(shape) == 1:
            return "b = 0"
        return f"{self._ones(shape)} of {math.prod(shape)} values are {number(self.gain)}, the rest 0"


@register
class Sparse(Initializer):
    """A bell curve of which most values are 0: each input reaches only a few units.

    As in PyTorch's `sparse_`, the share that is 0 is rounded up for each input (each column of the matrix), so a
    layer of a single unit starts with zeros alone.
    """

    sparsity: Annotated[float, Range(0.0, 1.0, 0.05)] = 0.9
    standard_deviation: Annotated[float, Range(0.0, 10.0, 0.05)] = 0.01

    formula = "⌈sparsity · units⌉ weights of each input are 0, the others ~ N(0, standard_deviation²)"
    reference = "Martens, Deep learning via Hessian-free optimization, ICML 2010"
    order = 22

    def draw(self, rng: np.random.Generator, shape: Shape, fan_in: int, fan_out: int) -> NDArray[np.float32]:
        rows, columns = _rows_and_columns(shape)
        values = bell(rng, self.standard_deviation, (rows, columns))
        order = np.argsort(rng.random((rows, columns)), axis=0)
        values[order < self._zeros(rows)] = 0
        return values.reshape(shape)

    def _zeros(self, rows: int) -> int:
        """How many values of each column are 0."""
        return math.ceil(self.sparsity * rows)

    def _kept(self, shape: Shape) -> float:
        """The share of values that are not 0."""
        rows, _ = _rows_and_columns(shape)
        return 1 - self._zeros(rows) / rows

    def spread(self, shape: Shape, fan_in: int, fan_out: int) -> Spread:
        deviation = self.standard_deviation * math.sqrt(self._kept(shape))
        return Spread(0.0, deviation) if deviation else Spread(0.0, 0.0, 0.0, 0.0)

    def filled(self, shape: Shape, fan_in: int, fan_out: int) -> str:
        rows, _ = _rows_and_columns(shape)
        zeros = f"{self._zeros(rows)} of {rows} weights of each input are 0"
        return f"{zeros}, variance {number(self._kept(shape))} · {number(self.standard_deviation)}²"
