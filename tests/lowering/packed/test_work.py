"""Every count of every component equals the layer told value by value from its masks."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from lowering.work import check_engines, check_work, layer, small

import simulator
from simulator import InfeasibleError
from simulator.hardware import override
from simulator.hardware.organisations.packed import Packed
from simulator.lowering import lower
from simulator.lowering.packed.layer import PackedLayer
from simulator.lowering.packed.network import build
from simulator.lowering.packed.tiles import Tiles
from validation.oracles.packed import Oracle, Work

COUNT = 30
SIZES = (25, 30, 20), (6, 9, 6, 6)


CHOICES: dict[str, list[object]] = {
    "array.units": [1, 2, 5],
    "array.unit_multipliers": [1, 3, 8, 32],
    "array.stationary_buffers": [1, 2],
    "distribution.values": [1, 2, 8],
    "reduction.sums": [1, 3, 64],
    "datapath.zeros": ["skipped", "sent"],
    "datapath.unmatched": ["dropped", "kept"],
    "datapath.rows": ["split", "whole"],
    "datapath.gating": ["true", "false"],
    "glb.row": ["16 B", "64 B"],
    "glb.data_word": ["1 B", "8 B"],
    "glb.metadata_word": ["1 B", "8 B"],
    "dram.burst": ["16 B", "30 B"],
    "value_bits.inputs": ["8 b", "3 b"],
    "value_bits.weights": ["8 b", "5 b"],
    "value_bits.outputs": ["8 b", "3 b"],
}
"""Of a machine with few multipliers, narrow words and odd widths."""


@cache
def told(seed: int) -> tuple[PackedLayer, Work]:
    """A layer with the tiles chosen, or any other, and its work."""
    machine = small("sigma", Packed, CHOICES, seed)
    found = lower(machine, layer(seed, *SIZES))
    assert isinstance(found, PackedLayer)
    rng = np.random.default_rng([seed, 2])
    if seed % 3:
        columns = int(rng.integers(1, found.view.N + 1))
        tiles = Tiles(machine, found.view, columns, str(rng.choice(["group", "round"])))
        found = replace(found, plan=build(tiles), tiles=tiles)
    return found, Oracle(machine, found.view, found.tiles.columns, found.tiles.hold).count()


@pytest.mark.parametrize("seed", range(COUNT))
def test_work_equals_the_oracle(seed: int) -> None:
    found, work = told(seed)
    check_work(found, work)
    assert found.macs["slots"] == work.slots
    if found.tiles.machine.datapath.gating:
        assert found.macs["effectual"] == work.actions["array", "mac"]


def test_cases_are_varied() -> None:
    found = [told(seed)[0] for seed in range(COUNT)]
    kinds = [
        (
            case.view.groups > 1,
            case.tiles.hold,
            len(case.tiles.tiles) > case.view.groups,
            max(len(each) for each in case.tiles.rounds.values()) > 2,
            any(int(each.shared.sum()) for each in case.tiles.rounds.values()),
            any(len(each.columns) == 0 for each in case.tiles.rounds.values()),
        )
        for case in found
    ]
    yes = {False, True}
    assert [set(kind) for kind in zip(*kinds, strict=True)] == [yes, {"group", "round"}, yes, yes, yes, yes]


@pytest.mark.parametrize("seed", range(0, COUNT, 2))
def test_both_engines_agree(seed: int) -> None:
    check_engines(told(seed)[0].plan)


def test_weights_stay_when_they_fit_and_are_fetched_per_tile_when_not() -> None:
    """64 x 64 values and masks, 4 KiB + 512 B; 32 columns of inputs take 2 KiB: beside the weights, 32 fit in 6 KiB, all in 8."""
    case = simulator.gemm(np.ones((64, 64), dtype=bool), np.ones((64, 64), dtype=bool))
    machine = override(simulator.load("sigma"), {"glb.tile_buffers": "1", "array.units": "1"})
    found = {}
    for room in (8192, 8191, 6144, 6143, 4160):
        made = lower(override(machine, {"glb.data_capacity": f"{room} B"}), case)
        assert isinstance(made, PackedLayer)
        found[room] = made.tiles.hold, made.tiles.columns, made.traffic["dram"]["weights"]
    assert found[8192] == ("group", 64, 4608)
    assert found[8191] == ("group", 32, 4608)
    assert found[6144] == ("group", 32, 4608)
    assert found[6143] == ("group", 16, 4608)
    assert found[4160] == ("group", 1, 4608)


def test_what_does_not_fit_is_refused() -> None:
    case = simulator.gemm(np.ones((4, 300), dtype=bool), np.ones((300, 4), dtype=bool))
    machine = override(simulator.load("sigma"), {"glb.data_capacity": "600 B"})
    with pytest.raises(InfeasibleError, match="a tile of 1 columns of inputs over all 300 of K"):
        lower(machine, case)
    wide = override(simulator.load("sigma"), {"mapping.tile.N": "5", "reduction.accumulators": "3"})
    assert lower(wide, simulator.gemm(np.ones((4, 4), bool), np.ones((4, 3), bool))).plan
    with pytest.raises(InfeasibleError, match=r"reduction\.accumulators is 3"):
        lower(wide, simulator.gemm(np.ones((4, 4), bool), np.ones((4, 4), bool)))


def test_formats_other_than_the_bitmask_are_refused() -> None:
    with pytest.raises(simulator.InputError, match="bitmask"):
        override(simulator.load("sigma"), {"datapath.inputs": "uncompressed"})
