"""What a port grants ahead of all else, and what follows behind it meanwhile, is what the order of time says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from networks import program, run_of, server

from simulator.engine.fast import layout as at
from simulator.engine.fast import run
from simulator.engine.reference import run as reference
from simulator.plan import Channel, Component, Plan, Program

Rng = np.random.Generator


class Followed:
    """A port whose programs feed chains: stages that take a token every so often, from one input or two, and pass theirs on."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.channels: list[Channel] = []
        self.parts: list[Component] = []
        programs = [self.feed(f"p{number}") for number in range(self.pick(1, 2, 2, 3))]
        rate = self.pick(1, 3, 9, 64), self.pick(1, 1, 2, 7)
        arbiter = ("round_robin", "priority")[self.pick(0, 1)]
        port = server("port", *programs, rate=rate, arbiter=arbiter)
        self.plan = Plan((port, *self.parts), tuple(self.channels))

    def pick(self, *choices: int) -> int:
        return int(self.rng.choice(choices))

    def channel(self, least: int = 1) -> int:
        pick = self.pick
        capacity = max(least, pick(1, 2, 4, 4, 30))
        self.channels.append(Channel(f"c{len(self.channels)}", capacity, pick(1, 1, 2, 5), pick(1, 1, 3)))
        return len(self.channels) - 1

    def runs(self, items: int, **fields: Any) -> list[dict[str, Any]]:
        """Runs of items alike or not, of a cycle or more."""
        found = []
        while items > 0:
            count = min(items, self.pick(1, 2, 30, 30, 100))
            demand = self.pick(1, 1, 1, 2, 5) if self.pick(0, 1) else self.rng.integers(1, 4, count)
            found.append(run_of(count, demand, **fields))
            items -= count
        return found

    def feed(self, name: str) -> Program:
        """A program of the port that puts a token with every item, but perhaps the first and the last of each stretch."""
        stretches, each = self.pick(1, 2, 5), self.pick(1, 20, 60)
        put = self.channel()
        body = self.runs(each, puts=[1])
        ends = [run_of(1, self.pick(1, 64), puts=[0])] * self.pick(0, 1)
        self.stage(put, stretches * each, self.pick(1, 2, 3, 4))
        return program(name, *([*ends, *body, *ends] * stretches), outputs=[put])

    def stage(self, source: int, tokens: int, depth: int) -> None:
        """Who takes these tokens: each starts several items, the first of which takes it and one of which gives it back."""
        each, pick = self.pick(1, 1, 2, 4), self.pick
        takes, gives = np.zeros((2, each), dtype=np.int64)
        takes[pick(0, -1)] = gives[-1] = 1
        inputs, moves = [source], {"takes": [takes], "releases": [gives]}
        if pick(0, 0, 1):  # two inputs, taken from together
            inputs.append(self.channel())
            puts = self.runs(tokens, puts=[1])
            self.parts.append(server(f"o{source}", program("o", *puts, outputs=inputs[1:])))
            moves = {"takes": [takes, takes], "releases": [gives, gives]}
        outputs: list[int] = []
        if depth > 1:
            outputs.append(self.channel())
            self.stage(outputs[0], each * tokens, depth - 1)
        told, left = [], tokens
        while left > 0:
            count = min(left, pick(1, 3, 40, 40))
            told.append(run_of(each * count, pick(1, 1, 1, 2), **moves, puts=[1] * len(outputs)))
            left -= count
        part = program("s", *told, inputs=inputs, outputs=outputs)
        self.parts.append(server(f"s{source}", part, rate=(self.pick(1, 1, 2, 9), self.pick(1, 1, 2))))


@pytest.mark.seeded(share=2, least=60, size=30)
def test_chains_behind_a_port_are_as_the_reference_walks_them(seeds: range) -> None:
    for seed in seeds:
        plan = Followed(seed).plan
        assert run(plan) == reference(plan), f"seed {seed}"


@pytest.mark.seeded(share=10, least=100, size=100)
def test_leaping_over_chains_says_what_walking_says(seeds: range) -> None:
    for seed in seeds:
        plan = Followed(seed).plan
        assert run(plan).digest == run(plan, leap=False).digest, f"seed {seed}"


@pytest.mark.nojit
def test_a_chain_behind_a_port_goes_on_while_there_is_no_room_for_more() -> None:
    """Rows come faster than the four of windows that each begins; behind them everybody keeps up."""
    rows = program("rows", run_of(50, 32, puts=[1]), outputs=[0])
    takes, gives = [1, 0, 0, 0], [0, 0, 0, 1]
    fetch = run_of(200, takes=[takes], releases=[gives], puts=[1])
    plan = Plan(
        (
            server("port", rows, rate=(32, 1), arbiter="round_robin"),
            server("fetch", program("fetch", fetch, inputs=[0], outputs=[1])),
            server("use", program("use", run_of(200, takes=[1]), inputs=[1])),
        ),
        (Channel("rows", 4, 2), Channel("windows", 2)),
    )
    found = run(plan)
    assert found == reference(plan)
    assert found.cycles == 2 + 200 + 1  # a row's latency, a window a cycle, the last one's use
    assert at.HORIZON > 50  # so one burst may be all of it
