"""Every machine in hwconfigs/ passes the same kit, because it is there: nobody has to remember."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from differential.test_engines import differences

import simulator
from simulator import Layer, Machine
from simulator.hardware import names, override
from simulator.lowering import lower
from simulator.mapping import Tiling
from simulator.plan.check import flows, problems
from simulator.plan.rung import Rung
from simulator.registry import resolve
from simulator.sparsity.patterns import parse

ALL = pytest.mark.parametrize("name", names())
FREE = dict.fromkeys(("dram.bandwidth", "glb.read_bandwidth", "glb.write_bandwidth"), "unlimited")


def layer(machine: Machine, seed: int) -> Layer:
    """A random layer the machine supports: ragged shapes, any of its patterns, any input density."""
    rng = np.random.default_rng(seed)
    choices = parse(machine.datapath.weights).choices()
    pattern = choices[int(rng.integers(len(choices)))]
    density = float(rng.choice([0.0, 0.1, 0.5, 0.9, 1.0]))
    if rng.random() < 0.5:
        m, k, n = (int(x) for x in rng.integers(1, (150, 130, 150)))
        weights, inputs = rng.integers(1, 9, (m, k)), rng.integers(-8, 9, (k, n))
        weights *= pattern.generate((m, k), seed=seed)
        inputs *= rng.random((k, n)) < density
        made = simulator.gemm(weights.astype(np.int8), inputs.astype(np.int8))
        outputs = rng.random((m, n)) < 0.6
    else:
        groups = int(rng.choice([1, 1, 2]))
        c, m, size, r = (int(x) for x in (rng.integers(1, 9) * groups, rng.integers(1, 9) * groups, 6, 3))
        weights = rng.integers(1, 9, (m, r, r, c // groups))
        weights *= pattern.generate((m, r * r * c // groups), seed=seed).reshape(weights.shape)
        inputs = rng.integers(0, 9, (1, c, size, size)) * (rng.random((1, c, size, size)) < density)
        stride, padding = int(rng.integers(1, 3)), int(rng.integers(0, 2))
        made = simulator.conv2d(
            weights.transpose(0, 3, 1, 2).astype(np.int8),
            inputs.astype(np.int8),
            stride,
            padding,
            groups=groups,
        )
        outputs = rng.random(made.einsum.shape("outputs")) < 0.6
    made = replace(made, pattern=pattern.text if rng.random() < 0.5 else None)
    return made.with_outputs(outputs) if rng.random() < 0.5 else made


def varied(machine: Machine, seed: int) -> Machine:
    """The machine with a few parameters changed."""
    rng = np.random.default_rng(seed)
    choices = {
        "glb.read_bandwidth": ["42 B/cycle", "64 B/cycle", "17 B/cycle", "unlimited"],
        "dram.bandwidth": ["32 B/cycle", "7 B/cycle", "unlimited"],
        "dram.latency": ["1 cycle", "100 cycle"],
        "array.operand_buffers": ["1", "2"],
        "array.columns": ["16", "128"],
        "array.shared_window": ["true", "false", "auto"],
        "fetch.rows": ["3", "4", "9"],
        "drain.bandwidth": ["64 B/cycle", "5 B/cycle"],
        "array.queue": ["1", "2"],
    }
    picked = rng.choice(sorted(choices), size=3, replace=False)
    return override(machine, {path: str(rng.choice(choices[path])) for path in picked})


def cases(name: str, count: int) -> list[tuple[Machine, Layer]]:
    machine = simulator.load(name)
    return [(varied(machine, seed), layer(machine, seed)) for seed in range(count)]


@ALL
def test_engines_agree_on_whole_outcomes(name: str, networks: int) -> None:
    reference, fast = resolve("engine", "reference"), resolve("engine", "fast")
    for seed, (machine, case) in enumerate(cases(name, max(5, networks // 40))):
        plan = lower(machine, case).plan
        assert problems(plan) == []
        for rung in (Rung.S4, list(Rung)[seed % 4]):
            a, b = reference(plan, rung), fast(plan, rung)
            assert a.digest == b.digest, "\n".join(differences(a, b))


@ALL
def test_outputs_equal_the_dense_einsum(name: str) -> None:
    for machine, case in cases(name, 30):
        result = simulator.simulate(machine, case, rung="totals", verify=True)
        check = result.layers[0].verification
        assert check.mode == "full"
        assert check.outputs == check.of == np.prod(case.einsum.shape("outputs"))


@ALL
def test_conservation(name: str) -> None:
    for machine, case in cases(name, 30):
        lowered = lower(machine, case)
        result = simulator.simulate(machine, case, verify=False).layers[0]
        for part in result.components:
            assert sum(part.intervals.totals().values()) == result.cycles
            for program in part.programs:
                assert program.states.sum() == result.cycles
        array = result.actions["array"]
        assert array["mac"] + array["mac_gated"] <= result.macs["slots"]
        if machine.datapath.gating:
            assert array["mac"] == result.macs["effectual"]
        assert result.macs["effectual"] == effectual(case)
        dram = result.traffic["dram"]
        reads = -(-(dram["weights"] + dram["inputs"]) // 8)
        assert reads <= result.actions["dram"]["dram_read"] <= reads + len(lowered.context.tiles) * 2
        assert result.actions["glb.read"]["sram_read"] * machine.components.glb.row.value <= sum(
            p.demand for p in result.components if p.name == "glb.read"
        )
        assert result.actions["drain"]["drain_word"] == np.prod(case.einsum.shape("outputs"))
        for channel, flow in zip(lowered.plan.channels, flows(lowered.plan), strict=True):
            if channel.meaning != "space":
                assert flow.put == flow.taken == flow.released, channel.name


def effectual(case: Layer) -> int:
    """Oracle: multiplications with both operands non-zero, from the masks."""
    from simulator.workload.matrix import GemmView

    view = GemmView(case)
    return sum(
        int((view.weights_mask(g).astype(int) @ view.inputs_mask(g, 0, view.K, 0, view.N).astype(int)).sum())
        for g in range(view.groups)
    )


@ALL
def test_rungs_are_ordered(name: str) -> None:
    for machine, case in cases(name, 20):
        s0, s1, s2, s3, s4 = (
            simulator.simulate(machine, case, rung=rung, verify=False).cycles
            for rung in ("S0", "S1", "S2", "S3", "S4")
        )
        assert s0 <= s1 <= s2 <= s3
        assert s4 >= s1


@ALL
def test_more_bandwidth_or_buffer_never_costs_cycles_without_arbiters(name: str) -> None:
    more = [
        {"glb.read_bandwidth": "64 B/cycle"},
        {"dram.bandwidth": "33 B/cycle"},
        {"fetch.rows": "8"},
        {"array.operand_buffers": "3"},
        {"drain.bandwidth": "100 B/cycle"},
        {"array.queue": "5", "distribute.queue": "3"},
        FREE,
    ]
    for seed, (_, case) in enumerate(cases(name, 14)):
        base = simulator.load(name)
        fixed = lower(base, case).context.tiling  # the same mapping before and after
        change = more[seed % len(more)]
        for rung in ("S2", "S3"):
            before = simulator.simulate(pinned(base, fixed, case), case, rung=rung, verify=False)
            after = simulator.simulate(
                pinned(override(base, change), fixed, case), case, rung=rung, verify=False
            )
            if before.layers[0].choices == after.layers[0].choices:
                assert after.cycles <= before.cycles, (seed, change, rung)


def pinned(machine: Machine, tiling: Tiling, case: Layer) -> Machine:
    """The machine with the loop order and sizes of `tiling` fixed."""
    g = lower(machine, case).context.geometry
    block = tiling.block * (g.rows if tiling.outer == "M" else g.columns)
    order = "M, N, K" if tiling.outer == "M" else "N, M, K"
    sizes = {f"mapping.tile.{tiling.outer}": str(block), "mapping.tile.K": str(tiling.windows * g.window)}
    return override(machine, {"mapping.order": order, **sizes})


@ALL
def test_every_number_says_where_it_is_from(name: str) -> None:
    machine = simulator.load(name)
    fidelity = machine.fidelity
    assert fidelity.modelled
    assert fidelity.approximated
    assert fidelity.left_out
