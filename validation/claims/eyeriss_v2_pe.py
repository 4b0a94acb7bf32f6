"""Eyeriss v2 processing element: published compute cycles of recorded layers, as the busy cycles of the multiplier.

The published numbers count compute cycles of one element with one multiplier, without fill or stall. Here they are what
the multiplier of the whole machine was busy; what it waited for on top, and for what, is beside them: the run is made again
without each cause.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import simulator
from simulator.errors import InfeasibleError
from simulator.hardware import load as load_machine
from simulator.hardware import override
from simulator.lowering import lower
from simulator.record.result import Result
from validation.claims import Claim, information
from validation.recorded.eyeriss_v2_pe import Case, load

MACHINE = "eyeriss_v2_pe"
PUBLISHED = "Sparseloop MICRO 2022 public artifact, set-up of figure 12: cycles of recorded sparse MobileNet-0.5 layers"
OWN = "hwconfigs/eyeriss_v2_pe.yaml"
UNLIMITED = dict.fromkeys(
    ("links.weights_bandwidth", "links.inputs_bandwidth", "links.psums_bandwidth"), "unlimited"
)

Overrides = dict[str, str]


def claims(folder: Path) -> Iterator[Claim]:
    """All claims about the recorded layers of a folder."""
    for case in load(folder):
        yield from layer(case)


def layer(case: Case) -> Iterator[Claim]:
    """The published cycles of a layer, and what the machine spends besides."""
    tile, note = tiled(case)
    truth = run(case, tile)
    busy, cycles = Fraction(truth.busy["mac"]), truth.cycles
    name = f"busy cycles of the multiplier, {case.name}"
    yield Claim(name, Fraction(case.published), busy, "cycles", Fraction(0), PUBLISHED)
    yield information(
        f"cycles of the whole run, {case.name}", cycles, "cycles", OWN, expected=case.published, note=note
    )
    stalls = truth.layers[0].stalls["mac"]
    for reason, what in (("starved", "has no values"), ("blocked", "waits for a partial sum to be written")):
        yield information(f"cycles the multiplier {what}, {case.name}", stalls[reason], "cycles", OWN)
    idle = truth.busy["weights.data"] - truth.busy["mac"]
    yield information(f"turns of the weights that find no value, {case.name}", idle, "cycles", OWN)
    yield from causes(case, tile, cycles)
    double = run(case, tile | {"mac.lanes": "2"})
    yield information(
        f"cycles with two multipliers, {case.name}", double.cycles, "cycles", OWN, expected=case.published
    )


def causes(case: Case, tile: Overrides, cycles: int) -> Iterator[Claim]:
    """How many cycles fewer without a cause."""
    for what, change in (
        ("partial sums being written", {"psums.forwarding": "true"}),
        ("links", UNLIMITED),
        ("the store's latency", {"dram.latency": "1 cycle"}),
    ):
        without = run(case, tile | change)
        yield information(f"cycles due to {what}, {case.name}", cycles - without.cycles, "cycles", OWN)


def tiled(case: Case) -> tuple[Overrides, str]:
    """The recorded tile of weights, and what to say of it; the machine's own where its scratch pads cannot hold that.

    With one multiplier its busy cycles do not depend on the tile.
    """
    if case.tile is None:
        return {}, "tile of weights: the machine's own, none is recorded"
    changes = dict(zip(("mapping.tile.M", "mapping.tile.K"), map(str, case.tile), strict=True))
    size = " x ".join(map(str, case.tile))
    try:
        lower(override(load_machine(MACHINE), changes), case.layer)
    except InfeasibleError as error:
        return {}, f"tile of weights: the machine's own, {size} does not fit ({error})"
    return changes, f"tile of weights: {size}"


def run(case: Case, overrides: Overrides) -> Result:
    """A layer on the machine."""
    return simulator.simulate(MACHINE, case.layer, verify=False, overrides=overrides)
