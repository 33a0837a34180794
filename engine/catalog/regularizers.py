"""Regularizers: penalties added to the loss while training, never to the loss that is shown.

One formula serves weights, biases and a card's outputs ("activity"). Weights and biases are penalised once a step;
outputs once for every sample, of which a batch takes the mean.
"""

from __future__ import annotations

from typing import Annotated, Any

from engine.catalog.registry import Entry, Range, register

_RATE = Range(0.0, 10.0, 0.001)


class Regularizer(Entry, kind="regularizers"):
    """A penalty on how large numbers are: the sum of what each of them costs."""

    def penalty(self, namespace: Any, weight: Any) -> Any:
        """The penalty of all numbers in an array, in the namespace it belongs to (`numpy` or `torch`)."""
        raise NotImplementedError

    def gradient(self, namespace: Any, weight: Any) -> Any:
        """d penalty / d weight, same shape as the weight."""
        raise NotImplementedError


@register
class NoRegularizer(Regularizer):
    """No penalty: the weights grow as they like."""

    name = "none"
    formula = "R(w) = 0"
    reference = "The default"
    order = 1

    def penalty(self, namespace: Any, weight: Any) -> Any:
        return 0.0

    def gradient(self, namespace: Any, weight: Any) -> Any:
        return namespace.zeros_like(weight)


@register
class L1(Regularizer):
    """Pulls every weight towards zero by the same amount, so that useless ones vanish.

    With plain gradient descent they end as close to zero as one step is long: let the learning rate fall.
    """

    rate: Annotated[float, _RATE] = 0.001

    formula = "R(w) = rate · Σ |w|"
    reference = "Tibshirani, the lasso, 1996"
    name = "l1"
    label = "L1"
    order = 2

    def penalty(self, namespace: Any, weight: Any) -> Any:
        return self.rate * namespace.abs(weight).sum()

    def gradient(self, namespace: Any, weight: Any) -> Any:
        return self.rate * namespace.sign(weight)


@register
class L2(Regularizer):
    """Pulls large weights towards zero more than small ones, so that the boundary stays smooth.

    With its half, as here, its gradient is rate · w: PyTorch's `weight_decay` of the same number for plain gradient
    descent. Keras's `l2(f)` is f · Σ w² without the half: f is half of this rate.
    """

    rate: Annotated[float, _RATE] = 0.001

    formula = "R(w) = rate · ½ Σ w²"
    reference = "Hoerl & Kennard, ridge regression, 1970"
    name = "l2"
    label = "L2"
    order = 3

    def penalty(self, namespace: Any, weight: Any) -> Any:
        return 0.5 * self.rate * namespace.square(weight).sum()

    def gradient(self, namespace: Any, weight: Any) -> Any:
        return self.rate * weight


@register
class ElasticNet(Regularizer):
    """Mixes L1 and L2: useless weights vanish, and of those that say the same none is left out by chance.

    The rate and the share are scikit-learn's `alpha` and `l1_ratio`, where the loss is the halved squared error.
    Keras's `L1L2(l1, l2)` has l1 = rate · l1_share and l2 = rate · (1 − l1_share) / 2.
    """

    rate: Annotated[float, _RATE] = 0.001
    l1_share: Annotated[float, Range(0.0, 1.0, 0.05)] = 0.5

    formula = "R(w) = rate · (l1_share · Σ |w| + (1 − l1_share) · ½ Σ w²)"
    reference = "Zou & Hastie, the elastic net, 2005"
    order = 4

    def penalty(self, namespace: Any, weight: Any) -> Any:
        straight, square = namespace.abs(weight).sum(), namespace.square(weight).sum()
        return self.rate * (self.l1_share * straight + 0.5 * (1 - self.l1_share) * square)

    def gradient(self, namespace: Any, weight: Any) -> Any:
        return self.rate * self.l1_share * namespace.sign(weight) + self.rate * (1 - self.l1_share) * weight
