"""Every loss: the NumPy value and gradient against PyTorch and finite differences, hard points included."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
import torch

from engine.catalog.activations import Exponential, Linear, LogSoftmax, Relu, Sigmoid, Softmax, Softplus, Tanh
from engine.catalog.losses import (
    BinaryCrossEntropy,
    BinaryFocal,
    CategoricalCrossEntropy,
    CategoricalFocal,
    Cosine,
    Hinge,
    Huber,
    KullbackLeibler,
    LogCosh,
    Loss,
    MeanAbsoluteError,
    MeanSquaredError,
    MeanSquaredLogarithmicError,
    MultiClassHinge,
    Poisson,
    SquaredHinge,
)
from engine.catalog.registry import defaults, entries, from_json, to_json
from engine.document.errors import InvalidValueError

LOSSES: list[Loss] = [
    *defaults("losses"),
    MeanSquaredError(halved=True),
    Huber(delta=0.3),
    BinaryCrossEntropy(label_smoothing=0.1),
    BinaryCrossEntropy(positive_weight=3.0),
    BinaryCrossEntropy(label_smoothing=0.3, positive_weight=0.2),
    BinaryFocal(gamma=0.0, positive_share=0.5),
    BinaryFocal(gamma=0.5, positive_share=0.9),
    CategoricalCrossEntropy(label_smoothing=0.1),
    CategoricalFocal(gamma=0.0),
    CategoricalFocal(gamma=0.5),
    KullbackLeibler(label_smoothing=0.2),
    MultiClassHinge(margin=0.3, squared=True),
]
EACH = pytest.mark.parametrize("loss", LOSSES, ids=repr)
EACH_SIZE = pytest.mark.parametrize(
    ("loss", "units"), [(loss, units) for loss in LOSSES for units in (1, 2, 3) if units > loss.per_class], ids=repr
)
AMOUNTS = (Poisson, MeanSquaredLogarithmicError)
"""Losses of numbers that are never below zero."""


def accepted(loss: Loss) -> Any:
    return next(cls() for cls in entries("activations").values() if loss.accepts(cls()))


def predictions_for(loss: Loss, samples: int, units: int, rng: np.random.Generator) -> np.ndarray:
    found = rng.standard_normal((samples, units)) * 2
    return np.abs(found) + 0.01 if isinstance(loss, AMOUNTS) else found


def targets_for(loss: Loss, samples: int, units: int, rng: np.random.Generator) -> np.ndarray:
    """Targets as a Target writes them: one of `levels` for classes, any number for a regression."""
    if "regression" in loss.tasks:
        found = rng.standard_normal((samples, units))
        return np.abs(found) if isinstance(loss, AMOUNTS) else found
    off, on = loss.levels(accepted(loss))
    if units == 1:
        return rng.choice([off, on], (samples, 1))
    target = np.full((samples, units), off)
    target[np.arange(samples), rng.integers(0, units, samples)] = on
    return target


def by_hand(loss: Loss, prediction: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Each loss from torch.nn.functional, or from its definition, without the catalogue."""
    functional = torch.nn.functional
    index = target.argmax(dim=-1)
    match loss:
        case MeanSquaredError(halved=halved):
            return functional.mse_loss(prediction, target) * (0.5 if halved else 1.0)
        case MeanAbsoluteError():
            return functional.l1_loss(prediction, target)
        case Huber(delta=delta):
            return functional.huber_loss(prediction, target, delta=delta)
        case LogCosh():
            return torch.log(torch.cosh(prediction - target)).mean()
        case MeanSquaredLogarithmicError():
            return (torch.log(1 + prediction) - torch.log(1 + target)).pow(2).mean()
        case Poisson():
            return torch.nn.PoissonNLLLoss(log_input=False)(prediction, target)
        case Cosine():
            same = torch.ones(len(prediction))
            return functional.cosine_embedding_loss(prediction, target, same)
        case BinaryCrossEntropy(label_smoothing=smoothing, positive_weight=weight):
            t, p = target * (1 - smoothing) + smoothing / 2, torch.sigmoid(prediction)
            return -(weight * t * torch.log(p) + (1 - t) * torch.log(1 - p)).mean()
        case BinaryFocal(gamma=gamma, positive_share=share):
            p = torch.sigmoid(prediction)
            true = torch.where(target == 1, p, 1 - p)
            alpha = torch.where(target == 1, share, 1 - share)
            return -(alpha * (1 - true) ** gamma * torch.log(true)).mean()
        case CategoricalCrossEntropy(label_smoothing=smoothing):
            return functional.cross_entropy(prediction, index, label_smoothing=smoothing)
        case CategoricalFocal(gamma=gamma):
            true = torch.softmax(prediction, dim=-1).gather(1, index[:, None])
            return -((1 - true) ** gamma * torch.log(true)).mean()
        case KullbackLeibler(label_smoothing=smoothing):
            t = target * (1 - smoothing) + smoothing / target.shape[-1]
            p = torch.distributions.Categorical(logits=prediction)
            return torch.distributions.kl_divergence(torch.distributions.Categorical(probs=t), p).mean()
        case Hinge():
            return torch.clamp(1 - target * prediction, min=0).mean()
        case SquaredHinge():
            return torch.clamp(1 - target * prediction, min=0).pow(2).mean()
        case MultiClassHinge(margin=margin, squared=squared):
            return torch.nn.MultiMarginLoss(p=2 if squared else 1, margin=margin)(prediction, index)
    raise AssertionError(f"no independent formula for {loss}")


@EACH_SIZE
def test_value_and_gradient_are_pytorchs(loss: Loss, units: int) -> None:
    rng = np.random.default_rng(4)
    prediction = predictions_for(loss, 20, units, rng)
    target = targets_for(loss, 20, units, rng)
    tensor = torch.from_numpy(prediction).requires_grad_()
    expected = by_hand(loss, tensor, torch.from_numpy(target))
    expected.backward()
    assert tensor.grad is not None
    value = loss.value(prediction, target)
    assert value.shape == (20,)
    assert value.mean() == pytest.approx(expected.item(), rel=1e-7)
    np.testing.assert_allclose(loss.gradient(prediction, target) / 20, tensor.grad.numpy(), rtol=1e-7, atol=1e-9)
    computed = loss.compute(torch.nn, torch.from_numpy(prediction), torch.from_numpy(target))
    assert computed.item() == pytest.approx(expected.item(), rel=1e-7)


@EACH_SIZE
def test_gradient_is_the_slope_of_the_value(loss: Loss, units: int) -> None:
    rng = np.random.default_rng(5)
    prediction = predictions_for(loss, 40, units, rng)
    target = targets_for(loss, 40, units, rng)
    h = 1e-6
    slopes = np.zeros_like(prediction)
    for unit in range(units):
        moved = np.zeros_like(prediction)
        moved[:, unit] = h
        slopes[:, unit] = (loss.value(prediction + moved, target) - loss.value(prediction - moved, target)) / (2 * h)
    np.testing.assert_allclose(loss.gradient(prediction, target), slopes, rtol=1e-5, atol=1e-6)


@EACH_SIZE
def test_a_perfect_answer_is_the_best_there_is(loss: Loss, units: int) -> None:
    """No answer near the target costs less than the target itself; of logits, nor than very sure ones."""
    rng = np.random.default_rng(6)
    target = targets_for(loss, 10, units, rng)
    softened = getattr(loss, "label_smoothing", 0.0)
    if loss.fuses == "sigmoid":
        share = target * (1 - softened) + softened / 2
        weight = getattr(loss, "positive_weight", 1.0)
        share = weight * share / (weight * share + 1 - share)
    else:
        share = target * (1 - softened) + softened / units
    with np.errstate(divide="ignore"):
        logits = np.log(share / (1 - share)) if loss.fuses == "sigmoid" else np.log(share) if loss.fuses else target
    best = np.clip(logits, -40, 40)
    if isinstance(loss, MultiClassHinge):
        best = loss.margin * best
    least = loss.value(best, target)
    for _ in range(20):
        other = best + rng.standard_normal(best.shape)
        other = np.abs(other) if isinstance(loss, AMOUNTS) else other
        assert (loss.value(other, target) >= least - 1e-9).all()


@EACH
@pytest.mark.parametrize("kind", [np.float64, np.float32])
def test_answers_that_are_sure_and_wrong_cost_a_finite_amount(loss: Loss, kind: type) -> None:
    off, on = loss.levels(accepted(loss))
    answers = (0.0, 1.0, 100.0) if isinstance(loss, AMOUNTS) else (-100.0, -1.0, 0.0, 1.0, 100.0)
    for answer, other, wanted in product(answers, answers, (off, on)):
        prediction = np.array([[answer, other]], kind)
        target = np.array([[wanted, on + off - wanted]], kind)
        tensor = torch.from_numpy(prediction).requires_grad_()
        expected = loss.compute(torch.nn, tensor, torch.from_numpy(target))
        expected.backward()
        assert tensor.grad is not None
        value, gradient = loss.value(prediction, target), loss.gradient(prediction, target)
        assert np.isfinite(value).all() and np.isfinite(gradient).all()
        np.testing.assert_allclose(value[0], expected.item(), rtol=2e-6, atol=2e-7)
        np.testing.assert_allclose(gradient, tensor.grad.numpy(), rtol=2e-6, atol=2e-7)


def test_known_values() -> None:
    logits, target = np.array([[1.0, 2.0, 3.0]]), np.array([[0.0, 0.0, 1.0]])
    one = np.array([[1.0]])
    assert CategoricalCrossEntropy().value(logits, target)[0] == pytest.approx(0.4076059644443803)
    assert KullbackLeibler().value(logits, target)[0] == pytest.approx(0.4076059644443803)
    assert CategoricalFocal(gamma=0.0).value(logits, target)[0] == pytest.approx(0.4076059644443803)
    sure = 0.6652409557748219  # e³ / (e + e² + e³)
    assert CategoricalFocal().value(logits, target)[0] == pytest.approx((1 - sure) ** 2 * 0.4076059644443803)
    assert BinaryCrossEntropy().value(np.array([[0.0]]), one)[0] == pytest.approx(np.log(2))
    assert BinaryCrossEntropy(positive_weight=3.0).value(np.array([[0.0]]), one)[0] == pytest.approx(3 * np.log(2))
    assert BinaryFocal().value(np.array([[0.0]]), one)[0] == pytest.approx(0.25 * 0.25 * np.log(2))
    assert MeanSquaredError().value(np.array([[3.0]]), one)[0] == 4.0
    assert MeanSquaredError(halved=True).value(np.array([[3.0]]), one)[0] == 2.0
    assert MeanAbsoluteError().value(np.array([[3.0, 0.0]]), np.array([[1.0, 1.0]]))[0] == 1.5
    assert MeanSquaredLogarithmicError().value(np.array([[np.e - 1]]), np.array([[0.0]]))[0] == pytest.approx(1.0)
    assert Huber().value(np.array([[3.0]]), one)[0] == 1.5
    assert Huber().value(np.array([[1.5]]), one)[0] == 0.125
    assert LogCosh().value(np.array([[3.0]]), one)[0] == pytest.approx(np.log(np.cosh(2.0)))
    assert LogCosh().value(np.array([[1e4]]), np.array([[0.0]]))[0] == pytest.approx(1e4 - np.log(2))
    assert Poisson().value(np.array([[2.0]]), np.array([[3.0]]))[0] == pytest.approx(2 - 3 * np.log(2))
    assert Cosine().value(np.array([[3.0, 4.0]]), np.array([[1.0, 0.0]]))[0] == pytest.approx(0.4)
    assert Hinge().value(np.array([[0.25]]), np.array([[-1.0]]))[0] == 1.25
    assert SquaredHinge().value(np.array([[0.25]]), np.array([[-1.0]]))[0] == 1.5625
    # PyTorch's documentation: x = (0.1, 0.2, 0.4, 0.8), y = 3
    scores, third = np.array([[0.1, 0.2, 0.4, 0.8]]), np.array([[0.0, 0.0, 0.0, 1.0]])
    assert MultiClassHinge().value(scores, third)[0] == pytest.approx(0.325)


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_weighed_classes_cost_their_weight(smoothing: float) -> None:
    """A weight of w counts a sample w times; 0 leaves it out."""
    rng = np.random.default_rng(7)
    weights, classes = np.array([1.0, 0.0, 5.0]), rng.integers(0, 3, 30)
    prediction, target = rng.standard_normal((30, 3)), np.eye(3)[classes] * weights[classes, None]
    loss = CategoricalCrossEntropy(label_smoothing=smoothing, class_weights="1, 0, 5")
    assert loss.weights == (1.0, 0.0, 5.0)
    tensor = torch.from_numpy(prediction).requires_grad_()
    each = torch.nn.functional.cross_entropy(
        tensor, torch.from_numpy(classes), label_smoothing=smoothing, reduction="none"
    )
    expected = torch.from_numpy(weights[classes]) * each
    expected.sum().backward()
    assert tensor.grad is not None
    np.testing.assert_allclose(loss.value(prediction, target), expected.detach().numpy(), rtol=1e-10)
    np.testing.assert_allclose(loss.gradient(prediction, target), tensor.grad.numpy(), rtol=1e-9, atol=1e-12)
    computed = loss.compute(torch.nn, torch.from_numpy(prediction), torch.from_numpy(target))
    assert computed.item() == pytest.approx(expected.mean().item())
    focal = CategoricalFocal(class_weights="1, 0, 5")
    np.testing.assert_allclose(
        focal.value(prediction, target), weights[classes] * focal.value(prediction, np.eye(3)[classes])
    )


@pytest.mark.parametrize("text", ["1", "1; 2", "1, two", "1, -2", "1, 2000", "0, 0", "1, nan", "1, inf", "1,,2", ","])
def test_weights_that_make_no_sense_are_refused(text: str) -> None:
    with pytest.raises(InvalidValueError, match=r"class_weights .* must be one number for each class") as caught:
        CategoricalCrossEntropy(class_weights=text)
    assert text[:40] in str(caught.value)


@pytest.mark.parametrize("text", ["", "  ", "1, 1, 5", "0.5,2", " 3 , 0 "])
def test_weights_survive_a_file(text: str) -> None:
    loss = CategoricalCrossEntropy(class_weights=text)
    assert from_json("losses", to_json(loss)) == loss
    assert len(loss.weights) in (0, 2, 3)


def test_losses_of_older_files_load_as_they_were() -> None:
    """The fields that files had before there were more."""
    assert from_json("losses", {"type": "mse", "halved": True}) == MeanSquaredError(halved=True)
    assert from_json("losses", {"type": "huber", "delta": 2.0}) == Huber(delta=2.0)
    for name, cls in (
        ("mae", MeanAbsoluteError),
        ("binary_cross_entropy", BinaryCrossEntropy),
        ("categorical_cross_entropy", CategoricalCrossEntropy),
        ("hinge", Hinge),
    ):
        assert from_json("losses", {"type": name}) == cls()


def test_what_a_loss_goes_with() -> None:
    assert BinaryCrossEntropy().accepts(Sigmoid()) and not BinaryCrossEntropy().accepts(Tanh())
    assert CategoricalCrossEntropy().accepts(Softmax()) and not CategoricalCrossEntropy().accepts(Sigmoid())
    assert Hinge().accepts(Tanh()) and Hinge().accepts(Linear()) and not Hinge().accepts(Relu())
    assert not SquaredHinge().accepts(LogSoftmax()) and not Cosine().accepts(Softmax())
    for amounts in (Poisson(), MeanSquaredLogarithmicError()):
        assert all(amounts.accepts(each) for each in (Softplus(), Exponential(), Relu(), Sigmoid()))
        assert not any(amounts.accepts(each) for each in (Linear(), Tanh(), Softmax()))
    assert MeanSquaredError().accepts(Softmax())
    assert MeanSquaredError().levels(Tanh()) == (-1.0, 1.0)
    assert MeanSquaredError().levels(Linear()) == (-1.0, 1.0)
    assert MeanSquaredError().levels(Sigmoid()) == (0.0, 1.0)
    assert BinaryCrossEntropy().levels(Sigmoid()) == (0.0, 1.0)
    assert CategoricalCrossEntropy().levels(Softmax()) == (0.0, 1.0)
    assert MultiClassHinge().levels(Linear()) == Cosine().levels(Tanh()) == (0.0, 1.0)


@EACH
def test_what_a_loss_wants_it_accepts(loss: Loss) -> None:
    known = entries("activations")
    for task in loss.tasks:
        assert loss.accepts(known[loss.wanted(task)]())


@pytest.mark.parametrize(
    "loss", [each for each in defaults("losses") if each.takes_classes], ids=lambda loss: loss.name
)
def test_the_number_of_the_true_class_stands_for_its_target(loss: Any) -> None:
    classes = torch.tensor([2, 0, 3, 3])
    gradients = []
    for target in (classes, torch.nn.functional.one_hot(classes, 4).float()):
        prediction = torch.linspace(-2, 3, 16).reshape(4, 4).sin().requires_grad_()
        value = loss.compute(torch.nn, prediction, target)
        value.backward()
        gradients.append((value.item(), prediction.grad))
    assert gradients[0][0] == pytest.approx(gradients[1][0], rel=1e-6)
    torch.testing.assert_close(gradients[0][1], gradients[1][1])


def test_targets_that_are_no_single_class_are_never_numbers() -> None:
    assert CategoricalCrossEntropy().takes_classes
    assert not CategoricalCrossEntropy(label_smoothing=0.1).takes_classes
    assert not CategoricalCrossEntropy(class_weights="1, 2").takes_classes
