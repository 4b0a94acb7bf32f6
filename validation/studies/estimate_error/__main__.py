"""``python -m validation.studies.estimate_error [--page docs/studies/estimate_error.md] [--pictures docs/pictures]``.

Prints the tables; with the options makes the page's tables and the figures anew. Minutes on two cores.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from validation.markdown import rewrite
from validation.studies.clock import clock
from validation.studies.estimate_error import drawing, points, zoo
from validation.studies.estimate_error.page import tables
from validation.studies.estimate_error.sample import Sample


def main() -> None:
    """Measure, print, and write what is asked for."""
    options = argparse.ArgumentParser(prog="python -m validation.studies.estimate_error")
    options.add_argument("--page", type=Path, help="page whose tables are replaced")
    options.add_argument("--pictures", type=Path, help="folder for the figures")
    options.add_argument("--seeds", type=int, default=points.SEEDS, help="draws of the design point")
    options.add_argument("--quick", action="store_true", help="one shape of products only")
    chosen = options.parse_args()
    told = clock()
    samples: list[Sample] = []
    for machine in zoo.MACHINES:
        told(machine)
        samples += zoo.samples(machine, told, chosen.quick)
    told("design point")
    sweeps: dict[str, dict[float, list[Sample]]] = {}
    for name, value, _, sample in points.sweeps(chosen.seeds):
        sweeps.setdefault(name, {}).setdefault(value, []).append(sample)
    told("done")
    text = tables(samples, sweeps)
    sys.stdout.write(text + "\n")
    if chosen.page:
        rewrite(chosen.page, text)
    if chosen.pictures:
        drawing.errors(samples, chosen.pictures / "estimate_error.png")
        drawing.assumptions(samples, chosen.pictures / "estimate_assumptions.png")
        drawing.sweeps(sweeps, chosen.pictures / "estimate_sweeps.png")


if __name__ == "__main__":
    main()
