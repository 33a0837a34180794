"""What probes about one sample share: which it is, one of the data or one that was drawn by hand."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from engine.catalog.registry import Hidden, shared
from engine.plan.data import split
from engine.plan.plan import Plan
from engine.probes.probe import Probe
from engine.training.trainer import Trainer


@shared
class SampleProbe(Probe):
    """A question about one sample.

    `sample` is its place among all samples, those to learn from first; `image`, where there is one, is used in its
    place: the bytes of a picture that was drawn, in the order (channel, row, column).
    """

    sample: Annotated[int, Hidden()] = 0
    image: Annotated[tuple[int, ...], Hidden()] = ()

    def fits(self, plan: Plan) -> bool:
        """Whether there is such a sample. It is not looked up: the window asks, too, and need not have the data."""
        if not plan.ready:
            return False
        if self.image:
            dataset = plan.document.data.dataset
            return dataset.pictures and len(self.image) == int(np.prod(dataset.input_shape(())))
        return 0 <= self.sample < plan.document.data.dataset.sample_count

    def values(self, trainer: Trainer) -> NDArray[Any]:
        """The sample as the data set holds it, (1, *shape)."""
        data = trainer.plan.document.data
        if self.image:
            return np.array(self.image, np.uint8).reshape(1, *data.dataset.input_shape(()))
        return np.array(split(data).values[self.sample : self.sample + 1])

    def truth(self, trainer: Trainer) -> NDArray[Any]:
        """What the sample should be answered with, (1,); empty for one that was drawn."""
        if self.image:
            return np.empty(0, np.int64)
        parts = split(trainer.plan.document.data)
        learnt = len(parts.train)
        part, place = (parts.train, self.sample) if self.sample < learnt else (parts.test, self.sample - learnt)
        return np.asarray(part.targets[place : place + 1])
