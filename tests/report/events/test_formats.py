"""Chrome's JSON, waveforms and the table tell the same as the log."""

from __future__ import annotations

import csv
import json
from collections import Counter
from pathlib import Path
from typing import Any

import simulator
from simulator.events import Log, timeline
from simulator.events.timeline import COUNTER, PROGRAM
from simulator.record.states import STATES
from simulator.report.events import write


def test_chrome_slices_nest_and_flows_meet(log: Log, tmp_path: Path) -> None:
    write(log, tmp_path / "run.json")
    document = json.loads((tmp_path / "run.json").read_text())
    assert document["displayTimeUnit"] == "ns"
    assert document["otherData"]["timescale"] == "1 cycle = 1 ns"
    threads: dict[tuple[int, int], list[dict[str, Any]]] = {}
    flows: dict[int, list[tuple[str, float]]] = {}
    items, last = 0, -1.0
    for event in document["traceEvents"]:
        if event["ph"] == "M":
            continue
        assert event["ts"] >= last
        last = event["ts"]
        stack = threads.setdefault((event["pid"], event["tid"]), [])
        if event["ph"] == "B":
            stack.append(event)
            items += "item" in event.get("args", {})
        elif event["ph"] == "E":
            assert stack.pop()["ts"] < event["ts"]
        elif event["ph"] in "sf":
            assert stack, "a flow is bound to the slice around it"
            flows.setdefault(event["id"], []).append((event["ph"], event["ts"]))
        else:
            assert event["ph"] == "C"
    assert not any(threads.values())
    assert items == log.items
    assert flows
    for told in flows.values():
        assert [kind for kind, _ in told] == ["s", "f"]
        assert told[0][1] < told[1][1]
    last_cycle = max(layer.offset + layer.cycles for layer in log.layers)
    assert round(last * 1000) == last_cycle


def waves(path: Path) -> dict[tuple[str, ...], list[tuple[int, Any]]]:
    """Changes of every variable of a VCD file, by scopes and name, read with the package's own reader."""
    from vcd.reader import TokenKind, tokenize

    scopes: list[str] = []
    names: dict[str, tuple[str, ...]] = {}
    found: dict[tuple[str, ...], list[tuple[int, Any]]] = {}
    time = 0
    with path.open("rb") as file:
        for token in tokenize(file):
            if token.kind is TokenKind.SCOPE:
                scopes.append(token.scope.ident)
            elif token.kind is TokenKind.UPSCOPE:
                scopes.pop()
            elif token.kind is TokenKind.TIMESCALE:
                assert (token.timescale.magnitude, token.timescale.unit.value) == (1, "ns")
            elif token.kind is TokenKind.VAR:
                names[token.var.id_code] = (*scopes, token.var.reference)
                assert names[token.var.id_code] not in found
                found[names[token.var.id_code]] = []
            elif token.kind is TokenKind.CHANGE_TIME:
                assert token.time_change >= time
                time = token.time_change
            elif token.kind in (TokenKind.CHANGE_STRING, TokenKind.CHANGE_VECTOR, TokenKind.CHANGE_REAL):
                change = token.data
                found[names[change.id_code]].append((time, change.value))
    return found


def at(changes: list[tuple[int, Any]], cycle: int) -> Any:
    """The value in a cycle."""
    return next(value for time, value in reversed(changes) if time <= cycle)


def test_waveforms_show_states_queues_and_items(log: Log, window: Log, tmp_path: Path) -> None:
    for told in (log, window):
        write(told, tmp_path / "run.vcd")
        found = waves(tmp_path / "run.vcd")
        for layer in told.layers:
            for part in layer.components:
                names = tuple(dict.fromkeys(("machine", part.group, part.name)))
                changes = found[(*(each.replace(".", "_") for each in names), "state")]
                for begin, state in zip(part.begins.tolist(), part.states.tolist(), strict=True):
                    assert at(changes, begin + layer.offset) == STATES[state]
                end = layer.recording.end + layer.offset
                follows = end in {x.offset + x.recording.begin for x in told.layers}
                assert follows or at(changes, end) == "-"
        steps = found[("machine", "array", "item_steps")]
        layer = told.layers[0]
        track = next(x for x in layer.tracks if x.events.name == "steps")
        for i, start in enumerate((track.events.start + layer.offset).tolist()):
            if start >= told.begin:
                assert at(steps, start) == track.events.first + i
    lanes = [lane for lane in timeline(log).lanes if lane.kind == COUNTER]
    assert len([name for name in found if name[-1].endswith(("_entries", "_cycle"))]) == len(lanes)
    programs = [lane for lane in timeline(log).lanes if lane.kind == PROGRAM]
    assert len([name for name in found if name[-1].startswith("item_")]) == len(programs)


def test_waveforms_of_odd_names(tmp_path: Path) -> None:
    import numpy as np

    layer = simulator.gemm(np.ones((4, 4), bool), np.ones((4, 4), bool), name="\u65e5 $end x")
    write(simulator.record_events("tc", layer), tmp_path / "run.vcd")
    assert ("machine", "layer") in waves(tmp_path / "run.vcd")


def test_a_row_per_item(log: Log, tmp_path: Path) -> None:
    write(log, tmp_path / "run.csv")
    with (tmp_path / "run.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == log.items
    moved = Counter[tuple[str, str]]()
    for row in rows:
        assert int(row["start_cycle"]) <= int(row["finish_cycle"]) <= int(row["depart_cycle"])
        if row["component"] == "dram":
            assert row["demand_unit"] == "B"
            assert row["address_bytes"]
            moved[row["layer"], row["program"]] += int(row["demand"])
    for layer in log.layers:
        for track in layer.tracks:
            if layer.components[track.component].name == "dram":
                assert moved[layer.name, track.events.name] == int(track.items.demand.sum())
