"""A log in Chrome's trace event format (JSON): a process per component group, a thread per component and per program.

Source of the format: Trace Event Format, https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU. Times
are in microseconds there; a cycle is a nanosecond.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from simulator.events import Log, Timeline, timeline
from simulator.events.timeline import BEGIN, COMPONENT, COUNTER, END, LAYERS, Lane
from simulator.report.events.words import Arrows, counter_name, facts, rows, title

Event = dict[str, Any]


def write(log: Log, path: Path) -> None:
    """Write a ``.json`` file, an event a line."""
    told = timeline(log)
    head = {"displayTimeUnit": "ns", "otherData": facts(log)}
    with path.open("w", encoding="utf-8") as file:
        file.write(json.dumps(head, ensure_ascii=False)[:-1] + ', "traceEvents": [\n')
        for count, event in enumerate(events(log, told)):
            file.write((",\n" if count else "") + json.dumps(event, ensure_ascii=False))
        file.write("\n]}\n")


def events(log: Log, told: Timeline) -> Iterator[Event]:
    """Names of processes and threads, then slices, counters and flows in the order of time."""
    places, heads = _places(log, told.lanes)
    yield from heads
    items = told.items
    leaving, reaching = (Arrows(ends, len(items.start)) for ends in (items.sources, items.targets))
    for time, kind, lane, name, item, value in rows(told):
        at = {"ts": time / 1000, **places[lane]}
        if told.lanes[lane].kind == COUNTER:
            here = told.lanes[lane]
            yield {
                "ph": "C",
                "name": f"{here.component} {counter_name(here)}",
                **at,
                "args": {here.unit: value},
            }
        elif kind == END:
            yield {"ph": "E", **at}
        elif kind == BEGIN:
            event: Event = {"ph": "B", "name": told.names[name], **at}
            if item >= 0:
                event["args"] = {"item": int(items.number[item]), "demand": int(items.demand[item])}
                if items.address[item] >= 0:
                    event["args"]["address"] = int(items.address[item])
            yield event
            if item >= 0:
                flow = {"cat": "data", "name": "data", **at}
                for arrow in reaching.at(item):
                    yield {"ph": "f", "bp": "e", "id": arrow, **flow}
                for arrow in leaving.at(item):
                    yield {"ph": "s", "id": arrow, **flow}


def _places(log: Log, lanes: tuple[Lane, ...]) -> tuple[list[Event], list[Event]]:
    """Process and thread of every lane, and the events that name them."""
    groups: dict[str, int] = {}
    places, heads = [], []
    for thread, lane in enumerate(lanes, start=1):
        if lane.group not in groups:
            groups[lane.group] = len(groups) + 1
            name = lane.group or title(log)
            heads += [
                _named("process_name", groups[lane.group], 0, {"name": name}),
                _named("process_sort_index", groups[lane.group], 0, {"sort_index": len(groups)}),
            ]
        at = {"pid": groups[lane.group], "tid": thread}
        places.append(at)
        if lane.kind != COUNTER:
            plain = lane.kind in (LAYERS, COMPONENT)
            words = lane.name if plain else f"{lane.component} / {lane.name}"
            heads += [
                _named("thread_name", at["pid"], thread, {"name": words}),
                _named("thread_sort_index", at["pid"], thread, {"sort_index": thread}),
            ]
    return places, heads


def _named(what: str, process: int, thread: int, told: Event) -> Event:
    return {"ph": "M", "name": what, "pid": process, "tid": thread, "args": told}
