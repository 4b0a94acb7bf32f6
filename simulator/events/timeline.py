"""Everything of a log in the order of time, as arrays: what every format is written from.

Times are cycles of the log. At one time ends come first, then values of counters, then begins, so slices of one track nest and
never overlap.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from simulator.events.counters import Counter, demand_rate, occupancy
from simulator.events.flows import arrows
from simulator.events.log import LayerEvents, Log
from simulator.record.states import STATES

Ints = NDArray[np.int64]
END, VALUE, BEGIN = 0, 1, 2
LAYERS, COMPONENT, PROGRAM, COUNTER = "layers", "component", "program", "counter"
HELD = "held"
_MEMORIES = ("memory", "dram")


@dataclass(frozen=True)
class Lane:
    """One line of the picture.

    Attributes
    ----------
    kind : str
        ``layers``, ``component`` (its states), ``program`` (its items) or ``counter``.
    group, component, name : str
        The component group and component it belongs to, and what it is called there.
    unit : str
        Of a counter.
    """

    kind: str
    group: str
    component: str
    name: str
    unit: str = ""


@dataclass(frozen=True)
class Items:
    """The items of a log, a row each.

    Attributes
    ----------
    lane, number, start, finish, depart, demand, address : ndarray of int64, shape (n,)
        `number` counts the items of a program of a layer from 0; times are cycles of the log; `address` is -1 without one.
    sources, targets : ndarray of int64, shape (arrows,)
        Rows that arrows lead from and to.
    """

    lane: Ints
    number: Ints
    start: Ints
    finish: Ints
    depart: Ints
    demand: Ints
    address: Ints
    sources: Ints
    targets: Ints


@dataclass(frozen=True)
class Timeline:
    """Events in the order of time.

    Attributes
    ----------
    lanes : tuple of Lane
        In plan order, counters behind the programs of their component.
    names : tuple of str
        Of slices.
    times : ndarray of int64, shape (n,)
    kinds : ndarray of int8, shape (n,)
        END, VALUE or BEGIN.
    lane, name, item : ndarray of int64, shape (n,)
        Place of the lane; of a BEGIN the place of its name, and the row of its item, -1 for none.
    values : ndarray of float64, shape (n,)
        Of a VALUE.
    items : Items
    """

    lanes: tuple[Lane, ...]
    names: tuple[str, ...]
    times: Ints
    kinds: NDArray[np.int8]
    lane: Ints
    name: Ints
    item: Ints
    values: NDArray[np.float64]
    items: Items


@dataclass
class _Builder:
    lanes: dict[Lane, int] = field(default_factory=dict)
    names: dict[str, int] = field(default_factory=dict)
    columns: list[tuple[Ints, int, int, Ints | int, Ints | int, NDArray[np.float64] | float]] = field(
        default_factory=list
    )

    def lane(self, *told: str) -> int:
        return self.lanes.setdefault(Lane(*told), len(self.lanes))

    def name(self, text: str) -> int:
        return self.names.setdefault(text, len(self.names))

    def slices(self, lane: int, begin: Ints, beyond: Ints, name: Ints | int, item: Ints | int = -1) -> None:
        self.columns.append((begin, BEGIN, lane, name, item, 0.0))
        self.columns.append((beyond, END, lane, -1, -1, 0.0))

    def values(self, lane: int, times: Ints, values: NDArray[np.float64]) -> None:
        self.columns.append((times, VALUE, lane, -1, -1, values))


def timeline(log: Log) -> Timeline:
    """All events of a log.

    Raises
    ------
    MemoryError
        More than fits; a log is bounded when it is recorded.
    """
    builder = _Builder()
    top = builder.lane(LAYERS, "", "", "layers")
    rows: list[tuple[Ints, ...]] = []
    links: list[tuple[Ints, Ints]] = []
    for layer in log.layers:
        _layer(builder, top, layer, rows, links)
    empty = np.zeros(0, dtype=np.int64)
    table = [np.concatenate([empty, *(row[i] for row in rows)]) for i in range(7)]
    ends = [np.concatenate([empty, *(link[i] for link in links)]) for i in range(2)]
    sizes = [len(column[0]) for column in builder.columns]
    times = np.concatenate([empty, *(column[0] for column in builder.columns)])
    kinds = np.repeat([column[1] for column in builder.columns], sizes).astype(np.int8)
    spread = [
        np.concatenate(
            [
                empty,
                *(np.broadcast_to(column[i], n) for column, n in zip(builder.columns, sizes, strict=True)),
            ]
        )
        for i in range(2, 6)
    ]
    # Of slices that begin at once on one lane the outer comes first: it was told first.
    order = np.lexsort((kinds, times))
    lane, name, item = (column[order].astype(np.int64) for column in spread[:3])
    return Timeline(
        tuple(builder.lanes),
        tuple(builder.names),
        times[order],
        kinds[order],
        lane,
        name,
        item,
        spread[3][order].astype(np.float64),
        Items(*table, *ends),
    )


def _layer(
    builder: _Builder,
    top: int,
    layer: LayerEvents,
    rows: list[tuple[Ints, ...]],
    links: list[tuple[Ints, Ints]],
) -> None:
    begin, end = layer.recording.begin + layer.offset, layer.recording.end + layer.offset
    builder.slices(top, np.array([begin]), np.array([end]), builder.name(layer.name))
    firsts: list[int] = []
    reached = sum(len(row[0]) for row in rows)
    queues = {c: occupancy(layer, c) for c in layer.queues()}
    for place, part in enumerate(layer.components):
        lane = builder.lane(COMPONENT, part.group, part.name, part.name)
        names = np.array([builder.name(state) for state in STATES])[part.states]
        begins = part.begins + layer.offset
        builder.slices(lane, begins, np.append(begins[1:], end)[: len(begins)], names)
        for track in (each for each in layer.tracks if each.component == place):
            firsts.append(reached)
            here = builder.lane(PROGRAM, part.group, part.name, track.program.name)
            events = track.events
            count = len(events)
            own = np.arange(reached, reached + count)
            start, finish, depart = (
                each + layer.offset for each in (events.start, events.finish, events.depart)
            )
            builder.slices(here, start, depart + 1, builder.name(track.program.name), own)
            held = depart > finish
            builder.slices(here, finish[held] + 1, depart[held] + 1, builder.name(HELD))
            address = np.full(count, -1) if track.items.address is None else track.items.address
            number = events.first + np.arange(count)
            rows.append((np.full(count, here), number, start, finish, depart, track.items.demand, address))
            reached += count
        rate = demand_rate(layer, place) if part.kind in _MEMORIES else None
        for counter in (rate, *(each for each in queues.values() if each and each.component == place)):
            if counter is not None:
                _counter(builder, layer, part.group, part.name, counter)
    for told in arrows(layer):
        links.append((firsts[told.source] + told.sources, firsts[told.target] + told.targets))


def _counter(builder: _Builder, layer: LayerEvents, group: str, component: str, counter: Counter) -> None:
    lane = builder.lane(COUNTER, group, component, counter.name, counter.unit)
    times, values = counter.times + layer.offset, counter.values.astype(np.float64)
    if (
        layer.recording.end == layer.cycles and len(values) and values[-1]
    ):  # the next layer begins with nothing
        times, values = np.append(times, layer.offset + layer.cycles), np.append(values, 0.0)
    builder.values(lane, times, values)
