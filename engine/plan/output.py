"""The output against the data and the loss: what does not fit, and the edits that would make it fit."""

from __future__ import annotations

import dataclasses

from engine.catalog.activations import Activation, Linear
from engine.catalog.losses import Loss, MeanSquaredError
from engine.catalog.registry import entries, entry
from engine.document.errors import Sentence
from engine.document.graph import Document
from engine.plan import remedies
from engine.plan.plan import NodePlan, Problem, Remedy
from engine.plan.target import Target


def check_output(document: Document, plan: NodePlan) -> tuple[NodePlan, Target | None]:
    """The output's plan with the problem it has with data or loss, if any; else with the target it stands for."""
    loss, activation = document.training.loss, plan.layer.output_activation
    problem = _size(document, plan) or _loss(document, plan, loss, activation)
    if problem is not None:
        return dataclasses.replace(plan, problems=(problem,)), None
    assert plan.output_shape is not None
    dataset = document.data.dataset
    return plan, Target(
        dataset.task,
        dataset.class_count,
        plan.output_shape[0],
        *loss.levels(activation),
        loss.weights,
    )


def _size(document: Document, plan: NodePlan) -> Problem | None:
    dataset, shape, node_id = document.data.dataset, plan.output_shape, plan.node.id
    assert shape is not None
    units = 1 if dataset.task == "regression" else dataset.class_count
    if len(shape) != 1:
        sentence = Sentence("The answer must be flat, but the last card gives {shape}", {"shape": shape})
        return Problem(
            "output_size",
            sentence,
            node_id,
            (remedies.append_dense(node_id, units, flatten=True),),
        )
    softmax = plan.layer.output_activation.name == "softmax"
    if units == 2 and not softmax:
        if shape[0] in (1, 2):
            return None
        units = 1
    if shape[0] == units:
        return None
    template = (
        "The data asks for one number, so the last layer needs units = {wanted}, not {units}"
        if dataset.task == "regression"
        else "The data has {classes} classes, so the last layer needs units = {wanted}, not {units}"
    )
    sentence = Sentence(template, {"classes": dataset.class_count, "units": shape[0], "wanted": units})
    return Problem(
        "output_size",
        sentence,
        node_id,
        (remedies.set_output_units(document, plan, units),),
    )


def _loss(document: Document, plan: NodePlan, loss: Loss, activation: Activation) -> Problem | None:
    task, node_id = document.data.dataset.task, plan.node.id
    if task not in loss.tasks:
        sentence = Sentence(
            "{loss} is for classes, but this data asks for numbers",
            {"loss": loss.label},
        )
        offered: tuple[Remedy, ...] = (remedies.set_loss(MeanSquaredError()),)
        if activation.name == "softmax":
            offered = (remedies.set_loss_and_activation(plan, MeanSquaredError(), "linear"),)
        return Problem("loss", sentence, node_id, offered)
    if activation.name == "softmax" and plan.output_shape == (1,):
        sentence = Sentence("softmax over a single unit is always 1, whatever comes in", {})
        name = "linear" if loss.accepts(Linear()) else loss.wanted(task)
        return Problem("loss", sentence, node_id, (_single_unit_remedy(plan, loss, name),))
    if loss.per_class and plan.output_shape == (1,):
        sentence = Sentence(
            "{loss} needs one unit per class, but the network has a single one",
            {"loss": loss.label},
        )
        offered = (_single_unit_remedy(plan, loss, "sigmoid"),)
        if loss.accepts(activation):
            offered += (remedies.set_output_units(document, plan, document.data.dataset.class_count),)
        return Problem("loss", sentence, node_id, offered)
    if loss.accepts(activation):
        return _weights(document, loss, node_id)
    wanted = entry("activations", loss.wanted(task)).label
    sentence = Sentence(
        "{loss} does not fit an output with {activation}; it needs {wanted}",
        {"loss": loss.label, "activation": activation.label, "wanted": wanted},
    )
    return Problem(
        "loss",
        sentence,
        node_id,
        (remedies.set_activation(plan, loss.wanted(task)), *_fitting_loss(task, activation)),
    )


def _weights(document: Document, loss: Loss, node_id: str) -> Problem | None:
    """The problem of a loss that weighs another number of classes than the data has."""
    classes = document.data.dataset.class_count
    if len(loss.weights) in (0, classes):
        return None
    sentence = Sentence(
        "{loss} has weights for {weights} classes, but this data has {classes}",
        {"loss": loss.label, "weights": len(loss.weights), "classes": classes},
    )
    alike = Remedy(
        Sentence("Let all classes count alike"),
        lambda document: document.set_training(loss=loss.replace(class_weights="")),
    )
    return Problem("loss", sentence, node_id, (alike,))


def _single_unit_remedy(plan: NodePlan, loss: Loss, activation: str) -> Remedy:
    """One unit is left as it is; loss and activation are set to a pair made for it."""
    if not loss.per_class:
        return remedies.set_activation(plan, activation)
    binary = next(cls() for cls in entries("losses").values() if cls.fuses == "sigmoid")
    return remedies.set_loss_and_activation(plan, binary, "sigmoid")


def _fitting_loss(task: str, activation: Activation) -> tuple[Remedy, ...]:
    """The loss made for this activation, else the first that accepts it."""
    fitting = [cls() for cls in entries("losses").values() if task in cls.tasks and cls().accepts(activation)]
    fitting.sort(key=lambda loss: not loss.fuses)
    return tuple(remedies.set_loss(loss) for loss in fitting[:1])
