"""The network of a plan as arrays says of every port, field and stream what its parts say one by one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from networks import Seeded, network

from simulator.engine.fast import laying
from simulator.engine.fast import layout as at
from simulator.engine.fast.laying import ROOMY, laid
from simulator.engine.fast.memory import Memory
from simulator.engine.fast.wiring import wired
from simulator.jit import apart
from simulator.plan import Plan
from simulator.plan.runs import DEMAND, PORTS

NETWORKS = 60


def programs(plan: Plan):
    """Number, component and program."""
    return enumerate((c, p) for c in plan.components for p in c.programs)


def finite(plan: Plan, channels: tuple[int, ...]) -> list[int]:
    """Oracle: places of ports whose channel has no endless supply."""
    return [place for place, channel in enumerate(channels) if plan.channels[channel].initial is not None]


def test_fields_of_every_program() -> None:
    told = 0
    for seed in range(NETWORKS):
        plan = network(Seeded(seed))
        memory = Memory(plan)
        first = memory.forms[:, 3].tolist()
        for number, (_, program) in programs(plan):
            ins, outs = finite(plan, program.inputs), finite(plan, program.outputs)
            takes, count = [PORTS + i for i in ins], len(program.inputs)
            puts = [PORTS + 2 * count + i for i in outs]
            expected = [DEMAND, *takes, *(take + count for take in takes), *puts]
            begin = first[number]
            assert memory.columns[begin : begin + len(expected)].tolist() == expected
            assert first[number + 1 :] == [] or first[number + 1] == begin + len(expected)
            assert memory.forms[number, 1:3].tolist() == [len(ins), len(outs)]
            told += len(ins) < count
    assert told > 5


def test_streams_of_every_program() -> None:
    seen = set()
    for seed in range(NETWORKS):
        plan = network(Seeded(seed))
        if seed % 3 == 0:  # a ring that grows although its channel is bounded
            first, *others = plan.channels
            plan = replace(plan, channels=(replace(first, capacity=ROOMY + 1), *others))
        found = Memory(plan).forms[:, 0].tolist()
        for number, (component, program) in programs(plan):
            ins, outs = ([p[i] for i in finite(plan, p)] for p in (program.inputs, program.outputs))
            wide = any((plan.channels[channel].capacity or 0) > ROOMY for channel in ins + outs)
            crowd = component.arbiter is None and len(component.programs) > 1
            entry = any(plan.channels[channel].width for channel in outs)
            assert found[number] == (not (crowd or wide or entry or set(ins) & set(outs)))
            seen.add((crowd, wide, entry, bool(set(ins) & set(outs))))
    assert {tuple(i == place for i in range(4)) for place in range(4)} <= seen


@pytest.mark.nojit
def test_blocks_say_what_the_plan_says() -> None:
    for seed in range(NETWORKS):
        plan = network(Seeded(seed))
        memory = Memory(plan)
        words = memory.words
        for number, (component, program) in programs(plan):
            block = memory.programs[number]
            owner = int(words[block + at.OWNER])
            assert plan.components[memory.components.index(owner)] is component
            assert words[owner + at.FIRST] + at.BLOCK * words[block + at.POSITION] == block
            assert words[block + at.SHARED] == (component.arbiter is not None)
            p, q = component.rate
            assert words[block + at.TICKS] == (2 * p if q else 0)
            shift = int(words[block + at.TICKS_SHIFT])
            assert 1 << shift == 2 * p if shift >= 0 else p & (p - 1)
            for ports, size, first, end in (
                (program.inputs, at.INPUT, at.INS, at.CONSUMER),
                (program.outputs, at.OUTPUT, at.OUTS, at.PRODUCER),
            ):
                told = [ports[place] for place in finite(plan, ports)]
                begin = int(words[block + first])
                channels = [int(words[begin + size * rank + at.CHANNEL]) for rank in range(len(told))]
                assert channels == [memory.channels[channel] for channel in told]
                assert all(words[channel + end] == block for channel in channels)
        for channel, block in zip(plan.channels, memory.channels, strict=True):
            held = -1 if channel.capacity is None else channel.capacity
            assert words[block + at.CAPACITY] == held
            assert words[block + at.PUT] == (channel.initial or 0)
            assert words[block + at.TOKENS_MASK] + 1 >= max(1, channel.initial or 0)
            if 0 <= held <= ROOMY:
                assert words[block + at.TOKENS_MASK] + 1 >= held
                assert words[block + at.CREDITS_MASK] == words[block + at.TOKENS_MASK]


Ints = np.ndarray


@apart
def digits(values: Ints, count: int) -> None:
    """Put the number of their digits in place of integers."""
    for place in range(count):
        values[place] = laying.digits(values[place])


def test_digits_of_integers() -> None:
    values = [0, 1, 2, 3, 4, 1023, 1024, 2**40 - 1, 2**40]
    found = np.array(values, dtype=np.int64)
    digits(found, len(found))
    assert found.tolist() == [value.bit_length() for value in values]


def test_memory_too_small_for_a_network_is_made_larger() -> None:
    for seed in range(NETWORKS):
        plan = network(Seeded(seed))
        small, large = np.zeros(8, dtype=np.int64), Memory(plan)
        told = wired(plan)
        arguments = told, len(told), large.columns.copy(), large.forms.reshape(-1).copy(), 1, 0, 0, 1024
        needed = laid(small, len(small), *arguments)
        assert needed > len(small)
        assert not small.any()
        assert large.used <= needed
        assert laid(np.zeros(needed, dtype=np.int64), needed, *arguments) == 0
