"""``python -m validation.studies.noc [--page docs/noc.md] [--picture docs/pictures/noc.png]``.

Prints the table; with the options replaces the page's and draws the picture anew. Half a minute.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from validation import markdown
from validation.studies.noc.drawing import draw
from validation.studies.noc.measure import NETWORKS, measure

HEADING = ["network", "busiest link full at", "mean latency at a tenth of it", "at half", "at nine tenths"]


def main() -> None:
    """Measure, print, and write what is asked for."""
    options = argparse.ArgumentParser(prog="python -m validation.studies.noc")
    options.add_argument("--page", type=Path, help="page whose table is replaced")
    options.add_argument("--picture", type=Path, help="where to draw the picture")
    chosen = options.parse_args()
    curves = {}
    for network in NETWORKS:
        sys.stderr.write(f"{network.label}\n")
        curves[network] = list(measure(network))
    rows = [
        [network.label, f"{float(network.saturation):.3g} flits per node and cycle"] for network in NETWORKS
    ]
    for row, (network, curve) in zip(rows, curves.items(), strict=True):
        for share in (0.1, 0.5, 0.9):
            near = min(curve, key=lambda point: abs(point[0] - share * float(network.saturation)))
            row.append(f"{near[2]:.1f}")
    text = "\n".join(markdown.table([HEADING, *rows], text=2))
    sys.stdout.write(text + "\n")
    if chosen.page:
        markdown.rewrite(chosen.page, text)
    if chosen.picture:
        draw(curves, chosen.picture)


if __name__ == "__main__":
    main()
