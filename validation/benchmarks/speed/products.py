"""Products of 1024 x 1024 x 1024: structured machines, dual-sided machines, and what each part of a call costs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from copy import copy

import numpy as np

import simulator
from simulator import Layer, Machine
from simulator.datapath.verify import verify
from simulator.hardware import load, override
from simulator.lowering import lower
from simulator.plan import Plan
from simulator.plan.bound import bound, s0_totals
from simulator.record.outcome import Outcome
from simulator.registry import resolve
from simulator.sparsity.patterns import parse
from validation.benchmarks.speed.rows import Row, medians

SIZE = 1024
HSS = "C1(4:8)->C0(2:4)"
STRUCTURED = {
    "tc": "dense", "stc": "2:4", "stc_flexible": "2:8", "stc_dual": "2:8", "highlight": HSS, "vegeta": "1:4"
}  # fmt: skip
"""Machines, and what their weights follow; inputs are dense."""

APART = {"accumulation.bank_rows": "32", "accumulation.bandwidth": "128"}
"""DSTC with a bank for every row of a tile, and a port for all words of a step: no access waits for another."""

SMALL = 192
DUAL: dict[str, tuple[dict[str, str], int]] = {
    "dstc": (APART, SIZE), "s2ta": ({}, SIZE), "eyeriss_v2_pe": ({}, SMALL), "sigma": ({}, SIZE),
    "extensor": ({}, SIZE),
}  # fmt: skip
"""Machines, what is changed of them, and the size of the product: the one of one multiplier gets a smaller one."""


def structured() -> Iterator[Row]:
    """Plan in, outcome out; then lowering of the same."""
    for name, pattern in STRUCTURED.items():
        yield from spans(load(name), product(SIZE, pattern, 1.0), f"{name}, {pattern}, inputs dense", 300)
    yield from spans(load("highlight"), product(SIZE, HSS, 0.5), f"highlight, {HSS}, inputs 50%", None)


def dual() -> Iterator[Row]:
    """Weights and inputs half full, anywhere; S2TA's in blocks."""
    for name, (changes, size) in DUAL.items():
        machine = override(load(name), changes)
        inputs = "unstructured(1/2)"
        family = getattr(machine.datapath, "streamed", None)
        if family:
            inputs = halves(family)
        weights = "unstructured(1/2)" if not family else halves(machine.datapath.weights)
        work = f"{name}, {size}^3 at 50% / 50%{', no conflicts' if changes else ''}"
        yield from spans(machine, product(size, weights, inputs), work, 50)


def halves(family: str) -> str:
    """The pattern of a family that keeps half, or what is nearest."""
    return min(parse(family).choices(), key=lambda pattern: abs(pattern.density - 0.5)).text


def product(size: int, weights: str, inputs: float | str) -> Layer:
    """Masks: weights of a pattern, inputs of a density or a pattern."""
    a = parse(weights).generate((size, size), seed=1)
    if isinstance(inputs, str):
        b = parse(inputs).generate((size, size), axis=0, seed=2)
    else:
        b = np.random.default_rng(2).random((size, size), dtype=np.float32) < inputs
    return simulator.gemm(a, b)


def spans(machine: Machine, layer: Layer, work: str, goal: float | None) -> Iterator[Row]:
    """The engine and the lowering, called in turn."""
    plan, fast = lower(machine, layer).plan, resolve("engine", "fast")
    cycles, macs = fast(plan).cycles, layer.einsum.macs
    engine, lowering = medians([lambda: fast(plan), lambda: told(machine, layer)])
    note = f"{cycles:,} cycles, {engine * 1e3:.2f} ms"
    yield Row(work, "engine", macs / engine / 1e9, "G dense MAC/s", goal, True, note)
    yield Row(work, "lowering, every run told", lowering * 1e3, "ms")


def told(machine: Machine, layer: Layer) -> int:
    """Lower a layer on a machine of which nothing is known yet, and read every run; returns their number."""
    return told_all(machine, [layer])


def told_all(machine: Machine, layers: Iterable[Layer]) -> int:
    """Lower layers one after the other and read every run. What layers of one size share is told anew: the machine is a copy."""
    fresh, runs = copy(machine), 0
    for layer in layers:
        plan = lower(fresh, layer).plan
        runs += sum(c.told for part in plan.components for p in part.programs for c in p.chunks())
    return runs


def parts() -> Iterator[Row]:
    """What each part of one call costs on HighLight, beside one another in one run."""
    machine, layer = load("highlight"), product(SIZE, HSS, 1.0)
    lowered, fast = lower(machine, layer), resolve("engine", "fast")
    outcome, view = fast(lowered.plan), lowered.view
    result = simulator.simulate(machine, layer, verify=False)
    calls: dict[str, Callable[[], object]] = {
        "engine": lambda: fast(lowered.plan),
        "lowering, every run told": lambda: told(machine, layer),
        "energy": lambda: [machine.table.energy_pj(part.actions) for part in outcome.components],
        "bound of each component group": lambda: totals(lowered.plan, outcome),
        "functional check, sampled": lambda: verify(view.integers(0), lowered.computed, False, 0),
        "whole call without the check": lambda: simulator.simulate(machine, layer, verify=False),
        "digest of the Result": lambda: result.digest,
    }
    for (what, _), seconds in zip(calls.items(), medians(list(calls.values()), 3), strict=True):
        yield Row(f"highlight, {HSS}, parts of a call", what, seconds * 1e3, "ms")


def totals(plan: Plan, outcome: Outcome) -> str:
    """What bounds a run, as a Result says it."""
    return bound(plan, s0_totals(plan, outcome))


def reference() -> Iterator[Row]:
    """The readable engine on an eighth of the size each way."""
    plan = lower(load("highlight"), product(128, HSS, 1.0)).plan
    run, fast = resolve("engine", "reference"), resolve("engine", "fast")
    cycles = fast(plan).cycles
    slow, quick = medians([lambda: run(plan), lambda: fast(plan)], 1)
    note = f"the fast engine is {slow / quick:,.0f} times faster on the same plan"
    yield Row(f"highlight, {HSS}, 128^3", "reference engine", cycles / slow / 1e3, "k cycles/s", note=note)


def long() -> Iterator[Row]:
    """A layer of very many cycles, as part of a thousand million."""
    size = (8192, 4096, 4096)
    layer = simulator.gemm(np.ones(size[:2], dtype=bool), np.ones(size[1:], dtype=bool))
    machine, fast = load("tc"), resolve("engine", "fast")
    plan = lower(machine, layer).plan
    (seconds,) = medians([lambda: fast(plan)], 1)
    cycles = fast(plan).cycles
    note = f"scaled up from {cycles:,} cycles in {seconds:.2f} s"
    yield Row(
        "tc, dense, 10^9 cycles", "engine, plan told on the way", seconds * 1e9 / cycles, "s", 60, note=note
    )
