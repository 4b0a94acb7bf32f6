"""Items of a chain that follow one another without a gap, worked out at once, are those walked one by one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from networks import program, run_of, server

from simulator.engine.fast import run
from simulator.engine.reference import run as reference
from simulator.plan import Channel, Component, Plan

Rng = np.random.Generator


def pieces(rng: Rng, total: int, rate: int = 1, **fields: Any) -> list[dict[str, Any]]:
    """Items in runs of any length, of any size up to a cycle's, now and then one that takes longer."""
    found = []
    while total > 0:
        count, demand = min(total, int(rng.choice([1, 2, 7, 40]))), int(rng.integers(rate > 1, rate + 1))
        if rng.random() < 0.15:
            count, demand = 1, int(rng.integers(1, 6 * rate))
        found.append(run_of(count, demand, **fields))
        total -= count
    return found


def spread(rng: Rng, tokens: int, each: int, rate: int, outputs: int) -> list[dict[str, Any]]:
    """Items that take a token every so often, the first or the last of each, and give it back then or later."""
    takes, gives = np.zeros((2, each), dtype=np.int64)
    takes[int(rng.integers(0, 2)) - 1] = gives[-1] = 1
    found = []
    while tokens > 0:
        count, demand = min(tokens, int(rng.choice([1, 2, 7, 40]))), int(rng.integers(1, rate + 1))
        tokens -= count
        moves = {"takes": [takes], "releases": [gives], "puts": [1] * outputs}
        found.append(run_of(each * count, demand, **moves))
    return found


def chain(seed: int, fed: bool, drained: bool) -> Plan:
    """Stages in a line; the first is fed by what comes in lots, what the last puts is taken in lots."""
    rng = np.random.default_rng(seed)
    depth, lot, lots = int(rng.integers(2, 6)), int(rng.integers(1, 9)), int(rng.integers(1, 12))
    rooms = rng.choice([1, 2, 3, 9], depth + 1)
    rooms[[0, -1]] = np.maximum(rooms[[0, -1]], lot)
    channels = [
        Channel(f"c{i}", int(room), *(int(x) for x in rng.choice([1, 1, 2, 4], 2)))
        for i, room in enumerate(rooms)
    ]
    if rng.random() < 0.3:
        channels[-1] = Channel("heap", None, 2)
    parts: list[Component] = []
    if fed:
        pace = int(rng.integers(1, 2 * lot + 1))
        parts.append(server("feed", program("feed", run_of(lots, pace, puts=[lot]), outputs=[0])))
    each = int(rng.choice([1, 1, 2, 4])) if fed else 1  # items of the first stage for every token it takes
    for stage in range(depth):
        inputs, outputs = [stage] if fed or stage else [], [stage + 1] if drained or stage + 1 < depth else []
        rate = int(rng.choice([1, 1, 4, 9]))
        if stage == 0 and each > 1:
            told = spread(rng, lot * lots, each, rate, len(outputs))
        else:
            told = pieces(rng, each * lot * lots, rate, takes=[1] * len(inputs), puts=[1] * len(outputs))
        part = program("p", *told, inputs=inputs, outputs=outputs)
        parts.append(server(f"s{stage}", part, rate=(rate, 1)))
    if drained:
        lots *= each
        pace = int(rng.integers(1, 2 * lot + 1))
        parts.append(server("drain", program("drain", run_of(lots, pace, takes=[lot]), inputs=[depth])))
    used = {c for part in parts for p in part.programs for c in (*p.inputs, *p.outputs)}
    order = [int(i) for i in rng.permutation(len(parts))]
    names = sorted(used)
    return Plan(tuple(_on(parts[i], names) for i in order), tuple(channels[c] for c in names))


def _on(part: Component, names: list[int]) -> Component:
    """A component on the channels that are used."""
    ports = [
        replace(
            p,
            inputs=tuple(names.index(c) for c in p.inputs),
            outputs=tuple(names.index(c) for c in p.outputs),
        )
        for p in part.programs
    ]
    return replace(part, programs=tuple(ports))


@pytest.mark.parametrize("fed", [False, True])
@pytest.mark.parametrize("drained", [False, True])
@pytest.mark.parametrize("seed", range(40))
def test_chains_are_as_the_reference_walks_them(seed: int, fed: bool, drained: bool) -> None:
    plan = chain(seed, fed, drained)
    assert run(plan) == reference(plan)


def test_a_chain_starts_where_its_tokens_are_and_waits_where_they_are_not() -> None:
    """Five lots of 4 tokens every 4 cycles keep two stages busy; every 5 cycles they wait for one."""
    for pace, waits in ((4, 0), (5, 4)):
        feed = server("feed", program("feed", run_of(5, pace, puts=[4]), outputs=[0]))
        first = server("first", program("p", run_of(20, takes=[1], puts=[1]), inputs=[0], outputs=[1]))
        last = server("last", program("p", run_of(20, takes=[1]), inputs=[1]))
        plan = Plan((feed, first, last), (Channel("lots", 8), Channel("each", 2)))
        found = run(plan)
        assert found == reference(plan)
        assert found.cycles == pace + 20 + 1 + waits
