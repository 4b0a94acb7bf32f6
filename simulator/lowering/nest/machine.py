"""The network of a design point: ports of its memories, multipliers, and what waits for what.

Every memory has a read and a write port (one, where `shared_bandwidth` is told; three, where both are); a port without a rate
takes one transfer of each of its programs per cycle. Programs, with what an item at beat x waits for::

    <m>.read    to c      operands to level c           their fills at m up to x
                sums c    partial sums back to c        the drains they were drained in; their fill at m up to x
                drain     to the memory outside         updates at m: of products before x, or of drains up to x
    <m>.write   fill      operands from outside         its read; the reads that use the tile `slots` fills before it
                back      partial sums from outside     its read; the drain of the tile `slots` drains before it
                update    drains from level c           its drain;    the same
                          products                      its products; the same
    compute     products                                every read for it

Everything waits for beats up to its own, and at a beat for what stands before it in: drains (innermost first), reads and
fills (outermost first), compute, updates. So the program furthest behind can always go on, whatever the capacities.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

import numpy as np

from simulator.hardware.hierarchy import Storage
from simulator.lowering.nest.counting import Counted, Feed
from simulator.lowering.nest.granules import ACTUAL, DEMAND, META
from simulator.lowering.nest.items import Items, items
from simulator.lowering.nest.walk import Integers
from simulator.plan import Channel, Component, Plan, Program
from simulator.plan.network import SPACE

Side = Literal["left", "right"]

STATES = ("", "_gated", "_skipped")

Key = tuple[int, str, int]
"""Level, program (``to``, ``sums``, ``drain``, ``fill``, ``back``, ``update``, ``compute``) and the level at the other end."""


@dataclass
class _Wiring:
    """Programs and channels so far."""

    programs: dict[Key, Items] = field(default_factory=dict)
    channels: list[Channel] = field(default_factory=list)

    def link(
        self, name: str, producer: Key, consumer: Key, before: Integers, channel: Callable[[str], Channel]
    ) -> None:
        """Item j of the consumer waits for the first before[j] items of the producer; a token for every wait that is new."""
        maker, user = self.programs[producer], self.programs[consumer]
        needed = np.maximum.accumulate(before)
        new = (needed > 0) & (np.diff(needed, prepend=0) > 0)
        if not new.any():
            return
        puts = np.zeros(len(maker), dtype=np.int64)
        puts[needed[new] - 1] = 1
        maker.puts[name], user.takes[name] = puts, new.astype(np.int64)
        self.channels.append(channel(name))


def network(counted: Counted) -> Plan:
    """The plan of a counted design point."""
    point = counted.space.point
    wiring = _Wiring()
    for key, feeds in _grouped(counted).items():
        level, name, _ = key
        early, unit = name in ("to", "sums", "fill", "back"), unit_of(counted, level)
        made = items(
            _records(feeds), unit, early, _granules(counted, level), _least(counted, level, name, feeds)
        )
        if len(made):
            wiring.programs[key] = made
    rows = {"mac": ACTUAL, "mac_gated": ACTUAL + 1, "mac_skipped": ACTUAL + 2}
    depth = len(point.nest.levels)
    products = items({"products": (counted.products, rows)}, 1, False, _granules(counted, depth), 1)
    if len(products):
        wiring.programs[depth, "compute", depth] = products
    _wire(wiring, counted)
    return _plan(wiring, counted)


def _granules(counted: Counted, level: int) -> Integers:
    """The granule of every beat, as instances of a level run free in it; a beat each where there is one instance."""
    space, every = counted.space, np.arange(counted.beats + 1, dtype=np.int64)
    outer = space.fanouts(level)
    if not outer:
        return every
    length = space.period(outer[0], space.levels)
    return every if length <= counted.steps else every * counted.steps // length


def _least(counted: Counted, level: int, name: str, feeds: list[Feed]) -> int:
    """Units that are worth a cycle of the port of a program; without a rate, what it moves on average per cycle of products."""
    storage, unit = counted.space.point.hierarchy.storage[level], unit_of(counted, level)
    own = storage.read_bandwidth if name in READS else storage.write_bandwidth
    told = [each for each in (own, storage.shared_bandwidth) if each is not None]
    if told:
        return max(1, math.ceil(min(told) * storage.word_bits / unit))
    moved = sum(int(feed.record[DEMAND].sum()) for feed in feeds)
    return max(1, -(-moved // (unit * max(1, int(counted.products[DEMAND].sum())))))


def action(feed: Feed, metadata: bool, state: int) -> str:
    """Name of an action: ``A.reads``, ``A.reads_gated``, ``A.metadata_reads``, ..."""
    return f"{feed.tensor}.{'metadata_' if metadata else ''}{feed.access}{STATES[state]}"


def unit_of(counted: Counted, level: int) -> int:
    """Bits that all transfers of a memory are multiples of."""
    point = counted.space.point
    storage = point.hierarchy.storage[level]
    widths = [storage.word_bits, storage.metadata_bits or storage.word_bits]
    for told in point.features.at(storage.name).representations:
        widths += [
            bits
            for rank in told.ranks
            for bits in (rank.metadata_bits, rank.payload_bits)
            if bits is not None
        ]
        widths += [1 for rank in told.ranks if rank.format in ("B", "UB")]
    return math.gcd(*widths)


def _grouped(counted: Counted) -> dict[Key, list[Feed]]:
    """Feeds by program."""
    names = {"drains": "drain", "updates": "update"}
    found: dict[Key, list[Feed]] = {}
    for feed in counted.feeds:
        if feed.access == "reads":
            name = "sums" if feed.back else "to"
        else:
            name = names.get(feed.access, "back" if feed.back else "fill")
        found.setdefault((feed.level, name, feed.other), []).append(feed)
    return found


def _records(feeds: list[Feed]) -> dict[str, tuple[Integers, dict[str, int]]]:
    found = {}
    for feed in feeds:
        rows = {action(feed, False, s): ACTUAL + s for s in range(3)} | {
            action(feed, True, s): META + s for s in range(3)
        }
        sums = feed.record.sum(axis=1)
        found[f"{feed.tensor} {feed.access}"] = (
            feed.record,
            {name: row for name, row in rows.items() if sums[row]},
        )
    return found


def _wire(wiring: _Wiring, counted: Counted) -> None:
    point = counted.space.point
    depth = len(point.nest.levels)
    for key in list(wiring.programs):
        level, name, other = key
        if name in ("to", "sums"):
            _reads(wiring, counted, key, depth)
        if name in ("fill", "back"):
            _queue(
                wiring,
                point.hierarchy.storage[other],
                (other, "to" if name == "fill" else "sums", level),
                key,
            )
        if name == "drain":
            _drains(wiring, counted, key, depth)
            _queue(wiring, point.hierarchy.storage[level], key, (other, "update", level))
        if name == "update" and other == depth:
            timing = point.hierarchy.storage[level].timing
            latency = point.hierarchy.compute.latency
            _after(
                wiring,
                f"products to {_name(counted, level)}",
                (depth, "compute", depth),
                key,
                timing.queue,
                latency,
            )
    for level in range(1, depth):
        _slots(wiring, counted, level)


def _name(counted: Counted, level: int) -> str:
    levels = counted.space.point.nest.levels
    return levels[level].level if level < len(levels) else "compute"


def _upto(producer: Items, consumer: Items) -> Integers:
    """For every item of the consumer, the items of the producer up to its beat."""
    return np.searchsorted(producer.at, consumer.at, side="right").astype(np.int64)


def _after(
    wiring: _Wiring,
    name: str,
    producer: Key,
    consumer: Key,
    capacity: int | None,
    latency: int,
) -> None:
    if producer not in wiring.programs or consumer not in wiring.programs:
        return
    before = _upto(wiring.programs[producer], wiring.programs[consumer])
    wiring.link(name, producer, consumer, before, lambda n: Channel(n, capacity, latency))


def _queue(wiring: _Wiring, sender: Storage, producer: Key, consumer: Key) -> None:
    """Transfers on their way from a level to the next."""
    what = "sums" if producer[1] in ("sums", "drain") else "operands"
    name = f"{what} {producer[0]} to {producer[2]}"
    _after(wiring, name, producer, consumer, sender.timing.queue, sender.timing.latency)


def _reads(wiring: _Wiring, counted: Counted, key: Key, depth: int) -> None:
    level, name, other = key
    sender = counted.space.point.hierarchy.storage[level]
    for fill in [k for k in wiring.programs if k[0] == level and k[1] in ("fill", "back")]:
        if name == "to" or fill[1] == "back":
            title = (
                f"tiles of {fill[1]} {fill[2]} at {_name(counted, level)} for {name} {_name(counted, other)}"
            )
            _after(wiring, title, fill, key, None, 1)
    if other == depth:
        _after(
            wiring,
            f"operands {level} to {other}",
            key,
            (depth, "compute", depth),
            sender.timing.queue,
            sender.timing.latency,
        )
    if name == "sums" and (level, "update", other) in wiring.programs:
        update, own = wiring.programs[level, "update", other], wiring.programs[key]
        latest = np.minimum(counted.needs[level, other][own.at] - 1, own.at)
        before = np.searchsorted(update.at, latest, side="right").astype(np.int64)
        title = f"sums of {_name(counted, other)} at {_name(counted, level)}"
        wiring.link(title, (level, "update", other), key, before, lambda n: Channel(n, None))


def _drains(wiring: _Wiring, counted: Counted, key: Key, depth: int) -> None:
    """A drain waits for the updates of its tile."""
    level = key[0]
    for update in [k for k in wiring.programs if k[0] == level and k[1] == "update"]:
        side: Side = "left" if update[2] == depth else "right"
        made, own = wiring.programs[update], wiring.programs[key]
        before = np.searchsorted(made.at, own.at, side=side).astype(np.int64)
        wiring.link(
            f"sums complete at {_name(counted, level)}", update, key, before, lambda n: Channel(n, None)
        )


def _slots(wiring: _Wiring, counted: Counted, level: int) -> None:
    """Room for tiles: what fills one waits for the last use of the one it replaces."""
    slots = slots_of(counted, level)
    title = _name(counted, level)
    own = [k for k in wiring.programs if k[0] == level]
    for fill in [k for k in own if k[1] == "fill"]:
        begins = wiring.programs[fill].at
        replaced = np.arange(len(begins)) - (slots - 1)
        for use in [k for k in own if k[1] == "to"]:
            before = np.searchsorted(wiring.programs[use].at, begins[np.maximum(replaced, 0)], side="left")
            before = np.where(replaced >= 0, before, 0).astype(np.int64)
            wiring.link(f"room at {title} from {fill[2]} after {use[2]}", use, fill, before, _room)
    for drain in [k for k in own if k[1] == "drain"]:
        for use in [k for k in own if k[1] in ("update", "back")]:
            side: Side = (
                "left" if use[1] == "update" and use[2] < len(counted.space.point.nest.levels) else "right"
            )
            begun = np.searchsorted(wiring.programs[drain].at, wiring.programs[use].at, side=side)
            before = np.maximum(begun - (slots - 1), 0).astype(np.int64)
            wiring.link(f"room for sums at {title}, {use[1]} {use[2]}", drain, use, before, _room)


def _room(name: str) -> Channel:
    return Channel(name, None, meaning=SPACE)


def slots_of(counted: Counted, level: int) -> int:
    """Tiles a memory holds at once: as told, else two if its capacity has room for two, or every tile is a single word: a
    register takes its next value at the edge at which the old one was last used.
    """
    storage, space = counted.space.point.hierarchy.storage[level], counted.space
    if storage.timing.slots is not None:
        return storage.timing.slots
    kept = [t for t in space.product.tensors if t.name in space.point.nest.levels[level].keeps]
    words = sum(int(space.hull(t, level).prod()) for t in kept)
    room = storage.capacity is None or 2 * words <= storage.capacity
    return 2 if room or words == len(kept) else 1


READS, WRITES = ("to", "sums", "drain"), ("fill", "back", "update")


def _passed(wiring: _Wiring, level: int) -> list[Key]:
    """Programs that take every transfer of a memory's own ports through the port its reads and writes share besides."""
    found = []
    for key in [k for k in wiring.programs if k[0] == level and k[1] in READS + WRITES]:
        own, name = wiring.programs[key], f"{key[1]} {key[2]} through the port of {level}"
        every = np.ones(len(own), dtype=np.int64)
        again = (level, f"shared {key[1]}", key[2])
        wiring.programs[again] = Items(own.at, own.work, own.demand, {}, {name: every}, own.puts)
        own.puts = {name: every}
        wiring.channels.append(Channel(name, 1))
        found.append(again)
    return found


def _plan(wiring: _Wiring, counted: Counted) -> Plan:
    point = counted.space.point
    depth = len(point.nest.levels)
    ports = list[tuple[int, str, Fraction | None, list[Key]]]()
    for level, storage in enumerate(point.hierarchy.storage):
        reads, writes = ([k for k in wiring.programs if k[0] == level and k[1] in s] for s in (READS, WRITES))
        if not point.nest.levels[level].keeps:
            continue
        if storage.shared_bandwidth is None or (storage.read_bandwidth, storage.write_bandwidth) != (
            None,
            None,
        ):
            ports.append((level, f"{storage.name}.read", storage.read_bandwidth, reads))
            ports.append((level, f"{storage.name}.write", storage.write_bandwidth, writes))
            reads, writes = (_passed(wiring, level) if storage.shared_bandwidth is not None else []), []
        if storage.shared_bandwidth is not None:
            ports.append((level, storage.name, storage.shared_bandwidth, reads + writes))
    index = {channel.name: i for i, channel in enumerate(wiring.channels)}
    components = list[Component]()
    for level, title, words, keys in ports:
        programs = tuple(_program(wiring, counted, k, index) for k in keys)
        p, q = _rate(words, point.hierarchy.storage[level].word_bits, unit_of(counted, level))
        arbiter = "round_robin" if len(programs) > 1 and q else None
        components.append(Component(title, title, "memory", counted.lanes[level], (p, q), arbiter, programs))
    key = (depth, "compute", depth)
    programs = (_program(wiring, counted, key, index),) if key in wiring.programs else ()
    name = point.hierarchy.compute.name
    components.append(Component(name, name, "server", counted.lanes[depth], (1, 1), None, programs))
    return Plan(tuple(components), tuple(wiring.channels))


def _rate(words: Fraction | None, bits: int, unit: int) -> tuple[int, int]:
    if words is None:
        return 1, 0
    rate = words * bits / unit
    return rate.numerator, rate.denominator


def _program(wiring: _Wiring, counted: Counted, key: Key, index: dict[str, int]) -> Program:
    own = wiring.programs[key]
    _, name, other = key
    title = "products" if name == "compute" else f"{name} {_name(counted, other)}"
    inputs, outputs = (tuple(index[c] for c in ports) for ports in (own.takes, own.puts))
    return Program(title, inputs, outputs, tuple(own.actions), own.chunks)
