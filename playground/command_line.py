"""The command line: what can be asked for, and how it is answered.

Exit codes: 0 done, 1 the work failed, 2 bad usage or bad input. An error is one sentence on standard error.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

from engine.document.errors import PlaygroundError
from playground import commands

DONE, FAILED, BAD_INPUT = 0, 1, 2

COMMANDS = ("train", "find-rate", "export", "screenshot", "examples", "info")


class _Parser(argparse.ArgumentParser):
    """Answers a mistake with one line instead of the usage text."""

    def error(self, message: str) -> NoReturn:
        self.exit(BAD_INPUT, f"{self.prog}: {message}; see {self.prog} --help\n")


def run(arguments: Sequence[str]) -> int:
    """Carry out a command line, given without the program's name; returns the exit code."""
    try:
        options = _parse(arguments)
        work: Callable[[argparse.Namespace], int] = options.work
        return work(options)
    except SystemExit as end:  # --help, --version and bad usage
        return end.code if isinstance(end.code, int) else DONE
    except commands.WorkFailed as error:
        return _say(str(error), FAILED)
    except PlaygroundError as error:
        return _say(str(error), BAD_INPUT)
    except KeyboardInterrupt:
        return _say("stopped", FAILED)
    except BrokenPipeError:  # whoever read our output has gone; leave nothing for Python to flush at its end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except Exception as error:
        return _say(f"unexpected {type(error).__name__}: {error}", FAILED)


def _say(sentence: str, code: int) -> int:
    print(f"playground: {' '.join(sentence.split())}", file=sys.stderr)
    return code


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    if arguments and arguments[0] in COMMANDS:
        return _command_parser().parse_args(arguments)
    return _window_parser().parse_args(arguments)


def _window_parser() -> _Parser:
    parser = _Parser(
        prog="playground",
        description="Assemble a neural network by hand and watch it learn.",
        epilog=f"commands: {', '.join(COMMANDS)}; playground COMMAND --help says more",
    )
    parser.add_argument("file", nargs="?", metavar="FILE", help="a project (.nnp) to open")
    parser.add_argument("--safe-mode", action="store_true", help="ignore the remembered layout and settings")
    parser.add_argument("--reset-settings", action="store_true", help="forget layout and settings, and end")
    parser.add_argument("--version", action="version", version=f"playground {commands.program_version()}")
    parser.set_defaults(work=commands.window)
    return parser


def _command_parser() -> _Parser:
    parser = _Parser(prog="playground")
    under = parser.add_subparsers(required=True, metavar="COMMAND")

    train = under.add_parser("train", help="train without a window")
    train.add_argument("source", metavar="PROJECT|EXAMPLE", help="a project file (.nnp) or the id of an example")
    train.add_argument("--epochs", type=int, metavar="N", help="default: as many as the project plans")
    train.add_argument("--seed", type=int, metavar="S", help="seed of data, weights and shuffling")
    train.add_argument("--seeds", type=int, metavar="N", help="train N times, from the seed upwards, on the same data")
    train.add_argument("--engine", choices=("auto", "numba", "torch"), default="auto")
    train.add_argument("--device", choices=("auto", "cpu", "cuda", "mps"), default="auto")
    train.add_argument("--out", type=Path, metavar="FILE.nnp", help="save the trained project")
    train.add_argument("--json", action="store_true", help="print one line of JSON at the end")
    train.set_defaults(work=commands.train)

    finder = under.add_parser("find-rate", help="search for a good learning rate")
    finder.add_argument("source", metavar="PROJECT|EXAMPLE", help="a project file (.nnp) or the id of an example")
    finder.add_argument("--low", type=float, metavar="RATE", help="the first rate, 1e-5 unless given")
    finder.add_argument("--high", type=float, metavar="RATE", help="the last rate, 10 unless given")
    finder.add_argument("--steps", type=int, metavar="N", help="how many steps lie between them, 500 unless given")
    finder.add_argument("--seed", type=int, metavar="S", help="seed of data, weights and shuffling")
    finder.add_argument("--engine", choices=("auto", "numba", "torch"), default="auto")
    finder.add_argument("--device", choices=("auto", "cpu", "cuda", "mps"), default="auto")
    finder.add_argument("--json", action="store_true", help="print one line of JSON, with the curve")
    finder.set_defaults(work=commands.find_rate)

    screenshot = under.add_parser("screenshot", help="draw the real window")
    screenshot.add_argument("out", type=Path, metavar="OUT.png")
    screenshot.add_argument("source", nargs="?", metavar="PROJECT|EXAMPLE")
    screenshot.add_argument("--train", type=float, default=0.0, metavar="SECONDS", help="train so long before")
    screenshot.add_argument("--theme", choices=("dark", "light"), default="dark")
    screenshot.add_argument("--dock", metavar="ID", help="bring a panel to the front, such as dock.messages")
    screenshot.add_argument("--size", type=_size, default=(1440, 900), metavar="WxH")
    screenshot.set_defaults(work=commands.screenshot)

    export = under.add_parser("export", help="write the network, its loss and its training as PyTorch source")
    export.add_argument("source", metavar="PROJECT|EXAMPLE", help="a project file (.nnp) or the id of an example")
    export.add_argument("--to", type=Path, required=True, metavar="FILE.py", help="what to write")
    export.set_defaults(work=commands.export)

    examples = under.add_parser("examples", help="list the gallery, or check that its examples learn")
    examples.add_argument("--check", nargs="*", metavar="ID", help="train these (default: all) and check them")
    examples.set_defaults(work=commands.examples)

    info = under.add_parser("info", help="versions, paths, backends and the catalogue")
    info.add_argument("--json", action="store_true")
    info.set_defaults(work=commands.info)
    return parser


def _size(text: str) -> tuple[int, int]:
    width, cross, height = text.partition("x")
    if not (cross and width.isdecimal() and height.isdecimal() and min(int(width), int(height)) >= 100):
        raise argparse.ArgumentTypeError(f"{text!r} is not a size such as 1440x900")
    if max(int(width), int(height)) > 10_000:
        raise argparse.ArgumentTypeError(f"{text!r} is too large; at most 10000x10000")
    return int(width), int(height)
