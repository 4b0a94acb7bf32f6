"""Whole networks: ResNet-50, a block of LLaMA-7B from a file of packed masks, and all 32 of them."""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

import simulator
from simulator.hardware import load
from simulator.lowering import lower
from simulator.registry import resolve
from simulator.workload import recipes
from simulator.workload.model import Trace
from validation.benchmarks.speed.commands import measured
from validation.benchmarks.speed.products import HSS, product, told_all
from validation.benchmarks.speed.rows import Row, medians

T = TypeVar("T")
RESNET = "resnet50_shapes"
LLAMA, BLOCKS = "llama_7b_block", 32


def resnet() -> Iterator[Row]:
    """All layers, engine and lowering; then the whole command."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "resnet50.h5"
        trace = recipes.make(RESNET, path)
        yield from spans("highlight", trace, 0.25)
        yield from spans("sigma", trace, 0.4)
        command = ["run", "highlight", str(path), "--out", str(Path(folder) / "out"), "--quiet"]
        spent = measured(command)
        note = f"{spent.wall:.1f} s of wall time; check sampled, baseline and picture included"
        yield Row("ResNet-50, highlight", "`sparsecycle run`, CPU", spent.cpu, "s", 3, note=note)
        yield Row("ResNet-50, highlight", "`sparsecycle run`, peak memory", spent.peak, "GiB", 1)


def spans(name: str, trace: Trace, goal: float) -> Iterator[Row]:
    """Sums over the layers."""
    machine, fast = load(name), resolve("engine", "fast")
    plans = [lower(machine, layer).plan for layer in trace.layers]
    cycles = sum(fast(plan).cycles for plan in plans)
    engine, lowering = medians(
        [lambda: [fast(plan) for plan in plans], lambda: told_all(machine, trace.layers)], 3
    )
    work = f"ResNet-50, {name}"
    note = f"{cycles:,} cycles; engine {engine:.3f} s, lowering {lowering:.3f} s"
    yield Row(work, "engine and lowering", engine + lowering, "s", goal, note=note)


def llama(seeds: Sequence[int] = (0,)) -> Iterator[Row]:
    """Blocks read from packed masks: engine, lowering, energy; no check. Drawn in a process, simulated in another."""
    seconds, cycles, peak = 0.0, 0, 0.0
    with tempfile.TemporaryDirectory() as folder:
        for seed in seeds:
            path = Path(folder) / "block.h5"
            apart(draw, str(path), seed)
            spent, ran, most = apart(block, str(path))
            seconds, cycles, peak = seconds + spent, cycles + ran, max(peak, most)
            sys.stderr.write(f"block {seed}: {seconds:.1f} s so far\n")
    one = len(seeds) == 1
    work = "LLaMA-7B block, 2048 tokens, highlight" if one else f"LLaMA-7B, {len(seeds)} blocks, highlight"
    what = "packed trace to Result, no check"
    yield Row(work, what, seconds, "s", 2 if one else None, note=f"{cycles:,} cycles")
    yield Row(work, "peak memory of its process", peak, "GiB", 2 if one else None)


def apart(call: Callable[..., T], *arguments: object) -> T:
    """Call something in a process of its own, whose memory is its own."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(call, *arguments).result()


def block(path: str) -> tuple[float, int, float]:
    """CPU seconds, cycles and peak GiB of a trace, after a small one that loads the kernels."""
    simulator.simulate("highlight", product(64, HSS, 1.0), verify=False)
    start = time.process_time()
    cycles = simulator.simulate("highlight", path, verify=False).cycles
    spent = time.process_time() - start
    return spent, cycles, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def blocks() -> Iterator[Row]:
    """All 32, each with masks of its own."""
    yield from llama(range(BLOCKS))


def draw(path: str, seed: int) -> None:
    """Make a block and save it."""
    recipes.make(LLAMA, path, {"seed": seed})
