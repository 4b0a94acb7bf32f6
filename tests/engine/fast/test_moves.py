"""A program with many outputs puts into those that its item names."""

from __future__ import annotations

import numpy as np
import pytest
from networks import program, run_of, server

from simulator.engine.fast import moves, run
from simulator.engine.reference import run as reference
from simulator.errors import DeadlockError
from simulator.plan import Channel, Plan


def spread(seed: int) -> Plan:
    """Items that put now here, now there, into some outputs always or never; somebody takes all of it."""
    rng = np.random.default_rng(seed)
    outputs = int(rng.integers(moves.MANY - 2, 3 * moves.MANY))
    runs, tokens = [], np.zeros(outputs, dtype=np.int64)
    for _ in range(int(rng.integers(1, 4))):
        period = int(rng.choice([1, 5, moves.NEAR, moves.NEAR + 1, 3 * moves.NEAR + 2]))
        count = int(rng.integers(1, 3 * period))
        puts = rng.choice([0, 0, 0, 0, 0, 0, 1, 2], (outputs, period))
        puts[rng.random(outputs) < 0.2] = int(rng.integers(0, 2))
        puts[rng.random(outputs) < 0.2, min(2, period - 1) :] = 0
        tokens += puts[:, np.arange(count) % period].sum(axis=1)
        runs.append(run_of(count, int(rng.integers(1, 3)), puts=list(puts)))
    channels = [Channel(f"c{index}", int(rng.integers(2, 9))) for index in range(outputs)]
    takers = [
        server(
            f"t{index}", program("t", run_of(int(count), int(rng.integers(1, 9)), takes=[1]), inputs=[index])
        )
        for index, count in enumerate(tokens)
        if count > 0
    ]
    arbiter = str(rng.choice(["priority", ""])) or None
    source = server("source", program("p", *runs, outputs=range(outputs)), arbiter=arbiter)
    return Plan((source, *takers), tuple(channels))


@pytest.mark.parametrize("seed", range(60))
def test_items_put_where_their_run_says(seed: int) -> None:
    plan = spread(seed)
    assert run(plan) == reference(plan)


def test_who_is_stuck_lacks_room_where_its_item_puts() -> None:
    puts = np.zeros((moves.MANY + 1, 2 * moves.NEAR), dtype=np.int64)
    puts[0, moves.NEAR - 1] = puts[-1, [3, moves.NEAR + 4]] = 1
    puts[1:-1, 0] = 1
    outputs = range(len(puts))
    part = program("p", run_of(puts.shape[1], puts=list(puts)), outputs=outputs)
    plan = Plan((server("source", part),), tuple(Channel(f"c{index}", 1) for index in outputs))
    told = []
    for engine in (run, reference):
        with pytest.raises(DeadlockError) as error:
            engine(plan)
        told.append((error.value.cycle, error.value.waits))
    assert told[0] == told[1]
    assert f"c{moves.MANY}" in told[0][1][0]
