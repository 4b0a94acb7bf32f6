"""SCNN: the density below which it wins over a dense machine of as many multipliers, products conserved, what conflicts cost.

A convolution of 3 x 3 on 64 channels, 64 filters and 56 x 56 positions, a plane that 8 x 8 elements share evenly, whose
weights and inputs are both non-zero with the same probability, on hwconfigs/scnn.yaml with unlimited bandwidths: the
elements and the networks between them decide, not DRAM. The dense machine does as many multiplications per cycle as there
are multipliers and never waits; the density at which both take equally long lies between two neighbouring points,
interpolated. Other layers are shown beside it. Nothing is fitted: what is not public is assumed in the description, and what
each assumption is worth is shown.

The whole of what is published and known here is the density of about 0.85 below which the machine wins; its speed-up of 2.7
over networks is a mean over layers and densities that were not at hand.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from itertools import pairwise

import numpy as np

import simulator
from simulator import Layer
from simulator.hardware import override
from simulator.lowering import lower
from simulator.lowering.cartesian.layer import CartesianLayer
from simulator.record.result import Result
from validation.claims import Claim, information, within

PAPER = "Parashar et al., SCNN, ISCA 2017, as public readers' notes have it: wins when both densities are below about 0.85"
OWN = "hwconfigs/scnn.yaml"
MASKS = "the recorded masks: sum over channels of pairs of non-zeros that meet in an output"
UNLIMITED = {
    f"{component}.bandwidth": "unlimited"
    for component in ("dram", "weights", "inputs", "exchange", "ppu", "drain")
}
DENSITIES = tuple(Fraction(hundredths, 100) for hundredths in (30, 50, 70, 80, 85, 90, 100))
TOLERANCE = Fraction(5, 100)
LAYERS = {
    "3 x 3, 64 -> 64, 56 x 56": (64, 64, 56, 3),
    "1 x 1, 64 -> 256, 56 x 56": (256, 64, 56, 1),
    "3 x 3, 128 -> 128, 28 x 28": (128, 128, 28, 3),
    "3 x 3, 256 -> 256, 14 x 14": (256, 256, 14, 3),
}
"""Filters, channels, rows and columns, taps."""
MAIN, *OTHERS = LAYERS
CHANGES = (
    {"crossbar.entries": "1"},
    {"crossbar.entries": "2"},
    {"crossbar.entries": "16"},
    {"accumulators.banks": "16", "accumulators.entries": "64"},
    {"accumulators.banks": "64", "accumulators.entries": "16"},
    {"accumulators.row_skew": "1"},
    {"accumulators.filter_skew": "1"},
    {"accumulators.filter_skew": "9"},
    {"weights.entries": "200"},
)


def claims() -> Iterator[Claim]:
    """All claims about SCNN."""
    yield from crossing(MAIN)
    for name in OTHERS:
        yield _break_even(name, judged=False)
    for tenths in (3, 10):
        yield conserved(Fraction(tenths, 10))
    yield from conflicts(Fraction(4, 10))


@cache
def layer(name: str, density: Fraction) -> Layer:
    """Random masks of a layer."""
    filters, channels, size, taps = LAYERS[name]
    rng = np.random.default_rng(0)
    weights = rng.random((filters, channels, taps, taps)) < density
    inputs = rng.random((1, channels, size, size)) < density
    return simulator.conv2d(weights, inputs, padding=taps // 2, name=name)


@cache
def run(name: str, density: Fraction) -> Result:
    """The layer on the machine."""
    return simulator.simulate("scnn", layer(name, density), verify=False, overrides=UNLIMITED)


def relative(name: str, density: Fraction) -> Fraction:
    """Cycles over those of the dense machine."""
    macs = run(name, density).layers[0].macs
    multipliers = lower(simulator.load("scnn"), layer(name, density)).lanes
    return Fraction(run(name, density).cycles * multipliers, macs["dense"])


def crossing(name: str) -> Iterator[Claim]:
    """Cycles by density, and where they are those of the dense machine."""
    for density in DENSITIES:
        yield information(
            f"cycles over a dense machine's, both densities {float(density):g}, {name}",
            relative(name, density),
            "1",
            OWN,
        )
    yield _break_even(name, judged=True)


def _break_even(name: str, judged: bool) -> Claim:
    """The density at which the machine is as fast as a dense one; 1 if it always wins."""
    points = [(density, relative(name, density) - 1) for density in DENSITIES]
    found = Fraction(1)
    for (low, before), (high, after) in pairwise(points):
        if before < 0 <= after:
            found = low + (high - low) * -before / (after - before)
    title, expected = f"density of both operands at break-even, {name}", Fraction(85, 100)
    if judged:
        return Claim(title, expected, found, "1", TOLERANCE, PAPER, "absolute")
    return information(
        title, found, "1", PAPER, expected, "the plane is dealt less evenly, or halos weigh more"
    )


def conserved(density: Fraction) -> Claim:
    """Products that reach an accumulator."""
    name = MAIN
    (result,) = run(name, density).layers
    found = sum(
        part.actions.get("accumulator_write", 0) for part in result.components if part.name.startswith("pe.")
    )
    return within(
        f"products accumulated, both densities {float(density):g}, {name}",
        effectual(layer(name, density)),
        found,
        "products",
        0,
        MASKS,
    )


def effectual(made: Layer) -> int:
    """Pairs of non-zeros that meet in an output of a stride-1 convolution with padding, tap by tap."""
    weights, inputs = made.weights.mask, made.inputs.mask[0]
    taps, size = weights.shape[2], inputs.shape[1]
    padded = np.pad(inputs, ((0, 0), (taps // 2, taps // 2), (taps // 2, taps // 2)))
    total = 0
    for r in range(taps):
        for s in range(taps):
            windows = padded[:, r : r + size, s : s + size].sum(axis=(1, 2), dtype=np.int64)
            total += int(weights[:, :, r, s].sum(axis=0, dtype=np.int64) @ windows)
    return total


def per_step(changes: dict[str, str], density: Fraction) -> Fraction:
    """Cycles of all elements over their steps: 1 without conflicts."""
    machine = override(simulator.load("scnn"), {"mapping.tile.M": "8", **changes})
    found = lower(machine, layer(MAIN, density))
    assert isinstance(found, CartesianLayer)
    context = found.context
    parts = [
        context.service(at, held, number)
        for at in context.passes
        for number in context.work(at)
        for held in range(len(context.filters[at.group]))
    ]
    return Fraction(
        sum(int(part.cycles.sum()) for part in parts), sum(int(part.steps.sum()) for part in parts)
    )


def conflicts(density: Fraction) -> Iterator[Claim]:
    """What conflicts and what the assumed parameters are worth, 8 filters at a time."""
    base, what = per_step({}, density), f"both densities {float(density):g}, 8 filters at a time"
    yield information(f"cycles per step (1 without conflicts), {what}", base, "1", OWN)
    for changes in CHANGES:
        changed = ", ".join(f"{path}={value}" for path, value in changes.items())
        yield information(f"the same, {changed}", per_step(changes, density), "1", OWN, base)
