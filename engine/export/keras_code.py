"""A trained network as Keras 3 source, by Keras's functional API, and its weights turned to Keras's axes.

Written from PyTorch's operators (`operations`), so nothing here knows a layer of this program.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from engine.catalog.clipping import NoClipping
from engine.catalog.constraints import NoConstraint
from engine.catalog.regularizers import NoRegularizer
from engine.document.errors import PlaygroundError
from engine.export.format import Reader, Subject
from engine.export.keras_operators import NoCounterpart, written
from engine.export.operations import Batch, Operations, Step, Value, operations
from engine.export.pytorch_network import joined
from engine.export.recording import NN, Recorded, text
from engine.plan.plan import Plan
from engine.training.watch import begins_with

_WEIGHT = '''class Weight(layers.Layer):
    """An array that is learned, for what Keras has no layer of: whatever it is called on, it gives the array."""

    def __init__(self, shape, **settings):
        super().__init__(**settings)
        self.shape_ = shape

    def build(self, input_shape):
        self.value = self.add_weight(shape=self.shape_, name="value")

    def compute_output_spec(self, x):
        return keras.KerasTensor(self.shape_)

    def call(self, x):
        return ops.convert_to_tensor(self.value)'''

_LOAD = '''def load(network, path):
    """Give a network the trained weights of an .npz."""
    with np.load(path) as file:
        for layer in network.layers:
            if layer.weights:
                layer.set_weights([file[f"{layer.name}.{weight.name}"] for weight in layer.weights])'''

_READER = '''"""Runs the exported Keras network on samples, with PyTorch below Keras."""

import os
import pathlib
import runpy
import sys
import tempfile

os.environ["KERAS_BACKEND"] = "torch"
os.environ["KERAS_HOME"] = tempfile.gettempdir()

import numpy as np

program = runpy.run_path(sys.argv[1])
network = program["network"]()
program["load"](network, pathlib.Path(sys.argv[1]).with_suffix(".npz"))
given = np.load(sys.argv[2])
batches = given if isinstance(given, np.ndarray) else [given[name] for name in {inputs}]
answers = network.predict(batches, verbose=0)
np.save(sys.argv[3], answers[0] if isinstance(answers, list) else answers)
'''


def keras_files(subject: Subject, name: str) -> dict[str, bytes]:
    """The source, `name`, and the weights that its `load` reads, by file name.

    Raises PlaygroundError, naming the card, for what Keras has no counterpart of.
    """
    source = _Source(subject)
    body = source.body()
    stored = io.BytesIO()
    np.savez(stored, **source.arrays)  # type: ignore[arg-type]  # its stub wants a flag here
    weights = f"{PurePath(name).stem}.npz"
    head = [
        f'"""{subject.title}: the trained network for Keras 3, exported by Neural Playground.',
        "",
        "    model = network()",
        f'    load(model, "{weights}")',
        "",
        "Channels come first, as in PyTorch: of the backends, PyTorch and JAX compute so on every machine.",
        *_left_out(subject.plan),
        '"""',
        "",
        "import keras",
        "import numpy as np",
        "from keras import layers, ops",
    ]
    parts = ["\n".join(head), *([_WEIGHT] if source.has_weights else []), body, _LOAD, _compiled(subject.plan)]
    return {name: joined(parts).encode(), weights: stored.getvalue()}


def reader(subject: Subject) -> Reader:
    """The program that runs the source."""
    names = [given.name for given in operations(subject).inputs]
    return Reader(_READER.format(inputs=repr(names)), ("keras", "torch", "numpy"))


class _Source:
    """Writes the function `network()`, and collects its arrays."""

    def __init__(self, subject: Subject) -> None:
        self._operations: Operations = operations(subject)
        self.arrays: dict[str, NDArray[Any]] = {}
        self.has_weights = False
        self._shared: dict[str, str] = {}
        self._uses = Counter(
            value.name
            for step in self._operations.steps
            for value in step.arguments.values()
            if isinstance(value, Value) and value.name in self._operations.constants
        )
        self._lines: list[str] = []
        self._any = self._operations.inputs[0].name

    def body(self) -> str:
        """The function. Raises PlaygroundError."""
        made = self._operations
        for given in made.inputs:
            self._lines.append(f'{given.name} = keras.Input({given.shape}, name="{given.name}")')
        for step in made.steps:
            try:
                self._lines.append(f"{step.name} = {written(self, step)}")
            except NoCounterpart as error:
                raise PlaygroundError(
                    "Keras has no counterpart of what {card} computes ({operator}); export it another way",
                    card=step.card,
                    operator=step.operator,
                ) from error
        inputs = ", ".join(given.name for given in made.inputs)
        answers = ", ".join(answer.name for answer in made.outputs)
        ends = [f"[{names}]" if "," in names else names for names in (inputs, answers)]
        self._lines.append(f"return keras.Model({ends[0]}, {ends[1]})")
        words = '"""The network with weights that are not trained yet."""'
        return "\n    ".join(["def network():", words, *self._lines])

    # --- what the table asks -----------------------------------------------------------------------------------------

    def text(self, value: Any) -> str:
        """The source of an argument."""
        if isinstance(value, Value):
            return self._weight(value.name) if value.name in self._operations.constants else value.name
        if value is Batch.SIZE:
            return "-1"
        if isinstance(value, tuple | list):
            inside = ", ".join(map(self.text, value))
            return f"[{inside}]" if isinstance(value, list) else f"({inside}{',' if len(value) == 1 else ''})"
        return text(value)

    def constant(self, value: Any) -> NDArray[Any] | None:
        """A learned or kept array; None where the argument is none."""
        return self._operations.constants.get(value.name) if isinstance(value, Value) else None

    def shape(self, value: Any) -> tuple[int | None, ...]:
        """The shape of an argument."""
        return self._operations.shape(value)

    def layer(self, step: Step, call: str, arrays: Mapping[str, NDArray[Any] | None], on: Any, key: Any) -> str:
        """A layer with its arrays by Keras's names, called on an argument; layers of one `key` are one layer."""
        on, place = on if isinstance(on, str) else self.text(on), key.name if isinstance(key, Value) else key
        if place in self._shared:
            return f"{self._shared[place]}({on})"
        name = str(place).rpartition(".")[0].replace(".", "_") or step.name
        name = step.name if any(known.startswith(f"{name}.") for known in self.arrays) else name
        named = f'{call}, name="{name}")'
        known = {own: np.ascontiguousarray(array) for own, array in arrays.items() if array is not None}
        self.arrays |= {f"{name}.{own}": array for own, array in known.items()}
        if self._uses[place] < 2:
            return f"{named}({on})"
        self._shared[place] = f"{name}_layer"
        self._lines.append(f"{name}_layer = {named}")
        return f"{name}_layer({on})"

    def _weight(self, name: str) -> str:
        """An array that an operation reads by itself."""
        if name not in self._shared:
            own, array = name.replace(".", "_"), self._operations.constants[name]
            self.has_weights = True
            self.arrays[f"{own}.value"] = np.ascontiguousarray(array)
            self._lines.append(f'{own} = Weight({tuple(array.shape)}, name="{own}")({self._any})')
            self._shared[name] = own
        return self._shared[name]


# --- training --------------------------------------------------------------------------------------------------------

_OPTIMIZERS = {
    torch.optim.SGD: ("SGD", {"momentum": "momentum", "nesterov": "nesterov"}),
    torch.optim.Adam: ("Adam", {"epsilon": "eps"}),
    torch.optim.AdamW: ("AdamW", {"epsilon": "eps", "weight_decay": "weight_decay"}),
    torch.optim.NAdam: ("Nadam", {"epsilon": "eps"}),
    torch.optim.Adamax: ("Adamax", {"epsilon": "eps"}),
    torch.optim.RMSprop: (
        "RMSprop",
        {"rho": "alpha", "momentum": "momentum", "epsilon": "eps", "centered": "centered"},
    ),
    torch.optim.Adagrad: ("Adagrad", {"initial_accumulator_value": "initial_accumulator_value", "epsilon": "eps"}),
    torch.optim.Adadelta: ("Adadelta", {"rho": "rho", "epsilon": "eps"}),
}
"""Keras's optimizer for one of PyTorch's, and its arguments by the names in PyTorch's settings."""
_LOSSES = {
    "nn.functional.mse_loss(prediction, target)": "keras.losses.MeanSquaredError()",
    "nn.functional.mse_loss(prediction, target) * 0.5": "lambda t, y: 0.5 * keras.losses.mean_squared_error(t, y)",
    "nn.functional.l1_loss(prediction, target)": "keras.losses.MeanAbsoluteError()",
    "nn.functional.cross_entropy(prediction, target)": "keras.losses.CategoricalCrossentropy()",
    "nn.functional.binary_cross_entropy_with_logits(prediction, target)": "keras.losses.BinaryCrossentropy()",
}
"""Keras's loss of what the network gives, for PyTorch's as it is recorded."""


def _compiled(plan: Plan) -> str:
    """The function `compiled(network)`, or a comment that says why there is none."""
    optimizer, losses = _optimizer(plan), [_loss(plan, number) for number in range(len(plan.outputs))]
    if optimizer is None or None in losses:
        what = (
            plan.document.training.optimizer.label if optimizer is None else plan.outputs[losses.index(None)].loss.label
        )
        return f"# Keras has nothing like {what}: to train the network, choose something else in network.compile(…)."
    several = len(losses) > 1
    loss = f"[{', '.join(map(str, losses))}]" if several else losses[0]
    weights = f", loss_weights={[output.weight for output in plan.outputs]}" if several else ""
    words = '"""Make a network ready for `fit`, with the optimizer and the loss of the project."""'
    lines = ["def compiled(network):", words, f"network.compile({optimizer}, {loss}{weights})", "return network"]
    return "\n    ".join(lines)


def _optimizer(plan: Plan) -> str | None:
    built = begins_with(plan.document.training).build(torch.optim, [torch.nn.Parameter(torch.zeros(1))])
    if type(built) not in _OPTIMIZERS:
        return None
    name, arguments = _OPTIMIZERS[type(built)]
    group = built.param_groups[0]
    if group.get("dampening"):
        return None
    named = {"learning_rate": group["lr"]}
    if "betas" in group:
        named |= {"beta_1": group["betas"][0], "beta_2": group["betas"][1]}
    named |= {ours: group[theirs] for ours, theirs in arguments.items()}
    return f"keras.optimizers.{name}({', '.join(f'{key}={value!r}' for key, value in named.items())})"


def _loss(plan: Plan, number: int) -> str | None:
    output = plan.outputs[number]
    shape = 2, output.target.units
    prediction = Recorded("prediction", torch.full(shape, 0.5, requires_grad=True))
    return _LOSSES.get(text(output.loss.compute(NN, prediction, Recorded("target", torch.zeros(shape)))))


def _left_out(plan: Plan) -> list[str]:
    """What of the training the source does not say."""
    training, found = plan.document.training, []
    parameters = plan.parameters.values()
    penalties = [node.layer.activity_penalty for node in plan.nodes.values()]
    penalties += [parameter.regularizer for parameter in parameters]
    if any(node.layer.draws for node in plan.nodes.values()):
        found.append("dropout and noise")
    if not all(isinstance(penalty, NoRegularizer) for penalty in penalties):
        found.append("penalties")
    if not all(isinstance(parameter.constraint, NoConstraint) for parameter in parameters):
        found.append("constraints")
    if any(parameter.rate_factor != 1 for parameter in parameters):
        found.append("frozen and slower cards")
    if not isinstance(training.clipping, NoClipping):
        found.append("clipping")
    at = np.linspace(0, training.epochs, 101)
    if training.schedule.adaptive or not (training.schedule.factor(at, training.epochs) == 1).all():
        found.append("the schedule of the learning rate")
    return [f"It answers as the project does; left out of its training: {', '.join(found)}."] if found else []
