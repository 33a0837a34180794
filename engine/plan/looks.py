"""What is known of where samples come from. Disks may be slow, or not answer at all: who cannot wait passes it on."""

from __future__ import annotations

from dataclasses import dataclass

from engine.catalog.datasets.dataset import Dataset
from engine.document.errors import Sentence


@dataclass(frozen=True)
class Look:
    """What was seen when a data set's file was looked at last."""

    trouble: Sentence | None = None
    """Why there are no samples now, if so."""
    changed: bool = False
    """Whether the file is there, but is not what it was."""
    at_hand: bool = True
    """Whether the samples may be asked for at once: they need not be read first."""


def look(dataset: Dataset) -> Look:
    """Look now, however long that takes."""
    trouble = dataset.trouble()
    return Look(trouble, trouble is not None and dataset.changed(), trouble is None)
