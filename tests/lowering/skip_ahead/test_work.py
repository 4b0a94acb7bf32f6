"""Every count of every component equals the layer told fiber pair by fiber pair from its masks."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from lowering.work import check_engines, check_work, layer, small

import simulator
from simulator import InfeasibleError
from simulator.hardware import override
from simulator.hardware.organisations.skip_ahead import SkipAhead
from simulator.lowering import lower
from simulator.lowering.skip_ahead import programs
from simulator.lowering.skip_ahead.layer import SkipAheadLayer
from simulator.lowering.skip_ahead.network import build
from simulator.lowering.skip_ahead.programs import pairs
from simulator.lowering.skip_ahead.strips import Strips
from validation.oracles.skip_ahead_layer import Oracle, Work

COUNT = 24
SIZES = (20, 30, 20), (5, 9, 6, 6)


CHOICES: dict[str, list[object]] = {
    "elements.count": [1, 2, 5],
    "elements.tile_rows": [1, 4, 7],
    "elements.tile_columns": [2, 3, 8],
    "elements.depth": [1, 5, 16],
    "elements.window": [1, 2, 8],
    "elements.operand_buffers": [1, 2],
    "elements.output_buffers": [1, 2],
    "llb.row": ["16 B", "64 B"],
    "llb.coordinate": ["32 b", "9 b"],
    "llb.payload": ["64 b", "5 b"],
    "llb.tile_buffers": [1, 2, 3],
    "dram.burst": ["16 B", "30 B"],
    "value_bits.inputs": ["8 b", "3 b"],
    "value_bits.outputs": ["8 b", "3 b"],
}
"""Of a machine with few elements, small tiles and odd widths."""


@cache
def told(seed: int) -> tuple[SkipAheadLayer, Work]:
    """A layer in the strips chosen, or any others, and its work."""
    machine = small("extensor", SkipAhead, CHOICES, seed)
    found = lower(machine, layer(seed, *SIZES))
    assert isinstance(found, SkipAheadLayer)
    rng = np.random.default_rng([seed, 2])
    if seed % 3:
        columns = int(rng.integers(1, found.view.N + 1))
        strips = Strips(machine, found.view, columns, str(rng.choice(["group", "strip"])))
        found = replace(found, plan=build(strips), strips=strips)
    return found, Oracle(machine, found.view, found.strips.columns, found.strips.hold).count()


@pytest.mark.parametrize("seed", range(COUNT))
def test_work_equals_the_oracle(seed: int) -> None:
    found, work = told(seed)
    check_work(found, work)
    assert found.macs["effectual"] == sum(n for (_, action), n in work.actions.items() if action == "mac")


def test_cases_are_varied() -> None:
    found = [told(seed)[0] for seed in range(COUNT)]
    kinds = [
        (
            case.view.groups > 1,
            case.strips.hold,
            len(case.strips.spans()) > 1,
            not pairs(case.strips, np.arange(len(case.strips.order.i))).real.all(),
            max(end - begin for begin, end in case.strips.waves) > 1,
        )
        for case in found
    ]
    yes = {False, True}
    assert [set(kind) for kind in zip(*kinds, strict=True)] == [yes, {"group", "strip"}, yes, yes, yes]


@pytest.mark.parametrize("seed", range(0, COUNT, 2))
def test_both_engines_agree(seed: int) -> None:
    check_engines(told(seed)[0].plan)


def test_what_does_not_fit_is_refused() -> None:
    case = simulator.gemm(np.ones((40, 100), dtype=bool), np.ones((100, 40), dtype=bool))
    machine = simulator.load("extensor")
    with pytest.raises(InfeasibleError, match="a strip of 32 columns of inputs over all 100 of K"):
        lower(override(machine, {"llb.capacity": "20 KiB"}), case)
    with pytest.raises(InfeasibleError, match=r"elements\.buffer is 8 KiB: lower elements\.tile_rows"):
        lower(override(machine, {"elements.buffer": "8 KiB"}), case)


@pytest.mark.parametrize("seed", range(0, COUNT, 3))
def test_elements_told_together_are_as_alone(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    strips = told(seed)[0].strips
    together, elements = programs.Products(strips), range(strips.machine.components.elements.count.value)
    items = [[item for chunk in together(e) for item in chunk.items()] for e in elements]
    assert "_together" in vars(together)
    monkeypatch.setattr(programs, "CELLS", 1)
    alone = programs.Products(strips)
    assert [[item for chunk in alone(e) for item in chunk.items()] for e in elements] == items
    assert "_together" not in vars(alone)
