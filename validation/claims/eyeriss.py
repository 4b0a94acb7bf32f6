"""Eyeriss: dense cycles of AlexNet's layers, batch 4, as busy cycles of the array; zeros gate and save none.

The public artifact's reference cycles are those of its multipliers without any stall, padding of the mapping included. Ours
are the cycles in which the engine saw the array busy; what filling the scratch pads between sets of weights adds is beside
them. The artifact maps the 55 output rows of conv1 as 56, which our strips of 14 rows do not: shown, not judged. Its sparse
cycles are no target: gating cannot save cycles, there it does. Its energies rest on the rows ours do; its mappings, searched for
energy, are not ours.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import cache

import numpy as np

import simulator
from simulator import Layer
from simulator.record.result import Result
from validation.claims import Claim, information, within

SLA = "Sparseloop MICRO 2022 public artifact, table 7: reference cycles of the dense runs"
ENERGY = "Sparseloop MICRO 2022 public artifact, table 7: reference energies of the dense runs"
OWN = "hwconfigs/eyeriss.yaml"
BATCH = 4
MICRO = 1e-6
"""uJ in a pJ."""
LAYERS = {
    "conv1": ((96, 3, 227, 11, 4, 0, 1), 2838528),
    "conv3": ((384, 256, 13, 3, 1, 1, 1), 3833856),
    "conv5": ((256, 384, 13, 3, 1, 1, 2), 1916928),
}
"""Filters, channels, rows and columns, taps, stride, padding, groups; cycles."""
MICROJOULES = {"conv1": Fraction("2137.5"), "conv3": Fraction("2927.1"), "conv5": Fraction("1506.5")}
JUDGED = ("conv3", "conv5")


def claims() -> Iterator[Claim]:
    """All claims about Eyeriss."""
    for name in LAYERS:
        yield from dense(name)
        yield energy(name)
    yield gated("conv3")


@cache
def layer(name: str, density: float = 1.0) -> Layer:
    """A layer; inputs non-zero with a probability."""
    (filters, channels, size, taps, stride, padding, groups), _ = LAYERS[name]
    inputs = np.random.default_rng(0).random((BATCH, channels, size, size)) < density
    weights = np.ones((filters, channels // groups, taps, taps), dtype=bool)
    return simulator.conv2d(weights, inputs, stride, padding, groups=groups, name=name)


@cache
def run(name: str, density: float = 1.0) -> Result:
    """The layer on the machine."""
    return simulator.simulate("eyeriss", layer(name, density), verify=False)


def dense(name: str) -> Iterator[Claim]:
    """Busy cycles of the array, and all cycles."""
    expected, result = LAYERS[name][1], run(name)
    title = f"busy cycles of the array, dense {name}, batch {BATCH}"
    if name in JUDGED:
        yield within(title, expected, result.busy["array"], "cycles", 0, SLA)
    else:
        yield information(
            title, result.busy["array"], "cycles", SLA, expected, "the artifact pads 55 rows to 56"
        )
    note = f"{result.stalls['array']['refill']} of them wait for weights"
    yield information(f"cycles, dense {name}, batch {BATCH}", result.cycles, "cycles", SLA, expected, note)


def energy(name: str) -> Claim:
    """Energy of the dense layer, and what of it main memory takes."""
    (layer,) = run(name).layers
    dram = sum(layer.energy_pj["dram"].values()) * MICRO
    title, total = f"energy, dense {name}, batch {BATCH}", Fraction(round(10 * layer.energy * MICRO), 10)
    note = f"{dram:.0f} uJ of it in DRAM, as often as our loops fetch"
    return information(title, total, "uJ", ENERGY, MICROJOULES[name], note)


def gated(name: str) -> Claim:
    """The same layer with half of its inputs zero."""
    title = f"busy cycles of the array, {name} with half of the inputs zero"
    return within(title, run(name).busy["array"], run(name, 0.5).busy["array"], "cycles", 0, OWN)
