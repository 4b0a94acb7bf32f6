"""``python -m validation.studies.sdq [--page docs/sdq.md] [--picture docs/pictures/sdq.png]``.

Prints the tables; with the options makes the page's tables and the picture anew. Some minutes on two cores.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from validation.markdown import rewrite
from validation.studies.clock import clock
from validation.studies.sdq.drawing import draw
from validation.studies.sdq.measure import NAMES, measure, networks
from validation.studies.sdq.page import tables


def main() -> None:
    """Measure, print, and write what is asked for."""
    options = argparse.ArgumentParser(prog="python -m validation.studies.sdq")
    options.add_argument("--page", type=Path, help="page whose tables are replaced")
    options.add_argument("--picture", type=Path, help="where to draw the picture")
    options.add_argument("--characters", type=int, help="of the text held out; all if not given")
    options.add_argument(
        "names", nargs="*", metavar="NAME", help="configurations; those of the page if none is given"
    )
    chosen = options.parse_args()
    told = clock()
    names = chosen.names or NAMES[1:]
    rows = measure(names, networks(), told, chosen.characters)
    told("done")
    sys.stdout.write(tables(rows) + "\n")
    if chosen.page:
        rewrite(chosen.page, tables(rows))
    if chosen.picture:
        draw(rows, chosen.picture)


if __name__ == "__main__":
    main()
