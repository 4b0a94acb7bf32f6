"""What is written is what was recorded, read back with the perfetto package, and by its trace processor if one is there."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

import simulator
from simulator.errors import InputError
from simulator.events import Log
from simulator.report.events import write

PROCESSOR = os.environ.get("SPARSECYCLE_TRACE_PROCESSOR", "")
"""Path of a trace_processor_shell; nothing is downloaded."""


@dataclass
class Slice:
    track: int
    name: str
    begin: int
    end: int
    depth: int
    told: dict[str, int]
    flows: tuple[list[int], list[int]]


@dataclass
class Read:
    """A trace file, read the way a viewer does."""

    tracks: dict[int, Any] = field(default_factory=dict)
    slices: list[Slice] = field(default_factory=list)
    values: dict[int, list[tuple[int, float]]] = field(default_factory=dict)

    def path(self, uuid: int) -> tuple[str, ...]:
        """Names from the process down."""
        track = self.tracks[uuid]
        above = self.path(track.parent_uuid) if track.HasField("parent_uuid") else ()
        return (*above, track.name or track.process.process_name)


def read(path: Path) -> Read:
    from perfetto.protos.perfetto.trace.perfetto_trace_pb2 import Trace, TrackEvent

    trace, found, open_ = Trace(), Read(), dict[int, list[Slice]]()
    trace.ParseFromString(path.read_bytes())
    names: dict[int, str] = {}
    notes: dict[int, str] = {}
    last = -1
    for packet in trace.packet:
        names |= {each.iid: each.name for each in packet.interned_data.event_names}
        notes |= {each.iid: each.name for each in packet.interned_data.debug_annotation_names}
        if packet.HasField("track_descriptor"):
            track = packet.track_descriptor
            assert track.uuid not in found.tracks
            assert not track.HasField("parent_uuid") or track.parent_uuid in found.tracks
            found.tracks[track.uuid] = track
            continue
        event, stack = packet.track_event, open_.setdefault(packet.track_event.track_uuid, [])
        assert packet.timestamp >= last
        assert event.track_uuid in found.tracks
        last = packet.timestamp
        if event.type == TrackEvent.TYPE_SLICE_BEGIN:
            told = {notes[each.name_iid]: each.int_value for each in event.debug_annotations}
            flows = list(event.flow_ids), list(event.terminating_flow_ids)
            here = (event.track_uuid, names[event.name_iid], last, -1, len(stack), told, flows)
            stack.append(Slice(*here))
        elif event.type == TrackEvent.TYPE_SLICE_END:
            stack[-1].end = last
            found.slices.append(stack.pop())
        else:
            found.values.setdefault(event.track_uuid, []).append((last, event.double_counter_value))
    assert not any(open_.values())
    return found


@pytest.fixture(scope="module")
def told(log: Log, tmp_path_factory: pytest.TempPathFactory) -> Read:
    path = tmp_path_factory.mktemp("events") / "run.pftrace"
    write(log, path)
    return read(path)


def test_a_track_for_every_component_and_program_and_counter(log: Log, told: Read) -> None:
    paths = {told.path(uuid) for uuid in told.tracks}
    machine = "highlight: two (1 cycle = 1 ns)"
    assert (machine,) in paths
    assert (machine, "layers") in paths
    for layer in log.layers:
        for part in layer.components:
            above = (machine,) if part.group == part.name else (machine, part.group)
            assert (*above, part.name) in paths
            for program in part.programs:
                assert (*above, part.name, program.name) in paths
    assert (machine, "dram", "bandwidth (B/cycle)") in paths
    assert (machine, "array", "array.windows (entries)") in paths


def items_of(log: Log) -> Iterator[tuple[tuple[str, str], int, int, int, int]]:
    for layer in log.layers:
        for track in layer.tracks:
            where = layer.components[track.component].name, track.events.name
            events = track.events
            times = (each + layer.offset for each in (events.start, events.finish, events.depart))
            for i, (s, f, d) in enumerate(zip(*(each.tolist() for each in times), strict=True)):
                yield where, events.first + i, s, f, d


def test_items_states_and_what_is_held(log: Log, told: Read) -> None:
    slices = Counter(
        (told.path(each.track)[-2:], each.told["item"], each.begin, each.end)
        for each in told.slices
        if each.told
    )
    assert slices == Counter((where, number, s, d + 1) for where, number, s, _, d in items_of(log))
    held = Counter((told.path(x.track)[-2:], x.begin, x.end) for x in told.slices if x.name == "held")
    assert held == Counter((where, f + 1, d + 1) for where, _, _, f, d in items_of(log) if d > f)
    assert all(each.depth == (each.name == "held") for each in told.slices)
    busy = {part.name: 0 for part in log.layers[0].components}
    for each in told.slices:
        assert each.begin < each.end
        if each.name == "busy":
            busy[told.path(each.track)[-1]] += each.end - each.begin
    assert busy["array"] > 0
    for name, cycles in busy.items():
        expected = 0
        for layer in log.layers:
            for part in layer.components:
                ends = [*part.begins.tolist()[1:], layer.recording.end]
                spans = zip(part.begins.tolist(), ends, part.states.tolist(), strict=True)
                expected += sum(b - a for a, b, state in spans if part.name == name and state == 0)
        assert cycles == expected


def test_counters_are_told_and_end_with_nothing(log: Log, told: Read, trace: Any) -> None:
    result = simulator.simulate("highlight", trace, verify=False)
    uuid = next(u for u in told.tracks if told.path(u)[-2:] == ("dram", "bandwidth (B/cycle)"))
    values = told.values[uuid]
    total = sum(v * (b - a) for (a, v), (b, _) in pairwise(values))
    assert round(total) == sum(sum(layer.traffic["dram"].values()) for layer in result.layers)
    assert all(series[-1][1] == 0 for series in told.values.values())


def test_flows_join_items_forward_in_time(told: Read) -> None:
    leave: dict[int, Slice] = {}
    reach: dict[int, Slice] = {}
    for each in told.slices:
        for mine, into in zip(each.flows, (leave, reach), strict=True):
            for flow in mine:
                assert flow not in into
                into[flow] = each
    assert set(leave) == set(reach)
    assert len(leave) > 500
    assert all(leave[flow].begin < reach[flow].begin for flow in leave)
    joined = {(told.path(leave[x].track)[-2:], told.path(reach[x].track)[-2:]) for x in leave}
    assert (("dram", "weights"), ("glb.write", "weights")) in joined
    assert (("compress", "outputs"), ("dram", "outputs")) in joined


def test_a_window_lies_where_it_was(window: Log, log: Log, tmp_path: Path) -> None:
    write(window, tmp_path / "w.pftrace")
    part = read(tmp_path / "w.pftrace")
    assert [layer.name for layer in window.layers] == ["a/one", "a/two"]
    slices = {(part.path(x.track)[-2:], x.told["item"], x.begin, x.end) for x in part.slices if x.told}
    expected = {
        (where, number, s, d + 1)
        for where, number, s, _, d in items_of(log)
        if s < window.end and d >= window.begin
    }
    assert slices == expected


def test_equal_logs_equal_bytes_and_refusals(log: Log, tmp_path: Path) -> None:
    write(log, tmp_path / "a.pftrace")
    write(log, tmp_path / "b.pftrace")
    assert (tmp_path / "a.pftrace").read_bytes() == (tmp_path / "b.pftrace").read_bytes()
    with pytest.raises(
        InputError, match=r"a\.perfetto: events end in one of \.pftrace, \.json, \.vcd, \.csv"
    ):
        write(log, tmp_path / "a.perfetto")
    with pytest.raises(InputError, match="cannot be written"):
        write(log, tmp_path / "no" / "a.pftrace")


@pytest.mark.skipif(not PROCESSOR, reason="SPARSECYCLE_TRACE_PROCESSOR names no trace_processor_shell")
def test_the_trace_processor_reads_it(log: Log, told: Read, tmp_path: Path) -> None:
    from perfetto.trace_processor import TraceProcessor, TraceProcessorConfig

    write(log, tmp_path / "run.pftrace")
    config = TraceProcessorConfig(bin_path=PROCESSOR)
    with TraceProcessor(trace=str(tmp_path / "run.pftrace"), config=config) as processor:

        def ask(text: str) -> Any:
            return next(iter(processor.query(text)))

        assert ask("select count(*) as n from slice").n == len(told.slices)
        assert ask("select count(*) as n from flow").n == sum(len(x.flows[0]) for x in told.slices)
        assert ask("select count(*) as n from counter").n == sum(map(len, told.values.values()))
        assert ask("select sum(value) as n from stats where severity = 'error'").n == 0
