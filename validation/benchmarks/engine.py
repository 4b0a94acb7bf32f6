"""How many cycles a second an engine simulates, on a weight-stationary layer told as a plain network.

The layer is a product of 1024 x 1024 by 1024 x 1024 on 1024 multipliers with a quarter of the weights kept: 64 output tiles of 32
passes of 128 steps, 262,144 steps in all. A pass needs 23 rows of weights and 64 rows of inputs of 64 bytes from a buffer
whose read port serves 42 or 64 bytes a cycle. Timed is the engine alone, plan in and outcome out, warm, in CPU
time; nothing is asserted. ``python -m validation.benchmarks.engine --reference`` times the other engine once, too.
``varying`` is the layer with an own order of rows in every pass; ``steady port`` a port that three streams of equal
items share.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from statistics import median

import numpy as np

from simulator.plan import Channel, Chunk, Component, Plan, Program, RunWriter
from simulator.plan.network import SPACE, STATIONARY
from simulator.record.outcome import Outcome
from simulator.registry import resolve

TILES, PASSES, STEPS, REUSE = 64, 32, 128, 8
ROW, WEIGHT_ROWS, INPUT_ROWS, BURST = 64, 23, 64, 64
OUTPUT_BURSTS = 2

CHANNELS = (
    Channel("space.weights", 2, initial=2, meaning=SPACE),
    Channel("space.inputs", 2, initial=2, meaning=SPACE),
    Channel("fill.weights", 128, latency=100),
    Channel("fill.inputs", 128, latency=100),
    Channel("tile.weights", 2),
    Channel("tile.inputs", 2),
    Channel("space.registers", 2, initial=2, meaning=SPACE),
    Channel("registers", 2, meaning=STATIONARY),
    Channel("rows", 4),
    Channel("windows", 2),
    Channel("distributed", 2),
    Channel("selected", 2),
    Channel("columns", 4),
    Channel("drained", 4),
    Channel("compressed", 256),
)
NAMES = {channel.name: index for index, channel in enumerate(CHANNELS)}

Item = tuple[int, int, tuple[int, ...], tuple[int, ...], tuple[int, ...]]
"""How many, demand, takes, releases, puts."""


def program(name: str, inputs: str, outputs: str, tiles: int, items: Callable[[int], list[Item]]) -> Program:
    """A program whose tile `t` has the runs `items(t)`; a chunk per tile."""
    ins, outs = (tuple(NAMES[n] for n in text.split()) for text in (inputs, outputs))

    def chunks() -> Iterator[Chunk]:
        for tile in range(tiles):
            writer = RunWriter(len(ins), len(outs), 1)
            for count, demand, takes, releases, puts in items(tile):
                writer.add(count, demand, takes=takes, releases=releases, puts=puts, actions=[demand])
            yield writer.chunk()

    return Program(name, ins, outs, (name,), chunks)


def loads(kind: str, bursts: int, tiles: int) -> tuple[Program, Program]:
    """From memory into one half of a double buffer: the reads, and the writes that announce the tile."""
    read = program(
        kind, f"space.{kind}", f"fill.{kind}", tiles,
        lambda _: [(1, BURST, (1,), (1,), (1,)), (bursts - 1, BURST, (0,), (0,), (1,))],
    )  # fmt: skip
    write = program(
        kind, f"fill.{kind}", f"tile.{kind}", tiles,
        lambda _: [(bursts - 1, 1, (1,), (1,), (0,)), (1, 1, (1,), (1,), (1,))],
    )  # fmt: skip
    return read, write


def weight_reads() -> Program:
    """Rows into the weight registers, a pass at a time."""

    def items(_: int) -> list[Item]:
        runs: list[Item] = []
        for p in range(PASSES):
            first, last = int(p == 0), int(p == PASSES - 1)
            runs.append((1, ROW, (first, 1), (0, 1), (0, 0)))
            runs.append((WEIGHT_ROWS - 2, ROW, (0, 0), (0, 0), (0, 0)))
            runs.append((1, ROW, (0, 0), (last, 0), (last, 1)))
        return runs

    return program("weights", "tile.weights space.registers", "space.weights registers", TILES, items)


def input_reads() -> Program:
    """Rows of inputs; a tile of inputs is read REUSE times before it goes."""

    def items(tile: int) -> list[Item]:
        first, last = int(tile % REUSE == 0), int(tile % REUSE == REUSE - 1)
        return [
            (1, ROW, (first,), (0,), (1, 0)),
            (PASSES * INPUT_ROWS - 2, ROW, (0,), (0,), (1, 0)),
            (1, ROW, (0,), (last,), (1, last)),
        ]

    return program("inputs", "tile.inputs", "rows space.inputs", TILES, items)


def steps() -> Program:
    """The array: weights are held for a pass, the last pass of a tile gives a column a step."""

    def items(_: int) -> list[Item]:
        runs: list[Item] = []
        for p in range(PASSES):
            column = int(p == PASSES - 1)
            runs.append((1, 1, (1, 1), (0, 1), (column, 0)))
            runs.append((STEPS - 2, 1, (0, 1), (0, 1), (column, 0)))
            runs.append((1, 1, (0, 1), (1, 1), (column, 1)))
        return runs

    return program("steps", "registers selected", "columns space.registers", TILES, items)


def passes_on(name: str, source: str, target: str, count: int) -> Program:
    """`count` items a tile that take one token and put one."""
    return program(name, source, target, TILES, lambda _: [(count, 1, (1,), (1,), (1,))])


def fetches(varying: bool) -> Program:
    """Windows out of rows, two to a row; `varying` with an own order of rows in every pass."""
    rng = np.random.default_rng(1)

    def chunks() -> Iterator[Chunk]:
        for _ in range(TILES):
            writer = RunWriter(1, 1, 1)
            if varying:
                takes = np.arange(PASSES * STEPS, dtype=np.int32).reshape(PASSES, STEPS) % 2
                writer.add(PASSES * STEPS, 1, takes=[rng.permuted(takes, axis=1)], puts=[1], actions=[1])
            else:
                writer.add(PASSES * STEPS, 1, takes=[[1, 0]], releases=[[0, 1]], puts=[1], actions=[1])
            yield writer.chunk()

    return Program("fetch", (NAMES["rows"],), (NAMES["windows"],), ("fetch",), chunks)


def layer(bandwidth: int, varying: bool = False) -> Plan:
    """The network, with a buffer that reads `bandwidth` bytes a cycle."""
    weights = loads("weights", PASSES * WEIGHT_ROWS * ROW // BURST, TILES)
    inputs = loads("inputs", PASSES * INPUT_ROWS * ROW // BURST, TILES // REUSE)
    outputs = program(
        "outputs", "compressed", "", TILES,
        lambda _: STEPS * [(1, BURST, (1,), (0,), ()), (OUTPUT_BURSTS - 1, BURST, (0,), (1,), ())],
    )  # fmt: skip
    shared = "round_robin"

    def server(name: str, *programs: Program) -> Component:
        return Component(name, name, "server", 1, (1, 1), None, programs)

    return Plan(
        (
            Component("dram", "dram", "dram", 1, (32, 1), shared, (weights[0], inputs[0], outputs)),
            Component("glb.write", "glb", "memory", 1, (1, 1), shared, (weights[1], inputs[1])),
            Component(
                "glb.read", "glb", "memory", 1, (bandwidth, 1), shared, (weight_reads(), input_reads())
            ),
            server("fetch", fetches(varying)),
            server("distribute", passes_on("distribute", "windows", "distributed", PASSES * STEPS)),
            server("select", passes_on("select", "distributed", "selected", PASSES * STEPS)),
            server("array", steps()),
            server("drain", passes_on("drain", "columns", "drained", STEPS)),
            server("compress", passes_on("compress", "drained", "compressed", STEPS)),
        ),
        CHANNELS,
    )


def steady(items: int) -> Plan:
    """Three programs of equal items on one port, fed into nothing."""

    def chunks() -> Iterator[Chunk]:
        writer = RunWriter(0, 0, 0)
        writer.add(items, ROW)
        yield writer.chunk()

    programs = tuple(Program(f"p{i}", (), (), (), chunks) for i in range(3))
    return Plan((Component("port", "port", "memory", 1, (42, 1), "round_robin", programs),), ())


def timed(call: Callable[[], Outcome], repeats: int) -> tuple[Outcome, float]:
    """The outcome, and the median CPU time of a call in seconds."""
    result, times = call(), []
    for _ in range(repeats):
        begin = time.process_time()
        result = call()
        times.append(time.process_time() - begin)
    return result, median(times)


def recorded(plan: Plan) -> Plan:
    """The same plan with its chunks made beforehand, so that only the engine is timed."""
    parts = []
    for part in plan.components:
        programs = []
        for p in part.programs:
            chunks = list(p.chunks())
            programs.append(Program(p.name, p.inputs, p.outputs, p.actions, lambda kept=chunks: iter(kept)))
        parts.append(
            Component(part.name, part.group, part.kind, part.lanes, part.rate, part.arbiter, tuple(programs))
        )
    return Plan(tuple(parts), plan.channels)


def main(arguments: list[str]) -> None:
    """Print the table."""
    fast, reference = resolve("engine", "fast"), resolve("engine", "reference")
    print(f"{'layer':22} {'engine':10} {'cycles':>9} {'ms':>9} {'M cycles/s':>11}")
    plans = {
        "42 B/cycle": recorded(layer(42)),
        "64 B/cycle": recorded(layer(64)),
        "42 B/cycle, varying": recorded(layer(42, varying=True)),
        "steady port": recorded(steady(100_000)),
    }
    for name, plan in plans.items():
        calls: list[tuple[str, Callable[[], Outcome], int]] = [
            ("fast", lambda p=plan: fast(p), 9),
            ("walking", lambda p=plan: fast(p, leap=False), 9),
        ]
        for engine, call, repeats in calls:
            result, seconds = timed(call, repeats)
            print(
                f"{name:22} {engine:10} {result.cycles:9} {seconds * 1e3:9.2f} {result.cycles / seconds / 1e6:11.2f}"
            )
        if "--reference" in arguments:
            begin = time.process_time()
            told = reference(plan)
            seconds = time.process_time() - begin
            same = "same outcome" if told.digest == result.digest else "DIFFERENT outcome"
            rate = told.cycles / seconds / 1e6
            print(f"{name:22} {'reference':10} {told.cycles:9} {seconds * 1e3:9.0f} {rate:11.3f}  {same}")


if __name__ == "__main__":
    main(sys.argv[1:])
