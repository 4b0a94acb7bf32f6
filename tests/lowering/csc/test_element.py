"""The network of an element against a walk that tells every departure from numbers alone, and against its counts."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

import simulator
from simulator import InfeasibleError, Machine
from simulator.hardware import override
from simulator.lowering import lower
from simulator.workload.matrix import GemmView
from validation.oracles import csc
from validation.oracles.csc_element import Element, Walk

CASES = range(40)
CHOICES = {
    "mac.lanes": ["1", "2"],
    "mac.latency": ["1 cycle", "3 cycle"],
    "psums.forwarding": ["true", "false"],
    "psums.latency": ["1 cycle", "2 cycle", "4 cycle"],
    "psums.entries": ["12", "32"],
    "inputs.entries": ["6", "16"],
    "inputs.addresses": ["2", "9"],
    "weights.entries": ["64", "192"],
    "links.latency": ["1 cycle", "5 cycle"],
    "links.weights_bandwidth": ["3 B/cycle", "0.5 B/cycle", "unlimited"],
    "links.inputs_bandwidth": ["3 B/cycle", "0.75 B/cycle", "unlimited"],
    "links.psums_bandwidth": ["5 B/cycle", "1.75 B/cycle", "unlimited"],
    "dram.latency": ["1 cycle", "10 cycle"],
    "dram.burst": ["4 B", "64 B"],
    "stages.queue": ["1", "2", "4"],
    "mapping.tile.M": ["auto", "5", "1"],
    "mapping.tile.K": ["auto", "3"],
}


def machine(seed: int) -> Machine:
    rng = np.random.default_rng([seed, 7])
    picked = {path: str(rng.choice(values)) for path, values in CHOICES.items()}
    return override(simulator.load("eyeriss_v2_pe"), picked | {"weights.addresses": "16"})


def layer(seed: int) -> simulator.Layer:
    rng = np.random.default_rng(seed)
    m, k, n = (int(x) for x in rng.integers(1, (30, 12, 12)))
    density = rng.choice([0.0, 0.2, 0.5, 0.9, 1.0], 2)
    return simulator.gemm(rng.random((m, k)) < density[0], rng.random((k, n)) < density[1])


def element(made: Machine, rows: int, columns: int) -> Element:
    parts, bits = made.components, made.value_bits

    def rate(bandwidth: Fraction | None) -> tuple[int, int]:
        return (1, 0) if bandwidth is None else (8 * bandwidth).as_integer_ratio()

    return Element(
        rows=rows,
        columns=columns,
        lanes=parts.mac.lanes.value,
        word=parts.weights.word.value,
        run=parts.weights.run.value,
        weight_bits=bits.weights.value,
        input_bits=bits.inputs.value,
        psum_bits=parts.psums.width.value,
        output_bits=bits.outputs.value,
        weight_address=parts.weights.address.value,
        input_address=parts.inputs.address.value,
        weight_words=parts.weights.words,
        weight_addresses=parts.weights.addresses.value,
        input_entries=parts.inputs.entries.value,
        input_fibers=parts.inputs.addresses.value - 1,
        psum_entries=parts.psums.entries.value,
        psum_latency=parts.psums.latency.value,
        forwarding=parts.psums.forwarding,
        queue=parts.stages.queue.value,
        mac_latency=parts.mac.latency.value,
        link_latency=parts.links.latency.value,
        store_latency=parts.dram.latency.value,
        burst=parts.dram.burst.value,
        weight_rate=rate(parts.links.weights_bandwidth.value),
        input_rate=rate(parts.links.inputs_bandwidth.value),
        psum_rate=rate(parts.links.psums_bandwidth.value),
    )


@pytest.mark.parametrize("seed", CASES)
def test_every_stage_ends_when_the_walk_says(seed: int) -> None:
    made, case = machine(seed), layer(seed)
    tiles = lower(made, case).tiles
    view = GemmView(case)
    walk = Walk(element(made, tiles.rows, tiles.columns))
    walk.layer(view.weights_mask(0).tolist(), view.inputs_mask(0, 0, view.K, 0, view.N).T.tolist())
    result = simulator.simulate(made, case, rung="buffers", verify=False).layers[0]
    assert result.cycles == walk.cycles
    for part in result.components:
        for program in part.programs:
            name = f"dram.{program.name}" if part.name == "dram" else part.name
            departed = walk.ports[name].departed
            assert program.grants[0] == len(departed), name
            drained = program.states[-2]
            if departed:
                assert result.cycles - drained == departed[-1] + 1, name


@pytest.mark.parametrize("seed", CASES)
def test_actions_are_those_of_the_plain_visits(seed: int) -> None:
    made, case = machine(seed), layer(seed)
    tiles, parts = lower(made, case).tiles, made.components
    view = GemmView(case)
    weights, inputs = view.weights_mask(0), view.inputs_mask(0, 0, view.K, 0, view.N).T
    expected = dict.fromkeys(("iact_spad_read", "weight_spad_read", "mac", "psum_spad_read"), 0)
    for m in range(0, view.M, tiles.rows):
        for k in range(0, view.K, tiles.columns):
            tile = weights[m : m + tiles.rows, k : k + tiles.columns].tolist()
            for fiber in inputs[:, k : k + tiles.columns].tolist():
                visit = csc.visit(tile, fiber, parts.mac.lanes.value, parts.weights.word.value, 4)
                expected["iact_spad_read"] += sum(read != "nothing" for read in visit.reads)
                expected["weight_spad_read"] += 2 * sum(fetched for _, fetched, _ in visit.weights)
                expected["mac"] += sum(len(group) for group in visit.issues)
                expected["psum_spad_read"] += sum(len(group) for group in visit.issues) + len(tile)
    result = simulator.simulate(made, case, rung="totals", verify=False).layers[0]
    for action, count in expected.items():
        assert sum(part.actions.get(action, 0) for part in result.components) == count, action
    assert result.macs["effectual"] == csc.multiplications(weights.tolist(), inputs.tolist())
    assert result.actions["mac"]["mac"] + result.actions["mac"]["mac_gated"] == result.macs["slots"]


@pytest.mark.parametrize("latency", [1, 2, 3, 5])
def test_a_sum_added_to_again_waits_until_it_is_written(latency: int) -> None:
    # One row of six weights: every product goes to the same sum. Two rows in turn: every second one does.
    for rows, waits in ((1, 5 * (latency - 1)), (2, 5 * max(0, latency - 2))):
        case = simulator.gemm(np.ones((rows, 6), dtype=bool), np.ones((6, 1), dtype=bool))
        changes = {"psums.latency": f"{latency} cycle", "mapping.tile.K": "6"}
        cycles = {
            forwarding: simulator.simulate(
                "eyeriss_v2_pe", case, verify=False, overrides=changes | {"psums.forwarding": forwarding}
            ).cycles
            for forwarding in ("true", "false")
        }
        assert cycles["false"] - cycles["true"] == waits


def test_tiles_that_do_not_fit_are_refused() -> None:
    dense = simulator.gemm(np.ones((40, 20), dtype=bool), np.ones((20, 4), dtype=bool))
    sparse = simulator.gemm(np.eye(40, 20, dtype=bool), np.ones((20, 4), dtype=bool))
    for tile, message in (
        ((33, 4), "a tile has 33 coordinates of M, psums.entries is 32; lower mapping.tile.M"),
        ((4, 17), "a tile has 17 coordinates of K, weights.addresses is 16; lower mapping.tile.K"),
        ((4, 16), "a tile has 16 coordinates of K, what inputs.address tells apart is 15"),
        ((32, 8), r"weights \[0:32, 0:8\] take 128 words of 2, weights.entries holds 96"),
    ):
        changes = {"mapping.tile.M": str(tile[0]), "mapping.tile.K": str(tile[1])}
        with pytest.raises(InfeasibleError, match=message):
            simulator.simulate("eyeriss_v2_pe", dense, overrides=changes)
    # Without most of its weights the same tile fits.
    assert simulator.simulate("eyeriss_v2_pe", sparse, overrides=changes).busy["mac"] == 20 * 4
