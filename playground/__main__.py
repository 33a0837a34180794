"""`python -m playground`, and what the console script calls. Importing it does nothing: the training process does."""

from __future__ import annotations

import multiprocessing
import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out a command line (default: this process's); returns the exit code."""
    multiprocessing.freeze_support()
    from playground.command_line import run

    return run(sys.argv[1:] if arguments is None else arguments)


if __name__ == "__main__":
    sys.exit(main())
