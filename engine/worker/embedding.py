"""Maps of what a card gives, in the training process: in a thread of its own, beside the run."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Mapping
from functools import partial
from time import perf_counter
from typing import Any

from numpy.typing import NDArray

from engine.document.errors import PlaygroundError
from engine.probes.space import chosen, outputs
from engine.training.trainer import Trainer
from engine.worker.background import Background
from engine.worker.messages import Embed, EmbeddingProgress, Starting


class Embeddings(Background):
    """Makes one map at a time; a new one takes the place of the one before."""

    asks = Embed

    def prepare(self, message: Embed, trainer: Trainer | None, stop: threading.Event) -> Callable[[], None]:
        """What the card gives is asked for here, between two steps of the run."""
        if trainer is None or message.node not in trainer.plan.nodes:
            raise PlaygroundError("there is no card {node} in this run; choose another one", node=repr(message.node))
        if "engine.training.embedding" not in sys.modules:
            self._send(Starting(message.run))
        from engine.training.embedding import METHODS, prepare  # scikit-learn: no run needs it

        if message.method not in METHODS:
            raise PlaygroundError("method (={method}) must be one of {known}", method=message.method, known=METHODS)
        prepare()
        places = chosen(trainer.plan, message.samples)
        values, found = outputs(trainer, message.node, places)
        known = {"places": places, **found}
        self._send(_progress(message, trainer.epoch, {}, 0.0, finished=False))
        return partial(self._lay_out, message, trainer.epoch, values, known, stop)

    def _lay_out(
        self,
        message: Embed,
        epoch: int,
        values: NDArray[Any],
        known: Mapping[str, NDArray[Any]],
        stop: threading.Event,
    ) -> None:
        from engine.training.embedding import embed

        begun = perf_counter()
        points = embed(values, message.method)
        if not stop.is_set():
            seconds = perf_counter() - begun
            self._send(_progress(message, epoch, {"points": points, **known}, seconds, finished=True))


def _progress(
    message: Embed, epoch: int, arrays: Mapping[str, NDArray[Any]], seconds: float, *, finished: bool
) -> EmbeddingProgress:
    return EmbeddingProgress(message.run, message.node, message.method, epoch, arrays, seconds, finished)
