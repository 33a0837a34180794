"""A network that fitted its data is made to fit other data: what a button would mend, mended at once."""

from __future__ import annotations

from engine.catalog.layers.output import Output
from engine.document.errors import Sentence
from engine.document.graph import Document
from engine.plan.resolve import resolve

_FITTED = ("output_size", "loss", "columns")
_MOST = 8
"""Edits for each answer."""


def fit_output(document: Document) -> tuple[Document, tuple[Sentence, ...]]:
    """The document with the output, its loss and its columns fitted to the data, and the words for what was changed.

    Applies the first remedy of each such problem in turn. Problems of another kind stay, and so does a document that
    they could not mend.
    """
    fitted = document
    done: list[Sentence] = []
    outputs = sum(isinstance(node.layer, Output) for node in document.nodes)
    for _ in range(_MOST * (1 + outputs)):
        problems = [problem for problem in resolve(fitted).problems if problem.kind in _FITTED and problem.remedies]
        if not problems:
            return fitted, tuple(done)
        remedy = problems[0].remedies[0]
        fitted = remedy.edit(fitted)
        done.append(remedy.label)
    return document, ()
