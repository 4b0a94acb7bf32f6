"""HighLight's headline, its energy-delay product beside TC, STC, DSTC and S2TA; and what zeros are worth to each design.

The paper claims geometric means up to 6.4x; ours are of the machines in hwconfigs/ on one 45 nm table, rows for information. Judged
are the orderings that follow from what each design is published to exploit, on products of 1024 x 1024 x 1024.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction

from validation.claims import Claim, information, within
from validation.studies.highlight_edp.designs import INPUTS, OTHERS, WEIGHTS
from validation.studies.highlight_edp.measure import Point, Table, Total, gain, measure, of
from validation.studies.highlight_edp.workloads import networks, product

PAPER = "arXiv 2305.12718, abstract: geomean of up to 6.4x better EDP across diverse sparsity degrees"
OWN = "hwconfigs/, 45 nm table"
EXPLOITS = "what each design is published to exploit: arXiv 2305.12718, 2104.08378 (STC), 2105.09564 (DSTC), 2107.07983 (S2TA)"
CLAIMED = Fraction(64, 10)

Row = dict[str, Total]


def claims() -> Iterator[Claim]:
    """All claims of the study."""
    work = [product(), *networks()]
    table = measure(work)
    yield from means(table, [each.name for each in work])
    yield from orderings(table, product().name)


def means(table: Table, workloads: list[str]) -> Iterator[Claim]:
    """Geometric means of EDP over HighLight's, per workload and design."""
    for name in workloads:
        rows = of(table, name)
        for design in OTHERS:
            words = f"EDP of {design.label} over HighLight's, {name}, geomean of {len(rows)} points"
            found = Fraction(gain(rows, design.name)).limit_denominator(10**6)
            if name == workloads[0] and design.name == "tc":
                yield information(words, found, "x", PAPER, CLAIMED, "over which design is ours to choose")
            else:
                yield information(words, found, "x", OWN)


def orderings(table: Table, workload: str) -> Iterator[Claim]:
    """Points at which an ordering does not hold; none is allowed."""

    def at(weights: int, inputs: int) -> Row:
        return table[Point(workload, weights, inputs)]

    pairs = [(a, b) for a in WEIGHTS for b in INPUTS]
    zeros = [(at(a, 0), at(a, b)) for a, b in pairs if b]
    for share in (2, 4):
        degree = 100 - 100 // share
        yield _count(
            f"HighLight's multipliers are busy 1/{share} as long with {degree}% of the weights zero",
            (busy(at(0, b), "highlight") == share * busy(at(degree, b), "highlight") for b in INPUTS),
        )
        yield _count(
            f"STC's multipliers are busy half as long with {degree}% of the weights zero",
            (busy(at(0, b), "stc") == 2 * busy(at(degree, b), "stc") for b in INPUTS),
        )
    yield _count(
        "zeros of the inputs change neither TC's cycles nor its energy",
        (one["tc"] == other["tc"] for one, other in zeros),
    )
    yield _count(
        "zeros of the inputs change neither STC's cycles nor its energy",
        (one["stc"] == other["stc"] for one, other in zeros),
    )
    yield _count(
        "zeros of the inputs save HighLight energy and no busy cycle",
        (
            busy(one, "highlight") == busy(other, "highlight") and _cheaper(one, other, "highlight")
            for one, other in zeros
        ),
    )
    yield _count(
        "zeros of the inputs save DSTC cycles and energy",
        (_faster(one, other, "dstc") and _cheaper(one, other, "dstc") for one, other in zeros),
    )
    yield _count(
        "zeros of the inputs beyond 3 of 8 save S2TA cycles and energy",
        (
            _faster(at(a, 0), at(a, b), "s2ta") and _cheaper(at(a, 0), at(a, b), "s2ta")
            for a in WEIGHTS
            for b in (50, 75)
        ),
    )
    yield _count(
        "with nothing zero DSTC spends more energy than TC",
        [at(0, 0)["dstc"].energy_pj > at(0, 0)["tc"].energy_pj],
    )
    yield _count(
        "with 75% of the weights zero HighLight takes fewer cycles than STC",
        (cycles(at(75, b), "highlight") < cycles(at(75, b), "stc") for b in INPUTS),
    )


def cycles(row: Row, name: str) -> int:
    """Cycles of a design."""
    return row[name].cycles


def busy(row: Row, name: str) -> int:
    """Busy cycles of its multipliers."""
    found = row[name].busy
    assert found is not None
    return found


def _faster(one: Row, other: Row, name: str) -> bool:
    return cycles(other, name) < cycles(one, name)


def _cheaper(one: Row, other: Row, name: str) -> bool:
    return other[name].energy_pj < one[name].energy_pj


def _count(name: str, holds: Iterable[bool]) -> Claim:
    """Points at which a statement does not hold."""
    found = list(holds)
    return within(
        f"points of {len(found)} at which not: {name}", 0, found.count(False), "points", 0, EXPLOITS
    )
