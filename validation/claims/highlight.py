"""HighLight: ideal speed-ups of its patterns, the first law of its bandwidth, and what zeros of the inputs
do.

The ideal table follows from the published patterns C1(4:{4..8})->C0(2:{2..4}) (arXiv 2305.12718): a step
covers H1 H0 coordinates of K, so

    busy(H1, H0) / busy(4, 2) = ceil(K / (H1 H0)) / ceil(K / 8)

on the same machine with unlimited GLB, DRAM and refill. The bandwidth law is this organisation's own, derived
from its description:

    S0 cycles = steps max(1, bytes per step / GLB bandwidth)
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import numpy as np

import simulator
from simulator.sparsity.patterns import Pattern, parse
from validation.claims import Claim

PAIRS = [(h1, h0) for h1 in range(4, 9) for h0 in range(2, 5)]
UNLIMITED = dict.fromkeys(
    ("dram.bandwidth", "glb.read_bandwidth", "glb.write_bandwidth", "array.refill_bandwidth"), "unlimited"
)
PUBLISHED = "arXiv 2305.12718: supported patterns; the ratio is derived from them"
OWN = "derived from hwconfigs/highlight.yaml"


def claims() -> Iterator[Claim]:
    """All claims about HighLight."""
    for k in (1680, 200):
        yield from ideal(k)
    for bandwidth in ("42 B/cycle", "16 B/cycle", "64 B/cycle"):
        yield from law(bandwidth)
    yield from zeros()


def ideal(k: int) -> Iterator[Claim]:
    """Busy cycles of every pattern over those of the dense one, at a K that all window sizes divide and at
    one they do not.
    """
    busy = {pair: _busy(pair, k) for pair in PAIRS}
    for h1, h0 in PAIRS:
        expected = Fraction(-(-k // (h1 * h0)), -(-k // 8))
        measured = Fraction(busy[h1, h0], busy[4, 2])
        yield Claim(
            f"busy cycles of C1(4:{h1})->C0(2:{h0}) over dense, K = {k}",
            expected,
            measured,
            "1",
            Fraction(0),
            PUBLISHED,
        )


def _busy(pair: tuple[int, int], k: int) -> int:
    weights = _pattern(*pair).generate((128, k), seed=1)
    layer = simulator.gemm(weights, np.ones((k, 128), dtype=bool), pattern=_pattern(*pair).text)
    result = simulator.simulate("highlight", layer, verify=False, overrides=UNLIMITED)
    return result.busy["array"]


def _pattern(h1: int, h0: int) -> Pattern:
    return parse(f"C1(4:{h1})->C0(2:{h0})")


def law(bandwidth: str) -> Iterator[Claim]:
    """S0 cycles against steps and bytes per step, 128 columns per pass, DRAM out of the way."""
    for h1, h0 in ((4, 2), (4, 4), (8, 2), (8, 4)):
        k = 64 * h1 * h0
        weights = _pattern(h1, h0).generate((128, k), seed=1)
        layer = simulator.gemm(weights, np.ones((k, 512), dtype=bool), pattern=_pattern(h1, h0).text)
        free = {
            "dram.bandwidth": "unlimited",
            "glb.write_bandwidth": "unlimited",
            "array.refill_bandwidth": "unlimited",
        }
        result = simulator.simulate(
            "highlight",
            layer,
            rung="totals",
            verify=False,
            overrides={**free, "glb.read_bandwidth": bandwidth},
        )
        steps, per_step = 64 * 512, Fraction(h1 * h0) + Fraction(1024 + 16 * _metadata(h1, h0), 128)
        expected = -(-steps * max(Fraction(1), per_step / Fraction(bandwidth.split()[0])) // 1)
        name = f"S0 cycles of C1(4:{h1})->C0(2:{h0}) at {bandwidth}"
        yield Claim(name, Fraction(expected), Fraction(result.cycles), "cycles", Fraction(0), OWN)


def _metadata(h1: int, h0: int) -> int:
    """Metadata bits per row and window."""
    bits = {2: 1, 3: 2, 4: 2, 5: 3, 6: 3, 7: 3, 8: 3}
    return 0 if (h1, h0) == (4, 2) else 8 * bits[h0] + 4 * bits[h1]


def zeros() -> Iterator[Claim]:
    """Zeros of the streamed operand never change the array's busy cycles; they gate multiplications,
    exactly.
    """
    rng = np.random.default_rng(3)
    weights = _pattern(8, 4).generate((128, 512), seed=1)
    dense = simulator.gemm(weights, np.ones((512, 256), dtype=bool), pattern="C1(4:8)->C0(2:4)")
    whole = simulator.simulate("highlight", dense, verify=False).busy["array"]
    for density in (0.75, 0.5, 0.25, 0.0):
        inputs = rng.random((512, 256)) < density
        layer = simulator.gemm(weights, inputs, pattern="C1(4:8)->C0(2:4)")
        result = simulator.simulate("highlight", layer, verify=False)
        name = f"busy cycles with inputs {density:.0%} dense"
        yield Claim(name, Fraction(whole), Fraction(result.busy["array"]), "cycles", Fraction(0), PUBLISHED)
        effectual = int((weights.astype(int) @ inputs.astype(int)).sum())
        measured = Fraction(result.actions["array"]["mac"])
        yield Claim(
            f"multiplications with inputs {density:.0%} dense",
            Fraction(effectual),
            measured,
            "MAC",
            Fraction(0),
            OWN,
        )
