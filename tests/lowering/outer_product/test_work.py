"""Every count of every component equals the layer told slab by slab from its masks."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from lowering.work import check_engines, check_work, layer, small

import simulator
from simulator import InfeasibleError
from simulator.hardware import override
from simulator.hardware.organisations.outer_product import OuterProduct
from simulator.lowering import lower
from simulator.lowering.outer_product.layer import OuterProductLayer, unit
from simulator.lowering.outer_product.network import build
from simulator.mapping import Tiling
from validation.oracles.nest import Nest
from validation.oracles.outer_product_layer import Oracle, Work

COUNT = 30
SIZES = (30, 60, 30), (7, 9, 7, 7)


CHOICES: dict[str, list[object]] = {
    "units.rows": [1, 2, 3],
    "units.columns": [1, 2],
    "units.tile_rows": [1, 3, 8],
    "units.tile_columns": [2, 5, 8],
    "units.depth": [1, 4, 7],
    "units.step_rows": [1, 2, 4],
    "units.step_columns": [2, 3],
    "accumulation.bank_rows": [1, 2, 8],
    "accumulation.bank_words": [1, 4],
    "accumulation.queue": [1, 4],
    "accumulation.bandwidth": [1, 5, 16],
    "glb.row": ["16 B", "64 B"],
    "glb.data_word": ["2 B", "16 B"],
    "glb.metadata_word": ["1 B", "8 B"],
    "dram.burst": ["16 B", "30 B"],
    "value_bits.inputs": ["8 b", "3 b"],
    "value_bits.weights": ["8 b", "5 b"],
    "value_bits.outputs": ["8 b", "3 b"],
}
"""Of a machine with small units, narrow words and odd widths."""


@cache
def told(seed: int) -> tuple[OuterProductLayer, Work]:
    """A layer under the loop nest it is given, or any other, and its work."""
    machine = small("dstc", OuterProduct, CHOICES, seed)
    found = lower(machine, layer(seed, *SIZES))
    assert isinstance(found, OuterProductLayer)
    g, rng = found.context.operands.geometry, np.random.default_rng([seed, 2])
    if seed % 3:
        holds = int(rng.integers(3)), int(rng.integers(3))
        sizes = int(rng.integers(1, 5)), int(rng.integers(1, g.windows + 1))
        context = replace(found.context, tiling=Tiling(str(rng.choice(["M", "N"])), *sizes, holds))
        found = replace(found, plan=build(context), context=context)
    t = found.context.tiling
    hold = dict(zip(("weights", "inputs"), t.hold, strict=True))
    nest = Nest(g.groups, g.M, g.N, g.K, g.rows, g.columns, 1, g.window, t.outer, t.block, t.windows, hold)
    return found, Oracle(machine, found.view, unit(machine), nest).count()


@pytest.mark.parametrize("seed", range(COUNT))
def test_work_equals_the_oracle(seed: int) -> None:
    found, work = told(seed)
    check_work(found, work)
    units = [name for name in work.demand if name.startswith("unit.")]
    assert found.macs["effectual"] == sum(work.actions[name, "mac"] for name in units)
    assert found.macs["slots"] == sum(work.actions[n, a] for n in units for a in ("mac", "mac_gated"))


def test_cases_are_varied() -> None:
    found = [told(seed)[0] for seed in range(COUNT)]
    kinds = [
        (
            case.view.layer.einsum.operation,
            case.view.groups > 1,
            case.context.tiling.outer,
            case.view.K % case.context.operands.unit.depth > 0,
            any(int((part.steps == 0).sum()) for part in case.context.operands.service),
            bool(np.any(case.context.visits.row + case.context.visits.column)),
        )
        for case in found
    ]
    assert [set(kind) for kind in zip(*kinds, strict=True)] == [
        {"gemm", "conv2d"},
        {False, True},
        {"M", "N"},
        {False, True},
        {False, True},
        {False, True},
    ]


@pytest.mark.parametrize("seed", range(0, COUNT, 3))
def test_both_engines_agree(seed: int) -> None:
    check_engines(told(seed)[0].plan)


def test_a_queue_too_short_for_a_line_of_outputs_is_refused() -> None:
    """Lines of 8 x 31 B: 5 bursts of 60 B are complete after 300 B; the last of two lines closes a ninth."""
    case = simulator.gemm(np.ones((16, 4), dtype=bool), np.ones((4, 31), dtype=bool))
    machine = override(simulator.load("dstc"), {"dram.burst": "60 B", "drain.queue": "4"})
    with pytest.raises(InfeasibleError, match=r"8 rows of outputs fill 5 bursts of 60 B, drain\.queue is 4"):
        lower(machine, case)
    assert lower(override(machine, {"drain.queue": "5"}), case).plan


def test_formats_other_than_the_bitmask_are_refused() -> None:
    with pytest.raises(simulator.InputError, match="an outer-product unit reads"):
        override(simulator.load("dstc"), {"datapath.inputs": "uncompressed"})
