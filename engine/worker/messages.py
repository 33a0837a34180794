"""What crosses between window and training process: frozen, plain, each tagged with the run it is about.

The window pulls: it asks for a frame when it has drawn the last one, so at most one is under way. `run` grows with each
`Load`; answers of an older run are dropped.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from engine.document.errors import Sentence
from engine.document.frozen import frozen
from engine.document.graph import Document
from engine.export.format import Format
from engine.importing.table import Matching
from engine.probes.packing import Packed, pack, unpack
from engine.probes.probe import Probe
from engine.training.trainer import Evaluation, Snapshot, Unit

# --- window to worker ------------------------------------------------------------------------------------------------


@frozen
class Load:
    """Start a run: build the document's network and stand at epoch 0, or where the snapshot stands. Paused."""

    run: int
    document: Document
    snapshot: Snapshot | None = None


@frozen
class Edit:
    """Go on with a changed document, keeping the weights; the worker answers Failure if it cannot."""

    run: int
    document: Document


@frozen
class Play:
    """Train until told otherwise, at most `steps_per_second` (inf: as fast as it goes)."""

    run: int
    steps_per_second: float


@frozen
class Pause:
    """Stop training after the running step."""

    run: int


@frozen
class Step:
    """Train one unit, then stand still."""

    run: int
    unit: Unit


@frozen
class SetParameter:
    """Set one weight or bias by hand, training or not."""

    run: int
    name: str
    index: tuple[int, ...]
    value: float


@frozen
class FrameRequest:
    """Ask for the newest numbers of the visible views. It replaces a request that has not been answered yet.

    While nothing changes (paused, same probes) the answer waits until something does; `snapshot` adds one.
    """

    run: int
    number: int
    probes: tuple[Probe, ...]
    snapshot: bool = False


@frozen
class StudySeeds:
    """Train the document's network from `count` seeds, the document's own first, for so many epochs each.

    It goes on beside the run, whatever becomes of that, and takes the place of the study before. `run` is the number of
    the study: studies are counted apart from runs.
    """

    work: ClassVar[str] = "study"
    run: int
    document: Document
    count: int
    epochs: int


@frozen
class FindRate:
    """Train a copy of the document's network while its learning rate rises from `low` to `high` in so many steps.

    It starts from the snapshot's weights, or afresh, and leaves the run alone. `run` is the number of the search.
    """

    work: ClassVar[str] = "rate"
    run: int
    document: Document
    low: float
    high: float
    steps: int
    snapshot: Snapshot | None = None


@frozen
class Embed:
    """Lay out what a card of the run gives now for so many samples in two dimensions, by "t-SNE" or "Isomap".

    It is done beside the run. `run` is the number of the map.
    """

    work: ClassVar[str] = "embedding"
    run: int
    node: str
    method: str
    samples: int


@frozen
class Export:
    """Make the files of a form of export from the run as it stands, beside it; `title` is what they are about.

    With a `path` the main file is written there and the others beside it, and with `verify` they are proven. `run` is
    the number of the export.
    """

    work: ClassVar[str] = "export"
    run: int
    title: str
    form: Format
    path: str = ""
    verify: bool = True


@frozen
class Import:
    """Read a file from elsewhere: weights for the document's network, or a model, which keeps the document's data.

    It is done beside the run. `run` is the number of the reading.
    """

    work: ClassVar[str] = "import"
    run: int
    path: str
    document: Document


@frozen
class StopWork:
    """End that `work` beside the run, if it still has that number; a study or search tells what it has found."""

    work: str
    run: int


@frozen
class Quit:
    """End the process."""


# --- worker to window ------------------------------------------------------------------------------------------------


@frozen
class Ready:
    """The worker is up: its process id, backends by name, versions, and what there is to say about its start."""

    process_id: int
    backends: tuple[str, ...]
    versions: Mapping[str, str]
    note: Sentence | None = None


@frozen
class Starting:
    """A backend is being loaded for this run, which takes seconds and lets no other thread run; an answer follows."""

    run: int


@frozen
class Status:
    """Where a run stands. `epochs_per_second` is measured over the last second or so; 0 when paused."""

    epoch: int
    step: int
    running: bool
    evaluation: Evaluation
    learning_rate: float
    epochs_per_second: float
    backend: str
    backend_reason: Sentence
    tested_at: float | None
    """When the metrics and the test loss were measured, in epochs; None: they are of the network as it is."""


@frozen(eq=False)
class Frame:
    """The answer to a FrameRequest: `answers` follows the order of its probes (None where one does not fit)."""

    run: int
    number: int
    status: Status
    answers: tuple[Mapping[str, NDArray[Any]] | None, ...]
    snapshot: Snapshot | None
    seconds: float
    """What it cost the worker to make."""
    costs: tuple[float, ...]
    """What each answer cost of it."""

    def __reduce__(self) -> tuple[Any, ...]:
        packed = tuple(None if answer is None else pack(answer) for answer in self.answers)
        return _unpacked, (self.run, self.number, self.status, packed, self.snapshot, self.seconds, self.costs)


def _unpacked(run: int, number: int, status: Status, packed: tuple[Packed | None, ...], *rest: Any) -> Frame:
    return Frame(run, number, status, tuple(None if answer is None else unpack(answer) for answer in packed), *rest)


@frozen(eq=False)
class SeedsProgress:
    """How far a study is: a few times a second while it runs, and once at its end (`finished`).

    `done` runs of `total` are over; `reached` also counts the parts done of those under way.
    `losses` and `metrics`, float32 (done,), are those of the test samples in the order in which runs ended, NaN where a
    run diverged; `solved` of them reached a metric of `threshold`. Where the data lie in a plane, `mean` is the picture
    of the mean answer, uint8 (resolution, resolution), as the probe Decision draws it (`by_class`, or from `low` to
    `high`), and `disagreement` the standard deviation over the runs from 0 to `spread`, the same size.
    """

    work: ClassVar[str] = "study"
    run: int
    done: int
    total: int
    reached: float
    losses: NDArray[np.float32]
    metrics: NDArray[np.float32]
    solved: int
    threshold: float
    mean: NDArray[np.uint8] | None
    by_class: bool
    low: float
    high: float
    disagreement: NDArray[np.uint8] | None
    spread: float
    seconds: float
    finished: bool


@frozen
class Stopped:
    """The stopping rule has ended the run, which is paused now; Play goes on past it."""

    run: int
    sentence: Sentence


@frozen(eq=False)
class RateProgress:
    """How far a search for a learning rate is: a few times a second while it runs, and once at its end (`finished`).

    `rates` are those of the steps taken of `total`, `losses` the training loss after each, `smoothed` that curve
    without its wobbles, float32 (steps,) each. The two suggestions are None while, or where, the loss has not fallen.
    """

    work: ClassVar[str] = "rate"
    run: int
    total: int
    rates: NDArray[np.float32]
    losses: NDArray[np.float32]
    smoothed: NDArray[np.float32]
    steepest: float | None
    tenth_of_lowest: float | None
    diverged: bool
    seconds: float
    finished: bool


@frozen(eq=False)
class EmbeddingProgress:
    """A map of samples in two dimensions: once when it is begun, with no samples, and once when it is `finished`.

    `arrays` is named as the answer of the probe Space: "points", "places", "targets", "answers".
    """

    work: ClassVar[str] = "embedding"
    run: int
    node: str
    method: str
    epoch: int
    arrays: Mapping[str, NDArray[Any]]
    seconds: float
    finished: bool


@frozen
class ExportProgress:
    """How far an export is: what it does now, and once at its end ("done", `finished`).

    `files` are the names and sizes in bytes of what was made, `preview` what can be read of them. `proof` says what
    an independent reader found, and `passed` whether it is the same; None where nothing was proven.
    """

    work: ClassVar[str] = "export"
    run: int
    stage: Literal["making", "proving", "writing", "done"]
    files: tuple[tuple[str, int], ...] = ()
    preview: str = ""
    proof: Sentence | None = None
    passed: bool | None = None
    finished: bool = False


@frozen(eq=False)
class WeightsRead:
    """The arrays of a file laid beside the network of the document; those that cannot be used come as rows alone."""

    work: ClassVar[str] = "import"
    run: int
    matching: Matching
    finished: bool = True


@frozen(eq=False)
class ModelRead:
    """A network that a file holds: the document, its weights by "node.array", and what there is to say about it."""

    work: ClassVar[str] = "import"
    run: int
    document: Document
    weights: Mapping[str, NDArray[np.float32]]
    notes: tuple[Sentence, ...]
    finished: bool = True


@frozen
class Failure:
    """Something went wrong. `kind`: "diverged", "edit", "load" or "error", then the run is paused.

    Or it names the `work` beside the run that failed; then `run` is its number. `node`: the card.
    """

    run: int
    kind: str
    sentence: Sentence
    node: str | None = None
    detail: str = ""


ToWorker = (
    Load
    | Edit
    | Play
    | Pause
    | Step
    | SetParameter
    | FrameRequest
    | StudySeeds
    | FindRate
    | Embed
    | Export
    | Import
    | StopWork
    | Quit
)
FromWorker = (
    Ready
    | Starting
    | Frame
    | SeedsProgress
    | RateProgress
    | EmbeddingProgress
    | ExportProgress
    | WeightsRead
    | ModelRead
    | Stopped
    | Failure
)
