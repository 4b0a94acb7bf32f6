"""Every count of every component equals the layer told element by element."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from lowering.layers import layer, lowered, nest, outputs, small

import simulator
from simulator.energy import load as load_table
from simulator.lowering.stationary_layer import StationaryLayer
from simulator.plan import Plan, Program
from simulator.plan.rung import Rung
from simulator.registry import resolve
from validation.oracles.stationary import Oracle, Work

MACHINES = (
    "highlight",
    "tc",
    "stc",
    "stc_flexible",
    "stc_dual",
    "s2ta",
    "highlight_dsso",
    "vegeta",
    "ttc_vegeta_m8",
    "sdq_tc",
)
COUNT = 45


@cache
def told(name: str, seed: int) -> tuple[StationaryLayer, Work]:
    machine = small(simulator.load(name), seed)
    found = lowered(machine, layer(machine, seed), seed, chosen=seed % 3 == 0)
    oracle = Oracle(machine, found.view, found.code.pattern, nest(found), outputs(found.view))
    assert oracle.format == found.context.operands.format
    return found, oracle.count()


def test_cases_are_varied() -> None:
    """The seeds meet every pattern and every kind of layer, mapping and storage the counts depend on."""
    found = [told("highlight", seed)[0] for seed in range(COUNT)]
    assert len({case.code.pattern for case in found}) == 15
    kinds = [
        (
            case.view.layer.einsum.operation,
            case.view.groups > 1,
            case.context.geometry.abreast,
            case.context.operands.format,
            case.outputs.format,
            case.context.tiling.outer,
            case.view.K % case.code.window > 0,
        )
        for case in found
    ]
    assert [set(kind) for kind in zip(*kinds, strict=True)] == [
        {"gemm", "conv2d"},
        {False, True},
        {1, 2, 4},
        {"uncompressed", "coordinate_payload"},
        {"uncompressed", "coordinate_payload"},
        {"M", "N"},
        {False, True},
    ]
    for tensor in (0, 1):
        holds = {(case.context.tiling.hold[tensor], case.context.tiling.outer) for case in found}
        assert holds == {(hold, outer) for hold in range(3) for outer in "MN"}


def items(plan: Plan, component: str, program: str) -> tuple[Program, list[tuple[int, ...]]]:
    (part,) = [part for part in plan.components if part.name == component]
    (which,) = [one for one in part.programs if one.name == program]
    return which, [item for chunk in which.chunks() for item in chunk.items()]


def fields(plan: Plan, component: str, program: str, what: str) -> list[int]:
    """One field of every item, e.g. ``takes fetch.rows`` or ``mac``."""
    which, found = items(plan, component, program)
    inputs, names = len(which.inputs), [channel.name for channel in plan.channels]
    if what.startswith(("takes", "releases")):
        kind, channel = what.split()
        at = 2 + which.inputs.index(names.index(channel)) + (inputs if kind == "releases" else 0)
    else:
        at = 2 + 2 * inputs + len(which.outputs) + which.actions.index(what)
    return [item[at] for item in found]


@pytest.mark.parametrize("seed", range(COUNT))
@pytest.mark.parametrize("name", MACHINES)
def test_work_equals_the_oracle(name: str, seed: int) -> None:
    found, work = told(name, seed)
    outcome = resolve("engine", "fast")(found.plan, Rung.S0)
    actions = Counter(
        {(part.name, action): n for part in outcome.components for action, n in part.actions.items()}
    )
    assert {
        k: (actions[k], work.actions[k]) for k in actions | work.actions if actions[k] != work.actions[k]
    } == {}
    demand = {part.name: part.demand for part in outcome.components}
    assert demand == dict(work.demand)
    assert found.traffic["dram"] == dict(work.traffic)
    assert found.macs["effectual"] == _effectual(found)
    assert found.macs["slots"] == work.slots
    _energies(found, work, outcome)


def _energies(found: StationaryLayer, work: Work, outcome: simulator.record.outcome.Outcome) -> None:
    table = load_table(found.context.machine.energy_table)
    told = sum(Fraction(count) * Fraction(table.rows[a].energy_pj) for (_, a), count in work.actions.items())
    charged = sum(sum(table.energy_pj(part.actions).values()) for part in outcome.components)
    assert charged == pytest.approx(float(told), rel=1e-9)


def _effectual(found: StationaryLayer) -> int:
    view = found.view
    masks = [(view.weights_mask(g), view.inputs_mask(g, 0, view.K, 0, view.N)) for g in range(view.groups)]
    return sum(int((a.astype(np.int64) @ b.astype(np.int64)).sum()) for a, b in masks)


@pytest.mark.parametrize("seed", range(0, COUNT, 2))
@pytest.mark.parametrize("name", MACHINES)
def test_every_step_takes_the_rows_its_bits_are_in(name: str, seed: int) -> None:
    found, work = told(name, seed)
    streams = {"fetch.rows": work.data, "fetch.metadata": work.metadata}
    for channel, visits in streams.items():
        if visits:
            takes, releases = (
                fields(found.plan, "fetch", "inputs", f"{kind} {channel}") for kind in ("takes", "releases")
            )
            assert takes == [n for rows in visits for n in rows.touched]
            assert releases == [n for rows in visits for n in rows.left]


@pytest.mark.parametrize("seed", range(1, COUNT, 2))
@pytest.mark.parametrize("name", MACHINES)
def test_every_pass_and_every_finished_column_has_its_own_work(name: str, seed: int) -> None:
    found, work = told(name, seed)
    counts = [fields(found.plan, "array", "steps", action) for action in ("mac", "mac_gated")]
    passes = [pair for pair in zip(*counts, strict=True) if pair != (0, 0)]
    if found.context.machine.datapath.gating:  # counted when the last pass of a visit is over
        bounds = np.cumsum([0, *found.context.visits.windows.tolist()])
        expected = [tuple(map(sum, zip(*work.passes[a:b], strict=True))) for a, b in pairwise(bounds)]
        assert bounds[-1] == len(work.passes)
    else:
        expected = work.passes
    assert passes == expected
    last = "pack" if found.context.machine.components.compress is None else "compress"
    which, packed = items(found.plan, last, "outputs")
    assert [item[2 + 2 * len(which.inputs)] for item in packed] == work.bursts


@pytest.mark.parametrize("seed", range(COUNT))
def test_weights_run_as_the_sparsest_pattern_they_satisfy(seed: int) -> None:
    machine = small(simulator.load("highlight"), seed)
    case = layer(machine, seed)
    found = lowered(machine, case, seed, chosen=True)
    h1, h0 = (int(part[-2]) for part in found.code.pattern.split("->"))
    fits = {(a, b) for a in range(4, 9) for b in range(2, 5) if _fits(found, a, b)}
    assert (h1, h0) in fits
    if case.pattern is None:
        assert h1 * h0 == max(a * b for a, b in fits)
    else:
        assert found.code.pattern == case.pattern


def _fits(found: StationaryLayer, h1: int, h0: int) -> bool:
    """Whether every window of h1 blocks of h0 has at most 4 blocks, and every block at most 2 values."""
    view = found.view
    for group in range(view.groups):
        for row in view.weights_mask(group):
            for start in range(0, view.K, h1 * h0):
                blocks = [
                    sum(row[b : b + h0][: max(0, start + h1 * h0 - b)])
                    for b in range(start, start + h1 * h0, h0)
                ]
                if max(blocks) > 2 or sum(count > 0 for count in blocks) > 4:
                    return False
    return True


def test_terms_are_varied() -> None:
    found = [told("sdq_tc", seed)[0] for seed in range(COUNT)]
    assert {len(case.code.terms) for case in found} == {0, 2}
    assert {case.context.operands.format for case in found} == {"uncompressed", "scaled"}
    both = [case for case in found if case.code.terms]
    orders = {case.context.machine.datapath.schedule for case in both}
    assert orders == {"in_turn", "interleaved"}
    straddling = [case for case in both if 1 < case.context.tiling.windows < case.context.geometry.windows]
    assert len(straddling) > 3


def test_structured_inputs_are_varied() -> None:
    assert {told("s2ta", seed)[0].code.cycles for seed in range(COUNT)} == {1, 2, 3, 4, 5, 8}
    groups = {
        (found.code.pattern, found.code.window)
        for found in (told("highlight_dsso", seed)[0] for seed in range(COUNT))
    }
    assert {window for pattern, window in groups if pattern == "2:4"} >= {16, 24, 32, 40, 48, 56, 64}
    assert {window for pattern, window in groups if pattern == "2:2"} & {8, 16, 24, 32}
