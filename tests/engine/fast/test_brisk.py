"""Where no item of a port needs more than a cycle of it, what its items demand makes no difference in time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from networks import program, run_of, server

from simulator.engine.fast import layout as at
from simulator.engine.fast import loading, run
from simulator.engine.fast.loading import loaders_of
from simulator.engine.fast.memory import Memory
from simulator.engine.fast.schedule import Schedule
from simulator.engine.reference import run as reference
from simulator.plan import Channel, Component, Plan, Program

Rng = np.random.Generator


def several(name: str, *parts: Program) -> Program:
    """A program of the chunks of several."""
    return replace(parts[0], name=name, chunks=lambda: (chunk for part in parts for chunk in part.chunks()))


def demands(rng: Rng, count: int, most: int) -> Any:
    """What so many items demand, each its own or all alike."""
    return rng.integers(0, most + 1, count) if rng.random() < 0.7 else int(rng.integers(0, most + 1))


def told(rng: Rng, items: int, most: int, **fields: Any) -> list[dict[str, Any]]:
    """Items in a few runs."""
    found = []
    while items > 0:
        count = min(items, int(rng.choice([1, 3, 20, 60])))
        found.append(run_of(count, demands(rng, count, most), **fields))
        items -= count
    return found


def plan(seed: int) -> Plan:
    """Programs on one port, or each on its own, of which now and then one has an item that takes longer, the last perhaps."""
    rng = np.random.default_rng(seed)
    p, q = int(rng.choice([1, 4, 9, 9, 64])), int(rng.choice([1, 1, 2, 7]))
    channels, programs, others = [], [], []
    for number in range(int(rng.choice([1, 2, 3]))):
        items = int(rng.integers(1, 120))
        feeds, drains = len(channels), len(channels) + 1
        channels += [
            Channel(f"c{index}", int(rng.choice([1, 2, 9])), *(int(x) for x in rng.choice([1, 1, 2, 5], 2)))
            for index in (feeds, drains)
        ]
        pace = [int(x) for x in rng.choice([1, 1, 2, 3], 2)]
        moves = {"takes": [1], "puts": [1]}
        runs = told(rng, items, p // q, **moves)
        parts = [program("part", *runs, inputs=[feeds], outputs=[drains])]
        if rng.random() < 0.4:
            slow = told(rng, int(rng.integers(1, 9)), 4 * p, **moves)
            parts.insert(int(rng.integers(0, 2)), program("part", *slow, inputs=[feeds], outputs=[drains]))
        total = sum(len(list(chunk.items())) for part in parts for chunk in part.chunks())
        programs.append(several(f"p{number}", *parts))
        others.append(server(f"f{number}", program("f", run_of(total, pace[0], puts=[1]), outputs=[feeds])))
        others.append(server(f"d{number}", program("d", run_of(total, pace[1], takes=[1]), inputs=[drains])))
    arbiter = str(rng.choice(["round_robin", "priority", ""])) or None
    return Plan((server("port", *programs, rate=(p, q), arbiter=arbiter), *others), tuple(channels))


@pytest.mark.parametrize("chunks", ["together", "one by one"])
@pytest.mark.seeded(share=1, least=30, size=30)
def test_ports_are_as_the_reference_serves_them(
    seeds: range, chunks: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if chunks == "one by one":
        monkeypatch.setattr(loading, "ENOUGH", 1)
    for seed in seeds:
        assert run(plan(seed)) == reference(plan(seed)), f"seed {seed}"


def ticks(parts: Sequence[Program], arbiter: str | None = "round_robin") -> list[int]:
    """Ticks of the port of some programs, once they are loaded; 0 when it is unlimited."""
    memory = Memory(Plan((server("port", *parts, rate=(9, 2), arbiter=arbiter),), ()))
    schedule = Schedule(memory, loaders_of(memory))
    schedule.run(None)
    return [int(row[at.TICKS]) for row in memory.program_rows()]


@pytest.mark.parametrize("arbiter", ["round_robin", None])
def test_a_port_is_unlimited_when_no_item_needs_more_than_a_cycle(
    arbiter: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    fits, varied = program("a", run_of(5, 4)), program("b", run_of(4, np.array([1, 4, 0, 3])))
    longer, never = program("c", run_of(5, 4), run_of(1, 5)), program("d", run_of(4, np.array([1, 4, 5, 3])))
    assert ticks([fits, varied, program("none")], arbiter) == [0, 0, 0]
    assert ticks([fits, longer], arbiter) == [18, 18]
    assert ticks([never, varied], arbiter) == [18, 18]
    assert ticks([several("e", fits, longer), varied], arbiter) == [18, 18]
    assert ticks([several("e", fits, varied), varied], arbiter) == [0, 0]
    monkeypatch.setattr(loading, "ENOUGH", 1)
    assert ticks([several("e", fits, longer), varied], arbiter) == [18, 18]
    assert ticks([several("e", fits, varied), varied], arbiter) == [18, 18]  # what follows is not known


def test_a_demand_that_makes_no_difference_keeps_nothing_from_being_leapt_over() -> None:
    rng = np.random.default_rng(5)
    items = 20_000
    parts: list[Component] = []
    for number in range(2):
        sizes = rng.choice([64, 128], items, p=[0.99, 0.01])
        feeding = program(f"p{number}", run_of(items, sizes, puts=[1]), outputs=[number])
        parts.append(server(f"t{number}", program("t", run_of(items, takes=[1]), inputs=[number])))
        parts.append(server(f"f{number}", feeding))
    shared = server("port", *(part.programs[0] for part in parts[1::2]), rate=(512, 1), arbiter="round_robin")
    memory = Memory(Plan((shared, *parts[::2]), (Channel("a", 4), Channel("b", 4))))
    schedule = Schedule(memory, loaders_of(memory))
    schedule.run(None)
    assert schedule.cycles > 2 * items
    assert int(memory.words[at.LEAPT]) > 1.5 * items
