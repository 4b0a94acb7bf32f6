"""``python -m validation.studies.tasd [--seeds 3] [--quick] [--keep FILE] [--page docs/tasd.md] [--pictures docs/pictures]``.

Trains the networks, searches series for every machine, simulates what was found, and prints the tables; with the options makes the
page's tables and the pictures anew. With --keep a run that was interrupted continues with the networks it had not finished. Needs
PyTorch and scikit-learn, but for --seeds 0.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

from validation.markdown import rewrite
from validation.studies.clock import clock
from validation.studies.tasd.drawing import draw_curves, draw_edp, draw_layers, draw_units
from validation.studies.tasd.measure import Point, points
from validation.studies.tasd.networks import NETWORKS
from validation.studies.tasd.page import tables
from validation.studies.tasd.sizes import sized
from validation.studies.tasd.units import measured

LONGEST = "transformer"
"""Measured first, so that several processes end together."""


def main() -> None:
    """Measure, print, and write what is asked for."""
    options = argparse.ArgumentParser(prog="python -m validation.studies.tasd")
    options.add_argument(
        "--seeds",
        type=int,
        default=3,
        help="networks trained of each kind; 0: a large product and the units alone",
    )
    options.add_argument(
        "--quick", action="store_true", help="train briefly: tables of bad networks in a minute or two"
    )
    options.add_argument("--jobs", type=int, default=1, help="processes")
    options.add_argument(
        "--keep", type=Path, help="file of results so far; what is in it is not measured again"
    )
    options.add_argument("--page", type=Path, help="page whose tables are replaced")
    options.add_argument("--pictures", type=Path, help="folder to draw the pictures in")
    chosen = options.parse_args()
    found = _all(chosen.seeds, chosen.quick, chosen.jobs, chosen.keep)
    hidden = measured()
    text = tables(found, hidden, sized())
    sys.stdout.write(text + "\n")
    if chosen.page:
        rewrite(chosen.page, text)
    if chosen.pictures:
        if found:
            draw_edp(found, chosen.pictures / "tasd_edp.png")
            draw_layers(found, chosen.pictures / "tasd_layers.png")
            draw_curves(found, chosen.pictures / "tasd_curves.png")
        draw_units(hidden, chosen.pictures / "tasd_units.png")


def _all(seeds: int, quick: bool, jobs: int, keep: Path | None) -> list[Point]:
    known: dict[str, list[dict[str, Any]]] = {}
    if keep is not None and keep.exists():
        known = json.loads(keep.read_text("utf-8"))
    wanted = [(network, seed) for seed in range(seeds) for network in NETWORKS]
    missing = [each for each in wanted if _key(*each, quick) not in known]
    missing.sort(key=lambda each: each[0] != LONGEST)
    for network, seed, found in _measured(missing, quick, jobs):
        known[_key(network, seed, quick)] = [point.plain for point in found]
        if keep is not None:
            keep.write_text(json.dumps(known), "utf-8")
    return [_read(point) for each in wanted for point in known[_key(*each, quick)]]


def _measured(
    missing: list[tuple[str, int]], quick: bool, jobs: int
) -> Iterator[tuple[str, int, list[Point]]]:
    if jobs <= 1:
        yield from ((*each, _one(*each, quick)) for each in missing)
        return
    with ProcessPoolExecutor(jobs) as pool:
        told = {pool.submit(_one, *each, quick): each for each in missing}
        for future in as_completed(told):
            yield *told[future], future.result()


def _key(network: str, seed: int, quick: bool) -> str:
    return f"{network} {seed}{' quick' if quick else ''}"


def _read(told: dict[str, Any]) -> Point:
    choices = {
        name: None if choice is None else (choice[0], choice[1]) for name, choice in told["choices"].items()
    }
    pairs = {name: (told[name][0], told[name][1]) for name in ("quality", "unseen")}
    return Point(**{**told, **pairs, "choices": choices, "curve": [(a, b) for a, b in told["curve"]]})


def _one(network: str, seed: int, quick: bool) -> list[Point]:
    return list(points(network, seed, quick, clock()))


if __name__ == "__main__":
    main()
