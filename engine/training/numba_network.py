"""A plan as the compiled kernels run it: instructions, and one block of memory for all values. Knows no compiler."""

from __future__ import annotations

import zlib
from collections.abc import Mapping

import numpy as np

from engine.catalog.layers.dense import Dense, Input
from engine.catalog.layers.layer import Parameter
from engine.catalog.layers.merging import Concatenate
from engine.catalog.layers.output import Output
from engine.catalog.layers.regularizing import Dropout
from engine.catalog.regularizers import NoRegularizer
from engine.document.errors import PlaygroundError
from engine.plan.data import random_stream
from engine.plan.plan import OutputPlan, Plan
from engine.training.formulas import activation_programs, activity_program, loss_program
from engine.training.instructions import LANES, ROW_BYTES, Kernel, Place, Start
from engine.training.layer_formulas import has_formula, layer_programs
from engine.training.linking import Code, Layout, aligned
from engine.training.numba_plans import units_of
from engine.training.numba_update import Learned
from engine.training.programs import Op
from engine.training.trainer import Array


class NumbaNetwork:
    """The network of a ready plan, linked.

    Its memory begins with what a run learns: the weights, row-major, one parameter behind the other, then the
    optimizer's states in the same order.
    """

    def __init__(self, plan: Plan) -> None:
        """Link everything and draw the initial values. Raises PlaygroundError for a plan that cannot be run."""
        if plan.problems:
            raise PlaygroundError("this network cannot be trained: {problem}", problem=plan.problems[0].sentence)
        assert plan.output is not None and plan.target is not None
        self._plan = plan
        self.order = plan.order
        self._layout = Layout()
        self._learned = learned = Learned(plan, self._layout)
        self._offsets = learned.offsets
        self._shares, self._samples, self._key = (self._layout.room(1) for _ in range(3))
        self._link()
        self.memory, view = aligned(self._layout.size)
        self._layout.fill(self.memory)
        count = learned.rows * LANES
        self.learned = view(0, count * (1 + len(learned.states)))
        """Weights and states, all that a step carries on to the next."""
        self.weights = view(learned.weights, count)
        self.parameters: dict[str, Array] = {
            name: view(self._offsets[name], parameter.size).reshape(parameter.shape)
            for name, parameter in plan.parameters.items()
        }
        """Views of the weights by "node.parameter"."""
        self.gradients: dict[str, Array] = {
            name: view(self._offsets[name] + learned.gradient, parameter.size).reshape(parameter.shape)
            for name, parameter in plan.parameters.items()
        }
        """Views of the last step's gradient, as the optimizer was given it."""
        self.states: dict[str, dict[str, Array]] = {
            state: {
                name: view(self._offsets[name] + place, parameter.size).reshape(parameter.shape)
                for name, parameter in plan.parameters.items()
            }
            for state, place in learned.states.items()
        }
        """Views of the optimizer's states by the state's name and "node.parameter"."""
        self._state_rows = [
            (view(place, count), learned.program.initial[state]) for state, place in learned.states.items()
        ]
        self.initialize(plan)

    def initialize(self, plan: Plan) -> None:
        """Set every parameter to the value that the seed of the plan's document fixes, the optimizer to its start."""
        for name, parameter in plan.parameters.items():
            self.parameters[name][...] = parameter.start(random_stream(plan.document.seed, "weights", name))
        self.start_states()

    def start_states(self) -> None:
        """Set the optimizer's states to what they start from."""
        for values, start in self._state_rows:
            values[...] = start

    def uniforms(self, rate: Array, step: Array, momentum: Array | float = 0.0) -> Array:
        """What fills the uniform rows for some steps, (steps, uniforms) float32; one row if all steps share it.

        `rate` is (steps,), or (1,) if it stays, and so is the `momentum` of a schedule that moves it; `step` (steps,)
        counts from 1.
        """
        known = {"rate": rate, "step": step, "momentum": np.asarray(momentum)}
        columns = [np.atleast_1d(uniform.evaluate(known)) for uniform in self._layout.uniforms]
        if not columns:
            return np.zeros((1, 0), np.float32)
        found = np.empty((max(map(len, columns)), len(columns)), np.float32)
        for number, column in enumerate(columns):
            found[:, number] = column
        return found

    @property
    def counts_steps(self) -> bool:
        """Whether the optimizer's steps depend on how many there have been."""
        return self.uniforms(np.ones(1), np.ones(2)).shape[0] > 1

    def description(self) -> Array:
        """What the kernels are told, see `Place`; valid as long as this object lives."""
        found = np.zeros(len(Place), np.int64)
        found[Place.MEMORY] = self.memory.ctypes.data
        for code, count, table in (
            (Place.TRAIN_CODE, Place.TRAIN_COUNT, self._train_table),
            (Place.UPDATE_CODE, Place.UPDATE_COUNT, self._update_table),
            (Place.FORWARD_CODE, Place.FORWARD_COUNT, self._forward_table),
        ):
            found[code], found[count] = table.ctypes.data, len(table)
        found[Place.GRADIENT], found[Place.GRADIENT_ROWS] = self._learned.gradient, self._learned.rows
        found[Place.UNIFORMS], found[Place.UNIFORM_COUNT] = self._layout.first_uniform, len(self._layout.uniforms)
        found[Place.SHARES], found[Place.SAMPLES], found[Place.KEY] = self._shares, self._samples, self._key
        return found

    # --- linking -----------------------------------------------------------------------------------------------------

    def _link(self) -> None:
        train, update, forward = Code(), Code(), Code()
        self.values: dict[str, int] = {}
        """Where each card's output lies."""
        self.raw: dict[str, int] = {}
        """Where it lies before its activation."""
        self._deltas: dict[str, int] = {}
        self._masks: dict[str, int] = {}
        self._saved: dict[str, dict[str, int]] = {}
        self._formulas: dict[str, dict[str, int]] = {}
        self._bare = self._answer_only(self._plan)
        for node_id in self.order:
            self._forward(train, node_id, training=True)
        values, raw = self.values, self.raw
        self.values, self.raw = {}, {}
        for node_id in self.order:
            self._forward(forward, node_id, training=False)
        self.sources = [node_id for node_id in self.order if isinstance(self._plan.nodes[node_id].layer, Input)]
        """The Input cards, in order."""
        self.source_places = {"train": [values[name] for name in self.sources]}
        self.source_places["forward"] = [self.values[name] for name in self.sources]
        self.target_place = self._layout.room(sum(output.target.units for output in self._plan.outputs))
        if any(self._needs(output.node) for output in self._plan.outputs):
            self._backward_all(train, values, raw)
            self._learned.update(update)
        self._train_table, self._update_table, self._forward_table = train.table, update.table, forward.table

    def _answer_only(self, plan: Plan) -> set[str]:
        """The cards that nothing but losses reads, each computed together with their activation: not run in training.

        The Output cards behind such a card are not read either.
        """
        read: set[str] = set()
        for node_id in reversed(self.order):
            node = plan.nodes[node_id]
            if node_id in read or not isinstance(node.layer, Output):
                read.update(node.sources)
        plain = {output.node for output in plan.outputs if not output.loss.fuses}
        return {output.node for output in plan.outputs} - plain - read

    def _needs(self, node_id: str) -> bool:
        """Whether something is trained in a card or before it."""
        node = self._plan.nodes[node_id]
        trained = any(parameter.rate_factor > 0 for parameter in node.parameters.values())
        return trained or any(self._needs(source) for source in node.sources)

    def _forward(self, code: Code, node_id: str, *, training: bool) -> None:
        node = self._plan.nodes[node_id]
        layer, units = node.layer, units_of(node)
        sources = [self.values[source] for source in node.sources]
        if isinstance(layer, Input):
            self.raw[node_id] = self.values[node_id] = self._layout.room(units)
            return
        if isinstance(layer, Dense):
            raw = self._layout.room(units)
            self._product(code, node_id, raw, sources[0])
        elif has_formula(layer):
            raw = self._formula(code, node_id, sources, training)
        elif isinstance(layer, Concatenate):
            raw = self._layout.room(units)
            place = raw
            for name, source in zip(node.sources, sources, strict=True):
                rows = units_of(self._plan.nodes[name])
                code.add(Op.COPY, rows, place, ROW_BYTES, source, ROW_BYTES)
                place += rows * ROW_BYTES
        elif isinstance(layer, Dropout) and training and layer.rate > 0:
            raw = self._layout.room(units)
            self._mask(code, node_id, layer, units)
            code.add(Op.MUL, units, raw, ROW_BYTES, sources[0], ROW_BYTES, self._masks[node_id], ROW_BYTES)
        else:
            raw = sources[0]
        self.raw[node_id] = raw
        programs = activation_programs(layer.output_activation, units)
        if training and node_id in self._bare:
            self.values[node_id] = raw
            return
        learned = layer.output_activation.parameters(node.output_shape or ())
        given = {"x": raw, **self._spread(code, node_id, learned)}
        places = self._layout.link(code, programs.forward if training else programs.inference, units, given)
        self.values[node_id] = places["value"]
        if training:
            self._saved[node_id] = {**places, **given}

    def _formula(self, code: Code, node_id: str, sources: list[int], training: bool) -> int:
        """The part of a card that is a formula; returns where its value lies."""
        node = self._plan.nodes[node_id]
        programs = layer_programs(node.layer, len(sources), units_of(node))
        given = {f"x{number}": place for number, place in enumerate(sources)}
        given |= self._spread(code, node_id, node.layer.parameters(*node.input_shapes))
        program = programs.forward if training else programs.inference
        places = self._layout.link(code, program, units_of(node), given)
        if training:
            self._formulas[node_id] = {**places, **given}
        return places["value"]

    def _spread(self, code: Code, node_id: str, parameters: Mapping[str, Parameter]) -> dict[str, int]:
        """Where rows lie that hold some of what a card has learned, the same number for every sample."""
        found: dict[str, int] = {}
        for name, parameter in parameters.items():
            found[name] = self._layout.room(parameter.size)
            place = self._offsets[f"{node_id}.{name}"]
            code.add(Kernel.PRODUCT, parameter.size, found[name], Start.BIAS, 0, 0, 0, 0, place, 0)
        return found

    def _product(self, code: Code, node_id: str, raw: int, source: int) -> None:
        weight, bias = self._offsets[f"{node_id}.weight"], self._offsets.get(f"{node_id}.bias")
        units, inputs = self._plan.parameters[f"{node_id}.weight"].shape
        start = Start.ZERO if bias is None else Start.BIAS
        code.add(Kernel.PRODUCT, units, raw, start, source, inputs, weight, 4 * inputs, bias or 0, 4)

    def _mask(self, code: Code, node_id: str, layer: Dropout, units: int) -> None:
        self._masks[node_id] = self._layout.room(units)
        card = zlib.crc32(node_id.encode()) - 2**31
        threshold = round(layer.rate * 2**24)
        scale = self._layout.constant(1 / (1 - layer.rate))
        code.add(Kernel.DROPOUT, units, self._masks[node_id], card, self._samples, self._key, 0, threshold, scale)

    def _backward_all(self, code: Code, values: Mapping[str, int], raw: Mapping[str, int]) -> None:
        self._raw_deltas: dict[str, int] = {}
        """Gradients of what lies before an activation that is run as well."""
        target_place = self.target_place
        for output in self._plan.outputs:
            units, fuses = output.target.units, bool(output.loss.fuses)
            if self._needs(output.node):
                inputs = {"prediction": (raw if fuses else values)[output.node], "target": target_place}
                gradient = self._layout.link(code, loss_program(output.loss, units), units, inputs)["gradient"]
                before = fuses and output.node not in self._bare
                self._add_loss(code, self._raw_deltas if before else self._deltas, output, gradient)
            target_place += units * ROW_BYTES
        for node_id in reversed(self.order):
            if node_id in self._deltas:
                self._backward(code, node_id, values)

    def _add_loss(self, code: Code, deltas: dict[str, int], output: OutputPlan, gradient: int) -> None:
        """Add the gradient of an output's share of the batch's loss to that of what it is computed from."""
        node_id, units = output.node, output.target.units
        place = self._layout.room(units)
        code.add(Op.MUL, units, place, ROW_BYTES, gradient, ROW_BYTES, self._shares, 0)
        if output.weight != 1:
            code.add(Op.MUL, units, place, ROW_BYTES, place, ROW_BYTES, self._layout.constant(output.weight), 0)
        if node_id in deltas:
            code.add(Op.ADD, units, place, ROW_BYTES, place, ROW_BYTES, deltas[node_id], ROW_BYTES)
        deltas[node_id] = place

    def _backward(self, code: Code, node_id: str, values: Mapping[str, int]) -> None:
        """From the gradient of a card's output to those of its parameters and of what it takes in."""
        node = self._plan.nodes[node_id]
        layer, units, delta = node.layer, units_of(node), self._deltas[node_id]
        if not isinstance(layer.activity_penalty, NoRegularizer):
            self._penalise_activity(code, node_id, values[node_id])
        if node_id in self._saved:
            self._learn_activation(code, node_id, delta)
            delta = self._through_activation(code, node_id, self._saved[node_id], delta)
        if node_id in self._raw_deltas:
            code.add(Op.ADD, units, delta, ROW_BYTES, delta, ROW_BYTES, self._raw_deltas[node_id], ROW_BYTES)
        if isinstance(layer, Dense):
            source, learned = node.sources[0], self._learned
            weight, bias = self._offsets[f"{node_id}.weight"], self._offsets.get(f"{node_id}.bias")
            inputs_count = self._plan.parameters[f"{node_id}.weight"].shape[1]
            trained = {name for name, parameter in node.parameters.items() if parameter.rate_factor > 0}
            if "weight" in trained:
                place = learned.gradient + weight
                code.add(Kernel.WEIGHT_GRADIENT, units, place, 0, delta, 0, values[source], inputs_count)
            if bias is not None and "bias" in trained:
                code.add(Kernel.BIAS_GRADIENT, units, learned.gradient + bias, 0, delta)
            if self._needs(source):
                place, start = self._delta(source)
                code.add(
                    Kernel.PRODUCT, inputs_count, place, start, delta, units, learned.weights + weight, 4, 0,
                    4 * inputs_count,
                )  # fmt: skip
            return
        if node_id in self._formulas:
            self._through_formula(code, node_id, delta)
            return
        for source in node.sources:
            rows = units_of(self._plan.nodes[source])
            if self._needs(source):
                self._pass_back(code, source, rows, delta, self._masks.get(node_id))
            if isinstance(layer, Concatenate):
                delta += rows * ROW_BYTES

    def _learn_activation(self, code: Code, node_id: str, delta: int) -> None:
        """From the gradient of a card's output to those of what its activation learns."""
        node, saved = self._plan.nodes[node_id], self._saved[node_id]
        program = activation_programs(node.layer.output_activation, units_of(node)).learning
        places = {name: saved[name] for name in program.inputs if name != "gradient"}
        found = (
            self._layout.link(code, program, units_of(node), {**places, "gradient": delta}) if program.outputs else {}
        )
        self._learn(code, node_id, found)

    def _through_formula(self, code: Code, node_id: str, delta: int) -> None:
        """From the gradient of what a card's formula gives to those of its inputs and of what it learns."""
        node, saved = self._plan.nodes[node_id], self._formulas[node_id]
        program = layer_programs(node.layer, len(node.sources), units_of(node)).backward
        places = {name: saved[name] for name in program.inputs if name != "gradient"}
        found = self._layout.link(code, program, units_of(node), {**places, "gradient": delta})
        self._learn(code, node_id, found)
        for number, source in enumerate(node.sources):
            if self._needs(source):
                self._pass_back(code, source, units_of(node), found[f"gradient_x{number}"], None)

    def _learn(self, code: Code, node_id: str, found: Mapping[str, int]) -> None:
        """Add the gradients of what a card learns up over the samples, those that were found for each sample."""
        for name, parameter in self._plan.nodes[node_id].parameters.items():
            if parameter.rate_factor > 0 and f"gradient_{name}" in found:
                place = self._learned.gradient + self._offsets[f"{node_id}.{name}"]
                code.add(Kernel.BIAS_GRADIENT, parameter.size, place, 0, found[f"gradient_{name}"])

    def _through_activation(self, code: Code, node_id: str, saved: Mapping[str, int], delta: int) -> int:
        """From the gradient of a card's output to that of what its activation takes in, in its place if it can be."""
        node = self._plan.nodes[node_id]
        program = activation_programs(node.layer.output_activation, units_of(node)).backward
        places = {name: place for name, place in saved.items() if name in program.inputs}
        places |= {"gradient": delta, "gradient_in": delta}
        return self._layout.link(code, program, units_of(node), places)["gradient_in"]

    def _penalise_activity(self, code: Code, node_id: str, value: int) -> None:
        """Add the gradient of the penalty on a card's output to what has come back so far."""
        node, delta = self._plan.nodes[node_id], self._deltas[node_id]
        units, program = units_of(node), activity_program(node.layer.activity_penalty)
        if node_id in self._saved:
            places = {"value": value, "gradient": delta, "share": self._shares}
            self._layout.link(code, program, units, places)
            return
        # The loss was computed together with the activation, so `value` and `delta` are those before it.
        forward = activation_programs(node.layer.output_activation, units).forward
        saved = {**self._layout.link(code, forward, units, {"x": value}), "x": value}
        own = self._layout.room(units)
        code.add(Op.COPY, units, own, ROW_BYTES, self._layout.constant(0.0), 0)
        self._layout.link(code, program, units, {"value": saved["value"], "gradient": own, "share": self._shares})
        back = self._through_activation(code, node_id, saved, own)
        code.add(Op.ADD, units, delta, ROW_BYTES, delta, ROW_BYTES, back, ROW_BYTES)

    def _delta(self, node_id: str) -> tuple[int, Start]:
        """Where the gradient of a card's output lies, and whether something is there already."""
        if node_id in self._deltas:
            return self._deltas[node_id], Start.KEPT
        self._deltas[node_id] = self._layout.room(units_of(self._plan.nodes[node_id]))
        return self._deltas[node_id], Start.ZERO

    def _pass_back(self, code: Code, source: str, rows: int, delta: int, mask: int | None) -> None:
        """Add a gradient, masked or not, to that of a source."""
        place, start = self._delta(source)
        if mask is not None:
            code.add(Op.MUL, rows, delta, ROW_BYTES, delta, ROW_BYTES, mask, ROW_BYTES)
        if start is Start.KEPT:
            code.add(Op.ADD, rows, place, ROW_BYTES, place, ROW_BYTES, delta, ROW_BYTES)
        else:
            code.add(Op.COPY, rows, place, ROW_BYTES, delta, ROW_BYTES)
