"""What must hold of every plan before it runs, its text form, and its digest.

Wiring: each channel has one producing and one consuming port; latencies are at least 1. Conservation, per
channel and over whole programs: tokens taken <= tokens put + initial, slots released = tokens taken, and no
item needs more than the capacity at once.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from simulator.plan.access import Access
from simulator.plan.network import Plan, Program
from simulator.plan.runs import COUNT, PERIOD, PORTS, Chunk
from simulator.plan.state import ACTIVATE, Banks, Rows


@dataclass
class Flow:
    """Totals of one channel: tokens put, taken and released, and the most at once."""

    producers: list[str] = field(default_factory=list)
    consumers: list[str] = field(default_factory=list)
    put: int = 0
    taken: int = 0
    released: int = 0
    most: int = 0


def field_sums(chunk: Chunk) -> NDArray[np.int64]:
    """Sum of every field over the items of each run, shape (R, F); vectors are expanded by period."""
    sums = chunk.runs * chunk.runs[:, COUNT : COUNT + 1]
    for run, column in zip(*np.nonzero(chunk.varies), strict=True):
        count, period, start = (int(v) for v in chunk.runs[run, [COUNT, PERIOD, column]])
        values = chunk.vectors[start : start + period].astype(np.int64)
        times, rest = divmod(count, period)
        sums[run, column] = times * values.sum() + values[:rest].sum()
    return sums


def field_maxima(chunk: Chunk) -> NDArray[np.int64]:
    """Largest value of every field in each run, shape (R, F)."""
    most = chunk.runs.copy()
    for run, column in zip(*np.nonzero(chunk.varies), strict=True):
        count, period, start = (int(v) for v in chunk.runs[run, [COUNT, PERIOD, column]])
        most[run, column] = chunk.vectors[start : start + min(count, period)].max()
    return most


def flows(plan: Plan) -> list[Flow]:
    """Totals of every channel, by reading every program once."""
    found = [Flow() for _ in plan.channels]
    for component in plan.components:
        for program in component.programs:
            name = f"{component.name}/{program.name}"
            for channel in program.inputs:
                found[channel].consumers.append(name)
            for channel in program.outputs:
                found[channel].producers.append(name)
            for chunk in program.chunks():
                if len(chunk.runs):
                    times = chunk.times
                    most = field_maxima(chunk)[times > 0].max(axis=0, initial=0)
                    _add(found, program, times @ field_sums(chunk), most)
    return found


def _add(found: list[Flow], program: Program, sums: NDArray[np.int64], most: NDArray[np.int64]) -> None:
    inputs = len(program.inputs)
    for port, channel in enumerate(program.inputs):
        found[channel].taken += int(sums[PORTS + port])
        found[channel].released += int(sums[PORTS + inputs + port])
        found[channel].most = max(found[channel].most, int(most[PORTS + port]))
    for port, channel in enumerate(program.outputs):
        found[channel].put += int(sums[PORTS + 2 * inputs + port])
        found[channel].most = max(found[channel].most, int(most[PORTS + 2 * inputs + port]))


def problems(plan: Plan) -> list[str]:
    """Everything wrong with a plan, one line each; empty when it may run."""
    lines = []
    for channel, flow in zip(plan.channels, flows(plan), strict=True):
        lines += [
            f"channel {channel.name}: {text}" for text in _wrong(flow, channel.capacity, channel.initial)
        ]
        if min(channel.latency, channel.credit_latency) < 1:
            lines.append(f"channel {channel.name}: latencies must be at least 1")
    return lines + state_problems(plan) + _unplaced(plan)


def state_problems(plan: Plan) -> list[str]:
    """What is wrong with stateful components: numbers, arbiters, programs, and stores told differently."""
    lines, stores = [], dict[str, Banks]()
    for component in plan.components:
        state = component.state
        if state is None:
            continue
        found = state.problems()
        if component.arbiter is None:
            found.append("has a state, so it needs an arbiter")
        found += [
            f"has a state, so program {program.name} must read or write"
            for program in component.programs
            if program.access is None
        ]
        found += [
            f"counts {ACTIVATE} itself, so program {program.name} must not"
            for program in component.programs
            if isinstance(state, Rows) and ACTIVATE in program.actions
        ]
        if isinstance(state, Banks) and stores.setdefault(state.store, state) != state:
            found.append(f"store {state.store} is described differently elsewhere")
        lines += [f"component {component.name}: {text}" for text in found]
    return lines


def _unplaced(plan: Plan) -> list[str]:
    """Programs that read or write, but do not tell where for every item."""
    found = []
    for component in plan.components:
        for program in component.programs:
            if program.access is None:
                continue
            items = sum(int(chunk.times @ chunk.runs[:, COUNT]) for chunk in program.chunks())
            told = sum(int(runs[:, 0].sum()) for runs in program.access.runs())
            if told != items:
                found.append(
                    f"component {component.name}: program {program.name} has {items} items at {told} addresses"
                )
    return found


def _wrong(flow: Flow, capacity: int | None, initial: int | None) -> list[str]:
    found = []
    if len(flow.producers) != 1 or len(flow.consumers) != 1:
        found.append(f"needs one producer and one consumer, has {flow.producers} and {flow.consumers}")
    if initial is not None and flow.taken > flow.put + initial:
        found.append(f"{flow.taken} tokens taken, {flow.put} put and {initial} initial")
    if flow.released != flow.taken:
        found.append(f"{flow.taken} tokens taken, {flow.released} slots released")
    if capacity is not None and flow.most > capacity:
        found.append(f"an item moves {flow.most} tokens, capacity is {capacity}")
    return found


def dump(plan: Plan, runs: int = 8) -> str:
    """The plan as text: channels, components, and the first `runs` runs of every program."""
    lines = []
    for channel in plan.channels:
        lines.append(
            f"channel {channel.name} capacity={channel.capacity} latency={channel.latency} "
            f"initial={channel.initial} {channel.meaning}"
        )
    for component in plan.components:
        p, q = component.rate
        rate = f"{p}/{q}" if q else "unlimited"
        lines.append(
            f"{component.kind} {component.name} x{component.lanes} rate={rate} arbiter={component.arbiter}"
        )
        if component.state is not None:
            lines.append(f"  {component.state}")
        for program in component.programs:
            ends = [
                " ".join(plan.channels[c].name for c in ports) for ports in (program.inputs, program.outputs)
            ]
            lines.append(f"  {program.name}: [{ends[0]}] -> [{ends[1]}] {' '.join(program.actions)}")
            if program.access is not None:
                lines += _first_places(program.access, runs)
            lines += [f"    {text}" for text in _first_runs(program, runs)]
    return "\n".join(lines)


def _first_runs(program: Program, limit: int) -> list[str]:
    lines: list[str] = []
    for chunk in program.chunks():
        for place in chunk.sequence.tolist():
            row, flags = chunk.runs[place].tolist(), chunk.varies[place].tolist()
            if len(lines) == limit:
                return [*lines, "..."]
            fields = [f"v[{v}]" if f else str(v) for v, f in zip(row[2:], flags[2:], strict=True)]
            lines.append(f"{row[COUNT]} x ({', '.join(fields)}) period {row[PERIOD]}")
    return lines


def _first_places(access: Access, limit: int) -> list[str]:
    lines: list[str] = []
    for table in access.runs():
        for count, base, stride in table.tolist():
            if len(lines) == limit:
                return [*lines, "    ..."]
            lines.append(f"    {'writes' if access.write else 'reads'} {count} x at {base} + i {stride}")
    return lines


def digest(plan: Plan) -> str:
    """SHA-256 of what the plan means: its network and every item, however they are cut into runs."""
    sha = hashlib.sha256(repr(plan.channels).encode())
    for component in plan.components:
        sha.update(
            repr(
                (component.name, component.kind, component.lanes, component.rate, component.arbiter)
            ).encode()
        )
        if component.state is not None:
            sha.update(repr(component.state).encode())
        for program in component.programs:
            sha.update(repr((program.name, program.inputs, program.outputs, program.actions)).encode())
            for chunk in program.chunks():
                for item in chunk.items():
                    sha.update(repr(item).encode())
            if program.access is not None:
                sha.update(b"write" if program.access.write else b"read")
                for address in program.access.addresses():
                    sha.update(f"@{address}".encode())
    return sha.hexdigest()
