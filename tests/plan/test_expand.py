"""A stretch of items is the same as walking to it, whatever the runs, blocks and chunks."""

from __future__ import annotations

import numpy as np
from networks import Seeded, network, recoded

from simulator.plan.expand import stretch
from simulator.plan.network import Program
from simulator.plan.runs import PORTS


def assert_same(program: Program, first: int, count: int) -> None:
    items = [item for chunk in program.chunks() for item in chunk.items()]
    inputs, outputs = len(program.inputs), len(program.outputs)
    begin = PORTS - 2  # fields of an item begin with its demand
    told = stretch(program, first, count)
    kept = np.array(items[first : first + count], dtype=np.int64).reshape(
        count, -1 if count else begin + 2 * inputs + outputs + len(program.actions)
    )
    assert told.demand.tolist() == kept[:, 0].tolist()
    assert told.work.tolist() == kept[:, 1].tolist()
    assert told.takes.T.tolist() == kept[:, begin : begin + inputs].tolist()
    assert told.releases.T.tolist() == kept[:, begin + inputs : begin + 2 * inputs].tolist()
    puts = begin + 2 * inputs
    assert told.puts.T.tolist() == kept[:, puts : puts + outputs].tolist()
    assert told.taken == tuple(sum(item[begin + i] for item in items[:first]) for i in range(inputs))
    assert told.released == tuple(
        sum(item[begin + inputs + i] for item in items[:first]) for i in range(inputs)
    )
    assert told.put == tuple(sum(item[puts + i] for item in items[:first]) for i in range(outputs))
    if program.access is None:
        assert told.address is None
    else:
        assert told.address is not None
        assert told.address.tolist() == list(program.access.addresses())[first : first + count]


def test_any_stretch_of_any_program() -> None:
    rng, checked = np.random.default_rng(0), 0
    for seed in range(40):
        drawn = network(Seeded(seed))
        for plan in (drawn, recoded(Seeded(seed + 1), drawn)):
            for program in (each for part in plan.components for each in part.programs):
                items = sum(1 for chunk in program.chunks() for _ in chunk.items())
                first = int(rng.integers(items + 1))
                for begin, count in ((0, items), (first, int(rng.integers(items - first + 1)))):
                    assert_same(program, begin, count)
                    checked += count > 0
    assert checked > 200
