"""Structured sparse tensor cores on recorded cases: cycles that Sparseloop's statistics report, at rung S0.

A case is a folder with the artifact's aggregated ``input.yaml`` (shape, densities) and ``stats.txt`` (cycles); the
folder's name says which core it is. Cores without a machine of this family are left to their own claims.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import yaml

from simulator.errors import InputError
from validation.claims import Claim, information, within
from validation.claims.stc import CORES, DENSE, Core, made, run

NAMES = (
    (r"STC_flexible_dualCompress.*RLE", "STC flexible dualCompress RLE"),
    (r"STC_flexible(?!_).*RLE", "STC flexible RLE"),
    (r"STC_flexible(?!_)", "STC flexible CP"),
    (r"STC", "STC"),
    (r"TC", "TC"),
)
"""Beginnings of folder names, the first that fits decides."""


def claims(folder: Path) -> Iterator[Claim]:
    """Two cycles of tolerance for every case of the family below `folder`."""
    for statistics in sorted(folder.glob("*/*/stats.txt")):
        place = statistics.parent
        core = core_of(place.name)
        if core is not None:
            yield from _case(place, core, statistics)


def core_of(name: str) -> Core | None:
    """The machine a folder's name stands for, None when it is none of the family."""
    return next((CORES[core] for start, core in NAMES if re.match(start, name)), None)


def _case(place: Path, core: Core, statistics: Path) -> Iterator[Claim]:
    found = re.search(r"^Cycles: (\d+)$", statistics.read_text(encoding="utf-8"), re.MULTILINE)
    if found is None:
        raise InputError(f"{statistics}: has no line 'Cycles: <number>'")
    weights, inputs, shape = _problem(place / "input.yaml")
    layer = made(weights, (*shape, inputs), core.compressed)
    name = f"{place.parent.name} / {place.name}"
    measured = run(core, layer, "S0").cycles
    yield within(f"S0 cycles: {name}", int(found[1]), measured, "cycles", 2, "stats.txt of the case")
    truth = run(core, layer, "S4").cycles
    yield information(f"truth: {name}", truth, "cycles", "this simulator, rung S4", int(found[1]))


def _problem(path: Path) -> tuple[str, str, tuple[int, int, int]]:
    """(Pattern of the weights, density of the inputs, (M, K, N)) of an aggregated input."""
    try:
        instance: Any = yaml.safe_load(path.read_text(encoding="utf-8"))["problem"]["instance"]
        densities = {name: Fraction(str(instance["densities"][name]["density"])) for name in "AB"}
        m, k, n = (int(instance[rank]) for rank in "MKN")
    except (OSError, yaml.YAMLError, KeyError, TypeError, ValueError) as error:
        raise InputError(f"{path}: is no problem with M, K, N and densities of A and B: {error!r}") from None
    length = round(2 / densities["A"])
    return DENSE if length == 2 else f"2:{length}", str(float(densities["B"])), (m, k, n)
