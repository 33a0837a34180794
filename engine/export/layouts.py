"""Where the axes of kernels stand in PyTorch and in Keras.

Found by looking at which operator of PyTorch each learned array is given to while a card runs, not by layer: what calls
`linear` has a kernel (units, inputs), which Keras keeps as (inputs, units).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from engine.export.turning import Turn
from engine.plan.plan import NodePlan, Plan


def turns(plan: Plan) -> dict[str, Turn]:
    """How every kernel of a ready plan is turned for Keras, by "node.parameter"; what is no kernel is left out."""
    found: dict[str, Turn] = {}
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        for name in plan.order:
            node = plan.nodes[name]
            if node.parameters and node.weights_of is None:
                found.update((f"{name}.{own}", turn) for own, turn in _of_card(node).items())
    return found


def _of_card(node: NodePlan) -> dict[str, Turn]:
    module: nn.Module | None = node.layer.build(nn, *node.input_shapes)
    if module is None:
        return {}
    module.train(False)
    seen = _Seen(module.named_parameters())
    with seen:
        node.layer.forward(torch, module, *(torch.zeros(1, *shape) for shape in node.input_shapes))
    return seen.turns


class _Seen(TorchFunctionMode):
    """Writes down how the kernels are to be turned that PyTorch's operators are given while it is entered."""

    def __init__(self, named: Iterable[tuple[str, Tensor]]) -> None:
        super().__init__()
        self._names = {id(parameter): name for name, parameter in named}
        self.turns: dict[str, Turn] = {}

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        named = dict(kwargs or {})
        turn = _OPERATORS.get(getattr(func, "__name__", ""))
        if turn is not None:
            given = dict(zip(_PLACES, args, strict=False)) | named
            kernel = given.get("weight")
            name = self._names.get(id(kernel))
            if name is not None and isinstance(kernel, Tensor):
                self.turns[name] = turn(tuple(kernel.shape), int(given["input"].shape[1]))
        return func(*args, **named)


_PLACES = ("input", "weight")


def _dense(shape: tuple[int, ...], channels: int) -> Turn:
    """(units, inputs) -> (inputs, units)."""
    return Turn(shape, (1, 0))


def _sliding(shape: tuple[int, ...], channels: int) -> Turn:
    """(filters, channels, *window) -> (*window, channels, filters); depthwise, (*window, channels, multiplier)."""
    units, group, *window = shape
    if group == 1 and channels > 1 and units % channels == 0:  # as many groups as channels: a depthwise convolution
        split = (channels, units // channels, *window)
        return Turn(split, (*range(2, len(split)), 0, 1))
    return _spread(shape, channels)


def _spread(shape: tuple[int, ...], channels: int) -> Turn:
    """The window's axes first, the first two turned round behind them."""
    return Turn(shape, (*range(2, len(shape)), 1, 0))


_OPERATORS: Mapping[str, Callable[[tuple[int, ...], int], Turn]] = MappingProxyType(
    {
        "linear": _dense,
        "conv1d": _sliding,
        "conv2d": _sliding,
        "conv3d": _sliding,
        "conv_transpose1d": _spread,
        "conv_transpose2d": _spread,
        "conv_transpose3d": _spread,
    }
)
