"""Processes that open hostile files, and that save until they are killed: `python -m tests.end_to_end.file_child`.

A process of its own: its memory is limited, everything it touches is watched, and it may be ended at any moment.
"""

from __future__ import annotations

import itertools
import json
import os
import pickle
import random
import resource
import sys
import traceback
from collections import Counter
from pathlib import Path
from typing import Any

from engine.document.errors import FileError
from engine.document.project import Project, save
from tests.end_to_end import hostile

ROOM = 2**30
"""Bytes of address space that may come on top of what the program needs with nothing opened."""
LONGEST = 1000
"""Characters of a sentence; the longest ones list what the catalogue has."""
_LOUD = ("os.", "shutil.", "subprocess.", "socket.", "ctypes.", "pickle.", "tempfile.", "webbrowser.", "urllib.")


class Watch:
    """What the process does to the world while a file is opened, as the interpreter reports it."""

    def __init__(self, allowed: Path) -> None:
        self.on = False
        self.found: list[str] = []
        self._allowed = os.fspath(allowed)
        self._programs = tuple({sys.prefix, sys.base_prefix, os.getcwd()})
        sys.addaudithook(self._hear)

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self.on:
            return
        if event == "open":
            path, mode, flags = arguments
            writes = bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)) or (mode is not None and mode.strip("rb"))
            if isinstance(path, int) or (os.fspath(path) == self._allowed and not writes):
                return
            # a module that is imported when it is first needed
            if not writes and str(path).endswith((".py", ".pyc", ".so")) and str(path).startswith(self._programs):
                return
            self.found.append(f"open {path!r:.200} {mode}")
        elif event.startswith(_LOUD) and event not in ("os.listdir", "os.scandir"):
            self.found.append(f"{event} {arguments!r:.200}")


def _memory(name: str) -> int:
    """A line of the process's status, bytes."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(name):
            return int(line.split()[1]) * 1024
    raise LookupError(name)


def open_hostile(folder: Path, first: int, count: int) -> dict[str, Any]:
    """Open so many hostile files, one after the other, as the window would; says what came of them."""
    from engine.document.examples import examples
    from playground.files import opened

    examples()  # read by every window as it starts: the program's own files, not what a hostile one makes it read
    path = folder / "hostile.nnp"
    watch = Watch(path)
    kinds: dict[str, Counter[str]] = {kind.__name__: Counter() for kind in hostile.KINDS}
    wrong: list[str] = []
    growth = 0
    for number in range(first, first + count):
        kind = hostile.KINDS[number % len(hostile.KINDS)]
        path.write_bytes(kind(random.Random(number)))
        before = _memory("VmRSS")
        Path("/proc/self/clear_refs").write_text("5")  # the peak is counted from here on
        room = _memory("VmSize") + ROOM
        resource.setrlimit(resource.RLIMIT_AS, (room, resource.RLIM_INFINITY))
        watch.on = True
        try:
            opened(path)
            came = "opened"
        except FileError as error:
            came = "refused"
            said = str(error)
            if "\n" in said or not 10 < len(said) <= LONGEST:
                wrong.append(f"{kind.__name__} {number}: no sentence: {said!r:.300}")
        except BaseException:
            came = "wrong"
            wrong.append(f"{kind.__name__} {number}: {traceback.format_exc()[-800:]}")
        finally:
            watch.on = False
            resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        kinds[kind.__name__][came] += 1
        growth = max(growth, _memory("VmHWM") - before)
    return {"kinds": kinds, "wrong": wrong, "touched": watch.found, "growth": growth, "files": os.listdir(folder)}


def forbidden(folder: Path) -> dict[str, Any]:
    """Do what a hostile file might want done: the watch has to hear each."""
    watch = Watch(folder / "hostile.nnp")
    heard = []
    for act in (
        lambda: open("/etc/hostname").close(),
        lambda: (folder / "evil.txt").write_text("x"),
        lambda: os.rename(folder / "evil.txt", folder / "worse.txt"),
        lambda: os.remove(folder / "worse.txt"),
        lambda: os.mkdir(folder / "evil"),
        lambda: os.system("true"),
        lambda: pickle.loads(b"cos\nsystem\n."),
    ):
        watch.found.clear()
        watch.on = True
        act()
        watch.on = False
        heard.append(len(watch.found))
    return {"heard": heard}


def save_for_ever(folder: Path) -> None:
    """At each line that arrives, start a process that saves two projects in turns until somebody ends it.

    The line says with which of the two it begins.
    """
    projects = two_projects()
    save(folder / "mine.nnp", projects[0])  # whatever is imported late is there when the first is started
    print("ready", flush=True)
    for line in sys.stdin:
        saver = os.fork()
        if not saver:
            for number in itertools.count(int(line)):
                save(folder / "mine.nnp", projects[number % 2])
        print(saver, flush=True)
        os.waitpid(saver, 0)
        print("ended", flush=True)


def two_projects() -> tuple[Project, Project]:
    """Two whole projects, with weights that fill some hundred blocks of the disk."""
    from engine.document.examples import load_example

    small, large = (load_example(name).document for name in ("xor", "skip"))
    return Project(small, b"a" * 300_000), Project(large, b"b" * 700_000)


def main() -> None:
    """`open FOLDER FIRST COUNT`, `forbidden FOLDER` or `save FOLDER`."""
    what, folder = sys.argv[1], Path(sys.argv[2])
    if what == "save":
        save_for_ever(folder)
    elif what == "forbidden":
        print(json.dumps(forbidden(folder)))
    else:
        print(json.dumps(open_hostile(folder, int(sys.argv[3]), int(sys.argv[4]))))


if __name__ == "__main__":
    main()
