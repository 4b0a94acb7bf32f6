"""Many shared ports: waits and services longer than a window are told as the reference tells them."""

from __future__ import annotations

import numpy as np
import pytest

from simulator.engine.fast import layout as at
from simulator.engine.fast import run as fast
from simulator.engine.reference import run as reference
from simulator.lowering.noc import Stream, Timing, alone
from simulator.plan import Channel, Component, Plan, Program, RunWriter


@pytest.mark.parametrize("seed", range(8))
def test_meshes_equal_the_reference(seed: int) -> None:
    rng = np.random.default_rng(seed)
    side, streams = int(rng.integers(2, 5)), []
    for _ in range(int(rng.integers(1, 12))):
        source, *to = (tuple(int(x) for x in rng.integers(0, side, 2)) for _ in range(3))
        gaps = rng.geometric(float(rng.choice([0.002, 0.05, 0.6])), 60)
        streams.append(Stream(source, tuple(dict.fromkeys(to)), gaps))
    timing = Timing(int(rng.integers(1, 6)), int(rng.integers(1, 3)), int(rng.integers(0, 3)))
    plan = alone("mesh", side, side, timing, streams, room=[None, 2][seed % 2])
    assert fast(plan, leap=False).digest == reference(plan).digest


@pytest.mark.parametrize("arbiter", ["round_robin", "priority"])
@pytest.mark.parametrize("demand", [1, at.WINDOW - 1, at.WINDOW, 3 * at.WINDOW + 7])
def test_waits_and_services_longer_than_a_window(arbiter: str, demand: int) -> None:
    """Three programs share a port, one of them with tokens that come late and one whose slots come back late."""
    plan = shared(arbiter, demand)
    assert fast(plan, leap=False).digest == reference(plan).digest


def shared(arbiter: str, demand: int) -> Plan:
    def program(name: str, items: int, work: int, takes: tuple[int, ...], puts: tuple[int, ...]) -> Program:
        writer = RunWriter(len(takes), len(puts), 0)
        writer.add(items, work, takes=[1] * len(takes), puts=[1] * len(puts))
        chunk = writer.chunk()
        return Program(name, takes, puts, (), lambda: iter([chunk]))

    late, tight = Channel("late", 2, latency=5), Channel("tight", 1)
    port = (
        program("free", 4, demand, (), ()),
        program("starved", 5, 2, (0,), ()),
        program("blocked", 5, 3, (), (1,)),
    )
    parts = (
        Component("port", "port", "memory", 1, (1, 1), arbiter, port),
        Component("source", "source", "source", 1, (1, 1), None, (program("make", 5, 1500, (), (0,)),)),
        Component("sink", "sink", "sink", 1, (1, 1), None, (program("take", 5, 2500, (1,), ()),)),
    )
    return Plan(parts, (late, tight))
