"""Which plans the compiled kernels run. Knows no compiler."""

from __future__ import annotations

import math

from engine.catalog.layers.dense import Activation, Dense, Input
from engine.catalog.layers.layer import Layer
from engine.catalog.layers.merging import Concatenate
from engine.catalog.layers.output import Output
from engine.catalog.layers.regularizing import Dropout
from engine.catalog.layers.reshaping import Flatten
from engine.catalog.regularizers import NoRegularizer
from engine.document.errors import Sentence
from engine.plan.plan import NodePlan, Plan
from engine.training.formulas import activation_programs, activity_program, loss_program
from engine.training.layer_formulas import has_formula, layer_programs
from engine.training.numba_update import trace_update
from engine.training.tracing import NotTraceable

_LAYERS: tuple[type[Layer], ...] = (Input, Dense, Activation, Concatenate, Dropout, Flatten, Output)
LARGEST = 300_000
"""Multiply-adds of one sample up to which it is faster than PyTorch, for batches of any size."""


def refuses(plan: Plan) -> Sentence | None:
    """Why a plan cannot be run by the kernels; None: it can."""
    for node_id in plan.order:
        node = plan.nodes[node_id]
        if type(node.layer) not in _LAYERS and not _is_formula(node):
            return Sentence("{layer} has no compiled form", {"layer": node.layer.label})
        shape = node.output_shape
        activation = node.layer.output_activation
        if shape is None or (len(shape) != 1 and (not activation.elementwise or activation.parameters(shape))):
            return Sentence("{layer} has no compiled form for images", {"layer": node.layer.output_activation.label})
    if plan.cost.multiply_adds > LARGEST:
        return Sentence("PyTorch is faster for networks of this size")
    try:
        _trace(plan)
    except NotTraceable as error:
        return error.sentence
    return None


def _trace(plan: Plan) -> None:
    """Ask for every program that the plan needs; they are remembered. Raises NotTraceable."""
    trace_update(plan)
    for node_id in plan.order:
        node = plan.nodes[node_id]
        activation_programs(node.layer.output_activation, units_of(node))
        if has_formula(node.layer):
            layer_programs(node.layer, len(node.sources), units_of(node))
        if not isinstance(node.layer.activity_penalty, NoRegularizer):
            activity_program(node.layer.activity_penalty)
    for output in plan.outputs:
        loss_program(output.loss, output.target.units)


def _is_formula(node: NodePlan) -> bool:
    """Whether a card's own part is a formula over its units, or joins numbers of one shape whatever that is."""
    flat = all(len(shape) == 1 for shape in node.input_shapes)
    joins = node.layer.takes[1] > 1 and len(set(node.input_shapes)) == 1
    return has_formula(node.layer) and (flat or joins)


def units_of(node: NodePlan) -> int:
    """Numbers that leave a card for each sample."""
    return math.prod(node.output_shape or ())
