"""How fast the stepped pieces are: ``python -m validation.benchmarks.stepped [--only PIECE...] [--runs N]``.

A component-cycle is one cycle of one component that a piece steps::

    accumulator   a bank of an accumulation buffer, or its port, in a cycle of an item: (banks + 1) x sum of the items' cycles
    crossbar      a bank, or a queue behind a multiplier, in a cycle of a block: (banks + multipliers) x sum of the blocks' cycles
    mesh          a link with its arbiter, idle or not, in a cycle of the run: links that any stream crosses x run length
    DRAM rows     a bank of a channel, open or closed, in a cycle of the run: channels x groups x banks x run length

The first two are kernels by themselves, called as lowering does; the others whole networks on the fast engine, interval log and all
counts included, plan in and outcome out, with nothing leapt over. Warm, one core, CPU time, medians. What happens in a cycle is
told beside it: an idle component costs less than one at work, so light loads have more component-cycles a second.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from rich.console import Console
from rich.table import Table

import simulator
from simulator.datapath import cartesian, outer_product
from simulator.hardware import load, override
from simulator.lowering import lower
from simulator.lowering.cartesian.context import landings
from simulator.lowering.cartesian.layer import CartesianLayer
from simulator.lowering.noc import Stream, Timing, alone
from simulator.plan import Access, Component, Plan, Program, RunWriter
from simulator.registry import resolve
from validation.claims.memory import state

GOAL = 20e6
"""Component-cycles a second."""
SIDE, FLITS, STREAMS = 8, 400, 4
LONGER = 5
"""Times the flits of loads that are also stepped for longer: what a network of thousands of programs costs once is less of it."""
BURSTS = 40_000


@dataclass(frozen=True)
class Row:
    """A piece under one load.

    Attributes
    ----------
    piece, load : str
    cycles, components : int
        Cycles stepped, and components in each.
    events : str
        What happened in them.
    seconds : float
        CPU seconds, a median.
    """

    piece: str
    load: str
    cycles: int
    components: int
    events: str
    seconds: float

    @property
    def rate(self) -> float:
        """Component-cycles a second."""
        return self.cycles * self.components / self.seconds


def median(call: Callable[[], object], runs: int) -> float:
    """Median CPU seconds of a call, after one that is not counted."""
    call()
    times = []
    for _ in range(runs):
        begin = time.process_time()
        call()
        times.append(time.process_time() - begin)
    return statistics.median(times)


def accumulator(runs: int) -> Iterator[Row]:
    """Items of a product of 512 x 512 x 512 on a unit of dstc, by density of both operands."""
    unit = outer_product.Unit(32, 32, 16, 8, 16, 8, 1, 16, 116, 16)
    for density in (0.1, 0.5, 1.0):
        rng = np.random.default_rng(1)
        a, b = (outer_product.pack(rng.random((512, 512)) < density, 32) for _ in range(2))
        found = outer_product.service(unit, a, b)
        seconds = median(lambda a=a, b=b: outer_product.service(unit, a, b), runs)
        cycles, steps = int(found.cycles.sum(dtype=np.int64)), int(found.steps.sum(dtype=np.int64))
        components = unit.bank_rows * unit.bank_columns + 1
        yield Row("accumulator", f"{density:.0%} dense", cycles, components, f"{steps:,} steps", seconds)


def crossbar(runs: int) -> Iterator[Row]:
    """Blocks of a convolution of 128 channels on 14 x 14, and of a product, on the elements of scnn."""
    rng = np.random.default_rng(1)
    weights, inputs = rng.random((128, 128, 3, 3)), rng.random((1, 128, 14, 14))
    layers = {
        "convolution, 25% / 50%": simulator.conv2d(weights < 0.25, inputs < 0.5, padding=1),
        "convolution, dense": simulator.conv2d(weights < 1, inputs < 1, padding=1),
        "product, 50% / 50%": simulator.gemm(rng.random((256, 512)) < 0.5, rng.random((512, 512)) < 0.5),
    }
    for name, layer in layers.items():
        lowered = lower(load("scnn"), layer)
        assert isinstance(lowered, CartesianLayer)
        own = lowered.context
        calls = [
            (own.element, held.weights, own.inputs(at, n), landings(own.shape, own.parts[at.part], n))
            for at in own.passes
            for held in own.filters[at.group]
            for n in own.work(at)
        ]
        found = [cartesian.service(*call) for call in calls]
        seconds = median(lambda c=calls: [cartesian.service(*call) for call in c], runs)
        cycles = sum(int(each.cycles.sum(dtype=np.int64)) for each in found)
        products = sum(int(each.products.sum(dtype=np.int64)) for each in found)
        components = own.element.banks + own.element.multipliers
        yield Row("crossbar", name, cycles, components, f"{products:,} products", seconds)


def _walked(piece: str, name: str, plan: Plan, components: int, runs: int) -> Row:
    """A network on the fast engine, nothing leapt over."""
    engine = resolve("engine", "fast")
    outcome = engine(plan, leap=False)
    moved = sum(p.grants[0] for c in outcome.components if c.group in ("noc", "dram") for p in c.programs)
    seconds = median(lambda: engine(plan, leap=False), runs)
    return Row(piece, name, outcome.cycles, components, f"{moved:,} grants", seconds)


def mesh(runs: int) -> Iterator[Row]:
    """8 x 8 nodes: random streams by flits per node and cycle offered, and a permutation as fast as it goes."""
    nodes = [divmod(node, SIDE) for node in range(SIDE * SIDE)]
    for load_, times in ((0.02, 1), (0.1, 1), (0.3, 1), (0.1, LONGER), (0.3, LONGER)):
        rng = np.random.default_rng(3)
        streams = []
        for source in nodes:
            for _ in range(STREAMS):
                to = nodes[int(rng.integers(len(nodes)))]
                streams.append(Stream(source, (to,), rng.geometric(load_ / STREAMS, times * FLITS)))
        longer = f", {times} times as long" if times > 1 else ""
        yield _mesh(f"{STREAMS} streams a node, {load_} flits{longer}", Timing(4, 1, 1), streams, runs)
    order = np.random.default_rng(3).permutation(len(nodes)).tolist()
    pairs = [Stream(node, (nodes[to],), (2000, 1)) for node, to in zip(nodes, order, strict=True)]
    yield _mesh("a permutation, saturated", Timing(8, 1, 2), pairs, runs)


def _mesh(name: str, timing: Timing, streams: list[Stream], runs: int) -> Row:
    plan = alone("mesh", SIDE, SIDE, timing, streams)
    links = sum(component.group == "noc" for component in plan.components)
    return _walked("mesh", name, plan, links, runs)


def dram(runs: int) -> Iterator[Row]:
    """Bursts of every memory that comes with the package: consecutive, at random, and written and read in turn."""
    for name in ("DDR4", "LPDDR4", "HBM2"):
        of = state(name)
        spread = np.random.default_rng(1).integers(0, 1 << 28, BURSTS) // of.burst * of.burst
        even = np.arange(BURSTS // 2) * of.burst
        loads: dict[str, list[tuple[bool, np.ndarray]]] = {
            "consecutive": [(False, np.arange(BURSTS) * of.burst)],
            "at random": [(False, spread)],
            "written and read": [(True, even), (False, even + (1 << 24))],
        }
        for load_, streams in loads.items():
            programs = tuple(_bursts(str(i), *each, of.burst) for i, each in enumerate(streams))
            plan = Plan((Component("dram", "dram", "dram", 1, of.rate, "round_robin", programs, of),), ())
            yield _walked("DRAM rows", f"{name}, {load_}", plan, of.channels * of.groups * of.banks, runs)


def _bursts(name: str, write: bool, places: np.ndarray, size: int) -> Program:
    writer = RunWriter(0, 0, 0)
    writer.add(len(places), size)
    chunk = writer.chunk()
    table = np.stack([np.ones_like(places), places, np.zeros_like(places)], axis=1).astype(np.int64)
    return Program(name, (), (), (), lambda: iter([chunk]), Access(write, lambda: iter([table])))


def machines(runs: int) -> Table:
    """Whole calls with stepped pieces in them, without the functional check."""
    table = Table(title="whole calls, functional check off")
    for heading in ("machine", "layer", "cycles", "engine, ms", "whole call, ms", "G dense MAC/s"):
        table.add_column(heading, justify="left" if heading in ("machine", "layer") else "right")
    rng = np.random.default_rng(1)
    product = simulator.gemm(*(rng.random((1024, 1024)) < 0.5 for _ in range(2)))
    layers = {
        "product of 1024, 50% / 50%": (product, 1024**3),
        "convolution of 128 x 3 x 3 on 28 x 28, 35% / 35%": (
            simulator.conv2d(
                rng.random((128, 128, 3, 3)) < 0.35, rng.random((1, 128, 28, 28)) < 0.35, padding=1
            ),
            128 * 128 * 9 * 28 * 28,
        ),
    }
    product_only, both = list(layers)[:1], list(layers)
    for machine, changes, wanted in (
        ("dstc", {}, product_only),
        ("scnn", {}, both),
        ("highlight", {"dram.timing": "DDR4"}, product_only),
    ):
        described, engine = override(load(machine), changes), resolve("engine", "fast")
        for name in wanted:
            layer, macs = layers[name]
            plan = lower(described, layer).plan
            cycles = engine(plan).cycles
            alone_ = median(lambda p=plan, e=engine: e(p), runs)
            whole = median(lambda d=described, x=layer: simulator.simulate(d, x, verify=False), runs)
            said = " ".join([machine, *(f"{key}={value}" for key, value in changes.items())])
            figures = (
                f"{cycles:,}",
                f"{alone_ * 1e3:.0f}",
                f"{whole * 1e3:.0f}",
                f"{macs / whole / 1e9:.3g}",
            )
            table.add_row(said, name, *figures)
    return table


PIECES = {"accumulator": accumulator, "crossbar": crossbar, "mesh": mesh, "dram": dram}


def main(arguments: list[str] | None = None) -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--only", nargs="+", choices=[*PIECES, "machines"], default=[*PIECES, "machines"])
    options.add_argument("--runs", type=int, default=5)
    chosen = options.parse_args(arguments)
    table = Table(title=f"stepped pieces; goal {GOAL / 1e6:.0f} M component-cycles/s")
    for heading in (
        "piece",
        "load",
        "cycles",
        "components",
        "in them",
        "ms",
        "M component-cycles/s",
        "/ goal",
    ):
        table.add_column(heading, justify="left" if heading in ("piece", "load") else "right")
    for name in PIECES:
        for row in PIECES[name](chosen.runs) if name in chosen.only else ():
            figures = (f"{row.cycles:,}", str(row.components), row.events, f"{row.seconds * 1e3:.1f}")
            table.add_row(row.piece, row.load, *figures, f"{row.rate / 1e6:.3g}", f"{row.rate / GOAL:.2g}")
    console = Console(width=150)
    if len(table.rows):
        console.print(table)
    if "machines" in chosen.only:
        console.print(machines(chosen.runs))


if __name__ == "__main__":
    main()
