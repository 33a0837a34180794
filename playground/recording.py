"""Pictures of a panel while the network trains, kept within bounds, and written as one moving picture."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage

from engine.document.errors import FileError

MOST = 300
"""Pictures that are kept: every second one is dropped when there are more, and only every second of those to come."""
FRAMES_PER_SECOND = 12
"""How fast they are shown again."""
_FFMPEG_SECONDS = 300

Frame = NDArray[np.uint8]


class Recording:
    """The pictures of one recording, (height, width, 3) each, all of the size of the first."""

    def __init__(self, most: int = MOST) -> None:
        self.frames: list[Frame] = []
        self._most = most
        self._stride = 1
        self._offered = 0

    def offer(self, image: QImage) -> None:
        """Keep a picture, unless only some are kept by now."""
        keep = self._offered % self._stride == 0
        self._offered += 1
        if not keep:
            return
        if self.frames:
            height, width = self.frames[0].shape[:2]
            if (image.width(), image.height()) != (width, height):
                image = image.scaled(width, height)
        self.frames.append(pixels(image))
        if len(self.frames) > self._most:
            del self.frames[1::2]
            self._stride *= 2


def pixels(image: QImage) -> Frame:
    """The colours of a picture, (height, width, 3)."""
    plain = image.convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(plain.constBits(), np.uint8).reshape(plain.height(), plain.bytesPerLine())
    return rows[:, : 3 * plain.width()].reshape(plain.height(), plain.width(), 3).copy()


def has_ffmpeg() -> bool:
    """Whether MP4 files can be written here."""
    return shutil.which("ffmpeg") is not None


def write_animation(frames: Sequence[Frame], path: Path, progress: Callable[[float], bool]) -> bool:
    """Write pictures as a GIF or, by its suffix, an MP4 file; False, and no file, where `progress` answers False.

    `progress` is told how much is done, from 0 to 1. Raises FileError.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        written = (_mp4 if path.suffix.lower() == ".mp4" else _gif)(frames, part, progress)
        if written:
            part.replace(path)
        return written
    except OSError as error:
        raise FileError("{file} cannot be written: {problem}", file=path.name, problem=str(error)) from error
    finally:
        part.unlink(missing_ok=True)


def _gif(frames: Sequence[Frame], path: Path, progress: Callable[[float], bool]) -> bool:
    from PIL import Image

    images = []
    for number, frame in enumerate(frames):
        if not progress(number / len(frames)):
            return False
        images.append(Image.fromarray(frame).quantize(255, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE))
    images[0].save(
        path, "GIF", save_all=True, append_images=images[1:], duration=1000 // FRAMES_PER_SECOND, loop=0, optimize=False
    )
    return progress(1.0)


def _mp4(frames: Sequence[Frame], path: Path, progress: Callable[[float], bool]) -> bool:
    height, width = (side // 2 * 2 for side in frames[0].shape[:2])  # H.264 wants even sides
    command = (
        "ffmpeg", "-loglevel", "error", "-y", "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}",
        "-r", str(FRAMES_PER_SECOND), "-i", "-", "-pix_fmt", "yuv420p", "-f", "mp4", str(path),
    )  # fmt: skip
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdin is not None and process.stderr is not None
        try:
            for number, frame in enumerate(frames):
                if not progress(number / len(frames)):
                    process.kill()
                    return False
                process.stdin.write(np.ascontiguousarray(frame[:height, :width]).tobytes())
            process.stdin.close()
            problem = process.stderr.read().decode(errors="replace").strip()
            if process.wait(_FFMPEG_SECONDS):
                raise OSError(problem.splitlines()[-1] if problem else "ffmpeg failed")
        except (BrokenPipeError, subprocess.TimeoutExpired) as error:
            process.kill()
            raise OSError("ffmpeg stopped before the end") from error
    return progress(1.0)
