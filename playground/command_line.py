"""The command line: what can be asked for, and how it is answered.

Exit codes: 0 done, 1 the work failed, 2 bad usage or bad input. An error is one sentence on standard error.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

from engine.document.errors import PlaygroundError
from playground.commands import window
from playground.commands.shared import WorkFailed

DONE, FAILED, BAD_INPUT = 0, 1, 2

COMMANDS = ("train", "evaluate", "predict", "find-rate", "export", "screenshot", "examples", "info")
"""The first argument that is one of these is a command; anything else opens the window."""


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
    except WorkFailed as error:
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
    if os.environ.get("RANK", "0") == "0":  # of several processes that train together, the first one speaks
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
    parser.add_argument("file", nargs="?", metavar="FILE", help="a project (.nnp) or a model (.onnx) to open")
    parser.add_argument("--safe-mode", action="store_true", help="ignore the remembered layout and settings")
    parser.add_argument("--reset-settings", action="store_true", help="forget layout and settings, and end")
    parser.add_argument("--version", action="version", version=f"playground {window.program_version()}")
    parser.set_defaults(work=window.window)
    return parser


def _command_parser() -> _Parser:
    from playground.commands import answering, exporting, information, searching, training

    parser = _Parser(prog="playground")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for group in (training, answering, searching, exporting, window, information):
        group.declare(commands)
    return parser
