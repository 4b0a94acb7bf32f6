"""Structured sparse tensor cores: the cycles of the Sparseloop MICRO 2022 public artifact (figure 15 set-up), at rung S0.

The artifact's model is the most of compute and SMEM bandwidth, which is what rung S0 is. For weights G:H on 64 rows of 16
lanes, with Ks = 16 H / G coordinates of K per step and inputs of density d::

    steps  = (M N / 64) ceil(K / Ks)
    bytes  = d Ks + 8 + offsets + mask        8: 1024 B of weights every 128 steps; mask: Ks / 8 when compressed, else 0
    cycles = steps max(1, bytes / 42)         offsets of 8 weights, each 2 or 4 b

The law is derived from the artifact's tables and matches them within 1.1 cycles; what it says of the layers without a
table is claimed too. Weights and inputs are random masks of the stated pattern and exact density; K is padded to whole windows
of 2:6, as in the artifact's own problems. Beside each row: the truth, and the rungs between.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np

import simulator
from simulator import Layer
from simulator.record.result import Result
from simulator.sparsity.patterns import parse
from validation.claims import Claim, information, within

SLA = "Sparseloop MICRO 2022 public artifact, figure 15: reference cycles"
LAW = "derived: the law of this module"
TOTALS = "Sparseloop MICRO 2022 public artifact, figure 15: cycles of four GEMMs over the dense core's, to three digits"
RUNS = {"datapath.offsets.format": "run_length"}
COORDINATES = {"datapath.offsets.format": "coordinate"}
LAYERS = (
    (128, 1152, 1024, "0.44"),
    (512, 128, 1024, "0.56"),
    (512, 256, 1024, "0.82"),
    (512, 1024, 256, "0.27"),
)
"""(M, K, N, density of the inputs)."""

DENSE, HALF, THIRD, QUARTER = "dense", "2:4", "2:6", "2:8"


@dataclass(frozen=True)
class Core:
    """A machine of the family, under the artifact's name."""

    name: str
    machine: str
    overrides: dict[str, str] = field(default_factory=dict)
    compressed: bool = False


CORES = {
    core.name: core
    for core in (
        Core("TC", "tc"),
        Core("STC", "stc"),
        Core("STC flexible CP", "stc_flexible"),
        Core("STC flexible RLE", "stc_flexible", RUNS),
        Core("STC flexible dualCompress RLE", "stc_dual", {}, True),
        Core("STC flexible dualCompress CP", "stc_dual", COORDINATES, True),
    )
}

CYCLES = (
    ("TC", DENSE, (147456, 65536)),
    ("STC", DENSE, (147456, 65536)),
    ("STC", HALF, (73728, 32768)),
    ("STC", QUARTER, (73728, 32768)),
    ("STC flexible CP", DENSE, (147456, 65536)),
    ("STC flexible CP", HALF, (73728, 32768)),
    ("STC flexible CP", THIRD, (70218, 35109)),
    ("STC flexible CP", QUARTER, (66707, 29648)),
    ("STC flexible RLE", HALF, (73728, 32768)),
    ("STC flexible RLE", THIRD, (67877, 33939)),
    ("STC flexible RLE", QUARTER, (66707, 29648)),
    ("STC flexible dualCompress RLE", DENSE, (147456, 65536)),
    ("STC flexible dualCompress RLE", HALF, (73728, 32768)),
    ("STC flexible dualCompress RLE", THIRD, (49153, 25092)),
    ("STC flexible dualCompress RLE", QUARTER, (42271, 21784)),
)
"""Reference cycles of the first two layers; the STC runs 2:8 weights as 2:4."""

RATIOS = (
    ("STC", HALF, "0.5"),
    ("STC flexible CP", THIRD, "0.505"),
    ("STC flexible CP", QUARTER, "0.452"),
    ("STC flexible RLE", THIRD, "0.488"),
    ("STC flexible dualCompress RLE", THIRD, "0.387"),
    ("STC flexible dualCompress RLE", QUARTER, "0.323"),
)


def claims() -> Iterator[Claim]:
    """All claims about the family."""
    for name, pattern, cycles in CYCLES:
        for layer, expected in zip(LAYERS, cycles, strict=False):
            yield from row(CORES[name], pattern, layer, expected, SLA)
    for name in ("STC", "STC flexible CP", "STC flexible RLE", "STC flexible dualCompress RLE"):
        for pattern in (HALF, THIRD, QUARTER) if name != "STC" else (HALF,):
            for layer in LAYERS[2:]:
                yield from row(CORES[name], pattern, layer, law(CORES[name], pattern, layer), LAW)
    yield from totals()


Shape = tuple[int, int, int, str]


def row(core: Core, pattern: str, layer: Shape, expected: int | Fraction, source: str) -> Iterator[Claim]:
    """Cycles at S0 against what is expected, and the truth for information."""
    problem = made(pattern, layer, core.compressed)
    m, n = problem.weights.shape[0], problem.inputs.shape[1]
    name = f"{core.name}, {pattern} weights, {m} x {problem.weights.shape[1]} x {n}"
    if core.compressed:
        name += f", inputs {float(layer[3]):.0%}"
    yield within(f"S0 cycles: {name}", expected, run(core, problem, "S0").cycles, "cycles", 2, source)
    found = {rung: run(core, problem, rung) for rung in ("S1", "S2", "S3", "S4")}
    rungs = ", ".join(f"{rung} {result.cycles:,}" for rung, result in found.items() if rung != "S4")
    note = f"{rungs}; the array is {_states(found['S4'])}"
    yield information(
        f"truth: {name}", found["S4"].cycles, "cycles", "this simulator, rung S4", expected, note
    )


def made(pattern: str, layer: Shape, compressed: bool) -> Layer:
    """Random operands of a pattern and of an exact density."""
    m, k, n, density = layer
    rule = parse(pattern)
    lanes = 16 // 2 * rule.block if pattern != DENSE else 16
    k = -(-k // lanes) * lanes
    rng = np.random.default_rng([m, k, n])
    inputs = np.zeros(k * n, dtype=bool)
    share = Fraction(density) if compressed else Fraction(1)
    inputs[rng.permutation(k * n)[: -(-k * n * share // 1)]] = True
    return simulator.gemm(rule.generate((m, k), seed=m + k), inputs.reshape(k, n))


def run(core: Core, layer: Layer, rung: str) -> Result:
    """One layer on one machine of the family; all its operands are masks."""
    return simulator.simulate(core.machine, layer, rung=rung, verify=False, overrides=core.overrides)


def _states(result: Result) -> str:
    busy, stalls = result.busy["array"], result.layers[0].stalls["array"]
    parts = {"busy": busy, **{name: cycles for name, cycles in stalls.items() if cycles}}
    return ", ".join(f"{name} {cycles / result.cycles:.1%}" for name, cycles in parts.items())


def law(core: Core, pattern: str, layer: Shape) -> Fraction:
    """Cycles of the law."""
    m, k, n, density = layer
    per_step = 16 if pattern == DENSE else 8 * parse(pattern).block
    width = {DENSE: 0, HALF: 2, THIRD: 2 if "RLE" in core.name else 4, QUARTER: 4}[pattern]
    steps = Fraction(m * n, 64) * -(-k // per_step)
    streamed = Fraction(density) * per_step + Fraction(per_step, 8) if core.compressed else Fraction(per_step)
    return steps * max(Fraction(1), (streamed + 8 + width) / 42)


def totals() -> Iterator[Claim]:
    """The four layers together over the dense core, as the artifact's figure shows them."""
    dense = sum(run(CORES["TC"], made(DENSE, layer, False), "S0").cycles for layer in LAYERS)
    yield within("S0 cycles: TC, four layers", 475136, dense, "cycles", 2, SLA)
    for name, pattern, ratio in RATIOS:
        core = CORES[name]
        cycles = sum(run(core, made(pattern, layer, core.compressed), "S0").cycles for layer in LAYERS)
        text = f"S0 cycles over TC: {name}, {pattern} weights, four layers"
        numbers = Fraction(ratio), Fraction(cycles, dense)
        yield Claim(text, *numbers, "1", Fraction(1, 2000), TOTALS, "absolute")
