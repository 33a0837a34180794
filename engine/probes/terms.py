"""What one value of a card is made of: every product, the bias, the activation. Its numbers add up to the layer."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from engine.catalog.layers.dense import Dense
from engine.catalog.layers.pooling import AveragePool1d, AveragePool2d, Pooling
from engine.catalog.registry import Hidden, register
from engine.probes.probe import Arrays
from engine.probes.sample import SampleProbe
from engine.probes.sliding import reads
from engine.probes.tiles import as_maps
from engine.probes.weights import by_units, channels_of, has_kernels, names, seen_shape
from engine.training.trainer import Trainer

VALUE, PRODUCTS, LARGEST, MEAN = range(4)
"""Values of "kind": a value of which no more is known; a weighted sum; the largest, or the mean, of a window."""


@register
class Terms(SampleProbe):
    """How one value of a card comes about for one sample: input patch × kernel, sum, bias, activation."""

    node: Annotated[str, Hidden()] = ""
    unit: Annotated[int, Hidden()] = 0
    row: Annotated[int, Hidden()] = 0
    column: Annotated[int, Hidden()] = 0

    formula = "y = f(b + Σ w · x) over the window at (row, column)"
    reference = "Wang et al., CNN Explainer: IEEE Transactions on Visualization 27, 2021"

    def measure(self, trainer: Trainer) -> Arrays:
        """The answer; nothing where there is no such value.

        "kind" int64 (1,) and "value" float32 (1,), what the layer gives. Of a weighted sum or a pooling: "patch"
        float32 (channels, height, width), the inputs, 0 (of a pooling NaN) where "inside" bool (height, width) is
        false; "rows" int64 (height,) and "columns" int64 (width,), where they lie in the input, −1 outside; "channels"
        int64 (channels,), of which channels. Of a weighted sum: "kernel" float32 like the patch, "bias" float64 (1,)
        and "before" float64 (1,), the sum of all products and the bias, before the activation.
        """
        plan = trainer.plan
        node = plan.nodes.get(self.node)
        values = self.values(trainer)
        if node is None or node.output_shape is None or not len(values):
            return {}
        sources = node.sources[:1]
        outputs = trainer.outputs(values, (self.node, *sources))
        maps = as_maps(outputs[self.node][0])
        if not (self.unit < len(maps) and self.row < maps.shape[1] and self.column < maps.shape[2]):
            return {}
        found: dict[str, NDArray[Any]] = {"value": maps[self.unit, self.row, self.column, None].copy()}
        if has_kernels(node):
            return found | self._products(trainer, outputs[sources[0]][0])
        if isinstance(node.layer, Pooling):
            window = reads(node.layer, node.input_shapes[0], self.row, self.column)
            patch = window.patch(as_maps(outputs[sources[0]][0])[self.unit : self.unit + 1], np.nan)
            mean = isinstance(node.layer, AveragePool1d | AveragePool2d)
            return found | {
                "kind": np.array([MEAN if mean else LARGEST]),
                "patch": patch,
                "inside": window.inside,
                "rows": window.rows,
                "columns": window.columns,
                "channels": np.array([self.unit]),
            }
        return found | {"kind": np.array([VALUE])}

    def _products(self, trainer: Trainer, arriving: NDArray[np.float32]) -> dict[str, NDArray[Any]]:
        plan = trainer.plan
        node = plan.nodes[self.node]
        owner = node.weights_of or self.node
        arrays = {name: trainer.parameter(f"{owner}.{name}") for name in names(node)}
        kernel = by_units(plan, self.node, arrays)[self.unit]
        channels = channels_of(plan, self.node, self.unit)
        if isinstance(node.layer, Dense):
            shape = seen_shape(plan, self.node)
            patch = arriving.reshape(shape)
            inside = np.ones(shape[1:], np.bool_)
            rows, columns = np.arange(shape[1]), np.arange(shape[2])
        else:
            window = reads(node.layer, node.input_shapes[0], self.row, self.column)
            patch, inside, rows, columns = (
                window.patch(as_maps(arriving)[channels]),
                window.inside,
                window.rows,
                window.columns,
            )
        has_bias = f"{owner}.bias" in plan.parameters
        bias = float(trainer.parameter(f"{owner}.bias")[self.unit]) if has_bias else 0.0
        total = float(np.sum(patch.astype(np.float64) * kernel)) + bias
        return {
            "kind": np.array([PRODUCTS]),
            "patch": np.array(patch, np.float32),
            "kernel": np.array(kernel, np.float32),
            "inside": inside,
            "rows": rows,
            "columns": columns,
            "channels": channels,
            "bias": np.array([bias]),
            "before": np.array([total]),
        }
