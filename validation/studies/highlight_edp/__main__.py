"""``python -m validation.studies.highlight_edp [--page docs/studies/highlight_edp.md] [--picture docs/pictures/edp.png]``.

Prints the tables; with the options makes the page's tables and the picture anew. A few minutes.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from validation.markdown import rewrite
from validation.studies.clock import clock
from validation.studies.highlight_edp.drawing import draw
from validation.studies.highlight_edp.measure import measure
from validation.studies.highlight_edp.page import tables
from validation.studies.highlight_edp.workloads import SIZE, networks, product


def main() -> None:
    """Measure, print, and write what is asked for."""
    options = argparse.ArgumentParser(prog="python -m validation.studies.highlight_edp")
    options.add_argument("--page", type=Path, help="page whose tables are replaced")
    options.add_argument("--picture", type=Path, help="where to draw the picture")
    options.add_argument("--size", type=int, default=SIZE, help="of the matrices")
    chosen = options.parse_args()
    told = clock()
    table = measure([product(chosen.size), *networks()], told)
    told("done")
    sys.stdout.write(tables(table) + "\n")
    if chosen.page:
        rewrite(chosen.page, tables(table))
    if chosen.picture:
        draw(table, chosen.picture)


if __name__ == "__main__":
    main()
