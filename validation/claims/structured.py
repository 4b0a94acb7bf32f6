"""Machines with structure per row, or in both operands: what their patterns save, and what is published of it.

With unlimited memories only the array counts, and its busy cycles follow from the patterns (derived):

- S2TA: a step takes as many cycles as the bound of the inputs, A of 8, so A / 8 of dense inputs; it covers 128 coordinates of K,
  64 with dense weights;
- HighLight's dual variant: a step covers 8 H1 coordinates of K, so 2 / H1 of dense inputs, with 2:4 weights 1 / H1 of a dense core;
- SDQ's core: a step of a term N:8 takes N cycles and covers 8 blocks per multiplication a row starts, so N / 8 over the rate of its
  number format, and terms add up;
- VEGETA: a pass holds 32 rows of 4:4, 64 of 2:4 or 128 of 1:4, so N / 4 of dense weights.

VEGETA's published speed-ups are those of a matrix engine in a CPU over a dense one; the same ratios here are information.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import numpy as np

import simulator
from simulator.record.result import Result
from simulator.sparsity.patterns import parse
from simulator.transform import sdq
from validation.claims import Claim, information

SDQ = (
    "SDQ-W8:8-1:8int8-7:8fp4",
    "SDQ-W7:8-1:8int8-6:8fp4",
    "SDQ-W6:8-2:8int8-4:8fp4",
    "SDQ-W3:4-1:4int8-2:4fp4",
)
SHAPE = (256, 6720, 128)
DERIVED = "derived from the patterns"
PUBLISHED = "arXiv 2302.08687, abstract: speed-up over a dense matrix engine of a CPU"
UNLIMITED = dict.fromkeys(
    ("dram.bandwidth", "glb.read_bandwidth", "glb.write_bandwidth", "array.refill_bandwidth"), "unlimited"
)


def claims() -> Iterator[Claim]:
    """All claims."""
    yield from bounds()
    yield from alternating()
    yield from law()
    yield from rows()
    yield from terms()


def bounds() -> Iterator[Claim]:
    """S2TA's array against dense inputs, at every bound."""
    dense = busy("s2ta", "4:8", "8:8")
    for bound in (1, 2, 3, 4, 5):
        name = f"s2ta: busy cycles of inputs bound to {bound}:8 over dense ones"
        yield exact(name, Fraction(bound, 8), Fraction(busy("s2ta", "4:8", f"{bound}:8"), dense))
    name = "s2ta: busy cycles of weights 4:8 over dense ones, dense inputs"
    windows = Fraction(-(-SHAPE[1] // 128), -(-SHAPE[1] // 64))
    yield exact(name, windows, Fraction(dense, busy("s2ta", "dense", "8:8")))


def alternating() -> Iterator[Claim]:
    """The dual variant's array against the dense core."""
    dense = busy("tc", "dense", "dense")
    for h in range(2, 9):
        name = (
            f"highlight_dsso: busy cycles of weights 2:4 and inputs C1(2:{h})->C0(4:4) over the dense core's"
        )
        yield exact(
            name, Fraction(1, h), Fraction(busy("highlight_dsso", "2:4", f"C1(2:{h})->C0(4:4)"), dense)
        )


def law() -> Iterator[Claim]:
    """The dual variant's S0 cycles at 42 B/cycle: inputs, their numbers, and the weights of all blocks once per 128 columns."""
    k, n = 8 * 840, 512
    free = {"dram.bandwidth": "unlimited", "glb.write_bandwidth": "unlimited", "array.shared_window": "true"}
    for h, numbers in ((2, Fraction(0)), (5, Fraction(3, 2)), (8, Fraction(3, 2))):
        inputs = parse(f"C1(2:{h})->C0(4:4)").generate((k, n), axis=0, seed=2)
        layer = simulator.gemm(parse("2:4").generate((128, k), seed=1), inputs)
        found = simulator.simulate(
            "highlight_dsso", layer, rung="totals", verify=False, overrides=free
        ).cycles
        expected = -(-Fraction(k * n, 8 * h) * max(Fraction(1), (16 + numbers + 5 * h) / 42) // 1)
        name = f"highlight_dsso: S0 cycles of inputs C1(2:{h})->C0(4:4) at 42 B/cycle"
        yield Claim(name, Fraction(expected), Fraction(found), "cycles", Fraction(0), DERIVED)


def rows() -> Iterator[Claim]:
    """VEGETA's array, and whole layers beside the published ratios."""
    dense = busy("vegeta", "4:4", "dense")
    for kept in (1, 2):
        name = f"vegeta: busy cycles of weights {kept}:4 over dense ones"
        yield exact(name, Fraction(kept, 4), Fraction(busy("vegeta", f"{kept}:4", "dense"), dense))
    whole = busy("ttc_vegeta_m8", "8:8", "dense")
    for kept in (1, 2, 4):
        name = f"ttc_vegeta_m8: busy cycles of weights {kept}:8 over dense ones"
        yield exact(name, Fraction(kept, 8), Fraction(busy("ttc_vegeta_m8", f"{kept}:8", "dense"), whole))
    core = cycles("tc", "dense")
    for kept, published in ((4, "1.09"), (2, "2.20"), (1, "3.74")):
        measured = Fraction(core, cycles("vegeta", f"{kept}:4"))
        note = "another machine: a different array, memory and baseline"
        yield information(
            f"vegeta: speed-up of weights {kept}:4 over the dense core",
            measured,
            "1",
            PUBLISHED,
            Fraction(published),
            note,
        )


def terms() -> Iterator[Claim]:
    """SDQ's array against dense fp16 by the formula of effective throughput, and whole layers beside it."""
    rates = simulator.load_machine("sdq_tc").datapath.rates.numbers
    dense = decomposed("sdq_tc", "dense", UNLIMITED)
    core = decomposed("sdq_tc", "dense", {})
    names = ("S-M4:8", "Q-W8A8", "Q-W4A4", "Q-W4A16", *SDQ)
    for name in names:
        throughput = Fraction(sdq.parse(name).effective_throughput(rates)).limit_denominator(1000)
        found = decomposed("sdq_tc", name, UNLIMITED)
        yield exact(
            f"sdq_tc: busy cycles of dense fp16 over those of {name}",
            throughput,
            Fraction(dense.busy["array"], found.busy["array"]),
        )
    for name in names:
        throughput = Fraction(sdq.parse(name).effective_throughput(rates)).limit_denominator(1000)
        whole = decomposed("sdq_tc", name, {}).cycles
        yield information(
            f"sdq_tc: speed-up of {name} over dense fp16, memories as described",
            Fraction(core.cycles, whole),
            "1",
            "formula of effective throughput",
            throughput,
            "terms are read one after the other: that of few weights asks for many inputs",
        )


def decomposed(machine: str, name: str, overrides: dict[str, str]) -> Result:
    """A layer of 256 x 1280 x 128 whose weights satisfy the terms of a configuration."""
    config = sdq.parse(name)
    m, k, n = 256, 1280 * len(config.terms), 128
    weights = parse(config.pattern).generate((m, k), seed=1)
    layer = simulator.gemm(weights, np.ones((k, n), dtype=bool), pattern=config.pattern)
    changes = {**overrides, "array.shared_window": "true"}
    return simulator.simulate(machine, layer, verify=False, overrides=changes)


def exact(name: str, expected: Fraction, measured: Fraction) -> Claim:
    """A claim that holds only when equal."""
    return Claim(name, expected, measured, "1", Fraction(0), DERIVED)


def busy(machine: str, weights: str, inputs: str) -> int:
    """Busy cycles of the array with unlimited memories."""
    m, k, n = SHAPE
    a = parse(weights).generate((m, k), seed=1)
    b = parse(inputs).generate((k, n), axis=0, seed=2)
    layer = simulator.gemm(a, b)
    overrides = {**UNLIMITED, "array.shared_window": "true"}
    return simulator.simulate(machine, layer, rung="totals", verify=False, overrides=overrides).busy["array"]


def cycles(machine: str, weights: str) -> int:
    """Cycles of a whole layer with dense inputs."""
    a = parse(weights).generate((512, 1024), seed=1)
    return simulator.simulate(
        machine, simulator.gemm(a, np.ones((1024, 512), dtype=bool)), verify=False
    ).cycles
