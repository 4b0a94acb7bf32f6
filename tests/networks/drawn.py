"""Random networks.

Totals of puts and takes balance on every channel, so most networks run to their end; small capacities, loops and releases that come
late make some of them deadlock, which both engines must say in the same words.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import accumulate
from typing import Any

import numpy as np
from hypothesis import strategies as st

from networks.draws import Draw, Drawn, chance, choice
from networks.states import banks, rows
from networks.tellings import encoded, retold, table_of
from simulator.plan import Access, Channel, Component, Plan, Program
from simulator.plan.runs import DEMAND, PERIOD, WORK
from simulator.plan.state import Rows

KINDS = ("server", "memory", "dram", "fork", "join", "switch", "source", "sink")
RATES = ((1, 1), (1, 1), (1, 0), (42, 1), (64, 1), (2, 3), (3, 2), (7, 5), (5, 7))
MAX_ITEM_STAGES = 2000


@dataclass
class _Sketch:
    """A program being drawn: its number of items and its ports, each a list of tokens per item."""

    count: int
    inputs: list[int] = field(default_factory=list)
    takes: list[list[int]] = field(default_factory=list)
    releases: list[list[int]] = field(default_factory=list)
    outputs: list[int] = field(default_factory=list)
    puts: list[list[int]] = field(default_factory=list)


def network(draw: Draw, states: bool = True) -> Plan:
    """A random plan, in which components may have states."""
    regular = chance(draw, 3)
    sketches = _programs(draw, regular)
    channels: list[Channel] = []
    for consumer in range(len(sketches)):
        for _ in range(draw.integer(0 if consumer == 0 else 1, 2)):
            _data(draw, sketches, channels, draw.integer(0, consumer), consumer, regular)
    for sketch in sketches:
        if chance(draw, 4):
            _one_ended(draw, sketch, channels, regular)
    return Plan(_components(draw, sketches, regular, states), tuple(channels))


def _programs(draw: Draw, regular: bool) -> list[_Sketch]:
    number = draw.integer(1, 8)
    most = min(MAX_ITEM_STAGES // number, choice(draw, (60, 300, MAX_ITEM_STAGES)) if regular else 60)
    same = draw.integer(1, most)
    counts = [same if regular or chance(draw, 2) else draw.integer(0, most) for _ in range(number)]
    return [_Sketch(count) for count in counts]


def _data(
    draw: Draw, sketches: list[_Sketch], channels: list[Channel], a: int, b: int, regular: bool
) -> None:
    """A channel from program `a` to `b`, with a loop back if the dice say so."""
    producer, consumer = sketches[a], sketches[b]
    total = choice(
        draw, (producer.count, consumer.count, draw.integer(0, 2 * max(producer.count, consumer.count)))
    )
    if not producer.count or not consumer.count:
        total = 0
    puts = _spread(draw, total, producer.count, regular)
    takes = _spread(draw, total, consumer.count, regular)
    meaning = choice(draw, ("data", "data", "stationary", "space"))
    releases = _later(draw, takes)
    initial = choice(draw, (0, 0, 0, draw.integer(0, 3)))
    if a == b:
        initial = max(map(int.__sub__, accumulate(takes), accumulate([0, *puts])), default=0)
    channels.append(_channel(draw, len(channels), _room(puts, takes, releases) + initial, initial, meaning))
    _connect(producer, consumer, len(channels) - 1, puts, takes, releases)
    if a != b and chance(draw, 3):
        slots = _room(puts, takes, takes) + choice(draw, (0, 1, 2, total))
        releases = _later(draw, puts)
        capacity = slots + sum(puts) - sum(releases) + max([0, *puts])
        channels.append(_channel(draw, len(channels), capacity, slots, "space"))
        _connect(consumer, producer, len(channels) - 1, takes, puts, releases)


def _one_ended(draw: Draw, sketch: _Sketch, channels: list[Channel], regular: bool) -> None:
    """An endless supply, tokens only there at the start, or an output nobody reads."""
    tokens = _spread(draw, draw.integer(0, 2 * sketch.count) if sketch.count else 0, sketch.count, regular)
    nowhere = [0] * sketch.count
    kind = draw.integer(0, 2)
    initial = (None, sum(tokens), 0)[kind]
    capacity = None if kind < 2 else choice(draw, (None, sum(tokens)))
    number = len(channels)
    channels.append(
        Channel(f"c{number}", capacity, initial=initial, meaning=choice(draw, ("data", "stationary")))
    )
    if kind == 2:
        sketch.outputs.append(number)
        sketch.puts.append(tokens)
        return
    sketch.inputs.append(number)
    sketch.takes.append(tokens)
    sketch.releases.append(choice(draw, (tokens, nowhere)))


def _channel(draw: Draw, number: int, need: int, initial: int, meaning: str) -> Channel:
    tight = 1 if chance(draw, 30) else need
    return Channel(
        f"c{number}",
        capacity=choice(draw, (None, None, tight, tight + draw.integer(0, 3), 4 * need)),
        latency=choice(draw, (1, 1, 2, draw.integer(1, 40))),
        credit_latency=choice(draw, (1, 1, 2, draw.integer(1, 12))),
        width=choice(draw, (None, None, 1, draw.integer(1, 4))),
        initial=initial,
        meaning=meaning,
    )


def _room(puts: list[int], takes: list[int], releases: list[int]) -> int:
    """Slots with which a producer and a consumer that meet nowhere else do not deadlock."""
    put = [0, *accumulate(puts)]
    needs = (
        next((p for p in put if p >= taken), taken) - released
        for taken, released in zip(accumulate(takes), accumulate([0, *releases]), strict=False)
    )
    return max([1, *needs])


def _connect(
    producer: _Sketch, consumer: _Sketch, channel: int, puts: list[int], takes: list[int], releases: list[int]
) -> None:
    producer.outputs.append(channel)
    producer.puts.append(puts)
    consumer.inputs.append(channel)
    consumer.takes.append(takes)
    consumer.releases.append(releases)


def _spread(draw: Draw, total: int, count: int, regular: bool) -> list[int]:
    """`total` tokens over `count` items: evenly, all to some, or at random."""
    if count == 0:
        return []
    even = [(i + 1) * total // count - i * total // count for i in range(count)]
    way = 0 if regular else draw.integer(0, 3)
    if way < 2:
        return even
    if way == 2:
        step = draw.integer(1, min(count, 6))
        return [
            sum(even[i - i % step : i + 1]) if i % step == step - 1 or i == count - 1 else 0
            for i in range(count)
        ]
    spread = [0] * count
    for _ in range(total):
        spread[draw.integer(0, count - 1)] += 1
    return spread


def _later(draw: Draw, takes: list[int]) -> list[int]:
    """When what was taken is released: at once, some items later, every few items, or partly never."""
    way = choice(draw, (0, 0, 0, 0, 1, 2, 3))
    if way == 0 or not takes:
        return takes
    step = draw.integer(1, 4)
    if way == 1:
        return (
            [0] * min(step, len(takes)) + takes[: len(takes) - step]
            if step < len(takes)
            else [0] * len(takes)
        )
    if way == 2:
        last = len(takes) - 1
        return [
            sum(takes[i - i % step : i + 1]) if i % step == step - 1 or i == last else 0
            for i in range(last + 1)
        ]
    released, held = [], 0
    for taken in takes:
        held += taken
        released.append(draw.integer(0, held) if held < 8 else held)
        held -= released[-1]
    return released


def _components(draw: Draw, sketches: list[_Sketch], regular: bool, states: bool) -> tuple[Component, ...]:
    components: list[Component] = []
    rest = list(range(len(sketches)))
    stores = [banks(draw, "one"), banks(draw, "other")] if chance(draw, 2) else []
    while rest:
        mine = [
            rest.pop(draw.integer(0, len(rest) - 1))
            for _ in range(min(len(rest), choice(draw, (1, 1, 2, 3))))
        ]
        arbiter = choice(draw, (None, "round_robin", "priority"))
        number = len(components)
        state = choice(draw, (None, None, *stores, rows(draw))) if arbiter and states else None
        rate = state.rate if isinstance(state, Rows) else choice(draw, RATES)
        lanes = choice(draw, (1, 1, 4))
        programs = tuple(_program(draw, f"p{i}", sketches[i], rate, lanes, regular) for i in mine)
        if state is not None or chance(draw, 4):
            programs = tuple(
                _reaching(draw, each, sketches[i].count) for each, i in zip(programs, mine, strict=True)
            )
        if state is not None:
            most = 40 * (state.burst if isinstance(state, Rows) else state.word)
            programs = tuple(_bounded(each, most) for each in programs)
        group = f"g{draw.integer(0, number)}"
        kind = choice(draw, KINDS)
        components.append(Component(f"k{number}", group, kind, lanes, rate, arbiter, programs, state))
    return tuple(components)


def _reaching(draw: Draw, of: Program, count: int) -> Program:
    """The program with an access: a few runs of addresses, as long as its items."""
    runs, left = [], count
    while left:
        size = choice(draw, (left, 1, draw.integer(1, left)))
        runs.append(
            (
                size,
                draw.integer(0, 4000) * draw.integer(1, 9),
                choice(draw, (0, 4, 8, 64, draw.integer(0, 99))),
            )
        )
        left -= size
    return replace(of, access=retold(draw, Access(chance(draw, 2), lambda: iter([table_of(runs)]))))


def _bounded(of: Program, most: int) -> Program:
    """The program with no demand, nor work, over `most`, which a state would take long for."""
    chunks = list(of.chunks())
    for chunk in chunks:
        for run, varies in zip(chunk.runs, chunk.varies, strict=True):
            for column in (DEMAND, WORK):
                start, period = int(run[column]), int(run[PERIOD])
                if varies[column]:
                    values = chunk.vectors[start : start + period]
                    np.minimum(values, most, out=values)
                else:
                    run[column] = min(start, most)
    return replace(of, chunks=lambda: iter(chunks))


def _program(
    draw: Draw, name: str, sketch: _Sketch, rate: tuple[int, int], lanes: int, regular: bool
) -> Program:
    demands = _demands(draw, sketch.count, rate, regular)
    works = [demand * (lanes if regular else draw.integer(0, lanes)) for demand in demands]
    actions = ("reads", "writes")[: draw.integer(0, 2)]
    counts = [[draw.integer(0, 9)] * sketch.count if regular else demands for _ in actions]
    columns = [demands, works, *sketch.takes, *sketch.releases, *sketch.puts, *counts]
    items = list(zip(*columns, strict=True))
    shape = Program(name, tuple(sketch.inputs), tuple(sketch.outputs), actions, lambda: iter(()))
    return encoded(draw, shape, items)


def _demands(draw: Draw, count: int, rate: tuple[int, int], regular: bool) -> list[int]:
    most = 2 * rate[0] + 3
    way = draw.integer(0, 1) if regular else draw.integer(0, 3)
    if way == 0:
        return [draw.integer(1, most)] * count
    if way == 1:
        period = [draw.integer(1, most) for _ in range(draw.integer(1, 5))]
        return [period[i % len(period)] for i in range(count)]
    demands = [draw.integer(0, most) for _ in range(count)]
    if way == 3 and count:
        demands[draw.integer(0, count - 1)] *= draw.integer(10, 3000)
    return demands


@st.composite
def plans(draw: Any) -> Plan:
    """Random networks that shrink."""
    return network(Drawn(draw))
