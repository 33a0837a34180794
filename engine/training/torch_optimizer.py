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
from numpy.random import Generator
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
        self._momentum_name = settings.momentum_name
        self._start = self.copy()  # some versions of PyTorch fill Adagrad's when it is built, and never again
        self.step: Callable[[], Any] = partial(inspect.unwrap(type(self._built).step), self._built)
        """Change the flat tensor by one step; to be called under `torch.no_grad()`."""
        first = _first_state(settings, flat.device)
        self._expected = {name: value.device for name, value in first.items()}
        kept, self._counted = _traits(settings)
        single = {self._names.get(name, name) for name, value in first.items() if not value.dim()}
        self._spread = single & kept
        """What the formula keeps for every weight and PyTorch once."""

    @property
    def rate(self) -> float:
        """The learning rate of the next step."""
        return float(self._group["lr"])

    @rate.setter
    def rate(self, value: float) -> None:
        self._group["lr"] = value

    @property
    def momentum(self) -> float:
        """How much of the earlier steps the next one keeps: momentum, or beta 1; 0 where there is neither."""
        if not self._momentum_name:
            return 0.0
        return float(self._group["betas"][0] if "betas" in self._group else self._group["momentum"])

    @momentum.setter
    def momentum(self, value: float) -> None:
        if not self._momentum_name:
            return
        if "betas" in self._group:
            self._group["betas"] = (value, self._group["betas"][1])
        else:
            self._group["momentum"] = value

    def copy(self) -> dict[str, Tensor]:
        """A copy of the state, by PyTorch's names: cheap, to be given to `put`."""
        return {name: value.clone() for name, value in self._built.state[self._flat].items() if value is not None}

    def put(self, state: Mapping[str, Tensor]) -> None:
        """Take up a state that `copy` gave; an empty one stands for the start."""
        self._built.state.clear()
        chosen = state or self._start
        if chosen:
            self._built.state[self._flat] = {name: value.clone() for name, value in chosen.items()}

    def arrays(self, slices: Mapping[str, slice], shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Array]:
        """The state as arrays: what belongs to parameters by "node.parameter.name", the rest by "name"."""
        found: dict[str, Array] = {}
        for torch_name, value in self.copy().items():
            name = self._names.get(torch_name, torch_name)
            if name in self._spread:
                value = value.expand(self._flat.shape)
            values = value.cpu().numpy()
            if value.shape != self._flat.shape:
                found[name] = values
                continue
            for parameter, part in slices.items():
                found[f"{parameter}.{name}"] = values[part].reshape(shapes[parameter]).copy()
        if found and self._counted and "step" not in found:
            found["step"] = np.array(1, np.float32)  # PyTorch knows no more than that there has been a step
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
            if name in self._spread:
                state[torch_name] = torch.tensor(np.ravel(values)[0], dtype=torch.float32)
                continue
            flat = state.setdefault(torch_name, torch.zeros_like(self._flat))
            flat[slices[parameter]] = torch.from_numpy(np.array(values, np.float32)).reshape(-1)
        if state and set(self._expected) - set(state) == {"step"}:
            # Another backend leaves out a count that changes nothing, such as RMSprop's.
            state["step"] = torch.tensor(0.0)
        if "step" not in self._expected:
            state.pop("step", None)
        fits = set(state) == set(self._expected)
        self.put({name: value.to(self._expected[name]) for name, value in state.items()} if fits else {})


def _first_state(settings: Optimizer, device: torch.device) -> dict[str, Tensor]:
    """What PyTorch's state of two weights holds after a first step."""
    sample = torch.zeros(2, device=device)
    sample.grad = torch.zeros_like(sample)
    built = settings.build(torch.optim, [sample])
    with torch.no_grad():
        inspect.unwrap(type(built).step)(built)
    return {name: value for name, value in built.state[sample].items() if value is not None}


def _traits(settings: Optimizer) -> tuple[set[str], bool]:
    """The states that the formula keeps, and whether it matters to it how many steps there have been."""
    states: list[dict[str, Array]] = [{}, {}]
    weights = np.zeros((2, 1))
    for weight, state, step in zip(weights, states, (1, 2), strict=True):
        settings.update(weight, np.ones(1), state, settings.learning_rate / 2, step)
    return set(states[0]), weights[0, 0] != weights[1, 0]


class SearchOptimizer:
    """A closure-based optimizer of the catalogue over one flat tensor: its NumPy formula, which asks for the loss."""

    def __init__(self, settings: Optimizer, flat: Tensor) -> None:
        """Stand at an empty state; the gradient of the loss is expected in the tensor's `grad`."""
        self._settings = settings
        self._flat = flat
        self._state: dict[str, Array] = {}
        self.rate = settings.learning_rate
        """The learning rate of the next step."""

    def step(self, evaluate: Callable[[bool], Tensor], random: Generator) -> Tensor:
        """Change the flat tensor by one step; returns the last loss found.

        `evaluate(slope)` is the loss of the weights in the flat tensor; with `slope` it leaves the gradient in `grad`.
        """
        weight = self._flat.cpu().numpy().copy()
        objective = _Objective(self._flat, evaluate)
        self._settings.search(weight, objective, self._state, self.rate, random)
        with torch.no_grad():
            self._flat.copy_(torch.from_numpy(weight))
        return objective.last

    def copy(self) -> dict[str, Array]:
        """A copy of the state, to be given to `put`."""
        return {name: values.copy() for name, values in self._state.items()}

    def put(self, state: Mapping[str, Array]) -> None:
        """Take up a state that `copy` gave."""
        self._state = {name: values.copy() for name, values in state.items()}

    def arrays(self, slices: Mapping[str, slice], shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Array]:
        """The state as arrays by name, over all weights in the order of the flat tensor."""
        return self.copy()

    def put_arrays(
        self,
        arrays: Mapping[str, Array],
        slices: Mapping[str, slice],
        shapes: Mapping[str, tuple[int, ...]],
    ) -> None:
        """Take up what `arrays` gave; what another optimizer left behind is dropped.

        Raises InvalidValueError when a part belongs to another network.
        """
        fits = set(arrays) == set(self._settings.search_state)
        for name, values in arrays.items() if fits else ():
            if np.shape(values)[-1:] != tuple(self._flat.shape):
                raise InvalidValueError(
                    "the optimizer state {name} of shape {shape} does not fit this network; start a new run",
                    name=repr(name),
                    shape=np.shape(values),
                )
        self.put({name: np.asarray(values, np.float32) for name, values in arrays.items()} if fits else {})


class _Objective:
    """The loss as a function of an array of all weights."""

    def __init__(self, flat: Tensor, evaluate: Callable[[bool], Tensor]) -> None:
        self._flat = flat
        self._evaluate = evaluate
        self.last = torch.tensor(0.0)
        """The last loss found."""

    def _at(self, weight: Array, slope: bool) -> float:
        with torch.no_grad():
            self._flat.copy_(torch.from_numpy(weight))
        self.last = self._evaluate(slope).detach()
        return float(self.last)

    def value(self, weight: Array) -> float:
        """The loss there."""
        return self._at(weight, slope=False)

    def slope(self, weight: Array) -> tuple[float, Array]:
        """The loss and its gradient there."""
        loss = self._at(weight, slope=True)
        assert self._flat.grad is not None
        return loss, self._flat.grad.cpu().numpy().copy()
