"""Optimizers, by family, and the path that one takes on a surface."""

from engine.catalog.optimizers.descent import SGD, GradientDescent
from engine.catalog.optimizers.moments import Adam, Adamax, AdamW, NAdam, RAdam
from engine.catalog.optimizers.optimizer import Objective, Optimizer
from engine.catalog.optimizers.paths import path
from engine.catalog.optimizers.scaled import Adadelta, Adagrad, RMSprop, Rprop
from engine.catalog.optimizers.searching import LBFGS, RandomSearch

__all__ = [
    "LBFGS",
    "SGD",
    "Adadelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "GradientDescent",
    "NAdam",
    "Objective",
    "Optimizer",
    "RAdam",
    "RMSprop",
    "RandomSearch",
    "Rprop",
    "path",
]
