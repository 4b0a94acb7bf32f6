"""The dual-side sparse tensor core on recorded cases: cycles that Sparseloop's statistics report.

The artifact's model is the most of compute and of shared memory. Where its statistics say that the shared memory sets the
pace, so it must do here at rung S0, on the same terms: units side by side as the case's operand vectors are (a piece of A is
read for as many columns, one of B for as many rows), condensed values and bitmasks without words to fill up, main memory out of
the way. Where compute sets the pace there is nothing to hold on to: the artifact's units are 16 x 16, and its compute is a mean of
utilisations, which the rounding of real operands exceeds. The machine as it is described is beside both.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np

import simulator
from simulator import Layer
from validation.claims import Claim, information
from validation.recorded.stc_case_study import Problem, read_cycles, read_problem, read_vectors, throttled

TOLERANCE = Fraction(1, 100)
SOURCE = "stats.txt of the case"
TERMS = {"dram.bandwidth": "unlimited", "glb.data_word": "1 B", "glb.metadata_word": "1 B"}


def case(place: Path) -> Iterator[Claim]:
    """The rows of one case."""
    statistics = place / "stats.txt"
    cycles, problem = read_cycles(statistics), read_problem(place / "input.yaml")
    vectors, layer = read_vectors(place / "map.yaml"), drawn(problem)
    name = f"{place.parent.name} / {place.name}"
    if vectors and throttled(statistics):
        terms = TERMS | {"units.rows": str(vectors[0]), "units.columns": str(vectors[1])}
        if problem.bandwidth is not None:
            terms["glb.read_bandwidth"] = f"{problem.bandwidth} B/cycle"
        found = simulator.simulate("dstc", layer, rung="S0", verify=False, overrides=terms)
        note = f"operand vectors {vectors[0]} x {vectors[1]}, words of 1 B, main memory unlimited"
        note += f"; bound by {found.layers[0].bound}"
        yield Claim(
            f"S0 cycles, bound by shared memory: {name}",
            Fraction(cycles),
            Fraction(found.cycles),
            "cycles",
            TOLERANCE,
            SOURCE,
            note=note,
        )
    for rung, what in (("S0", "S0 cycles as described"), ("S4", "truth")):
        found = simulator.simulate("dstc", layer, rung=rung, verify=False)
        yield information(
            f"{what}: {name}", found.cycles, "cycles", SOURCE, cycles, f"bound by {found.layers[0].bound}"
        )


def drawn(problem: Problem) -> Layer:
    """Random operands of exactly the case's densities."""
    m, k, n = problem.shape
    rng = np.random.default_rng([m, k, n])
    weights, inputs = np.zeros(m * k, dtype=bool), np.zeros(k * n, dtype=bool)
    for mask, density in ((weights, problem.weights), (inputs, problem.inputs)):
        mask[rng.permutation(mask.size)[: round(mask.size * density)]] = True
    return simulator.gemm(weights.reshape(m, k), inputs.reshape(k, n))
