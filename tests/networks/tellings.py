"""One list of items, many tellings: rewritings of plans, some of which change nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from networks.draws import Draw, chance, choice
from simulator.engine.fast.loading import joined
from simulator.plan import Access, Chunk, Plan, Program, RunWriter, Visits

Item = tuple[int, ...]


def retold(draw: Draw, access: Access) -> Access:
    """The same addresses in other runs and tables."""
    addresses = list(access.addresses())
    tables: list[np.ndarray[Any, np.dtype[np.int64]]] = []
    runs: list[tuple[int, int, int]] = []
    while addresses:
        most = choice(draw, (1, len(addresses), draw.integer(1, len(addresses))))
        stride = addresses[1] - addresses[0] if len(addresses) > 1 else 0
        fit = next((i for i in range(1, most) if addresses[i] != addresses[0] + i * stride), most)
        runs.append((fit, addresses[0], stride))
        addresses = addresses[fit:]
        if chance(draw, 3):
            tables.append(table_of(runs))
            runs = [(0, 7, 7)] if chance(draw, 3) else []
    tables.append(table_of(runs))
    return Access(access.write, lambda: iter(tables))


def table_of(runs: Sequence[tuple[int, int, int]]) -> np.ndarray[Any, np.dtype[np.int64]]:
    return np.array(runs, dtype=np.int64).reshape(-1, 3)


def expanded(of: Program) -> list[Item]:
    """All items of a program."""
    return [item for chunk in of.chunks() for item in chunk.items()]


def encoded(draw: Draw, shape: Program, items: list[Item]) -> Program:
    """`shape` with `items`, told in runs and chunks chosen at random."""
    writer = _writer(shape)
    chunks: list[Chunk] = []
    while items:
        size = choice(draw, (len(items), 1, min(len(items), draw.integer(1, 9))))
        _add(draw, writer, shape, items[:size])
        items = items[size:]
        if chance(draw, 3):
            chunks.append(writer.chunk())
        if chance(draw, 12):
            chunks.append(_writer(shape).chunk())
    chunks.append(writer.chunk())
    return replace(shape, chunks=lambda: iter(chunks))


def _writer(shape: Program) -> RunWriter:
    return RunWriter(len(shape.inputs), len(shape.outputs), len(shape.actions))


def _add(draw: Draw, writer: RunWriter, shape: Program, items: list[Item]) -> None:
    """One run; a field that never changes may be told as a number or as a vector, a period once or twice."""
    period = next(
        p for p in range(1, len(items) + 1) if all(items[i] == items[i % p] for i in range(len(items)))
    )
    period *= choice(draw, (1, 1, 1, 2))
    table = [items[i % len(items)] if period > len(items) else items[i] for i in range(period)]
    fields: list[Any] = []
    for column in zip(*table, strict=True):
        constant = len(set(column)) == 1 and not chance(draw, 6)
        fields.append(column[0] if constant else list(column))
    _write(writer, shape, len(items), fields)


def _write(writer: RunWriter, shape: Program, count: int, fields: list[Any]) -> None:
    releases = 2 + len(shape.inputs)
    puts = releases + len(shape.inputs)
    actions = puts + len(shape.outputs)
    takes = fields[2:releases]
    writer.add(
        count, fields[0], fields[1], takes, fields[releases:puts], fields[puts:actions], fields[actions:]
    )


def recoded(draw: Draw, plan: Plan) -> Plan:
    """The same items, other runs and chunks; the same addresses, other runs and tables."""

    def told(of: Program) -> Program:
        again = encoded(draw, of, expanded(of))
        return again if of.access is None else replace(again, access=retold(draw, of.access))

    return _each_program(plan, told)


def walked(plan: Plan) -> Plan:
    """The same items, a run and a chunk each."""
    return _each_program(plan, _single)


def revisited(draw: Draw, plan: Plan) -> Plan:
    """The same items as blocks, each told once and visited in order."""
    return _each_program(plan, lambda of: replace(of, chunks=_visits(draw, of)))


def _visits(draw: Draw, of: Program) -> Callable[[], Iterator[Chunk]]:
    items, chunks = expanded(of), list[Chunk]()
    while items:
        part, items = _cut(draw, items)
        apart = len(of.actions) if chance(draw, 2) else 0  # the last item's actions are told with the visit
        blocks, order, actions = dict[tuple[Item, ...], int](), list[int](), list[Item]()
        while part:
            some, part = _cut(draw, part, choice(draw, (1, 2, 3, 9)))
            last = some[-1]
            actions.append(last[len(last) - apart :])
            block = (*some[:-1], (*last[: len(last) - apart], *(0,) * apart))
            order.append(blocks.setdefault(block, len(blocks)))
        writer, sizes, rows = _writer(of), [], 0
        for block in blocks:
            rest: list[Item] = list(block)
            while rest:
                some, rest = _cut(draw, rest)
                _add(draw, writer, of, some)
            sizes.append(len(writer) - rows)
            rows = len(writer)
        if chance(draw, 5):  # an empty block, visited at the end
            sizes.append(0)
            order += [len(blocks)] * (apart == 0)
        told = writer.chunk()
        more = np.array(actions, dtype=np.int64) if apart else None
        visits = Visits(np.array(sizes), np.array(order), more)
        chunks.append(Chunk(told.runs, told.varies, told.vectors, visits))
    return lambda: iter(chunks)


def _cut(draw: Draw, items: list[Item], most: int | None = None) -> tuple[list[Item], list[Item]]:
    size = min(len(items), draw.integer(1, most or 40))
    return items[:size], items[size:]


def tiled(plan: Plan, times: int, visits: bool = False) -> Plan:
    """Every program's items `times` times over, run for run, or a block visited so often."""
    return _each_program(plan, lambda of: _over_and_over(of, times, visits))


def _over_and_over(of: Program, times: int, visits: bool) -> Program:
    chunks, access = list(of.chunks()), of.access
    if access is not None:
        tables, write = list(access.runs()) * times, access.write
        access = Access(write, lambda: iter(tables))
    if visits and chunks:
        whole, order = joined(chunks), np.zeros(times, dtype=np.int64)
        told = [replace(whole, visits=Visits(np.array([len(whole.runs)]), order))]
    else:
        told = chunks * times
    return replace(of, chunks=lambda: iter(told), access=access)


def _single(of: Program) -> Program:
    chunks: list[Chunk] = []
    for item in expanded(of):
        writer = _writer(of)
        _write(writer, of, 1, list(item))
        chunks.append(writer.chunk())
    return replace(of, chunks=lambda: iter(chunks))


def _each_program(plan: Plan, change: Any) -> Plan:
    components = (replace(part, programs=tuple(map(change, part.programs))) for part in plan.components)
    return replace(plan, components=tuple(components))


def faster(draw: Draw, plan: Plan) -> Plan:
    """The components of one group that have one rate serve more per cycle.

    All of them, since S0 pools equal rates: raising one alone would split the pool, whose total may then grow.
    """
    chosen = choice(draw, plan.components)
    p, q = chosen.rate
    rates = [(p * draw.integer(1, 3), q), (p + draw.integer(0, 2), q), (p, q - min(q, draw.integer(0, 1)))]
    rate = choice(draw, rates)
    parts = (
        replace(part, rate=rate) if (part.group, part.rate) == (chosen.group, chosen.rate) else part
        for part in plan.components
    )
    return replace(plan, components=tuple(parts))


def roomier(draw: Draw, plan: Plan) -> Plan:
    """One channel has more slots, or lets more in per cycle, or has shorter latencies."""
    channels = list(plan.channels)
    if not channels:
        return plan
    at = draw.integer(0, len(channels) - 1)
    old = channels[at]
    changes: list[dict[str, Any]] = [
        {"capacity": None},
        {"capacity": None if old.capacity is None else old.capacity + draw.integer(1, 5)},
        {"width": None if old.width is None else old.width + 1},
        {"latency": draw.integer(1, old.latency), "credit_latency": draw.integer(1, old.credit_latency)},
    ]
    channels[at] = replace(old, **choice(draw, changes))
    return replace(plan, channels=tuple(channels))
