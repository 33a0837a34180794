"""Output: a card that makes an answer of what arrives, so that a network may have several."""

from __future__ import annotations

from typing import Annotated

from engine.catalog.layers.layer import Layer
from engine.catalog.losses import Loss, MeanSquaredError
from engine.catalog.registry import Group, Range, register


@register
class Output(Layer):
    """An answer of its own: what arrives is compared with the targets, by its own loss and weight.

    The end of the longest chain is an answer without such a card; this one says what it counts. Behind any other card
    it makes one more answer. What training makes smaller is the sum of all losses, each times its weight. The loss is
    that of the training settings, unless own_loss asks for the one chosen here. What arrives leaves unchanged, so that
    more cards may follow.
    """

    weight: Annotated[float, Range(0.0, 100.0, 0.1)] = 1.0
    own_loss: bool = False
    loss: Annotated[Loss, Group("Its own loss")] = MeanSquaredError()

    category = "Core"
    formula = "y = x; training lowers Σ weight · loss(x, target) over all answers"
    reference = "Lee et al., Deeply-Supervised Nets, AISTATS 2015; Keras: loss_weights"
    summary = ("weight",)
    examples = (((2,),), ((3,),))
    order = 7
