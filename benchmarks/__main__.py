"""`python -m benchmarks [NAME …]`: measure every row, or those whose function has NAME in its name; print, and keep."""

from __future__ import annotations

import datetime
import sys
from pathlib import Path

from benchmarks import convolution_rows, engine_rows, image_rows, kernel_rows, window_rows
from benchmarks.table import HEADER, Row, machine

RESULTS = Path(__file__).parent / "RESULTS.md"


def main(names: list[str]) -> int:
    """Measure, print, and write RESULTS.md when everything was measured."""
    described = machine()
    print(described)
    rows: list[Row] = []
    groups = window_rows, engine_rows, kernel_rows, convolution_rows, image_rows
    measures = [measure for group in groups for measure in group.MEASURES]
    for measure in (*measures, *(image_rows.LONG if names else ())):
        if names and not any(name in measure.__name__ for name in names):
            continue
        for row in measure():
            rows.append(row)
            print(row.markdown(), flush=True)
    if not names:
        text = f"# Results\n\n{datetime.date.today()}, written by `make bench`.\n\n{described}\n\n{HEADER}\n"
        RESULTS.write_text(text + "".join(f"{row.markdown()}\n" for row in rows))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
