"""A chip against counts one by one: who multiplies what, what crosses which link; and one element against itself alone."""

from __future__ import annotations

import numpy as np
import pytest

import simulator
from simulator import InputError, Machine
from simulator.hardware import override
from simulator.lowering import lower
from simulator.lowering.csc import tiles
from simulator.lowering.csc.layer import tile_size
from simulator.plan.check import problems
from simulator.plan.rung import Rung
from simulator.registry import resolve
from simulator.workload.matrix import GemmView
from validation.oracles.csc_mesh import Counted, Spread
from validation.oracles.noc import OUT, Node

AXES = ("clusters.rows", "clusters.columns", "elements.rows", "elements.columns")


def machine(seed: int) -> Machine:
    """A small chip whose ranks are spread at random."""
    rng = np.random.default_rng([seed, 11])
    changes = {axis: str(int(rng.integers(1, 4))) for axis in AXES}
    for axis in AXES:
        choices = ("M", "N", "K") if axis == "elements.rows" else ("M", "N")
        changes[f"mapping.{axis}"] = str(rng.choice(choices))
    changes["networks.inputs.planes"] = str(int(rng.integers(1, 4)))
    changes["networks.weights.queue"] = str(int(rng.integers(1, 4)))
    changes["networks.weights.flit"] = str(rng.choice(["24 b", "17 b", "64 b"]))
    changes["mapping.tile.M"] = str(rng.choice(["auto", "2", "1"]))
    changes["mapping.tile.K"] = str(rng.choice(["auto", "3", "1"]))
    changes["glb.inputs"] = str(rng.choice(["64 B", "4608 B"]))
    return override(simulator.load("eyeriss_v2"), changes)


def layer(seed: int) -> simulator.Layer:
    rng = np.random.default_rng(seed)
    m, k, n = (int(x) for x in rng.integers(1, (20, 16, 20)))
    density = rng.choice([0.2, 0.5, 1.0], 2)
    return simulator.gemm(rng.random((m, k)) < density[0], rng.random((k, n)) < density[1])


def counted(made: Machine, case: simulator.Layer) -> Counted:
    view, parts, bits = GemmView(case), made.components, made.value_bits
    mapping = made.mapping
    spread = Spread(
        tuple(size.value for grid in (parts.clusters, parts.elements) for size in (grid.rows, grid.columns)),
        (
            mapping.clusters.rows,
            mapping.clusters.columns,
            mapping.elements.rows,
            mapping.elements.columns,
        ),
        *tile_size(made, view),
    )
    sizes = {
        "weight": bits.weights.value,
        "input": bits.inputs.value,
        "weight address": parts.weights.address.value,
        "input address": parts.inputs.address.value,
        "weight flit": parts.networks.weights.flit.value,
        "input flit": parts.networks.inputs.flit.value,
    }
    planes = {"weights": parts.networks.weights.planes.value, "inputs": parts.networks.inputs.planes.value}
    weights, inputs = view.weights_mask(0), view.inputs_mask(0, 0, view.K, 0, view.N).T
    word, run = parts.weights.word.value, parts.weights.run.value
    return Counted(spread, weights.tolist(), inputs.tolist(), word, run, sizes, planes)


def link_name(link: tuple[Node, Node]) -> str:
    names = ["" if node == OUT else f"r{node[0]}c{node[1]}" for node in link]
    if "" in names:
        return f"{names[1]}.in" if link[0] == OUT else f"{names[0]}.out"
    return ">".join(names)


@pytest.mark.parametrize("seed", range(40))
def test_elements_and_links_carry_what_is_counted(seed: int) -> None:
    made, case = machine(seed), layer(seed)
    oracle = counted(made, case)
    result = simulator.simulate(made, case, verify=True).layers[0]
    parts = {part.name: part for part in result.components}
    for (a, b, c, d), expected in oracle.multiplications.items():
        assert parts[f"mac.r{a}c{b}.r{c}c{d}"].actions.get("mac", 0) == expected
    moved = {
        part.name: sum(program.grants[0] for program in part.programs)
        for part in result.components
        if part.group.startswith(("weights.", "inputs.")) and part.kind == "switch"
    }
    expected_links = {
        f"{tensor}.{plane}.{link_name(link)}": flits for (tensor, plane, link), flits in oracle.links.items()
    }
    assert moved == expected_links


def convolution(seed: int) -> simulator.Layer:
    rng = np.random.default_rng([seed, 5])
    groups = int(rng.choice([1, 2, 3]))
    c, m = (int(x) * groups for x in (rng.integers(1, 5), rng.integers(1, 9)))
    size = int(rng.integers(3, 7))
    weights = rng.integers(-3, 4, (m, c // groups, 3, 3)) * (rng.random((m, c // groups, 3, 3)) < 0.5)
    inputs = rng.integers(0, 4, (1, c, size, size)) * (rng.random((1, c, size, size)) < 0.5)
    return simulator.conv2d(weights.astype(np.int8), inputs.astype(np.int8), 1, 1, groups=groups)


@pytest.mark.parametrize("seed", range(10))
def test_engines_agree_and_outputs_are_right_on_small_chips(seed: int) -> None:
    made, case = machine(seed), convolution(seed)
    plan = lower(made, case).plan
    assert problems(plan) == []
    for rung in (Rung.S4, list(Rung)[seed % 4]):
        assert (
            resolve("engine", "reference")(plan, rung).digest == resolve("engine", "fast")(plan, rung).digest
        )
    simulator.simulate(made, case, rung="totals", verify=True)


def test_inputs_that_fit_their_buffer_are_read_from_memory_once() -> None:
    # 64 rows on one element are four tiles of 16; inputs of 24 x 10 fit 4,608 B, and no more than a burst's fibers fit 64 B.
    case = simulator.gemm(np.ones((64, 24), dtype=bool), np.ones((24, 10), dtype=bool))
    fibers = 3 * 10 * 13  # three tiles of eight inputs with their runs and an address: 100 b
    for size, rounds in (("4608 B", 1), ("64 B", 1), ("1 B", 1)):
        found = simulator.simulate(single(**{"glb.inputs": size}), case, verify=False).layers[0]
        assert found.traffic["dram"]["inputs"] == rounds * fibers
    long = simulator.gemm(np.ones((64, 24), dtype=bool), np.ones((24, 40), dtype=bool))
    for size, rounds in (("4608 B", 1), ("64 B", 4)):
        found = simulator.simulate(single(**{"glb.inputs": size}), long, verify=False).layers[0]
        assert found.traffic["dram"]["inputs"] == rounds * 4 * fibers


def single(**changes: str) -> Machine:
    """A chip of one element."""
    one = dict.fromkeys(AXES, "1") | {"elements.rows": "1", "mac.lanes": "1", "dram.bandwidth": "unlimited"}
    return override(simulator.load("eyeriss_v2"), one | {"dram.latency": "10 cycle"} | changes)


@pytest.mark.parametrize("seed", range(6))
def test_a_chip_of_one_element_works_as_the_element_does(seed: int) -> None:
    rng = np.random.default_rng(seed)  # whole tiles: what is left over is cut otherwise
    m, k, n = 16 * int(rng.integers(1, 3)), 8 * int(rng.integers(1, 4)), int(rng.integers(1, 40))
    case = simulator.gemm(rng.random((m, k)) < 0.4, rng.random((k, n)) < 0.6)
    chip = simulator.simulate(single(), case, verify=False).layers[0]
    alone = simulator.simulate("eyeriss_v2_pe", case, verify=False).layers[0]
    at = ".r0c0.r0c0"
    for stage in ("inputs.address", "inputs.data", "weights.address", "weights.data", "mac", "psums.read"):
        assert chip.busy[f"{stage}{at}"] == alone.busy[stage], stage
    # The ways in are longer, and a flit takes its places by itself, not with its whole fiber: both are worth a few cycles.
    assert abs(chip.cycles - alone.cycles) <= 30


def test_two_elements_that_share_inputs_wait_for_the_slower() -> None:
    # Both elements meet the same inputs; one has all the work.
    weights = np.zeros((2, 8), dtype=bool)
    weights[0] = True
    case = simulator.gemm(weights, np.ones((8, 64), dtype=bool))
    spread = {"mapping.elements.rows": "M", "elements.rows": "2", "mapping.elements.columns": "N"}
    result = simulator.simulate(single(**spread), case, verify=False).layers[0]
    busy = [result.busy[f"mac.r0c0.r{row}c0"] for row in (0, 1)]
    assert busy == [64 * 8, 0]
    ends = [result.cycles - result.stalls[f"inputs.data.r0c0.r{row}c0"]["drained"] for row in (0, 1)]
    # The idle one reads its inputs as they come, which is as the other one takes them: it is ahead by what its pads hold.
    assert ends[1] > 0.75 * ends[0]


def test_sums_are_added_down_a_column() -> None:
    # Three elements of a column, each with a third of K; nothing is put away when each holds its whole third.
    case = simulator.gemm(np.ones((4, 24), dtype=bool), np.ones((24, 5), dtype=bool))
    spread = {"mapping.elements.rows": "K", "elements.rows": "3", "mapping.elements.columns": "N"}
    result = simulator.simulate(single(**spread), case, verify=True).layers[0]
    assert result.traffic["flits"]["sums put away"] == 0
    assert result.traffic["flits"]["sums passed on"] == 2 * 5 * 2
    assert [result.busy[f"mac.r0c0.r{row}c0"] for row in range(3)] == [4 * 8 * 5] * 3


def test_what_is_told_at_a_time_is_short_and_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(5)
    case = simulator.gemm(rng.random((8, 24)) < 0.5, rng.random((24, 600)) < 0.5)
    spread = {"mapping.elements.rows": "K", "elements.rows": "2", "mapping.elements.columns": "N"}
    told = {}
    short = tiles.SHORT
    for most in (1, 7, short, tiles.TOGETHER):
        monkeypatch.setattr(tiles, "SHORT", most)
        plan = lower(single(**spread), case).plan
        per_element = [
            program
            for part in plan.components
            if part.group not in ("dram", "glb.inputs", "weights.io")
            for program in part.programs
        ]
        largest = max(chunk.nbytes for program in per_element for chunk in program.chunks())
        told[most] = resolve("engine", "fast")(plan).digest, largest
    assert len({digest for digest, _ in told.values()}) == 1
    assert told[short][1] < 1 << 17
    assert told[tiles.TOGETHER][1] > 2 * told[short][1]


def test_parts_along_k_are_read_together_however_many_positions_there_are() -> None:
    # More positions than a buffer has places: read one after the other, the parts of a column would wait for each other for ever.
    rng = np.random.default_rng(5)
    case = simulator.gemm(rng.random((8, 24)) < 0.5, rng.random((24, 300)) < 0.5)
    spread = {"mapping.elements.rows": "K", "elements.rows": "2", "mapping.elements.columns": "N"}
    made = single(**spread)
    supply = lower(made, case).supply
    assert max(supply.places(stream) for stream in supply.inputs) < 300
    results = [simulator.simulate(made, case, verify=True, engine=engine) for engine in ("fast", "reference")]
    assert results[0].digest == results[1].digest
    held = sum(int(supply.fiber_bytes(t, each).sum()) for _, t, each in supply._inputs())
    assert results[0].layers[0].traffic["dram"]["inputs"] == held


def test_a_first_layer_of_many_positions_ends_on_the_whole_chip() -> None:
    rng = np.random.default_rng(1)
    weights, inputs = np.ones((16, 27), dtype=bool), rng.random((27, 6400)) < 0.5
    result = simulator.simulate("eyeriss_v2", simulator.gemm(weights, inputs), verify=False).layers[0]
    assert result.macs["effectual"] == 16 * np.count_nonzero(inputs)
    assert sum(part.actions.get("mac", 0) for part in result.components) == result.macs["effectual"]


def test_a_chip_too_large_to_simulate_is_refused() -> None:
    with pytest.raises(InputError, match="clusters times elements are 4608: at most 4096 are simulated"):
        override(simulator.load("eyeriss_v2"), {"clusters.rows": "192"})
