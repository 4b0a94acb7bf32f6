"""A log as waveforms (value change dump, IEEE 1364): the state of every component, entries of every queue, rates, items.

One unit of time, 1 ns, is a cycle. A state is a string, a queue an integer, a rate a real number; of every program the number of
the item under way is told, -1 when none is.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from simulator.events import Log, Timeline, timeline
from simulator.events.timeline import BEGIN, COMPONENT, COUNTER, END, LAYERS, PROGRAM, Lane
from simulator.report.events.words import facts, rows

_NONE = "-"
_UNITS = {"B/cycle": "bytes per cycle", "units/cycle": "units per cycle"}


def write(log: Log, path: Path) -> None:
    """Write a ``.vcd`` file."""
    from vcd import VCDWriter

    told = timeline(log)
    comment = "; ".join(f"{name}: {value}" for name, value in facts(log).items()).replace("$", "_")
    with (
        path.open("w", encoding="ascii", errors="replace") as file,
        VCDWriter(
            file, timescale="1 ns", date="", version="sparsecycle", comment=comment, init_timestamp=log.begin
        ) as writer,
    ):
        _changes(told, writer, _variables(told.lanes, writer), log.begin)
        writer.close(max(log.end, int(told.times[-1]) if len(told.times) else 0))


def _variables(lanes: tuple[Lane, ...], writer: Any) -> list[Any]:
    """A variable per lane, in scopes machine, group and component."""
    taken: set[tuple[str, ...]] = set()
    found = []
    for lane in lanes:
        scope = tuple(_plain(part) for part in dict.fromkeys(("machine", lane.group, lane.component)) if part)
        told = f"{lane.name} {_UNITS.get(lane.unit, lane.unit)}"
        name = {LAYERS: "layer", COMPONENT: "state", PROGRAM: f"item_{lane.name}"}.get(lane.kind, told)
        name = _free(scope, _plain(name), taken)
        if lane.kind == PROGRAM:
            found.append(writer.register_var(scope, name, "integer", size=64, init=-1))
        elif lane.kind == COUNTER and lane.unit == "entries":
            found.append(writer.register_var(scope, name, "integer", size=64, init=0))
        elif lane.kind == COUNTER:
            found.append(writer.register_var(scope, name, "real", init=0.0))
        else:
            found.append(writer.register_var(scope, name, "string", init=_NONE))
    return found


def _plain(name: str) -> str:
    """A name of letters, digits and underscores, as waveform viewers want it."""
    return re.sub(r"[^A-Za-z0-9_]", "_", name) or "_"


def _free(scope: tuple[str, ...], name: str, taken: set[tuple[str, ...]]) -> str:
    """The name, or the first of name_2, name_3, .. that nobody has in the scope."""
    free, number = name, 1
    while (*scope, free) in taken:
        number += 1
        free = f"{name}_{number}"
    taken.add((*scope, free))
    return free


def _changes(told: Timeline, writer: Any, variables: list[Any], begin: int) -> None:
    ended: dict[int, int] = {}
    for time, kind, lane, name, item, value in rows(told):
        for other, when in list(ended.items()):
            if when < time:
                _end(told.lanes[other], writer, variables[other], when)
                del ended[other]
        at, what = max(time, begin), told.lanes[lane].kind
        if what == COUNTER:
            whole = told.lanes[lane].unit == "entries"
            writer.change(variables[lane], at, int(value) if whole else value)
        elif kind == END:
            ended[lane] = at
        elif kind == BEGIN and (what != PROGRAM or item >= 0):
            ended.pop(lane, None)
            shown = int(told.items.number[item]) if what == PROGRAM else _words(told.names[name])
            writer.change(variables[lane], at, shown)
    for other, when in ended.items():
        _end(told.lanes[other], writer, variables[other], when)


def _end(lane: Lane, writer: Any, variable: Any, time: int) -> None:
    writer.change(variable, time, -1 if lane.kind == PROGRAM else _NONE)


def _words(text: str) -> str:
    """A value of a string variable: no spaces, which end it."""
    return re.sub(r"\s", "_", text) or _NONE
