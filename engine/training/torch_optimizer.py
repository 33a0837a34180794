"""PyTorch's optimizers without what surrounds them, and their state under the names of the catalogue.

`Optimizer.step` goes through a profiler hook and two graph breaks of the compiler: a good part of a small network's
step, and the first call imports the compiler, which takes as long as importing PyTorch. The function inside is called.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from engine.catalog.optimizers import Optimizer
from engine.document.errors import InvalidValueError
from engine.training.trainer import Array


class FlatOptimizer:
    """An optimizer over one flat tensor whose `grad` is another."""

    def __init__(self, settings: Optimizer, flat: Tensor) -> None:
        """Build PyTorch's optimizer for the settings; its state is empty until the first step."""
        adding = inspect.unwrap(torch.optim.Optimizer.add_param_group)
        vars(adding).setdefault("__dynamo_disable", adding)  # where PyTorch looks before it imports the compiler
        self._flat = flat
        self._built: Any = settings.build(torch.optim, [flat])
        self._group: dict[str, Any] = self._built.param_groups[0]
        self._names = settings.torch_names
        self.step: Callable[[], Any] = partial(inspect.unwrap(type(self._built).step), self._built)
        """Change the flat tensor by one step; to be called under `torch.no_grad()`."""
        self._expected = self._state_devices(settings, flat.device)

    @staticmethod
    def _state_devices(settings: Optimizer, device: torch.device) -> dict[str, torch.device]:
        """What the state holds after a first step, and where."""
        sample = torch.zeros(1, device=device)
        sample.grad = torch.zeros_like(sample)
        built = settings.build(torch.optim, [sample])
        with torch.no_grad():
            inspect.unwrap(type(built).step)(built)
        return {name: value.device for name, value in built.state[sample].items() if value is not None}

    @property
    def rate(self) -> float:
        """The learning rate of the next step."""
        return float(self._group["lr"])

    @rate.setter
    def rate(self, value: float) -> None:
        self._group["lr"] = value

    def copy(self) -> dict[str, Tensor]:
        """A copy of the state, by PyTorch's names: cheap, to be given to `put`."""
        return {name: value.clone() for name, value in self._built.state[self._flat].items() if value is not None}

    def put(self, state: Mapping[str, Tensor]) -> None:
        """Take up a state that `copy` gave."""
        self._built.state.clear()
        if state:
            self._built.state[self._flat] = {name: value.clone() for name, value in state.items()}

    def arrays(self, slices: Mapping[str, slice], shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Array]:
        """The state as arrays: what belongs to parameters by "node.parameter.name", the rest by "name"."""
        found: dict[str, Array] = {}
        for torch_name, value in self.copy().items():
            name = self._names.get(torch_name, torch_name)
            values = value.cpu().numpy()
            if value.shape != self._flat.shape:
                found[name] = values
                continue
            for parameter, part in slices.items():
                found[f"{parameter}.{name}"] = values[part].reshape(shapes[parameter]).copy()
        return found

    def put_arrays(
        self,
        arrays: Mapping[str, Array],
        slices: Mapping[str, slice],
        shapes: Mapping[str, tuple[int, ...]],
    ) -> None:
        """Take up what `arrays` gave; what another optimizer left behind is dropped.

        Raises InvalidValueError when a part belongs to another network.
        """
        torch_names = {name: torch_name for torch_name, name in self._names.items()}
        state: dict[str, Tensor] = {}
        for full_name, values in arrays.items():
            parameter, _, name = full_name.rpartition(".")
            torch_name = torch_names.get(name, name)
            if not parameter:
                state[torch_name] = torch.from_numpy(np.array(values, np.float32))
                continue
            if parameter not in slices or np.shape(values) != shapes[parameter]:
                raise InvalidValueError(
                    "the optimizer state {name} of shape {shape} does not fit this network; start a new run",
                    name=repr(full_name),
                    shape=np.shape(values),
                )
            flat = state.setdefault(torch_name, torch.zeros_like(self._flat))
            flat[slices[parameter]] = torch.from_numpy(np.array(values, np.float32)).reshape(-1)
        if state and set(self._expected) - set(state) == {"step"}:
            # Another backend leaves out a count that changes nothing, such as RMSprop's.
            state["step"] = torch.tensor(0.0)
        fits = set(state) == set(self._expected)
        self.put({name: value.to(self._expected[name]) for name, value in state.items()} if fits else {})
