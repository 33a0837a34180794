"""What data sets share whose images were published as files: they are looked for in the data folder."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from engine.catalog.datasets.images import ImageDataset, Images
from engine.document.errors import Sentence
from engine.images.files import ImageDataError
from engine.images.places import data_folder
from engine.images.remotes import Remote


@dataclass
class Seen:
    """What is known of a folder without looking: who may not wait for a disk asks for it.

    `counts` is how many samples there are to learn from and to test on, `labels` those of all; None: not yet known.
    """

    counts: tuple[int, int] | None = None
    labels: NDArray[np.int64] | None = None


@lru_cache(maxsize=8)
def _seen(folder: str) -> Seen:
    return Seen()


class PublishedImages(ImageDataset):
    """Images of a folder in the data folder, where they were put by hand or by Download."""

    folder_name: ClassVar[str] = ""
    downloads: ClassVar[tuple[Remote, ...]] = ()
    from_disk = True

    @classmethod
    def folder(cls) -> Path:
        """Where its files are looked for, and downloaded to."""
        return data_folder() / cls.folder_name

    def is_absent(self) -> bool:
        """Whether files are missing, so that downloading is of use."""
        raise NotImplementedError

    def check(self) -> None:
        """See whether the files can be what they should be, without reading them whole. Raises ImageDataError."""
        raise NotImplementedError

    def read(self) -> Images:
        """What the files hold, kept from call to call. Raises ImageDataError."""
        raise NotImplementedError

    def images(self) -> Images:
        images = self.read()
        self.seen().labels = images.labels
        return images

    def known_labels(self) -> NDArray[np.int64] | None:
        return self.seen().labels

    def seen(self) -> Seen:
        """What was found when its folder was looked at last."""
        return _seen(str(self.folder()))

    def absence(self) -> ImageDataError:
        """What there is to say while files are missing."""
        return ImageDataError(
            "{data} is not there yet; choose Download, or put {files} into {folder}",
            data=self.label,
            files=", ".join(remote.name for remote in self.downloads),
            folder=str(self.folder()),
        )

    def trouble(self) -> Sentence | None:
        if self.is_absent():
            return self.absence().sentence
        try:
            self.check()
            if self.only_classes:
                self.seen().labels = self.labels()
        except ImageDataError as error:
            return error.sentence
        return None
