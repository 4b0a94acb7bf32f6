"""The Sparseloop-class model on recorded specifications, against what Timeloop and Sparseloop printed for them.

Every ``*stats.txt`` below the folder of data is a case; where a folder has several layers, their names tell which. The
version a case was made with decides the mode it is measured in; each row names it. Cases of the artifact were made
with a private build: ``artifact`` has its position skipping and its unrounded formats. Where that build ignored a
spelling (``flattened_rankIDs`` among hyphenated keys), it is ignored here. Counts are compared one by one (accesses
and format entries, per instance; multiplications); one count of rounding is let pass. Energy is that of memories and
multipliers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from pathlib import Path

from simulator.analytical.sparseloop import MODES, estimate
from simulator.errors import SimulatorError
from simulator.frontend.timeloop import load
from simulator.mapping.design_point import DesignPoint
from simulator.record.estimate import Estimate
from simulator.workload.occupancy import Occupancy
from validation.claims import Claim, information, skipped, within
from validation.claims.sparseloop_reference import Reference, read_reference

SOURCE = "statistics printed beside the case"
CYCLES, DUAL, COUNTS, ENERGY = Fraction(1, 1000), Fraction(11, 10000), Fraction(1, 1000), Fraction(5, 1000)
"""Largest relative deviations; `DUAL`: cycles of designs that compress both operands."""
RECENT = re.compile(r"^\s*version: *['\"]?0\.4", re.MULTILINE)
"""How a file of the v0.4 front end tells itself."""
FIGURE_13 = (("0.9", "1", 90), ("0.7", "0.4", 38), ("0.5", "1", 54), ("0.3", "1", 36), ("0.3", "0.4", 19))
"""Density of A, of B, and cycles over dense in percent as printed (Wu et al., Sparseloop, MICRO 2022, figure 13)."""


@dataclass(frozen=True)
class Case:
    """One recorded specification.

    Attributes
    ----------
    name : str
    folder, statistics : Path
    problem, mapping : str or None
        Which of several in the folder.
    """

    name: str
    folder: Path
    statistics: Path
    problem: str | None = None
    mapping: str | None = None

    @cached_property
    def mode(self) -> str:
        """The mode that equals the version it was made with: files of the v0.4 front end were run by a recent release."""
        texts = (path.read_text(encoding="utf-8") for path in sorted(self.folder.glob("*.yaml")))
        return "timeloop-head" if any(RECENT.search(text) for text in texts) else "artifact"


def claims(folder: Path) -> Iterator[Claim]:
    """Rows for every case below `folder`, then the printed digits of figure 13."""
    found = list(cases(folder))
    if not found:
        yield skipped("recorded specifications", f"{folder}: no case", "the Sparseloop-class model")
    for case in found:
        yield from _case(case)
    for validation in sorted(path for path in folder.rglob("dstc_validation") if path.is_dir()):
        yield from figure_13(validation)


def cases(folder: Path) -> Iterator[Case]:
    """Every case in a folder of recorded data and below it.

    Statistics ``L07_..._stats.txt`` beside an ``L07_problem.yaml`` are of that layer, with its mapping if there is one;
    all others are of the folder they lie in.
    """
    for statistics in sorted(folder.rglob("*stats.txt")):
        place = statistics.parent
        parts = [part for part in place.relative_to(folder).parts if part != "sparseloop"]
        known = {path.stem for path in place.glob("*.yaml")}
        layers = (stem.removesuffix("_problem") for stem in known if stem.endswith("_problem"))
        layer = max(
            (name for name in layers if statistics.name.startswith(f"{name}_")), key=len, default=None
        )
        if layer is not None:
            mapping = f"{layer}_mapping" if f"{layer}_mapping" in known else None
            yield Case(" / ".join([*parts, layer]), place, statistics, f"{layer}_problem", mapping)
        else:
            alone = len(list(place.glob("*stats.txt"))) == 1
            name = [*parts] if alone else [*parts, statistics.name]
            yield Case(" / ".join(name or [place.name]), place, statistics)


def point_of(case: Case) -> DesignPoint:
    """The design point of a case as the version that made it read it."""
    point = load(case.folder, problem=case.problem, mapping=case.mapping)
    texts = (path.read_text(encoding="utf-8") for path in case.folder.glob("*.yaml"))
    if case.mode != "timeloop-head" and any("flattened_rankIDs" in text for text in texts):
        return unflattened(point)
    return point


def unflattened(point: DesignPoint) -> DesignPoint:
    """The same without flattened ranks."""
    levels = {}
    for name, level in point.features.levels.items():
        formats = tuple(
            replace(told, ranks=tuple(replace(rank, flattened=None) for rank in told.ranks))
            for told in level.representations
        )
        levels[name] = replace(level, representations=formats)
    return replace(point, features=replace(point.features, levels=levels))


def _case(case: Case) -> Iterator[Claim]:
    try:
        reference = read_reference(case.statistics)
    except SimulatorError as error:
        read = Fraction(1), Fraction(0)
        yield Claim(
            f"statistics: {case.name}", *read, "files read", Fraction(0), SOURCE, "absolute", str(error)
        )
        return
    try:
        point = point_of(case)
        found = estimate(point, case.mode)
    except SimulatorError as error:
        yield Claim(
            f"cycles: {case.name}",
            Fraction(reference.cycles),
            Fraction(0),
            "cycles",
            CYCLES,
            SOURCE,
            note=str(error),
        )
        return
    version = MODES[case.mode].mimics
    tolerance = DUAL if "dualCompress" in case.name else CYCLES
    yield Claim(
        f"cycles: {case.name}",
        Fraction(reference.cycles),
        Fraction(found.cycles),
        "cycles",
        tolerance,
        SOURCE,
        note=version,
    )
    if case.mode == "artifact" and not private(point):
        public = estimate(point, "timeloop-2022")
        yield Claim(
            f"cycles, public: {case.name}",
            Fraction(reference.cycles),
            Fraction(public.cycles),
            "cycles",
            tolerance,
            SOURCE,
            note=public.mimics,
        )
    yield from _accesses(case, point, found, reference)


def _accesses(case: Case, point: DesignPoint, found: Estimate, reference: Reference) -> Iterator[Claim]:
    worst, where, number = deviation(found, reference)
    measured = Fraction(worst).limit_denominator(10**9)
    note = f"{number} counts" + (f", farthest {where}" if worst else "")
    energy = Fraction(found.energy).limit_denominator(1000)
    told = Fraction(reference.energy_pj).limit_denominator(1000)
    if private(point):
        yield information(f"counts: {case.name}", measured, "max |error|", SOURCE, Fraction(0), note)
        yield information(f"energy: {case.name}", energy, "pJ", SOURCE, told, "private build")
        return
    yield Claim(
        f"counts: {case.name}", Fraction(0), measured, "max |error|", COUNTS, SOURCE, "absolute", note
    )
    yield Claim(f"energy: {case.name}", told, energy, "pJ", ENERGY, SOURCE)


def private(point: DesignPoint) -> bool:
    """Whether no public version takes the specification: position skipping, or compressed words in blocks of 64."""
    for storage in point.hierarchy.storage:
        features = point.features.at(storage.name)
        if any(rule.kind == "position-skipping" for rule in features.rules):
            return True
        sparse = any(
            told.compressed and point.occupancy_of(told.tensor).density < 1
            for told in features.representations
        )
        if sparse and storage.block_size > 32:
            return True
    return False


def deviation(found: Estimate, reference: Reference) -> tuple[float, str, int]:
    """Largest relative deviation of a count, which count that is, and how many were compared."""
    worst, where, number = 0.0, "", 0
    for name, expected, measured in _pairs(found, reference):
        number += 1
        apart = abs(measured - expected)
        share = 0.0 if apart <= 1 else apart / max(expected, 1.0)
        if share > worst:
            worst, where = share, f"{name}: {measured:.0f} for {expected:.0f}"
    return worst, where, number


def _pairs(found: Estimate, reference: Reference) -> Iterator[tuple[str, float, float]]:
    for state, expected in reference.computes.items():
        yield f"{state} computes", expected, float(getattr(found.computes, state))
    mine = {level.name: level.detail["per_instance"] for level in found.levels}
    for level, tensors in reference.counts.items():
        for tensor, counts in tensors.items():
            told = mine.get(level, {}).get(tensor)
            for key, expected in counts.items():
                yield f"{level} {tensor} {key}", expected, _told(told, key)


def _told(counts: dict[str, object] | None, key: str) -> float:
    """A count of ours by the key of the reference; infinite where there is none."""
    if counts is None:
        return float("inf")
    entry = re.fullmatch(r"(.+) rank (\d+) (metadata|payload)", key)
    if entry is None:
        return float(str(counts[key]))
    ranks = counts[entry[1]]
    rank = int(entry[2])
    if not isinstance(ranks, list) or rank >= len(ranks):
        return float("inf")
    return float(ranks[rank][0 if entry[3] == "metadata" else 1])


def figure_13(folder: Path) -> Iterator[Claim]:
    """Cycles over those of the dense product, cut to the digits printed."""
    point = unflattened(load(folder))
    dense = _of_densities(point, "1", "1").cycles
    for a, b, printed in FIGURE_13:
        share = Fraction(_of_densities(point, a, b).cycles, dense)
        yield within(
            f"figure 13: A {a}, B {b}",
            Fraction(printed, 100),
            Fraction(int(share * 100), 100),
            "of dense, two digits",
            0,
            "Sparseloop, MICRO 2022, figure 13",
        )


def _of_densities(point: DesignPoint, a: str, b: str) -> Estimate:
    told = {name: Occupancy("hypergeometric", Fraction(d)) for name, d in (("A", a), ("B", b))}
    return estimate(replace(point, occupancy={**point.occupancy, **told}), "artifact")
