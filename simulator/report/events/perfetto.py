"""A log as a Perfetto trace: https://perfetto.dev/docs/reference/synthetic-track-event.

A process is the machine. Below it a track per component group, per component (its states), and below a component a track per
program (its items, with what was held after service inside) and one per counter. Arrows are flows, an id each, from the item whose
tokens were taken to the one that took them. Packets are written in the order of time, a file is never in memory as a whole.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from itertools import count
from pathlib import Path
from typing import Any, BinaryIO

from simulator.events import Log, Timeline, timeline
from simulator.events.timeline import BEGIN, COMPONENT, COUNTER, LAYERS, VALUE, Lane
from simulator.report.events.words import Arrows, counter_name, facts, rows, title

_SEQUENCE, _PROCESS = 1, 1
_PIECE = 1 << 20


def write(log: Log, path: Path) -> None:
    """Write a ``.pftrace`` file; everything in it is told by :class:`perfetto.protos` of the perfetto package."""
    with path.open("wb") as file:
        buffer = bytearray()
        for packet in packets(log, timeline(log)):
            told = packet.SerializeToString()
            buffer += b"\x0a" + _varint(len(told)) + told  # field 1 of a trace: a packet
            if len(buffer) >= _PIECE:
                _flush(file, buffer)
        _flush(file, buffer)


def _flush(file: BinaryIO, buffer: bytearray) -> None:
    file.write(buffer)
    buffer.clear()


def _varint(value: int) -> bytes:
    told = bytearray()
    while value > 0x7F:
        told.append(value & 0x7F | 0x80)
        value >>= 7
    told.append(value)
    return bytes(told)


def packets(log: Log, events: Timeline) -> Iterator[Any]:
    """The packets of a trace; each is to be used before the next is asked for."""
    uuids = yield from _tracks(log, events)
    yield from _events(events, uuids)


def _tracks(log: Log, events: Timeline) -> Generator[Any, None, list[int]]:
    """Descriptors of all tracks; returns the uuid of every lane."""
    from perfetto.protos.perfetto.trace.perfetto_trace_pb2 import TrackDescriptor

    packet = _packet()
    packet.sequence_flags = 1  # what is interned begins anew
    packet.first_packet_on_sequence = True
    for number, name in enumerate(events.names, start=1):
        packet.interned_data.event_names.add(iid=number, name=name)
    for number, name in enumerate(("item", "demand", "address"), start=1):
        packet.interned_data.debug_annotation_names.add(iid=number, name=name)
    root = packet.track_descriptor
    root.uuid, root.process.pid, root.process.process_name = 1, _PROCESS, title(log)
    root.child_ordering = TrackDescriptor.ChildTracksOrdering.EXPLICIT
    root.description = ", ".join(f"{name} {value}" for name, value in facts(log).items())
    yield packet
    fresh, parents, uuids = count(2), dict[tuple[str, ...], int](), list[int]()
    alone = _alone(events.lanes)
    for rank, lane in enumerate(events.lanes):
        above, here = (lane.group,), (lane.group, lane.component)
        if lane.kind == COMPONENT and not alone[lane.group] and above not in parents:
            parents[above] = next(fresh)
            yield _track(parents[above], 1, lane.group, rank)
        uuid = next(fresh)
        if lane.kind == COMPONENT:
            parents[here] = uuid
            yield _lane(uuid, parents.get(above, 1), lane, rank)
        else:
            yield _lane(uuid, 1 if lane.kind == LAYERS else parents[here], lane, rank)
        uuids.append(uuid)
    return uuids


def _alone(lanes: tuple[Lane, ...]) -> dict[str, bool]:
    """Whether a group is a single component of the same name, which needs no track of its own."""
    found: dict[str, set[str]] = {}
    for lane in lanes:
        found.setdefault(lane.group, set()).add(lane.component)
    return {group: components == {group} for group, components in found.items()}


def _track(uuid: int, parent: int, name: str, rank: int) -> Any:
    from perfetto.protos.perfetto.trace.perfetto_trace_pb2 import TrackDescriptor

    packet = _packet()
    track = packet.track_descriptor
    track.uuid, track.parent_uuid, track.name, track.sibling_order_rank = uuid, parent, name, rank
    track.child_ordering = TrackDescriptor.ChildTracksOrdering.EXPLICIT
    return packet


def _lane(uuid: int, parent: int, lane: Lane, rank: int) -> Any:
    packet = _track(uuid, parent, counter_name(lane) if lane.kind == COUNTER else lane.name, rank)
    if lane.kind == COUNTER:
        packet.track_descriptor.counter.unit_name = lane.unit
    return packet


def _packet() -> Any:
    from perfetto.protos.perfetto.trace.perfetto_trace_pb2 import TracePacket

    return TracePacket(trusted_packet_sequence_id=_SEQUENCE)


def _events(events: Timeline, uuids: list[int]) -> Iterator[Any]:
    from perfetto.protos.perfetto.trace.perfetto_trace_pb2 import TracePacket, TrackEvent

    items = events.items
    leaving, reaching = (Arrows(ends, len(items.start)) for ends in (items.sources, items.targets))
    kinds = {BEGIN: TrackEvent.TYPE_SLICE_BEGIN, VALUE: TrackEvent.TYPE_COUNTER}
    for time, kind, lane, name, item, value in rows(events):
        packet = TracePacket(timestamp=time, trusted_packet_sequence_id=_SEQUENCE, sequence_flags=2)
        event = packet.track_event
        event.track_uuid, event.type = uuids[lane], kinds.get(kind, TrackEvent.TYPE_SLICE_END)
        if kind == VALUE:
            event.double_counter_value = value
        elif kind == BEGIN:
            event.name_iid = name + 1
            if item >= 0:
                event.debug_annotations.add(name_iid=1, int_value=int(items.number[item]))
                event.debug_annotations.add(name_iid=2, int_value=int(items.demand[item]))
                if items.address[item] >= 0:
                    event.debug_annotations.add(name_iid=3, int_value=int(items.address[item]))
                event.flow_ids.extend(leaving.at(item))
                event.terminating_flow_ids.extend(reaching.at(item))
        yield packet
