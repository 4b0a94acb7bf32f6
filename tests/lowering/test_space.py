"""Storage replayed from the reference engine's grants: nothing is overfull, or read before it is there or after
it has gone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from itertools import islice, pairwise

import pytest
from lowering.layers import layer, lowered, nest, outputs, small

import simulator
from simulator import InfeasibleError, Layer, Machine
from simulator.engine.reference.engine import Grant, run
from simulator.hardware import override
from simulator.lowering.stationary_layer import StationaryLayer
from simulator.registry import resolve
from validation.oracles.nest import Visit, visits
from validation.oracles.stationary import Oracle
from validation.oracles.storage import units

CASES = [(name, seed) for name in ("highlight", "tc") for seed in range(15)]
ALL = pytest.mark.parametrize(("name", "seed"), CASES)
Span = tuple[int, int]


def tight(machine: Machine, case: Layer, seed: int) -> StationaryLayer:
    """The layer with the smallest GLB of a doubling series that it fits in, and little of everything else."""
    parameters = {"array.operand_buffers": str(1 + seed % 2), "dram.latency": "9 cycle"}
    parameters["dram.bandwidth"] = ("4 B/cycle", "32 B/cycle", "unlimited")[seed % 3]
    for size in range(5, 20):
        capacity = {"glb.data_capacity": f"{2**size} B", "glb.metadata_capacity": f"{2**size // 2} B"}
        try:
            return lowered(override(machine, parameters | capacity), case, seed, chosen=True)
        except InfeasibleError:
            continue
    raise AssertionError("no GLB is large enough")


class Replay:
    """What was when, by program; items in the order of the plan."""

    def __init__(self, name: str, seed: int) -> None:
        machine = small(simulator.load(name), seed)
        self.found = tight(machine, layer(machine, seed), seed)
        self.parts = self.found.context.machine.components
        grants: list[Grant] = []
        outcome = run(self.found.plan, grant_log=grants)
        assert outcome.digest == resolve("engine", "fast")(self.found.plan).digest
        self.spans: dict[tuple[str, str], list[Span]] = defaultdict(list)
        for component, program, start, _finish, depart in grants:
            self.spans[component, program].append((start, depart))
        decided = nest(self.found)
        self.visits = list(visits(decided))
        self.oracle = Oracle(
            self.found.context.machine,
            self.found.view,
            self.found.code.pattern,
            decided,
            outputs(self.found.view),
        )
        self.steps = [len(visit.columns(decided.abreast)) for visit in self.visits]

    def port(self, component: str, program: str, channel: str) -> list[int]:
        """Tokens every item puts into a channel."""
        (part,) = [part for part in self.found.plan.components if part.name == component]
        (which,) = [one for one in part.programs if one.name == program]
        names = [self.found.plan.channels[i].name for i in which.outputs]
        at = 2 + 2 * len(which.inputs) + names.index(channel)
        return [item[at] for chunk in which.chunks() for item in chunk.items()]

    def reads(self, visit: Visit, program: str) -> int:
        """Items of a GLB read program in a visit."""
        row, word = 8 * self.parts.glb.row.value, 8 * self.parts.glb.metadata_word.value
        if program == "weights":
            bits = [self.oracle.weight_bits(visit.m, span) for span in visit.windows]
            return sum(units(d, row) + units(units(m, word) * word, row) for d, m in bits)
        data, metadata = self.oracle.input_steps(visit)
        return units(max(1, sum(data)), row) if program == "inputs" else units(sum(metadata), row)

    def size(self, visit: Visit, program: str) -> tuple[int, int]:
        """(Data, metadata) bytes of a visit's piece that a read program reads."""
        row, word = 8 * self.parts.glb.row.value, 8 * self.parts.glb.metadata_word.value
        if program == "weights":
            bits = [self.oracle.weight_bits(visit.m, span) for span in visit.windows]
            return sum(units(d, row) for d, _ in bits) * row // 8, sum(
                units(m, word) for _, m in bits
            ) * word // 8
        data, metadata = self.oracle.input_steps(visit)
        if program == "inputs":
            return units(max(1, sum(data)), row) * row // 8, 0
        return 0, units(sum(metadata), word) * word // 8


@cache
def replayed(name: str, seed: int) -> Replay:
    """A case, run once for all tests."""
    return Replay(name, seed)


def most(spans: list[tuple[int, int, int]]) -> int:
    """Largest sum of sizes alive at once; a span (first, last, size) lives in both its cycles."""
    changes = sorted(
        [(first, size) for first, _, size in spans] + [(last + 1, -size) for _, last, size in spans]
    )
    total = largest = 0
    for _, change in changes:
        total += change
        largest = max(largest, total)
    return largest


def until(spans: list[Span], ends: list[int]) -> Iterator[list[Span]]:
    """Spans of items in groups, each up to an item with a mark."""
    group: list[Span] = []
    for span, end in zip(spans, ends, strict=True):
        group.append(span)
        if end:
            yield group
            group = []
    assert group == []


@ALL
def test_pieces_are_there_when_read_and_never_too_many(name: str, seed: int) -> None:
    replay = replayed(name, seed)
    data: list[tuple[int, int, int]] = []
    metadata: list[tuple[int, int, int]] = []
    programs = [
        "weights",
        "inputs",
        *(["inputs_metadata"] if replay.found.context.operands.compressed else []),
    ]
    for program in programs:
        tensor = "weights" if program == "weights" else "inputs"
        filled = list(
            until(replay.spans["glb.write", tensor], replay.port("glb.write", tensor, f"{program}.ready"))
        )
        asked = iter(replay.spans["dram", tensor])
        requests = [list(islice(asked, len(bursts))) for bursts in filled]
        assert next(asked, None) is None
        returned = replay.port("glb.read", program, f"{program}.space")
        ended = [span[1] for span, n in zip(replay.spans["glb.read", program], returned, strict=True) if n]
        fetched = [visit for visit in replay.visits if visit.fetched[tensor]]
        assert len(fetched) == len(filled) == len(ended)
        for first, visit, last in zip(requests, fetched, ended, strict=True):
            sizes = replay.size(visit, program)
            data.append((first[0][0], last, sizes[0]))
            metadata.append((first[0][0], last, sizes[1]))
        _read_in_time(replay, program, tensor, [bursts[-1][1] for bursts in filled], ended)
    glb = replay.parts.glb
    assert 0 < most(data) <= glb.data_capacity.value
    assert most(metadata) <= glb.metadata_capacity.value


def _read_in_time(replay: Replay, program: str, tensor: str, filled: list[int], ended: list[int]) -> None:
    reads, piece = iter(replay.spans["glb.read", program]), -1
    which: dict[tuple[int, int, int], int] = {}
    for visit in replay.visits:
        if visit.fetched[tensor]:
            piece += 1
            which[visit.pieces[tensor]] = piece
        used = which[visit.pieces[tensor]]
        here = list(islice(reads, replay.reads(visit, program)))
        assert filled[used] < here[0][0]
        assert here[-1][1] <= ended[used]
    assert next(reads, None) is None


@ALL
def test_weights_are_loaded_before_they_are_used_into_free_registers(name: str, seed: int) -> None:
    replay = replayed(name, seed)
    loads = list(until(replay.spans["refill", "weights"], replay.port("refill", "weights", "array.weights")))
    steps = iter(replay.spans["array", "steps"])
    alive = []
    loaded = iter(loads)
    for visit, count in zip(replay.visits, replay.steps, strict=True):
        for _ in visit.windows:
            load, used = next(loaded), list(islice(steps, count))
            assert load[-1][1] < used[0][0]
            alive.append((load[0][0], used[-1][1], 1))
    assert next(steps, None) is next(loaded, None) is None
    assert most(alive) <= replay.parts.array.operand_buffers.value
    for before, after in pairwise(alive):
        assert before[1] < after[1]


@ALL
def test_sums_have_an_accumulator_from_their_first_step_to_the_drain(name: str, seed: int) -> None:
    replay = replayed(name, seed)
    steps, drains = iter(replay.spans["array", "steps"]), iter(replay.spans["drain", "outputs"])
    alive, first = [], []
    for visit, count in zip(replay.visits, replay.steps, strict=True):
        passes = [list(islice(steps, count)) for _ in visit.windows]
        if visit.begin:
            first = passes[0]
        if visit.end:
            for begun, final, drained in zip(first, passes[-1], islice(drains, count), strict=True):
                assert final[1] + replay.parts.array.latency.value <= drained[0]
                alive.append((begun[0], drained[1], 1))
    assert next(steps, None) is next(drains, None) is None
    assert most(alive) <= replay.parts.array.columns.value
