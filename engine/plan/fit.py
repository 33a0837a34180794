"""A network that fitted its data is made to fit other data: what a button would mend, mended at once."""

from __future__ import annotations

from engine.catalog.layers.output import Output
from engine.catalog.layers.reshaping import Flatten
from engine.document.errors import Sentence
from engine.document.graph import Document
from engine.plan.plan import Problem
from engine.plan.resolve import resolve

_FITTED = ("output_size", "loss", "columns")
_MOST = 8
"""Edits for each answer."""


def fit_output(document: Document) -> tuple[Document, tuple[Sentence, ...]]:
    """The document with output, loss and columns fitted to the data, images made flat, and the words for the changes.

    Applies the first remedy of each such problem in turn. Problems of another kind stay, and so does a document that
    they could not mend.
    """
    fitted = document
    done: list[Sentence] = []
    outputs = sum(isinstance(node.layer, Output) for node in document.nodes)
    for _ in range(_MOST * (1 + outputs)):
        problems = [problem for problem in resolve(fitted).problems if _is_fitted(problem, fitted)]
        if not problems:
            return fitted, tuple(done)
        remedy = problems[0].remedies[0]
        fitted = remedy.edit(fitted)
        done.append(remedy.label)
    return document, ()


def _is_fitted(problem: Problem, document: Document) -> bool:
    """Whether the first remedy of a problem is one to apply: also where images arrive at a card for flat inputs."""
    if problem.kind in _FITTED:
        return bool(problem.remedies)
    if problem.kind != "shape" or not problem.remedies or not document.data.dataset.pictures:
        return False
    mended = problem.remedies[0].edit(document)
    return any(isinstance(node.layer, Flatten) for node in mended.nodes if node not in document.nodes)
