"""Sparse tensor cores on recorded cases: cycles that Sparseloop's statistics report, at rung S0.

A case is a folder with the artifact's aggregated ``input.yaml`` (shape, densities, bandwidth of the shared memory) and
``stats.txt`` (cycles); the folder's name says which core it is. What it names that no machine here stands for is skipped, and
says so. The dual-side core has claims of its own shape: :mod:`validation.claims.dstc_case_study`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from simulator.errors import InputError
from validation.claims import Claim, dstc_case_study, information, skipped, within
from validation.claims.stc import CORES, DENSE, Core, made, run
from validation.recorded.stc_case_study import Problem, read_cycles, read_problem

NAMES = (
    (r"STC_flexible_dualCompress.*RLE", "STC flexible dualCompress RLE"),
    (r"STC_flexible_dualCompress", "STC flexible dualCompress CP"),
    (r"STC_flexible(?!_).*RLE", "STC flexible RLE"),
    (r"STC_flexible(?!_)", "STC flexible CP"),
    (r"STC(?!_)", "STC"),
    (r"TC(?!_)", "TC"),
)
"""Beginnings of folder names, the first that fits decides."""

LARGEST = 8
"""Largest block a machine of the family has patterns for."""


def claims(folder: Path) -> Iterator[Claim]:
    """Two cycles of tolerance for every structured case below `folder`; those of the dual-side core."""
    for statistics in sorted(folder.glob("*/*/stats.txt")):
        place = statistics.parent
        core = core_of(place.name)
        if core is not None:
            yield from _case(place, core, statistics)
        elif place.name.startswith("DSTC"):
            yield from dstc_case_study.case(place)
        else:
            yield skipped(f"S0 cycles: {_name(place)}", "no machine of this family", str(statistics))


def core_of(name: str) -> Core | None:
    """The machine a folder's name stands for, None when it is none of the structured ones."""
    return next((CORES[core] for start, core in NAMES if re.match(start, name)), None)


def _name(place: Path) -> str:
    return f"{place.parent.name} / {place.name}"


def _case(place: Path, core: Core, statistics: Path) -> Iterator[Claim]:
    cycles, problem = read_cycles(statistics), read_problem(place / "input.yaml")
    pattern, name = _pattern(place, problem), _name(place)
    if problem.bandwidth is not None:
        at = {"glb.read_bandwidth": f"{problem.bandwidth} B/cycle"}
        core = replace(core, overrides=core.overrides | at)
    layer = made(pattern, (*problem.shape, str(float(problem.inputs))), core.compressed)
    measured = run(core, layer, "S0").cycles
    yield within(f"S0 cycles: {name}", cycles, measured, "cycles", 2, "stats.txt of the case")
    truth = run(core, layer, "S4").cycles
    yield information(f"truth: {name}", truth, "cycles", "this simulator, rung S4", cycles)


def _pattern(place: Path, problem: Problem) -> str:
    """Of the weights: two of so many that their density is the case's."""
    length = round(2 / problem.weights)
    if length == 2:
        return DENSE
    if length > LARGEST or abs(2 / problem.weights - length) > length / 100:
        raise InputError(
            f"{place / 'input.yaml'}: problem.instance.densities.A: {float(problem.weights):g} is not that of 2 of 2 to {LARGEST}"
        )
    return f"2:{length}"
