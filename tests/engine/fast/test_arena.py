"""What an arena was used for before makes no difference."""

from __future__ import annotations

import numpy as np
from networks import Seeded, network, tiled

from simulator.engine.fast import arena, run
from simulator.errors import DeadlockError
from simulator.plan import Chunk, Component, Plan, Program


def said(plan: Plan) -> str | int:
    """What the engine says, or when it got stuck."""
    try:
        return run(plan).digest
    except DeadlockError as error:
        return error.cycle


def soil(kept: arena.Arena) -> None:
    """Put something else wherever zeros are not promised."""
    kept.words[:] = -7
    kept.vectors[:] = -7
    kept.bins[kept.clean :] = -7


def test_arrays_of_another_run_say_what_fresh_ones_say() -> None:
    plans = [network(Seeded(seed)) for seed in range(25)]
    plans += [tiled(network(Seeded(seed), states=False), 20) for seed in range(25)]
    fresh = []
    for plan in plans:
        arena._free.clear()
        fresh.append(said(plan))
    order = np.random.default_rng(3).permutation(2 * len(plans)) % len(plans)
    for index in order:
        for kept in arena._free:
            soil(kept)
        assert said(plans[index]) == fresh[index], f"plan {index}"


def test_an_arena_is_given_back_clean_and_used_again() -> None:
    arena._free.clear()
    seed = next(seed for seed in range(100) if isinstance(said(network(Seeded(seed))), str))
    arena._free.clear()
    run(network(Seeded(seed)))
    (kept,) = arena._free
    assert kept.clean > 0
    assert not kept.bins[: kept.clean].any()
    run(network(Seeded(seed)))
    assert arena._free[0] is kept


def test_too_many_or_too_large_arenas_are_not_kept() -> None:
    arena._free.clear()
    for _ in range(arena.MOST_ARENAS + 1):
        arena.give_back(arena.Arena(np.zeros(1, np.int64), np.zeros(1, np.int32), np.zeros(1, np.int64), 1))
    assert len(arena._free) == arena.MOST_ARENAS
    arena._free.clear()
    large = np.zeros(arena.MOST_BYTES // 8 + 1, np.int64)
    arena.give_back(arena.Arena(large, np.zeros(1, np.int32), np.zeros(1, np.int64), 1))
    assert not arena._free


def test_the_memory_may_grow_for_runs_of_no_items() -> None:
    def chunk(runs: int, count: int) -> Chunk:
        table = np.ones((runs, 4), dtype=np.int64)
        table[:, 0], table[:, 2] = count, np.arange(runs) % 2 + 1
        return Chunk(table, np.zeros(table.shape, dtype=np.uint8), np.zeros(0, dtype=np.int32))

    arena._free.clear()
    told = [chunk(3000, 1), chunk(arena.FIRST_WORDS // 8, 0)]
    program = Program("p", (), (), (), lambda: iter(told))
    plan = Plan((Component("a", "a", "server", 1, (1, 1), None, (program,)),), ())
    assert run(plan).cycles == 4500
