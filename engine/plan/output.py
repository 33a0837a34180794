"""The answers against the data and the loss: what does not fit, and the edits that would make it fit."""

from __future__ import annotations

from engine.catalog.activations import Activation, Linear
from engine.catalog.losses import Loss, MeanSquaredError
from engine.catalog.registry import entries, entry
from engine.document.errors import Sentence
from engine.document.graph import Document
from engine.plan import remedies
from engine.plan.answers import Answer
from engine.plan.plan import OutputPlan, Problem, Remedy
from engine.plan.target import Target


def check_answer(document: Document, answer: Answer) -> Problem | OutputPlan:
    """The problem that an answer has with data or loss; else how it is compared with the targets."""
    plan, loss = answer.plan, answer.loss(document)
    activation = plan.layer.output_activation
    problem = _size(document, answer) or _loss(document, answer, loss, activation)
    if problem is not None:
        return problem
    assert plan.output_shape is not None
    dataset = document.data.dataset
    target = Target(
        dataset.task,
        dataset.class_count,
        plan.output_shape[0],
        *loss.levels(activation),
        loss.weights,
    )
    return OutputPlan(plan.node.id, loss, answer.weight(document), target)


def _size(document: Document, answer: Answer) -> Problem | None:
    dataset, plan = document.data.dataset, answer.plan
    shape = plan.output_shape
    assert shape is not None
    units = 1 if dataset.task == "regression" else dataset.class_count
    if not units:  # a folder that is not opened yet: what it asks for is not known
        return None
    if len(shape) != 1:
        sentence = Sentence("The answer must be flat, but the last card gives {shape}", {"shape": shape})
        return Problem(
            "output_size",
            sentence,
            answer.marked,
            (remedies.append_dense(answer, units, flatten=True),),
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
    offered: tuple[Remedy, ...] = (remedies.set_output_units(document, answer, units),)
    if answer.shared:  # what others read keeps its size: the answer gets units of its own
        offered = (remedies.append_dense(answer, units), *offered)
    return Problem("output_size", sentence, answer.marked, offered)


def _loss(document: Document, answer: Answer, loss: Loss, activation: Activation) -> Problem | None:
    task, node_id, single = document.data.dataset.task, answer.marked, answer.plan.output_shape == (1,)
    if task not in loss.tasks:
        sentence = Sentence(
            "{loss} is for classes, but this data asks for numbers",
            {"loss": loss.label},
        )
        offered: tuple[Remedy, ...] = (remedies.set_loss(answer, MeanSquaredError()),)
        if activation.name == "softmax":
            offered = (remedies.set_loss_and_activation(answer, MeanSquaredError(), "linear"),)
        return Problem("loss", sentence, node_id, offered)
    if activation.name == "softmax" and single:
        sentence = Sentence("softmax over a single unit is always 1, whatever comes in", {})
        name = "linear" if loss.accepts(Linear()) else loss.wanted(task)
        return Problem("loss", sentence, node_id, (_single_unit_remedy(answer, loss, name),))
    if loss.per_class and single:
        sentence = Sentence(
            "{loss} needs one unit per class, but the network has a single one",
            {"loss": loss.label},
        )
        offered = (_single_unit_remedy(answer, loss, "sigmoid"),)
        if loss.accepts(activation):
            offered += (remedies.set_output_units(document, answer, document.data.dataset.class_count),)
        return Problem("loss", sentence, node_id, offered)
    if loss.accepts(activation):
        return _weights(document, answer, loss)
    wanted = entry("activations", loss.wanted(task)).label
    sentence = Sentence(
        "{loss} does not fit an output with {activation}; it needs {wanted}",
        {"loss": loss.label, "activation": activation.label, "wanted": wanted},
    )
    return Problem(
        "loss",
        sentence,
        node_id,
        (remedies.set_activation(answer, loss.wanted(task)), *_fitting_loss(answer, task, activation)),
    )


def _weights(document: Document, answer: Answer, loss: Loss) -> Problem | None:
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
        lambda document: answer.with_loss(document, loss.replace(class_weights="")),
    )
    return Problem("loss", sentence, answer.marked, (alike,))


def _single_unit_remedy(answer: Answer, loss: Loss, activation: str) -> Remedy:
    """One unit is left as it is; loss and activation are set to a pair made for it."""
    if not loss.per_class:
        return remedies.set_activation(answer, activation)
    binary = next(cls() for cls in entries("losses").values() if cls.fuses == "sigmoid")
    return remedies.set_loss_and_activation(answer, binary, "sigmoid")


def _fitting_loss(answer: Answer, task: str, activation: Activation) -> tuple[Remedy, ...]:
    """The loss made for this activation, else the first that accepts it."""
    fitting = [cls() for cls in entries("losses").values() if task in cls.tasks and cls().accepts(activation)]
    fitting.sort(key=lambda loss: not loss.fuses)
    return tuple(remedies.set_loss(answer, loss) for loss in fitting[:1])
